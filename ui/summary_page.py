"""The summary of a report: cards, what is violated, the device's resources, the interfaces, and what made it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QProgressBar,
    QSplitter,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from allo_studio.built import Target
from allo_studio.report.model import Report
from allo_studio.report.violations import violations
from nodes import colours
from ui.cards import Card, CardRow, CycleCard
from ui.comparison import interval_of, latency_of
from ui.icons import icon
from ui.report_rows import PORT_HEADERS, latency_detail, port_texts, profile_text, time_text
from ui.tables import SOURCE, align, fill, items_of, leads, table

__all__ = ["VIOLATION_HEADERS", "SummaryPage"]

VIOLATION_HEADERS = ("Not kept", "Where", "What", "Reason")


class SummaryPage(QWidget):
    """The first page of a report. `place_chosen` tells a row's block, port or graph, `source_chosen` its line."""

    place_chosen = Signal(str)
    source_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.cycles = {"Latency": CycleCard("Latency"), "Interval": CycleCard("Interval")}
        self.facts = {"Clock": Card("Clock"), "Target": Card("Target"), "Simulation": Card("Simulation")}
        self.general = QLabel()
        self.general.setProperty("role", "muted")
        self.general.setWordWrap(True)
        self.general.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.resources = table(["Resource", "Used", "Available", "Share"], 3)
        self.violations = table(VIOLATION_HEADERS, 3)
        self.ports = table(PORT_HEADERS, len(PORT_HEADERS) - 1)
        self.kept = QLabel()
        self.kept.setWordWrap(True)
        for widget in (self.violations, self.ports):
            leads(widget, self.place_chosen.emit, self.source_chosen.emit)
        self._lay_out()

    def _lay_out(self) -> None:
        cards, layout, split = CardRow((*self.cycles.values(), *self.facts.values())), QGridLayout(self), QSplitter()
        for title, widget in (("Resources", self.resources), ("Interfaces", self.ports)):
            part = QWidget()
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            head = QLabel(title)
            head.setProperty("role", "section")
            column.addWidget(head)
            column.addWidget(widget)
            split.addWidget(part)
        layout.setContentsMargins(12, 10, 12, 6)
        layout.setVerticalSpacing(8)
        layout.addWidget(cards, 0, 0)
        layout.addWidget(self.kept, 1, 0)
        layout.addWidget(self.violations, 2, 0)
        layout.addWidget(split, 3, 0)
        layout.addWidget(self.general, 4, 0)
        layout.setRowStretch(3, 3)
        self._layout = layout

    def show_report(self, report: Report, target: Target | None) -> None:
        """Show a report of a build for a target."""
        self._show_cards(report, target)
        self._show_violations(report)
        self._show_resources(report)
        fill(self.ports, [port_texts(row) for row in report.ports], [row.path for row in report.ports])
        parts = [report.tool, f"project {report.project}", f"top graph {report.top}"]
        parts += [f"interface {report.interface}"] if report.interface and target != "rtl" else []
        self.general.setText("  ·  ".join(parts))

    def _show_cards(self, report: Report, target: Target | None) -> None:
        self.cycles["Latency"].compare(latency_of(report), latency_detail(report))
        interval = time_text(report.interval, report.clock_ns)
        self.cycles["Interval"].compare(interval_of(report), f"{interval} · between two invocations")
        frequency = f"{1000 / report.clock_ns:.0f} MHz"
        if report.estimated_ns is None or report.slack_ns is None:
            self.facts["Clock"].tell(f"{report.clock_ns:g} ns", frequency)
        else:
            detail = f"longest chain {report.estimated_ns:.2f} ns · slack {report.slack_ns:+.2f} ns"
            self.facts["Clock"].tell(f"{report.clock_ns:g} ns", detail, "error" if report.slack_ns < 0 else "")
            kept = f"{report.uncertainty_ns:.2f} ns of the period are kept free; the chain is of the operators' table"
            self.facts["Clock"].setToolTip(kept)
        self.facts["Target"].tell(report.device, f"{frequency} · {profile_text(report, target)}")
        run = report.simulation
        if run is None:
            self.facts["Simulation"].tell("not run", "")
            return
        text = f"{run.compared:,} elements, {run.mismatches:,} differ · {run.engine}"
        self.facts["Simulation"].tell("passed" if run.passed else "failed", text, "ok" if run.passed else "error")

    def _show_violations(self, report: Report) -> None:
        found = violations(report)
        fill(self.violations, [(one.kind, one.path, one.what, one.reason) for one in found], [v.path for v in found])
        for item, one in zip(items_of(self.violations), found, strict=True):
            item.setData(0, SOURCE, one.source)
            item.setIcon(0, icon("warning", colours.WARNING.name()))
        self.violations.setVisible(bool(found))
        self._layout.setRowStretch(2, 2 if found else 0)
        text = "1 wish is not kept" if len(found) == 1 else f"{len(found)} wishes are not kept"
        self.kept.setText(f"⚠ {text}" if found else "✓ every II, the clock period and the device's resources are kept")
        self.kept.setProperty("role", "" if found else "equal")
        self.kept.style().polish(self.kept)

    def _show_resources(self, report: Report) -> None:
        self.resources.clear()
        for row in report.resources:
            item = QTreeWidgetItem([row.name, f"{row.used:,}", f"{row.available:,}", ""])
            align(item, (1, 2))
            self.resources.addTopLevelItem(item)
            bar = QProgressBar()
            bar.setRange(0, 1000)
            bar.setValue(round(min(row.share, 1.0) * 1000))
            bar.setFormat(f"{row.share:.1%}" if row.available else "none on this device")
            bar.setProperty("high", "true" if row.share > 0.8 else "false")
            bar.setAccessibleName(f"{row.name} used")
            self.resources.setItemWidget(item, 3, bar)
