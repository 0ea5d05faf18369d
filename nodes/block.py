"""A block on the canvas: its NodeGraphQt node, its item and its ports."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsSceneHoverEvent,
    QGraphicsSceneMouseEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from nodes import colours
from nodes.metrics import FOOTER_HEIGHT, HEADER_HEIGHT, block_size, font, port_centre, text_width
from nodes.patches import AbstractNodeItem, BaseNode, PortItem
from nodes.picture import BlockSpec, PortSpec

__all__ = ["BlockItem", "BlockNode", "BlockPort"]

# Below this scale text can't be read: leaving it out keeps a large graph quick to pan.
_TEXT_SCALE = 0.35
_RADIUS = 7.0
# How far the ring of a port stands out of its block.
_PORT_ROOM = 11.0


class _Drawing(Protocol):
    """What a port asks of its view."""

    def start_wire(self, port: BlockPort, at: QPointF) -> None: ...

    def drag_wire(self, at: QPointF) -> None: ...

    def drop_wire(self, at: QPointF) -> None: ...


class BlockPort(PortItem):  # type: ignore[misc]
    """A port's dot, coloured by element type whether wired or not; pressing it starts a wire.

    Its block draws it: a thousand blocks have four thousand ports, and each item that paints takes its time.
    """

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self.setCacheMode(QGraphicsItem.CacheMode.NoCache)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.spec = PortSpec("")
        self.mark = ""
        self._chosen = False

    def setup(self, spec: PortSpec) -> None:
        """Take on a description."""
        self.spec = spec
        self.setToolTip(f"{spec.name}: {spec.type}" if spec.type else f"{spec.name} (the block has no such port)")

    def set_chosen(self, chosen: bool) -> None:
        """Ring the port as the one that the keyboard is at, or not."""
        if chosen != self._chosen:
            self._chosen = chosen
            self.redraw()

    def boundingRect(self) -> QRectF:
        """The area that takes a press: larger than the dot."""
        return QRectF(0, 0, 22, 22)

    @property
    def centre(self) -> QPointF:
        """The dot's centre on the scene."""
        return QPointF(self.mapToScene(self.boundingRect().center()))

    def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value: Any) -> Any:
        """Take the wires along, but where the canvas draws and does that itself."""
        moved = change == QGraphicsItem.GraphicsItemChange.ItemScenePositionHasChanged
        if moved and (self.scene() is None or self.scene().viewer().drawing):
            return value
        return super().itemChange(change, value)

    def set_mark(self, mark: str) -> None:
        """Ring the port in the colour of a level, or not (empty)."""
        if mark != self.mark:
            self.mark = mark
            self.redraw()

    def redraw(self) -> None:
        """Have the dot drawn anew."""
        self.parentItem().update()

    def draw(self, painter: QPainter) -> None:
        """Draw the dot on its block: hollow when unwired, larger under the mouse, ringed where a wire may end here."""
        colour = colours.ERROR if self.spec.ghost else colours.element_colour(self.spec.element)
        centre = self.pos() + self.boundingRect().center()
        if self.mark or self._chosen:
            painter.setPen(QPen(colours.level_colour(self.mark or "note"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, 9, 9)
        painter.setPen(QPen(colour, 1.6, Qt.PenStyle.DashLine if self.spec.ghost else Qt.PenStyle.SolidLine))
        painter.setBrush(colour if self.connected_pipes else colours.BLOCK)
        radius = 6.5 if self.hovered else 5.0
        painter.drawEllipse(centre, radius, radius)

    def _view(self) -> _Drawing:
        view: _Drawing = self.scene().viewer()
        return view

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Start a wire, or take up the end of the one that is here."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        event.accept()
        self._view().start_wire(self, event.scenePos())

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Draw the wire to the mouse."""
        self._view().drag_wire(event.scenePos())

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Let the wire go."""
        self._view().drop_wire(event.scenePos())

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """Grow under the mouse."""
        super().hoverEnterEvent(event)
        self.redraw()

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        """Shrink again."""
        super().hoverLeaveEvent(event)
        self.redraw()


class BlockItem(AbstractNodeItem):  # type: ignore[misc]
    """A block's drawing. The interface to NodeGraphQt is that of its NodeItem, with nothing of its text items."""

    def __init__(self, name: str = "block", parent: QGraphicsItem | None = None) -> None:
        super().__init__(name, parent)
        # What was drawn once is copied while the view is panned.
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemSendsGeometryChanges)
        self.spec = BlockSpec("", "unknown", "")
        self._rect = QRectF()
        self._area: QRectF | None = None
        self._place: tuple[float, float] | None = None
        self._inputs: list[BlockPort] = []
        self._outputs: list[BlockPort] = []
        self.icon: str | None = None
        self.widgets: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """The block's name."""
        return str(self._properties["name"])

    @name.setter
    def name(self, name: str) -> None:
        # NodeGraphQt names what it adds, and puts the name in place of the tooltip.
        self._properties["name"] = name

    @property
    def width(self) -> float:
        """The width in scene units. It follows from the description: what NodeGraphQt sets is ignored."""
        return float(self._width)

    @width.setter
    def width(self, width: float) -> None:
        pass

    @property
    def height(self) -> float:
        """The height in scene units, as `width`."""
        return float(self._height)

    @height.setter
    def height(self, height: float) -> None:
        pass

    @property
    def inputs(self) -> list[BlockPort]:
        """The ports on the left."""
        return self._inputs

    @property
    def outputs(self) -> list[BlockPort]:
        """The ports on the right."""
        return self._outputs

    def ports_facing(self, port: BlockPort) -> list[BlockPort]:
        """Return the ports on the side at which a wire from `port` may end."""
        return self._inputs if port.port_type == "out" else self._outputs

    def add_input(self, name: str, multi_port: bool, display_name: bool, locked: bool) -> BlockPort:
        """Add a port on the left (called by NodeGraphQt's node)."""
        return self._add(self._inputs, name, "in", multi_port, locked)

    def add_output(self, name: str, multi_port: bool, display_name: bool, locked: bool) -> BlockPort:
        """Add a port on the right (called by NodeGraphQt's node)."""
        return self._add(self._outputs, name, "out", multi_port, locked)

    def _add(self, ports: list[BlockPort], name: str, kind: str, multi: bool, locked: bool) -> BlockPort:
        port = BlockPort(self)
        port.name, port.port_type, port.multi_connection, port.locked = name, kind, multi, locked
        ports.append(port)
        return port

    def show_spec(self, spec: BlockSpec) -> None:
        """Take on a description; its ports must be those of the block."""
        self.prepareGeometryChange()
        self.spec = spec
        size = block_size(spec)
        self._width, self._height = size.width(), size.height()
        self._rect = QRectF(0, 0, self._width, self._height).adjusted(-_PORT_ROOM, -3, _PORT_ROOM, 3)
        self._area = None
        self.setToolTip(spec.tooltip or spec.subtitle)
        for output, ports, specs in ((False, self._inputs, spec.inputs), (True, self._outputs, spec.outputs)):
            for index, (port, told) in enumerate(zip(ports, specs, strict=True)):
                port.setup(told)
                port.setPos(port_centre(spec, index, output) - QPointF(11, 11))
        self.update()

    def highlight_pipes(self) -> None:
        """Let the wires show that an end of theirs is selected."""
        self.reset_pipes()

    def reset_pipes(self) -> None:
        """Redraw the wires."""
        for port in (*self._inputs, *self._outputs):
            for wire in port.connected_pipes:
                wire.update()

    def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value: Any) -> Any:
        """Keep the selected block on top and its wires lit."""
        if change == QGraphicsItem.GraphicsItemChange.ItemSelectedHasChanged and self.scene():
            self.setZValue(2 if value else 1)
            self.reset_pipes()
            self.scene().viewer().looks_changed()
        elif change == QGraphicsItem.GraphicsItemChange.ItemPositionHasChanged:
            self._area = self._place = None
            if self.scene():
                self.scene().viewer().looks_changed()
        return super().itemChange(change, value)

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Tell that the block is to be opened."""
        event.accept()
        self.scene().viewer().block_opened.emit(self.spec.name)

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Tell where the selected blocks have been moved to."""
        super().mouseReleaseEvent(event)
        self.scene().viewer().finish_move()

    def boundingRect(self) -> QRectF:
        """The block's rectangle with room for the selection's border and the dots of the ports."""
        return self._rect

    @property
    def outline(self) -> QRectF:
        """The block's rectangle on the scene."""
        return QRectF(0, 0, self._width, self._height).translated(self.pos())

    @property
    def place(self) -> tuple[float, float]:
        """Where the block is on the scene."""
        # Kept, as `area` is.
        if self._place is None:
            self._place = self.pos().x(), self.pos().y()
        return self._place

    @property
    def area(self) -> QRectF:
        """The block's rectangle on the scene, with its border."""
        # Kept, as it is asked for after every edit.
        if self._area is None:
            self._area = QRectF(0, 0, self._width, self._height).adjusted(-3, -3, 3, 3).translated(self.pos())
        return self._area

    def shape(self) -> QPainterPath:
        """The rectangle itself."""
        path = QPainterPath()
        path.addRect(QRectF(0, 0, self._width, self._height))
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the block."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        rect = QRectF(0, 0, self._width, self._height)
        boundary = self.spec.kind in ("input", "output")
        outline = _tag(rect, self.spec.kind) if boundary else _rounded(rect)
        painter.fillPath(outline, colours.BLOCK)
        if not boundary:
            _paint_header(painter, rect, outline, self.spec)
        if self.spec.disabled:
            painter.fillPath(outline, colours.faint(colours.BACKGROUND, 150))
            painter.fillPath(outline, QBrush(colours.faint(colours.MUTED, 60), Qt.BrushStyle.BDiagPattern))
        painter.setPen(self._border())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)
        if scale >= _TEXT_SCALE:
            (_paint_boundary if boundary else _paint_text)(painter, rect, self.spec)
        for port in (*self._inputs, *self._outputs):
            port.draw(painter)

    def _border(self) -> QPen:
        if self.isSelected():
            return QPen(colours.ACCENT, 2.2)
        if self.spec.level in ("error", "warning"):
            return QPen(colours.level_colour(self.spec.level), 1.6)
        solid = self.spec.kind not in ("unknown", "missing") and not self.spec.disabled
        return QPen(colours.BLOCK_BORDER, 1.2, Qt.PenStyle.SolidLine if solid else Qt.PenStyle.DashLine)


