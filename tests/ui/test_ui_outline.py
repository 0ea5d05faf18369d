"""The outline: what it has, how it is read, and that it and the canvas follow each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QTabBar,
    QToolBar,
    QWidget,
)

from allo_studio.design.edits import Disconnect
from ui.outline import Entry, Outline
from ui.places import Level
from ui.window import Window


@pytest.fixture
def outline(studio: Window) -> Outline:
    studio.actions_by_id["outline"].trigger()
    QApplication.processEvents()
    assert studio.panels.outline.isVisible()
    return studio.panels.outline


def texts(outline: Outline) -> list[tuple[str, str, str]]:
    return [tuple(str(index.siblingAtColumn(c).data()) for c in range(3)) for index in outline.rows()]  # type: ignore[misc]


def find(outline: Outline, text: str) -> Entry:
    return next(e for i in outline.rows() if i.data() == text and (e := outline.entry(i)) is not None)


def test_the_tree_has_blocks_ports_types_and_wires(outline: Outline) -> None:
    assert [row[0] for row in texts(outline)] == [
        "cascade", "A (input)", "B (input)", "D (input)", "E (output)", "mm1", "mm2",
    ]  # fmt: skip
    outline.select(Entry(Level("cascade"), "mm2", "C", True))
    assert texts(outline)[-4:] == [
        ("mm2", "gemm()  ·  row_wise", ""),
        ("A (input)", "float32[64, 64]", "from mm1.C"),
        ("B (input)", "float32[64, 64]", "from D"),
        ("C (output)", "float32[64, 64]", "to E"),
    ]
    item = outline.model.itemFromIndex(outline.tree.currentIndex().siblingAtColumn(0))
    assert item is not None
    assert item.accessibleText() == "C (output), float32[64, 64], to E"


def test_the_outline_and_the_canvas_follow_each_other(studio: Window, outline: Outline) -> None:
    studio.panels.canvas.select("mm1")
    assert outline.tree.currentIndex().data() == "mm1"
    outline.tree.setFocus()
    QTest.keyClick(outline.tree, Qt.Key.Key_Down)
    assert studio.panels.canvas.selected_blocks() == ["mm2"]
    assert studio.panels.inspector.block == "mm2"
    QTest.keyClick(outline.tree, Qt.Key.Key_Right)
    QTest.keyClick(outline.tree, Qt.Key.Key_Down)
    assert outline.tree.currentIndex().data() == "A (input)"
    assert studio.walk.port is not None
    assert str(studio.walk.port.end) == "mm2.A"
    assert outline.tree.currentIndex().data() == "A (input)"


def test_an_edit_leaves_open_what_was_open(studio: Window, outline: Outline) -> None:
    outline.select(Entry(Level("cascade"), "mm2", "A", False))
    assert studio.session.do(Disconnect("cascade", "mm1.C->mm2.A"))
    assert ("A (input)", "float32[64, 64]", "not wired") in texts(outline)
    assert outline.tree.currentIndex().data() == "A (input)"
    studio.session.undo()
    assert ("A (input)", "float32[64, 64]", "from mm1.C") in texts(outline)


def test_blocks_inside_of_a_graph_are_reached(studio: Window, outline: Outline, project: Path) -> None:
    studio.panels.canvas.select("mm1")
    studio.prompts.answers = {"text": "inner", "unsaved": "discard"}  # type: ignore[attr-defined]
    studio.actions_by_id["collapse"].trigger()
    graph = studio.session.graph
    assert graph is not None
    block = next(name for name in graph.nodes if name != "mm2")
    outline.select(Entry(Level("cascade", (block,)), "mm1"))
    assert outline.tree.currentIndex().data() == "mm1"
    assert studio.session.level.nodes == ()
    outline.tree.activated.emit(outline.tree.currentIndex())
    assert studio.session.level.nodes == (block,)
    assert studio.panels.canvas.selected_blocks() == ["mm1"]


def named(widget: QWidget) -> bool:
    """Whether a screen reader has something to say of a widget."""
    if widget.accessibleName():
        return True
    if isinstance(widget, QAbstractButton) and (widget.text() or widget.toolTip()):
        # Qt tells the text of a button; a tip alone it does not.
        return bool(widget.text())
    root = widget.window()
    return any(label.buddy() is widget and label.text() for label in root.findChildren(QLabel))


def test_every_widget_that_takes_the_focus_has_a_name(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    QApplication.processEvents()
    nameless = []
    for widget in studio.findChildren(QWidget):
        # Parts of others: what is in a box for numbers or choices, Qt's own buttons, and what scrolls.
        around = (widget.parent(), widget.parent().parent())
        inside = any(isinstance(part, QAbstractSpinBox | QComboBox | QTabBar | QToolBar | QLineEdit) for part in around)
        own = widget.objectName().startswith("qt_") or inside or widget.focusProxy() is not None
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not own and not named(widget):
            ways = [type(part).__name__ for part in (widget, widget.parent(), widget.parent().parent())]
            nameless.append(" in ".join(ways) + f" ({getattr(widget.parent().parent(), 'objectName', str)()})")
    assert not nameless, "; ".join(sorted(nameless))
