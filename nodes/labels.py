"""Where wires' labels stand: apart from each other and from the blocks, as far as that goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf

from PySide6.QtCore import QRectF

from nodes.pipe import PORT_ROOM, WireItem, label_rect
from nodes.routing import changed_names

__all__ = ["LabelPlacer"]

# The side of a cell in scene units: about a block, so that a rectangle lies in few cells and a cell holds few.
_CELL = 200.0
# Where more places than this have changed, all labels are placed anew: asking each label about each place takes longer.
_MOST_CHANGES = 150
_BLOCK = -1


@dataclass(frozen=True)
class _Placed:
    """Where a label was put (empty: nowhere), and the area in which all the places that it could have lie."""

    rect: QRectF
    reach: QRectF


class LabelPlacer:
    """Lets each label, in the wires' order, stand as it would best where there is room, or where it covers least.

    A label gives way to blocks and to the labels of earlier wires. So it is placed anew only where it changed itself,
    or where one of those did within its reach: that gives what placing all of them gives.
    """

    def __init__(self) -> None:
        self._taken = _Taken()
        self._blocks: dict[str, QRectF] = {}
        self._placed: dict[str, _Placed] = {}
        self._order: list[str] = []

    def place(self, wires: Mapping[str, WireItem], blocks: Mapping[str, QRectF]) -> None:
        """Place the labels of `wires` (see `WireItem.unplaced`) between `blocks`, which are where they are."""
        places = [*self._take_blocks(blocks), *self._leave([name for name in self._placed if name not in wires])]
        everything = not self._in_order(wires)
        for name, wire in wires.items():
            everything = everything or len(places) > _MOST_CHANGES
            placed = self._placed.get(name)
            if not (everything or wire.unplaced or placed is None or any(map(placed.reach.intersects, places))):
                continue
            before = placed.rect if placed else QRectF()
            after = self._place(name, wire, before)
            if after != before:
                places += [rect for rect in (before, after) if not rect.isEmpty()]

    def clear(self) -> None:
        """Forget all."""
        self._taken, self._blocks, self._placed, self._order = _Taken(), {}, {}, []

    def _in_order(self, wires: Mapping[str, WireItem]) -> bool:
        """Note the order of the wires; tell whether those that were there are in the same order still."""
        before, self._order = self._order, list(wires)
        if before == self._order:
            return True
        known = set(before)
        self._taken.order = {name: number for number, name in enumerate(wires)}
        return [name for name in before if name in wires] == [name for name in wires if name in known]

    def _take_blocks(self, areas: Mapping[str, QRectF]) -> Iterator[QRectF]:
        """Note where blocks are now; yield the places that are no longer as they were."""
        for name in changed_names(self._blocks, areas):
            rect = _with_ports(self._blocks.pop(name))
            self._taken.remove(_BLOCK, name, rect)
            yield rect
        for name, area in areas.items():
            if name not in self._blocks:
                self._blocks[name] = area
                rect = _with_ports(area)
                self._taken.add(_BLOCK, name, rect)
                yield rect

    def _leave(self, names: Iterable[str]) -> Iterator[QRectF]:
        """Take the labels of wires away that are gone; yield their places."""
        for name in names:
            rect = self._placed.pop(name).rect
            if not rect.isEmpty():
                self._taken.remove(0, name, rect)
                yield rect

    def _place(self, name: str, wire: WireItem, before: QRectF) -> QRectF:
        if not before.isEmpty():
            self._taken.remove(0, name, before)
        least, best, rect = inf, None, QRectF()
        if not wire.path().isEmpty() and wire.spec.lines:
            for lines, place in wire.label_choices():
                wanted = label_rect(lines).adjusted(1, 1, -1, -1).translated(place)
                covered = self._taken.covered(wanted, name, least)
                if covered < least:
                    least, best, rect = covered, (lines, place), wanted
                if not covered:
                    break
        if best is not None:
            wire.put_label(*best)
            self._taken.add(0, name, rect)
        wire.unplaced = False
        self._placed[name] = _Placed(rect, wire.label_reach())
        return rect


class _Taken:
    """Rectangles by the cells that they touch (the scene's own index is slow to ask while items are being placed)."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], dict[tuple[int, str], QRectF]] = defaultdict(dict)
        self.order: dict[str, int] = {}

    def add(self, kind: int, name: str, rect: QRectF) -> None:
        for cell in _cells(rect):
            self._cells[cell][kind, name] = rect

    def remove(self, kind: int, name: str, rect: QRectF) -> None:
        for cell in _cells(rect):
            self._cells[cell].pop((kind, name), None)

    def covered(self, rect: QRectF, by: str, enough: float) -> float:
        """Return how large the parts of blocks and of earlier wires' labels are that lie under `rect`.

        From `enough` on the search may end: where hundreds of blocks lie on each other, each label would look at all.
        """
        mine, seen, area = self.order[by], set[tuple[int, str]](), 0.0
        for cell in _cells(rect):
            for key, other in self._cells.get(cell, {}).items():
                if key in seen or (key[0] != _BLOCK and self.order.get(key[1], mine) >= mine):
                    continue
                seen.add(key)
                part = other.intersected(rect)
                area += part.width() * part.height()
                if area >= enough:
                    return area
        return area


def _with_ports(area: QRectF) -> QRectF:
    """Return the area of a block with the dots of its ports, which stand out."""
    return area.adjusted(-PORT_ROOM, 0, PORT_ROOM, 0)


def _cells(rect: QRectF) -> Iterator[tuple[int, int]]:
    for column in range(int(rect.left() // _CELL), int(rect.right() // _CELL) + 1):
        for row in range(int(rect.top() // _CELL), int(rect.bottom() // _CELL) + 1):
            yield column, row
