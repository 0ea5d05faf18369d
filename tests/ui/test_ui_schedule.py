"""The schedule tab: pieces, the chart of one, its marks, keys and arrows, and what the other tables lead to."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem, QTreeWidgetItem
from schedule_samples import DOT, LINE, PIECES, big_piece, report

import ui.builder
from allo_studio.built import BuildResult
from allo_studio.hardware.view import Piece, Row
from nodes import colours
from ui.gantt import GIVES, TAKES, BarDelegate, Gantt
from ui.operations_model import CHART
from ui.report_view import ReportView
from ui.results import limited
from ui.schedule_view import ScheduleView, headline
from ui.tables import items_of
from ui.window import Window

Role = Qt.ItemDataRole


def gantt_of(report_view: ReportView) -> Gantt:
    gantt = report_view.schedule.chart.gantt
    gantt.setFocus()
    return gantt


def pieces_of(schedule: ScheduleView) -> list[QTreeWidgetItem]:
    return [group.child(n) for group in items_of(schedule.tree) for n in range(group.childCount())]


def press(widget: Any, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(widget, key)
    QApplication.processEvents()


def test_without_a_report_or_its_schedule_there_is_a_note(report_view: ReportView) -> None:
    assert report_view.schedule._stack.currentIndex() == 1
    report_view.show_report(report(pieces=()))
    assert report_view.schedule._stack.currentIndex() == 0
    assert report_view.schedule._empty.isVisible()
    assert report_view.schedule.shown is None
    report_view.show_report(None)
    assert report_view._stack.currentIndex() == 0
    assert gantt_of(report_view).model_rows.rowCount() == 0
    ReportView().schedule.chart.copy()


def test_pieces_are_grouped_by_block_and_the_limited_ones_stand_out(report_view: ReportView) -> None:
    groups = items_of(report_view.schedule.tree)
    assert [group.text(0).split() for group in groups] == [["cascade/mm1", "dot"], ["cascade/mm2", "dot"]]
    items = pieces_of(report_view.schedule)
    assert [item.text(0) for item in items] == ["i", "i/if/k (4 lanes)", "i/m/n", "scale: k", "i"]
    assert [item.text(1) for item in items] == ["once", "5", "1", "2", "once"]
    assert [item.text(2) for item in items] == ["1", "9", "2", "3", "4"]
    marked = [not item.icon(0).isNull() for item in items]
    assert marked == [limited(piece) for piece in PIECES] == [False, True, False, True, False]
    assert [item.foreground(1).color() == colours.WARNING for item in items] == marked
    assert report_view.schedule.shown == DOT, "the piece with the largest II is looked at first"


def test_the_chart_says_what_the_piece_costs_and_why(report_view: ReportView) -> None:
    chart = report_view.schedule.chart
    assert chart.title.text() == headline(DOT) == "II=5, 9 cycles deep"
    assert chart.reason.text() == "recurrence fadd"
    assert chart.reason.wordWrap()
    assert chart.limits.isVisible()
    report_view.schedule.choose(0)
    assert chart.title.text() == "once, 1 cycle deep"
    assert not chart.reason.isVisible()
    assert not chart.limits.isVisible()
    long = Piece("dot", ("i",), "pipeline", 2, 1, (Row("load", 0, 0),), "fadd -> " * 500)
    chart.show_piece(long)
    assert len(chart.reason.text()) < 500
    assert chart.reason.toolTip() == long.reason


def test_a_row_has_its_lanes_line_and_cycles(report_view: ReportView) -> None:
    model = gantt_of(report_view).model_rows
    shown = [[model.index(row, column).data() for column in range(CHART)] for row in range(model.rowCount())]
    assert shown[2] == ["2", "4 × fmul", "12", "1..4"]
    assert shown[5] == ["5", "index", "", "0"]
    tip = model.index(2, CHART).data(Role.ToolTipRole)
    assert "takes values from #0 4 × load A, #1 4 × load B" in tip
    assert "gives its value to #3 fadd" in tip
    assert LINE.format(12) in tip
    assert "limits the II of 5" not in tip
    assert "limits the II of 5" in model.index(3, 0).data(Role.ToolTipRole)


def test_what_limits_the_interval_has_a_sign_and_the_warning_colour(report_view: ReportView) -> None:
    gantt = gantt_of(report_view)
    model = gantt.model_rows
    names = [model.index(row, 1) for row in range(model.rowCount())]
    assert [name.data().startswith("◆") for name in names] == [False, False, False, True, True, False]
    assert [name.data(Role.ForegroundRole) == colours.WARNING for name in names] == [
        False, False, False, True, True, False,
    ]  # fmt: skip
    image = gantt.viewport().grab().toImage()
    for number in range(model.rowCount()):
        found = QColor(image.pixel(gantt.bar(number).center().toPoint()))
        assert found.rgb() == (colours.WARNING if number in (3, 4) else colours.ACCENT).rgb(), number


def test_a_pipeline_that_starts_every_cycle_is_limited_by_nothing(report_view: ReportView) -> None:
    report_view.schedule.choose(2)
    model = gantt_of(report_view).model_rows
    assert model.rows[0].critical
    assert model.index(0, 1).data() == "load C"


def test_bars_lie_in_their_cycles_and_marks_at_the_starts_of_iterations(report_view: ReportView) -> None:
    gantt = gantt_of(report_view)
    axis, left = gantt.axis, gantt.columnViewportPosition(CHART)
    assert list(axis.marks(DOT)) == [5]
    assert list(axis.marks(PIECES[0])) == [], "a segment has no next iteration"
    assert list(axis.marks(PIECES[2])) == list(range(1, 10))
    for number, row in enumerate(DOT.rows):
        bar = gantt.bar(number)
        assert bar.left() == pytest.approx(left + axis.at(row.start))
        assert bar.width() == pytest.approx((row.end - row.start + 1) * axis.cell)
    image = gantt.viewport().grab().toImage()
    # Between the bars of a row in which nothing is at cycle 5: the mark, and beside it the ground.
    y = round(gantt.bar(5).center().y())
    x = left + round(axis.at(5))
    assert image.pixel(x, y) != image.pixel(x + 5, y) == image.pixel(x - 5, y)


def test_choosing_an_operation_shows_where_values_come_from_and_go(report_view: ReportView) -> None:
    gantt, chart = gantt_of(report_view), report_view.schedule.chart
    before = gantt.viewport().grab().toImage()
    chart.choose(2)
    assert list(gantt.links()) == [(0, 2, TAKES), (1, 2, TAKES), (2, 3, GIVES)]
    for text in ("4 × fmul", "#0 4 × load A, #1 4 × load B", "#3 fadd"):
        assert text in chart.links.text()
    image = gantt.viewport().grab().toImage()
    # An arrow goes down from the last cycle of what it comes from.
    end, own = gantt.bar(0), gantt.bar(2)
    x = round(end.right() - gantt.axis.cell / 2)
    beside = [QPoint(n, round(gantt.bar(1).top()) - 4) for n in (x - 1, x, x + 1)]
    assert own.top() > beside[0].y() > end.bottom()
    assert any(image.pixel(at) != before.pixel(at) for at in beside)
    assert QColor(image.pixel(round(end.left()) + 6, round(end.top()))).rgb() == TAKES.rgb(), "its edge is marked"
    chart.choose(5)
    assert list(gantt.links()) == []


def test_a_label_is_text_not_markup(report_view: ReportView) -> None:
    rows = (Row("load <b>", 0, 1), Row("fadd", 1, 2, 1, (0,)))
    report_view.schedule.chart.show_piece(Piece("f", (), "segment", None, 3, rows))
    report_view.schedule.chart.choose(1)
    assert "load &lt;b&gt;" in report_view.schedule.chart.links.text()


def test_keys_move_zoom_open_and_copy(report_view: ReportView, qtbot: Any) -> None:
    report_view.schedule.chart.show_piece(big_piece(60, 400))
    gantt, opened = gantt_of(report_view), []
    assert gantt.hasFocus()
    assert gantt.chosen == 0, "who comes by the keyboard sees where the keys start"
    press(gantt, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up)
    assert gantt.chosen == 1
    press(gantt, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert gantt.axis.offset == 2 * (gantt.axis.width // 4)
    assert report_view.schedule.chart.bar.value() == gantt.axis.offset, "the scroll bar follows"
    assert gantt.chosen == 1
    press(gantt, Qt.Key.Key_Left)
    assert gantt.axis.offset == gantt.axis.width // 4
    cell = gantt.axis.cell
    press(gantt, Qt.Key.Key_Plus)
    assert gantt.axis.cell == pytest.approx(1.25 * cell)
    press(gantt, Qt.Key.Key_0)
    assert gantt.axis.cell == cell
    press(gantt, Qt.Key.Key_PageDown, Qt.Key.Key_PageDown)
    assert gantt.chosen > 10
    assert gantt.axis.at(gantt.model_rows.rows[gantt.chosen].start) >= 0, "its cycles are in view"
    report_view.schedule.choose(3)
    report_view.schedule.choose(1)
    report_view.schedule.chart.choose(3)
    report_view.source_chosen.connect(opened.append)
    press(gantt, Qt.Key.Key_Return, Qt.Key.Key_Enter)
    assert opened == [LINE.format(13)] * 2
    QTest.keyClick(gantt, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "3  fadd  cycles 4..8  line 13  after 2  limits the II of 5"


def test_the_focus_is_seen(report_view: ReportView) -> None:
    gantt = gantt_of(report_view)
    QApplication.processEvents()
    ring = QColor(gantt.grab().toImage().pixel(gantt.width() // 2, 0))
    report_view.schedule.tree.setFocus()
    QApplication.processEvents()
    assert ring != QColor(gantt.grab().toImage().pixel(gantt.width() // 2, 0))
    assert QColor(report_view.schedule.tree.grab().toImage().pixel(report_view.schedule.tree.width() // 2, 0)) == ring


def test_a_choice_outside_of_the_cycles_in_view_is_brought_there(report_view: ReportView) -> None:
    report_view.schedule.chart.show_piece(big_piece(500, 500))
    gantt = gantt_of(report_view)
    axis = gantt.axis
    assert axis.furthest > 0
    for number in (499, 0, 250):
        report_view.schedule.chart.choose(number)
        row = gantt.model_rows.rows[number]
        assert axis.at(row.start) >= 0
        assert axis.at(row.end + 1) <= axis.width
    assert gantt.horizontalScrollBar().value() == 0, "the columns of texts stay"


def test_only_what_is_in_view_is_painted(report_view: ReportView) -> None:
    """Of 2,000 operations over 500 cycles, the rows in report_view, and of each the cycles in report_view."""
    seen: list[int] = []

    class Counting(BarDelegate):
        def paint(
            self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
        ) -> None:
            seen.append(index.row())
            super().paint(painter, option, index)

    gantt = gantt_of(report_view)
    gantt.setItemDelegate(Counting(gantt))
    report_view.schedule.chart.show_piece(big_piece(2000, 500))
    QApplication.processEvents()
    room = gantt.viewport().height() // gantt.rowHeight(0) + 2
    seen.clear()
    report_view.schedule.chart.choose(1000)
    gantt.viewport().repaint()
    assert 1000 in seen
    assert len(set(seen)) <= room < 40
    assert len(gantt.axis.shown()) < 250
    assert len(list(gantt.axis.marks(gantt.model_rows.piece))) * 7 <= gantt.axis.width + 7


def test_marks_keep_apart_where_cycles_are_narrow(report_view: ReportView) -> None:
    axis = gantt_of(report_view).axis
    axis.reset(10_000)
    piece = big_piece(10, 10_000)
    places = [axis.at(cycle) for cycle in axis.marks(piece)]
    assert len(places) > 5
    assert min(b - a for a, b in pairwise(places)) >= 7


def test_a_source_is_opened_from_rows_and_pieces(studio: Window, monkeypatch: Any, qtbot: Any) -> None:
    def quick(loaded: Any, out: Path, **rest: Any) -> Any:
        return BuildResult(report())

    monkeypatch.setattr(ui.builder, "build", quick)
    studio.actions_by_id["build"].trigger()
    qtbot.waitUntil(lambda: not studio.builder.running, timeout=30_000)
    shown, marked = studio.panels.report, lambda: studio.panels.code.source.marked_line
    assert shown.schedule.shown == DOT
    shown.schedule.chart.gantt.doubleClicked.emit(shown.schedule.chart.gantt.model_rows.index(2, CHART))
    assert marked() == 12
    tree, item = shown.schedule.tree, pieces_of(shown.schedule)[1]
    tree.itemDoubleClicked.emit(item, 0)
    assert marked() == 10
    tree.itemClicked.emit(pieces_of(shown.schedule)[4], 0)
    assert studio.panels.canvas.selected_blocks() == ["mm2"]


def test_a_new_report_keeps_the_piece_that_was_looked_at(report_view: ReportView) -> None:
    report_view.schedule.choose(3)
    report_view.show_report(report(PIECES[1:]))
    assert report_view.schedule.shown == PIECES[3]
    report_view.show_report(report(PIECES[:3]))
    assert report_view.schedule.shown == DOT
