"""What the tables of loops, blocks and channels say, and the way from a loop to its piece of the schedule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from schedule_samples import DOT, LINE, LOOPS, PIECES, loop, report

from allo_studio.frontend import parse_kernel
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.hardware.view import Piece
from allo_studio.report.model import LoopRow, ProcessRow
from allo_studio.source import Source
from nodes.picture import describe
from ui.actions import ROW_ACTIONS
from ui.report_rows import LOOP_HEADERS, depth_text
from ui.report_view import ReportView
from ui.results import loop_rows, overlays, piece_of
from ui.tables import items_of
from ui.window import Window


def press(widget: Any, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(widget, key)
    QApplication.processEvents()


def test_the_loops_have_resources_functions_and_unproven_intervals(report_view: ReportView) -> None:
    rows = [[item.text(n) for n in range(len(LOOP_HEADERS))] for item in items_of(report_view.loops)]
    at = LOOP_HEADERS.index
    assert [row[at("II")] for row in rows] == ["", "5 ?", "1", "1", "2"]
    assert [row[at("Function")] for row in rows] == ["", "", "", "", "scale"]
    assert [rows[1][at(name)] for name in ("DSP", "LUT", "FF")] == ["12", "1,300", "77"]
    assert "not proven" in items_of(report_view.loops)[1].toolTip(at("II"))
    assert "was asked for" in items_of(report_view.loops)[1].toolTip(at("II"))
    assert not report_view.loops.isColumnHidden(at("Function"))
    report_view.show_report(report(loops=LOOPS[:4]))
    assert report_view.loops.isColumnHidden(at("Function"))


def test_a_loop_leads_to_its_piece_by_key_and_menu(report_view: ReportView) -> None:
    report_view.tabs.setCurrentWidget(report_view.loops)
    report_view.loops.setFocus()
    report_view.loops.setCurrentItem(report_view.loops.topLevelItem(4))
    press(report_view.loops, Qt.Key.Key_S)
    assert report_view.tabs.currentWidget() is report_view.schedule
    assert report_view.schedule.shown == PIECES[3]
    assert report_view.schedule.chart.gantt.hasFocus()
    assert [action.objectName() for action in report_view.loops.actions()] == [
        "show_schedule", "show_line", "copy_row",
    ]  # fmt: skip
    assert report_view.loops.contextMenuPolicy() == Qt.ContextMenuPolicy.ActionsContextMenu
    report_view.loops.setCurrentItem(report_view.loops.topLevelItem(2))
    report_view.loops.actions()[0].trigger()
    assert report_view.schedule.shown == PIECES[2]


def test_enter_opens_the_line_of_a_loop(report_view: ReportView) -> None:
    opened: list[str] = []
    report_view.source_chosen.connect(opened.append)
    report_view.tabs.setCurrentWidget(report_view.loops)
    report_view.loops.setFocus()
    report_view.loops.setCurrentItem(report_view.loops.topLevelItem(1))
    press(report_view.loops, Qt.Key.Key_Return)
    assert opened == [LINE.format(10)]


def test_the_piece_of_a_loop() -> None:
    found = [piece_of(report(), number) for number in range(len(LOOPS))]
    assert found == [0, 1, 2, 2, 3], "its own piece; of a flattened loop the one it is in; of a function its own"
    assert piece_of(report(pieces=PIECES[1:]), 0) == 0, "else the first inside"
    assert piece_of(report(pieces=PIECES[4:]), 1) is None
    twins = (DOT, Piece("dot", ("i", "k"), "pipeline", 1, 1, (), "", LINE.format(20), "cascade/mm1"))
    loops = (*LOOPS[:2], loop("k", 1, source=LINE.format(20)))
    assert [piece_of(report(twins, loops), number) for number in (1, 2)] == [0, 1]


_TWINS = """
def inner(x: float32[16]) -> float32:
    s: float32 = 0.0
    for k in range(16):
        s += x[k]
    return s


def top(A: float32[16], B: float32[16]):
    for i in range(16):
        if A[i] > 0.0:
            for k in range(16):
                B[k] = B[k] + A[k]
        else:
            for k in range(16):
                B[k] = B[k] * A[k] + inner(A)
