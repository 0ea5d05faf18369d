"""The list of edits: any of its states is gone to at once, by mouse and by keys."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from allo_studio.design.edits import Disconnect, RenameNode, SetExecution
from allo_studio.design.history import History
from allo_studio.design.model import Graph, Project
from ui.history_view import HistoryView
from ui.window import Window


def rows(view: HistoryView) -> list[str]:
    return [view.item(row).text() for row in range(view.count())]


def present(view: HistoryView) -> list[int]:
    return [row for row in range(view.count()) if view.item(row).font().bold()]


def saved(view: HistoryView) -> list[int]:
    return [row for row in range(view.count()) if not view.item(row).icon().isNull()]


@pytest.fixture
def view(studio: Window) -> HistoryView:
    """The list, in front, of a project with three edits."""
    studio.panels.docks["History"].raise_()
    studio.session.do(RenameNode("cascade", "mm1", "first"))
    studio.session.do(RenameNode("cascade", "mm2", "second"))
    studio.session.do(SetExecution("cascade", "sequential"))
    return studio.panels.history


def click(view: HistoryView, row: int) -> None:
    at = view.visualItemRect(view.item(row)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_each_edit_is_a_row(studio: Window, view: HistoryView) -> None:
    assert rows(view)[0] == "As it was opened"
    assert rows(view)[1:] == list(studio.session.history.texts)  # type: ignore[union-attr]
    assert "first" in rows(view)[1]
    assert (present(view), saved(view)) == ([3], [0])
    studio.do_undo()
    assert (len(rows(view)), present(view)) == (4, [2])
    assert "can be done again" in view.item(3).toolTip()


def test_a_click_goes_to_any_state_with_one_drawing(studio: Window, view: HistoryView) -> None:
    drawn: list[None] = []
    studio.session.changed.connect(lambda: drawn.append(None))
    click(view, 0)
    assert len(drawn) == 1
    assert not studio.session.dirty
    assert "mm1" in studio.panels.canvas.picture.blocks
    assert present(view) == [0]
    click(view, 3)
    assert len(drawn) == 2
    assert set(studio.panels.canvas.picture.blocks) >= {"first", "second"}
    assert present(view) == [3]
    click(view, 3)
    assert len(drawn) == 2


def test_keys_choose_and_go(studio: Window, view: HistoryView) -> None:
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Up)
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert present(view) == [3]
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert present(view) == [1]
    assert set(studio.panels.canvas.picture.blocks) >= {"first", "mm2"}


def test_a_new_edit_takes_the_place_of_what_was_undone(studio: Window, view: HistoryView) -> None:
    click(view, 1)
    studio.session.do(Disconnect("cascade", "B->first.B"))
    assert len(rows(view)) == 3
    assert present(view) == [2]


def test_the_saved_state_is_marked(studio: Window, view: HistoryView) -> None:
    click(view, 2)
    assert studio.do_save()
    assert saved(view) == [2]
    click(view, 3)
    assert (present(view), saved(view)) == ([3], [2])
    click(view, 2)
    assert not studio.session.dirty


def test_each_project_has_its_own(studio: Window, view: HistoryView, project: Path) -> None:
    other = project / "other.yaml"
    other.write_text((project / "project.yaml").read_text())
    assert studio.open_project(other)
    assert rows(view) == ["As it was opened"]
    studio.do_previous_tab()
    assert len(rows(view)) == 4
    studio.session.close()
    studio.session.close()
    assert rows(view) == []


def test_a_history_goes_only_where_it_was() -> None:
    history = History(Project("p", top="g", graphs={"g": Graph("g")}))
    states = [history.project]
    for name in ("a", "b", "c"):
        history.do(SetExecution("g", "sequential" if name != "b" else "dataflow"))
        states.append(history.project)
    told: list[int] = []
    history.subscribe(lambda: told.append(history.position))
    for position in (0, 3, 1, 2, 2):
        history.go(position)
        assert history.project is states[position]
    assert told == [0, 3, 1, 2]
    assert history.saved_position == 0
    history.mark_saved()
    assert history.saved_position == 2
    history.mark_unsaved()
    assert history.saved_position is None
    for wrong in (-1, 4):
        with pytest.raises(ValueError, match="there are 3 edits"):
            history.go(wrong)


def look(view: HistoryView) -> list[tuple[object, ...]]:
    """What is seen of each row."""
    items = [view.item(row) for row in range(view.count())]
    return [
        (i.text(), i.font().bold(), i.font().italic(), i.foreground().color().name(), i.icon().isNull(), i.toolTip())
        for i in items
    ]


def test_rows_that_are_marked_one_by_one_are_as_all_anew(studio: Window, view: HistoryView) -> None:
    draw = random.Random(3)
    for number in range(60):
        chance = draw.random()
        if chance < 0.5:
            studio.session.do(RenameNode("cascade", next(iter(studio.session.graph.nodes)), f"n{number}"))
        elif chance < 0.9:
            studio.session.go(draw.randrange(len(studio.session.history.texts) + 1))
        else:
            studio.session.save()
        anew = HistoryView(studio.session)
        anew.setFont(view.font())
        anew.setPalette(view.palette())
        anew.show_history()
        assert look(view) == look(anew)
        assert view.currentRow() == studio.session.history.position
        anew.deleteLater()


def test_another_theme_is_taken_on_at_once(studio: Window, view: HistoryView, qapp: QApplication) -> None:
    studio.do_undo()
    before = [row[3] for row in look(view)]
    try:
        studio.actions_by_id["theme_light"].trigger()
        qapp.processEvents()
        after = [row[3] for row in look(view)]
    finally:
        studio.actions_by_id["theme_dark"].trigger()
        qapp.processEvents()
    assert all(one != two for one, two in zip(before, after, strict=True))
    assert [row[3] for row in look(view)] == before


def test_an_edit_marks_only_the_rows_that_change(studio: Window, view: HistoryView) -> None:
    for row in range(view.count()):
        view.item(row).setToolTip("not touched")
    studio.do_undo()
    assert [row for row in range(view.count()) if view.item(row).toolTip() != "not touched"] == [2, 3]
