"""Which wires have to go around blocks, and on which way; found out anew only where something changed."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF

from nodes.pipe import WireItem
from nodes.routing import Obstacles, lanes, meets

__all__ = ["WireRouter"]

# Where more places than this have changed, all wires are looked at: asking each about each place takes longer.
_MOST_CHANGES = 150
# How far above and below a wire's ends, and beside them, a block may change its way around others.
_ROWS, _COLUMNS = 1000.0, 600.0


class WireRouter:
    """Leads wires around the blocks that they would run behind; all others are drawn as they are without it."""

    def __init__(self) -> None:
        self._obstacles = Obstacles()
        self._reach: dict[str, QRectF] = {}

    def route(self, wires: Mapping[str, WireItem], blocks: Mapping[str, QRectF]) -> None:
        """Lay those wires anew that are new or have moved (see `WireItem.unrouted`), or have a changed block near."""
        places = self._obstacles.update(blocks)
        everything = len(places) > _MOST_CHANGES
        for name in [name for name in self._reach if name not in wires]:
            del self._reach[name]
        for name, wire in wires.items():
            reach = self._reach.get(name)
            if everything or reach is None or wire.unrouted or any(map(reach.intersects, places)):
                self._reach[name] = self._lay(name, wire)

    def clear(self) -> None:
        """Forget all."""
        self._obstacles, self._reach = Obstacles(), {}

    def _lay(self, name: str, wire: WireItem) -> QRectF:
        """Lay a wire; return the area in which blocks may change its way."""
        path, ends = wire.path_over(None), wire.end_blocks()
        # A straight wire's rectangle is empty, and such a one meets nothing.
        box = path.boundingRect().adjusted(-1, -1, 1, 1)
        if not meets(path, self._obstacles.within(box, ends)):
            wire.take_way(None)
            return box
        start, end = wire.output_port.centre, wire.input_port.centre
        wire.take_way(lanes(self._obstacles, start, end, ends, name))
        return box.adjusted(-_COLUMNS, -_ROWS, _COLUMNS, _ROWS)
