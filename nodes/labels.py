"""Where wires' labels stand: apart from each other and from the blocks, as far as that goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from PySide6.QtCore import QRectF

from nodes.pipe import WireItem

__all__ = ["spread_labels"]

# The side of a cell in scene units: about a block, so that a rectangle lies in few cells and a cell holds few.
_CELL = 200.0


class _Taken:
    """Rectangles by the cells that they touch (the scene's own index is slow to ask while items are being placed)."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[QRectF]] = defaultdict(list)

    def add(self, rect: QRectF) -> None:
        for cell in _cells(rect):
            self._cells[cell].append(rect)

    def covered(self, rect: QRectF) -> int:
        """Return how many rectangles lie under `rect` (one that spans cells may count more than once)."""
        return sum(other.intersects(rect) for cell in _cells(rect) for other in self._cells.get(cell, ()))


def _cells(rect: QRectF) -> Iterator[tuple[int, int]]:
    for column in range(int(rect.left() // _CELL), int(rect.right() // _CELL) + 1):
        for row in range(int(rect.top() // _CELL), int(rect.bottom() // _CELL) + 1):
            yield column, row


def spread_labels(wires: Iterable[WireItem], blocks: Iterable[QRectF]) -> None:
    """Put each label, in the wires' order, on the first of its places that is free, or where it covers least."""
    taken = _Taken()
    for block in blocks:
        taken.add(block)
    for wire in wires:
        if wire.path().isEmpty() or not wire.label.isVisible():
            continue
        size = wire.label.boundingRect().adjusted(1, 1, -1, -1)
        best, least = None, -1
        for place in wire.label_places():
            covered = taken.covered(size.translated(place))
            if best is None or covered < least:
                best, least = place, covered
            if not covered:
                break
        if best is not None:
            wire.label.setPos(best)
            taken.add(size.translated(best))
