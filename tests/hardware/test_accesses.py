"""Dependences between accesses against the enumeration of every iteration of small nests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.analysis import sets
from allo_studio.hardware import iterations as module
from allo_studio.hardware.accesses import Access, dependences, exclusive
from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.iterations import Iterations, Space
from allo_studio.hardware.operations import Dependence

Point = Mapping[int | str, int]
Element = tuple[int | None, ...]
INFINITE = 10**6
# What the enumeration takes for a counter's end, and for its start, where these are not known.
TRIPS, BASES = 26, range(-6, 7)
ARGUMENTS = {"n": (0, 2), "m": (3, 3)}


def term(draw: st.DrawFn, keys: Sequence[int | str], factors: Sequence[int]) -> Affine:
    """Return a sum of multiples of variables, and perhaps a quotient of one of them."""
    total = Affine()
    for key in keys:
        total += Affine.of(key) * draw(st.sampled_from(factors))
    if keys and draw(st.integers(0, 5)) == 0:
        of = Affine.of(draw(st.sampled_from(keys))) * draw(st.integers(1, 3)) + draw(st.integers(0, 2))
        total += of.floordiv(draw(st.integers(2, 3))) * draw(st.sampled_from([1, 2, -2]))
    return total


def _counter(draw: st.DrawFn, key: int, around: Sequence[int | str], lanes: int = 1) -> Counter:
    def bound(low: int, high: int) -> Affine:
        constant = Affine((), draw(st.integers(low, high)))
        return constant + term(draw, around, [0, 0, 1, -1, 2]) if around and draw(st.booleans()) else constant

    lower = tuple(bound(-1, 2) for _ in range(draw(st.sampled_from([1, 1, 1, 2]))))
    upper = tuple(bound(2, 6) for _ in range(draw(st.sampled_from([1, 1, 1, 2]))))
    return Counter(key, f"c{key}", lower, upper, draw(st.integers(1, 3)), lanes)


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Return counters around (0 or 1) and those of a flattened pipeline (0 to 2, the inner with constant bounds)."""
    named = sorted(ARGUMENTS)[: draw(st.sampled_from([0, 0, 1, 2]))]
    outer = tuple(_counter(draw, 0, named) for _ in range(draw(st.integers(0, 1))))
    depth = draw(st.sampled_from([0, 1, 1, 2, 2]))
    lanes = draw(st.integers(1, 3))
    own = []
    for level in range(depth):
        around = [*(c.key for c in outer), *named] if level == 0 else []
        own.append(_counter(draw, level + 1, around, lanes if level == depth - 1 else 1))
    if depth == 1 and not outer and draw(st.integers(0, 3)) == 0:
        # What is enumerated of a counter without known bounds has no end to speak of.
        lower = draw(st.sampled_from([(), (Affine(),)]))
        own = [Counter(1, "c1", lower, (), draw(st.integers(1, 3)), lanes)]
    return Space(tuple(own), outer, {name: ARGUMENTS[name] for name in named})


def values(counter: Counter, point: Point) -> Iterator[range]:
    """Yield the values that a counter takes, in each of the ways it may go."""
    for base in BASES if not counter.lower else [max(b.evaluate(point) for b in counter.lower)]:
        end = min((b.evaluate(point) for b in counter.upper), default=base + TRIPS * counter.stride)
        yield range(base, end, counter.stride)


def executions(space: Space) -> Iterator[list[dict[int | str, int]]]:
    """Yield the flattened iterations, in order, of every execution of the pipeline."""
    ranges = [range(low, high + 1) for low, high in space.arguments.values() if low is not None and high is not None]
    around: list[dict[int | str, int]] = [dict(zip(space.arguments, point, strict=True)) for point in product(*ranges)]
    for counter in space.outer:
        around = [{**p, counter.key: v} for p in around for way in values(counter, p) for v in way]
    for point in around:
        for ways in product(*(values(c, point) for c in space.counters)):
            keys = [counter.key for counter in space.counters]
            yield [{**point, **dict(zip(keys, v, strict=True))} for v in product(*ways)]


@st.composite
def subscripts(draw: st.DrawFn, space: Space, rank: int, known: bool = False) -> tuple[Affine | None, ...]:
    """Return subscripts of an access, some of which may be computed from data."""
    keys = [*(c.key for c in (*space.outer, *space.counters)), *space.arguments]
    found: list[Affine | None] = []
    for _ in range(rank):
        unknown = not known and draw(st.integers(0, 7)) == 0
        found.append(None if unknown else term(draw, keys, [0, 0, 1, 1, 2, -1]) + draw(st.integers(0, 4)))
    return tuple(found)


def guards() -> st.SearchStrategy[tuple[tuple[int, bool], ...]]:
    return st.sampled_from([(), (), (), ((0, True),), ((0, False),), ((1, True),), ((0, True), (1, False))])


