"""A window that scenes are played in: examples are copied, keys and the mouse are real, and what is seen is grabbed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractAnimation, QPoint, QPointF, QRect, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QWidget

from allo_studio.design.model import Graph
from allo_studio.project import example_folder
from screenshots.images import laid_over
from ui.app import application
from ui.code_view import CodeView
from ui.dialogs import Prompts
from ui.window import Window

__all__ = ["SIZE", "Stage", "StageError"]

SIZE = QSize(1440, 900)
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
_RUNNING = QAbstractAnimation.State.Running
_BUILD_S = 300.0
# Of the event loop, one after another, in which nothing is due once the window is at rest.
_PASSES = 3
# Of a drawing, above and below its blocks.
_AROUND = 40


class StageError(Exception):
    """A scene did not come to what it is to show."""


class _Script(Prompts):
    """Asks as the window does, but for what `answers` (name of the question: answer) has."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.answers: dict[str, Any] = {}

    def __getattribute__(self, name: str) -> Any:
        answers = object.__getattribute__(self, "__dict__").get("answers", {})
        return (lambda *_: answers[name]) if name in answers else object.__getattribute__(self, name)


class Stage:
    """A window in a folder of its own. Each scene begins with `reset`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))
        self.app = application()
        self.window = Window()
        self.prompts = _Script(self.window)
        self.window.prompts = self.prompts
        self.parts = self.window.panels
        self.window.resize(SIZE)
        self.window.show()
        self.settle()
        self._docks = self.window.saveState()
        # Pictures of scenes that are played together, by their names.
        self.kept: dict[str, QPixmap] = {}

    def close(self) -> None:
        """Take the window down."""
        self.reset()
        self.window.close()
        self.window.deleteLater()
        self.settle()

    def reset(self) -> None:
        """Close all projects without saving, and give the window the look and the parts that it begins with."""
        window = self.window
        if window.builder.running:
            window.do_cancel()
            self.until(lambda: not window.builder.running, "the build ends")
        for widget in QApplication.topLevelWidgets():
            if widget is not window and widget.isVisible():
                widget.close()
        self.prompts.answers = {"unsaved": "discard"}
        while window.session.works:
            window.do_close_project()
            self.settle()
        self.prompts.answers = {}
        window.choose_look(theme="dark", scale=100)
        window.find_bar.close_bar()
        window.restoreState(self._docks)
        window.resize(SIZE)
        self.parts.bottom.setCurrentIndex(0)
        self.parts.report.tabs.setCurrentIndex(0)
        self.parts.palette.search.clear()
        while self.parts.code.panes.second.count():
            self.parts.code.panes.toggle()
        self.parts.code.panes.bring(self.parts.code.loops)
        self.parts.size_docks(window)
        window.statusBar().clearMessage()
        self.settle()

    # Projects.

    def example(self, name: str) -> Path:
        """Return the folder of a copy of an example, made at its first use."""
        target = self.folder / name
        if not target.exists():
            left_out = shutil.ignore_patterns("build", "__pycache__", ".autosave*")
            shutil.copytree(example_folder(name), target, ignore=left_out)
        return target

    def open(self, name: str) -> Window:
        """Open a copy of an example."""
        if not self.window.open_project(self.example(name)):
            raise StageError(f"{name} does not open: {self.window.statusBar().currentMessage()}")
        self.settle()
        self.window.do_fit()
        self.settle()
        return self.window

    def build(self, target: str = "hls") -> None:
        """Build the project in front by the keys of its actions, and wait for the report."""
        if self.window.targets.chosen != target:
            self.act(f"target_{target}")
        self.act("build")
        self.until(lambda: not self.window.builder.running, "the build ends", _BUILD_S)
        if self.window.session.result is None:
            raise StageError(f"the build failed:\n{self.parts.log.log.toPlainText()}")
        self.settle()
        self.window.do_fit()
        self.settle()

    # Waiting.

    def settle(self, seconds: float = 0.12) -> None:
        """Let the window do what is due within `seconds`; where nothing is any more, that takes less."""
        end, passes = time.monotonic() + seconds, 0
        while passes < _PASSES and (left := end - time.monotonic()) > 0:
            self.app.processEvents()
            passes = 0 if self._due(left) else passes + 1
            time.sleep(0.005)

    def _due(self, seconds: float) -> bool:
        """Tell whether something is to come within `seconds`, a dock is moving, or a process is asked about steps."""
        inspector, timers = self.parts.inspector, self.window.findChildren(QTimer)
        return (
            inspector.verifier.running
            or inspector.effects.predictor.running
            or any(t.isActive() and t.isSingleShot() and t.remainingTime() <= seconds * 1000 for t in timers)
            or any(moved.state() == _RUNNING for moved in self.window.findChildren(QAbstractAnimation))
        )

    def until(self, done: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
        """Wait until `done`; raises StageError with `what` was waited for where that takes longer than `seconds`."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise StageError(f"waited {seconds:g} s until {what}")
            self.app.processEvents()
            time.sleep(0.005)

    def predictions(self) -> None:
        """Wait until the steps of the selected block are verified and their cycles known."""
        inspector = self.parts.inspector
        self.settle(0.4)
        self.until(lambda: not inspector.verifier.running, "steps are verified", 60)
        self.until(lambda: not inspector.effects.predictor.running, "steps are predicted", 60)
        self.settle(0.3)

    # What a person does.

    def act(self, name: str) -> None:
        """Do an action of the window."""
        action = self.window.actions_by_id[name]
        if not action.isEnabled():
            raise StageError(f"the action {name} is not enabled")
        action.trigger()
        self.settle()

    def type_in(self, widget: QWidget, text: str, enter: bool = True) -> None:
        """Put a text in place of that of a field."""
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(widget, text)
        if enter:
            QTest.keyClick(widget, Qt.Key.Key_Return)
        self.settle()

    def press(self, widget: QWidget) -> None:
        """Click a button."""
        if not (widget.isVisible() and widget.isEnabled()):
            raise StageError(f"{widget.objectName() or type(widget).__name__} cannot be pressed")
        QTest.mouseClick(widget, _LEFT)
        self.settle()

    def line(self, view: CodeView, words: str) -> None:
        """Go to the first line of a view of code that has these words, by the arrow keys."""
        lines = view.toPlainText().splitlines()
        number = next((n for n, text in enumerate(lines, 1) if words in text), None)
        if number is None or number < 2:
            raise StageError(f"no line has {words!r}")
        view.setFocus()
        view.go_to_line(number - 1)
        QTest.keyClick(view, Qt.Key.Key_Down)
        self.settle(0.3)

    def row(self, view: QAbstractItemView, rect: QRect, double: bool = False) -> None:
        """Click a row of a list or a tree."""
        # What is seen of it.
        at = rect.intersected(view.viewport().rect()).center()
        QTest.mouseClick(view.viewport(), _LEFT, _NONE, at)
        if double:
            QTest.mouseDClick(view.viewport(), _LEFT, _NONE, at)
        self.settle()

    def click(self, block: str) -> None:
        """Click the head of a block on the canvas."""
        rect = self.parts.canvas.block(block).sceneBoundingRect()
        QTest.mouseClick(self._port(), _LEFT, _NONE, self._at(QPointF(rect.center().x(), rect.top() + 14)))
        self.settle()
        if self.parts.inspector.block != block:
            raise StageError(f"{block} is not selected")

    def hold(self, start: QPointF, end: QPointF) -> None:
        """Press the mouse on the canvas and drag it, in scene coordinates, without letting go."""
        points = [self._at(start + (end - start) * (i / 12)) for i in range(13)]
        QTest.mousePress(self._port(), _LEFT, _NONE, points[0])
        for point in points[1:]:
            QTest.mouseMove(self._port(), point)
            self.settle(0.01)
        self.settle()

    def let_go(self, at: QPointF) -> None:
        """Let the mouse go at a place of the scene."""
        QTest.mouseRelease(self._port(), _LEFT, _NONE, self._at(at))
        self.settle()

    def drop_wire(self, start: QPointF, end: QPointF) -> None:
        """Draw a wire from a port to a place of the scene, with the pointer there, at which its menu opens."""
        self.hold(start, end)
        self.window.cursor().setPos(self._port().mapToGlobal(self._at(end)))
        self.let_go(end)

    def drag(self, start: QPointF, end: QPointF) -> None:
        """Drag from a place of the scene to another."""
        self.hold(start, end)
        self.let_go(end)

    def fix(self, words: str) -> None:
        """Press the first fix under Problems whose text has these words."""
        problems = self.parts.problems
        self.parts.bottom.setCurrentWidget(problems)
        for number in range(len(problems.shown)):
            item = problems.tree.topLevelItem(number)
            problems.tree.scrollToItem(item)
            self.row(problems.tree, problems.tree.visualItemRect(item))
            found = next((b for b in problems.buttons(number) if words in b.text()), None)
            if found is not None:
                problems.tree.scrollToItem(item.child(item.childCount() - 1))
                self.press(found)
                self.settle(0.3)
                return
        raise StageError(f"no fix says {words!r}")

    def step(self, name: str, /, **values: str) -> None:
        """Fill in the form for a step that is open; nothing is accepted yet."""
        form = self.parts.inspector.kernel_page.schedule.form
        self.until(form.isVisible, "the form for a step is open")
        if form.kind.currentText() != name:
            self.choose(form.kind, name)
        for field, value in values.items():
            box = form.input(field)
            if not isinstance(box, QComboBox):
                raise StageError(f"{field} is nothing to choose")
            self.choose(box, value)

    def choose(self, box: QComboBox, text: str) -> None:
        """Choose an entry by typing it."""
        if box.isEditable():
            self.type_in(box, text, enter=False)
            return
        box.setFocus()
        QTest.keyClicks(box, text)
        self.settle()
        if box.currentText() != text:
            raise StageError(f"{text} is not offered")

    def accept_step(self) -> None:
        """Add or change the step in the form."""
        form = self.parts.inspector.kernel_page.schedule.form
        self.until(form.accept.isEnabled, "the step applies")
        self.press(form.accept)

    def page(self, title: str) -> None:
        """Bring a page of the report to the front."""
        self.parts.bottom.setCurrentWidget(self.parts.report)
        bar = self.parts.report.tabs.tabBar()
        at = next((n for n in range(bar.count()) if bar.tabText(n).startswith(title)), None)
        if at is None:
            raise StageError(f"the report has no page {title}")
        # Where there is no room for all tabs, some are out of sight until one scrolls there.
        bar.setCurrentIndex(at)
        self.settle()

    # Pictures.

    def picture(self, *widgets: QWidget) -> QPixmap:
        """Return the window, or the part of it that some of its widgets take."""
        self.settle()
        whole = self.window.grab()
        area = QRect()
        for widget in widgets:
            area = area.united(QRect(widget.mapTo(self.window, QPoint(0, 0)), widget.size()))
        return whole.copy(area) if widgets else whole

    def graph(self) -> Graph:
        """Return the graph that is shown."""
        found = self.window.session.graph
        if found is None:
            raise StageError("no graph is shown")
        return found

    def inspector(self, width: int = 500) -> QPixmap:
        """Return the inspector, as high as there is room, and this wide; the window is then as it was."""
        docks = self.parts.docks
        before = self.window.saveState()
        docks["Code"].hide()
        self.window.resizeDocks([docks["Inspector"]], [width], Qt.Orientation.Horizontal)
        self.settle(0.3)
        made = self.picture(docks["Inspector"])
        self.window.restoreState(before)
        self.settle()
        return made

    def drawing(self, *beside: QWidget) -> QPixmap:
        """Return the whole graph and what else of the window is given, without the lists below the canvas."""
        self.parts.docks["Results"].hide()
        self.settle()
        self.window.do_fit()
        self.settle()
        return self.blocks(*beside)

    def blocks(self, *beside: QWidget) -> QPixmap:
        """Return the part of the canvas that has blocks, as wide as it, and what else of the window is given."""
        view = self.parts.canvas.view
        part = view.mapFromScene(view.drawn()).boundingRect().adjusted(0, -_AROUND, 0, _AROUND)
        part = QRect(0, part.top(), view.viewport().width(), part.height()).intersected(view.viewport().rect())
        whole = self.window.grab()
        area = QRect(view.viewport().mapTo(self.window, part.topLeft()), part.size())
        for widget in beside:
            area = area.united(QRect(widget.mapTo(self.window, QPoint(0, 0)), widget.size()))
        return whole.copy(area)

    def results(self, height: int = 400) -> QPixmap:
        """Return the lists below the canvas with this height, as wide as the window; it is then as it was."""
        docks = self.parts.docks
        before = self.window.saveState()
        for name, dock in docks.items():
            dock.setVisible(name == "Results")
        self.window.resizeDocks([docks["Results"]], [height], Qt.Orientation.Vertical)
        self.settle(0.3)
        self.parts.report.dataflow.view.fit()
        made = self.picture(self.parts.bottom)
        self.window.restoreState(before)
        self.settle()
        return made

    def dialog(self) -> QWidget:
        """Return the dialog that is open beside the window."""
        found = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w is not self.window]
        if not found:
            raise StageError("no dialog is open")
        return found[0]

    def asked(
        self,
        act: Callable[[], object],
        answer: Callable[[QWidget], object] = QWidget.close,
        prepare: Callable[[QWidget], object] = lambda _: None,
    ) -> QPixmap:
        """Return the dialog or menu that `act` opens once it is prepared, and answer it, else close it."""
        taken: list[QPixmap] = []
        faults: list[StageError] = []

        def look() -> None:
            found = QApplication.activePopupWidget() or QApplication.activeModalWidget()
            if found is None:
                return
            watch.stop()
            self.settle(0.2)
            try:
                prepare(found)
                self.settle(0.2)
                taken.append(self._over(found) if found.windowType() == Qt.WindowType.Popup else found.grab())
                # The menu of an entry is in front of the one that it is of.
                answer(QApplication.activePopupWidget() or found)
            except StageError as fault:
                faults.append(fault)
            finally:
                found.close()

        watch = QTimer(self.window)
        watch.timeout.connect(look)
        watch.start(60)
        act()
        self.settle()
        watch.stop()
        if faults or not taken:
            raise faults[0] if faults else StageError("nothing was asked")
        return taken[0]

    def _over(self, popup: QWidget) -> QPixmap:
        """Return the window with a menu of it and its submenus."""
        made = self.window.grab()
        menus: Sequence[QWidget] = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w is not self.window]
        for menu in menus if popup in menus else [popup]:
            made = laid_over(made, menu.grab(), self.window.mapFromGlobal(menu.pos()))
        return made

    def _port(self) -> QWidget:
        return self.parts.canvas.view.viewport()

    def _at(self, point: QPointF) -> QPoint:
        return QPoint(self.parts.canvas.view.mapFromScene(point))
