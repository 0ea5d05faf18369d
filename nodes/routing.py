"""Ways for wires that would run behind blocks: through the gaps of the columns of blocks between their ends.

Nothing here touches the scene. The blocks between two ends are put into columns, whose extents from left to right do
not overlap. A wire crosses each column on a lane, at a height where no block of it is, and changes its height only in
the channels between columns, where there are no blocks at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple
from zlib import crc32

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

__all__ = ["Lane", "Obstacles", "along", "changed_names", "lanes", "meets"]

# The side of a cell in scene units: about a block, so that a rectangle lies in few cells and a cell holds few.
_CELL = 240.0
# How far from blocks wires keep, above and below them, and beside them where they change their height.
_CLEAR, _BESIDE = 10.0, 8.0
# How far above and below both ends a way around is looked for.
_REACH = 900.0
# From one lane of a gap to the next, and how many there are at most: wires with the same gap seldom share a lane.
_PITCH, _MOST_LANES = 7.0, 5
# Each change of height counts as so much way.
_BEND = 30.0


class Lane(NamedTuple):
    """A part of a way at one height, in the direction of the wire: `end` is left of `start` where it leads back."""

    start: float
    end: float
    y: float


class Obstacles:
    """The rectangles of blocks by name, found by where they are."""

    def __init__(self) -> None:
        self._rects: dict[str, QRectF] = {}
        self._cells: dict[tuple[int, int], set[str]] = defaultdict(set)

    def update(self, rects: Mapping[str, QRectF]) -> list[QRectF]:
        """Take these and no others; return the places at which something changed."""
        places = []
        for name in changed_names(self._rects, rects):
            rect = self._rects.pop(name)
            places.append(rect)
            for cell in _cells(rect):
                self._cells[cell].discard(name)
        for name, rect in rects.items():
            if name not in self._rects:
                self._rects[name] = rect
                places.append(rect)
                for cell in _cells(rect):
                    self._cells[cell].add(name)
        return places

    def within(self, area: QRectF, without: Collection[str] = ()) -> list[QRectF]:
        """Return the rectangles that touch an area, in the order of their names."""
        names: set[str] = set()
        for cell in _cells(area):
            names |= self._cells.get(cell, set())
        return [self._rects[n] for n in sorted(names.difference(without)) if self._rects[n].intersects(area)]


def _cells(rect: QRectF) -> Iterator[tuple[int, int]]:
    for column in range(int(rect.left() // _CELL), int(rect.right() // _CELL) + 1):
        for row in range(int(rect.top() // _CELL), int(rect.bottom() // _CELL) + 1):
            yield column, row


def changed_names(before: Mapping[str, QRectF], after: Mapping[str, QRectF]) -> list[str]:
    """Return the names of rectangles that are gone or no longer where they were."""
    # Of thousands most are the very same objects, which takes no look at where they are.
    return [name for name, rect in before.items() if (now := after.get(name)) is not rect and now != rect]


def meets(path: QPainterPath, rects: Sequence[QRectF]) -> bool:
    """Tell whether a path runs behind one of some rectangles."""
    if not rects:
        return False
    boxes = [(rect.left(), rect.top(), rect.right(), rect.bottom()) for rect in rects]
    for polygon in path.toSubpathPolygons():
        points = [(point.x(), point.y()) for point in polygon]
        for (x, y), (to_x, to_y) in pairwise(points):
            west, east = (x, to_x) if x < to_x else (to_x, x)
            north, south = (y, to_y) if y < to_y else (to_y, y)
            # Most lines are far from most boxes, which four comparisons tell.
            for box in boxes:
                near = east > box[0] and west < box[2] and south > box[1] and north < box[3]
                if near and _crosses(x, y, to_x, to_y, box):
                    return True
    return False


def _crosses(x: float, y: float, to_x: float, to_y: float, box: tuple[float, float, float, float]) -> bool:
    """Tell whether a line has a part within a box: the part between its sides, then between its top and bottom."""
    first, last = 0.0, 1.0
    for at, to, low, high in ((x, to_x, box[0], box[2]), (y, to_y, box[1], box[3])):
        if at == to:
            if not low < at < high:
                return False
            continue
        one, other = (low - at) / (to - at), (high - at) / (to - at)
        first, last = max(first, min(one, other)), min(last, max(one, other))
    return first < last


def lanes(obstacles: Obstacles, start: QPointF, end: QPointF, ends: Collection[str], name: str) -> list[Lane] | None:
    """Return the lanes of a way from an output at `start` to an input at `end`; None where there is none.

    `ends` are the blocks at its ends, and `name` is the wire's, by which lanes of the same gap are shared out.
    """
    back = end.x() < start.x() + 2 * _BESIDE
    left, right = (end.x(), start.x()) if back else (start.x(), end.x())
    top, bottom = min(start.y(), end.y()) - _REACH, max(start.y(), end.y()) + _REACH
    # A way back passes its own blocks too.
    found = obstacles.within(QRectF(left, top, right - left, bottom - top), () if back else ends)
    columns = _columns(obstacles, found, (top, bottom), () if back else ends)
    order, x, y = (columns[::-1] if back else columns), end.x(), end.y()
    choices: list[list[float]] = []
    for column, rects in order:
        first, last = column[0] < start.x() < column[1], column[0] < x < column[1]
        if not back and (first or last):
            fixed = start.y() if first else y
            choices.append([fixed] if _is_free(fixed, rects) else [])
        else:
            choices.append(list(_heights(rects, (start.y(), y), (top, bottom), name)))
    if not all(choices):
        return None
    heights = _best(choices, start.y(), y)
    spans = [(column[1], column[0]) if back else (max(column[0], start.x()), min(column[1], x)) for column, _ in order]
    return [Lane(a, b, height) for (a, b), height in zip(spans, heights, strict=True)]


def _columns(
    obstacles: Obstacles, found: Sequence[QRectF], rows: tuple[float, float], without: Collection[str]
) -> list[tuple[tuple[float, float], list[QRectF]]]:
    """Return columns from left to right, each with its extent and all blocks in it."""
    spans: list[list[float]] = []
    for rect in sorted(found, key=lambda each: each.left()):
        left, right = rect.left() - _BESIDE, rect.right() + _BESIDE
        if spans and left <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], right)
        else:
            spans.append([left, right])
    columns = []
    for left, right in spans:
        area = QRectF(left, rows[0], right - left, rows[1] - rows[0])
        columns.append(((left, right), obstacles.within(area, without)))
    return columns


def _is_free(y: float, rects: Sequence[QRectF]) -> bool:
    return not any(rect.top() - 1 < y < rect.bottom() + 1 for rect in rects)


def _heights(
    rects: Sequence[QRectF], wishes: tuple[float, float], rows: tuple[float, float], name: str
) -> Iterator[float]:
    """Yield heights at which a column can be crossed: in each gap the nearest to where the wire comes from and goes."""
    free, at = [], rows[0]
    for rect in sorted(rects, key=lambda each: each.top()):
        if rect.top() - _CLEAR >= at:
            free.append((at, rect.top() - _CLEAR))
        at = max(at, rect.bottom() + _CLEAR)
    free.append((at, max(rows[1], at)))
    for low, high in free:
        count = min(int((high - low) / _PITCH), _MOST_LANES)
        own = crc32(name.encode()) % (count + 1) * _PITCH
        for wish in wishes:
            if low <= wish <= high:
                yield wish
            elif wish < low:
                yield low + own
            else:
                yield high - own


def _best(choices: Sequence[Sequence[float]], start: float, end: float) -> list[float]:
    """Return a height of each column's so that the way goes up and down least, and bends least."""
    before: list[tuple[float, float, list[float]]] = [(0.0, start, [])]
    for heights in choices:
        after = []
        for height in dict.fromkeys(heights):
            cost, way = min(((c + _climb(y, height), w) for c, y, w in before), key=itemgetter(0))
            after.append((cost, height, [*way, height]))
        before = after
    return min(((c + _climb(y, end), way) for c, y, way in before), key=itemgetter(0))[1]


def _climb(one: float, other: float) -> float:
    return abs(one - other) + (_BEND if abs(one - other) > 1 else 0.0)


def along(start: QPointF, end: QPointF, way: Sequence[Lane], stub: float) -> QPainterPath:
    """Return a path over lanes, curved in the channels between them; one that leads back leaves by a `stub`."""
    path = QPainterPath(start)
    x, y = start.x(), start.y()
    for number, lane in enumerate(way):
        if number == 0 and lane.end < lane.start:
            out = max(start.x(), lane.start) + stub
            path.cubicTo(out, y, out, lane.y, lane.start, lane.y)
        elif (lane.start - x) * (lane.end - lane.start) > 0:
            _bend(path, x, y, lane.start, lane.y)
        path.lineTo(lane.end, lane.y)
        x, y = lane.end, lane.y
    if way and way[-1].end < way[-1].start:
        into = min(end.x(), x) - stub
        path.cubicTo(into, y, into, end.y(), end.x(), end.y())
    else:
        _bend(path, x, y, end.x(), end.y())
    return path


def _bend(path: QPainterPath, x: float, y: float, to_x: float, to_y: float) -> None:
    middle = (x + to_x) / 2
    path.cubicTo(middle, y, middle, to_y, to_x, to_y)