@st.composite
def cases(draw: st.DrawFn) -> tuple[Space, list[Access]]:
    space = draw(spaces())
    rank = draw(st.integers(0, 2))
    register, fresh = draw(st.booleans()), draw(st.sampled_from([False, False, False, True]))
    pool = [draw(subscripts(space, rank)) for _ in range(draw(st.integers(1, 3)))]
    return space, [
        Access(index, "A", draw(st.booleans()), draw(st.sampled_from(pool)), register, fresh, draw(guards()))
        for index in range(draw(st.integers(1, 6)))
    ]


def elements(access: Access, points: Sequence[Point]) -> list[Element]:
    return [tuple(None if s is None else s.evaluate(p) for s in access.subscripts) for p in points]


def same(one: Element, two: Element) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(one, two, strict=True))


def meetings(one: Access, two: Access, runs: Sequence[Sequence[Point]]) -> set[int]:
    """Return after how many iterations `two` may touch an element that `one` touched."""
    found = set()
    for points in runs:
        first, second = elements(one, points), elements(two, points)
        for i, element in enumerate(first):
            found |= {j - i for j in range(i, len(points)) if j - i not in found and same(element, second[j])}
    if one.fresh:
        found &= {0}
    return found - {0} if exclusive(one, two) or one.operation >= two.operation else found


def required(accesses: Sequence[Access], meets: Mapping[tuple[int, int], set[int]]) -> Iterator[Dependence]:
    """Yield every order that must hold, with the cycles between the starts."""
    for one, two in product(accesses, accesses):
        if one.write or two.write:
            for distance in meets[one.operation, two.operation]:
                bypass = one.write and not two.write and one.register and not distance
                yield Dependence(one.operation, two.operation, distance, 1 if one.write and not bypass else 0)


def closure(found: Sequence[Dependence], count: int, interval: int) -> list[list[int]]:
    """Return the least distance in cycles between any two operations' starts that the dependences demand."""
    least = [[0 if i == j else -INFINITE for j in range(count)] for i in range(count)]
    for d in found:
        weight = (d.weight or 0) - interval * d.distance
        least[d.source][d.target] = max(least[d.source][d.target], weight)
    for k, i, j in product(range(count), repeat=3):
        least[i][j] = max(least[i][j], least[i][k] + least[k][j])
    return least


@settings(max_examples=300, deadline=None)
@given(cases())
def test_every_order_that_must_hold_follows_and_none_is_made_up(case: tuple[Space, list[Access]]) -> None:
    space, accesses = case
    found = list(dependences(accesses, space))
    runs = list(executions(space))
    meets = {(a.operation, b.operation): meetings(a, b, runs) for a, b in product(accesses, accesses)}
    wanted = list(required(accesses, meets))
    for interval in (1, 2, 7, 1000):
        given_, least = closure(found, len(accesses), interval), closure(wanted, len(accesses), interval)
        if any(least[i][i] > 0 for i in range(len(accesses))):
            # This interval is too small for the nest; so it must be for what was found.
            assert any(given_[i][i] > 0 for i in range(len(accesses)))
            continue
        for i, j in product(range(len(accesses)), repeat=2):
            assert given_[i][j] >= least[i][j], f"{i} -> {j} is not ordered as it must be at II={interval}"
    for d in found:
        one, two = accesses[d.source], accesses[d.target]
        distances = meets[d.source, d.target]
        assert one.write or two.write
        least_distance = min(distances if not d.distance else distances - {0}, default=None)
        assert d.distance == least_distance, f"{d} stands for no two iterations, or for some too far apart"
        assert d.weight == (None if d.distance == 0 and one.register and one.write and not two.write else one.write)
    assert len(set(found)) == len(found)


def loop(key: int, trips: int, step: int = 1, lanes: int = 1) -> Counter:
    return Counter(key, f"c{key}", (Affine(),), (Affine((), trips * step * lanes),), step, lanes)


def at(operation: int, write: bool, *found: Affine | None, **rest: object) -> Access:
    return Access(operation, "A", write, found, False, False, **rest)  # type: ignore[arg-type]


I, J, N = Affine.of(0), Affine.of(1), Affine.of("n")


def test_the_distance_of_a_flattened_nest_counts_the_inner_trips() -> None:
    read, write = at(0, False, I + -1, J + 3), at(1, True, I, J)
    # A[i, j] is read as A[i' - 1, j' + 3]: a row later, three columns to the left.
    assert list(dependences([read, write], Space((loop(0, 6), loop(1, 10)), (), {}))) == [Dependence(1, 0, 7, 1)]


def test_buffers_have_nothing_to_do_with_each_other() -> None:
    a, b = (Access(n, name, n == 0, (Affine(),), False, False) for n, name in enumerate("AB"))
    assert list(dependences([a, b], Space((loop(0, 4),), (), {}))) == [Dependence(0, 0, 1, 1)]


