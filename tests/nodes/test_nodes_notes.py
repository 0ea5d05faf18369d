"""Notes and backdrops: what is drawn is what the design says, and gestures are told, not done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from allo_studio.design.model import Note
from nodes.canvas import Canvas
from nodes.notes import TITLE_HEIGHT, NoteItem
from nodes.picture import BlockSpec, Picture

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
NOTE = Note("hello", (0.0, 240.0), (160.0, 60.0), "yellow")
BEHIND = Note("group", (-40.0, -60.0), (280.0, 200.0), "blue", "backdrop")


@pytest.fixture
def canvas(canvas: Canvas, qapp: QApplication) -> Canvas:
    """A canvas with two blocks, a note, and a backdrop behind a block."""
    blocks = {name: BlockSpec(name, "kernel", name, "f()") for name in "ab"}
    canvas.draw(Picture(blocks), {"a": (0.0, 0.0), "b": (400.0, 0.0)})
    canvas.show_notes({"note": NOTE, "backdrop": BEHIND})
    canvas.view.fit()
    qapp.processEvents()
    return canvas


@pytest.fixture
def told(canvas: Canvas) -> list[Any]:
    heard: list[Any] = []
    canvas.moved.connect(heard.append)
    canvas.note_changed.connect(lambda name, note: heard.append((name, note)))
    return heard


def at(canvas: Canvas, place: QPointF) -> QPoint:
    return QPoint(canvas.view.mapFromScene(place))


def drag(canvas: Canvas, start: QPointF, by: QPointF) -> None:
    port = canvas.view.viewport()
    QTest.mousePress(port, LEFT, NONE, at(canvas, start))
    for step in range(1, 9):
        QTest.mouseMove(port, at(canvas, start + by * (step / 8)))
        QApplication.processEvents()
    QTest.mouseRelease(port, LEFT, NONE, at(canvas, start + by))


def double_click(canvas: Canvas, place: QPointF) -> None:
    port = canvas.view.viewport()
    QTest.mouseClick(port, LEFT, NONE, at(canvas, place))
    QTest.mouseDClick(port, LEFT, NONE, at(canvas, place))
    QTest.mouseRelease(port, LEFT, NONE, at(canvas, place))


def title(canvas: Canvas, name: str = "backdrop") -> QPointF:
    return canvas.notes.item(name).area.topLeft() + QPointF(30, TITLE_HEIGHT / 2)


def test_a_backdrop_moves_what_lies_on_it(canvas: Canvas, told: list[Any]) -> None:
    before = canvas.block("a").pos()
    port = canvas.view.viewport()
    start = title(canvas)
    QTest.mousePress(port, LEFT, NONE, at(canvas, start))
    for step in (1, 2, 3):
        QTest.mouseMove(port, at(canvas, start + QPointF(20 * step, 0)))
        QApplication.processEvents()
    assert canvas.block("a").pos().x() > before.x() + 20, "it is seen to move while the mouse is down"
    QTest.mouseRelease(port, LEFT, NONE, at(canvas, start + QPointF(60, 0)))
    (moves,) = told
    assert set(moves) == {"#backdrop", "a"}, "neither the block nor the note beside it"
    assert moves["a"][0] - before.x() == pytest.approx(moves["#backdrop"][0] - BEHIND.place[0], abs=4)
    assert all(value % 4 == 0 for place in moves.values() for value in place)


def test_a_backdrop_in_the_selection_takes_its_blocks_along_when_a_note_is_dragged(
    canvas: Canvas, told: list[Any]
) -> None:
    canvas.select_notes(["note", "backdrop"])
    drag(canvas, canvas.notes.item("note").area.center(), QPointF(0, 80))
    (moves,) = told
    assert set(moves) == {"#note", "#backdrop", "a"}


def test_a_frame_can_be_dragged_on_a_backdrop(canvas: Canvas, told: list[Any]) -> None:
    drag(canvas, QPointF(-20, -20), QPointF(150, 110))
    assert canvas.selected_blocks() == ["a"]
    assert not told


def test_the_corner_makes_it_larger_but_not_too_small(canvas: Canvas, told: list[Any]) -> None:
    corner = canvas.notes.item("backdrop").area.bottomRight() - QPointF(4, 4)
    drag(canvas, corner, QPointF(60, 40))
    name, note = told[-1]
    assert (name, note.place) == ("backdrop", BEHIND.place)
    assert note.size[0] == pytest.approx(BEHIND.size[0] + 60, abs=6)
    assert note.size[1] == pytest.approx(BEHIND.size[1] + 40, abs=6)
    canvas.show_notes({"note": NOTE, "backdrop": note})
    drag(canvas, canvas.notes.item("backdrop").area.bottomRight() - QPointF(4, 4), QPointF(-900, -900))
    assert min(told[-1][1].size) >= 40


def test_a_note_is_as_high_as_its_text(canvas: Canvas) -> None:
    item = NoteItem("n", replace(NOTE, text="a word and another " * 20))
    assert item.rect.height() > NOTE.size[1]
    wide = NoteItem("n", replace(NOTE, text="a word and another " * 20, size=(900.0, 60.0)))
    assert wide.rect.height() < item.rect.height()


@pytest.mark.parametrize(
    ("key", "modifier"), [(Qt.Key.Key_Escape, NONE), (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)]
)
def test_a_double_click_lets_one_write(canvas: Canvas, told: list[Any], key: Any, modifier: Any) -> None:
    port, item = canvas.view.viewport(), canvas.notes.item("note")
    canvas.activateWindow()
    double_click(canvas, item.area.center())
    assert item.editing
    QTest.keyClicks(port, "first")
    QTest.keyClick(port, Qt.Key.Key_Return)
    QTest.keyClicks(port, "second")
    assert not told
    QTest.keyClick(port, key, modifier)
    assert not item.editing
    assert told == [("note", replace(NOTE, text="first\nsecond"))]


def test_return_ends_a_title_and_a_click_elsewhere_ends_a_note(canvas: Canvas, told: list[Any]) -> None:
    port = canvas.view.viewport()
    double_click(canvas, title(canvas))
    QTest.keyClicks(port, "Part")
    QTest.keyClick(port, Qt.Key.Key_Return)
    assert told == [("backdrop", replace(BEHIND, text="Part"))]
    item = canvas.notes.item("note")
    double_click(canvas, item.area.center())
    QTest.keyClicks(port, "x")
    QTest.mouseClick(port, LEFT, NONE, at(canvas, QPointF(380, 200)))
    assert not item.editing
    assert told[-1] == ("note", replace(NOTE, text="x"))


def test_a_note_that_goes_while_it_is_written_tells_nothing(canvas: Canvas, told: list[Any]) -> None:
    canvas.notes.item("note").edit()
    QTest.keyClicks(canvas.view.viewport(), "lost")
    canvas.show_notes({})
    assert not told
    assert not list(canvas.notes)


def test_smaller_backdrops_lie_in_front_of_larger_ones_and_behind_wires(canvas: Canvas) -> None:
    inner = replace(BEHIND, place=(-20.0, -20.0), size=(120.0, 120.0))
    canvas.show_notes({"inner": inner, "backdrop": BEHIND, "note": NOTE})
    inner_z, outer_z = (canvas.notes.item(name).zValue() for name in ("inner", "backdrop"))
    assert outer_z < inner_z < -1
    assert canvas.notes.item("note").zValue() > -1


def test_what_is_drawn_of_notes_is_the_difference(canvas: Canvas) -> None:
    item = canvas.notes.item("note")
    canvas.show_notes({"note": replace(NOTE, text="other", place=(4.0, 8.0))})
    assert canvas.notes.item("note") is item
    assert (item.pos().x(), item.pos().y()) == (4.0, 8.0)
    assert [each.name for each in canvas.notes] == ["note"]


def test_the_whole_graph_has_its_notes(canvas: Canvas) -> None:
    canvas.show_notes({"note": replace(NOTE, place=(2000.0, 1500.0))})
    canvas.view.fit()
    shown = canvas.view.mapToScene(canvas.view.viewport().rect()).boundingRect()
    assert shown.contains(canvas.notes.item("note").area)


def test_of_backdrops_as_large_the_same_one_is_in_front_whichever_came_first(canvas: Canvas) -> None:
    one, two = (Note(text, (0.0, 0.0), (200.0, 200.0), kind="backdrop") for text in ("one", "two"))
    found = []
    for notes in ({"a": one, "b": two}, {"b": two, "a": one}):
        canvas.show_notes({})
        canvas.show_notes(notes)
        found.append({note.name: note.zValue() for note in canvas.notes})
    assert found[0] == found[1]
    assert len(set(found[0].values())) == 2
