"""The drawing of a dataflow graph: processes as boxes with their figures, channels as arrows."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from allo_studio.design.model import Edge, Endpoint, Graph, UnknownNode
from allo_studio.design.placement import layered
from allo_studio.report.dataflow import Flow, FlowChannel, FlowProcess
from nodes import colours
from ui.heat import heat_colour, ink_on
from ui.theme import px

__all__ = ["ChannelItem", "FlowScene", "ProcessItem", "channel_lines"]

_WIDTH, _HEIGHT, _HEAD, _PAD = 214.0, 92.0, 40.0, 10.0
_PORT_WIDTH, _PORT_HEIGHT = 120.0, 32.0
_LINE, _MARK = 15.0, 24.0
# From one channel at a side of a box to the next, so that their labels do not meet.
_WIRE = 44.0
# Places of a label along its arrow, the best first.
_LABEL_AT = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.12, 0.88)
# Room that a channel's label has beside itself.
_AROUND = 46.0


def channel_lines(row: FlowChannel, profile: str, known: str) -> tuple[str, ...]:
    """Return what stands on a channel: its kind and width, then its depth asked, chosen and seen."""
    own = row.row
    first = f"{own.kind} · {own.width:,} bit" + (f" ({own.elements} elements)" if own.elements > 1 else "")
    depth = own.depth.get(profile)
    if depth is None:
        return (first,)
    asked = f" (asked {own.asked:,})" if own.asked is not None else ""
    seen = f" · {own.observed:,} {known}" if own.observed is not None else ""
    return first, f"depth {depth:,}{asked}{seen}"


class ProcessItem(QGraphicsItem):
    """A process (or a port of the graph) as a box; the colour of its head is the part of its time that it waits."""

    def __init__(self, name: str, process: FlowProcess | None, slowest: bool, why: str, wires: int) -> None:
        """Make the box of a process, None for a port; `wires` are the most channels at one side of it."""
        super().__init__()
        self._wires = wires
        self.name, self.process, self.slowest = name, process, slowest
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable, True)
        self.setZValue(2)
        if process is not None:
            self.setToolTip("\n".join(filter(None, [process.path, *self.lines(), why if slowest else ""])))

    @property
    def path(self) -> str:
        """The path of the block or graph, empty for a port."""
        return self.process.path if self.process else ""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        width, height = (_WIDTH, _HEIGHT) if self.process else (_PORT_WIDTH, _PORT_HEIGHT)
        return float(px(width)), float(max(px(height), self._wires * px(_WIRE)))

    def lines(self) -> tuple[str, ...]:
        """What stands in the box below its head."""
        own = self.process
        if own is None:
            return ()
        pace = f"II {own.ii}" if own.ii else "no pipeline"
        stall = f"stall {own.stalled:.1%}" + (f" ({own.stall:,})" if own.stall else "")
        return f"latency {own.latency:,} · {pace}", f"interval {own.interval:,}", f"{stall} · {own.dsp:,} DSP"

    def boundingRect(self) -> QRectF:
        """The box with its border and its mark."""
        width, height = self.size
        return QRectF(-3, -px(_MARK), width + 6, height + px(_MARK) + 3)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the box."""
        width, height = self.size
        box = QRectF(0, 0, width, height)
        border = colours.ACCENT if self.isSelected() else colours.WARNING if self.slowest else colours.BLOCK_BORDER
        painter.setPen(QPen(border, 2.4 if self.isSelected() or self.slowest else 1.2))
        painter.setBrush(colours.BLOCK)
        painter.drawRoundedRect(box, 6, 6)
        if self.process is None:
            painter.setPen(colours.TEXT)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.name.removeprefix("@"))
            return
        self._paint_head(painter, self.process, width)
        painter.setPen(colours.TEXT)
        for number, line in enumerate(self.lines()):
            area = QRectF(_PAD, px(_HEAD) + 3 + number * px(_LINE), width - 2 * _PAD, px(_LINE))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, _cut(painter, line, area.width()))

    def _paint_head(self, painter: QPainter, own: FlowProcess, width: float) -> None:
        heat = heat_colour(own.stalled)
        head = QPainterPath()
        head.addRoundedRect(QRectF(1.5, 1.5, width - 3, px(_HEAD) - 2), 5, 5)
        painter.fillPath(head, heat)
        painter.setPen(ink_on(heat))
        bold, plain = QFont(painter.font()), painter.font()
        bold.setBold(True)
        painter.setFont(bold)
        area = QRectF(_PAD, px(3), width - 2 * _PAD, px(18))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, _cut(painter, own.name, area.width()))
        painter.setFont(plain)
        area.translate(0, px(16))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, _cut(painter, own.kernel, area.width()))
        if self.slowest:
            painter.setPen(colours.WARNING)
            painter.drawText(QRectF(0, -px(21), width, px(18)), Qt.AlignmentFlag.AlignVCenter, "⚑ bottleneck")


