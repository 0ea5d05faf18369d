"""The report of the last build: summary, blocks, loops, resources, channels. A row leads to its block or wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QLabel, QScrollArea, QStackedLayout, QTabWidget, QTreeWidget, QTreeWidgetItem, QWidget

from allo_studio.built import Target
from allo_studio.report.model import LoopRow, ProcessRow, Report
from nodes import colours
from ui.build_history import Earlier
from ui.changes_view import ChangesView
from ui.comparison import differs
from ui.dataflow_view import DataflowView
from ui.filling import Filling, Page
from ui.heat_view import HeatView
from ui.icons import icon
from ui.occupancy_view import OccupancyView
from ui.origins_view import origins_table, origins_there, show_origins
from ui.report_rows import (
    BLOCK_HEADERS,
    CHANNEL_HEADERS,
    LOOP_HEADERS,
    OBSERVED,
    block_texts,
    channel_texts,
    kernels,
    loop_texts,
    observed_header,
)
from ui.results import piece_of
from ui.schedule_view import ScheduleView
from ui.summary_page import SummaryPage
from ui.tables import PLACE, SOURCE, add_row_action, align, fill, items_of, leads, table
from ui.theme import px

__all__ = ["ReportView"]

# Columns of the tables of blocks and of loops.
_LATENCY, _FORMULA = BLOCK_HEADERS.index("Latency"), len(BLOCK_HEADERS) - 1
_II, _SLACK = LOOP_HEADERS.index("II"), LOOP_HEADERS.index("Slack")


class ReportView(QWidget):
    """Shows a report. `place_chosen` tells the path of a row's block or wire, `source_chosen` a place in a file."""

    place_chosen = Signal(str)
    source_chosen = Signal(str)
    summary = Page[SummaryPage]("_summary", "_front")
    blocks = Page[QTreeWidget]("_blocks")
    loops = Page[QTreeWidget]("_loops")
    channels = Page[QTreeWidget]("_channels")
    origins = Page[QTreeWidget]("_origins")
    comparison = Page[ChangesView]("_comparison")
    changes = Page[QTreeWidget]("_changes", "_comparison")
    schedule = Page[ScheduleView]("_schedule")
    dataflow = Page[DataflowView]("_dataflow")
    heat = Page[HeatView]("_heat")
    occupancy = Page[OccupancyView]("_occupancy")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.report: Report | None = None
        empty = QLabel("No report yet. Build the project with Ctrl+B.")
        empty.setWordWrap(True)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setProperty("role", "muted")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.filling = Filling(self.tabs)
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.setMinimumHeight(px(31))
        self._front, self._summary = QScrollArea(), SummaryPage()
        self._blocks = table(BLOCK_HEADERS, _FORMULA)
        self._loops = table(LOOP_HEADERS, LOOP_HEADERS.index("Why this II"))
        self._channels = table(CHANNEL_HEADERS, CHANNEL_HEADERS.index("Why"))
        self._schedule = ScheduleView()
        self._origins, self._comparison = origins_table(), ChangesView()
        self._changes = self._comparison.table
        # The last two builds of the project, by target; each project has its own.
        self.builds: dict[Target | None, tuple[Report | None, Report | None]] = {}
        # At a large scale the page scrolls, where a part of it would be cut off.
        self._front.setWidgetResizable(True)
        self._front.setWidget(self._summary)
        self.tabs.addTab(self._front, "Summary")
        pages = ((self._blocks, "Blocks"), (self._loops, "Loops"), (self._channels, "Channels"))
        for widget, title in (*pages, (self._origins, "By origin"), (self._changes, "Changes")):
            self.tabs.addTab(self._comparison if widget is self._changes else widget, title)
            if widget is self._loops:
                add_row_action(widget, "show_schedule", self.show_schedule)
            leads(widget, self.place_chosen.emit, self.source_chosen.emit)
        self._dataflow, self._heat, self._occupancy = DataflowView(), HeatView(), OccupancyView()
        self.tabs.insertTab(1, self._dataflow, "Dataflow")
        self.tabs.insertTab(2, self._heat, "Call graph")
        self.tabs.insertTab(5, self._schedule, "Schedule")
        self.tabs.insertTab(7, self._occupancy, "Occupancy")
        self._occupancy.place_chosen.connect(self.place_chosen)
        for page in (self._summary, self._schedule, self._dataflow, self._heat):
            page.place_chosen.connect(self.place_chosen)
            page.source_chosen.connect(self.source_chosen)
        self._comparison.compared.connect(self._show_count)
        self.tabs.setCornerWidget(self.note)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(empty)
        self._stack.addWidget(self.tabs)

    def show_report(self, report: Report | None, target: Target | None = None) -> None:
        """Show the report of a build for a target, or that there is none."""
        self.report = report
        self._stack.setCurrentIndex(1 if report else 0)
        if report is None:
            self.filling.forget()
            self.schedule.show_pieces((), {})
            return
        # What tells of the pages is there at once, and so is the page in front.
        self._show(self._origins, origins_there(report))
        self._show(self._occupancy, bool(report.occupancy))
        self.tabs.setTabIcon(0, icon("error", colours.ERROR.name()) if differs(report) else QIcon())
        self._show_changes(report, target)
        for page, fill_page in (
            (self._front, lambda: self.summary.show_report(report, target)),
            (self._dataflow, lambda: self.dataflow.show_report(report)),
            (self._heat, lambda: self.heat.show_report(report)),
            (self._blocks, lambda: self._show_blocks(report)),
            (self._loops, lambda: self._show_loops(report)),
            (self._schedule, lambda: self.schedule.show_pieces(report.pieces, kernels(report))),
            (self._channels, lambda: self._show_channels(report)),
            (self._occupancy, lambda: self.occupancy.show_report(report)),
            (self._origins, lambda: show_origins(self.origins, report)),
        ):
            self.filling.want(page, fill_page)

    def _show_changes(self, report: Report, target: Target | None) -> None:
        before, last = self.builds.get(target, (None, None))
        # What has got further columns of figures is the same build.
        if last is None or replace(report, figures=last.figures) != last:
            before = last
        self.builds[target] = before, report
        self._comparison.show_last(before, report)
        self._want_comparison()

    def show_kept(self, kept: Sequence[Earlier]) -> None:
        """Offer earlier builds to compare."""
        self._comparison.show_kept(kept)
        self._want_comparison()

    def _want_comparison(self) -> None:
        self._show(self._comparison, self._comparison.there)
        self.tabs.setTabText(self.tabs.indexOf(self._comparison), "Changes")
        if self._comparison.there:
            self.filling.want(self._comparison, self._comparison.compare)

    def _show_count(self) -> None:
        self.tabs.setTabText(self.tabs.indexOf(self._comparison), f"Changes ({self._comparison.count})")

    @property
    def page(self) -> QWidget:
        """The page that is in front."""
        shown = self.tabs.currentWidget()
        return self.summary if isinstance(shown, QScrollArea) and shown.widget() is self.summary else shown

    def _show(self, page: QWidget, there: bool) -> None:
        self.tabs.setTabVisible(self.tabs.indexOf(page), there)

    def _show_blocks(self, report: Report) -> None:
        blocks = [block_texts(row, report.clock_ns) for row in report.processes]
        fill(self.blocks, blocks, [row.path for row in report.processes])
        lines = {loop.path: loop.source for loop in reversed(report.loops) if loop.source}
        for item, row in zip(items_of(self.blocks), report.processes, strict=True):
            item.setData(0, SOURCE, lines.get(row.path, ""))
            _note_dependence(item, row)

    def _show_channels(self, report: Report) -> None:
        texts = [channel_texts(row, report.profile) for row in report.channels]
        fill(self.channels, texts, [row.id for row in report.channels])
        self.channels.headerItem().setText(OBSERVED, observed_header(report))

    def _show_loops(self, report: Report) -> None:
        names = kernels(report)
        texts = [loop_texts(row, names.get(row.path, row.function), report) for row in report.loops]
        fill(self.loops, texts, [row.path for row in report.loops])
        for item, row in zip(items_of(self.loops), report.loops, strict=True):
            item.setData(0, SOURCE, row.source)
            _mark_interval(item, row)
            align(item, (_SLACK, _SLACK - 1))
            if (report.slack_of(row.chain_ns) or 0.0) < 0:
                item.setForeground(_SLACK, colours.ERROR)
        for column in range(len(LOOP_HEADERS)):
            self.loops.setColumnHidden(column, not any(text[column] for text in texts))

    def show_schedule(self) -> None:
        """Show the operations of the current loop by cycle."""
        number = self.loops.indexOfTopLevelItem(self.loops.currentItem())
        piece = piece_of(self.report, number) if self.report and number >= 0 else None
        if piece is not None:
            self.schedule.choose(piece)
            self.tabs.setCurrentWidget(self.schedule)
            self.schedule.chart.gantt.setFocus()

    def mark_fresh(self, fresh: bool) -> None:
        """Say whether the report is of the present design."""
        self.note.setText("" if fresh else "of an earlier state of the design   ")


def _note_dependence(item: QTreeWidgetItem, row: ProcessRow) -> None:
    """Say below a block that its cycles are those of this run's data, where they are."""
    if not row.depends:
        return
    text = f"depends on data: {row.depends}"
    note = QTreeWidgetItem([text])
    note.setData(0, PLACE, row.path)
    note.setForeground(0, colours.WARNING)
    note.setToolTip(0, text)
    item.addChild(note)
    note.setFirstColumnSpanned(True)
    item.setExpanded(True)
    item.setForeground(_LATENCY, colours.WARNING)
    item.setToolTip(_LATENCY, f"of the test data: {row.depends}")


def _mark_interval(item: QTreeWidgetItem, row: LoopRow) -> None:
    """Mark an II that is more than was asked for, or that is not proven to be the least."""
    notes = []
    if row.missed:
        item.setForeground(_II, colours.WARNING)
        notes.append(f"II={row.ii_asked} was asked for")
    if row.ii and not row.least:
        notes.append("not proven to be the least II that is possible")
        align(item, (_II,))
    if notes:
        item.setToolTip(_II, "\n".join([str(row.ii), *notes]))
