"""Wires: one for each edge, and the one that follows the mouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsPathItem,
    QGraphicsRectItem,
    QGraphicsSceneHoverEvent,
    QGraphicsSceneMouseEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from allo_studio.design.model import Endpoint
from nodes import colours
from nodes.block import BlockPort
from nodes.metrics import LABEL_PITCH, cut, font, label_size, text_width
from nodes.patches import PipeItem
from nodes.picture import WireSpec
from nodes.routing import Lane, along
from nodes.wire_parts import WireParts, bands

__all__ = ["PORT_ROOM", "LiveWire", "WireItem", "WireLabel", "around", "curve", "label_rect"]

# Above the ports of blocks, below the wire that follows the mouse.
_LABEL_LEVEL = 5
# What a port's dot takes to the side of its block.
PORT_ROOM = 8.0

_EMPTY = WireSpec("", Endpoint("", ""), Endpoint("", ""))
_TEXT_SCALE = 0.45
# How far a wire that leads back stands out of its blocks.
_LOOP = 45.0
# Where along its wire a label may stand, the best place first.
_LABEL_PLACES = (0.5, 0.4, 0.6, 0.3, 0.7)
# Room for the pen and the cross around the curve.
_AROUND = 12.0
# How far from its wire a label stands beside it.
_BESIDE = 10.0
# Less than this is no text to read.
_LEAST_LABEL = 44.0
# A press that moves less than this, in scene units, is a click and not a drag.
_DRAG_DISTANCE = 6.0


def curve(start: QPointF, end: QPointF) -> QPainterPath:
    """Return a path that leaves to the right of `start` and comes to `end` from the left."""
    path = QPainterPath(start)
    reach = max(40.0, min(abs(end.x() - start.x()) / 2, 160.0))
    if end.x() < start.x():
        reach = min(80.0 + (start.x() - end.x()) / 4, 200.0)
    path.cubicTo(start + QPointF(reach, 0), end - QPointF(reach, 0), end)
    return path


def around(start: QPointF, end: QPointF, bottom: float) -> QPainterPath:
    """Return a path that leads back, below what ends at `bottom`: the farther back, the lower."""
    out, into = start.x() + _LOOP, end.x() - _LOOP
    lane = bottom + _LOOP + min((start.x() - end.x()) / 12, 2 * _LOOP)
    path = QPainterPath(start)
    path.cubicTo(QPointF(out, start.y()), QPointF(out, lane), QPointF(start.x(), lane))
    path.lineTo(end.x(), lane)
    path.cubicTo(QPointF(into, lane), QPointF(into, end.y()), end)
    return path


def label_rect(lines: Sequence[str]) -> QRectF:
    """Return the rectangle of a label about its place."""
    size = label_size(lines)
    return QRectF(-size.width() / 2, -size.height() / 2, size.width(), size.height())


class WireLabel(QGraphicsRectItem):
    """A wire's type on a plate, with what the build found under it; under the mouse it shows whose it is.

    It is no part of its wire's item, so that it lies above all other wires and all blocks.
    """

    def __init__(self, wire: WireItem) -> None:
        super().__init__(label_rect(()))
        # Without a pen its rectangle is all that it takes, which Qt then does not ask Python for.
        self.setPen(Qt.PenStyle.NoPen)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.wire = wire
        self.setZValue(_LABEL_LEVEL)
        self.setAcceptHoverEvents(True)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.lines: tuple[str, ...] = ()
        # Without lines there is no plate to be seen.
        self.setVisible(False)
        self._colour = colours.MUTED

    def setup(self, lines: tuple[str, ...], colour: QColor) -> None:
        if (lines, colour) == (self.lines, self._colour):
            return
        if lines != self.lines:
            self.setRect(label_rect(lines))
        self.lines, self._colour = lines, colour
        self.setVisible(bool(lines))
        self.update()

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self.wire.hoverEnterEvent(event)

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self.wire.hoverLeaveEvent(event)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if option.levelOfDetailFromTransform(painter.worldTransform()) < _TEXT_SCALE:
            return
        rect = self.rect()
        painter.setPen(QPen(colours.faint(self._colour, 150), 1))
        painter.setBrush(colours.LABEL)
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(font(11))
        for index, line in enumerate(self.lines):
            painter.setPen(self._colour if index == 0 else colours.TEXT)
            row = QRectF(rect.left(), rect.top() + 2.5 + LABEL_PITCH * index, rect.width(), LABEL_PITCH)
            painter.drawText(row, Qt.AlignmentFlag.AlignCenter, line)


class WireItem(PipeItem):  # type: ignore[misc]
    """A wire: coloured by element type and labelled; red, dashed and crossed where it's broken."""

    def __init__(self) -> None:
        self.spec = _EMPTY
        self._hovered = False
        self._pressed: QPointF | None = None
        self._rect = QRectF()
        # Its label has to be placed (again): its path, its text, or the blocks of its ends are not what they were.
        self.unplaced = True
        # Its way has to be found (again): its ends are not where they were.
        self.unrouted = True
        self._way: Sequence[Lane] | None = None
        self._ends = (QPointF(), QPointF())
        self._parts = WireParts(self, self._draw)
        super().__init__()
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        # The arrow that is not drawn would be one more item for each wire.
        self._dir_pointer.setParentItem(None)
        self.label = WireLabel(self)

    def show_spec(self, spec: WireSpec) -> None:
        """Take on a description."""
        self.spec, self.unplaced = spec, True
        self.label.setup(spec.lines, self.colour)
        self.setToolTip(spec.tooltip)
        self.label.setToolTip(spec.tooltip)
        self.update()

    @property
    def colour(self) -> QColor:
        """The colour of its element type, or that of an error where it's broken."""
        if self.spec.idle:
            return colours.faint(colours.MUTED, 130)
        return colours.ERROR if self.spec.broken else colours.element_colour(self.spec.element)

    def draw_path(self, start_port: BlockPort, end_port: BlockPort | None = None, cursor_pos: Any = None) -> None:
        """Lay the curve anew; called whenever an end has moved."""
        if not (self.input_port and self.output_port):
            return
        ends = self.output_port.centre, self.input_port.centre
        if ends != self._ends:
            self._ends, self._way, self.unrouted = ends, None, True
        path = self.path_over(self._way)
        if path != self.path():
            # The curve with room for its pen and the cross; kept, as Qt asks for it at every frame.
            self.prepareGeometryChange()
            self._rect = path.boundingRect().adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)
            self.setPath(path)
            self._divide()
            self.unplaced = True
        if self.unplaced:
            self._place_label()

    def setCacheMode(self, mode: QGraphicsItem.CacheMode, *size: Any) -> None:
        """Keep what is drawn, or not; only what is kept is drawn in parts."""
        super().setCacheMode(mode, *size)
        self._divide()

    def _divide(self) -> None:
        kept = self.cacheMode() != QGraphicsItem.CacheMode.NoCache
        self._parts.show(bands(self.path(), _AROUND) if kept else ())

    def update(self, *area: Any) -> None:
        """Have it drawn anew."""
        super().update(*area)
        self._parts.update()

    def path_over(self, way: Sequence[Lane] | None) -> QPainterPath:
        """Return the curve over some lanes, or, without any, straight from end to end."""
        start, end = self.output_port.centre, self.input_port.centre
        blocks = [port.node.area for port in (self.output_port, self.input_port) if port.node]
        if way:
            return along(start, end, way, _LOOP)
        if end.x() < start.x() and blocks:
            return around(start, end, max(block.bottom() for block in blocks))
        return curve(start, end)

    def take_way(self, way: Sequence[Lane] | None) -> None:
        """Lead over lanes from now on, or, without any, straight from end to end."""
        self._way, self.unrouted = way, False
        self.draw_path(self.output_port, self.input_port)

    def end_blocks(self) -> tuple[str, ...]:
        """Return the names of the blocks at its ends."""
        return tuple(port.node.spec.name for port in (self.output_port, self.input_port))

    def _place_label(self) -> None:
        self.label.setPos(next(self._beside(self.label.boundingRect())))

    def put_label(self, lines: tuple[str, ...], at: QPointF) -> None:
        """Let the label stand at a place with these lines."""
        self.label.setup(lines, self.colour)
        self.label.setPos(at)

    def label_choices(self) -> Iterator[tuple[tuple[str, ...], QPointF]]:
        """Yield what the label may say and where, the best first: all of it at the wire, if need be on more lines.

        Where the blocks of its ends stand too close for that it stands above or below both, or is cut short.
        """
        for lines in (self.spec.lines, *self.spec.narrower):
            yield from ((lines, place) for place in self._beside(label_rect(lines)))
        yield from self._outside()
        yield from self._squeezed()

    def label_reach(self) -> QRectF:
        """Return an area in which all places of `label_choices` lie."""
        blocks = [port.node.area for port in (self.output_port, self.input_port)]
        whole = self.path().boundingRect().united(blocks[0]).united(blocks[1])
        sizes = [label_size(lines) for lines in (self.spec.lines, *self.spec.narrower)]
        wide, high = max(size.width() for size in sizes), max(size.height() for size in sizes)
        return whole.adjusted(-wide, -high - _BESIDE, wide, high + _BESIDE)

    def _beside(self, rect: QRectF) -> Iterator[QPointF]:
        """Yield places at the wire's middle, or beside it: always so where it is broken, so that the cross is seen."""
        beside = rect.height() / 2 + _BESIDE
        for shift in (-beside, beside) if self.spec.broken else (0.0, -beside, beside):
            for part in _LABEL_PLACES:
                yield self.path().pointAtPercent(part) + QPointF(0, shift)

    def _squeezed(self) -> Iterator[tuple[tuple[str, ...], QPointF]]:
        """Yield the label cut short between the two blocks."""
        width = self.input_port.centre.x() - self.output_port.centre.x() - 2 * PORT_ROOM
        if width >= _LEAST_LABEL:
            lines = cut((self.spec.lines, *self.spec.narrower)[-1], width)
            yield from ((lines, place) for place in self._beside(label_rect(lines)))

    def _outside(self) -> Iterator[tuple[tuple[str, ...], QPointF]]:
        """Yield the whole label above and below both blocks."""
        blocks = [port.node.area for port in (self.output_port, self.input_port)]
        lines, middle = self.spec.lines, self.path().pointAtPercent(0.5).x()
        away = label_rect(lines).height() / 2 + 6
        yield lines, QPointF(middle, min(block.top() for block in blocks) - away)
        yield lines, QPointF(middle, max(block.bottom() for block in blocks) + away)

    def _draw_direction_pointer(self) -> None:
        """Draw no arrow: wires run from right-hand ports to left-hand ones."""

    def boundingRect(self) -> QRectF:
        """The curve with room for its pen and the cross."""
        return self._rect

    def shape(self) -> QPainterPath:
        """A band along the curve (the default is the area that the curve would enclose)."""
        stroker = QPainterPathStroker()
        stroker.setWidth(12)
        return stroker.createStroke(self.path())

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the curve."""
        self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        strong = self.isSelected() or self._hovered or self._end_selected()
        pen = QPen(colours.strong(self.colour) if strong else self.colour, 3.2 if strong else 2.0)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        if self.spec.broken or self.spec.idle:
            pen.setDashPattern([4, 3] if self.spec.broken else [1, 3])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isSelected():
            painter.setPen(QPen(colours.faint(colours.ACCENT, 90), 9))
            painter.drawPath(self.path())
        painter.setPen(pen)
        painter.drawPath(self.path())
        if self.spec.broken:
            _paint_cross(painter, self.path().pointAtPercent(0.5))

    def _end_selected(self) -> bool:
        ports = (self.input_port, self.output_port)
        return any(port.node.isSelected() for port in ports if port and port.node)

    def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value: Any) -> Any:
        """Leave the styling alone on selection, and let the label come and go with the wire."""
        if change == QGraphicsItem.GraphicsItemChange.ItemSceneHasChanged:
            if self.label.scene() is not None:
                self.label.scene().removeItem(self.label)
            if value is not None:
                value.addItem(self.label)
        elif change == QGraphicsItem.GraphicsItemChange.ItemOpacityHasChanged:
            self.label.setOpacity(self.opacity())
        elif change == QGraphicsItem.GraphicsItemChange.ItemSelectedHasChanged:
            self._parts.update()
        return QGraphicsPathItem.itemChange(self, change, value)

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """Grow under the mouse."""
        self._hovered = True
        self.update()

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """Shrink again."""
        self._hovered = False
        self.update()

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Select the wire; a drag from here takes up the nearer end."""
        super().mousePressEvent(event)
        self._pressed = event.scenePos() if event.button() == Qt.MouseButton.LeftButton else None

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Take up the nearer end once the mouse has really moved."""
        view = self.scene().viewer()
        if self._pressed is not None:
            if (event.scenePos() - self._pressed).manhattanLength() < _DRAG_DISTANCE:
                return
            view.take_wire(self, self.port_from_pos(self._pressed, reverse=True))
            self._pressed = None
        view.drag_wire(event.scenePos())

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Let the taken end go."""
        dragged, self._pressed = self._pressed is None, None
        super().mouseReleaseEvent(event)
        if dragged:
            self.scene().viewer().drop_wire(event.scenePos())


