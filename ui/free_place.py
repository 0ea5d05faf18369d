"""A place on the drawing for something new, where it covers nothing. Nothing here touches the scene."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF

__all__ = ["NEW_SIZE", "free_place"]

Point = tuple[float, float]
# About the width and height of a block, whose ports are not known before it is there.
NEW_SIZE = (190.0, 110.0)
_STEP, _RINGS, _MARGIN = 24, 24, 16.0
# Ways to go, the shortest first; of equal ones down before up and right before left.
_WAYS = sorted(
    ((x * _STEP, y * _STEP) for x in range(-_RINGS, _RINGS + 1) for y in range(-_RINGS, _RINGS + 1)),
    key=lambda way: (way[0] ** 2 + way[1] ** 2, -way[1], -way[0]),
)


def free_place(wanted: Point, size: Point, taken: Iterable[QRectF]) -> Point:
    """Return the place nearest to a wanted one where a rectangle of a size (all in scene units) covers nothing taken.

    Places are those of the top left corner. Where there is none not far away it is the wanted one.
    """
    reach = _STEP * _RINGS + _MARGIN
    around = QRectF(*wanted, *size).adjusted(-reach, -reach, reach, reach)
    # Where the top left corner may not lie.
    near = [
        rect.adjusted(-_MARGIN - size[0], -_MARGIN - size[1], _MARGIN, _MARGIN)
        for rect in taken
        if around.intersects(rect)
    ]
    for across, down in _WAYS:
        x, y = wanted[0] + across, wanted[1] + down
        if not any(rect.contains(x, y) for rect in near):
            return x, y
    return wanted
