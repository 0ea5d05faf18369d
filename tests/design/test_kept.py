"""What a check keeps of the last one: rows are found again wherever they stand, and only new ones are made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from allo_studio.design.kept import Kept, Turn

# Values that are told apart by identity: equal ones of the pool are not the same.
POOL = [[number % 3] for number in range(9)]
ROW = st.tuples(st.integers(0, 8), st.integers(0, 8))
ROWS = st.lists(ROW, max_size=12)
# What is there once: of alike rows one more may be made anew.
DIFFERENT = st.lists(ROW, max_size=12, unique=True)


def columns_of(rows: list[tuple[int, int]], width: int) -> list[list[object]]:
    return [[POOL[row[column]] for row in rows] for column in range(width)]


def made_of(turn: Turn, rows: list[tuple[int, int]], width: int = 2) -> tuple[tuple[list[int], ...], list[int]]:
    """Return what is made of the rows, which are the values in them, and the numbers of those that were made anew."""
    columns, anew = columns_of(rows, width), list[int]()

    def make(number: int) -> list[int]:
        anew.append(number)
        return list(rows[number][:width])

    return turn.each("rows", columns, make), anew


@given(st.lists(ROWS, min_size=2, max_size=5))
def test_rows_are_what_is_made_of_them(turns: list[list[tuple[int, int]]]) -> None:
    turn = Turn()
    for rows in turns:
        turn = Turn((turn,))
        assert [tuple(each) for each in made_of(turn, rows)[0]] == rows


@given(st.lists(DIFFERENT, min_size=2, max_size=5))
def test_rows_are_found_again(turns: list[list[tuple[int, int]]]) -> None:
    turn = Turn()
    before: set[tuple[int, int]] = set()
    for rows in turns:
        turn = Turn((turn,))
        made, anew = made_of(turn, rows)
        assert [tuple(each) for each in made] == rows
        assert {rows[number] for number in anew}.isdisjoint(before)
        before = set(rows)


@given(DIFFERENT, st.integers(0, 11), st.integers(0, 8))
def test_only_what_changed_is_made(rows: list[tuple[int, int]], at: int, value: int) -> None:
    first = Turn()
    known, _ = made_of(first, rows)
    again, anew = made_of(Turn((first,)), rows)
    assert again is known
    assert anew == []
    new = (value, value)
    changed = [*(row for row in rows[:at] if row != new), new, *(row for row in rows[at:] if row != new)]
    made, anew = made_of(Turn((first,)), changed)
    assert [tuple(each) for each in made] == changed
    assert anew == ([] if new in rows else [changed.index(new)])
    kept = [each for number, each in enumerate(made) if number not in anew]
    assert all(any(each is other for other in known) for each in kept)


def test_rows_may_become_wider() -> None:
    rows = [(0, 1), (2, 3)]
    first = Turn()
    made_of(first, rows, 1)
    made, anew = made_of(Turn((first,)), rows)
    assert [tuple(each) for each in made] == rows
    assert anew == [0, 1]
    # What a row does not have is None.
    second = Turn()
    known = second.each("rows", [[POOL[0]], [None]], lambda _: "made")
    assert Turn((second,)).each("rows", [[POOL[0]]], lambda _: "anew") is known


def test_no_rows() -> None:
    first = Turn()
    assert first.each("rows", [[]], lambda _: 0) == ()
    assert Turn((first,)).each("rows", [], lambda _: 0) == ()
    assert Turn((first,)).each("rows", [[POOL[0]]], lambda _: 1) == (1,)


def test_the_last_turn_is_asked() -> None:
    kept: Kept[int] = Kept()
    one, two = object(), object()

    def make(turn: Turn, value: int) -> int:
        last = turn.last("value", 0)
        turn.keep("value", value)
        return last

    assert kept.result((one,), lambda turn: make(turn, 1)) == 0
    assert kept.result((two,), lambda turn: make(turn, 2)) == 1
    # What was found out of the same values is not found out again.
    assert kept.result((one,), lambda turn: make(turn, 3)) == 0
