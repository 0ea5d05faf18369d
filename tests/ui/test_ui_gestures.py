"""Gestures that are given up half-way leave nothing behind, and nothing that is being typed is lost at another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QTabBar

from allo_studio.design.edits import Edit, MoveNodes, RemoveNodes
from nodes.pipe import WireItem
from ui.free_place import free_place
from ui.window import Window

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def press(window: Window, start: QPointF, end: QPointF) -> None:
    """Press at a place and drag to another one, without letting go."""
    view = window.panels.canvas.view
    QTest.mousePress(view.viewport(), LEFT, NONE, view.mapFromScene(start))
    for step in range(1, 9):
        QTest.mouseMove(view.viewport(), view.mapFromScene(start + (end - start) * (step / 8)))
        QApplication.processEvents()


def release(window: Window, at: QPointF) -> None:
    view = window.panels.canvas.view
    QTest.mouseMove(view.viewport(), view.mapFromScene(at))
    QTest.mouseRelease(view.viewport(), LEFT, NONE, view.mapFromScene(at))
    QApplication.processEvents()


@pytest.fixture
def offered(studio: Window, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(studio, "choose_offer", found.append)
    return found


def test_escape_ends_a_wire_that_is_drawn(studio: Window, offered: list[Any]) -> None:
    canvas = studio.panels.canvas
    start = canvas.port("mm1", "C", True).centre
    away = start + QPointF(0, 200)
    press(studio, start, away)
    assert canvas.view.live.isVisible()
    QTest.keyClick(canvas.view, Qt.Key.Key_Escape)
    assert not canvas.view.live.isVisible()
    release(studio, away)
    assert offered == []
    press(studio, start, away)
    release(studio, away)
    assert len(offered) == 1, "the next one is as ever"


def test_escape_ends_a_move(studio: Window) -> None:
    canvas, before = studio.panels.canvas, dict(studio.panels.canvas.positions)
    middle = canvas.block("mm2").outline.center()
    press(studio, middle, middle + QPointF(60, 90))
    assert canvas.block("mm2").pos() != QPointF(*before["mm2"])
    QTest.keyClick(canvas.view, Qt.Key.Key_Escape)
    release(studio, middle + QPointF(60, 90))
    assert canvas.block("mm2").pos() == QPointF(*before["mm2"])
    assert canvas.wire("mm1.C->mm2.A").path().currentPosition() == canvas.port("mm2", "A", False).centre
    assert not studio.session.dirty


def test_a_wire_ends_where_its_block_goes(studio: Window, offered: list[Any]) -> None:
    canvas = studio.panels.canvas
    start = canvas.port("mm1", "C", True).centre
    press(studio, start, start + QPointF(0, 200))
    studio.session.do(RemoveNodes("cascade", ("mm1",)))
    studio.do_fit()
    assert not canvas.view.live.isVisible()
    release(studio, start)
    assert offered == []
    studio.do_undo()
    assert "mm1" in canvas.positions


def test_a_wire_that_is_held_may_go(studio: Window) -> None:
    canvas = studio.panels.canvas
    end = canvas.port("mm2", "A", False).centre
    press(studio, end, end + QPointF(-30, 200))
    studio.session.do(RemoveNodes("cascade", ("mm1",)))
    assert not canvas.view.live.isVisible()
    release(studio, end + QPointF(-30, 220))
    studio.do_undo()
    assert canvas.wire("mm1.C->mm2.A").opacity() == 1.0


def test_a_wire_is_not_taken_along_to_another_project(studio: Window, project: Path, offered: list[Any]) -> None:
    other = project.with_name("other")
    assert studio.session.save_as(other)
    assert studio.open_project(project)
    QApplication.processEvents()
    canvas = studio.panels.canvas
    start = canvas.port("mm1", "C", True).centre
    press(studio, start, start + QPointF(0, 200))
    studio.actions_by_id["next_tab"].trigger()
    QApplication.processEvents()
    assert not canvas.view.live.isVisible()
    release(studio, start + QPointF(0, 210))
    assert offered == []
    assert not any(work.dirty for work in studio.session.works)


def test_what_is_selected_in_one_project_is_not_in_another_of_the_same_names(studio: Window, project: Path) -> None:
    assert studio.session.save_as(project.with_name("other"))
    assert studio.open_project(project)
    studio.panels.canvas.select("mm1")
    studio.actions_by_id["next_tab"].trigger()
    assert studio.panels.canvas.selected_blocks() == []
    assert studio.panels.inspector.block is None
    studio.actions_by_id["next_tab"].trigger()
    assert studio.panels.canvas.selected_blocks() == ["mm1"]
    assert studio.panels.inspector.block == "mm1"


def test_a_selection_is_told_once(studio: Window) -> None:
    told: list[Any] = []
    studio.panels.canvas.selected.connect(told.append)
    studio.actions_by_id["select_all"].trigger()
    assert told == [None]
    assert len(studio.panels.canvas.selected_blocks()) == 6
    assert len(studio.panels.canvas.selected_wires()) == 5
    studio.panels.canvas.select("mm2")
    assert told == [None, "mm2"]


def test_each_wire_of_moved_blocks_is_laid_once_a_step(studio: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    canvas, laid = studio.panels.canvas, list[str]()
    studio.actions_by_id["select_all"].trigger()
    lay = WireItem.draw_path

    def counted(item: WireItem, *ends: Any) -> None:
        laid.append(item.spec.id)
        lay(item, *ends)

    middle = canvas.block("mm2").outline.center()
    press(studio, middle, middle + QPointF(20, 20))
    monkeypatch.setattr(WireItem, "draw_path", counted)
    QTest.mouseMove(canvas.view.viewport(), canvas.view.mapFromScene(middle + QPointF(80, 90)))
    assert sorted(laid) == sorted(canvas.selected_wires())
    for wire in canvas.selected_wires():
        item = canvas.wire(wire)
        assert item.path().currentPosition() == item.input_port.centre
    release(studio, middle + QPointF(80, 90))


def test_ports_that_come_into_sight_are_ringed(studio: Window) -> None:
    canvas = studio.panels.canvas
    edit: Edit = MoveNodes("cascade", {"mm2": (4000.0, 80.0)})
    studio.session.do(edit)
    canvas.view.centre_on(canvas.block("mm1").outline.center())
    start = canvas.port("mm1", "C", True).centre
    press(studio, start, start + QPointF(40, 40))
    assert canvas.port("mm2", "B", False).mark == ""
    canvas.view.centre_on(canvas.block("mm2").outline.center())
    assert canvas.port("mm2", "B", False).mark == "ok"
    QTest.keyClick(canvas.view, Qt.Key.Key_Escape)
    assert canvas.port("mm2", "B", False).mark == ""
    release(studio, start)


def typed_note(window: Window, text: str) -> None:
    window.activateWindow()
    window.actions_by_id["add_note"].trigger()
    QTest.keyClicks(window.panels.canvas.view.viewport(), text)


def typed_size(window: Window, text: str) -> QLineEdit:
    """Type the first parameter of mm1, without Return."""
    window.panels.canvas.select("mm1")
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    window.activateWindow()
    boxes = window.panels.inspector.findChildren(QLineEdit)
    box = next(box for box in boxes if box.accessibleName() == "Parameter M" and box.isVisible())
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    assert QApplication.focusWidget() is box
    return box


def size(window: Window) -> object:
    assert window.session.project is not None
    return window.session.project.graphs["cascade"].nodes["mm1"].params.get("M")


def note_texts(window: Window) -> list[str]:
    assert window.session.project is not None
    return [note.text for note in window.session.project.notes.get("cascade", {}).values()]


def test_a_note_that_is_written_is_kept_at_a_click_on_another_tab(studio: Window, project: Path) -> None:
    assert studio.session.save_as(project.with_name("other"))
    assert studio.open_project(project)
    typed_note(studio, "mind the gap")
    bar = studio.panels.tabs.findChild(QTabBar) or studio.panels.tabs
    assert isinstance(bar, QTabBar)
    QTest.mouseClick(bar, LEFT, NONE, bar.tabRect(0).center())
    assert note_texts(studio) == []
    studio.actions_by_id["next_tab"].trigger()
    assert note_texts(studio) == ["mind the gap"]


def test_a_note_that_is_written_is_saved(studio: Window, project: Path) -> None:
    typed_note(studio, "mind the gap")
    studio.actions_by_id["save"].trigger()
    assert "mind the gap" in (project / "project.yaml").read_text(encoding="utf-8")
    assert not studio.session.dirty


def test_a_value_that_is_typed_is_taken_up_before_a_save_and_at_the_end(studio: Window, project: Path) -> None:
    studio.actions_by_id["add_input"].trigger()
    typed_size(studio, "32")
    assert size(studio) is None
    studio.actions_by_id["save"].trigger()
    assert size(studio) == 32
    assert not studio.session.dirty
    typed_size(studio, "16")
    studio.prompts.answers["unsaved"] = "cancel"  # type: ignore[attr-defined]
    studio.close()
    assert "unsaved" in studio.prompts.asked  # type: ignore[attr-defined]
    assert size(studio) == 16


def test_the_keys_stay_with_a_parameter_after_return_in_it(studio: Window) -> None:
    box = typed_size(studio, "32")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert size(studio) == 32
    QApplication.processEvents()
    assert studio.isActiveWindow(), "no part of the page was a window for a moment"
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    held = QApplication.focusWidget()
    assert isinstance(held, QLineEdit)
    assert (held.accessibleName(), held.selectedText()) == ("Parameter M", "32")
    QTest.keyClicks(held, "16")
    QTest.keyClick(held, Qt.Key.Key_Return)
    assert size(studio) == 16


def test_a_value_that_is_wrong_is_not_taken_up(studio: Window) -> None:
    studio.actions_by_id["add_input"].trigger()
    typed_size(studio, "M*2")
    studio.actions_by_id["save"].trigger()
    assert size(studio) is None


def test_nothing_is_kept_of_a_project_whose_changes_are_discarded(studio: Window, project: Path) -> None:
    typed_size(studio, "32")
    studio.actions_by_id["close_project"].trigger()
    assert not (project / ".autosave-project.yaml").exists()


def test_what_is_added_covers_nothing(studio: Window) -> None:
    canvas = studio.panels.canvas
    studio.do_fit()
    for action in ("add_input", "add_output", "add_note", "add_input"):
        before = canvas.areas()
        studio.actions_by_id[action].trigger()
        (new,) = [area for area in canvas.areas() if area not in before]
        assert not any(new.intersects(area) for area in before), action


def test_the_nearest_free_place_is_found() -> None:
    size = (100.0, 50.0)
    assert free_place((10.0, 20.0), size, []) == (10.0, 20.0)
    assert free_place((0.0, 0.0), size, [QRectF(-40, 0, 100, 50)]) == (0.0, 72.0), "below: the shortest way"
    assert free_place((0.0, 0.0), size, [QRectF(-2000, -2000, 4000, 4000)]) == (0.0, 0.0), "there is none"


def test_saving_under_another_name_is_told(studio: Window, project: Path) -> None:
    studio.prompts.answers["save_as"] = project.with_name("other")  # type: ignore[attr-defined]
    studio.actions_by_id["save_as"].trigger()
    assert studio.statusBar().currentMessage() == f"Saved as {project.with_name('other')}"
