"""The types of the ends in a graph, written in the names of the graph's parameters.

An instance of a graph may set its parameters. So a type that is taken from one place of the graph to another must be
written in their names, or it would be right in one instance alone. What is written here was compared with what is known
of each instance and, of kernels, with other values that no instance has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from allo_studio.design.edit_base import refuse
from allo_studio.design.instances import used_params, with_params
from allo_studio.design.model import ConstantNode, Endpoint, Graph, GraphNode, ParamValue, Project
from allo_studio.design.sizes import with_sizes
from allo_studio.diagnostics import AlloError
from allo_studio.types import ArrayType, ScalarType, parse_type

__all__ = ["EndTypes", "TypeTexts"]

_SIZE = re.compile(r"[A-Za-z_]\w*\s*<=\s*")
_WORDS = re.compile(r"(\w+)")


@dataclass(frozen=True)
class EndTypes:
    """What the ends of a graph are where its parameters have these values.

    `types` are those that are known. `firings` are how often blocks fire that do so more than once; None where the
    values were tried out and no instance of the graph has them.
    """

    values: Mapping[str, ParamValue]
    types: Mapping[Endpoint, ArrayType]
    firings: Mapping[str, int] | None = field(default_factory=dict)


class TypeTexts:
    """Writes types of ends of a graph so that they are right at all values of its parameters that `known` tells of."""

    def __init__(self, project: Project, graph: Graph, known: Sequence[EndTypes]) -> None:
        self._project, self._graph, self._known = project, graph, known
        self._real = [each for each in known if each.firings is not None]
        self._fed: dict[Endpoint, Endpoint] = {}
        self._readers: dict[Endpoint, list[Endpoint]] = {}
        for edge in graph.edges:
            # Both ends of all other wires have the same type.
            if edge.rate != "rows":
                self._fed.setdefault(edge.target, edge.source)
                self._readers.setdefault(edge.source, []).append(edge.target)

    def text(self, end: Endpoint) -> str:
        """Return the type of an end; raises AlloError (code `edit`) where it cannot be known or written.

        Where the end's own block does not say it in names, what the end is wired to may.
        """
        source = self._fed.get(end, end)
        for other in (source, *self._readers.get(source, ())):
            text = self._own(other)
            if text is not None and self._holds(text, end, self._real):
                return text
        raise self._refusal(end)

    def sizes(self, end: Endpoint) -> tuple[str, ...]:
        """Return the names that the sizes of an end have at its block, "" for other extents; () where it has none."""
        return next((each.types[end].sizes for each in self._known if end in each.types), ())

    def _own(self, end: Endpoint) -> str | None:
        """Return an end's type as its own block or port tells it; None where that tells none that is always right."""
        if not end.node:
            return {**self._graph.inputs, **self._graph.outputs}.get(end.port)
        found = (text for text in self._texts(end) if self._holds(text, end, self._known))
        return next(found, None) if any(end in each.types for each in self._real) else None

    def _texts(self, end: Endpoint) -> Iterator[str]:
        node = self._graph.nodes.get(end.node)
        if isinstance(node, GraphNode) and node.graph in self._project.graphs:
            inner = self._project.graphs[node.graph]
            text = {**inner.inputs, **inner.outputs}.get(end.port)
            if text is not None:
                yield with_params(text, {**inner.params, **node.params})
        if isinstance(node, ConstantNode) and node.type:
            yield node.type
        samples = self._samples(end)
        if samples and not self._unsure(end):
            yield from _written(samples)

    def _samples(self, end: Endpoint) -> list[tuple[Mapping[str, ParamValue], ArrayType]]:
        return [(each.values, each.types[end]) for each in self._known if end in each.types]

    def _unsure(self, end: Endpoint) -> list[str]:
        """Return the parameters that a block has, of which only one value is known to give it ports."""
        node, samples = self._graph.nodes.get(end.node), self._samples(end)
        used = used_params(self._graph, [node] if node else [], ())
        return [name for name in used if len({repr(values.get(name)) for values, _ in samples}) < 2]

    def _holds(self, text: str, end: Endpoint, known: Sequence[EndTypes]) -> bool:
        """Tell whether a text is the type of an end at all values at which that is known, but for names of sizes."""
        plain = _SIZE.sub("", text)
        return all(_is(with_params(plain, k.values), k.types[end]) for k in known if end in k.types)

    def _refusal(self, end: Endpoint) -> AlloError:
        samples, where = self._samples(end), f"{self._graph.name}/{end.node}".removesuffix("/")
        if not samples:
            return refuse(f"the type of {end} is not known", where, "mend the block that it belongs to first")
        values, kind = samples[0]
        unsure = self._unsure(end)
        other = next((s for s in samples if s[1] != kind), None)
        if other is not None:
            here, there = _apart(values, other[0])
            message = f"{end} is {kind}{here} and {other[1]}{there}, which no parameter of {self._graph.name} says"
        else:
            few = ", ".join(f"{name} is {values[name]}" for name in unsure)
            message = f"{end} is {kind} where {few}, and what it is at other values is not known"
        others = dict.fromkeys(
            e.node
            for edge in self._graph.edges
            if end in (edge.source, edge.target)
            for e in (edge.source, edge.target)
            if e.node not in ("", end.node)
        )
        hint = f"select {' and '.join(others)} as well" if others else f"set the parameters of {end.node} to numbers"
        return refuse(message, where, hint)


