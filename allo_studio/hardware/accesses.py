"""Memory dependences between the accesses of a pipelined iteration.

Accesses whose subscripts are the same form a class: in one iteration they touch one element. Dependences are between
the outermost accesses of classes that can meet; what is between those follows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import gcd

from allo_studio.hardware.counters import Affine
from allo_studio.hardware.iterations import Equation, Iterations, Space
from allo_studio.hardware.operations import Dependence

__all__ = ["Access", "dependences", "exclusive"]


@dataclass(frozen=True)
class Access:
    """One lane's access to an element, by the number of its operation, which is in program order.

    A subscript of None is computed from data: it may be any element of that dimension. `register` says that the
    buffer is made of registers: a read in the cycle of a write of the same iteration before it in program order sees
    it. `fresh` says that the buffer is made anew in each iteration. `guards` are numbers of `if`s and which side of
    each: the access happens only there.
    """

    operation: int
    buffer: str
    write: bool
    subscripts: tuple[Affine | None, ...]
    register: bool
    fresh: bool
    guards: tuple[tuple[int, bool], ...] = ()
    shape: tuple[int, ...] = ()


def exclusive(one: Access, two: Access) -> bool:
    """Tell whether two accesses are on different sides of one `if`, so that no iteration does both."""
    return any((number, not side) in two.guards for number, side in one.guards)


@dataclass(eq=False)
class _Class:
    """Accesses of the same subscripts, in program order. `near` are the classes that meet it in some iteration."""

    number: int
    subscripts: tuple[Affine | None, ...]
    members: list[Access] = field(default_factory=list)
    near: list[_Class] = field(default_factory=list)
    # The accesses so far that a later one may have to follow.
    live: list[Access] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        """Whether any access is a write."""
        return any(access.write for access in self.members)

    def sources(self) -> list[Access]:
        """Return the accesses that no later write of the class follows: what comes after the write follows them too."""
        return _unfollowed(self.members[::-1])

    def targets(self) -> list[Access]:
        """Return the accesses that follow no earlier write of the class."""
        return _unfollowed(self.members)


def _unfollowed(members: Sequence[Access]) -> list[Access]:
    """Return the accesses before which there is no write that the same iteration can do."""
    found = []
    # By guards: an unrolled body repeats few of them, and may read one element very often.
    seen: dict[tuple[tuple[int, bool], ...], Access] = {}
    for access in members:
        if all(exclusive(write, access) for write in seen.values()):
            found.append(access)
        if access.write:
            seen.setdefault(access.guards, access)
    return found


def dependences(accesses: Sequence[Access], space: Space) -> Iterator[Dependence]:
    """Yield the dependences between accesses, which come in program order.

    Distances are in iterations of the space, flattened. Each dependence is between accesses that touch one element at
    that distance for some values of the outer counters and arguments, and at no lesser one; all such pairs are ordered
    by a path of dependences.
    """
    buffers: dict[str, list[Access]] = defaultdict(list)
    for access in accesses:
        buffers[access.buffer].append(access)
    written = [buffers[name] for name in sorted(buffers) if any(access.write for access in buffers[name])]
    iterations = Iterations(space)
    if not written or not iterations.total:
        return
    for found in written:
        classes = _classes(found, iterations)
        pairs = list(_pairs(classes, iterations))
        for one, two, equations in pairs:
            if one.number < two.number and iterations.together(equations):
                one.near.append(two)
                two.near.append(one)
        yield from _inside(found, {a.operation: c for c in classes for a in c.members})
        if space.counters and not found[0].fresh:
            for one, two, equations in pairs:
                distance = iterations.least(equations)
                if distance is not None:
                    yield from _across(one, two, distance)


def _classes(accesses: Sequence[Access], iterations: Iterations) -> list[_Class]:
    found: dict[tuple[Affine | None, ...], _Class] = {}
    for access in accesses:
        key = tuple(None if s is None else iterations.normal(s) for s in access.subscripts)
        if key not in found:
            found[key] = _Class(len(found), key)
            found[key].near.append(found[key])
        found[key].members.append(access)
    return list(found.values())


def _pairs(classes: Sequence[_Class], iterations: Iterations) -> Iterator[tuple[_Class, _Class, tuple[Equation, ...]]]:
    """Yield the pairs, one of which writes, that the greatest common divisors do not keep apart."""
    families: dict[tuple[object, ...], list[_Class]] = defaultdict(list)
    for found in classes:
        families[tuple(None if s is None else s.terms for s in found.subscripts)].append(found)
    writers = {key: [c for c in members if c.writes] for key, members in families.items()}
    for first, ones in families.items():
        for second, twos in families.items():
            if writers[first] or writers[second]:
                yield from _family_pairs(ones, twos, writers[second], iterations)


def _family_pairs(
    ones: Sequence[_Class], twos: Sequence[_Class], writers: Sequence[_Class], iterations: Iterations
) -> Iterator[tuple[_Class, _Class, tuple[Equation, ...]]]:
    """Yield such pairs of two families of classes, whose subscripts differ in constants only."""
    shared = _equations(ones[0], twos[0], iterations)
    divisors = {d: gcd(*(f for _, f in (*e.left.terms, *e.right.terms))) for d, e in shared.items()}

    def residues(found: _Class) -> tuple[int, ...]:
        constants = ((s.constant, divisors[d]) for d, s in enumerate(found.subscripts) if s and d in divisors)
        return tuple(constant % divisor if divisor else constant for constant, divisor in constants)

    every: dict[tuple[int, ...], list[_Class]] = defaultdict(list)
    written: dict[tuple[int, ...], list[_Class]] = defaultdict(list)
    for table, members in ((every, twos), (written, writers)):
        for two in members:
            table[residues(two)].append(two)
    for one in ones:
        for two in (every if one.writes else written).get(residues(one), ()):
            yield one, two, tuple(_equations(one, two, iterations).values())


def _equations(one: _Class, two: _Class, iterations: Iterations) -> dict[int, Equation]:
    """Return what must hold for two classes to meet, by dimension."""
    sides = enumerate(zip(one.subscripts, two.subscripts, strict=True))
    return {d: iterations.equation(a, b) for d, (a, b) in sides if a is not None and b is not None}


def _inside(accesses: Sequence[Access], classes: Mapping[int, _Class]) -> Iterator[Dependence]:
    """Yield what orders the accesses within an iteration."""
    for access in accesses:
        own = classes[access.operation]
        for earlier in chain.from_iterable(found.live for found in own.near):
            if (earlier.write or access.write) and not exclusive(earlier, access):
                yield Dependence(earlier.operation, access.operation, 0, _weight(earlier, access, 0))
        if access.write:
            # Whatever must follow one that happens only where this write does, follows the write.
            own.live = [earlier for earlier in own.live if not set(access.guards) <= set(earlier.guards)]
        own.live.append(access)


def _across(one: _Class, two: _Class, distance: int) -> Iterator[Dependence]:
    """Yield what orders the accesses of two classes that meet after some iterations."""
    together = two in one.near
    for a in one.sources():
        for b in two.targets():
            # The order within an iteration is that between iterations too.
            ordered = together and a.operation < b.operation and not exclusive(a, b)
            if (a.write or b.write) and not ordered:
                yield Dependence(a.operation, b.operation, distance, _weight(a, b, distance))


def _weight(source: Access, target: Access, distance: int) -> int | None:
    """Return the cycles between the starts; None where a register's value of the same iteration is just a wire."""
    if not source.write:
        return 0
    if not target.write and source.register and distance == 0:
        return None
    return 1
