"""A kernel before and after a step, side by side: pure rows, the view, and the window that follows the block."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ui.compare_steps import ALL, CompareSteps
from ui.kernel_text import FORMS, text_of
from ui.line_diff import Row, aligned, change_starts
from ui.window import Window

LINES = st.lists(st.sampled_from(["", "a b", "a c", "for i", "  for i", "x = 1;", "x = 2;"]), max_size=12)


@given(LINES, LINES)
def test_every_line_has_its_row_once_and_in_order(before: list[str], after: list[str]) -> None:
    rows = aligned("\n".join([*before, "end"]), "\n".join([*after, "end"]))
    old, new = [*before, "end"], [*after, "end"]
    assert [row.before for row in rows if row.before] == list(range(1, len(old) + 1))
    assert [row.after for row in rows if row.after] == list(range(1, len(new) + 1))
    for row in rows:
        assert {"removed": row.after is None, "added": row.before is None}.get(row.kind, True)
        if row.before and row.after:
            one, other = old[row.before - 1], new[row.after - 1]
            assert (one == other) == (row.kind == "same")
            assert kept(one, row.before_parts) == kept(other, row.after_parts), "what is not marked is the same"


def kept(text: str, parts: tuple[tuple[int, int], ...]) -> str:
    return "".join(c for n, c in enumerate(text) if not any(start <= n < end for start, end in parts))


def test_lines_that_are_alike_stand_beside_each_other_with_whole_words_marked() -> None:
    before = "head\nC[i][j] += A[i][k];\ntail"
    after = "head\nfloat tile[8];\nC[i][8 * j] += A[i][k];\ntail"
    assert aligned(before, after) == (
        Row("same", 1, 1),
        Row("added", None, 2),
        Row("changed", 2, 3, (), ((5, 9),)),
        Row("same", 3, 4),
    )
    assert change_starts(aligned(before, after)) == (1,)
    assert [row.kind for row in aligned("alpha", "0123456")] == ["removed", "added"]
    assert aligned("", "") == ()
    assert change_starts(aligned("a\nb\nc", "x\nb\ny")) == (0, 3)


@pytest.fixture
def compare(studio: Window) -> CompareSteps:
    studio.panels.canvas.select("mm1")
    studio.panels.inspector.select("mm1", None)
    studio.panels.inspector.kernel_page.schedule.steps.setCurrentRow(2)
    QTest.keyClick(studio, Qt.Key.Key_F7)
    QApplication.processEvents()
    assert studio._compare is not None
    return studio._compare


def shown(side: object) -> list[str]:
    return str(side.toPlainText()).split("\n")  # type: ignore[attr-defined]


def test_the_forms_of_a_kernel(studio: Window, compare: CompareSteps) -> None:
    ir = studio.panels.inspector.irs[-1]
    loops = text_of(ir, "Loops")
    assert "    loop i of 64\n" in loops
    assert "            loop j.outer of 8, pipeline II=1\n                loop j.inner of 8, unrolled\n" in loops
    assert "loop k of 64, reduction\n" in loops
    assert "    in B: float32[64, 64]  layout (-, cyclic 8)\n" in loops
    assert text_of(ir, "MLIR") == ir.text()
    assert "#pragma HLS unroll" in text_of(ir, "C++")
    assert list(FORMS) == ["Loops", "MLIR", "C++"]


def test_the_chosen_step_is_shown_before_and_after(studio: Window, compare: CompareSteps) -> None:
    assert compare.isVisible()
    assert compare.windowTitle() == "Before and after: mm1"
    assert compare.step.currentText().split()[:2] == ["3", "buffer_at"]
    assert compare.step.itemText(0) == ALL
    diff = compare.diff
    before, after = shown(diff.before), shown(diff.after)
    assert len(before) == len(after) == len(diff.rows)
    row = next(n for n, line in enumerate(after) if "C_tile_back_0" in line)
    assert before[row] == ""
    assert diff.before.line_number(row + 1) == ""
    assert diff.after.line_number(row + 1) == str(diff.rows[row].after)
    for form in FORMS:
        compare.choose(ALL, form)
        irs = studio.panels.inspector.irs
        old, new = text_of(irs[0], form).splitlines(), text_of(irs[-1], form).splitlines()
        assert [line for line, row in zip(shown(diff.before), diff.rows, strict=True) if row.before] == old
        assert [line for line, row in zip(shown(diff.after), diff.rows, strict=True) if row.after] == new


def test_keys_go_from_change_to_change_and_both_sides_scroll_together(compare: CompareSteps) -> None:
    compare.resize(700, 260)
    compare.choose(ALL, "C++")
    QApplication.processEvents()
    diff = compare.diff
    assert len(diff.starts) > 2
    assert compare.count.text() == f"change 1 of {len(diff.starts)}"
    for number in range(1, len(diff.starts)):
        QTest.keyClick(compare, Qt.Key.Key_F7)
        assert compare.count.text() == f"change {number + 1} of {len(diff.starts)}"
        assert diff.before.line == diff.after.line == diff.starts[number] + 1
        assert diff.before.traced[0] == diff.starts[number] + 1
        assert all(diff.rows[line - 1].kind != "same" for line in diff.before.traced)
    QTest.keyClick(compare, Qt.Key.Key_F7)
    assert diff.at == 0, "after the last comes the first"
    QTest.keyClick(compare, Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    assert diff.at == len(diff.starts) - 1
    bars = [side.verticalScrollBar() for side in (diff.before, diff.after)]
    for one, other in (bars, bars[::-1]):
        one.setValue(one.maximum() // 2)
        assert other.value() == one.value() > 0
        one.setValue(0)
        assert other.value() == 0


def test_it_follows_the_block_and_its_steps(studio: Window, compare: CompareSteps) -> None:
    panel = studio.panels.inspector.kernel_page.schedule
    panel.turn_step(6, False)
    compare.choose(compare.step.itemText(7), "MLIR")
    assert compare.step.currentText().startswith("7   unroll")
    assert compare.count.text() == "no difference", "a disabled step does nothing"
    assert compare.diff.starts == ()
    studio.do_undo()
    assert compare.step.currentText().startswith("7   unroll"), "the choice stays"
    studio.panels.inspector.select("mm2", None)
    assert compare.windowTitle() == "Before and after: mm2"
    studio.panels.inspector.select(None, None)
    assert compare.step.count() == 0
    assert compare.count.text() == "Select a kernel block that has steps"
    assert shown(compare.diff.before) == [""]


def test_a_step_in_the_form_is_compared_before_it_is_added(
    studio: Window, compare: CompareSteps, qtbot: object
) -> None:
    panel = studio.panels.inspector.kernel_page.schedule
    panel.add_step()
    panel.form.choose("unroll", axis="k", factor=2)
    qtbot.waitUntil(lambda: panel.form.trial[1] is not None, timeout=10_000)  # type: ignore[attr-defined]
    last = compare.step.itemText(compare.step.count() - 1)
    assert last == "The step in the form"
    compare.choose(last, "Loops")
    assert any("loop k of 64, unrolled by 2" in line for line in shown(compare.diff.after))
    assert not studio.session.dirty
    panel.form.rejected.emit()
    studio.fill_comparison()
    assert compare.step.itemText(compare.step.count() - 1) != "The step in the form"