def _apart(one: Mapping[str, ParamValue], other: Mapping[str, ParamValue]) -> tuple[str, str]:
    """Return the values of parameters that differ, as in ` where n is 4`."""
    names = [name for name in one if repr(one[name]) != repr(other.get(name))]
    if not names:
        return "", " in another instance"
    here, there = (" and ".join(f"{name} is {values.get(name)}" for name in names) for values in (one, other))
    return f" where {here}", f" where {there}"


def _is(text: str, kind: ArrayType) -> bool:
    try:
        found = parse_type(text)
    except ValueError:
        return False
    return (found.element, found.shape) == (kind.element, kind.shape)


def _written(samples: Sequence[tuple[Mapping[str, ParamValue], ArrayType]]) -> Iterator[str]:
    """Yield the types that are those of all samples with the values of parameters in the places of their names."""
    values, kinds = [s[0] for s in samples], [s[1] for s in samples]
    if len({len(kind.shape) for kind in kinds}) > 1:
        return
    extents = [
        _named([str(extent) for extent in column], values) for column in zip(*(k.shape for k in kinds), strict=True)
    ]
    known = [extent for extent in extents if extent is not None]
    if len(known) < len(extents):
        return
    for element in _elements([kind.element for kind in kinds], values):
        yield with_sizes(f"{element}[{', '.join(known)}]", kinds[0].names) if known else element


def _elements(kinds: Sequence[ScalarType], values: Sequence[Mapping[str, ParamValue]]) -> Iterator[str]:
    """Yield how the elements may be written: as a parameter that is a type, or with parameters as numbers in it."""
    types = [{name: _as_type(value) for name, value in each.items()} for each in values]
    whole = _named([kind.name for kind in kinds], types)
    if whole is not None:
        yield whole
    for spell in (str, _spelled):
        # What is between the words is the same everywhere, or the types are of different kinds.
        parts = [_WORDS.split(spell(kind)) for kind in kinds]
        if len({tuple(part[::2]) for part in parts}) == 1:
            words = [_named(column, types) for column in zip(*parts, strict=True)]
            if None not in words:
                yield "".join(word or "" for word in words)


def _as_type(value: ParamValue) -> ParamValue:
    try:
        return str(parse_type(value)) if isinstance(value, str) else value
    except ValueError:
        return value


def _spelled(kind: ScalarType) -> str:
    """Return a type with the widths of integers as numbers, which can be parameters."""
    if kind.fields:
        return f"Struct({', '.join(f'{name}: {_spelled(one)}' for name, one in kind.fields)})"
    return f"{'' if kind.signed else 'U'}Int({kind.bits})" if kind.kind == "int" else kind.name


def _named(texts: Sequence[str], values: Sequence[Mapping[str, ParamValue]]) -> str | None:
    """Return what all texts are: one text, or a parameter that has each as its value; None where there is none."""
    if len(set(texts)) == 1:
        return texts[0]
    pairs = list(zip(texts, values, strict=True))
    return next((name for name in values[0] if all(str(v.get(name)) == text for text, v in pairs)), None)