class BlockNode(BaseNode):  # type: ignore[misc]
    """NodeGraphQt's node of a block; its id is the block's name, so that it is the same at every load."""

    __identifier__ = "allo_studio"
    NODE_NAME = "block"

    def __init__(self, spec: BlockSpec) -> None:
        super().__init__(BlockItem)
        self.NODE_NAME = spec.name
        self.model.id = self.view.id = spec.name
        for port in spec.inputs:
            self.add_input(port.name, multi_input=True)
        for port in spec.outputs:
            self.add_output(port.name, multi_output=True)
        self.view.show_spec(spec)


def _rounded(rect: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(rect, _RADIUS, _RADIUS)
    return path


def _tag(rect: QRectF, kind: str) -> QPainterPath:
    """Return the outline of a graph port: a tag that points the way of the data."""
    tip, path = 14.0, QPainterPath()
    left, right, top, bottom, middle = rect.left(), rect.right(), rect.top(), rect.bottom(), rect.center().y()
    if kind == "input":
        corners = [(left, top), (right - tip, top), (right, middle), (right - tip, bottom), (left, bottom)]
    else:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left + tip, middle)]
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
    path.closeSubpath()
    return path


def _paint_header(painter: QPainter, rect: QRectF, outline: QPainterPath, spec: BlockSpec) -> None:
    painter.save()
    painter.setClipPath(outline)
    painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), HEADER_HEIGHT), colours.BLOCK_HEADER)
    painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), 3), colours.kind_colour(spec.kind))
    if spec.footer:
        foot = QRectF(rect.left(), rect.bottom() - FOOTER_HEIGHT, rect.width(), FOOTER_HEIGHT)
        painter.fillRect(foot, colours.LABEL)
    if spec.waits is not None:
        # How much of its time a block works, in the colour of its kind; the rest it waits.
        bar = QRectF(rect.left(), rect.bottom() - 3, rect.width(), 3)
        painter.fillRect(bar, colours.WARNING)
        painter.fillRect(
            QRectF(bar.left(), bar.top(), bar.width() * (1 - spec.waits), 3), colours.kind_colour(spec.kind)
        )
    painter.restore()


