"""The report of the last build: summary, blocks, loops, resources, channels. A row leads to its block or wire."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QStackedLayout,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from allo_studio.report.model import ChannelRow, LoopRow, ProcessRow, Report
from nodes import colours

__all__ = ["ReportView", "items_of", "table"]

_ROLE = Qt.ItemDataRole.UserRole


def table(headers: Sequence[str], stretch: int) -> QTreeWidget:
    """Return an empty table; the column `stretch` takes the room that is left."""
    made = QTreeWidget()
    made.setHeaderLabels(list(headers))
    made.setRootIsDecorated(False)
    made.setAlternatingRowColors(True)
    made.setUniformRowHeights(True)
    header = made.header()
    header.setStretchLastSection(False)
    for column in range(len(headers)):
        mode = QHeaderView.ResizeMode.Stretch if column == stretch else QHeaderView.ResizeMode.ResizeToContents
        header.setSectionResizeMode(column, mode)
    return made


class _Card(QFrame):
    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        name = QLabel(title)
        name.setProperty("role", "muted")
        self.number = QLabel("–")
        self.number.setProperty("role", "number")
        self.detail = QLabel("")
        self.detail.setProperty("role", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 7, 14, 7)
        layout.setSpacing(0)
        for label in (name, self.number, self.detail):
            layout.addWidget(label)

    def tell(self, number: str, detail: str, level: str = "") -> None:
        self.number.setText(number)
        self.detail.setText(detail)
        self.number.setStyleSheet(f"color: {colours.level_colour(level).name()};" if level else "")


class ReportView(QWidget):
    """Shows a report. `place_chosen` tells the path of a row's block or wire, `source_chosen` a place in a file."""

    place_chosen = Signal(str)
    source_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.report: Report | None = None
        empty = QLabel("No report yet. Build the project with Ctrl+B.")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setProperty("role", "muted")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.setMinimumHeight(31)
        self._cards = {name: _Card(name) for name in ("Latency", "Interval", "Target", "Simulation")}
        self.resources = table(["Resource", "Used", "Available", "Share"], 3)
        self.blocks = table(["Block", "Kernel", "Latency", "Interval", "Stall", "DSP", "LUT", "FF", "BRAM"], 1)
        self.loops = table(
            ["Loop", "Block", "Trip", "II", "Asked", "Iteration", "Latency", "Unroll", "Why this II", "Source"], 8
        )
        self.channels = table(["Channel", "Kind", "Depth", "Observed", "Token", "Type", "Why"], 6)
        self.tabs.addTab(self._summary(), "Summary")
        for widget, title in ((self.blocks, "Blocks"), (self.loops, "Loops"), (self.channels, "Channels")):
            self.tabs.addTab(widget, title)
            widget.itemClicked.connect(self._clicked)
        self.loops.itemDoubleClicked.connect(self._double_clicked)
        self.tabs.setCornerWidget(self.note)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(empty)
        self._stack.addWidget(self.tabs)

    def _summary(self) -> QWidget:
        page, cards, layout = QWidget(), QHBoxLayout(), QGridLayout()
        for card in self._cards.values():
            cards.addWidget(card, 1)
        cards.setSpacing(10)
        layout.setContentsMargins(12, 10, 12, 6)
        layout.setVerticalSpacing(10)
        layout.addLayout(cards, 0, 0)
        layout.addWidget(self.resources, 1, 0)
        page.setLayout(layout)
        return page

    def show_report(self, report: Report | None) -> None:
        """Show a report, or that there is none."""
        self.report = report
        self._stack.setCurrentIndex(1 if report else 0)
        if report is None:
            return
        self._show_cards(report)
        self._show_resources(report)
        _fill(self.blocks, [_block_texts(row) for row in report.processes], [row.path for row in report.processes])
        _fill(self.loops, [_loop_texts(row) for row in report.loops], [row.path for row in report.loops])
        for item, row in zip(items_of(self.loops), report.loops, strict=True):
            item.setData(0, _ROLE + 1, row.source)
            if row.ii_asked and row.ii and row.ii > row.ii_asked:
                item.setForeground(3, colours.WARNING)
        _fill(self.channels, [_channel_texts(row) for row in report.channels], [row.id for row in report.channels])

    def mark_fresh(self, fresh: bool) -> None:
        """Say whether the report is of the present design."""
        self.note.setText("" if fresh else "of an earlier state of the design   ")

    def _show_cards(self, report: Report) -> None:
        self._cards["Latency"].tell(f"{report.latency:,} cycles", f"{report.latency_ms:.4g} ms")
        self._cards["Interval"].tell(f"{report.interval:,} cycles", "between two invocations")
        self._cards["Target"].tell(report.device, f"{report.clock_ns:g} ns clock · {1000 / report.clock_ns:.0f} MHz")
        run = report.simulation
        if run is None:
            self._cards["Simulation"].tell("not run", "")
        else:
            text = f"{run.compared:,} elements, {run.mismatches:,} differ · {run.engine}"
            self._cards["Simulation"].tell("passed" if run.passed else "failed", text, "ok" if run.passed else "error")

    def _show_resources(self, report: Report) -> None:
        self.resources.clear()
        for row in report.resources:
            item = QTreeWidgetItem([row.name, f"{row.used:,}", f"{row.available:,}", ""])
            _align(item, (1, 2))
            self.resources.addTopLevelItem(item)
            bar = QProgressBar()
            bar.setRange(0, 1000)
            bar.setValue(round(min(row.share, 1.0) * 1000))
            bar.setFormat(f"{row.share:.1%}" if row.available else "none on this device")
            bar.setProperty("high", "true" if row.share > 0.8 else "false")
            self.resources.setItemWidget(item, 3, bar)

    def _clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if item.data(0, _ROLE):
            self.place_chosen.emit(item.data(0, _ROLE))

    def _double_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if item.data(0, _ROLE + 1):
            self.source_chosen.emit(item.data(0, _ROLE + 1))


