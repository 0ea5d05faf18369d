"""The view: pan, zoom, select, and the wire that is being drawn. It tells of gestures and changes nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from PySide6.QtCore import QEvent, QLineF, QMimeData, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmapCache,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView, QRubberBand, QStyle, QStyleOptionRubberBand

from allo_studio.design.model import Endpoint, Note
from nodes import colours
from nodes.block import BlockItem, BlockPort
from nodes.ground import Ground
from nodes.guides import aligned_with, paint_lines, to_grid
from nodes.notes import NoteItem
from nodes.overview import Overview
from nodes.patches import PatchedViewer
from nodes.picture import endpoint
from nodes.pipe import LiveWire, WireItem, WireLabel

__all__ = ["MIME_TYPE", "CanvasView", "Checker"]

MIME_TYPE = "application/x-allo-studio-block"
# What NodeGraphQt calls GRID_DISPLAY_NONE.
_NO_GRID = 0
# Of files that end so blocks are made.
_ENDINGS = (".py", ".ip.yaml", ".npy", ".npz")
# Tells why a wire from an output to an input may not be drawn (None: it may); the third is the wire being re-routed.
Checker = Callable[[Endpoint, Endpoint, str | None], str | None]
# How near a block comes in line with another: in pixels of the screen, and at most in scene units.
_NEAR, _FARTHEST = 6.0, 12.0
# Below this scale no text can be read, and the graph is drawn as an overview.
_OVERVIEW_SCALE = 0.35
# What items draw is kept for the next frame: enough for all that a large window shows, in KiB.
_KEPT_PIXMAPS = 96 * 1024


class CanvasView(PatchedViewer):
    """The graphics view of one level of the hierarchy."""

    # What is shown of the scene is another part, or larger or smaller.
    range_changed = Signal()
    block_opened = Signal(str)
    # A note's id, and what it is to be.
    note_changed = Signal(str, object)
    connect_requested = Signal(object, object)
    disconnect_requested = Signal(str)
    reroute_requested = Signal(str, object, object)
    # The end that is held, and where the other was let go in empty space (scene coordinates, then global).
    wire_dropped = Signal(object, bool, QPointF)
    refused = Signal(str)
    move_finished = Signal()
    # Blocks and notes belong where they were before the move.
    move_stopped = Signal()
    block_dropped = Signal(str, QPointF)
    files_dropped = Signal(list, QPointF)
    context_requested = Signal(object, QPoint)

    # The port from which a wire is being drawn; looked at from the first time that something is shown.
    _fixed: BlockPort | None = None

    def __init__(self) -> None:
        super().__init__()
        self.checker: Checker = lambda source, target, taken: None
        # What is shown; the canvas knows it, and to look through all items of a scene takes long.
        self.blocks: Callable[[], Iterable[BlockItem]] = tuple
        self.notes: Callable[[], Iterable[NoteItem]] = tuple
        self._taken: WireItem | None = None
        self._marked: list[BlockPort] = []
        # While the canvas draws, it lays the wires itself, each once.
        self.drawing = False
        self._pan_from: QPoint | None = None
        # Whether moved blocks come in line with others, and the grid that they come to lie on otherwise (0: none).
        self.guides, self.grid = False, 0.0
        # From dot to dot in scene units, whether blocks snap to them or not.
        self.pitch = 24.0
        self._lines: tuple[QLineF, ...] = ()
        self._overview, self._ground = Overview(), Ground()
        QPixmapCache.setCacheLimit(max(QPixmapCache.cacheLimit(), _KEPT_PIXMAPS))
        # How large the drawing may be at most, against its own size; larger where the whole interface is.
        self.magnification = 1.0
        self.live = LiveWire()
        self.scene().addItem(self.live)
        # The view draws its own background; the scene's is seen in pictures of it.
        self.scene().grid_mode = _NO_GRID
        self.scene().setBackgroundBrush(colours.BACKGROUND)
        self.setDragMode(QGraphicsView.DragMode.RubberBandDrag)
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setAcceptDrops(True)
        self.setAccessibleName("Canvas")

    def new_pipe(self) -> WireItem:
        """Make a wire item (called through `establish_connection`)."""
        return WireItem()

    def establish_connection(self, start_port: BlockPort, end_port: BlockPort) -> None:
        """Join two ports with our kind of wire; NodeGraphQt's own can be neither coloured nor labelled."""
        wire = self.new_pipe()
        self.scene().addItem(wire)
        wire.set_connections(start_port, end_port)

    # The wire under the mouse.

    def start_wire(self, port: BlockPort, at: QPointF) -> None:
        """Begin at a port: a new wire, or, at an input that has one, its end taken up."""
        if port.port_type == "in" and port.connected_pipes:
            self.take_wire(port.connected_pipes[-1], port.connected_pipes[-1].output_port)
        else:
            self._begin(port, None)
        self.drag_wire(at)

    def take_wire(self, wire: WireItem, fixed: BlockPort) -> None:
        """Take up the end of a wire that is not at `fixed`."""
        wire.setOpacity(0.25)
        self._begin(fixed, wire)

    def _begin(self, fixed: BlockPort, taken: WireItem | None) -> None:
        self._fixed, self._taken = fixed, taken
        self._mark_ports()

    def _mark_ports(self) -> None:
        """Ring the ports that the wire under the mouse may end at, of the blocks that are seen well enough."""
        fixed = self._fixed
        if fixed is None or self.transform().m11() < _OVERVIEW_SCALE:
            return
        seen = self.mapToScene(self.viewport().rect()).boundingRect()
        for block in self.blocks():
            for port in block.ports_facing(fixed) if seen.intersects(block.area) else ():
                if port not in self._marked and self._reason(port) is None:
                    port.set_mark("ok")
                    self._marked.append(port)

    def drag_wire(self, at: QPointF) -> None:
        """Draw the wire to a place on the scene."""
        fixed = self._fixed
        if fixed is None:
            return
        port = self._port_at(at)
        end = port.centre if port else at
        reason = (self._reason(port) or "") if port else ""
        ends = (fixed.centre, end) if fixed.port_type == "out" else (end, fixed.centre)
        self.live.stretch(*ends, fixed.spec.element, port is not None and not reason, reason)

    def drop_wire(self, at: QPointF) -> None:
        """End at a place on the scene and tell what was asked for."""
        fixed, taken, port = self._fixed, self._taken, self._port_at(at)
        if fixed is None:
            return
        reason = self._reason(port) if port else None
        self._end()
        if port is None:
            self._dropped_nowhere(fixed, taken, at)
        elif reason is not None:
            self.refused.emit(reason)
        else:
            self._dropped_on(fixed, taken, port)

    def _dropped_nowhere(self, fixed: BlockPort, taken: WireItem | None, at: QPointF) -> None:
        if taken is not None:
            self.disconnect_requested.emit(taken.spec.id)
        elif (fixed.centre - at).manhattanLength() > 30:
            self.wire_dropped.emit(_end_of(fixed), fixed.port_type == "out", at)

    def _dropped_on(self, fixed: BlockPort, taken: WireItem | None, port: BlockPort) -> None:
        source, target = _ordered(fixed, port)
        if taken is None:
            self.connect_requested.emit(source, target)
        elif (source, target) != (taken.spec.source, taken.spec.target):
            self.reroute_requested.emit(taken.spec.id, source, target)

    def stop_wire(self) -> None:
        """Let go of the wire under the mouse, as if it had not been begun."""
        if self._fixed is not None:
            self._end()

    def leave_block(self, block: BlockItem) -> None:
        """Forget a block that is about to go: a wire that is drawn from it ends."""
        if self._fixed is not None and self._fixed.node is block:
            self._end()
        self._marked = [port for port in self._marked if port.node is not block]

    def leave_wire(self, wire: WireItem) -> None:
        """Forget a wire that is about to go: its end is no longer held."""
        if self._taken is wire:
            self._end()

    def _end(self) -> None:
        if self._taken is not None:
            self._taken.setOpacity(1.0)
        self._fixed = self._taken = None
        self.live.setVisible(False)
        for port in self._marked:
            port.set_mark("")
        self._marked.clear()

    def _reason(self, port: BlockPort) -> str | None:
        fixed = self._fixed
        if fixed is None or port is fixed:
            return None if fixed is None else "drop it on another port"
        if port.port_type == fixed.port_type:
            return f"both ends are {'outputs' if port.port_type == 'out' else 'inputs'}"
        taken = self._taken.spec.id if self._taken else None
        return self.checker(*_ordered(fixed, port), taken)

    def _port_at(self, at: QPointF) -> BlockPort | None:
        """Return the port at a place, or the first fitting one of the block there."""
        items = self.scene().items(QRectF(at - QPointF(6, 6), at + QPointF(6, 6)))
        ports = [item for item in items if isinstance(item, BlockPort)]
        if ports:
            return min(ports, key=lambda port: (port.centre - at).manhattanLength())
        block = next((item for item in items if isinstance(item, BlockItem)), None)
        fixed = self._fixed
        if block is None or fixed is None or block is fixed.node:
            return None
        return next((port for port in block.ports_facing(fixed) if self._reason(port) is None), None)

    # Moving, panning, zooming.

    def finish_move(self) -> None:
        """Called by a block at the release of the mouse."""
        self.move_finished.emit()

    def change_note(self, name: str, note: Note) -> None:
        """Called by a note that was written or resized."""
        self.note_changed.emit(name, note)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pan with the middle button or with Alt, else let the items have it."""
        held = event.modifiers() == Qt.KeyboardModifier.AltModifier and event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or held:
            self._pan_from = event.position().toPoint()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        QGraphicsView.mousePressEvent(self, event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or let the items have it."""
        if self._pan_from is None:
            self._let_follow(event)
            return
        now = event.position().toPoint()
        delta = self.mapToScene(self._pan_from) - self.mapToScene(now)
        self._pan_from = now
        self._set_viewer_pan(delta.x(), delta.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Stop panning, or let the items have it."""
        if self._pan_from is None:
            self._show_guides(())
            QGraphicsView.mouseReleaseEvent(self, event)
            return
        self._pan_from = None
        self.unsetCursor()

    def _let_follow(self, event: QMouseEvent) -> None:
        """Let the items follow the mouse; each wire of moved blocks is laid once, not for each end."""
        self.drawing = isinstance(self.scene().mouseGrabberItem(), BlockItem)
        try:
            QGraphicsView.mouseMoveEvent(self, event)
            self._snap(event)
            blocks = [item for item in self.scene().selectedItems() if self.drawing and isinstance(item, BlockItem)]
        finally:
            self.drawing = False
        ports = (port for block in blocks for port in (*block.inputs, *block.outputs))
        for wire in dict.fromkeys(wire for port in ports for wire in port.connected_pipes):
            wire.draw_path(wire.output_port, wire.input_port)

    def _snap(self, event: QMouseEvent) -> None:
        """Bring blocks that are being moved in line with others, or on the grid; not while Shift is held."""
        held = self.scene().mouseGrabberItem()
        pressed = event.buttons() & Qt.MouseButton.LeftButton
        if not isinstance(held, BlockItem) or not pressed:
            return
        lines: tuple[QLineF, ...] = ()
        across, down = None, None
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._show_guides(())
            return
        if self.guides:
            others = (item.outline for item in self._beside_selection())
            across, down, lines = aligned_with(held.outline, others, min(_NEAR / self.transform().m11(), _FARTHEST))
        if self.grid:
            across = to_grid(held.pos().x(), self.grid) if across is None else across
            down = to_grid(held.pos().y(), self.grid) if down is None else down
        by = QPointF(across or 0.0, down or 0.0)
        if not by.isNull():
            for item in self.scene().selectedItems():
                if isinstance(item, (BlockItem, NoteItem)):
                    item.setPos(item.pos() + by)
        self._show_guides(lines)

    def _beside_selection(self) -> Iterator[BlockItem]:
        """Yield the blocks in sight that are not selected."""
        for item in self.blocks():
            if not item.isSelected() and item.area.intersects(self._scene_range):
                yield item

    def _show_guides(self, lines: tuple[QLineF, ...]) -> None:
        if lines != self._lines:
            self._lines = lines
            self.viewport().update()

    def drawForeground(self, painter: QPainter, rect: QRectF | Any) -> None:
        """Draw the lines along which the moved block is in line with others."""
        paint_lines(painter, self._lines)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor."""
        factor = 1.0015 ** event.angleDelta().y()
        self.scale(factor, factor, self.mapToScene(event.position().toPoint()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for a menu for what is under the mouse."""
        item: QGraphicsItem | None = self.itemAt(event.pos())
        if isinstance(item, WireLabel):
            item = item.wire
        while item is not None and not isinstance(item, (BlockItem, WireItem, NoteItem)):
            item = item.parentItem()
        self.context_requested.emit(item, event.globalPos())

    def fit(self, margin: float = 64.0, most: float = 1.3) -> None:
        """Show all blocks, not larger than `most` times their size; labels may stand above and below them."""
        rect = self._combined_rect([*self.blocks(), *self.notes()])
        if rect.isEmpty():
            rect = QRectF(-200, -150, 400, 300)
        self._show_rect(rect.adjusted(-margin, -margin, margin, margin), most * self.magnification)

    def _update_scene(self) -> None:
        """Show the range, in which the wire under the mouse may have more ports to end at, and tell of it."""
        super()._update_scene()
        self._mark_ports()
        self.range_changed.emit()

    def pan_to(self, point: QPointF) -> None:
        """Bring a place to the middle, at the present scale."""
        by = point - self._scene_range.center()
        self._set_viewer_pan(by.x(), by.y())

    def scene_range(self) -> QRectF:
        """Return the part of the scene that is shown."""
        return QRectF(self._scene_range)

    def show_scene(self, rect: QRectF) -> None:
        """Show a part of the scene as `scene_range` told it, from its top left corner at its scale."""
        scale = self.viewport().width() / rect.width()
        self._scene_range = QRectF(rect.topLeft(), self.viewport().size().toSizeF() / scale)
        self._update_scene()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the block that is selected alone at Enter, unless a note is being written; end a gesture at Escape."""
        if event.key() == Qt.Key.Key_Escape and self._stop_gesture():
            return
        chosen = [item for item in self.scene().selectedItems() if isinstance(item, BlockItem)]
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and len(chosen) == 1 and not self.scene().focusItem():
            self.block_opened.emit(chosen[0].spec.name)
            return
        super().keyPressEvent(event)

    def _stop_gesture(self) -> bool:
        """End the wire that is drawn or the move of blocks as if it had not been begun; tell whether there was one."""
        held = self.scene().mouseGrabberItem()
        moving = isinstance(held, (BlockItem, NoteItem)) and not self.scene().focusItem()
        if not moving and self._fixed is None:
            return False
        self.stop_wire()
        if held is not None:
            held.ungrabMouse()
        self._show_guides(())
        self.move_stopped.emit()
        return True

    def bring_into_view(self, rect: QRectF) -> None:
        """Move what is shown only where a part of the scene is outside of it."""
        if not self._scene_range.contains(rect):
            self.centre_on(rect.center())

    def redraw(self) -> None:
        """Draw everything anew, also what items have kept of their last drawing, as in the colours of another theme."""
        for item in self.scene().items():
            item.update()
        self.viewport().update()

    def drawn(self) -> QRectF:
        """Return what the blocks and wires take of the scene."""
        items = [item for item in self.scene().items() if item is not self.live and item.isVisible()]
        found = QRectF()
        for item in items:
            found = found.united(item.sceneBoundingRect())
        return found

    def centre_on(self, point: QPointF) -> None:
        """Bring a place to the middle, at a scale at which text can be read."""
        scale = min(max(self.transform().m11(), 0.8 * self.magnification), 1.5 * self.magnification)
        size = self.viewport().size().toSizeF() / scale
        self._show_rect(QRectF(point - QPointF(size.width() / 2, size.height() / 2), size), 6.0)

    def _show_rect(self, rect: QRectF, most: float) -> None:
        port = self.viewport().size()
        scale = min(port.width() / rect.width(), port.height() / rect.height(), most)
        size = port.toSizeF() / max(scale, 0.05)
        corner = rect.center() - QPointF(size.width() / 2, size.height() / 2)
        self._scene_range = QRectF(corner, size)
        self._update_scene()

    def drawBackground(self, painter: QPainter, rect: QRectF | Any) -> None:
        """Draw a grid of dots (NodeGraphQt's dots raise a TypeError: it gives a pen a broken width)."""
        self._ground.paint(painter, self.viewportTransform(), QRectF(rect), self.viewport().size(), self.pitch)

    def looks_changed(self) -> None:
        """Called when blocks or wires came, went, moved, or look different."""
        self._overview.changed()

    def changeEvent(self, event: QEvent) -> None:
        """Draw all anew in another look: items keep what they drew."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.scene().setBackgroundBrush(colours.BACKGROUND)
            self.looks_changed()
            self.redraw()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the items, or, where they are too small to read, an overview of them."""
        if self.transform().m11() >= _OVERVIEW_SCALE:
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        painter.setTransform(self.viewportTransform())
        self.drawBackground(painter, self.mapToScene(event.rect()).boundingRect())
        self._overview.paint(painter, self.scene())
        paint_lines(painter, self._lines)
        painter.resetTransform()
        self._overview.paint_names(painter, self.viewportTransform(), event.rect())
        self._paint_band(painter)
        painter.end()

    def _paint_band(self, painter: QPainter) -> None:
        """Draw the frame that is being dragged around blocks."""
        band = self.rubberBandRect()
        if band.isNull():
            return
        option = QStyleOptionRubberBand()
        option.initFrom(self.viewport())
        option.rect = band  # type: ignore[attr-defined]
        option.shape = QRubberBand.Shape.Rectangle  # type: ignore[attr-defined]
        self.style().drawControl(QStyle.ControlElement.CE_RubberBand, option, painter, self.viewport())

    # Blocks dragged in from the palette.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take what the palette gives, and files of the kinds that blocks are made of."""
        if event.mimeData().hasFormat(MIME_TYPE) or _files(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """As `dragEnterEvent`."""
        if event.mimeData().hasFormat(MIME_TYPE) or _files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell what was dropped and where."""
        at, files = self.mapToScene(event.position().toPoint()), _files(event.mimeData())
        if event.mimeData().hasFormat(MIME_TYPE):
            event.acceptProposedAction()
            self.block_dropped.emit(bytes(event.mimeData().data(MIME_TYPE).data()).decode(), at)
        elif files:
            event.acceptProposedAction()
            self.files_dropped.emit(files, at)


def _files(data: QMimeData) -> list[str]:
    """Return the local files that are dragged, as far as blocks can be made of them."""
    paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if path.endswith(_ENDINGS)]


def _end_of(port: BlockPort) -> Endpoint:
    return endpoint(port.node.spec.name, port.spec.name)


def _ordered(fixed: BlockPort, port: BlockPort) -> tuple[Endpoint, Endpoint]:
    ends = (_end_of(fixed), _end_of(port))
    return ends if fixed.port_type == "out" else (ends[1], ends[0])
