"""Waveforms, times and results of builds that are known already, in the window."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QProcess, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from schedule_samples import report

import ui.builder
from allo_studio.design.edits import MoveNodes, SetTarget
from allo_studio.diagnostics import Diagnostic
from allo_studio.pipeline import Artifact, BuildResult, Progress
from ui.build_log import BuildLog
from ui.preferences import store
from ui.waveform import viewer_command, waveform_of
from ui.window import Window


class Builds:
    """Stands in for the build: notes what it was asked for, and leaves what a build leaves."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.ok = True

    def __call__(self, loaded: Any, out: Path, **options: Any) -> BuildResult:
        self.asked.append(options)
        out.mkdir(parents=True, exist_ok=True)
        names = ["report.json", *(["top.vcd", "top.gtkw"] if options["waves"] else [])]
        for name in names:
            (out / name).write_text(f"{len(self.asked)}")
        made = tuple(Artifact("report" if name == "report.json" else "waveform", out / name) for name in names)
        faults = () if self.ok else (Diagnostic("simulation", "it differs"),)
        return BuildResult(report(), made, faults)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Builds:
    made = Builds()
    monkeypatch.setattr(ui.builder, "build", made)
    return made


def run(studio: Window, qtbot: Any, name: str = "build") -> None:
    studio.actions_by_id[name].trigger()
    qtbot.waitUntil(lambda: not studio.builder.running, timeout=5000)


def test_an_unchanged_design_is_not_built_again(studio: Window, builds: Builds, qtbot: Any) -> None:
    run(studio, qtbot)
    first = studio.session.result
    run(studio, qtbot)
    assert len(builds.asked) == 1
    assert studio.session.result is first
    assert studio.session.up_to_date
    assert studio.panels.bottom.currentWidget() is studio.panels.report
    assert "Nothing has changed since the last build" in studio.panels.log.log.toPlainText()
    assert "Ctrl+Alt+B builds it again" in studio.statusBar().currentMessage()
    run(studio, qtbot, "rebuild")
    assert len(builds.asked) == 2, "it can be asked for"


def test_moved_blocks_notes_and_a_saved_file_change_nothing_that_is_built(
    studio: Window, builds: Builds, qtbot: Any
) -> None:
    run(studio, qtbot)
    assert studio.session.do(MoveNodes("cascade", {"mm1": (400.0, 40.0)}))
    studio.do_add_note()
    assert studio.session.project is not None
    assert studio.session.project.notes
    studio.do_save()
    run(studio, qtbot)
    assert len(builds.asked) == 1


@pytest.mark.parametrize("change", ["clock", "kernel", "result", "report", "target", "failed"])
def test_what_changes_is_built_again(studio: Window, builds: Builds, qtbot: Any, project: Path, change: str) -> None:
    builds.ok = change != "failed"
    run(studio, qtbot)
    assert studio.session.project is not None
    out = project / "build" / "gemm_cascade"
    if change == "clock":
        assert studio.session.do(SetTarget(replace(studio.session.project.target, clock_ns=5.0)))
    elif change == "kernel":
        file = project / "kernels" / "gemm.py"
        os.utime(file, ns=(1, 1))
    elif change == "result":
        (out / "report.json").unlink()
    elif change == "report":
        (out / "report.json").write_text("another build")
    elif change == "target":
        studio.do_target_rtl()
    run(studio, qtbot)
    assert len(builds.asked) == 2


def test_the_log_has_the_time_of_each_stage_and_can_be_copied(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("ui.build_log.monotonic", lambda: now[0])
    log = BuildLog()
    qtbot.addWidget(log)
    log.begin("p", "RTL")
    for seconds, stage in ((0.5, "check"), (1.0, "schedule"), (3.0, "schedule"), (8.0, "done")):
        now[0] = 100.0 + seconds
        log.progress(Progress(stage, f"at {stage}", 0.1))
    now[0] = 110.0
    log.done(["a file"])
    lines = [line.split() for line in log.log.toPlainText().splitlines()]
    assert ["0.50", "s", "5%", "check"] in lines
    assert ["7.00", "s", "70%", "schedule"] in lines
    assert ["10.00", "s", "in", "all"] in lines
    QTest.mouseClick(log.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == log.log.toPlainText()


def test_a_waveform_is_written_on_demand_and_opened(
    studio: Window, builds: Builds, qtbot: Any, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(QProcess, "startDetached", lambda program, words, _: started.append([program, *words]) or True)
    studio.do_target_rtl()
    run(studio, qtbot)
    assert builds.asked[-1]["waves"] is False
    studio.actions_by_id["open_waves"].trigger()
    assert "has no waveform" in studio.statusBar().currentMessage()
    studio.actions_by_id["waves"].trigger()
    assert studio.targets.waves
    run(studio, qtbot)
    assert builds.asked[-1]["waves"] is True, "it is another build with a waveform"
    vcd = project / "build" / "gemm_cascade-rtl" / "top.vcd"
    store(waveform="no-such-viewer")
    studio.actions_by_id["open_waves"].trigger()
    assert "no waveform viewer: no-such-viewer is not there" in studio.statusBar().currentMessage()
    assert waveform_of(studio.session.result) == vcd
    monkeypatch.setattr("shutil.which", lambda name, **_: f"/bin/{name}")
    store(waveform="gtkwave --dark")
    studio.actions_by_id["open_waves"].trigger()
    assert started == [["gtkwave", "--dark", str(vcd), str(vcd.with_suffix(".gtkw"))]]
    # Only the simulation of the RTL has one.
    studio.do_target_hls()
    run(studio, qtbot)
    assert builds.asked[-1]["waves"] is False


def test_other_viewers_are_given_the_file_where_they_want_it(tmp_path: Path) -> None:
    vcd = tmp_path / "w.vcd"
    vcd.with_suffix(".gtkw").write_text("")
    assert viewer_command("surfer", vcd) == ["surfer", str(vcd)]
    assert viewer_command("view --file={file} -x", vcd) == ["view", f"--file={vcd}", "-x"]
    vcd.with_suffix(".gtkw").unlink()
    assert viewer_command("gtkwave", vcd) == ["gtkwave", str(vcd)]
