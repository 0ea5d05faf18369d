"""Notes and backdrops in the window: written, moved, copied, undone, saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from schedule_samples import report

from allo_studio.built import BuildResult
from allo_studio.design.model import Note
from allo_studio.project import load_project
from ui.window import Window


def notes(window: Window) -> dict[str, Note]:
    assert window.session.project
    return dict(window.session.project.notes.get("cascade", {}))


def test_a_note_is_written_saved_and_undone(studio: Window, project: Path) -> None:
    studio.do_add_note()
    port = studio.panels.canvas.view.viewport()
    QTest.keyClicks(port, "Rows first")
    QTest.keyClick(port, Qt.Key.Key_Escape)
    assert notes(studio)["note"].text == "Rows first"
    before = (project / "project.yaml").read_text()
    studio.do_save()
    text = (project / "project.yaml").read_text()
    assert text.startswith(before), "nothing else has changed"
    assert load_project(project).project.notes["cascade"] == notes(studio)
    studio.do_undo()
    studio.do_undo()
    assert notes(studio) == {}
    assert not list(studio.panels.canvas.notes)


def test_keys_belong_to_the_text_while_a_note_is_written(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    studio.do_add_note()
    port = studio.panels.canvas.view.viewport()
    QTest.keyClicks(port, "ab")
    QTest.keyClick(port, Qt.Key.Key_Home)
    QTest.keyClick(port, Qt.Key.Key_Delete)
    QTest.keyClick(port, Qt.Key.Key_Escape)
    assert notes(studio)["note"].text == "b"
    assert studio.session.graph
    assert "mm1" in studio.session.graph.nodes


def test_a_backdrop_surrounds_the_selection_and_is_fitted_again(studio: Window) -> None:
    canvas = studio.panels.canvas
    canvas.select_blocks(["mm1", "mm2"])
    studio.do_backdrop()
    QTest.keyClick(canvas.view.viewport(), Qt.Key.Key_Escape)
    area = canvas.notes.item("backdrop").area
    assert all(area.contains(canvas.block(name).sceneBoundingRect()) for name in ("mm1", "mm2"))
    assert not area.contains(canvas.block("@E").sceneBoundingRect())
    canvas.select_blocks(["mm1"])
    canvas.select_notes(["backdrop"])
    studio.do_backdrop()
    assert list(notes(studio)) == ["backdrop"]
    area = canvas.notes.item("backdrop").area
    assert not area.intersects(canvas.block("mm2").sceneBoundingRect())


def test_dragging_a_backdrop_is_one_edit(studio: Window, mouse: Any) -> None:
    canvas = studio.panels.canvas
    canvas.select_blocks(["mm1", "mm2"])
    studio.do_backdrop()
    QTest.keyClick(canvas.view.viewport(), Qt.Key.Key_Escape)
    studio.do_fit()
    before, old = canvas.positions, notes(studio)["backdrop"].place
    title = canvas.notes.item("backdrop").area.topLeft() + QPointF(150, 12)
    mouse.drag(title, title + QPointF(40, 60))
    after, new = canvas.positions, notes(studio)["backdrop"].place
    assert new != old
    for name in ("mm1", "mm2"):
        assert after[name][0] - before[name][0] == new[0] - old[0]
        assert after[name][1] - before[name][1] == new[1] - old[1]
    assert after["@E"] == before["@E"]
    studio.do_undo()
    assert canvas.positions == before
    assert notes(studio)["backdrop"].place == old


def test_notes_are_copied_cut_pasted_doubled_and_deleted(studio: Window) -> None:
    canvas = studio.panels.canvas
    studio.do_add_note()
    QTest.keyClick(canvas.view.viewport(), Qt.Key.Key_Escape)
    canvas.select_blocks(["mm1"])
    canvas.select_notes(["note"])
    studio.do_copy()
    studio.do_paste()
    assert set(notes(studio)) == {"note", "note_2"}
    assert (canvas.selected_blocks(), canvas.selected_notes()) == (["mm1_2"], ["note_2"])
    studio.do_delete()
    assert set(notes(studio)) == {"note"}
    canvas.select()
    canvas.select_notes(["note"])
    QApplication.processEvents()
    assert studio.actions_by_id["duplicate"].isEnabled()
    assert not studio.actions_by_id["collapse"].isEnabled()
    studio.do_duplicate()
    assert len(notes(studio)) == 2
    studio.do_cut()
    assert len(notes(studio)) == 1
    studio.do_paste()
    assert len(notes(studio)) == 2


def test_colours_go_round(studio: Window) -> None:
    canvas = studio.panels.canvas
    studio.do_add_note()
    QTest.keyClick(canvas.view.viewport(), Qt.Key.Key_Escape)
    seen = set()
    for _ in range(7):
        studio.do_note_colour()
        seen.add(notes(studio)["note"].colour)
    assert len(seen) == 7
    assert notes(studio)["note"].colour == "yellow"


def test_a_note_keeps_a_build_fresh_and_has_a_menu(studio: Window) -> None:
    session = studio.session
    assert session.project
    session.finish_build(BuildResult(report()), session.project)
    assert session.up_to_date
    studio.do_add_note()
    assert session.up_to_date
    QTest.keyClick(studio.panels.canvas.view.viewport(), Qt.Key.Key_Escape)
    names = [action.objectName() for action in studio.context_menu("#note", None).actions() if action.objectName()]
    assert {"edit_note", "note_colour", "delete"} <= set(names)