def _paint_text(painter: QPainter, rect: QRectF, spec: BlockSpec) -> None:
    inner = rect.adjusted(10, 8, -10, 0)
    text = colours.MUTED if spec.disabled else colours.TEXT
    _write(painter, QRectF(inner.left(), inner.top(), inner.width(), 18), spec.title, 14, text, bold=True)
    subtitle = QRectF(inner.left(), inner.top() + 18, inner.width(), 16)
    _write(painter, subtitle, spec.subtitle, 11, colours.ERROR if spec.kind == "missing" else colours.MUTED)
    if spec.interval:
        width = text_width(spec.interval, 11) + 2
        at = QRectF(subtitle.right() - width, subtitle.top(), width, subtitle.height())
        _write(painter, at, spec.interval, 11, colours.ACCENT)
    if not spec.disabled or spec.level != "ok":
        _paint_badge(painter, QPointF(rect.right() - 16, rect.top() + 18), spec.level)
    for output, ports in ((False, spec.inputs), (True, spec.outputs)):
        for index, port in enumerate(ports):
            centre = port_centre(spec, index, output)
            width = text_width(port.name, 12) + 2
            x = centre.x() - width - 13 if output else 13.0
            colour = colours.ERROR if port.ghost else text
            _write(painter, QRectF(x, centre.y() - 9, width, 18), port.name, 12, colour)
    if spec.footer:
        foot = QRectF(inner.left(), rect.bottom() - FOOTER_HEIGHT, inner.width(), FOOTER_HEIGHT)
        _write(painter, foot, spec.footer, 11, colours.ACCENT)


