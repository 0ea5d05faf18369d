"""Dependences between accesses against the enumeration of every iteration of small affine nests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.hardware.accesses import Access, dependences
from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.operations import Dependence

Point = Mapping[int, int]
INFINITE = 10**6


@st.composite
def nests(draw: st.DrawFn) -> tuple[tuple[Counter, ...], tuple[Counter, ...]]:
    """Return counters around (0 or 1) and those of a flattened pipeline (1 or 2, the inner with constant bounds)."""
    outer = tuple(_counter(draw, 0, None) for _ in range(draw(st.integers(0, 1))))
    first = _counter(draw, 1, 0 if outer else None)
    inner = tuple(_counter(draw, 2, None) for _ in range(draw(st.integers(0, 1))))
    lanes = draw(st.integers(1, 3))
    own = (first, *inner)
    last = own[-1]
    wide = Counter(last.key, last.name, last.lower, last.upper, last.step, lanes)
    return outer, (*own[:-1], wide)


def _counter(draw: st.DrawFn, key: int, depends: int | None) -> Counter:
    def bound(low: int, high: int) -> Affine:
        constant = draw(st.integers(low, high))
        if depends is None or draw(st.booleans()):
            return Affine((), constant)
        return Affine(((depends, draw(st.sampled_from([-1, 1, 2]))),), constant)

    lower = tuple(bound(-1, 2) for _ in range(draw(st.sampled_from([1, 1, 1, 2]))))
    upper = tuple(bound(2, 6) for _ in range(draw(st.sampled_from([1, 1, 1, 2]))))
    return Counter(key, f"c{key}", lower, upper, draw(st.integers(1, 3)))


def value(affine: Affine, point: Point) -> int:
    return affine.constant + sum(factor * point[key] for key, factor in affine.terms)


def values(counter: Counter, point: Point) -> range:
    first = max(value(b, point) for b in counter.lower)
    return range(first, min(value(b, point) for b in counter.upper), counter.step * counter.lanes)


def instances(outer: Sequence[Counter]) -> Iterator[Point]:
    """Yield the values of the counters around."""
    found: list[dict[int, int]] = [{}]
    for counter in outer:
        found = [{**p, counter.key: v} for p in found for v in values(counter, p)]
    yield from found


def iterations(counters: Sequence[Counter], around: Point) -> list[Point]:
    """Return the flattened iterations in order."""
    found: list[dict[int, int]] = [dict(around)]
    for counter in counters:
        found = [{**p, counter.key: v} for p in found for v in values(counter, p)]
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[Counter, ...], tuple[Counter, ...], list[Access]]:
    outer, own = draw(nests())
    keys = [c.key for c in (*outer, *own)]
    rank = draw(st.integers(0, 2))
    register, fresh = draw(st.booleans()), draw(st.sampled_from([False, False, False, True]))
    accesses = []
    for index in range(draw(st.integers(1, 4))):
        subscripts = tuple(
            Affine(
                tuple((k, f) for k in keys if (f := draw(st.sampled_from([0, 0, 1, 1, 2, -1])))),
                draw(st.integers(0, 4)),
            )
            for _ in range(rank)
        )
        accesses.append(Access(index, "A", draw(st.booleans()), subscripts, register, fresh))
    return outer, own, accesses


def meetings(one: Access, two: Access, outer: Sequence[Counter], own: Sequence[Counter]) -> set[int]:
    """Return after how many iterations `two` touches an element that `one` touched."""
    found = set()
    for around in instances(outer):
        points = iterations(own, around)
        elements = [[tuple(value(s, p) for s in access.subscripts) for p in points] for access in (one, two)]
        for i, first in enumerate(elements[0]):
            found |= {j - i for j in range(i, len(points)) if elements[1][j] == first}
    return found


def required(outer: Sequence[Counter], own: Sequence[Counter], accesses: Sequence[Access]) -> Iterator[Dependence]:
    """Yield every order that must hold, with the cycles between the starts, by enumeration."""
    for one in accesses:
        for two in accesses:
            if not (one.write or two.write):
                continue
            for distance in meetings(one, two, outer, own):
                if distance == 0 and one.operation >= two.operation:
                    continue
                if distance and one.fresh:
                    continue
                bypass = one.write and not two.write and one.register and not distance
                yield Dependence(one.operation, two.operation, distance, 1 if one.write and not bypass else 0)


def closure(found: Sequence[Dependence], count: int, interval: int) -> list[list[int]]:
    """Return the least distance in cycles between any two operations' starts that the dependences demand."""
    least = [[-INFINITE] * count for _ in range(count)]
    for i in range(count):
        least[i][i] = 0
    for d in found:
        weight = (d.weight or 0) - interval * d.distance
        least[d.source][d.target] = max(least[d.source][d.target], weight)
    for k in range(count):
        for i in range(count):
            for j in range(count):
                least[i][j] = max(least[i][j], least[i][k] + least[k][j])
    return least


@settings(max_examples=400, deadline=None)
@given(cases())
def test_every_order_that_must_hold_follows_and_none_is_made_up(
    case: tuple[tuple[Counter, ...], tuple[Counter, ...], list[Access]],
) -> None:
    outer, own, accesses = case
    # The inner counters of a flattened nest have constant trips; where the nest is empty, nothing meets.
    found = list(dependences(accesses, own, {c.key: c for c in (*outer, *own)}))
    wanted = list(required(outer, own, accesses))
    for interval in (1, 2, 7):
        given_, least = closure(found, len(accesses), interval), closure(wanted, len(accesses), interval)
        if any(least[i][i] > 0 for i in range(len(accesses))):
            # This interval is too small for the nest; so it must be for what was found.
            assert any(given_[i][i] > 0 for i in range(len(accesses)))
            continue
        for i in range(len(accesses)):
            for j in range(len(accesses)):
                assert given_[i][j] >= least[i][j], f"{i} -> {j} is not ordered as it must be at II={interval}"
    for d in found:
        one, two = accesses[d.source], accesses[d.target]
        assert one.write or two.write
        if one.subscripts == two.subscripts and not d.distance:
            continue  # they touch one element in any iteration, should there be one
        assert d.distance in meetings(one, two, outer, own), f"{d} stands for no two iterations"
        assert not (one.fresh and d.distance)


def test_the_distance_of_a_flattened_nest_counts_the_inner_trips() -> None:
    def constant(key: int, trips: int) -> Counter:
        return Counter(key, f"c{key}", (Affine(),), (Affine((), trips),), 1)

    i, j = constant(0, 6), constant(1, 10)
    write = Access(1, "A", True, (Affine(((0, 1),)), Affine(((1, 1),))), False, False)
    read = Access(0, "A", False, (Affine(((0, 1),), -1), Affine(((1, 1),), 3)), False, False)
    # A[i, j] is read as A[i' - 1, j' + 3]: a row later, three columns to the left.
    assert list(dependences([read, write], (i, j), {0: i, 1: j})) == [Dependence(1, 0, 7, 1)]


def test_buffers_have_nothing_to_do_with_each_other() -> None:
    i = Counter(0, "i", (Affine(),), (Affine((), 4),), 1)
    a = Access(0, "A", True, (Affine(),), False, False)
    b = Access(1, "B", False, (Affine(),), False, False)
    assert list(dependences([a, b], (i,), {0: i})) == [Dependence(0, 0, 1, 1)]
