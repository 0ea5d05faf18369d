"""Predicted against simulated cycles in the report: a clear mark where they differ, a tick where they agree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from schedule_samples import report

import ui.builder
from allo_studio.diagnostics import Diagnostic
from allo_studio.pipeline import Artifact, BuildResult
from allo_studio.report.model import Report
from ui.cards import CycleCard
from ui.comparison import Comparison, differs, interval_of, latency_of, occupancy_of
from ui.highlight import VerilogLexer, formats, language_of
from ui.report_rows import OBSERVED, observed_header, profile_text
from ui.report_view import ReportView
from ui.results import built_for, file_lines, generated
from ui.window import Window


def simulated(**counts: int) -> Report:
    """A report in our own operators with what a simulation counted."""
    return replace(report(), profile="open", cycles={"open": {"predicted": 35410, **counts}})


EQUAL = simulated(simulated=35410, simulated_interval=900)
SLOWER = simulated(simulated=35412, simulated_interval=900)
SOONER = simulated(simulated=35410, simulated_interval=899)


def show(view: ReportView, shown: Report) -> tuple[CycleCard, CycleCard]:
    view.show_report(shown, "rtl")
    view.tabs.setCurrentIndex(0)
    QApplication.processEvents()
    return view.summary.cycles["Latency"], view.summary.cycles["Interval"]


def marks(card: CycleCard) -> list[str]:
    """What the card says beside the prediction, as far as it is seen."""
    return [part.text() for part in (card.simulated, card.equal, card.differs) if part.isVisible()]


def test_verdicts_have_a_sign_and_words() -> None:
    assert Comparison(10, 10).verdict == "✓ equal"
    assert Comparison(10, 1012).verdict == "≠ differs by +1,002"
    assert Comparison(10, 9).verdict == "≠ differs by -1"
    assert Comparison(10).verdict == ""
    assert Comparison(10, 0).verdict == "≠ differs by -10"
    assert (latency_of(SLOWER), interval_of(SLOWER)) == (Comparison(35410, 35412), Comparison(900, 900))
    assert [differs(found) for found in (EQUAL, SLOWER, SOONER, report())] == [False, True, True, False]


def test_equal_cycles_have_a_tick(report_view: ReportView) -> None:
    latency, interval = show(report_view, EQUAL)
    assert latency.number.text() == "35,410"
    assert marks(latency) == ["35,410", "✓ equal"]
    assert marks(interval) == ["900", "✓ equal"]
    assert report_view.tabs.tabIcon(0).isNull()


def test_cycles_that_differ_are_marked(report_view: ReportView) -> None:
    latency, interval = show(report_view, SLOWER)
    assert marks(latency) == ["35,412", "≠ differs by +2"]
    assert latency.simulated.property("level") == "error"
    assert marks(interval) == ["900", "✓ equal"]
    assert not interval.simulated.property("level")
    assert not report_view.tabs.tabIcon(0).isNull()
    latency, interval = show(report_view, SOONER)
    assert marks(latency) == ["35,410", "✓ equal"]
    assert not latency.simulated.property("level")
    assert marks(interval) == ["899", "≠ differs by -1"]
    assert not report_view.tabs.tabIcon(0).isNull()


def test_without_a_cycle_simulation_there_is_nothing_to_compare(report_view: ReportView) -> None:
    show(report_view, SLOWER)
    latency, interval = show(report_view, report())
    assert (latency.number.text(), interval.number.text()) == ("35,541 cycles", "900 cycles")
    assert marks(latency) == marks(interval) == []
    assert report_view.tabs.tabIcon(0).isNull()
    # A long design is run once.
    latency, interval = show(report_view, simulated(simulated=35410))
    assert marks(latency) == ["35,410", "✓ equal"]
    assert marks(interval) == []


def test_numbers_are_not_cut(report_view: ReportView) -> None:
    """The widest that are simulated, with the verdict, at the width of a small window."""
    report_view.resize(1000, 330)
    many = 1_999_999_999
    shown = replace(
        simulated(simulated=many, simulated_interval=many), interval=many, cycles={
            "open": {"predicted": many, "simulated": many - 1000000, "simulated_interval": many - 1}},
    )  # fmt: skip
    cards = show(report_view, shown)
    QApplication.processEvents()
    for card in cards:
        for part in (card.number, card.simulated, card.differs):
            assert part.width() >= part.sizeHint().width()
            assert card.contentsRect().contains(part.geometry().translated(part.parentWidget().pos()))


def test_channels_say_whose_occupancy_it_is(report_view: ReportView) -> None:
    assert [occupancy_of(found) for found in (EQUAL, report(), simulated(simulated=1))] == [
        "simulated", "predicted", "predicted",
    ]  # fmt: skip
    show(report_view, EQUAL)
    assert report_view.channels.headerItem().text(OBSERVED) == observed_header(EQUAL) == "Observed (simulated)"
    show(report_view, report())
    assert report_view.channels.headerItem().text(OBSERVED) == "Observed (predicted)"


def test_the_operators_are_named(report_view: ReportView) -> None:
    assert profile_text(report(), "hls") == profile_text(report(), None) == "vitis operators"
    assert profile_text(EQUAL, "rtl") == "open operators (RTL)"
    # A device that the vendor's figures lack.
    assert profile_text(EQUAL, "hls") == "open operators"
    show(report_view, EQUAL)
    assert "open\u00a0operators\u00a0(RTL)" in report_view.summary.facts["Target"].detail.text()


def test_a_simulation_that_differs_is_a_problem_and_marked(
    studio: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = Diagnostic("simulation", "the RTL took 35412 cycles", where="cascade")
    made = BuildResult(SLOWER, (Artifact("verilog", Path("cascade.sv")),), (fault,))
    monkeypatch.setattr(ui.builder, "build", lambda *_, **__: made)
    studio.do_target_rtl()
    studio.do_build()
    qtbot.waitUntil(lambda: not studio.builder.running, timeout=5000)
    assert studio.panels.bottom.currentWidget() is studio.panels.problems
    assert studio.panels.problems.shown == (fault,)
    studio.panels.bottom.setCurrentWidget(studio.panels.report)
    assert marks(studio.panels.report.summary.cycles["Latency"]) == ["35,412", "≠ differs by +2"]
    assert "35,410 cycles predicted, 35,412 simulated  ≠ differs by +2" in studio.statusBar().currentMessage()


def files(folder: Path, *names: str) -> tuple[Artifact, ...]:
    for name in names:
        (folder / name).write_text(f"// {name}\n")
    return tuple(Artifact("verilog", folder / name) for name in names)


def test_the_module_of_a_place_is_found(tmp_path: Path) -> None:
    made = files(tmp_path, "fifo_8x2.sv", "top_sub_mm.sv", "top_sub.sv", "top.sv")
    result = BuildResult(report(), (*made, Artifact("testbench", tmp_path / "sim" / "top_x.sv")))
    places = ("top/sub/mm", "top/sub", "top/sub/@A", "top", "top/x", "other", "")
    found = [source.path if (source := generated(result, place).source) else None for place in places]
    assert found == ["top_sub_mm.sv", "top_sub.sv", "top_sub.sv", "top.sv", "top.sv", "fifo_8x2.sv", "fifo_8x2.sv"]
    assert built_for(result) == "rtl"
    (tmp_path / "top_sub_mm.sv").unlink()
    source = generated(result, "top/sub/mm").source
    assert source is not None
    assert source.path == "top_sub.sv"
    assert generated(None, "top").source is None
    assert built_for(None) is None
    assert built_for(BuildResult(report())) == "hls"


def test_files_of_data_are_listed_together() -> None:
    data = [Artifact("testbench", Path("b/sim") / f"A_{n}.hex") for n in range(40)]
    lines = file_lines(BuildResult(report(), (Artifact("verilog", Path("b/top.sv")), *data)))
    assert lines == ["verilog    b/top.sv", f"testbench  {Path('b/sim/*.hex')}  (40)"]


VERILOG = """// A module.
module top(
  input [7:0] a_reg,\t// k.py:3:4
  output done
);
  wire input_2 = a_reg == 8'hF0 & ~done;
  always_ff @(posedge clk) begin
    $display("x // y");
  end
  `define X 12
endmodule
"""


def test_systemverilog_is_coloured() -> None:
    assert language_of("top.sv") == "verilog"
    tokens = VerilogLexer(stripnl=False, ensurenl=False).get_tokens_unprocessed(VERILOG)
    assert "".join(value for _, _, value in tokens) == VERILOG
    coloured = [VERILOG[start : start + length] for start, length, _ in formats(VERILOG, "verilog")]
    assert coloured == [
        "// A module.", "module", "input", "7", "0", "// k.py:3:4", "output", "wire", "8'hF0", "always_ff", "posedge",
        "begin", "$display", '"x // y"', "end", "`define", "12", "endmodule",
    ]  # fmt: skip