def items_of(widget: QTreeWidget) -> list[QTreeWidgetItem]:
    items = (widget.topLevelItem(i) for i in range(widget.topLevelItemCount()))
    return [item for item in items if item is not None]


def _fill(widget: QTreeWidget, rows: list[list[str]], paths: list[str]) -> None:
    widget.clear()
    for texts, path in zip(rows, paths, strict=True):
        item = QTreeWidgetItem(texts)
        item.setData(0, _ROLE, path)
        _align(item, [c for c, text in enumerate(texts) if text.replace(",", "").isdecimal()])
        for column, text in enumerate(texts):
            item.setToolTip(column, text)
        widget.addTopLevelItem(item)


def _align(item: QTreeWidgetItem, columns: Sequence[int]) -> None:
    for column in columns:
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def _block_texts(row: ProcessRow) -> list[str]:
    numbers = (row.latency, row.interval, row.stall, row.dsp, row.lut, row.ff, row.bram)
    return [row.path, row.kernel, *(f"{number:,}" for number in numbers)]


def _loop_texts(row: LoopRow) -> list[str]:
    ii = "" if row.ii is None else str(row.ii)
    asked = "" if row.ii_asked is None else str(row.ii_asked)
    lanes = "" if row.unroll == 1 else str(row.unroll)
    numbers = [_count(row.trip_count), ii, asked, _count(row.iteration_latency), _count(row.latency), lanes]
    return ["   " * row.depth + row.loop, row.path, *numbers, row.reason, row.source]


def _channel_texts(row: ChannelRow) -> list[str]:
    depth = ", ".join(map(str, row.depth.values()))
    seen = "" if row.observed is None else str(row.observed)
    token = f"{row.width} bit" + (f" · {row.elements} elements" if row.elements > 1 else "")
    return [row.id, row.kind, depth, seen, token, row.type, row.reason]


def _count(value: int | None) -> str:
    """Return a figure, or that it differs between iterations of an outer loop."""
    return "varies" if value is None else f"{value:,}"
