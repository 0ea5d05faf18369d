"""The inspector's pages for a graph, a port of it, a wire, and a block that isn't a kernel."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from typing import cast, get_args

import yaml
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from allo_studio.design.checked import EdgeInfo
from allo_studio.design.edits import (
    RenameGraphPort,
    RenameNode,
    SetChannel,
    SetExecution,
    SetGraphPortType,
    SetInitial,
    SetRate,
    SetTarget,
    SetUnify,
)
from allo_studio.design.model import (
    ChannelChoice,
    Edge,
    Execution,
    Graph,
    GraphNode,
    Interface,
    IpNode,
    Node,
    Project,
    Rate,
    Target,
)
from allo_studio.report.model import ChannelRow
from ui.field_check import FieldCheck, refusal
from ui.fix_list import FixList
from ui.initial import initial_of, initial_text
from ui.places import size_text
from ui.report_rows import depth_text

__all__ = ["BlockPage", "GraphPage", "Page", "PortPage", "WirePage", "title"]

_FREE = "chosen by the compiler"


def title(text: str = "", role: str = "title") -> QLabel:
    """Return a label of a role of the style sheet."""
    label = QLabel(text)
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class Page(QWidget):
    """A page: a title, a line below it, a form. `edited` tells an edit that was asked for."""

    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("page", "true")
        # The project that is shown, by which what is typed is checked.
        self.project: Project | None = None
        self.heading = title()
        self.line = title(role="muted")
        self.form = QFormLayout()
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.setHorizontalSpacing(12)
        self.form.setVerticalSpacing(7)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(14, 12, 14, 12)
        self.column.setSpacing(8)
        self.column.addWidget(self.heading)
        self.column.addWidget(self.line)
        self.column.addLayout(self.form)
        self.fixes = FixList()
        self.fixes.hide()
        self.fixes.chosen.connect(self.edited)


class GraphPage(Page):
    """The graph that is shown, and the project's target."""

    def __init__(self) -> None:
        super().__init__()
        self._graph, self._target = "", Target()
        self.execution = QComboBox()
        self.execution.addItems(get_args(Execution))
        self.execution.setToolTip("dataflow: blocks run at the same time; sequential: one after the other")
        self.unify = QCheckBox("unify interfaces")
        self.unify.setToolTip("Give both ends of a wire one layout. Off: a copy is made between different layouts.")
        self.device = QComboBox()
        self.device.setEditable(False)
        self.clock = QDoubleSpinBox()
        self.clock.setRange(0.1, 1000.0)
        self.clock.setDecimals(3)
        self.clock.setSuffix(" ns")
        self.clock.setKeyboardTracking(False)
        self.margin = QSpinBox()
        self.margin.setRange(0, 1 << 16)
        self.margin.setSuffix(" tokens")
        self.margin.setKeyboardTracking(False)
        self.margin.setToolTip("Added to the depth of every FIFO of the hls target")
        self.bits = QSpinBox()
        self.bits.setRange(0, 2**31 - 1)
        self.bits.setGroupSeparatorShown(True)
        self.bits.setSuffix(" bits")
        self.bits.setSpecialValueText("what keeps the latency")
        self.bits.setKeyboardTracking(False)
        self.bits.setToolTip("The most that all FIFOs of a dataflow graph may hold; less costs latency")
        self.interface = QComboBox()
        self.interface.addItems(get_args(Interface))
        self.interface.setToolTip(
            "The top of the hls target. ip: memories and handshakes; kernel: a Vitis kernel for XRT, arrays in memory; "
            "stream: arrays as AXI streams"
        )
        self.form.addRow("Execution", self.execution)
        self.form.addRow("", self.unify)
        self.form.addRow(title("Target of the project", "section"))
        self.form.addRow("Device", self.device)
        self.form.addRow("Clock", self.clock)
        self.form.addRow("FIFO margin", self.margin)
        self.form.addRow("FIFOs hold", self.bits)
        self.form.addRow("Interface", self.interface)
        self.column.addStretch(1)
        self.execution.activated.connect(self._execution_changed)
        self.unify.clicked.connect(lambda: self._tell(SetUnify(self._graph, self.unify.isChecked())))
        self.device.activated.connect(self._target_changed)
        self.clock.valueChanged.connect(self._target_changed)
        self.margin.valueChanged.connect(self._target_changed)
        self.bits.valueChanged.connect(self._target_changed)
        self.interface.activated.connect(self._target_changed)

    def show_graph(self, project: Project, graph: Graph) -> None:
        """Show a graph."""
        # Loaded where it is needed: a start does without it.
        from allo_studio.hardware.devices import device_names

        self._graph, self._target = graph.name, project.target
        self.heading.setText(graph.name)
        top = "  ·  top" if graph.name == project.top else ""
        self.line.setText(f"graph of {project.name}{top}  ·  {size_text(graph)}")
        widgets = (self.execution, self.unify, self.device, self.clock, self.margin, self.bits, self.interface)
        for widget in widgets:
            widget.blockSignals(True)
        self.execution.setCurrentText(graph.execution)
        self.unify.setChecked(graph.unify)
        self.device.clear()
        self.device.addItems(sorted({*device_names(), project.target.device}))
        self.device.setCurrentText(project.target.device)
        self.clock.setValue(project.target.clock_ns)
        self.margin.setValue(project.target.fifo_margin)
        self.bits.setValue(project.target.fifo_bits or 0)
        self.interface.setCurrentText(project.target.interface)
        for widget in widgets:
            widget.blockSignals(False)

    def _execution_changed(self) -> None:
        chosen: Execution = "sequential" if self.execution.currentText() == "sequential" else "dataflow"
        self._tell(SetExecution(self._graph, chosen))

    def _target_changed(self) -> None:
        # The box shows three decimals: a finer clock in the file stays as it is unless it is really changed.
        clock = self.clock.value()
        if abs(clock - self._target.clock_ns) < 0.0005:
            clock = self._target.clock_ns
        interface = cast(Interface, self.interface.currentText())
        target = Target(self.device.currentText(), clock, self.margin.value(), self.bits.value() or None, interface)
        if target != self._target:
            self._tell(SetTarget(target))

    def _tell(self, edit: object) -> None:
        self.edited.emit(edit)


