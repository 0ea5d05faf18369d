"""The guided first project, walked through with mouse and keys to its end; and its steps as values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QToolButton, QWidget

from ui.comparison import latency_of
from ui.guide_commands import fresh_folder
from ui.guide_steps import STEPS, State, reached
from ui.spotlight import Spotlight
from ui.tables import items_of
from ui.window import Window

LEFT = Qt.MouseButton.LeftButton


class Person:
    """Does with the window what the guide asks for, by mouse and keys alone."""

    def __init__(self, window: Window, qtbot: Any) -> None:
        self._window, self._parts, self._qtbot = window, window.panels, qtbot

    def press(self, widget: QWidget | None) -> None:
        assert widget is not None
        assert widget.isVisible()
        assert widget.isEnabled()
        QTest.mouseClick(widget, LEFT)
        QApplication.processEvents()

    def row(self, view: QAbstractItemView, rect: QRect, double: bool = False) -> None:
        port = view.viewport()
        # What is seen of it.
        at = rect.intersected(port.rect()).center()
        QTest.mouseClick(port, LEFT, pos=at)
        if double:
            QTest.mouseDClick(port, LEFT, pos=at)
        QApplication.processEvents()

    def block(self, name: str) -> None:
        view = self._parts.canvas.view
        # Beside its ports, in its head.
        rect = self._parts.canvas.block(name).sceneBoundingRect()
        at = view.mapFromScene(rect.center().x(), rect.top() + 14)
        QTest.mouseClick(view.viewport(), LEFT, pos=at)
        QApplication.processEvents()
        assert self._parts.inspector.block == name

    def text(self, widget: QWidget, text: str) -> None:
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(widget, text)

    def choose(self, box: QComboBox, text: str) -> None:
        if box.isEditable():
            self.text(box.lineEdit(), text)
            return
        box.setFocus()
        QTest.keyClicks(box, text)
        assert box.currentText() == text

    def page(self, title: str) -> None:
        bar = self._parts.report.tabs.tabBar()
        at = next(n for n in range(bar.count()) if bar.tabText(n).startswith(title))
        QTest.mouseClick(bar, LEFT, pos=bar.tabRect(at).center())
        QApplication.processEvents()

    def fix(self, words: str) -> None:
        problems = self._parts.problems
        for number in range(len(problems.shown)):
            self.row(problems.tree, problems.tree.visualItemRect(problems.tree.topLevelItem(number)))
            for button in problems.buttons(number):
                if words in button.text():
                    problems.tree.scrollToItem(problems.tree.topLevelItem(number))
                    known = len(self._texts())
                    self.press(button)
                    self._wait_for(known + 1)
                    return
        raise AssertionError(f"no fix says {words}")

    def _wait_for(self, edits: int) -> None:
        self._qtbot.waitUntil(lambda: len(self._texts()) == edits, timeout=5000)

    def _texts(self) -> tuple[str, ...]:
        assert self._window.session.history is not None
        return self._window.session.history.texts

    def step(self, kind: str, **values: str) -> None:
        form = self._parts.inspector.kernel_page.schedule.form
        self._qtbot.waitUntil(form.isVisible, timeout=5000)
        if form.kind.currentText() != kind:
            self.choose(form.kind, kind)
        for field, value in values.items():
            box = form._inputs[field]
            assert isinstance(box, QComboBox)
            self.choose(box, value)
        self._qtbot.waitUntil(form.accept.isEnabled, timeout=5000)
        before = self._window.session.project
        self.press(form.accept)
        assert self._window.session.project is not before

    def build(self) -> None:
        self.press(self._window.toolbar.findChild(QToolButton, "build"))
        self._qtbot.waitUntil(lambda: not self._window.builder.running, timeout=180_000)
        assert self._window.session.result is not None, self._parts.log.log.toPlainText()


@pytest.fixture
def guided(window: Window, tmp_path: Path) -> Window:
    """A window with the guided project just begun, from the first page."""
    window.resize(1680, 1020)
    window.prompts.answers["guide_folder"] = tmp_path / "first"  # type: ignore[attr-defined]
    window.panels.welcome.guide_asked.emit()
    QApplication.processEvents()
    assert window.panels.docks["Guide"].isVisible()
    return window


def done(window: Window) -> int:
    """Return how many steps the panel shows as done."""
    QTest.qWait(20)
    ticks = [tick.accessibleName() for tick, _, _ in window.panels.guide.rows]
    count = ticks.count("done")
    assert ticks == (["done"] * count + ["next"] + ["to come"] * len(STEPS))[: len(STEPS)]
    assert [text.isVisible() for _, _, text in window.panels.guide.rows].count(True) == (count < len(STEPS))
    return count


def test_from_an_empty_canvas_to_two_builds_compared(guided: Window, qtbot: Any) -> None:
    person, parts = Person(guided, qtbot), guided.panels
    assert done(guided) == 0

    person.text(parts.palette.search, "GEMM, row-wise")
    QTest.keyClick(parts.palette.search, Qt.Key.Key_Return)
    assert done(guided) == 1

    parts.bottom.setCurrentWidget(parts.problems)
    for port in ("A", "B", "C"):
        assert done(guided) == 1
        person.fix(f"Make gemm_row_wise.{port}")
    assert done(guided) == 2

    guided.do_fit()
    QApplication.processEvents()
    person.block("@A")
    person.text(parts.inspector.port_page.type, "int32[64, 64]")
    QTest.keyClick(parts.inspector.port_page.type, Qt.Key.Key_Return)
    assert done(guided) == 3
    person.fix("Make A")
    assert done(guided) == 4

    person.block("gemm_row_wise")
    panel = parts.inspector.kernel_page.schedule
    person.press(panel._buttons["add"])
    person.step("unroll", axis="j.outer", factor="2")
    assert done(guided) == 5

    person.build()
    assert done(guided) == 6
    first = parts.report.report
    assert first is not None
    person.page("Loops")
    assert done(guided) == 7
    slow = next(n for n, loop in enumerate(first.loops) if loop.missed)
    loops = parts.report.loops
    person.row(loops, loops.visualItemRect(items_of(loops)[0]))
    assert done(guided) == 7
    loops.scrollToItem(items_of(loops)[slow])
    person.row(loops, loops.visualItemRect(items_of(loops)[slow]))
    assert done(guided) == 8

    person.block("gemm_row_wise")
    wanted = next(n for n in range(panel.steps.count()) if "partition   row" in panel.steps.item(n).text())
    panel.steps.scrollToItem(panel.steps.item(wanted))
    person.row(panel.steps, panel.steps.visualItemRect(panel.steps.item(wanted)), double=True)
    person.step("partition", factor="8")
    assert done(guided) == 9

    person.build()
    assert done(guided) == 10
    second = parts.report.report
    assert second is not None
    assert latency_of(second).predicted < 0.6 * latency_of(first).predicted
    person.page("Changes")
    assert done(guided) == len(STEPS)
    assert parts.guide.end.isVisible()
    assert not parts.guide.where.isVisible()


def test_it_can_be_left_and_taken_up_again(guided: Window, tmp_path: Path, qtbot: Any) -> None:
    person, parts = Person(guided, qtbot), guided.panels
    person.text(parts.palette.search, "GEMM, row-wise")
    QTest.keyClick(parts.palette.search, Qt.Key.Key_Return)
    assert done(guided) == 1
    assert guided.do_save()
    parts.docks["Guide"].close()
    guided.do_close_project()
    guided.actions_by_id["guide"].trigger()
    assert guided.session.loaded is not None
    assert guided.session.loaded.root == tmp_path / "first"
    assert done(guided) == 1
    # What was done stays done.
    guided.panels.canvas.select_blocks(["gemm_row_wise"])
    guided.do_delete()
    assert done(guided) == 1
    guided.prompts.answers["guide_folder"] = tmp_path / "second"  # type: ignore[attr-defined]
    parts.guide.anew.click()
    assert guided.session.loaded.root == tmp_path / "second"
    assert done(guided) == 0


def test_another_project_in_front_changes_nothing(guided: Window, project: Path, qtbot: Any) -> None:
    assert guided.open_project(project)
    assert done(guided) == 0
    assert guided.panels.guide.elsewhere.isVisible()
    assert not guided.panels.guide.where.isVisible()
    Person(guided, qtbot).press(guided.panels.guide.elsewhere)
    assert guided.session.project is not None
    assert guided.session.project.name == "first"
    QTest.qWait(20)
    assert guided.panels.guide.where.isVisible()


@pytest.mark.parametrize("where", sorted({step.where for step in STEPS}))
def test_each_place_can_be_shown(guided: Window, where: str) -> None:
    guided.panels.guide.where_asked.emit(where)
    QTest.qWait(50)
    (light,) = guided.findChildren(Spotlight)
    assert light.isVisible()
    assert guided.rect().adjusted(-4, -4, 4, 4).contains(light.geometry())
    expected = {
        "palette": guided.panels.palette,
        "problems": guided.panels.problems,
        "inspector": guided.panels.inspector,
        "schedule": guided.panels.inspector,
        "build": guided.toolbar,
    }.get(where, guided.panels.report)
    centre = expected.mapTo(guided, expected.rect().center())
    around = QRect(expected.mapTo(guided, expected.rect().topLeft()), expected.size()).adjusted(-6, -6, 6, 6)
    assert around.contains(light.geometry()), centre


def test_where_the_block_of_the_palette_is_is_shown(guided: Window) -> None:
    guided.panels.palette.search.setText("softmax")
    guided.panels.guide.where.click()
    assert guided.panels.palette.tree.currentItem().text(0) == "GEMM, row-wise"


def test_steps_are_done_one_after_the_other() -> None:
    assert reached(State(), 0) == 0
    assert reached(State(page="Loops"), 6) == 7
    # A later step that is done already waits for those before it.
    assert reached(State(page="Loops"), 5) == 5
    assert reached(State(page="Changes (3)"), 10) == 10
    assert reached(State(), len(STEPS)) == len(STEPS)


def test_the_folder_that_is_offered_is_a_fresh_one(tmp_path: Path) -> None:
    assert fresh_folder(tmp_path) == tmp_path / "allo-first"
    (tmp_path / "allo-first").mkdir()
    assert fresh_folder(tmp_path) == tmp_path / "allo-first-2"


def test_a_folder_that_cannot_be_made_is_told(window: Window, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    window.prompts.answers["guide_folder"] = tmp_path / "taken"  # type: ignore[attr-defined]
    window.do_guide()
    assert window.session.project is None
    assert "exists already" in window.statusBar().currentMessage()
    assert not window.panels.docks["Guide"].isVisible()
