"""The first page of a report, and that every row of every table leads to its block, wire and line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTreeWidget
from schedule_samples import LINE, report

from allo_studio.report.model import FigureRow, PortRow, Report, ResourceRow
from ui.report_rows import LOOP_HEADERS, time_text
from ui.report_view import ReportView
from ui.tables import items_of, rows_text

FULL = replace(
    report(),
    resources=(ResourceRow("DSP", 10000, 9024),),
    ports=(PortRow("cascade.A", "in", "float32[64, 64]", "memory", 32, 4096, 8),),
    interface="ip",
    estimated_ns=2.0,
    uncertainty_ns=0.9,
    figures=(FigureRow("block", "cascade/mm2", "DSP", {"predicted": 24, "csynth": 20}),),
)


def summary(view: ReportView, shown: Report) -> list[list[str]]:
    view.show_report(shown, "hls")
    view.tabs.setCurrentIndex(0)
    QApplication.processEvents()
    return rows_text(view.summary.violations)[1:]


def test_the_clock_has_its_target_its_estimate_and_its_slack(report_view: ReportView) -> None:
    summary(report_view, FULL)
    card = report_view.summary.facts["Clock"]
    assert card.number.text() == "3.33 ns"
    assert card.detail.text().replace("\u00a0", " ") == "longest chain 2.00 ns · slack +0.43 ns"
    summary(report_view, replace(FULL, estimated_ns=None))
    assert "slack" not in card.detail.text(), "a report of an earlier version does not say it"


def test_what_is_not_kept_is_told_with_its_reason_and_leads_to_its_line(report_view: ReportView) -> None:
    rows = summary(report_view, FULL)
    assert [row[:3] for row in rows] == [
        ["II", "cascade/mm1", "loop k: II=5, where 1 was asked for"],
        ["resources", "cascade", "10,000 DSP of 9,024"],
    ]
    assert rows[0][3] == "why"
    assert report_view.summary.kept.text() == "⚠ 2 wishes are not kept"
    assert report_view.summary.violations.isVisible()
    assert summary(report_view, replace(FULL, loops=(), resources=())) == []
    assert not report_view.summary.violations.isVisible()
    assert report_view.summary.kept.text().startswith("✓")


def test_tool_project_and_interfaces_are_told(report_view: ReportView) -> None:
    summary(report_view, FULL)
    assert report_view.summary.general.text() == f"{FULL.tool}  ·  project p  ·  top graph cascade  ·  interface ip"
    assert rows_text(report_view.summary.ports)[1] == [
        "cascade.A", "in", "memory", "32", "4,096", "8", "float32[64, 64]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cycles", "text"), [(None, ""), (0, "0 ns"), (100, "333 ns"), (1000, "3.33 µs"), (10**7, "33.3 ms")]
)
def test_a_time_has_the_unit_that_suits(cycles: int | None, text: str) -> None:
    assert time_text(cycles, 3.33) == text


def tables(view: ReportView) -> dict[str, tuple[QTreeWidget, int, str, str]]:
    """The tables with a page to be in front, a place that the row leads to, and its line."""
    line = LINE.format(10)
    return {
        "violations": (view.summary.violations, 0, "cascade/mm1", line),
        "interfaces": (view.summary.ports, 0, "cascade.A", ""),
        "blocks": (view.blocks, 0, "cascade/mm1", line),
        "loops": (view.loops, 1, "cascade/mm1", line),
        "channels": (view.channels, 0, "cascade/mm1.C->mm2.A", ""),
        "origins": (view.origins, 0, "cascade/mm2", ""),
        "changes": (view.changes, 0, "cascade/mm1", ""),
    }


@pytest.mark.parametrize("name", ["violations", "interfaces", "blocks", "loops", "channels", "origins", "changes"])
def test_click_and_enter_lead_to_the_place_and_the_line(report_view: ReportView, name: str) -> None:
    loops = tuple(replace(row, source=row.source or LINE.format(10)) for row in FULL.loops)
    before = replace(FULL, loops=loops, processes=tuple(replace(row, dsp=1) for row in FULL.processes))
    report_view.show_report(None)
    report_view.show_report(before, "hls")
    report_view.show_report(replace(FULL, loops=loops), "hls")
    widget, number, place, line = tables(report_view)[name]
    if name in ("violations", "interfaces"):
        report_view.tabs.setCurrentIndex(0)
    else:
        report_view.tabs.setCurrentWidget(report_view.comparison if name == "changes" else widget)
    QApplication.processEvents()
    places: list[str] = []
    lines: list[str] = []
    report_view.place_chosen.connect(places.append)
    report_view.source_chosen.connect(lines.append)
    item = items_of(widget)[number]
    at = QPoint(20, widget.visualItemRect(item).center().y())
    QTest.mouseClick(widget.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert (places, lines) == ([place], [])
    report_view.activateWindow()
    widget.setFocus()
    widget.setCurrentItem(item)
    assert QTest.qWaitForWindowActive(report_view)
    assert widget.hasFocus()
    QTest.keyClick(widget, Qt.Key.Key_Return)
    assert places == [place, place]
    assert lines == ([line] if line else [])
    QTest.keyClick(widget, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().split("\t")[0] == item.text(0).strip()


def test_a_column_of_long_texts_keeps_some_room(report_view: ReportView) -> None:
    report_view.show_report(FULL, "hls")
    report_view.tabs.setCurrentWidget(report_view.loops)
    for width in (1600, 500):
        report_view.resize(width, 400)
        QApplication.processEvents()
        header = report_view.loops.header()
        why = header.sectionSize(LOOP_HEADERS.index("Why this II"))
        assert why >= 240
        if width == 1600:
            assert header.length() == report_view.loops.viewport().width(), "it takes what the others leave"
