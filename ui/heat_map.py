"""A map of a design's parts as bars below bars: as wide as the cycles they take, in the colour of a chosen figure."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from allo_studio.report.call_graph import Part, share_of
from nodes import colours
from ui.heat import heat_colour, ink_on
from ui.theme import px

__all__ = ["HeatMap", "Tile", "share_text", "tiles_of"]

_ROW, _GAP = 34, 1.0
# The narrowest a part is drawn beside others, as a share of them, so that each can be seen and chosen.
_LEAST = 0.03


@dataclass(frozen=True)
class Tile:
    """A part at its place: `left` and `width` are shares of the whole map, `depth` counts from 0 at the design."""

    part: Part
    left: float
    width: float
    depth: int
    parent: int | None


def tiles_of(root: Part) -> tuple[Tile, ...]:
    """Return the tiles of a tree, a part before those inside it.

    Parts share the width of what they are in by the cycles they take; of those that are not known and of those that
    take few each has a little.
    """
    found: list[Tile] = []
    _place(root, 0.0, 1.0, 0, None, found)
    return tuple(found)


def _place(part: Part, left: float, width: float, depth: int, parent: int | None, found: list[Tile]) -> None:
    number = len(found)
    found.append(Tile(part, left, width, depth, parent))
    cycles = [child.figures.get("Latency", 0) for child in part.children]
    whole = sum(cycles) or 1
    weights = [max(each / whole, _LEAST) for each in cycles]
    for child, weight in zip(part.children, weights, strict=True):
        room = width * weight / sum(weights)
        _place(child, left, room, depth + 1, number, found)
        left += room


def share_text(part: Part, figure: str, root: Part) -> str:
    """Return a part's figure in words: what it is and which part of the whole."""
    value, share = part.figures.get(figure), share_of(part, figure, root)
    if value is None or share is None:
        return "not known"
    unit = " cycles" if figure in ("Latency", "Stall") else ""
    whole = "of its time" if figure == "Stall" else "of the design"
    return f"{value:,}{unit}, {share:.1%} {whole}"


class HeatMap(QWidget):
    """The map. `chosen` tells a part that was chosen, `opened` one to go to."""

    chosen = Signal(object)
    opened = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.tiles: tuple[Tile, ...] = ()
        self.figure = "Latency"
        self.current = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Heat map of the design's parts")

    def show_parts(self, root: Part | None, figure: str) -> None:
        """Show a design coloured by a figure; none is chosen then."""
        self.tiles, self.figure = tiles_of(root) if root else (), figure
        self.current = -1
        depth = max((tile.depth for tile in self.tiles), default=0) + 1
        self.setMinimumHeight(depth * px(_ROW) + 4)
        self.update()

    def colour_by(self, figure: str) -> None:
        """Colour by another figure."""
        self.figure = figure
        self._tell()
        self.update()

    def choose(self, number: int) -> None:
        """Choose a tile by its number, and tell of it."""
        if 0 <= number < len(self.tiles) and number != self.current:
            self.current = number
            self._tell()
            self.update()
            self.chosen.emit(self.tiles[number].part)

    def area(self, number: int) -> QRectF:
        """Return where a tile is drawn."""
        tile = self.tiles[number]
        width = self.width() - 4
        return QRectF(
            2 + tile.left * width, 2 + tile.depth * px(_ROW), max(tile.width * width - _GAP, 1.0), px(_ROW) - _GAP
        )

    def at(self, point: QPointF) -> int:
        """Return the tile at a place, -1 where there is none."""
        return next((n for n in range(len(self.tiles)) if self.area(n).contains(point)), -1)

    def told(self, number: int) -> str:
        """Return what a tile says in words."""
        part = self.tiles[number].part
        return f"{part.kind} {part.name}: {self.figure} {share_text(part, self.figure, self.tiles[0].part)}"

    def sizeHint(self) -> QSize:
        """As high as the parts are."""
        return QSize(px(500), self.minimumHeight())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tiles, the chosen one with a border."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, tile in enumerate(self.tiles):
            self._paint(painter, number, tile)
        if 0 <= self.current < len(self.tiles):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.TEXT, 2.5))
            painter.drawRect(self.area(self.current).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint(self, painter: QPainter, number: int, tile: Tile) -> None:
        area = self.area(number)
        share = share_of(tile.part, self.figure, self.tiles[0].part)
        ground = heat_colour(share)
        painter.fillRect(area, ground)
        if share is None:
            painter.fillRect(area, Qt.BrushStyle.BDiagPattern)
        if area.width() < px(20):
            return
        painter.setPen(ink_on(ground))
        value = "" if share is None else f"  {share:.1%}"
        text = f"{tile.part.name}{value}"
        inside = area.adjusted(5, 0, -3, 0)
        if painter.fontMetrics().horizontalAdvance(text) > inside.width():
            text = tile.part.name
        cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inside.width()))
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter, cut)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a part and go to it."""
        number = self.at(event.position())
        if number >= 0:
            self.choose(number)
            self.opened.emit(self.tiles[number].part)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go to what a part is in and into it, left and right beside it; Enter goes to its place."""
        key, keys = event.key(), Qt.Key
        if key in (keys.Key_Return, keys.Key_Enter) and self.current >= 0:
            self.opened.emit(self.tiles[self.current].part)
        elif key in (keys.Key_Up, keys.Key_Down, keys.Key_Left, keys.Key_Right) and self.tiles:
            self.choose(self._next(key))
        else:
            super().keyPressEvent(event)

    def _next(self, key: int) -> int:
        if self.current < 0:
            return 0
        own = self.tiles[self.current]
        if key == Qt.Key.Key_Up:
            return own.parent if own.parent is not None else self.current
        numbers = range(len(self.tiles))
        if key == Qt.Key.Key_Down:
            return next((n for n in numbers if self.tiles[n].parent == self.current), self.current)
        row = [n for n in numbers if self.tiles[n].depth == own.depth]
        place = row.index(self.current) + (1 if key == Qt.Key.Key_Right else -1)
        return row[min(max(place, 0), len(row) - 1)]

    def event(self, event: QEvent) -> bool:
        """Tell the part at the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self.at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.told(number) if number >= 0 else "", self)
            return True
        return super().event(event)

    def _tell(self) -> None:
        self.setAccessibleDescription(self.told(self.current) if 0 <= self.current < len(self.tiles) else "")
