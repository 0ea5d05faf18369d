"""RTL through the window: built, simulated and shown; cancelled; refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ui.report_rows import OBSERVED
from ui.tables import items_of
from ui.window import Window

KERNEL = """from allo_studio import int32


def double(A: int32[8], B: int32[8]):
    for i in range(8):
        B[i] = A[i] + A[i]
"""
SINES = """from allo_studio import int32, float32, sin


def double(A: int32[8], B: int32[8]):
    for i in range(8):
        x: float32 = A[i]
        y: float32 = sin(x)
        z: float32 = sin(y)
        B[i] = z
"""
PROJECT = """format: 1
name: tiny
target: {device: xcu280, clock_ns: 3.33}
top: tiny
graphs:
  tiny:
    execution: dataflow
    inputs: {A: "int32[8]"}
    outputs: {B: "int32[8]"}
    nodes:
      one: {kernel: "kernels/k.py:double"}
      two: {kernel: "kernels/k.py:double"}
    edges: [A -> one.A, one.B -> two.A, two.B -> B]
"""


def write_tiny(folder: Path, kernel: str) -> Path:
    (folder / "kernels").mkdir(parents=True)
    (folder / "kernels" / "k.py").write_text(kernel)
    (folder / "project.yaml").write_text(PROJECT)
    return folder


def build(window: Window, qtbot: Any) -> None:
    window.do_target_rtl()
    window.do_build()
    qtbot.waitUntil(lambda: not window.builder.running, timeout=60_000)


def test_a_design_is_built_as_rtl_and_its_cycles_agree(window: Window, tmp_path: Path, qtbot: Any) -> None:
    folder = write_tiny(tmp_path / "tiny", KERNEL)
    assert window.open_project(folder)
    build(window, qtbot)
    parts, result = window.panels, window.session.result
    assert result is not None, parts.log.log.toPlainText()
    assert (folder / "build" / "tiny-rtl" / "report.json").exists()
    assert parts.bottom.currentWidget() is parts.report
    latency, interval = parts.report.summary.cycles["Latency"], parts.report.summary.cycles["Interval"]
    cycles = result.report.cycles["open"]
    assert latency.number.text() == latency.simulated.text() == f"{cycles['simulated']:,}"
    assert interval.number.text() == interval.simulated.text() == f"{cycles['simulated_interval']:,}"
    for card in (latency, interval):
        assert card.equal.isVisible()
        assert card.equal.text() == "✓ equal"
        assert not card.differs.isVisible()
    assert parts.report.summary.facts["Target"].detail.text().replace("\u00a0", " ").endswith("open operators (RTL)")
    assert parts.report.tabs.tabIcon(0).isNull()
    assert "Observed (simulated)" in [parts.report.channels.headerItem().text(n) for n in range(7)]
    assert items_of(parts.report.channels)[0].text(OBSERVED) == str(result.report.channels[0].observed)
    assert "predicted" in window.statusBar().currentMessage()

    code = parts.code
    code.panes.bring(code.verilog)
    assert "module tiny(" in code.verilog.toPlainText()
    for block in ("two", "one"):
        place = window.session.place(f"tiny/{block}")
        assert place is not None
        window.go_to_place(place)
        assert f"module tiny_{block}(" in code.verilog.toPlainText()
        assert "module tiny(" not in code.verilog.toPlainText()
    assert code.panes.title_of(code.verilog) == ("Verilog", "tiny_one.sv")

    window.do_close_project()
    assert code.verilog.toPlainText() == ""
    assert code.panes.title_of(code.verilog) == ("Verilog", "")


@pytest.mark.parametrize("stage", ["generate", "simulate"])
def test_an_rtl_build_is_cancelled_and_leaves_nothing(studio: Window, project: Path, qtbot: Any, stage: str) -> None:
    seen: list[str] = []

    def cancel_at(step: Any) -> None:
        seen.append(step.stage)
        if step.stage == stage:
            studio.do_cancel()

    studio.builder.progressed.connect(cancel_at)
    build(studio, qtbot)
    assert seen[-1] == stage
    assert studio.session.result is None
    assert "RTL  ·  Cancelled" in studio.panels.log.stage.text()
    qtbot.waitUntil(lambda: not any(thread.is_alive() for thread in studio.builder._threads), timeout=30_000)
    assert list((project / "build").iterdir()) == []
    assert studio.panels.problems.shown == ()


def test_what_the_rtl_refuses_is_a_problem_at_its_line(window: Window, tmp_path: Path, qtbot: Any) -> None:
    assert window.open_project(write_tiny(tmp_path / "tiny", SINES))
    build(window, qtbot)
    problems = window.panels.problems
    assert window.session.result is None
    assert window.panels.bottom.currentWidget() is problems
    assert "RTL failed" in window.statusBar().currentMessage()
    shown = [(d.code, d.where, d.span.line if d.span else 0) for d in problems.shown]
    # One fault at two lines of two blocks.
    assert sorted(shown) == [("rtl", f"tiny/{block}", line) for block in ("one", "two") for line in (7, 8)]
    problems.open_row(shown.index(("rtl", "tiny/two", 8)))
    assert window.panels.canvas.selected_blocks() == ["two"]
    assert window.panels.code.source.marked_line == 8
    assert window.panels.code.tabs.currentWidget() is window.panels.code.source