"""


def test_every_pipelined_loop_of_a_schedule_has_its_piece() -> None:
    """Loops of one name in two branches and in a called function: the piece has the row's figures and reason."""
    schedule = schedule_kernel(parse_kernel(Source("k.py", _TWINS), "top"), load_operators("vitis", 3.33))
    pieces = tuple(schedule.pieces())
    loops = tuple(
        LoopRow("", row.loop, row.depth, row.trip_count, row.latency, row.iteration_latency, row.interval,
                function=row.function, source=str(row.span or ""), pipelined=row.pipelined, reason=row.reason)
        for row in schedule.loops()
    )  # fmt: skip
    found = [piece_of(report(pieces, loops), number) for number, row in enumerate(loops) if row.pipelined]
    assert len(found) == len(set(found)) >= 2
    for row, number in zip([row for row in loops if row.pipelined], found, strict=True):
        assert number is not None
        piece = pieces[number]
        assert (piece.interval, piece.depth, piece.reason) == (row.ii, row.iteration_latency, row.reason)


def test_loops_of_one_name_in_two_functions_are_kept_apart() -> None:
    rows = loop_rows(report(), "cascade/mm1")
    assert (rows["dot", "k"].ii, rows["scale", "k"].ii) == (5, 2)
    assert loop_rows(None, "cascade/mm1") == {}


def test_a_block_says_its_formula_and_what_it_depends_on(report_view: ReportView) -> None:
    first, second = items_of(report_view.blocks)
    assert first.text(report_view.blocks.columnCount() - 1) == "i·(1 + 5·(k - 1) + 9)"
    assert first.toolTip(report_view.blocks.columnCount() - 1) == "i·(1 + 5·(k - 1) + 9)"
    assert first.childCount() == second.childCount() == 0
    report_view.show_report(report(depends="the trips of k (kernels/gemm.py:10:9)"))
    report_view.tabs.setCurrentWidget(report_view.blocks)
    QApplication.processEvents()
    first, second = items_of(report_view.blocks)
    note = first.child(0)
    assert note.text(0) == "depends on data: the trips of k (kernels/gemm.py:10:9)"
    assert report_view.blocks.visualItemRect(note).height() > 0
    assert second.childCount() == 0


def test_other_profiles_stand_beside_the_first(report_view: ReportView) -> None:
    card = report_view.summary.cycles["Latency"]
    assert card.number.text() == "35,541 cycles"
    assert card.detail.text().replace("\u00a0", " ") == "118.4 µs · open: 35,410 cycles"
    assert items_of(report_view.channels)[0].text(3) == "6 (open: 4)"
    assert depth_text({"vitis": 6, "open": 6}, "vitis") == "6"
    assert depth_text({}, "vitis") == ""


def test_a_wire_shows_the_depth_of_the_report_s_profile(studio: Window) -> None:
    wires = overlays(report(), studio.session.level).wires
    assert wires == {"mm1.C->mm2.A": "fifo  ·  depth 6"}


def test_row_actions_have_keys_of_their_own() -> None:
    keys = [spec.shortcut for spec in ROW_ACTIONS.values()]
    assert len(set(keys)) == len(keys)
    assert all(keys)


def test_a_block_shows_its_interval_and_how_long_it_waits(studio: Window) -> None:
    rows = (
        ProcessRow("cascade/mm1", "gemm", 300, 300, dsp=4, stall=100),
        ProcessRow("cascade/sub/a", "gemm", 50, 50, dsp=1),
        ProcessRow("cascade/sub/b", "gemm", 90, 90, dsp=2, stall=10),
    )
    loops = (loop("k", 0, ii=2), loop("j", 0, ii=1))
    told = overlays(replace(report(loops=loops), processes=rows), studio.session.level)
    assert told.blocks == {"mm1": "300 cycles  ·  4 DSP", "sub": "90 cycles  ·  3 DSP"}
    assert told.intervals == {"mm1": 2}
    assert told.waits == {"mm1": 0.25, "sub": 0.1}
    graph, checked = studio.session.graph, studio.session.checked
    assert graph is not None
    assert checked is not None
    block = describe(graph, checked, told).blocks["mm1"]
    assert (block.waits, block.interval) == (0.25, "II 2")
    assert block.tooltip == "It waits on channels for 25% of its time."
    assert describe(graph, checked).blocks["mm1"].waits is None
