"""Memory accesses of a loop body's lanes, as classes that touch one element an iteration, and their dependences.

Accesses whose subscripts have the same terms and the same constants form a class: in one iteration they touch the same
element. Dependences are then between classes, and of a class's accesses only the outermost ones take part: what is
between them follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import gcd

from allo_studio.analysis.sets import isl_set
from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.operations import Dependence

__all__ = ["Access", "dependences"]


@dataclass(frozen=True)
class Access:
    """One lane's access: its operation, the buffer, and subscripts in terms of counters outside of the lanes.

    `fresh` says that the buffer is made anew in each iteration. `register` that it is made of registers.
    """

    operation: int
    buffer: str
    write: bool
    subscripts: tuple[Affine, ...]
    register: bool
    fresh: bool


@dataclass
class _Class:
    subscripts: tuple[Affine, ...]
    members: list[Access] = field(default_factory=list)

    def sources(self) -> list[Access]:
        """Return the last write and the reads after it (all reads where there is no write)."""
        last = max((n for n, a in enumerate(self.members) if a.write), default=-1)
        return [a for n, a in enumerate(self.members) if n >= last and (n == last or not a.write)]

    def targets(self) -> list[Access]:
        """Return the first write and the reads before it (all reads where there is no write)."""
        first = min((n for n, a in enumerate(self.members) if a.write), default=len(self.members))
        return self.members[: first + 1]


def dependences(
    accesses: Sequence[Access], counters: Sequence[Counter], outer: Mapping[int, Counter]
) -> Iterator[Dependence]:
    """Yield the dependences between accesses in program order.

    `counters` are those of the pipelined loop and the nest flattened into it (empty for code that runs once), and
    distances are in its iterations; `outer` are all counters around, by key, whose values both ends share.
    """
    for buffer in sorted({access.buffer for access in accesses}):
        classes: dict[tuple[Affine, ...], _Class] = {}
        for access in accesses:
            if access.buffer == buffer:
                classes.setdefault(access.subscripts, _Class(access.subscripts)).members.append(access)
        found = list(classes.values())
        for one in found:
            yield from _inside(one)
        if any(access.write for group in found for access in group.members):
            yield from _between(found, counters, outer)


def _inside(group: _Class) -> Iterator[Dependence]:
    """Yield what orders the accesses to one element within an iteration."""
    write: Access | None = None
    reads: list[Access] = []
    for access in group.members:
        if not access.write:
            if write:
                yield Dependence(write.operation, access.operation, 0, _weight(write, access, 0))
            reads.append(access)
            continue
        for read in reads:
            yield Dependence(read.operation, access.operation, 0, 0)
        if write:
            yield Dependence(write.operation, access.operation, 0, 1)
        write, reads = access, []


def _weight(source: Access, target: Access, distance: int) -> int | None:
    """Return the cycles between the starts; None where a register's value of the same iteration is just a wire."""
    if not source.write:
        return 0
    if not target.write and source.register and distance == 0:
        return None
    return 1


def _between(classes: list[_Class], counters: Sequence[Counter], outer: Mapping[int, Counter]) -> Iterator[Dependence]:
    for one in classes:
        for two in classes:
            if not any(a.write for a in (*one.members, *two.members)) or not _may_meet(one, two):
                continue
            if one is not two and _least_distance(one, two, counters, outer, 0) == 0:
                yield from _same_iteration(one, two)
            if not counters or one.members[0].fresh:
                continue
            distance = _least_distance(one, two, counters, outer, 1)
            if distance is not None:
                yield from _links(one.sources(), two.targets(), distance)


def _same_iteration(one: _Class, two: _Class) -> Iterator[Dependence]:
    for a in one.members:
        for b in two.members:
            if a.operation < b.operation and (a.write or b.write):
                yield Dependence(a.operation, b.operation, 0, 1 if a.write else 0)


def _links(sources: list[Access], targets: list[Access], distance: int) -> Iterator[Dependence]:
    for a in sources:
        for b in targets:
            if a.write or b.write:
                yield Dependence(a.operation, b.operation, distance, _weight(a, b, distance))


def _may_meet(one: _Class, two: _Class) -> bool:
    """Tell whether every subscript's equation can hold in whole numbers: the greatest common divisor test."""
    for a, b in zip(one.subscripts, two.subscripts, strict=True):
        divisor = 0
        for _, factor in (*a.terms, *b.terms):
            divisor = gcd(divisor, factor)
        difference = a.constant - b.constant
        if difference % divisor if divisor else difference:
            return False
    return True


def _least_distance(
    one: _Class, two: _Class, counters: Sequence[Counter], outer: Mapping[int, Counter], at_least: int
) -> int | None:
    """Return the least number of iterations, not below `at_least`, after which `two` meets an element of `one`."""
    mine = {c.key for c in counters}
    around = [key for key in sorted(outer) if key not in mine]
    names = {"": {key: f"o{key}" for key in around}}
    lines: list[str] = [_bounds(outer[key], f"o{key}", f"u{key}", names[""]) for key in around]
    for end in "st":
        names[end] = names[""] | {c.key: f"{end}{c.key}" for c in counters}
        lines += [_bounds(c, f"{end}{c.key}", f"{end}i{c.key}", names[end]) for c in counters]
    lines += [
        f"{_text(a, names['s'])} = {_text(b, names['t'])}" for a, b in zip(one.subscripts, two.subscripts, strict=True)
    ]
    flat = {end: _flat([f"{end}i{c.key}" for c in counters], counters) for end in "st"}
    lines += [f"d = ({flat['t']}) - ({flat['s']})", f"d >= {at_least}"]
    bound = [f"o{key}, u{key}" for key in around]
    bound += [f"{end}{c.key}, {end}i{c.key}" for end in "st" for c in counters]
    inside = f"exists {', '.join(bound)}: {' and '.join(lines)}" if bound else " and ".join(lines)
    distances = isl_set(f"{{ [d] : {inside} }}")
    return None if distances.is_empty() else int(str(distances.dim_min_val(0)))


def _bounds(counter: Counter, value: str, position: str, names: Mapping[int, str]) -> str:
    """Return the constraints on a counter's value and on its iteration's number (counting groups of lanes)."""
    lower = [f"{value} >= {_text(bound, names)}" for bound in counter.lower]
    upper = [f"{value} < {_text(bound, names)}" for bound in counter.upper]
    stride = counter.step * counter.lanes
    # The first value is the greatest of the bounds: it is one of them, and no other is above it.
    bounds = [_text(bound, names) for bound in counter.lower]
    cases = [
        " and ".join([f"{value} = {first} + {stride} * {position}", *(f"{first} >= {b}" for b in bounds if b != first)])
        for first in bounds
    ]
    place = f"({' or '.join(f'({case})' for case in cases)}) and {position} >= 0"
    return " and ".join([*lower, *upper, place])


def _text(affine: Affine, names: Mapping[int, str]) -> str:
    return " + ".join([*(f"{factor} * {names[key]}" for key, factor in affine.terms), str(affine.constant)])


def _flat(positions: Sequence[str], counters: Sequence[Counter]) -> str:
    """Return the number of the flattened loop's iteration; inner counters have constant trips."""
    terms = []
    scale = 1
    for position, counter in reversed(list(zip(positions, counters, strict=True))):
        terms.append(f"{scale} * {position}")
        scale *= max(counter.constant_trips or 1, 1)
    return " + ".join(terms) or "0"
