"""Scenes of builds and their reports."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap

from screenshots.scene import Scene
from screenshots.stage import Stage, StageError

__all__ = ["SCENES"]


def _built(stage: Stage, project: str, target: str, page: str) -> None:
    stage.open(project)
    stage.build(target)
    stage.page(page)


def _page(project: str, target: str, page: str, height: int = 400) -> Callable[[Stage], QPixmap]:
    def play(stage: Stage) -> QPixmap:
        _built(stage, project, target, page)
        return stage.results(height)

    return play


def _progress(stage: Stage) -> QPixmap:
    window = stage.open("gemm_cascade")
    stage.act("rebuild")
    log = stage.parts.log
    stage.until(lambda: log.bar.value() > 400 or not window.builder.running, "the build is half done", 120)
    if not window.builder.running:
        raise StageError("the build was too fast")
    made = stage.picture(stage.parts.bottom)
    stage.act("cancel")
    stage.until(lambda: not window.builder.running, "the build is cancelled")
    return made


def _cancelled(stage: Stage) -> QPixmap:
    window = stage.open("gemm_cascade")
    stage.act("rebuild")
    stage.until(lambda: stage.parts.log.bar.value() > 200 or not window.builder.running, "the build goes on", 120)
    stage.act("cancel")
    stage.until(lambda: not window.builder.running, "the build is cancelled")
    return stage.picture(stage.parts.bottom)


def _log(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    stage.act("rebuild")
    stage.until(lambda: not stage.window.builder.running, "the build ends", 300)
    stage.parts.bottom.setCurrentWidget(stage.parts.log)
    return stage.results()


def _loops(stage: Stage) -> QPixmap:
    _built(stage, "gemm_cascade", "hls", "Loops")
    loops = stage.parts.report.loops
    loops.setCurrentItem(loops.topLevelItem(1))
    return stage.results()


def _schedule(stage: Stage) -> QPixmap:
    _built(stage, "feedback", "hls", "Schedule")
    gantt = stage.parts.report.schedule.chart.gantt
    gantt.setFocus()
    stage.parts.report.schedule.chart.choose(2)
    return stage.results()


def _dataflow(stage: Stage) -> QPixmap:
    _built(stage, "gemm_cascade", "hls", "Dataflow")
    return stage.results()


def _changes(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    stage.build()
    stage.click("mm1")
    panel = stage.parts.inspector.kernel_page.schedule
    panel.steps.setCurrentRow(3)
    stage.settle()
    panel.turn_current()
    stage.settle()
    stage.build()
    stage.page("Changes")
    return stage.results()


def _export(stage: Stage) -> QPixmap:
    _built(stage, "gemm_cascade", "hls", "Call graph")
    file = stage.folder / "call-graph.png"
    stage.prompts.answers["view_file"] = file
    stage.act("export_view")
    stage.settle(0.3)
    picture = QPixmap(str(file))
    if picture.isNull():
        raise StageError(stage.window.statusBar().currentMessage())
    return picture.scaledToWidth(min(picture.width(), 1300), Qt.TransformationMode.SmoothTransformation)


def _waveform(stage: Stage) -> QPixmap:
    stage.open("diamond")
    stage.act("waves")
    stage.build("rtl")
    stage.act("waves")
    stage.parts.bottom.setCurrentWidget(stage.parts.log)
    return stage.results()


SCENES = (
    Scene("build-progress", "A build under way, which can be cancelled", _progress),
    Scene("build-cancelled", "A build that was cancelled", _cancelled),
    Scene("build-log", "The log of a build, with the time that each stage took", _log),
    Scene(
        "report-summary",
        "Cycles predicted and simulated, resources of the device",
        _page("diamond", "rtl", "Summary", 470),
    ),
    Scene("report-blocks", "The blocks with their latencies as formulas", _page("gemm_cascade", "hls", "Blocks")),
    Scene("report-loops", "The loops with their intervals, and why they are not less", _loops),
    Scene("report-schedule", "What a loop does in each cycle", _schedule),
    Scene("report-dataflow", "Processes and channels, with the bottleneck marked", _dataflow),
    Scene("report-channels", "Channels with their FIFO depths and the reason", _page("diamond", "rtl", "Channels")),
    Scene("report-occupancy", "How full each FIFO was, cycle by cycle", _page("diamond", "rtl", "Occupancy")),
    Scene(
        "report-call-graph", "The design as a map of the cycles that its parts take", _page("mlp", "hls", "Call graph")
    ),
    Scene("report-changes", "Two builds compared", _changes),
    Scene("report-exported", "A page of the report, exported as a picture", _export),
    Scene("build-waveform", "A build that wrote a waveform", _waveform),
)
