"""The list of steps: disabled, moved, changed and removed by mouse and by keys; every one of these can be undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionViewItem

from allo_studio.design.edits import DisableStep
from allo_studio.project import load_project
from ui.schedule_panel import SchedulePanel
from ui.step_list import Cells, StepList
from ui.window import Window


@pytest.fixture
def panel(studio: Window) -> SchedulePanel:
    studio.panels.docks["Inspector"].setFloating(True)
    studio.panels.docks["Inspector"].resize(460, 900)
    studio.panels.canvas.select("mm1")
    studio.panels.inspector.select("mm1", None)
    QApplication.processEvents()
    return studio.panels.inspector.kernel_page.schedule


def names(panel: SchedulePanel) -> list[str]:
    return [spec.name for spec in panel.specs()]


def off(panel: SchedulePanel) -> list[int]:
    return [row for row, spec in enumerate(panel.specs()) if spec.disabled]


def test_a_click_on_its_box_disables_a_step_and_undo_enables_it(studio: Window, panel: SchedulePanel) -> None:
    option = QStyleOptionViewItem()
    panel.steps.itemDelegate().initStyleOption(option, panel.steps.model().index(6, 0))
    option.rect = panel.steps.visualItemRect(panel.steps.item(6))
    box = panel.steps.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, option, panel.steps)
    QTest.mouseClick(panel.steps.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, box.center())
    QApplication.processEvents()
    assert off(panel) == [6]
    assert studio.actions_by_id["undo"].text() == "&Undo Disable step 7 of row_wise"
    assert panel.steps.item(6).font().strikeOut()
    assert studio.panels.inspector.irs[-1] is studio.panels.inspector.irs[-2]
    studio.do_undo()
    assert off(panel) == []
    assert not panel.steps.item(6).font().strikeOut()
    assert studio.panels.inspector.irs[-1] is not studio.panels.inspector.irs[-2]


def test_keys_disable_move_change_and_remove(studio: Window, panel: SchedulePanel) -> None:
    steps = panel.steps
    steps.setFocus()
    steps.setCurrentRow(3)
    QTest.keyClick(steps, Qt.Key.Key_Space)
    QApplication.processEvents()
    assert off(panel) == [3]
    QTest.keyClick(steps, Qt.Key.Key_Space)
    QApplication.processEvents()
    assert off(panel) == []
    QTest.keyClick(steps, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [spec.args["buffer"] for spec in panel.specs()[3:5]] == ["C", "B"]
    assert steps.currentRow() == 4
    QTest.keyClick(steps, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [spec.args["buffer"] for spec in panel.specs()[3:5]] == ["B", "C"]
    assert steps.currentRow() == 3
    QTest.keyClick(steps, Qt.Key.Key_Return)
    assert panel.form.isVisible()
    assert panel.form.kind.currentText() == "partition"
    QTest.keyClick(steps, Qt.Key.Key_Delete)
    assert len(names(panel)) == 6
    assert studio.session.graph is not None
    assert list(studio.session.graph.nodes) == ["mm1", "mm2"], "the key is the list's, not the canvas's"
    for _ in range(5):
        studio.do_undo()
    assert not studio.session.dirty


def test_no_key_moves_a_step_off_the_list(studio: Window, panel: SchedulePanel) -> None:
    panel.steps.setFocus()
    for row, key in ((0, Qt.Key.Key_Up), (6, Qt.Key.Key_Down)):
        panel.steps.setCurrentRow(row)
        QTest.keyClick(panel.steps, key, Qt.KeyboardModifier.AltModifier)
    assert not studio.session.dirty


def drop(steps: StepList, row: int, at: QPoint, monkeypatch: pytest.MonkeyPatch) -> QDropEvent:
    """Let the step of a row go at a place, as a drag of the list's own ends."""
    steps.setCurrentRow(row)
    event = QDropEvent(
        QPointF(at), Qt.DropAction.MoveAction, QMimeData(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    monkeypatch.setattr(type(event), "source", lambda _: steps, raising=False)
    rect = steps.visualItemRect(steps.itemAt(at)) if steps.itemAt(at) else None
    below = rect is not None and at.y() > rect.center().y()
    position = StepList.DropIndicatorPosition.BelowItem if below else StepList.DropIndicatorPosition.AboveItem
    monkeypatch.setattr(steps, "dropIndicatorPosition", lambda: position, raising=False)
    steps.dropEvent(event)
    return event


@pytest.mark.parametrize(
    ("row", "target", "edge", "to"),
    [
        (3, 5, "bottom", 5),
        (3, 5, "top", 4),
        (5, 3, "top", 3),
        (5, 3, "bottom", 4),
        (2, 2, "bottom", 2),
        (4, None, "", 6),
    ],
)
def test_a_step_that_is_dragged_takes_its_new_place(
    studio: Window,
    panel: SchedulePanel,
    monkeypatch: pytest.MonkeyPatch,
    row: int,
    target: int | None,
    edge: str,
    to: int,
) -> None:
    specs = list(panel.specs())
    moved: list[tuple[int, int]] = []
    panel.steps.moved.connect(lambda a, b: moved.append((a, b)))
    if target is None:
        at = QPoint(40, panel.steps.visualItemRect(panel.steps.item(6)).bottom() + 40)
    else:
        rect = panel.steps.visualItemRect(panel.steps.item(target))
        at = QPoint(40, rect.bottom() - 2 if edge == "bottom" else rect.top() + 2)
    event = drop(panel.steps, row, at, monkeypatch)
    assert not event.isAccepted(), "Qt would take the row away"
    assert moved == ([(row, to)] if row != to else [])
    specs.insert(to, specs.pop(row))
    assert list(panel.specs()) == specs
    assert panel.steps.currentRow() == to
    assert panel.steps.count() == 7


def test_a_disabled_step_is_saved_and_read_again(studio: Window, panel: SchedulePanel) -> None:
    panel.steps.setCurrentRow(2)
    panel.turn_current()
    assert studio.session.loaded is not None
    file = studio.session.loaded.file
    studio.do_save()
    assert "disabled: true" in file.read_text()
    again = load_project(file).project
    assert [step.disabled for step in again.schedules["row_wise"]] == [n == 2 for n in range(7)]
    panel.turn_current()
    studio.do_save()
    assert "disabled" not in file.read_text()


def test_a_step_that_does_not_apply_can_be_disabled(studio: Window, panel: SchedulePanel) -> None:
    session = studio.session
    session.do(DisableStep("row_wise", 0))
    assert {d.where for d in session.problems()} == {"cascade/mm1#1", "cascade/mm2#1"}
    assert "disabled" in panel.steps.item(0).toolTip()
    assert "not applied" in panel.steps.item(2).toolTip()
    for row in (1, 5, 6):
        panel.turn_step(row, False)
    assert session.problems() == ()
    assert panel.steps.item(2).toolTip() == ""


def test_cells_stand_at_the_right_in_columns(qtbot: object, qapp: QApplication) -> None:
    made = StepList()
    qtbot.addWidget(made)  # type: ignore[attr-defined]
    made.resize(360, 90)
    made.blockSignals(True)
    for text in ("1   a step with a text that is much too long for the room that there is", "2   b"):
        made.add(text, True)
    made.blockSignals(False)
    made.show()
    turned: list[int] = []
    made.turned.connect(lambda row, on: turned.append(row))
    before = made.grab().toImage()
    made.show_cells(0, Cells("1,234,567", "+12%", "error"))
    made.show_cells(1, Cells("1", "\u22125%", "ok"))
    assert made.cells(0) == Cells("1,234,567", "+12%", "error")
    assert turned == [], "what is shown changes no step"
    after = made.grab().toImage()

    def changed(left: int, right: int) -> bool:
        return any(before.pixel(x, y) != after.pixel(x, y) for x in range(left, right) for y in range(4, 40))

    assert changed(300, 356)
    assert not changed(0, 120)


def test_what_only_works_on_a_step_is_off_without_one(panel: SchedulePanel) -> None:
    panel.steps.setCurrentRow(-1)
    assert not panel._buttons["skipped"].isEnabled()
    before = names(panel)
    calls: tuple[Callable[[], None], ...] = (panel.turn_current, panel.remove_step, lambda: panel.move_step(1))
    for call in calls:
        call()
    assert names(panel) == before
