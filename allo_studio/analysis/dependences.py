"""Which iterations must stay in order: flow, anti and output dependences as isl relations.

Dependences are those of memory: two accesses to one element, at least one of them a store, in program order. A
store in between does not end one. That is enough to prove a change of order legal, and never too little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.sets import IslMap, common_part, isl_map, points, tuple_text
from allo_studio.analysis.updates import updates
from allo_studio.ir import KernelIR

__all__ = ["Dependence", "Witness", "dependences", "dependences_of", "happens_before", "sample", "sample_of"]


@dataclass(frozen=True, eq=False)
class Dependence:
    """Instances of `sink` that must come after instances of `source`.

    `relation` maps the source's iterations to the sink's. `accumulation` says that both belong to one update
    `x = x ⊕ e`, so that its instances may change places as far as ⊕ allows.
    """

    kind: Literal["flow", "anti", "output"]
    source: Access
    sink: Access
    relation: IslMap = field(repr=False)
    accumulation: bool = False

    @property
    def buffer(self) -> str:
        """The array that both touch."""
        return self.source.buffer

    @cached_property
    def common(self) -> int:
        """How many loops are around both ends."""
        return self.source.common(self.sink)

    def carried_by(self, level: int) -> IslMap:
        """Return the part that goes from one iteration of the common loop `level` (0: outermost) to a later one."""
        return self.relation.intersect(_order(self.source, self.sink, [_later_at(level)]))

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The common loops that carry the dependence, as levels from the outermost, 0."""
        return tuple(level for level in range(self.common) if not self.carried_by(level).is_empty())

    def distance(self, level: int) -> int | None:
        """Return the fewest iterations of loop `level` that the part it carries spans; None where it carries none."""
        part = self.carried_by(level)
        if part.is_empty():
            return None
        least = common_part(part, self.common).deltas().dim_min_val(level).to_python()
        return int(least) // self.source.loops[level].step


@dataclass(frozen=True)
class Witness:
    """A concrete case of a dependence: two iterations, by loop, and the element that they share."""

    source: Mapping[str, int]
    sink: Mapping[str, int]
    buffer: str
    element: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.place} is touched at ({self.source_text}) and later at ({self.sink_text})"

    @property
    def source_text(self) -> str:
        """The first iteration, `i=0, j=1`."""
        return _listing(self.source)

    @property
    def sink_text(self) -> str:
        """The later iteration, `i=1, j=0`."""
        return _listing(self.sink)

    @property
    def place(self) -> str:
        """The element as source text, `C[0, 1]`."""
        return f"{self.buffer}[{', '.join(map(str, self.element))}]" if self.element else self.buffer


def _listing(iteration: Mapping[str, int]) -> str:
    return ", ".join(f"{loop}={value}" for loop, value in iteration.items())


def dependences(kernel: KernelIR) -> tuple[Dependence, ...]:
    """Return all dependences of a kernel, by the program order of their sources, then of their sinks."""
    return dependences_of(accesses(kernel))


def dependences_of(found: Sequence[Access]) -> tuple[Dependence, ...]:
    """Return the dependences between accesses of one kernel."""
    updated = updates(found)
    pairs = [(a, b) for a in found for b in found if a.buffer == b.buffer and (a.is_write or b.is_write)]
    made = (_between(a, b, updated) for a, b in pairs)
    return tuple(d for d in made if d is not None)


def _between(source: Access, sink: Access, updated: Mapping[Access, Access]) -> Dependence | None:
    order = happens_before(source, sink)
    if order is None:
        return None
    relation = source.relation.apply_range(sink.relation.reverse()).intersect(order)
    if relation.is_empty():
        return None
    kind: Literal["flow", "anti", "output"] = "anti" if not source.is_write else "output" if sink.is_write else "flow"
    # `updated` maps both the load and the store of an update to its store.
    same = source in updated and updated[source] is updated.get(sink)
    return Dependence(kind, source, sink, relation, same)


def happens_before(source: Access, sink: Access, within: int = 0) -> IslMap | None:
    """Return which iterations of `sink` come after which of `source`, on the same storage; None where none do.

    Storage that is declared in loops is fresh in each iteration of them; `within` asks for pairs in one iteration of
    the outermost so many loops.
    """
    common = source.common(sink)
    textual = source.position[: common + 1] < sink.position[: common + 1]
    cases = [_later_at(level) for level in range(max(source.scope, within), common)]
    if textual:
        cases.append(_equal(common))
    return _order(source, sink, cases) if cases else None


def _order(source: Access, sink: Access, cases: Sequence[str]) -> IslMap:
    before = [f"i{n}" for n in range(len(source.loops))]
    after = [f"o{n}" for n in range(len(sink.loops))]
    cases = [case for case in cases if case] if all(cases) else []
    condition = f" : {' or '.join(f'({case})' for case in cases)}" if cases else ""
    return isl_map(f"{{ {tuple_text(before)} -> {tuple_text(after)}{condition} }}")


def _equal(levels: int) -> str:
    return " and ".join(f"i{n} = o{n}" for n in range(levels))


def _later_at(level: int) -> str:
    return " and ".join(filter(None, [_equal(level), f"i{level} < o{level}"]))


def sample(dependence: Dependence) -> Witness:
    """Return the least concrete case of a dependence."""
    return sample_of(dependence, dependence.relation)


def sample_of(dependence: Dependence, part: IslMap) -> Witness:
    """Return the least concrete case in a part of a dependence's relation that is not empty."""
    source, sink = points(part)
    element = _element(dependence, source)
    return Witness(_by_loop(dependence.source, source), _by_loop(dependence.sink, sink), dependence.buffer, element)


def _by_loop(access: Access, values: Iterable[int]) -> dict[str, int]:
    return {loop.name: value for loop, value in zip(access.loops, values, strict=True)}


def _element(dependence: Dependence, iteration: Sequence[int]) -> tuple[int, ...]:
    values = {loop.induction_variable: v for loop, v in zip(dependence.source.loops, iteration, strict=True)}
    known = dependence.source.subscripts
    return tuple(s.evaluate(values) if s is not None else 0 for s in known)
