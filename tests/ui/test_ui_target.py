"""Choosing what Build makes: by button, menu and key; remembered for each project, and not in its file."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from schedule_samples import report

import ui.builder
from allo_studio.pipeline import BuildResult, Progress
from ui.targets import TargetChoice
from ui.window import Window


def button(window: Window) -> QToolButton:
    found = window.toolbar.findChild(QToolButton, "target")
    assert isinstance(found, QToolButton)
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str]]:
    """The folders and targets that were asked to be built; nothing is."""
    found: list[tuple[Path, str]] = []

    def build(loaded: Any, out: Path, *, target: str, progress: Any, **rest: Any) -> BuildResult:
        found.append((out, target))
        progress(Progress("generate", "writing", 0.5))
        return BuildResult(report())

    monkeypatch.setattr(ui.builder, "build", build)
    return found


def test_the_target_that_is_built_is_the_chosen_one(
    studio: Window, project: Path, asked: list[tuple[Path, str]], qtbot: Any
) -> None:
    stages: list[str] = []
    studio.builder.progressed.connect(lambda _: stages.append(studio.panels.log.stage.text()))
    for target, folder in (("hls", "gemm_cascade"), ("rtl", "gemm_cascade-rtl")):
        studio.actions_by_id[f"target_{target}"].trigger()
        studio.actions_by_id["build"].trigger()
        qtbot.waitUntil(lambda: not studio.builder.running, timeout=5000)
        assert asked[-1] == (project / "build" / folder, target)
    assert stages == ["HLS C++  ·  generate  writing", "RTL  ·  generate  writing"]
    assert "Building gemm_cascade: RTL" in studio.panels.log.log.toPlainText()
    assert studio.statusBar().currentMessage().startswith("Built RTL: 35,541 cycles")


def test_a_target_chosen_during_a_build_is_the_next_one_s(
    studio: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def build(loaded: Any, out: Path, **rest: Any) -> BuildResult:
        assert go.wait(5)
        return BuildResult(report())

    monkeypatch.setattr(ui.builder, "build", build)
    studio.do_build()
    studio.do_target_rtl()
    go.set()
    qtbot.waitUntil(lambda: not studio.builder.running, timeout=5000)
    assert studio.panels.log.stage.text().startswith("HLS C++  ·  Built")


def test_button_menu_and_keys_agree(studio: Window, qtbot: Any) -> None:
    marks = [studio.actions_by_id[name] for name in ("target_hls", "target_rtl")]
    assert button(studio).text() == "HLS C++"
    assert [action.isChecked() for action in marks] == [True, False]
    QTest.keyClick(studio, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert button(studio).text() == "RTL"
    assert [action.isChecked() for action in marks] == [False, True]
    assert button(studio).menu().actions() == marks
    assert button(studio).focusPolicy() & Qt.FocusPolicy.TabFocus
    marks[0].trigger()
    assert button(studio).text() == "HLS C++"


def test_without_a_project_there_is_nothing_to_choose(window: Window, project: Path) -> None:
    assert not button(window).isEnabled()
    assert window.open_project(project)
    assert button(window).isEnabled()


def test_the_choice_is_remembered_for_each_project(studio: Window, project: Path, tmp_path: Path) -> None:
    before = (project / "project.yaml").read_bytes()
    studio.do_target_rtl()
    assert not studio.session.dirty
    assert (project / "project.yaml").read_bytes() == before
    other = TargetChoice()
    other.open(tmp_path / "other.yaml")
    assert other.chosen == "hls"
    other.open(project / ".." / project.name / "project.yaml")
    assert other.chosen == "rtl"
    assert studio.open_project(project)
    assert button(studio).text() == "RTL"
    studio.do_target_hls()
    other.open(project / "project.yaml")
    assert other.chosen == "hls"


def test_a_copy_goes_on_with_the_target(studio: Window, tmp_path: Path) -> None:
    studio.do_target_rtl()
    studio.prompts.answers["save_as"] = tmp_path / "copy"  # type: ignore[attr-defined]
    studio.do_save_as()
    assert studio.session.loaded is not None
    assert studio.session.loaded.root.name == "copy"
    assert studio.targets.chosen == "rtl"
    again = TargetChoice()
    again.open(studio.session.loaded.file)
    assert again.chosen == "rtl"


def test_settings_that_make_no_sense_are_passed_over(project: Path, settings: Path) -> None:
    choice = TargetChoice()
    choice.open(project / "project.yaml")
    choice.choose("rtl")
    (file,) = settings.rglob("*.ini")
    for text in ("fpga", "rtl, hls", "@Invalid()", ""):
        file.write_text(file.read_text().rpartition("=")[0] + f"={text}\n")
        choice.open(project / "project.yaml")
        assert choice.chosen == "hls"
    file.write_bytes(b"\0\xff[[")
    choice.open(project / "project.yaml")
    assert choice.chosen == "hls"


def test_the_next_build_waits_for_a_cancelled_one_to_end(
    studio: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that is ending stops the process in which CIRCT works, whoever that works for."""
    ended, order = threading.Event(), []

    def build(loaded: Any, out: Path, *, target: str, cancel: Any, **rest: Any) -> BuildResult:
        order.append(target)
        while target == "rtl" and not cancel():
            time.sleep(0.005)
        if target == "rtl":
            assert ended.wait(5)
            order.append("ended")
        return BuildResult(report())

    monkeypatch.setattr(ui.builder, "build", build)
    studio.do_target_rtl()
    studio.do_build()
    qtbot.waitUntil(lambda: order == ["rtl"], timeout=5000)
    studio.do_cancel()
    studio.do_target_hls()
    studio.do_build()
    qtbot.waitUntil(lambda: "waiting" in studio.panels.log.stage.text(), timeout=5000)
    assert order == ["rtl"]
    ended.set()
    qtbot.waitUntil(lambda: not studio.builder.running, timeout=5000)
    assert order == ["rtl", "ended", "hls"]
    assert studio.session.result is not None
    assert studio.panels.log.log.toPlainText().count("waiting for") == 1
