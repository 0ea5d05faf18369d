"""Where wires' labels stand: apart from each other and from the blocks, as far as that goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import inf

from PySide6.QtCore import QRectF

from nodes.pipe import PORT_ROOM, WireItem, label_rect

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

    def covered(self, rect: QRectF) -> float:
        """Return how large the parts of rectangles are that lie under `rect`."""
        found = {id(other): other for cell in _cells(rect) for other in self._cells.get(cell, ())}
        parts = (other.intersected(rect) for other in found.values())
        return sum(part.width() * part.height() for part in parts)


def _cells(rect: QRectF) -> Iterator[tuple[int, int]]:
    for column in range(int(rect.left() // _CELL), int(rect.right() // _CELL) + 1):
        for row in range(int(rect.top() // _CELL), int(rect.bottom() // _CELL) + 1):
            yield column, row


def spread_labels(wires: Iterable[WireItem], blocks: Iterable[QRectF]) -> None:
    """Let each label, in the wires' order, stand as it would best where there is room, or where it covers least."""
    taken = _Taken()
    for block in blocks:
        # The dots of its ports stand out.
        taken.add(block.adjusted(-PORT_ROOM, 0, PORT_ROOM, 0))
    for wire in wires:
        if wire.path().isEmpty() or not wire.label.isVisible():
            continue
        least, best, rect = inf, None, QRectF()
        for lines, place in wire.label_choices():
            wanted = label_rect(lines).adjusted(1, 1, -1, -1).translated(place)
            covered = taken.covered(wanted)
            if covered < least:
                least, best, rect = covered, (lines, place), wanted
            if not covered:
                break
        if best is not None:
            wire.put_label(*best)
            taken.add(rect)
