"""The ways of wires between boxes, and where their labels are in nobody's way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from allo_studio.design.model import Edge, Endpoint
from allo_studio.report.plan import GAP, Box, Point

__all__ = ["Clutter", "Curve", "Route", "plan_routes", "sample"]

# A cubic curve by its four points; a straight part has its handles at its ends.
Curve = tuple[Point, Point, Point, Point]
Route = tuple[Curve, ...]

_BEND = 150.0  # how much room a wire takes to change its height
_LOOP = 70.0  # how far a wire that runs back stands out of its blocks
_LANE = 42.0  # between two wires that run back


def plan_routes(edges: Sequence[Edge], boxes: Mapping[str, Box]) -> dict[str, Route]:
    """Return by edge id the way of each edge whose two ends are drawn."""
    routes: dict[str, Route] = {}
    lane = max((box.y + box.height for box in boxes.values()), default=0.0) + _LANE
    for edge in edges:
        source, target = boxes.get(_key(edge.source)), boxes.get(_key(edge.target))
        if not source or not target:
            continue
        start, end = source.port(edge.source.port, "out"), target.port(edge.target.port, "in")
        if end[0] - start[0] > _LOOP / 2:
            routes[edge.id] = _forward(start, end, [b for b in boxes.values() if b not in (source, target)])
        else:
            routes[edge.id] = _back(start, end, lane)
            lane += _LANE
    return routes


def sample(route: Route, most: int = 16) -> list[Point]:
    """Return points along a route, about one every ten units of its length and at least `most` a curve."""
    points = []
    for curve in route:
        length = abs(curve[3][0] - curve[0][0]) + abs(curve[3][1] - curve[0][1])
        count = max(most, int(length / 10))
        points += [_on(curve, i / count) for i in range(count + 1)]
    return points


class Clutter:
    """What a picture has where: weighted points in a grid, so that a free place is found fast."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[float, float, int]]] = defaultdict(list)

    def add_points(self, points: Iterable[Point], weight: int) -> None:
        """Add points that a label had better not cover."""
        for x, y in points:
            self._cells[int(x // _CELL), int(y // _CELL)].append((x, y, weight))

    def add_box(self, x: float, y: float, width: float, height: float, weight: int) -> None:
        """Add a filled rectangle."""
        across, down = int(width // _STEP) + 2, int(height // _STEP) + 2
        self.add_points(
            ((x + width * i / (across - 1), y + height * j / (down - 1)) for i in range(across) for j in range(down)),
            weight,
        )

    def under(self, x: float, y: float, width: float, height: float) -> int:
        """Return the weight of all that a rectangle would cover."""
        columns = range(int(x // _CELL), int((x + width) // _CELL) + 1)
        rows = range(int(y // _CELL), int((y + height) // _CELL) + 1)
        return sum(
            weight
            for cell in ((i, j) for i in columns for j in rows)
            for px, py, weight in self._cells.get(cell, ())
            if x <= px <= x + width and y <= py <= y + height
        )


_CELL, _STEP = 48.0, 9.0


def _key(end: Endpoint) -> str:
    return end.node or f"@{end.port}"


def _forward(start: Point, end: Point, obstacles: Sequence[Box]) -> Route:
    room = end[0] - start[0]
    if room <= GAP or start[1] == end[1]:
        return (_bend(start, end),)
    turn = (end[0] - _BEND, start[1])
    late = (_straight(start, turn), _bend(turn, end))
    turned = (start[0] + _BEND, end[1])
    early = (_bend(start, turned), _straight(turned, end))
    return min((late, early), key=lambda route: _crossed(route, obstacles))


def _back(start: Point, end: Point, lane: float) -> Route:
    down, up = (start[0], lane), (end[0], lane)
    out, into = start[0] + _LOOP, end[0] - _LOOP
    leave: Curve = (start, (out, start[1]), (out, lane), down)
    enter: Curve = (up, (into, lane), (into, end[1]), end)
    return leave, _straight(down, up), enter


def _straight(start: Point, end: Point) -> Curve:
    return start, start, end, end


def _bend(start: Point, end: Point) -> Curve:
    middle = (start[0] + end[0]) / 2
    return start, (middle, start[1]), (middle, end[1]), end


def _on(curve: Curve, t: float) -> Point:
    s = 1 - t
    parts = (s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t)
    return sum(p * q[0] for p, q in zip(parts, curve, strict=True)), sum(
        p * q[1] for p, q in zip(parts, curve, strict=True)
    )


def _crossed(route: Route, obstacles: Sequence[Box]) -> int:
    points = sample(route)
    return sum(any(b.x < x < b.x + b.width and b.y < y < b.y + b.height for x, y in points) for b in obstacles)
