"""The vendor's tool in the window: its lines in the log, and the mark that lets builds run it."""

from __future__ import annotations

from typing import Any

import pytest
from schedule_samples import report

import ui.builder
from allo_studio.pipeline import BuildResult, Progress
from ui.build_log import BuildLog
from ui.targets import TargetChoice
from ui.window import Window


def test_lines_of_the_tool_stand_in_the_log_and_messages_once(qtbot: Any) -> None:
    log = BuildLog()
    qtbot.addWidget(log)
    log.begin("gemm", "HLS C++")
    for part, lines in ((0.5, "INFO: one\nINFO: two"), (0.6, ""), (0.6, "INFO: three")):
        log.progress(Progress("synthesise", "binding mm1", part, lines))
    log.progress(Progress("synthesise", "writing the RTL of mm1", 0.7))
    text = [line.split(" s  ")[-1].strip() for line in log.log.toPlainText().splitlines()]
    wanted = ["synthesise", "binding mm1", "INFO: one", "INFO: two", "INFO: three", "writing the RTL of mm1"]
    assert text == ["Building gemm: HLS C++", *wanted]
    assert log.stage.text() == "HLS C++  ·  synthesise  writing the RTL of mm1"
    assert log.bar.value() == 700


def test_builds_run_the_tool_unless_the_mark_is_taken_away(
    studio: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def build(*_: Any, **rest: Any) -> BuildResult:
        seen.append(rest["vendor"].run)
        return BuildResult(report())

    monkeypatch.setattr(ui.builder, "build", build)
    mark = studio.actions_by_id["vendor"]
    assert mark.isCheckable()
    for wanted in (True, False, True):
        if mark.isChecked() != wanted:
            mark.trigger()
        studio.do_build()
        qtbot.waitUntil(lambda: not studio.builder.running, timeout=5000)
        # It is remembered for all projects.
        assert TargetChoice().vendor == studio.targets.vendor
    assert seen == ["found", "never", "found"]
