"""Gestures that are given up half-way, or during which the design changes, leave nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from allo_studio.design.edits import Edit, MoveNodes, RemoveNodes
from nodes.pipe import WireItem
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
