"""The keys that lead to the lists below the canvas, and small things of what these show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from allo_studio.design.model import Edge, Endpoint, Graph, KernelNode
from ui.panes import Panes
from ui.places import size_text
from ui.tables import fill, table
from ui.window import Window


@pytest.mark.parametrize(("key", "page"), [(Qt.Key.Key_1, "problems"), (Qt.Key.Key_2, "log"), (Qt.Key.Key_3, "report")])
def test_a_key_leads_to_each_list(studio: Window, key: Qt.Key, page: str, qtbot: Any) -> None:
    studio.activateWindow()
    qtbot.waitUntil(studio.isActiveWindow)
    studio.panels.bottom.setCurrentWidget(studio.panels.console)
    studio.panels.docks["Results"].hide()
    QTest.keyClick(studio, key, Qt.KeyboardModifier.ControlModifier)
    assert studio.panels.bottom.currentWidget() is getattr(studio.panels, page)
    assert studio.panels.docks["Results"].isVisible()


def test_a_fix_is_reached_and_taken_by_keys(studio: Window, qtbot: Any) -> None:
    studio.activateWindow()
    qtbot.waitUntil(studio.isActiveWindow)
    studio.panels.canvas.select("mm1")
    studio.do_delete()
    before = studio.session.problems()
    QTest.keyClick(studio, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    tree = studio.panels.problems.tree
    item = tree.topLevelItem(0)
    while tree.currentItem() is not item.child(item.childCount() - 1):
        QTest.keyClick(tree, Qt.Key.Key_Down)
    QTest.keyClick(tree, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.session.problems() != before)


def test_the_text_of_a_fix_has_its_height(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    studio.do_delete()
    problems = studio.panels.problems
    for number in range(len(problems.shown)):
        problems.open_row(number)
    QApplication.processEvents()
    buttons = [button for number in range(len(problems.shown)) for button in problems.buttons(number)]
    assert buttons
    assert [b.height() for b in buttons] == [b.sizeHint().height() for b in buttons]


def test_a_hint_takes_the_whole_width(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    studio.do_delete()
    tree = studio.panels.problems.tree
    item = tree.topLevelItem(0)
    assert item.child(0).isFirstColumnSpanned()
    item.setExpanded(True)
    QApplication.processEvents()
    assert tree.visualItemRect(item.child(0)).width() > tree.header().sectionSize(0)


def test_the_note_on_a_field_goes_with_it(studio: Window, qtbot: Any) -> None:
    studio.panels.canvas.select("mm1")
    page = studio.panels.inspector.kernel_page
    QTest.keyClicks(page.parameter("K"), "x")
    note = page._rows["K"].check.note
    assert note.isVisible()
    gone: list[bool] = []
    note.destroyed.connect(lambda: gone.append(True))
    studio.panels.canvas.select("mm2")
    qtbot.waitUntil(lambda: bool(gone))


def test_what_was_mistyped_does_not_come_back_with_another_opening(studio: Window, project: Path) -> None:
    studio.panels.canvas.select("mm1")
    page = studio.panels.inspector.kernel_page
    QTest.keyClicks(page.parameter("K"), "x")
    studio.do_close_project()
    assert studio.open_project(project)
    studio.panels.canvas.select("mm1")
    assert page.parameter("K").text() == "64"


def test_tabs_keep_their_order(qtbot: Any) -> None:
    panes = Panes()
    qtbot.addWidget(panes)
    for name in ("a", "b", "c"):
        panes.add(QPushButton(name), name)
    panes.bring(panes.first.widget(1))
    panes.toggle()
    assert panes.second.count() == 1
    panes.toggle()
    assert [panes.first.tabText(n) for n in range(3)] == ["a", "b", "c"]


def test_long_texts_widen_their_column(qtbot: Any) -> None:
    made = table(["x", "why"], 1, 60)
    qtbot.addWidget(made)
    made.resize(120, 100)
    made.show()
    QApplication.processEvents()
    assert made.columnWidth(1) < 120
    fill(made, [["1", "a reason that takes more room than there is"]], ["p"])
    made.resize(121, 100)
    QApplication.processEvents()
    assert made.columnWidth(1) >= made.sizeHintForColumn(1) > 120


def test_one_block_is_one_block() -> None:
    node, wire = KernelNode("k.py", "f"), Edge(Endpoint("", "A"), Endpoint("f", "x"))
    assert size_text(Graph("g", "dataflow", {}, {}, {"f": node}, ())) == "1 block, 0 wires"
    assert size_text(Graph("g", "dataflow", {}, {}, {"f": node, "h": node}, (wire,))) == "2 blocks, 1 wire"


def test_tab_goes_through_a_block_and_the_form_of_a_step(studio: Window, qtbot: Any) -> None:
    studio.activateWindow()
    qtbot.waitUntil(studio.isActiveWindow)
    studio.panels.canvas.select("mm1")
    page = studio.panels.inspector.kernel_page
    page.path.setFocus()
    for name in ("M", "N", "K"):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is page.parameter(name)
    steps, form = page.schedule.steps, page.schedule.form
    steps.setFocus()
    steps.setCurrentRow(3)
    QTest.keyClick(steps, Qt.Key.Key_Return)
    for field in ("buffer", "kind", "dim", "factor"):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is form.input(field)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(QApplication.focusWidget(), "4")
    while QApplication.focusWidget() is not form.accept:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    QTest.keyClick(form.accept, Qt.Key.Key_Space)
    assert page.schedule.specs()[3].args["factor"] == 4
    assert QApplication.focusWidget() is steps
