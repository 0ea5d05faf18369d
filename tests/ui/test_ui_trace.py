"""The views of the code follow each other: source, loops, MLIR, C++ and Verilog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from allo_studio.origins import Extent, LineMap, Origin
from allo_studio.pipeline import build, check_project
from allo_studio.project import load_project
from ui.code_dock import CodeDock
from ui.code_view import CodeView
from ui.trace import Mark, Trace, loop_mark, source_lines
from ui.window import Window

A, B = ("k.py", 1), ("k.py", 2)
OUTER, INNER = ("f", "i"), ("f", "j")


def origin(*places: tuple[str, int], loops: tuple[tuple[str, str], ...] = (), opens: bool = False) -> Origin:
    return Origin(frozenset(places), loops, opens)


MLIR = LineMap(
    (
        origin(A, loops=(OUTER,), opens=True),
        origin(A, loops=(OUTER, INNER), opens=True),
        origin(A, loops=(OUTER, INNER)),
        origin(B, loops=(OUTER,)),
        origin(),
    )
)
CPP = LineMap((origin(), *MLIR.origins[:4], *MLIR.origins[:4]), (Extent("top/x", 2, 5), Extent("top/y", 6, 9)))
VERILOG = LineMap((origin(A), origin(B), origin(A, B)))
TRACE = Trace({"mlir": MLIR, "hls": CPP, "verilog": VERILOG})


def test_a_statement_is_marked_where_its_loop_is_the_same() -> None:
    mark = TRACE.mark("mlir", 3)
    assert mark == Mark(frozenset({A}), INNER, False, "")
    assert TRACE.lines("hls", Mark(mark.places, mark.loop, block="top/y")) == (8,)
    assert TRACE.lines("verilog", mark) == (1, 3), "where loops are not known the places tell"
    assert TRACE.loops("mlir", mark) == (INNER,)


def test_a_loop_is_all_that_is_in_it() -> None:
    mark = TRACE.mark("hls", 6)
    assert (mark.loop, mark.whole, mark.block) == (OUTER, True, "top/y")
    assert TRACE.lines("mlir", mark) == (1, 2, 3, 4)
    assert TRACE.lines("hls", mark) == (6, 7, 8, 9)
    assert TRACE.lines("verilog", mark) == (1, 2, 3)


def test_a_line_of_the_source_is_marked_wherever_it_went() -> None:
    mark = Mark(frozenset({B}), block="top/x")
    assert TRACE.lines("mlir", mark) == (4,)
    assert TRACE.lines("hls", mark) == (5,)
    assert TRACE.loops("mlir", mark) == (OUTER,), "the loop around it, as none starts there"
    assert TRACE.loops("mlir", Mark(frozenset({A}))) == (OUTER, INNER)


def test_nothing_belongs_to_a_line_without_an_origin() -> None:
    mark = TRACE.mark("mlir", 5)
    assert [TRACE.lines(view, mark) for view in ("mlir", "hls", "verilog", "unknown")] == [(), (), (), ()]
    assert TRACE.mark("hls", 6, "top/y").block == "top/y"
    shared = Trace({"hls": LineMap((origin(A),), (Extent("top/x", 1, 1), Extent("top/y", 1, 1)))})
    assert [shared.mark("hls", 1, block).block for block in ("top/y", "top/z")] == ["top/y", "top/x"]


def test_the_mark_of_a_loop_has_the_lines_of_its_body(project: Path) -> None:
    kernel = check_project(load_project(project)).kernels["cascade/mm1"]
    assert kernel.scheduled is not None
    mark = loop_mark(kernel.scheduled.irs[-1], "gemm", "k")
    assert sorted(line for _, line in mark.places) == [10, 11, 12]
    source = kernel.scheduled.irs[-1].source
    lines = source_lines(source)
    assert [line for line in range(1, len(lines.origins) + 1) if lines.at(line).places & mark.places] == [10, 11, 12]


def click_line(view: CodeView, line: int) -> None:
    """Click a line with the mouse."""
    view.verticalScrollBar().setValue(max(0, line - 3))
    QApplication.processEvents()
    block = view.document().findBlockByNumber(line - 1)
    box = view.blockBoundingGeometry(block).translated(view.contentOffset())
    at = QPoint(12, round(box.center().y()))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    QApplication.processEvents()


def line_with(view: CodeView, text: str) -> int:
    return next(n for n, line in enumerate(view.toPlainText().split("\n"), 1) if text in line)


def texts(view: CodeView) -> list[str]:
    lines = view.toPlainText().split("\n")
    return [lines[line - 1].strip() for line in view.traced]


@pytest.fixture
def code(studio: Window) -> CodeDock:
    studio.panels.docks["Code"].setFloating(True)
    studio.panels.docks["Code"].resize(900, 700)
    studio.panels.canvas.select("mm1")
    studio.panels.inspector.select("mm1", None)
    QApplication.processEvents()
    return studio.panels.code


def test_a_click_in_the_source_marks_loops_mlir_and_cpp(code: CodeDock) -> None:
    code.panes.bring(code.source)
    click_line(code.source, 12)
    assert code.source.traced == (12,)
    assert code.loops.traced() == ["j.inner"]
    code.panes.bring(code.mlir)
    shown = texts(code.mlir)
    assert any("arith.mulf" in line for line in shown)
    assert not any("affine.for" in line for line in shown)
    code.panes.bring(code.cpp)
    assert texts(code.cpp) == [
        "C_tile[8 * j_outer + j_inner] += A[i][k] * B[k][8 * j_outer + j_inner];  // kernels/gemm.py:12"
    ]


def test_a_click_on_a_loop_marks_its_lines_everywhere(code: CodeDock) -> None:
    code.panes.bring(code.loops)
    (item,) = code.loops.loops.findItems("k", Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
    at = code.loops.loops.visualItemRect(item).center()
    QTest.mouseClick(code.loops.loops.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert code.loops.traced() == ["k"]
    assert code.source.traced == (10, 11, 12)
    code.panes.bring(code.cpp)
    found = texts(code.cpp)
    assert found[0].startswith("k: for")
    assert found[-1] == "}"
    assert len(found) == 11


def test_keys_choose_lines_too(code: CodeDock) -> None:
    code.panes.bring(code.mlir)
    click_line(code.mlir, line_with(code.mlir, "arith.mulf") - 1)
    assert code.source.traced == (12,)
    QTest.keyClick(code.mlir, Qt.Key.Key_Up)
    QTest.keyClick(code.mlir, Qt.Key.Key_Up)
    QTest.keyClick(code.mlir, Qt.Key.Key_Up)
    assert "affine.apply" in texts(code.mlir)[0]
    assert code.source.traced == (10,)


def test_another_step_clears_the_marks(studio: Window, code: CodeDock) -> None:
    code.panes.bring(code.source)
    click_line(code.source, 12)
    studio.panels.inspector.kernel_page.schedule.steps.setCurrentRow(0)
    assert code.source.traced == ()
    assert code.loops.traced() == []


def test_two_views_stand_beside_each_other(studio: Window, code: CodeDock) -> None:
    code.panes.bring(code.mlir)
    studio.actions_by_id["split_code"].trigger()
    QApplication.processEvents()
    assert list(code.panes.visible_tabs()) == [code.panes.first.currentWidget(), code.mlir]
    code.panes.bring(code.source)
    assert code.source.isVisible()
    assert code.mlir.isVisible()
    assert code.panes.orientation() == Qt.Orientation.Horizontal
    click_line(code.source, 12)
    assert any("arith.mulf" in line for line in texts(code.mlir))
    click_line(code.mlir, line_with(code.mlir, '{allo.name = "k"'))
    assert code.source.traced == (11,)
    studio.panels.docks["Code"].resize(QSize(400, 900))
    QApplication.processEvents()
    assert code.panes.orientation() == Qt.Orientation.Vertical
    studio.actions_by_id["split_code"].trigger()
    assert code.panes.second.isHidden()
    assert code.panes.first.count() == 5


def built(window: Window, target: Any, tmp_path: Path) -> None:
    session = window.session
    assert session.loaded is not None
    assert session.project is not None
    result = build(session.loaded, tmp_path / target, target=target, project=session.project, simulate=False)
    session.finish_build(result, session.project)


def test_code_of_both_targets_is_there_and_a_click_goes_to_the_block(
    studio: Window, code: CodeDock, tmp_path: Path
) -> None:
    code.panes.bring(code.cpp)
    assert "the kernel as it is now" in code.panes.title_of(code.cpp)[1]
    built(studio, "hls", tmp_path)
    built(studio, "rtl", tmp_path)
    assert code.panes.title_of(code.cpp) == ("C++", "cascade.cpp")
    assert code.panes.title_of(code.verilog) == ("Verilog", "cascade_mm1.sv")
    line = line_with(code.cpp, "A_local[k] * B[k]")
    assert code._made[code.cpp].lines.blocks_at(line) == ("cascade/mm2",)
    click_line(code.cpp, line)
    assert studio.panels.inspector.block == "mm2"
    assert studio.panels.canvas.selected_blocks() == ["mm2"]
    assert code.cpp.line == line, "the view stays where it was clicked"
    assert code.cpp.marked_line is None, "the head of the other block is no more than code"
    assert code.source.traced
    assert code.panes.title_of(code.verilog) == ("Verilog", "cascade_mm2.sv")
    click_line(code.source, 12)
    code.panes.bring(code.source)
    click_line(code.source, 12)
    code.panes.bring(code.verilog)
    found = texts(code.verilog)
    assert len(found) > 50
    assert any(line.endswith("// kernels/gemm.py:12:13") for line in found)
    code.panes.bring(code.cpp)
    assert [line for line in code.cpp.traced if code._made[code.cpp].lines.blocks_at(line) != ("cascade/mm2",)] == []


def test_after_an_edit_the_kernel_is_shown_as_it_is_now(studio: Window, code: CodeDock, tmp_path: Path) -> None:
    code.panes.bring(code.cpp)
    built(studio, "hls", tmp_path)
    schedule = studio.panels.inspector.kernel_page.schedule
    schedule.steps.setCurrentRow(schedule.steps.count() - 1)
    schedule.remove_step()
    assert code.cpp.toPlainText().count("void ") == 1
    studio.panels.canvas.select(None)
    studio.panels.inspector.select(None, None)
    assert code.panes.title_of(code.cpp) == ("C++ (old)", "cascade.cpp: of an earlier design")
    studio.do_undo()
    assert code.panes.title_of(code.cpp) == ("C++", "cascade.cpp")