def _paint_cross(painter: QPainter, at: QPointF) -> None:
    painter.setPen(QPen(colours.ERROR, 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(at + QPointF(-5, -5), at + QPointF(5, 5))
    painter.drawLine(at + QPointF(-5, 5), at + QPointF(5, -5))


class LiveWire(QGraphicsPathItem):
    """The wire that follows the mouse: it turns red and says why where it may not end."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(10)
        self.setVisible(False)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._reason = ""
        self._ok = False
        self._element = ""

    def boundingRect(self) -> QRectF:
        """The curve with room for the reason."""
        extra = text_width(self._reason, 12) + 40
        return self.path().boundingRect().adjusted(-extra, -40, extra, 40)

    def stretch(self, start: QPointF, end: QPointF, element: str, ok: bool, reason: str) -> None:
        """Draw from `start` (an output) to `end` (an input); `reason` is why it may not end there."""
        self.prepareGeometryChange()
        self._element, self._ok, self._reason = element, ok, reason
        self.setPath(curve(start, end))
        self.setVisible(True)

    @property
    def reason(self) -> str:
        """Why the wire may not end where the mouse is, or empty."""
        return self._reason

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the curve and the reason."""
        colour = colours.ERROR if self._reason else colours.OK if self._ok else colours.element_colour(self._element)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 2.4, Qt.PenStyle.SolidLine if self._ok else Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self.path())
        if not self._reason:
            return
        middle = self.path().pointAtPercent(0.5)
        width = text_width(self._reason, 12) + 16
        rect = QRectF(middle.x() - width / 2, middle.y() - 32, width, 22)
        painter.setPen(QPen(colours.ERROR, 1))
        painter.setBrush(colours.LABEL)
        painter.drawRoundedRect(rect, 4, 4)
        painter.setFont(font(12))
        painter.setPen(colours.TEXT)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._reason)