class PortPage(Page):
    """A port of the graph itself."""

    def __init__(self) -> None:
        super().__init__()
        self._graph, self._port, self._type = "", "", ""
        self.name, self.type = QLineEdit(), QLineEdit()
        self.type.setPlaceholderText("float32[64, 64]")
        self.name_check = FieldCheck(self.name, self._wrong_name)
        self.type_check = FieldCheck(self.type, self._wrong_type)
        self.form.addRow("Name", self.name)
        self.form.addRow("Type", self.type)
        self.column.addStretch(1)
        self.name.editingFinished.connect(self._renamed)
        self.type.editingFinished.connect(self._changed)

    def show_port(self, graph: Graph, name: str) -> None:
        """Show a port by its name."""
        kind, text = ("input", graph.inputs[name]) if name in graph.inputs else ("output", graph.outputs[name])
        self._graph, self._port, self._type = graph.name, name, text
        self.heading.setText(name)
        self.line.setText(f"{kind} of {graph.name}")
        self.name_check.show(name)
        self.type_check.show(text)

    def _wrong_name(self, text: str) -> str:
        return "" if text == self._port else refusal(self.project, RenameGraphPort(self._graph, self._port, text))

    def _wrong_type(self, text: str) -> str:
        return "" if text == self._type else refusal(self.project, SetGraphPortType(self._graph, self._port, text))

    def _renamed(self) -> None:
        new = self.name.text().strip()
        if new != self._port and not self.name_check.fault:
            self.edited.emit(RenameGraphPort(self._graph, self._port, new))

    def _changed(self) -> None:
        if self.type.text().strip() != self._type and not self.type_check.fault:
            self.edited.emit(SetGraphPortType(self._graph, self._port, self.type.text().strip()))


# How an array goes over a wire, in words.
_RATES: list[tuple[str, Rate | None]] = [
    ("an array for each firing of both ends", None),
    ("rows, as many as come", "rows"),
    ("held: the same at all firings", "held"),
]