def test_both_sides_of_an_if_are_ordered_with_what_follows_but_not_with_each_other() -> None:
    sides = [at(n, True, I, guards=((0, n == 0),)) for n in (0, 1)]
    found = list(dependences([*sides, at(2, False, I)], Space((loop(0, 4),), (), {})))
    assert found == [Dependence(0, 2, 0, 1), Dependence(1, 2, 0, 1)]
    scalar = [at(n, True, guards=((0, n == 0),)) for n in (0, 1)]
    between = set(dependences(scalar, Space((loop(0, 4),), (), {})))
    assert between == {Dependence(a, b, 1, 1) for a in (0, 1) for b in (0, 1)}


def test_a_computed_subscript_may_be_any_element() -> None:
    found = list(dependences([at(0, False, None), at(1, True, None)], Space((loop(0, 4),), (), {})))
    assert found == [Dependence(0, 1, 0, 0), Dependence(1, 0, 1, 1), Dependence(1, 1, 1, 1)]
    apart = [at(0, False, None, Affine()), at(1, True, None, Affine((), 1))]
    assert set(dependences(apart, Space((loop(0, 4),), (), {}))) == {Dependence(1, 1, 1, 1)}


@pytest.mark.parametrize(("least", "most", "distance"), [(None, None, 1), (3, None, 3), (3, 5, 3), (-5, 2, 1)])
def test_an_argument_is_any_value_of_its_range(least: int | None, most: int | None, distance: int) -> None:
    accesses = [at(0, False, I), at(1, True, I + N)]
    found = list(dependences(accesses, Space((loop(0, 9),), (), {"n": (least, most)})))
    assert [d for d in found if d.distance and d.source == 1] == [Dependence(1, 0, distance, 1)]


def test_a_counter_of_which_nothing_is_known_still_goes_on_by_its_stride() -> None:
    counter = Counter(0, "i", (), (), 2, 3)
    space = Space((counter,), (), {})
    assert list(dependences([at(0, False, I), at(1, True, I + 12)], space)) == [Dependence(1, 0, 2, 1)]
    assert list(dependences([at(0, False, I), at(1, True, I + 8)], space)) == []
    # Its start is some number: A[i] meets A[7] at any distance.
    assert Dependence(1, 0, 1, 1) in set(dependences([at(0, False, Affine((), 7)), at(1, True, I)], space))


def test_an_inner_counter_may_start_where_an_outer_one_stands() -> None:
    inner = Counter(1, "j", (I,), (I + 4,), 1)
    # A[j] is written in columns i to i + 3: the next row meets it at its last but one.
    found = list(dependences([at(0, True, J)], Space((loop(0, 5), inner), (), {})))
    assert found == [Dependence(0, 0, 3, 1)]
    triangle = Counter(1, "j", (I,), (Affine((), 9),), 1)
    with pytest.raises(ValueError, match="no constant trip count"):
        Iterations(Space((loop(0, 5), triangle), (), {}))


def test_a_counter_starts_at_the_greatest_of_its_bounds() -> None:
    counter = Counter(0, "i", (Affine(), N), (Affine((), 40),), 4)
    for number, wanted in ((2, []), (4, [Dependence(1, 0, 1, 1)]), (-3, [Dependence(1, 0, 1, 1)])):
        space = Space((counter,), (), {"n": (number, number)})
        # i = n, n + 4, ... where n is not negative: it is 4 in the second iteration, the first or never.
        found = dependences([at(0, False, Affine((), 4)), at(1, True, I)], space)
        assert [d for d in found if d.distance] == wanted


def test_nothing_depends_where_nothing_runs() -> None:
    empty = Counter(2, "k", (N,), (Affine((), 3),), 1)
    for least, wanted in ((3, []), (2, [Dependence(0, 0, 1, 1)])):
        assert list(dependences([at(0, True)], Space((loop(0, 4),), (empty,), {"n": (least, None)}))) == wanted


def test_wide_bodies_take_no_isl(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str) -> sets.IslSet:
        raise AssertionError(f"isl is asked for {text}")

    monkeypatch.setattr(module, "isl_set", refuse)
    space = Space((loop(1, 9, lanes=1000),), (Counter(0, "i", (Affine(),), (N,), 1),), {"n": (1, None)})
    flat = Space((loop(1, 9, lanes=1000),), (loop(0, 9),), {})
    assert not list(dependences([at(n, False, J + n, I) for n in range(2000)], space))
    lanes = [at(n, n % 2 == 1, J + n // 2, I) for n in range(2000)]
    assert list(dependences(lanes, flat)) == [Dependence(n, n + 1, 0, 0) for n in range(0, 2000, 2)]
    # Each lane reads what the lane a hundred to its right wrote.
    shifted = [at(n, n % 2 == 1, J + n // 2 + (n % 2) * 100, I) for n in range(2000)]
    distances = sorted((d.distance, d.weight) for d in dependences(shifted, flat))
    assert distances == [(0, 1)] * 900 + [(1, 1)] * 100
