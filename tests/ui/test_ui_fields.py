"""What is wrong with a text is said at the field that it was typed into; units stand beside numbers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from allo_studio.design.edits import RenameNode
from ui.field_check import FieldCheck, refusal, type_fault
from ui.window import Window


def typed(box: QLineEdit, text: str, end: Qt.Key | None = None) -> None:
    """Type over what is in a field."""
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    if end is not None:
        QTest.keyClick(box, end)
    QApplication.processEvents()


def check_of(box: QLineEdit) -> FieldCheck:
    return next(child for child in box.children() if isinstance(child, FieldCheck))


def shown_below(box: QLineEdit) -> bool:
    note = check_of(box).note
    below = box.mapToGlobal(QPoint(0, box.height())).y()
    return note.isVisible() and 0 <= note.mapToGlobal(QPoint(0, 0)).y() - below < 12


def test_a_parameter_that_is_none_is_said_below_its_field(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    page = studio.panels.inspector.kernel_page
    box = page.parameter("N")
    typed(box, "6four", Qt.Key.Key_Return)
    assert not studio.session.dirty
    assert box.text() == "6four"
    assert shown_below(box)
    note = check_of(box).note
    assert "'6four' is neither a number nor a type" in note.text()
    assert note.geometry().right() <= page.width()
    assert box.accessibleDescription() == note.text()
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert box.text() == "64"
    assert note.isHidden()
    typed(box, "int8")
    assert "it is a number, 64 in the file" in note.text()
    typed(box, "32", Qt.Key.Key_Return)
    assert studio.session.graph.nodes["mm1"].params == {"N": 32}  # type: ignore[union-attr]
    assert note.isHidden()


def test_a_parameter_without_a_text_is_what_the_file_says(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    page = studio.panels.inspector.kernel_page
    typed(page.parameter("N"), "32", Qt.Key.Key_Return)
    box = page.parameter("N")
    box.setFocus()
    box.selectAll()
    QTest.keyClick(box, Qt.Key.Key_Delete)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert studio.session.graph.nodes["mm1"].params == {}  # type: ignore[union-attr]
    assert page.parameter("N").text() == "64"


@pytest.mark.parametrize(
    ("name", "said"),
    [("mm2", "already a block"), ("1st", "is no name"), ("while", "a word of C++"), ("", "is no name")],
)
def test_a_name_that_cannot_be_is_said_while_it_is_typed(studio: Window, name: str, said: str) -> None:
    studio.panels.canvas.select("mm1")
    box = studio.panels.inspector.kernel_page.name
    box.setFocus()
    box.selectAll()
    if name:
        QTest.keyClicks(box, name)
    else:
        QTest.keyClick(box, Qt.Key.Key_Backspace)
    assert said in check_of(box).fault
    assert shown_below(box)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert not studio.session.dirty
    assert studio.session.problems() == ()
    studio.panels.canvas.select("mm2")
    assert check_of(box).fault == "", "another block is shown"


def test_the_type_of_a_port_is_checked_with_the_graphs_parameters(studio: Window) -> None:
    studio.panels.canvas.select("@A")
    page = studio.panels.inspector.port_page
    typed(page.type, "float32[64", Qt.Key.Key_Return)
    assert "is no type" in page.type_check.fault
    assert not studio.session.dirty
    typed(page.type, "float32[64, 64]")
    assert page.type_check.fault == ""
    typed(page.type, "int8[64, 64]", Qt.Key.Key_Return)
    assert studio.session.graph.inputs["A"] == "int8[64, 64]"  # type: ignore[union-attr]


def test_units_stand_beside_numbers(studio: Window) -> None:
    studio.panels.inspector.select(None, None)
    page, wire = studio.panels.inspector.graph_page, studio.panels.inspector.wire_page
    assert (page.clock.suffix(), page.margin.suffix(), page.bits.suffix()) == (" ns", " tokens", " bits")
    assert wire.tokens.suffix() == " tokens"


def test_refusals_and_faults_in_words(studio: Window) -> None:
    project = studio.session.project
    assert refusal(project, RenameNode("cascade", "mm1", "first")) == ""
    assert "already a block" in refusal(project, RenameNode("cascade", "mm1", "mm2"))
    assert refusal(None, RenameNode("cascade", "mm1", "mm2")) == ""
    assert type_fault("int8[4]") == ""
    assert "unknown element type" in type_fault("int")
