"""Fixes of types: a conversion on the wire, parameters that give the same extents, the type of a port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from allo_studio.design.blocks import conversion, is_generated
from allo_studio.design.check_kernels import kernel_result, trial_types
from allo_studio.design.edit_base import Edit, Several
from allo_studio.design.edit_graph import Disconnect, SetParam
from allo_studio.design.edit_insert import InsertBlock
from allo_studio.design.edit_project import SetGraphPortType
from allo_studio.design.fix_base import At, Fix, Rule
from allo_studio.design.fix_ports import inserted, outside_type
from allo_studio.design.fix_rates import with_rates
from allo_studio.design.model import Endpoint, KernelNode, ParamValue
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import kernel_parameters
from allo_studio.source import Source
from allo_studio.types import ArrayType

__all__ = ["TYPE_RULES", "boundary", "parameters"]

_MOST_TRIALS = 16


def _elements(at: At) -> Iterator[Fix]:
    """Put a conversion on the wire, or change the type at the graph's boundary."""
    edge, (source, target) = at.edge, _types(at)
    if source.shape == target.shape and _converts(source, target):
        block = conversion(str(source), str(target.element))
        insert = InsertBlock(at.graph.name, "convert", block, "x", {edge.id: "y"})
        yield Fix(f"insert a conversion to {target.element}", inserted(at, insert, edge.source))
    yield from boundary(at)


def _converts(source: ArrayType, target: ArrayType) -> bool:
    return "struct" not in (source.element.kind, target.element.kind)


def _extents(at: At) -> Iterator[Fix]:
    """Set parameters of one of the blocks, or change the type at the graph's boundary."""
    yield from parameters(at, at.edge.target, at.edge.source)
    yield from parameters(at, at.edge.source, at.edge.target)
    yield from boundary(at)
    yield from with_rates(at)


def _ranks(at: At) -> Iterator[Fix]:
    """Let rows go over the wire, or change the type at the graph's boundary."""
    yield from with_rates(at)
    yield from boundary(at)


def _types(at: At) -> tuple[ArrayType, ArrayType]:
    source, target = at.type(at.edge.source), at.type(at.edge.target)
    assert source is not None
    assert target is not None
    return source, target


def boundary(at: At) -> Iterator[Fix]:
    """Give a port of the graph that has no other wire the type of the wire's other end."""
    for mine, other in ((at.edge.source, at.edge.target), (at.edge.target, at.edge.source)):
        if not mine.node and sum(mine in (edge.source, edge.target) for edge in at.graph.edges) == 1:
            yield from _retyped(at, mine, other)


def _no_type(at: At) -> Iterator[Fix]:
    """Give a port of the graph the type of what it is wired to."""
    mine = Endpoint("", str(at.words[0]))
    for edge in at.graph.edges:
        if mine in (edge.source, edge.target):
            found = list(_retyped(at, mine, edge.target if edge.source == mine else edge.source))
            if found:
                yield from found
                return


def _retyped(at: At, mine: Endpoint, other: Endpoint) -> Iterator[Fix]:
    """Give a port of the graph the type of another end, with ports for its sizes where there are none."""
    found = outside_type(at, other, output=mine.port in at.graph.outputs)
    if found:
        wanted, sizes = found
        edit = SetGraphPortType(at.graph.name, mine.port, wanted)
        yield Fix(f"make {mine} {wanted}", Several((*sizes, edit), edit.describe()) if sizes else edit)


def parameters(at: At, end: Endpoint, other: Endpoint) -> Iterator[Fix]:
    """Set the parameters of a block that has the extents that differ, where its port then has the type wanted.

    A named size that becomes a number has no wire any more.
    """
    has, wanted = at.type(end), at.type(other)
    assert has is not None
    assert wanted is not None
    node = at.graph.nodes.get(end.node)
    kernel = at.checked.kernels.get(f"{at.graph.name}/{end.node}")
    if not isinstance(node, KernelNode) or is_generated(node.path) or kernel is None or kernel.base is None:
        return
    source, named = kernel.base.source, any(argument.type.sizes for argument in kernel.base.arguments())
    for values in _candidates(source, node, has, wanted)[:_MOST_TRIALS]:
        if _type_with(source, node, values, end.port, named) == wanted:
            text = ", ".join(f"{name} to {value}" for name, value in values.items())
            edits: list[Edit] = [SetParam(at.graph.name, end.node, name, value) for name, value in values.items()]
            gone = {Endpoint(end.node, name) for name in values}
            edits += [Disconnect(at.graph.name, edge.id) for edge in at.graph.edges if edge.target in gone]
            yield Fix(f"set {text} in {end.node}", Several(tuple(edits), f"Set {', '.join(values)} of {end.node}"))
            return


def _candidates(source: Source, node: KernelNode, has: ArrayType, wanted: ArrayType) -> list[dict[str, int]]:
    """Return values of parameters to try: one parameter at a time, then all that have an extent that differs."""
    try:
        known = {**kernel_parameters(source, node.function), **node.params}
    except AlloError:
        return []
    extents = list(zip(has.names, has.shape, wanted.names, wanted.shape, strict=True))
    sizes: dict[str, int] = {name: b for name, _, other, b in extents if name and not other}
    differ = {a: b for name, a, _, b in extents if a != b and name not in sizes}
    # True is no extent, though it equals 1.
    found = {name: differ[v] for name, v in known.items() if type(v) is int and v in differ}
    single: list[dict[str, int]] = [{**sizes, name: value} for name, value in found.items()]
    several = [{**sizes, **found}] if len(found) > 1 else []
    return [*([sizes] if sizes else []), *single, *several]


def _type_with(
    source: Source, node: KernelNode, values: Mapping[str, ParamValue], port: str, named: bool
) -> ArrayType | None:
    """Return the type that a port then has; None where the kernel then has faults. `named`: it has named sizes now."""
    changed = replace(node, params={**node.params, **values})
    if not named:
        return trial_types(source, changed).get(port)
    return next((p.type for p in kernel_result(source, changed, ()).ports if p.name == port), None)


TYPE_RULES: dict[str, Rule] = {
    "elements": _elements,
    "extents": _extents,
    "ranks": _ranks,
    "no type": _no_type,
}
