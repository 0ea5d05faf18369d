"""The dataflow of a build: a drawing of each graph's processes and channels, and a table of them beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGraphicsItem,
    QGraphicsView,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from allo_studio.report.dataflow import Flow, FlowChannel, FlowProcess, flow_of, graphs_of
from allo_studio.report.model import Report
from nodes import colours
from ui.comparison import occupancy_of
from ui.flow_scene import ChannelItem, FlowScene, ProcessItem
from ui.icons import icon
from ui.report_rows import depth_text
from ui.tables import PLACE, SOURCE, align, fill, items_of, leads, table

__all__ = ["FLOW_HEADERS", "PROCESS_HEADERS", "DataflowView"]

PROCESS_HEADERS = ("Process", "Latency", "Interval", "II", "Stall", "DSP", "Kernel")
FLOW_HEADERS = ("Channel", "Kind", "Bits", "Asked", "Depth", "Observed", "Why")
_STEP, _NEAREST, _FURTHEST = 1.15, 3.0, 0.08
# A drawing of more is not shown whole at first: nobody could read it.
_READABLE = 0.6


class DataflowView(QWidget):
    """Shows the graphs of a report. `place_chosen` tells the path of a process or a channel, `source_chosen` a line."""

    place_chosen = Signal(str)
    source_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.report: Report | None = None
        self.flow: Flow | None = None
        self.graphs = QComboBox()
        self.graphs.setAccessibleName("Graph")
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.scene = FlowScene()
        self.view = _View(self.scene)
        self.processes = table(PROCESS_HEADERS, len(PROCESS_HEADERS) - 1)
        self.channels = table(FLOW_HEADERS, len(FLOW_HEADERS) - 1)
        head, layout, split, below = QHBoxLayout(), QVBoxLayout(self), QSplitter(), QSplitter(Qt.Orientation.Vertical)
        for widget in (self.processes, self.channels):
            leads(widget, self.place_chosen.emit, self.source_chosen.emit)
            widget.currentItemChanged.connect(lambda item, _: self._mark(item))
            below.addWidget(widget)
        head.addWidget(self.graphs)
        head.addWidget(self.why, 1)
        split.addWidget(self.view)
        split.addWidget(below)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([560, 420])
        layout.setContentsMargins(8, 6, 8, 4)
        layout.addLayout(head)
        layout.addWidget(split, 1)
        self.graphs.currentTextChanged.connect(self._show_graph)
        self.view.chosen.connect(self._chosen)
        self.view.opened.connect(self._opened)

    def show_report(self, report: Report) -> None:
        """Show a report; the graph that was shown before stays, where the report has it."""
        self.report = report
        before, found = self.graphs.currentText(), graphs_of(report)
        self.graphs.blockSignals(True)
        self.graphs.clear()
        self.graphs.addItems(list(found))
        self.graphs.setCurrentText(before if before in found else report.top)
        self.graphs.blockSignals(False)
        self.graphs.setVisible(len(found) > 1)
        self._show_graph(self.graphs.currentText())

    def enter(self, path: str) -> None:
        """Show another graph of the report."""
        self.graphs.setCurrentText(path)

    def rescale(self) -> None:
        """Lay the drawing out for the present scale of the interface."""
        self._show_graph(self.graphs.currentText())

    def _show_graph(self, path: str) -> None:
        if self.report is None:
            return
        self.flow = flow = flow_of(self.report, path)
        known = "seen" if occupancy_of(self.report) == "simulated" else "needed"
        self.scene.show_flow(flow, self.report.profile, known)
        self.why.setText(f"⚑ {flow.why}" if flow.why else "")
        self._fill(flow)
        self.view.fit()

    def _fill(self, flow: Flow) -> None:
        profile = self.report.profile if self.report else ""
        fill(self.processes, [_process(own) for own in flow.processes], [own.path for own in flow.processes])
        fill(self.channels, [_channel(each, profile) for each in flow.channels], [c.row.id for c in flow.channels])
        loops = self.report.loops if self.report else ()
        for item, own in zip(items_of(self.processes), flow.processes, strict=True):
            item.setData(0, SOURCE, next((loop.source for loop in loops if loop.path == own.path and loop.source), ""))
            align(item, (4,))
            if own.name == flow.bottleneck:
                item.setIcon(0, icon("warning", colours.WARNING.name()))
                item.setForeground(0, colours.WARNING)
                item.setToolTip(0, f"bottleneck: {flow.why}")

    def _mark(self, item: QTreeWidgetItem | None) -> None:
        """Show in the drawing what is chosen in the table."""
        path = item.data(0, PLACE) if item is not None else None
        for drawn in self._drawn():
            drawn.setSelected(bool(path) and _path_of(drawn) == path)
            if drawn.isSelected():
                self.view.ensureVisible(drawn)

    def _drawn(self) -> list[ProcessItem | ChannelItem]:
        return [*self.scene.processes.values(), *self.scene.channels]

    def _chosen(self, item: QGraphicsItem) -> None:
        """Choose in the table what was chosen in the drawing, and go there."""
        path = _path_of(item)
        if not path:
            return
        for widget in (self.processes, self.channels):
            for row in items_of(widget):
                if row.data(0, PLACE) == path:
                    widget.setCurrentItem(row)
        self.place_chosen.emit(path)

    def _opened(self, item: QGraphicsItem) -> None:
        """Enter a graph."""
        if isinstance(item, ProcessItem) and item.process and item.process.graph:
            self.enter(item.process.path)


class _View(QGraphicsView):
    """The drawing: the wheel with Ctrl zooms, arrows choose, Enter goes there, 0 shows all."""

    chosen = Signal(object)
    opened = Signal(object)

    def __init__(self, scene: FlowScene) -> None:
        super().__init__(scene)
        self._scene = scene
        self._fitted = True
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setAccessibleName("Dataflow graph")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def drawBackground(self, painter: QPainter, rect: object) -> None:
        """The canvas's colour, as the theme has it now."""
        painter.fillRect(rect, colours.BACKGROUND)  # type: ignore[call-overload]

    def fit(self) -> None:
        """Show the whole graph as far as it can be read then, else its first part."""
        self._fitted = True
        self.resetTransform()
        room, area = self.sceneRect(), self.viewport().rect()
        if room.isEmpty() or area.isEmpty():
            return
        scale = max(min(area.width() / room.width(), area.height() / room.height(), 1.2), _READABLE)
        self.scale(scale, scale)
        self.centerOn(room.center())
        if room.width() * scale > area.width():
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().minimum())

    def zoom(self, steps: float) -> None:
        """Zoom in or out, about the pointer or the middle."""
        factor = _STEP**steps
        if _FURTHEST <= self.transform().m11() * factor <= _NEAREST:
            self._fitted = False
            self.scale(factor, factor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl, else scroll."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
            self.zoom(event.angleDelta().y() / 120)
            event.accept()
        else:
            super().wheelEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show all again, unless the person has zoomed."""
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def showEvent(self, event: QShowEvent) -> None:
        """Show all at first."""
        super().showEvent(event)
        if self._fitted:
            self.fit()

    def mouseReleaseEvent(self, event: object) -> None:
        """Go to what was clicked."""
        super().mouseReleaseEvent(event)  # type: ignore[arg-type]
        item = self.itemAt(event.position().toPoint())  # type: ignore[attr-defined]
        if item is not None and item.isSelected():
            self.chosen.emit(item)

    def mouseDoubleClickEvent(self, event: object) -> None:
        """Enter a graph."""
        super().mouseDoubleClickEvent(event)  # type: ignore[arg-type]
        item = self.itemAt(event.position().toPoint())  # type: ignore[attr-defined]
        if item is not None:
            self.opened.emit(item)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows choose the next process, Enter goes to it, Ctrl+Down enters it; + - 0 zoom."""
        key, keys = event.key(), Qt.Key
        chosen = [item for item in self._scene.selectedItems() if isinstance(item, ProcessItem)]
        if key in (keys.Key_Left, keys.Key_Right, keys.Key_Up, keys.Key_Down) and not event.modifiers():
            self._move(key, chosen[0] if chosen else None)
        elif key in (keys.Key_Return, keys.Key_Enter) and self._scene.selectedItems():
            self.chosen.emit(self._scene.selectedItems()[0])
            for item in chosen:
                self.opened.emit(item)
        elif key in (keys.Key_Plus, keys.Key_Equal):
            self.zoom(1)
        elif key == keys.Key_Minus:
            self.zoom(-1)
        elif key == keys.Key_0 and not event.modifiers():
            self.fit()
        else:
            super().keyPressEvent(event)

    def _move(self, key: int, start: ProcessItem | None) -> None:
        """Choose the nearest process in a direction."""
        items = [item for item in self._scene.processes.values() if item.process is not None]
        if not items:
            return
        if start is None:
            self._take(min(items, key=lambda item: (item.x(), item.y())))
            return
        keys = Qt.Key
        side = key in (keys.Key_Left, keys.Key_Right)
        sign = 1 if key in (keys.Key_Right, keys.Key_Down) else -1

        def ahead(item: ProcessItem) -> tuple[float, float]:
            dx, dy = item.x() - start.x(), item.y() - start.y()
            return (sign * dx, abs(dy)) if side else (sign * dy, abs(dx))

        found = [item for item in items if ahead(item)[0] > 1]
        if found:
            self._take(min(found, key=lambda item: ahead(item)[0] + 2 * ahead(item)[1]))

    def _take(self, item: ProcessItem) -> None:
        self._scene.clearSelection()
        item.setSelected(True)
        self.ensureVisible(item)


def _path_of(item: QGraphicsItem) -> str:
    if isinstance(item, ProcessItem):
        return item.path
    return item.channel.row.id if isinstance(item, ChannelItem) else ""


def _process(own: FlowProcess) -> list[str]:
    pace = str(own.ii) if own.ii else "–"
    stall = f"{own.stall:,} ({own.stalled:.1%})"
    return [own.name, f"{own.latency:,}", f"{own.interval:,}", pace, stall, f"{own.dsp:,}", own.kernel]


def _channel(each: FlowChannel, profile: str) -> list[str]:
    own = each.row
    asked = "" if own.asked is None else f"{own.asked:,}"
    seen = "" if own.observed is None else f"{own.observed:,}"
    name = own.id.rpartition("/")[2]
    return [name, own.kind, f"{own.width:,}", asked, depth_text(own.depth, profile), seen, own.reason]
