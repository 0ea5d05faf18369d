"""Several projects in tabs: each has its own history, selection, view, log and report; nothing of one is lost."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar

from allo_studio.design.edits import Disconnect, MoveNodes, RenameNode, SetExecution
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.pipeline import Cancelled
from allo_studio.project import autosave, load_project, recover
from ui import builder, preferences
from ui.recent import last_open
from ui.window import Window

INNER = "mm1.C->mm2.A"


@pytest.fixture
def other(project: Path) -> Path:
    """A second project in the same folder, with the same names of graph and blocks."""
    file = project / "other.yaml"
    text = (project / "project.yaml").read_text()
    file.write_text(text.replace("name: gemm_cascade", "name: other"))
    return file


@pytest.fixture
def both(studio: Window, other: Path) -> Window:
    """A window with two projects, of which `other` is in front."""
    assert studio.open_project(other)
    QApplication.processEvents()
    return studio


def titles(window: Window) -> list[str]:
    tabs = window.panels.tabs
    return [tabs.tabText(at) for at in range(tabs.count())]


def middle(window: Window, at: int) -> QPoint:
    return window.panels.tabs.tabRect(at).center()


def front(window: Window) -> str:
    assert window.session.project is not None
    assert titles(window)[window.panels.tabs.currentIndex()].startswith(window.session.project.name)
    return window.session.project.name


def ctrl(window: Window, key: Qt.Key, shift: bool = False) -> None:
    keys = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(window.panels.canvas.view, key, keys | Qt.KeyboardModifier.ShiftModifier if shift else keys)
    QApplication.processEvents()


def test_each_has_its_own_tab_and_an_open_one_is_gone_to(both: Window, project: Path, other: Path) -> None:
    assert titles(both) == ["gemm_cascade", "other"]
    assert both.panels.tabs.isVisible()
    assert front(both) == "other"
    assert both.panels.tabs.tabToolTip(1) == str(other)
    both.session.do(Disconnect("cascade", INNER))
    assert both.open_project(project)
    assert front(both) == "gemm_cascade"
    assert both.open_project(other)
    assert (front(both), len(both.session.works)) == ("other", 2)
    # It is the one that was open, with its edit.
    assert both.session.dirty


def test_by_mouse(both: Window) -> None:
    tabs = both.panels.tabs
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=middle(both, 0))
    assert front(both) == "gemm_cascade"
    start, end = middle(both, 0), middle(both, 1) + QPoint(40, 0)
    QTest.mousePress(tabs, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 9):
        QTest.mouseMove(tabs, start + (end - start) * step / 8)
    QTest.mouseRelease(tabs, Qt.MouseButton.LeftButton, pos=end)
    assert titles(both) == ["other", "gemm_cascade"]
    assert [work.project.name for work in both.session.works if work.project] == titles(both)
    assert front(both) == "gemm_cascade"
    QTest.mouseClick(tabs, Qt.MouseButton.MiddleButton, pos=middle(both, 0))
    assert titles(both) == ["gemm_cascade"]
    QTest.mouseClick(tabs.tabButton(0, QTabBar.ButtonPosition.RightSide), Qt.MouseButton.LeftButton)
    assert titles(both) == []
    assert both.panels.middle.currentWidget() is both.panels.welcome


def test_by_keys(both: Window) -> None:
    ctrl(both, Qt.Key.Key_Tab)
    assert front(both) == "gemm_cascade"
    ctrl(both, Qt.Key.Key_Tab)
    assert front(both) == "other"
    ctrl(both, Qt.Key.Key_Backtab, shift=True)
    assert front(both) == "gemm_cascade"
    ctrl(both, Qt.Key.Key_W)
    assert front(both) == "other"
    assert not both.actions_by_id["next_tab"].isEnabled()
    ctrl(both, Qt.Key.Key_W)
    assert both.session.project is None


def test_edits_selection_and_view_are_each_project_s_own(both: Window) -> None:
    canvas = both.panels.canvas
    both.session.do(RenameNode("cascade", "mm2", "second"))
    both.session.do(MoveNodes("cascade", {"second": (2000.0, 1000.0)}))
    canvas.select("second", centre=True)
    shown = canvas.view.scene_range()
    ctrl(both, Qt.Key.Key_Tab)
    assert "second" not in canvas.picture.blocks
    assert canvas.selected_blocks() == []
    assert not both.actions_by_id["undo"].isEnabled()
    both.session.do(SetExecution("cascade", "sequential"))
    canvas.select(wire=INNER)
    ctrl(both, Qt.Key.Key_Tab)
    assert canvas.selected_blocks() == ["second"]
    assert both.panels.inspector.block == "second"
    assert both.session.graph is not None
    assert both.session.graph.execution == "dataflow"
    assert canvas.positions["second"] == (2000.0, 1000.0)
    again = canvas.view.scene_range()
    assert (again.center() - shown.center()).manhattanLength() < 1.0
    assert abs(again.width() - shown.width()) < 1.0
    both.do_undo()
    both.do_undo()
    assert "mm2" in canvas.picture.blocks
    assert not both.session.dirty
    ctrl(both, Qt.Key.Key_Tab)
    assert canvas.selected_wires() == [INNER]
    assert both.actions_by_id["undo"].isEnabled()


def test_the_level_is_each_project_s_own(both: Window) -> None:
    both.panels.canvas.select_blocks(["mm1", "mm2"])
    both.block_actions.collapse("pair")
    both.do_enter()
    assert both.session.level.nodes
    ctrl(both, Qt.Key.Key_Tab)
    assert both.session.level.path == "cascade"
    ctrl(both, Qt.Key.Key_Tab)
    assert both.session.level.path == "cascade/pair"
    assert set(both.panels.canvas.picture.blocks) >= {"mm1", "mm2"}


def test_what_is_not_saved_is_marked(both: Window) -> None:
    both.session.do(Disconnect("cascade", INNER))
    assert titles(both) == ["gemm_cascade", "other •"]
    assert "not saved" in both.panels.tabs.tabToolTip(1)
    both.do_undo()
    assert titles(both) == ["gemm_cascade", "other"]


def test_projects_of_one_name_are_told_apart(studio: Window, project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    (copy / "project.yaml").write_text((project / "project.yaml").read_text())
    assert studio.open_project(copy)
    assert titles(studio) == ["gemm_cascade (gemm_cascade)", "gemm_cascade (elsewhere)"]


def test_copy_in_one_and_paste_in_the_other(both: Window) -> None:
    both.panels.canvas.select_blocks(["mm1"])
    both.do_copy()
    ctrl(both, Qt.Key.Key_Tab)
    both.do_paste()
    assert both.session.graph is not None
    assert list(both.session.graph.nodes) == ["mm1", "mm2", "mm1_2"]
    ctrl(both, Qt.Key.Key_Tab)
    assert both.session.graph is not None
    assert list(both.session.graph.nodes) == ["mm1", "mm2"]


def test_a_build_lands_in_the_project_that_began_it(both: Window, monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    go = threading.Event()

    def build(*arguments: Any, progress: Any, cancel: Any, **_: Any) -> None:
        go.wait(20)
        raise AlloError(Diagnostic("rtl", "no circuit for this", where="cascade/mm1"))

    monkeypatch.setattr(builder, "build", build)
    both.do_build()
    assert "being built" in both.panels.tabs.tabToolTip(1)
    assert "Building other" in both.panels.log.log.toPlainText()
    assert both.panels.log.cancel.isEnabled()
    ctrl(both, Qt.Key.Key_Tab)
    log = both.panels.log
    assert (log.stage.text(), log.log.toPlainText(), log.cancel.isEnabled()) == ("Not built yet", "", False)
    assert not both.actions_by_id["build"].isEnabled()
    go.set()
    qtbot.waitUntil(lambda: not both.builder.running, timeout=5000)
    assert front(both) == "gemm_cascade"
    assert both.session.problems() == ()
    assert both.statusBar().currentMessage().startswith("The build of other as HLS C++ failed")
    assert "being built" not in both.panels.tabs.tabToolTip(1)
    ctrl(both, Qt.Key.Key_Tab)
    assert both.session.problems()[0].message == "no circuit for this"
    assert "The build failed" in log.log.toPlainText()


def test_closing_what_is_being_built_cancels_it(both: Window, monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    ended: list[bool] = []

    def build(*arguments: Any, progress: Any, cancel: Any, **_: Any) -> None:
        while not cancel():
            sleep(0.001)
        ended.append(True)
        raise Cancelled

    monkeypatch.setattr(builder, "build", build)
    both.do_build()
    ctrl(both, Qt.Key.Key_Tab)
    both.close_work(both.session.works[1])
    qtbot.waitUntil(lambda: bool(ended), timeout=5000)
    assert not both.builder.running
    assert both.actions_by_id["build"].isEnabled()


def test_the_report_goes_with_its_project(studio: Window, other: Path, qtbot: Any) -> None:
    studio.do_build()
    qtbot.waitUntil(lambda: not studio.builder.running, timeout=120000)
    report = studio.panels.report.report
    assert report is not None, studio.panels.log.log.toPlainText()
    assert studio.panels.canvas.picture.blocks["mm1"].footer
    assert studio.open_project(other)
    assert studio.panels.report.report is None
    assert not studio.actions_by_id["export_report"].isEnabled()
    assert not studio.panels.canvas.picture.blocks["mm1"].footer
    ctrl(studio, Qt.Key.Key_Tab)
    assert studio.panels.report.report is report
    assert studio.panels.canvas.picture.blocks["mm1"].footer


def test_closing_the_window_asks_for_each_that_is_not_saved(both: Window, project: Path, other: Path) -> None:
    both.session.do(Disconnect("cascade", INNER))
    ctrl(both, Qt.Key.Key_Tab)
    both.session.do(SetExecution("cascade", "sequential"))
    asked: list[str] = []

    class Person:
        def unsaved(self, name: str) -> str:
            asked.append(name)
            return "discard" if name == "gemm_cascade" else "cancel"

    both.prompts = Person()  # type: ignore[assignment]
    assert not both.close()
    assert asked == ["gemm_cascade", "other"]
    # The window stays, and with it what would have been lost.
    assert recover(project) is not None
    assert recover(other) is not None
    Person.unsaved = lambda self, name: "save" if name == "other" else "discard"  # type: ignore[method-assign,assignment,return-value]
    assert both.close()
    assert recover(project) is None
    assert "sequential" not in (project / "project.yaml").read_text()
    assert INNER not in [edge.id for edge in load_project(other).project.graphs["cascade"].edges]


def test_unsaved_work_of_all_is_offered_after_a_crash(studio: Window, project: Path, other: Path) -> None:
    for path in (project, other):
        loaded = load_project(path)
        autosave(loaded, Disconnect("cascade", INNER).apply(loaded.project))
    studio.session.close()
    studio.prompts.answers["recover"] = "take"  # type: ignore[attr-defined]
    assert studio.open_project(project)
    assert studio.open_project(other)
    assert titles(studio) == ["gemm_cascade •", "other •"]
    assert "begins anew" in studio.statusBar().currentMessage()


def test_a_file_of_a_project_behind_that_changes_is_told(both: Window, project: Path, qtbot: Any) -> None:
    asked: list[tuple[str, bool]] = []

    class Person:
        def file_changed(self, name: str, dirty: bool) -> str:
            asked.append((name, dirty))
            return "reload"

        def unsaved(self, name: str) -> str:
            return "discard"

    both.prompts = Person()  # type: ignore[assignment]
    file, draft = project / "project.yaml", project / "draft"
    draft.write_text(file.read_text().replace("clock_ns: 3.33", "clock_ns: 4"))
    os.replace(draft, file)
    qtbot.waitUntil(lambda: bool(asked), timeout=5000)
    assert asked == [("project.yaml of gemm_cascade", False)]
    assert front(both) == "gemm_cascade"
    assert both.session.project is not None
    assert both.session.project.target.clock_ns == 4.0


def test_a_copy_may_not_be_saved_over_an_open_project(both: Window, project: Path) -> None:
    before = (project / "project.yaml").read_bytes()
    both.prompts.answers["save_as"] = project  # type: ignore[attr-defined]
    both.do_save_as()
    assert "open in another tab" in both.session.problems()[0].message
    assert (project / "project.yaml").read_bytes() == before
    assert front(both) == "other"


def test_the_open_projects_are_offered_at_the_next_start(both: Window, project: Path, other: Path) -> None:
    assert last_open() == [project / "project.yaml", other]
    both.close()
    again = Window()
    again.prompts = both.prompts
    try:
        again.show()
        assert again.session.works == []
        assert again.actions_by_id["reopen"].isEnabled()
        again.panels.welcome.reopen_asked.emit()
        assert titles(again) == ["gemm_cascade", "other"]
        assert not again.actions_by_id["reopen"].isEnabled()
        # The choice to begin with them is kept.
        assert not preferences.load().reopen
        again.actions_by_id["keep_tabs"].trigger()
        assert preferences.load().reopen
        again.do_close_project()
        assert last_open() == [project / "project.yaml"]
    finally:
        again.close()
        again.deleteLater()


def test_a_closed_tab_is_freed(both: Window) -> None:
    both.session.do(Disconnect("cascade", INNER))
    both.panels.canvas.select("mm1")
    freed = [weakref.ref(both.session.work), weakref.ref(both.session.work.history)]  # type: ignore[arg-type]
    both.do_close_project()
    QApplication.processEvents()
    gc.collect()
    assert [ref() for ref in freed] == [None, None]


_PROCESS = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings, QTimer
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, sys.argv[1])
import ui.app
from ui import preferences
from ui.recent import remember_open
from ui.window import Window
remember_open([Path(name) for name in sys.argv[2:]])
preferences.store(reopen=True)
def later():
    window = next(w for w in ui.app.application().topLevelWidgets() if isinstance(w, Window))
    assert [work.project.name for work in window.session.works] == ["gemm_cascade", "other"]
    window.do_build()
    window.do_next_tab()
    window.panels.console.line.setText("check")
    window.panels.console.button.click()
    QTimer.singleShot(300, window.close)
app = ui.app.application()
QTimer.singleShot(300, later)
sys.exit(ui.app.main([]))
"""


def test_a_start_with_those_of_last_time_and_an_end_with_all_of_them(
    project: Path, other: Path, tmp_path: Path
) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-W", "error", "-c", _PROCESS, str(tmp_path / "s"), str(project / "project.yaml"), str(other)]  # fmt: skip  # noqa: E501
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=root, env=environment)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
