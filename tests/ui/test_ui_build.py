"""Builds through the window: progress, result, failure, cancel; the window stays responsive."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

import ui.builder
from allo_studio.built import BuildResult
from allo_studio.design.edits import AddGraphPort, Connect, MoveNodes, RemoveGraphPort, SetParam, Several
from allo_studio.design.model import Endpoint
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.pipeline import Cancelled, Progress, VendorUse
from allo_studio.report.model import ChannelRow, LoopRow, ProcessRow, Report, ResourceRow, SimulationRow
from ui.build_cache import key_of
from ui.tables import PLACE, items_of
from ui.window import Window

INNER = "mm1.C->mm2.A"


def build(window: Window, qtbot: Any) -> None:
    window.actions_by_id["build"].trigger()
    qtbot.waitUntil(lambda: not window.builder.running, timeout=180_000)


def test_the_cascade_is_built_and_reported(studio: Window, project: Path, qtbot: Any) -> None:
    seen: list[Progress] = []
    studio.builder.progressed.connect(seen.append)
    studio.gestures.move({"mm1": (40.0, 60.0)})
    build(studio, qtbot)
    parts, result = studio.panels, studio.session.result
    assert result is not None, studio.panels.log.log.toPlainText()
    report = result.report
    assert [step.fraction for step in seen] == sorted(step.fraction for step in seen)
    assert parts.bottom.currentWidget() is parts.report
    assert f"{report.latency:,} cycles" in parts.report.summary.cycles["Latency"].number.text()
    assert parts.report.summary.facts["Simulation"].number.text() == "passed"
    assert parts.report.channels.topLevelItemCount() == len(report.channels) > 0
    row = report.channel(f"cascade/{INNER}")
    assert row is not None
    assert parts.canvas.wire(INNER).spec.detail == f"fifo  ·  depth {row.depth['vitis']}"
    assert "cycles" in parts.canvas.block("mm1").spec.footer
    assert parts.report.schedule.pieces == report.pieces != ()
    groups = [item.data(0, PLACE) for item in items_of(parts.report.schedule.tree)]
    assert groups == ["cascade/mm1", "cascade/mm2"]
    for profile, counts in report.cycles.items():
        if profile != report.profile:
            detail = parts.report.summary.cycles["Latency"].detail.text().replace("\u00a0", " ")
            assert f"{profile}: {counts['predicted']:,} cycles" in detail
    code = parts.code
    assert code.panes.title_of(code.cpp) == ("C++", "cascade.cpp")
    code.panes.bring(code.cpp)
    assert "#pragma HLS" in code.cpp.toPlainText()
    place = studio.session.place("cascade/mm2")
    assert place is not None
    studio.go_to_place(place)
    assert "mm2(" in code.cpp.textCursor().block().text()
    assert "Built in" in parts.log.log.toPlainText()
    assert (project / "build" / "gemm_cascade" / "report.json").exists()


def fake_report() -> Report:
    loops = (LoopRow("cascade/mm1", "j.outer", 2, 8, 70, 12, 1, 1, True, 1, "asked for", "kernels/gemm.py:11:9"),)
    channel = ChannelRow(f"cascade/{INNER}", "fifo", "float32[64, 64]", 256, 8, {"vitis": 6}, 5, "trace")
    return Report(
        "gemm_cascade", "cascade", "xcu280", 3.33, {"vitis": {"predicted": 1234}}, 900,
        (ProcessRow("cascade/mm1", "gemm", 1000, 900, 24), ProcessRow("cascade/mm2", "gemm", 1000, 900, 24)),
        loops, (ResourceRow("DSP", 48, 9024), ResourceRow("URAM", 0, 0)), (channel,),
        simulation=SimulationRow(4096, 0, 0.0, "C simulation"),
    )  # fmt: skip


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Builds give a made report at once; set `.fault` to make them fail."""

    class Quick:
        fault: AlloError | Exception | None = None

        def __call__(self, loaded: Any, out: Path, **rest: Any) -> Any:
            rest["progress"](Progress("check", "checking", 0.5))
            if self.fault:
                raise self.fault
            return BuildResult(fake_report())

    made = Quick()
    monkeypatch.setattr(ui.builder, "build", made)
    return made


def test_rows_of_the_report_lead_to_blocks_wires_and_lines(studio: Window, quick: Any, qtbot: Any) -> None:
    build(studio, qtbot)
    report, canvas = studio.panels.report, studio.panels.canvas
    report.channels.itemClicked.emit(report.channels.topLevelItem(0), 0)
    assert canvas.selected_wires() == [INNER]
    assert "depth 6" in studio.panels.inspector.wire_page.built.text()
    report.blocks.itemClicked.emit(report.blocks.topLevelItem(1), 0)
    assert canvas.selected_blocks() == ["mm2"]
    report.loops.itemDoubleClicked.emit(report.loops.topLevelItem(0), 0)
    assert studio.panels.code.source.marked_line == 11


