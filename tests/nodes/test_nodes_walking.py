"""Walking from block to block by directions."""

from __future__ import annotations

import pytest

from nodes.walking import first, next_in

# a   b
#   e
# c   d
PLACES = {"a": (0.0, 0.0), "b": (200.0, 10.0), "c": (0.0, 100.0), "d": (200.0, 100.0), "e": (100.0, 60.0)}


@pytest.mark.parametrize(
    ("start", "direction", "found"),
    [
        ("a", (1, 0), "b"),
        ("b", (-1, 0), "e"),
        ("a", (0, 1), "c"),
        ("c", (0, -1), "a"),
        ("e", (-1, 0), "c"),
        ("a", (-1, 0), None),
        ("d", (0, 1), None),
    ],
)
def test_the_next_block_in_a_direction(start: str, direction: tuple[int, int], found: str | None) -> None:
    assert next_in(PLACES, start, direction) == found


def test_every_block_is_reached_from_every_other() -> None:
    ways = ((1, 0), (-1, 0), (0, 1), (0, -1))
    for start in PLACES:
        reached, waiting = {start}, [start]
        while waiting:
            at = waiting.pop()
            new = {n for way in ways if (n := next_in(PLACES, at, way)) is not None} - reached
            reached |= new
            waiting += new
        assert reached == set(PLACES), start


def test_where_walking_begins() -> None:
    assert first(PLACES) == "a"
    assert first({}) is None
