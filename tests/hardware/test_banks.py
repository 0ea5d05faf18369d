"""Which accesses want one bank, against the enumeration of every iteration of small nests."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_accesses import I, J, N, Point, at, executions, guards, loop, same, spaces, subscripts

from allo_studio.hardware import iterations as module
from allo_studio.hardware.accesses import Access
from allo_studio.hardware.banks import Banks
from allo_studio.hardware.counters import Affine, Counter, variables
from allo_studio.hardware.iterations import Space
from allo_studio.layout import DimLayout, Layout


@st.composite
def arrays(draw: st.DrawFn, rank: int) -> tuple[tuple[int, ...], Layout]:
    """Return a shape and a layout."""
    entries, shape = [], []
    for _ in range(rank):
        kind = draw(st.sampled_from(["none", "complete", "cyclic", "cyclic", "block", "block"]))
        factor = draw(st.integers(1, 5)) if kind in ("cyclic", "block") else 0
        entries.append(DimLayout(kind, factor))
        shape.append(draw(st.integers(max(factor, 1), 20)))
    return tuple(shape), Layout(tuple(entries))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Space, tuple[int, ...], Layout, list[Access]]:
    space = draw(spaces())
    rank = draw(st.integers(1, 2))
    shape, layout = draw(arrays(rank))
    known = draw(st.booleans())
    return (
        space,
        shape,
        layout,
        [at(n, True, *draw(subscripts(space, rank, known)), guards=draw(guards())) for n in (0, 1)],
    )


def banks_of(
    access: Access, points: Sequence[Point], shape: tuple[int, ...], layout: Layout
) -> list[tuple[int | None, ...]]:
    """Return the bank that the access wants in each iteration; None where it may be any along a dimension."""
    entries = list(zip(access.subscripts, layout.normal(shape).dims, shape, strict=True))
    return [
        tuple(
            0 if entry.kind == "none" else None if s is None else entry.bank(s.evaluate(point), extent)
            for s, entry, extent in entries
        )
        for point in points
    ]


def beyond(points: Sequence[Point], space: Space, most: int) -> list[Point]:
    """Return the iterations before and after those of an execution, up to a number, if its loop had no ends."""
    if not space.counters or not points:
        return list(points)
    first = space.counters[0]
    start = points[0][first.key]
    inner = sum(point[first.key] == start for point in points)
    return [
        {**points[n % inner], first.key: start + n // inner * first.step * first.lanes}
        for n in range(-most, len(points) + most)
    ]


@settings(max_examples=300, deadline=None)
@given(cases())
def test_accesses_meet_exactly_where_two_iterations_want_one_bank(
    case: tuple[Space, tuple[int, ...], Layout, list[Access]],
) -> None:
    space, shape, layout, (one, two) = case
    banks = Banks(shape, layout, space)
    runs = list(executions(space))
    wanted = [tuple(banks_of(access, points, shape, layout) for access in (one, two)) for points in runs]
    # Where a counter has no end, the enumeration has one, and long distances are found by few iterations.
    reach = 6 if not all(c.upper for c in space.counters) else max((len(p) for p in runs), default=0) + 1
    # Banks that go round do so as if the loop went on.
    pairs = zip(one.subscripts, two.subscripts, strict=True)
    own = {counter.key for counter in space.counters}
    bounded = any(
        entry.kind not in ("none", "cyclic") and None not in pair and own & set(variables(*pair))
        for entry, pair in zip(layout.normal(shape).dims, pairs, strict=True)
    )
    margin = 0 if bounded or not space.counters else reach
    around = [beyond(points, space, margin) for points in runs]
    endless = [tuple(banks_of(access, points, shape, layout) for access in (one, two)) for points in around]
    for later in range(-reach, reach + 1):
        found = any(
            same(first[margin + i], second[margin + i + later])
            for (first, second), points in zip(endless, runs, strict=True)
            for i in range(-margin, len(points) + margin)
            if -margin <= i + later < len(points) + margin and (0 <= i < len(points) or 0 <= i + later < len(points))
        )
        if later == 0 and any((number, not side) in two.guards for number, side in one.guards):
            found = False
        # What always wants one bank does so at any distance, also where there are no iterations so far apart.
        found = found or banks.always(one, two)
        meets = banks.meets(one, two, later)
        assert banks.meets(two, one, -later) == meets
        # Of starts that nothing is known of the enumeration has only a few.
        assert meets == found or (meets and not all(c.lower for c in space.counters)), f"later = {later}"
    if banks.always(one, two):
        assert len({bank for pair in wanted for found in pair for bank in found}) <= 1
        assert all(banks.meets(one, two, later) for later in (0, 1) if any(len(p) > later for p in runs))
    assert banks.always(two, one) == banks.always(one, two)
    for access, side in ((one, 0), (two, 1)):
        bank = banks.bank(access)
        assert bank is None or {found for pair in wanted for found in pair[side]} <= {bank}


CYCLIC, BLOCK = Layout.parse("(cyclic 4)"), Layout.parse("(block 4)")
COMPLETE, PLAIN = Layout.parse("(complete)"), Layout.parse("(-)")


@pytest.mark.parametrize(
    ("layout", "subscript", "bank"),
    [
        (CYCLIC, I + 3, 3),
        (CYCLIC, I * 3 + 3, 3),
        (CYCLIC, I + J * 4 + 1, 1),
        (CYCLIC, J, None),
        (CYCLIC, J.floordiv(8) * 4 + 2, 2),
        (CYCLIC, None, None),
        (BLOCK, J + 16, 1),
        (BLOCK, J + 9, None),
        (BLOCK, J.floordiv(2) + 12, 0),
        (BLOCK, Affine((), 63), 3),
        (COMPLETE, Affine((), 5), 5),
        (COMPLETE, J, None),
        (COMPLETE, J.floordiv(8) + 4, 4),
        (COMPLETE, N.floordiv(8) + 4, 5),
        (BLOCK, N, 0),
        (BLOCK, N + J, None),
        (BLOCK, N + J * -1 + 9, None),
        (BLOCK, N + J * -1 + 16, 1),
        (PLAIN, None, 0),
    ],
)
def test_a_bank_that_never_changes_is_known(layout: Layout, subscript: Affine | None, bank: int | None) -> None:
    # i = 0, 4, 8, ...; j = 0 ... 7.
    space = Space((loop(0, 6, lanes=4), loop(1, 8)), (), {"n": (8, 15)})
    found = Banks((64,), layout, space).bank(at(0, False, subscript))
    assert found == (None if bank is None else (bank,))


def test_always_is_of_one_bank_on_sides_that_can_come_together() -> None:
    banks = Banks((64,), PLAIN, Space((loop(0, 8),), (), {}))
    then, other = at(0, True, I, guards=((3, True),)), at(1, True, I, guards=((3, False),))
    assert banks.always(then, at(2, True, None))
    assert not banks.always(then, other)
    assert not banks.meets(then, other, 0)
    assert banks.meets(then, other, 1)


def test_an_unknown_start_leaves_what_lanes_say_of_each_other() -> None:
    space = Space((Counter(0, "i", (), (), 1, 4),), (), {})
    lanes = [at(n, False, I + n) for n in range(4)]
    banks = Banks((64,), CYCLIC, space)
    for a, b, later in product(lanes, lanes, range(-5, 6)):
        assert banks.meets(a, b, later) == (a is b)
    assert banks.bank(lanes[0]) is None


@pytest.mark.parametrize(("end", "meet"), [(2, False), (3, True)])
def test_where_in_a_block_a_counter_gets_to_is_seen(end: int, meet: bool) -> None:
    # From 2j + i, three elements on are in the same block of four only where i is even.
    outer = Counter(0, "i", (Affine((), 1),), (Affine((), end),), 1)
    banks = Banks((256,), Layout.parse("(block 64)"), Space((loop(1, 64),), (outer,), {}))
    assert banks.meets(at(0, False, J * 2 + I), at(1, False, J * 2 + I + 3), 0) == meet


def test_the_inner_counter_of_a_flattened_nest_starts_again() -> None:
    # Six columns over cyclic 4: next to one another are columns 5 and 0 too.
    banks = Banks((64,), CYCLIC, Space((loop(0, 3), loop(1, 6)), (), {}))
    access = at(0, False, J)
    assert [banks.meets(access, access, later) for later in range(7)] == [True, False, True, False, True, False, True]
    # Once only, it is the same: that a loop ends is no reason to start accesses far apart.
    once = Banks((64,), CYCLIC, Space((loop(0, 1), loop(1, 6)), (), {}))
    assert [once.meets(access, access, later) for later in range(7)] == [True, False, True, False, True, False, True]
    # Blocks end where the loop does.
    blocks = Banks((64,), BLOCK, Space((loop(0, 64),), (), {}))
    assert [blocks.meets(at(0, False, I), at(0, False, I), later) for later in (15, 16, 64)] == [True, False, False]


def test_many_lanes_ask_isl_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str) -> object:
        raise AssertionError(f"isl is asked for {text}")

    monkeypatch.setattr(module, "isl_set", refuse)
    space = Space((loop(1, 64, lanes=64),), (loop(0, 32),), {})
    for layout in ("(-, cyclic 64)", "(-, block 64)", "(block 4, cyclic 32)", "(cyclic 3, complete)"):
        banks = Banks((32, 4096), Layout.parse(layout), space)
        lanes = [at(n, False, I, J + n) for n in range(64)]
        met = [banks.meets(a, b, later) for a, b, later in product(lanes, lanes, (-1, 0, 1))]
        assert any(met)
        assert not all(met)
