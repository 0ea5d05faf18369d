"""Which iterations must stay in order: flow, anti and output dependences as isl relations.

Dependences are those of memory: two accesses to one element, at least one of them a store, in program order. A
store in between does not end one. That is enough to prove a change of order legal, and never too little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from allo_studio.analysis.access import Access, relation_of
from allo_studio.analysis.accesses import accesses
from allo_studio.analysis.order import before, later_at, order_text
from allo_studio.analysis.sets import IslMap, common_part, isl_map, isl_set, per_thread, sample_with
from allo_studio.analysis.updates import updates
from allo_studio.ir import KernelIR

__all__ = ["Dependence", "Witness", "dependences", "dependences_of", "happens_before", "sample", "sample_of"]

_Key = tuple[tuple[str, str], tuple[str, str], str]


@dataclass(frozen=True, eq=False)
class Dependence:
    """Instances of `sink` that must come after instances of `source`.

    `accumulation` says that both belong to one update `x = x ⊕ e`, so that its instances may change places as far as ⊕
    allows.
    """

    kind: Literal["flow", "anti", "output"]
    source: Access
    sink: Access
    accumulation: bool = False
    # What the relation is made of; isl's objects themselves may not cross threads.
    key: _Key = field(default=(("", ""), ("", ""), ""), repr=False)

    @property
    def relation(self) -> IslMap:
        """The source's iterations with those of the sink that must come after."""
        return _related(self.key)

    @property
    def buffer(self) -> str:
        """The array that both touch."""
        return self.source.buffer

    @property
    def exact(self) -> bool:
        """Whether each pair of iterations does touch one element; else it may."""
        return self.source.exact and self.sink.exact

    @cached_property
    def common(self) -> int:
        """How many loops are around both ends."""
        return self.source.common(self.sink)

    def carried_by(self, level: int) -> IslMap:
        """Return the part that goes from one iteration of the common loop `level` (0: outermost) to a later one."""
        return _carried(self.key, order_text(self.source, self.sink, [later_at(level)]))

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


@per_thread
def _related(key: _Key) -> IslMap:
    source, sink, order = key
    return relation_of(source).apply_range(relation_of(sink).reverse()).intersect(isl_map(order))


@per_thread
def _carried(key: _Key, order: str) -> IslMap:
    return _related(key).intersect(isl_map(order))


@per_thread
def _independent(key: _Key) -> bool:
    return bool(_related(key).is_empty())


@dataclass(frozen=True)
class Witness:
    """A concrete case of a dependence: two iterations, by loop, and the element that they share.

    `symbols` are the values that scalar arguments have in it, by name.
    """

    source: Mapping[str, int]
    sink: Mapping[str, int]
    buffer: str
    element: tuple[int, ...]
    symbols: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.place} is touched at ({self.source_text}) and later at ({self.sink_text})"

    @property
    def source_text(self) -> str:
        """The first iteration, `i=0, j=1`."""
        return _listing({**self.symbols, **self.source})

    @property
    def sink_text(self) -> str:
        """The later iteration, `i=1, j=0`."""
        return _listing({**self.symbols, **self.sink})

    @property
    def place(self) -> str:
        """The element as source text, `C[0, 1]`."""
        return f"{self.buffer}[{', '.join(map(str, self.element))}]" if self.element else self.buffer


def _listing(iteration: Mapping[str, int]) -> str:
    return ", ".join(f"{loop}={value}" for loop, value in iteration.items())


def dependences(kernel: KernelIR) -> tuple[Dependence, ...]:
    """Return all dependences of a kernel, by the program order of their sources, then of their sinks."""
    return kernel.kept("dependences", lambda: dependences_of(accesses(kernel)))


def dependences_of(found: Sequence[Access]) -> tuple[Dependence, ...]:
    """Return the dependences between accesses of one kernel."""
    updated = updates(found)
    by_buffer: dict[str, list[Access]] = {}
    for access in found:
        by_buffer.setdefault(access.buffer, []).append(access)
    made = (
        _between(a, b, updated)
        for a in found
        for b in by_buffer[a.buffer]
        if (a.is_write or b.is_write) and not _apart(a, b)
    )
    return tuple(d for d in made if d is not None)


def _apart(one: Access, other: Access) -> bool:
    """Tell whether two accesses never meet because a subscript is another number in each."""
    pairs = zip(one.subscripts, other.subscripts, strict=False)
    return any(
        a is not None and b is not None and a.is_constant and b.is_constant and a.constant != b.constant
        for a, b in pairs
    )


def _between(source: Access, sink: Access, updated: Mapping[Access, Access]) -> Dependence | None:
    order = before(source, sink)
    if order is None:
        return None
    key = (source.key, sink.key, order)
    if _independent(key):
        return None
    kind: Literal["flow", "anti", "output"] = "anti" if not source.is_write else "output" if sink.is_write else "flow"
    # `updated` maps both the load and the store of an update to its store.
    same = source in updated and updated[source] is updated.get(sink)
    return Dependence(kind, source, sink, same, key)


def happens_before(source: Access, sink: Access, within: int = 0) -> IslMap | None:
    """Return which iterations of `sink` come after which of `source`, on the same storage; None where none do.

    See `order.before` for `within`.
    """
    order = before(source, sink, within)
    return None if order is None else isl_map(order)


def sample(dependence: Dependence) -> Witness:
    """Return the least concrete case of a dependence."""
    return sample_of(dependence, dependence.relation)


def sample_of(dependence: Dependence, part: IslMap) -> Witness:
    """Return the least concrete case in a part of a dependence's relation that is not empty."""
    source, sink = dependence.source, dependence.sink
    symbols, values = sample_with(part.wrap().flatten())
    split = len(source.loops)
    names = [loop.name for loop in source.loops], [loop.name for loop in sink.loops]
    first, second = values[:split], values[split:]
    labels = {symbol.name: symbol.label for symbol in source.when.notation.symbols if symbol.label}
    return Witness(
        dict(zip(names[0], first, strict=True)),
        dict(zip(names[1], second, strict=True)),
        dependence.buffer,
        _shared(dependence, symbols, first, second),
        {labels[name]: value for name, value in symbols.items() if name in labels},
    )


def _shared(
    dependence: Dependence, symbols: Mapping[str, int], first: Sequence[int], second: Sequence[int]
) -> tuple[int, ...]:
    """Return the least element that both ends touch in these iterations."""
    one = _touched(dependence.source, symbols, first)
    return sample_with(one.intersect(_touched(dependence.sink, symbols, second)))[1]


def _touched(access: Access, symbols: Mapping[str, int], iteration: Sequence[int]) -> IslMap:
    known = [f"{name} = {value}" for name, value in symbols.items()]
    known += [f"i{level} = {value}" for level, value in enumerate(iteration)]
    condition = f" : {' and '.join(known)}" if known else ""
    parameters = f"[{', '.join(symbols)}] -> " if symbols else ""
    return access.relation.intersect_domain(isl_set(f"{parameters}{{ {access.when.tuple}{condition} }}")).range()
