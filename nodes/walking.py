"""From block to block by the arrow keys: which is the next in a direction. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["first", "next_in"]

Point = tuple[float, float]
# How much farther a block may be in the direction, for each unit that it is nearer to the line.
_ASIDE = 2.0


def first(places: Mapping[str, Point]) -> str | None:
    """Return the block from which walking begins: the one nearest to the top left corner; None where there is none."""
    return min(places, key=lambda name: (sum(places[name]), name), default=None)


def next_in(places: Mapping[str, Point], start: str, direction: Point) -> str | None:
    """Return the nearest block in a direction, None where there is none.

    `places` are the middles of the blocks, `direction` one of (±1, 0) and (0, ±1); y grows downwards.
    """
    x, y = places[start]
    found: list[tuple[float, str]] = []
    for name, (other_x, other_y) in places.items():
        along = (other_x - x) * direction[0] + (other_y - y) * direction[1]
        aside = abs((other_x - x) * direction[1]) + abs((other_y - y) * direction[0])
        # What is more beside than ahead belongs to another key.
        if along > 0 and aside <= _ASIDE * along:
            found.append((along + _ASIDE * aside, name))
    return min(found)[1] if found else None