def _paint_boundary(painter: QPainter, rect: QRectF, spec: BlockSpec) -> None:
    left = 12.0 if spec.kind == "input" else 24.0
    inner = rect.adjusted(left, 5, -8, -5)
    _write(painter, QRectF(inner.left(), inner.top(), inner.width(), 18), spec.title, 14, colours.TEXT, bold=True)
    shown = colours.ERROR if spec.level == "error" else colours.MUTED
    _write(painter, QRectF(inner.left(), inner.top() + 18, inner.width(), 15), spec.subtitle, 11, shown)


def _paint_badge(painter: QPainter, centre: QPointF, level: str) -> None:
    """Draw the status: a tick, an exclamation mark, a cross, or a clock, in the colour of the severity."""
    colour = colours.level_colour(level)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colours.faint(colour, 46))
    painter.drawEllipse(centre, 8, 8)
    painter.setPen(QPen(colour, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    strokes = {
        "ok": [(-3.5, 0.3), (-1.0, 3.0), (3.8, -2.8)],
        "error": [(-2.8, -2.8), (2.8, 2.8), (0, 0), (2.8, -2.8), (-2.8, 2.8)],
        "checking": [(0, -4.0), (0, 0.5), (3.0, 0.5)],
    }.get(level, [(0, -4.0), (0, 1.2)])
    painter.drawPolyline(QPolygonF([centre + QPointF(x, y) for x, y in strokes]))
    if level in ("warning", "note"):
        painter.drawPoint(centre + QPointF(0, 4))


def _write(painter: QPainter, rect: QRectF, text: str, pixels: int, colour: QColor, bold: bool = False) -> None:
    painter.setFont(font(pixels, bold))
    painter.setPen(colour)
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
