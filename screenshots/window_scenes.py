"""Scenes of the window as a whole: its lists, its dialogs, its look, and what keeps a person's work safe."""

from __future__ import annotations

import platform
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QDialog, QLineEdit, QMessageBox, QWidget

from screenshots.scene import Scene
from screenshots.stage import SIZE, Stage
from ui.crash import CrashDialog, crash_text
from ui.recent import forget_recent

__all__ = ["SCENES"]

_ROOT = Path(__file__).resolve().parent.parent


def _first_page(stage: Stage) -> QPixmap:
    forget_recent()
    for name in ("diamond", "gemm_cascade"):
        stage.open(name)
        stage.act("close_project")
    return stage.picture()


def _guide(stage: Stage) -> QPixmap:
    folder = stage.folder / "allo-first"
    stage.prompts.answers["guide_folder"] = folder
    if folder.exists():
        stage.window.open_project(folder)
    stage.window.do_guide()
    stage.settle(0.3)
    if not stage.window.session.graph or not stage.window.session.graph.nodes:
        stage.type_in(stage.parts.palette.search, "GEMM, row-wise")
    stage.window.do_fit()
    stage.parts.bottom.setCurrentWidget(stage.parts.problems)
    return stage.picture()


def _problems(stage: Stage) -> QPixmap:
    stage.open("image_pipeline")
    stage.parts.canvas.select_blocks(["blur"])
    stage.act("delete")
    stage.click("sobel")
    stage.act("next_problem")
    stage.parts.bottom.setCurrentWidget(stage.parts.problems)
    problems = stage.parts.problems
    stage.row(problems.tree, problems.tree.visualItemRect(problems.tree.topLevelItem(0)))
    return stage.results(330)


def _console(stage: Stage) -> QPixmap:
    window = stage.open("gemm_cascade")
    stage.parts.console.log.clear()
    stage.act("console")
    stage.type_in(stage.parts.console.line, "check")
    stage.until(lambda: not stage.parts.console.run.running, "the command ends", 60)
    stage.click("mm1")
    stage.type_in(stage.parts.inspector.kernel_page.parameter("K"), "32")
    window.do_undo()
    stage.parts.bottom.setCurrentWidget(stage.parts.console)
    return stage.results(330)


def _commands(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    return stage.asked(lambda: stage.act("commands"), prepare=lambda box: _type(stage, box, "al"))


def _type(stage: Stage, box: QWidget, text: str) -> None:
    stage.type_in(box.findChildren(QLineEdit)[0], text, enter=False)


def _keys(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    return stage.asked(lambda: stage.act("keys"), prepare=lambda box: _type(stage, box, "wire"))


def _settings(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    return stage.asked(lambda: stage.act("settings"))


def _tabs(stage: Stage) -> QPixmap:
    for name in ("diamond", "gemm_cascade", "feedback"):
        stage.open(name)
    stage.click("scale")
    stage.act("disable")
    stage.act("previous_tab")
    return stage.picture(stage.parts.tabs, stage.parts.breadcrumbs, stage.parts.canvas)


def _outline(stage: Stage) -> QPixmap:
    stage.open("transformer_layer")
    stage.act("outline")
    stage.window.resizeDocks([stage.parts.docks["Outline"]], [400], Qt.Orientation.Horizontal)
    stage.settle(0.3)
    stage.window.do_fit()
    return stage.picture(stage.parts.docks["Outline"], stage.parts.canvas)


def _light(stage: Stage) -> QPixmap:
    stage.act("theme_light")
    stage.open("diamond")
    stage.build("rtl")
    stage.click("deviation")
    stage.predictions()
    return stage.picture()


def _large(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    stage.window.choose_look(scale=200)
    stage.window.resize(2400, 1500)
    stage.settle(0.3)
    stage.parts.size_docks(stage.window)
    stage.settle(0.4)
    stage.click("mm1")
    stage.window.do_fit()
    stage.predictions()
    return stage.picture().scaled(SIZE, mode=Qt.TransformationMode.SmoothTransformation)


def _recover(stage: Stage) -> QPixmap:
    window = stage.open("gemm_cascade")
    stage.click("mm1")
    stage.act("disable")
    # As after a process that was killed: the work beside the file is there, the window that kept it is not.
    kept = stage.example("gemm_cascade") / ".autosave-project.yaml"
    text = kept.read_text(encoding="utf-8")
    stage.reset()
    kept.write_text(text, encoding="utf-8")
    return stage.asked(lambda: window.open_project(stage.example("gemm_cascade")), _discard)


def _discard(box: QWidget) -> None:
    """Leave no work behind: scenes after this one would be asked about it."""
    assert isinstance(box, QMessageBox)
    next(button for button in box.buttons() if button.text() == "Discard").click()


def _changed_on_disk(stage: Stage) -> QPixmap:
    window = stage.open("gemm_cascade")
    stage.click("mm1")
    stage.type_in(stage.parts.inspector.kernel_page.parameter("K"), "32")
    file = stage.example("gemm_cascade") / "project.yaml"
    kept = file.read_text(encoding="utf-8")
    file.write_text(kept.replace("3.33", "4.0"), encoding="utf-8")
    try:
        return stage.asked(lambda: window.disk.look())
    finally:
        file.write_text(kept, encoding="utf-8")


def _crash(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    try:
        raise RuntimeError("made on purpose, to show this dialog")
    except RuntimeError as error:
        # Not of the computer on which the picture was made.
        text = crash_text(error, "Move mm1").replace(platform.platform(), "Linux").replace(f"{_ROOT}/", "")
    return stage.asked(lambda: CrashDialog(stage.window, text).exec())


def _trust(stage: Stage) -> QPixmap:
    stage.open("mixed_ip")
    return stage.asked(lambda: stage.act("build"), answer=_refuse)


def _refuse(box: QWidget) -> None:
    assert isinstance(box, QDialog)
    box.reject()


SCENES = (
    Scene("window-first-page", "The first page: the examples, and the projects that were open last", _first_page),
    Scene("window-guide", "The guided first project", _guide),
    Scene("window-problems", "Problems with a hint and a fix", _problems),
    Scene("window-console", "The console: what was done, and a command that was typed", _console),
    Scene("window-commands", "The command palette, after two letters", _commands),
    Scene("window-keys", "All keys and gestures in one list", _keys),
    Scene("window-settings", "The settings", _settings),
    Scene("window-tabs", "Three projects in tabs, one with changes that are not saved", _tabs),
    Scene("window-outline", "The design as a tree", _outline),
    Scene("window-light", "The light theme", _light),
    Scene("window-200", "The interface at 200%", _large),
    Scene("safety-recovery", "Unsaved work is offered after a crash", _recover),
    Scene("safety-file-changed", "The file was changed by another program", _changed_on_disk),
    Scene("safety-crash", "A fault in the studio", _crash),
    Scene("safety-trust", "The question before a project's code runs", _trust),
)