class ChannelItem(QGraphicsItem):
    """A channel as an arrow from its producer to one consumer, with its label; its colour is that of the element."""

    def __init__(self, channel: FlowChannel, lines: tuple[str, ...], start: QPointF, end: QPointF, low: float) -> None:
        super().__init__()
        self.channel, self.lines = channel, lines
        # How far along the arrow the label is.
        self.label_at = _LABEL_AT[0]
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable, True)
        self.setToolTip("\n".join(filter(None, (channel.row.id, channel.row.type, *lines, channel.row.reason))))
        self._path = QPainterPath(start)
        if end.x() > start.x():
            middle = (start.x() + end.x()) / 2
            self._path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
        else:
            # A wire that runs back goes below the boxes.
            out, back = QPointF(60, 0), QPointF(-60, 0)
            under, before = QPointF(start.x(), low), QPointF(end.x(), low)
            self._path.cubicTo(start + out, under + out, under)
            self._path.lineTo(before)
            self._path.cubicTo(before + back, end + back, end)
        self._end = end

    @property
    def label(self) -> QRectF:
        """Where the label is."""
        metrics = QFontMetricsF(_font())
        width = max(metrics.horizontalAdvance(line) for line in self.lines) + 14
        height = len(self.lines) * px(_LINE) + 6
        at = self._path.pointAtPercent(self.label_at)
        return QRectF(at.x() - width / 2, at.y() - height / 2, width, height)

    def boundingRect(self) -> QRectF:
        """The arrow with its label."""
        return self._path.boundingRect().united(self.label).adjusted(-8, -8, 8, 8)

    def shape(self) -> QPainterPath:
        """What a click meets: the label."""
        found = QPainterPath()
        found.addRect(self.label)
        return found

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the arrow and its label."""
        colour = (
            colours.ACCENT if self.isSelected() else colours.element_colour(self.channel.row.type.partition("[")[0])
        )
        painter.setPen(QPen(colour, 2.4 if self.isSelected() else 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
        painter.setBrush(QColor(colour))
        tip = self._end
        painter.drawPolygon(QPolygonF([tip, tip + QPointF(-9, -5), tip + QPointF(-9, 5)]))
        painter.setBrush(colours.LABEL)
        label = self.label
        painter.drawRoundedRect(label, 4, 4)
        painter.setFont(_font())
        painter.setPen(colours.TEXT)
        for number, line in enumerate(self.lines):
            area = QRectF(label.left(), label.top() + 3 + number * px(_LINE), label.width(), px(_LINE))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, line)


class FlowScene(QGraphicsScene):
    """A scene with one graph's dataflow."""

    def __init__(self) -> None:
        super().__init__()
        self.processes: dict[str, ProcessItem] = {}
        self.channels: list[ChannelItem] = []

    def show_flow(self, flow: Flow, profile: str, known: str) -> None:
        """Draw a graph; `known` says how the most tokens of a FIFO are known."""
        self.clear()
        self.processes, self.channels = {}, []
        texts = {each.row.id: channel_lines(each, profile, known) for each in flow.channels}
        ports = dict.fromkeys(end for each in flow.channels for end in (each.source, *each.targets) if end[0] == "@")
        for own in flow.processes:
            slowest = own.name == flow.bottleneck
            self.processes[own.name] = ProcessItem(own.name, own, slowest, flow.why, _wires(flow, own.name))
        for port in ports:
            self.processes[port] = ProcessItem(port, None, False, "", _wires(flow, port))
        for name, place in self._places(flow, texts).items():
            self.processes[name].setPos(*place)
            self.addItem(self.processes[name])
        self._add_channels(flow, texts)
        self.setSceneRect(self.itemsBoundingRect().adjusted(-16, -10, 16, 14))

    def _places(self, flow: Flow, texts: dict[str, tuple[str, ...]]) -> dict[str, tuple[float, float]]:
        metrics = QFontMetricsF(_font())
        edges, rooms = [], {}
        for each in flow.channels:
            for target in each.targets:
                edge = Edge(_point(each.source, each.row.id), _point(target, each.row.id))
                edges.append(edge)
                rooms[edge.id] = max(metrics.horizontalAdvance(line) for line in texts[each.row.id]) + px(_AROUND)
        sources = {each.source[1:]: "int8" for each in flow.channels if each.source[0] == "@"}
        sinks = {end[1:]: "int8" for each in flow.channels for end in each.targets if end[0] == "@"}
        nodes = {own.name: UnknownNode({}) for own in flow.processes}
        graph = Graph("flow", "dataflow", sources, sinks, nodes, tuple(edges))
        # Each has room above itself for the mark of the bottleneck.
        sizes = {name: (item.size[0], item.size[1] + px(_MARK)) for name, item in self.processes.items()}
        return {name: (x, y + px(_MARK)) for name, (x, y) in layered(graph, sizes, rooms).items()}

    def _add_channels(self, flow: Flow, texts: dict[str, tuple[str, ...]]) -> None:
        low = max((item.y() + item.size[1] for item in self.processes.values()), default=0.0)
        leaving: dict[str, int] = {}
        coming: dict[str, int] = {}
        outs = [each.source for each in flow.channels for _ in each.targets]
        ins = [end for each in flow.channels for end in each.targets]
        for each in flow.channels:
            for target in each.targets:
                start = self._side(each.source, leaving, outs.count(each.source), right=True)
                end = self._side(target, coming, ins.count(target), right=False)
                if end.x() <= start.x():
                    low += 2 * px(_LINE) + 14
                item = ChannelItem(each, texts[each.row.id], start, end, low)
                self._place_label(item)
                self.addItem(item)
                self.channels.append(item)

    def _place_label(self, item: ChannelItem) -> None:
        """Put a label where it is on no box and on no other label, or in the middle where there is no such place."""
        taken = [QRectF(box.pos(), QSizeF(*box.size)) for box in self.processes.values()]
        taken += [other.label for other in self.channels]
        for item.label_at in _LABEL_AT:
            if not any(item.label.intersects(one) for one in taken):
                return
        item.label_at = _LABEL_AT[0]

    def _side(self, name: str, taken: dict[str, int], count: int, right: bool) -> QPointF:
        """Return the next place on a side of a box that has so many channels there."""
        item = self.processes[name]
        taken[name] = number = taken.get(name, 0) + 1
        width, height = item.size
        return QPointF(item.x() + (width if right else 0.0), item.y() + height * (number - 0.5) / count)


def _wires(flow: Flow, name: str) -> int:
    """Return the most channels at a side of a process."""
    leave = sum(len(each.targets) for each in flow.channels if each.source == name)
    return max(leave, sum(each.targets.count(name) for each in flow.channels))


def _point(end: str, channel: str) -> Endpoint:
    """Return an end of a wire of the drawing; the port of a process is the channel, so that wires differ."""
    return Endpoint("", end[1:]) if end[0] == "@" else Endpoint(end, channel)


def _font() -> QFont:
    found = QFont()
    found.setPixelSize(px(11))
    return found


def _cut(painter: QPainter, text: str, width: float) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(width))