def test_a_report_of_an_earlier_state_says_so(studio: Window, quick: Any, qtbot: Any) -> None:
    build(studio, qtbot)
    assert studio.panels.report.note.text() == ""
    studio.session.do(MoveNodes("cascade", {"mm1": (0.0, 0.0)}))
    assert studio.panels.report.note.text() == "", "positions don't make a report stale"
    assert studio.panels.canvas.block("mm1").spec.footer
    studio.session.do(SetParam("cascade", "mm1", "M", 32))
    assert "earlier" in studio.panels.report.note.text()
    assert studio.panels.canvas.block("mm1").spec.footer == ""


def test_a_build_with_its_arguments_in_another_order_is_another_one(studio: Window, quick: Any, qtbot: Any) -> None:
    build(studio, qtbot)
    session = studio.session
    assert session.loaded is not None
    assert session.project is not None
    before, port = session.project, session.project.graphs["cascade"].inputs["A"]
    (wire,) = (edge for edge in before.graphs["cascade"].edges if edge.source == Endpoint("", "A"))
    again = (
        RemoveGraphPort("cascade", "A"),
        AddGraphPort("cascade", "A", "in", port),
        Connect("cascade", wire.source, wire.target),
    )
    keys = [key_of(session.loaded, session.project, "hls", VendorUse(), False)]
    assert session.do(Several(again, "Add A again"))
    assert list(session.project.graphs["cascade"].inputs)[-1] == "A"
    keys.append(key_of(session.loaded, session.project, "hls", VendorUse(), False))
    assert keys[0] != keys[1]
    assert not session.up_to_date


def test_a_failed_build_keeps_the_last_good_result(studio: Window, quick: Any, qtbot: Any) -> None:
    build(studio, qtbot)
    good = studio.session.result
    quick.fault = AlloError(Diagnostic("tool", "no compiler", hint="apt install g++"))
    build(studio, qtbot)
    assert studio.session.result is good
    assert studio.panels.problems.shown[0].code == "tool"
    assert studio.panels.bottom.currentWidget() is studio.panels.problems
    assert "no compiler" in studio.panels.log.log.toPlainText()
    quick.fault = RuntimeError("boom")
    build(studio, qtbot)
    assert studio.panels.problems.shown[0].code == "internal"
    assert "boom" in studio.panels.problems.shown[0].message


def test_a_faulty_design_is_not_built(studio: Window, qtbot: Any) -> None:
    studio.session.do(SetParam("cascade", "mm1", "N", 32))
    build(studio, qtbot)
    assert studio.session.result is None
    assert any(d.code == "shape" for d in studio.panels.problems.shown)


def test_a_build_is_cancelled_at_once_and_its_outcome_does_not_count(
    studio: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, ended = threading.Event(), threading.Event()

    def slow(loaded: Any, out: Path, *, cancel: Any, progress: Any, **rest: Any) -> Any:
        progress(Progress("simulate", "running", 0.4))
        began.set()
        while not cancel():
            time.sleep(0.005)
        time.sleep(0.2)
        ended.set()
        raise Cancelled

    monkeypatch.setattr(ui.builder, "build", slow)
    studio.do_build()
    qtbot.waitUntil(began.is_set, timeout=5000)
    # The window works on while the build runs.
    assert studio.session.do(MoveNodes("cascade", {"mm1": (0.0, 0.0)}))
    qtbot.waitUntil(lambda: studio.panels.log.bar.value() == 400, timeout=5000)
    assert studio.actions_by_id["cancel"].isEnabled()
    assert not studio.actions_by_id["build"].isEnabled()
    studio.panels.log.cancel.click()
    assert not ended.is_set(), "the window does not wait for the build to notice"
    assert not studio.builder.running
    assert studio.actions_by_id["build"].isEnabled()
    # What the thread told just before may still be on its way.
    studio.builder._told.emit(1, "result", BuildResult(fake_report()))
    qtbot.waitUntil(ended.is_set, timeout=5000)
    qtbot.wait(50)
    assert studio.session.result is None
    assert "Cancelled" in studio.panels.log.log.toPlainText()


def test_closing_the_window_ends_the_build(studio: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def slow(loaded: Any, out: Path, *, cancel: Any, **rest: Any) -> Any:
        while not cancel():
            time.sleep(0.005)
        ended.set()
        raise Cancelled

    monkeypatch.setattr(ui.builder, "build", slow)
    studio.do_build()
    assert studio.close()
    assert ended.is_set()