class WirePage(Page):
    """A wire and its channel."""

    def __init__(self) -> None:
        super().__init__()
        self._graph = ""
        self._edge: Edge | None = None
        self.rate = QComboBox()
        for text, rate in _RATES:
            self.rate.addItem(text, rate)
        self.channel = QComboBox()
        self.tokens = QSpinBox()
        self.tokens.setRange(0, 1 << 20)
        self.tokens.setSuffix(" tokens")
        self.tokens.setSpecialValueText("sized automatically")
        self.tokens.setKeyboardTracking(False)
        self.initial = QLineEdit()
        self.initial_check = FieldCheck(self.initial, _wrong_initial)
        self.initial.setPlaceholderText("empty; 0, or 1, 2, 3, or 8 x 0")
        self.type = title(role="muted")
        self.built = title(role="muted")
        self.faults = title(role="error")
        self.form.addRow("Type", self.type)
        self.form.addRow("Rate", self.rate)
        self.form.addRow("Channel", self.channel)
        self.form.addRow("Depth", self.tokens)
        self.form.addRow("At reset", self.initial)
        self.form.addRow("Built", self.built)
        self.column.addWidget(self.faults)
        self.column.addWidget(self.fixes)
        self.column.addStretch(1)
        self.rate.activated.connect(self._rated)
        self.channel.activated.connect(self._changed)
        self.tokens.valueChanged.connect(self._changed)
        self.initial.editingFinished.connect(self._filled)

    def show_wire(self, graph: str, edge: Edge, top: str, info: EdgeInfo | None, row: ChannelRow | None) -> None:
        """Show a wire with what the check and the last build say of it; `top` is the graph that is built."""
        self._graph, self._edge = graph, edge
        self.heading.setText(f"{edge.source}  →  {edge.target}")
        self.line.setText(f"wire in {graph}" + ("  ·  copied between two layouts" if info and info.relayout else ""))
        self.type.setText(str(info.type) if info and info.type else "the two ends differ")
        for widget in (self.channel, self.tokens):
            widget.blockSignals(True)
        self.rate.setCurrentIndex([rate for _, rate in _RATES].index(edge.rate))
        choices, tip = _choices(graph, edge, top)
        self.channel.clear()
        self.channel.addItem(_FREE, None)
        for choice in choices:
            self.channel.addItem(choice, choice)
        self.channel.setCurrentIndex(self.channel.findData(edge.channel))
        self.channel.setEnabled(bool(choices))
        self.channel.setToolTip(tip)
        self.tokens.setValue(edge.depth or 0)
        inside = bool(edge.source.node and edge.target.node)
        # A depth that the file has can be taken away, wherever it is.
        self.tokens.setEnabled(edge.depth is not None or (inside and edge.channel in (None, "fifo")))
        self.tokens.setToolTip("The tokens that the FIFO holds" if inside else tip)
        self.initial_check.show(initial_text(edge.initial))
        self.initial.setEnabled(bool(edge.initial) or bool(edge.source.node and edge.target.node))
        for widget in (self.channel, self.tokens):
            widget.blockSignals(False)
        self.built.setText(_built_text(row))
        found = info.diagnostics if info else ()
        self.faults.setText("\n\n".join(f"{d.message}\n{d.hint}".strip() for d in found))

    def _changed(self) -> None:
        if self._edge is not None:
            choice = self.channel.currentData()
            depth = self.tokens.value() or None
            depth = depth if choice in (None, "fifo") else None
            self.edited.emit(SetChannel(self._graph, self._edge.id, choice, depth))

    def _rated(self) -> None:
        if self._edge is not None and self.rate.currentData() != self._edge.rate:
            self.edited.emit(SetRate(self._graph, self._edge.id, self.rate.currentData()))

    def _filled(self) -> None:
        if self._edge is None or self.initial_check.fault:
            return
        initial = initial_of(self.initial.text())
        # 0 and 0.0 are equal, and so are 0.0 and -0.0.
        if initial_text(initial) != initial_text(self._edge.initial):
            self.edited.emit(SetInitial(self._graph, self._edge.id, initial))


def _wrong_initial(text: str) -> str:
    try:
        initial_of(text)
    except ValueError as fault:
        return str(fault)
    return ""


def _choices(graph: str, edge: Edge, top: str) -> tuple[list[ChannelChoice], str]:
    """Return what may be asked of a wire's channel (and what is), with a tip."""
    if edge.source.node and edge.target.node:
        return list(get_args(ChannelChoice)), "What lies between the two blocks"
    if graph == top:
        choices: list[ChannelChoice] = ["fifo"]
        tip = "A port of the design is a memory outside, or with fifo a stream; a stream has no depth"
    else:
        choices, tip = [], f"Ask for it on the wire to the block that {graph} is"
    return [*choices, *([edge.channel] if edge.channel and edge.channel not in choices else [])], tip


def _built_text(row: ChannelRow | None) -> str:
    if row is None:
        return "not built"
    # The profile of the report stands first.
    depth = f", depth {depth_text(row.depth, next(iter(row.depth)))}" if row.depth else ""
    return f"{row.kind}{depth}, {row.width} bit\n{row.reason}"


class BlockPage(Page):
    """A graph block, or one that this version doesn't know. `entered` asks to open a graph block."""

    entered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._graph, self._node = "", ""
        self.name = QLineEdit()
        self.name_check = FieldCheck(self.name, self._wrong_name)
        self.enter = QPushButton("Enter graph")
        self.raw = title(role="muted")
        self.faults = title(role="error")
        self.form.addRow("Name", self.name)
        for widget in (self.enter, self.raw, self.faults, self.fixes):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.name.editingFinished.connect(self._renamed)
        self.enter.clicked.connect(lambda: self.entered.emit(self._node))

    def show_node(self, graph: str, name: str, node: Node, faults: str) -> None:
        """Show a block."""
        self._graph, self._node = graph, name
        self.heading.setText(name)
        self.name_check.show(name)
        inner = isinstance(node, GraphNode)
        external = f"external IP, {node.path}" if isinstance(node, IpNode) else "kept in the file as it is"
        self.line.setText(f"graph {node.graph}" if isinstance(node, GraphNode) else external)
        self.enter.setVisible(inner)
        raw = getattr(node, "raw", None)
        self.raw.setVisible(raw is not None)
        self.raw.setText(yaml.safe_dump(dict(raw), sort_keys=False) if raw is not None else "")
        self.faults.setText(faults)

    def _wrong_name(self, text: str) -> str:
        return "" if text == self._node else refusal(self.project, RenameNode(self._graph, self._node, text))

    def _renamed(self) -> None:
        new = self.name.text().strip()
        if new != self._node and not self.name_check.fault:
            self.edited.emit(RenameNode(self._graph, self._node, new))
