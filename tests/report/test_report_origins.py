"""Figures by origin: what is predicted of each part beside what a vendor's reports say of it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from synthesis_reports import LoopSaid, ModuleSaid, csynth_xml

from allo_studio.cli import main
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import build, estimate_project, size_project
from allo_studio.project import load_project
from allo_studio.report import Report, parse_document, read_report
from allo_studio.report.document import document, dump
from allo_studio.report.html_page import html_page
from allo_studio.report.joined import joined, origins_of, origins_text, told
from allo_studio.report.model import FigureRow
from allo_studio.report.vendor import Instance, Range, Resource, Simulated, VendorReport, parse_report
from allo_studio.report.vendor.model import General, Module, Timing
from allo_studio.report.vendor.parts import Fifo, Slacks

PROJECTS = Path(__file__).parents[2] / "projects"
NEST = LoopSaid("k_j_outer", 512, 521, 11, 1)
MODULES = (
    ModuleSaid("mm1_Pipeline_k_j_outer", 523, {"DSP": 40}, [NEST]),
    ModuleSaid("mm1", 35_073, {"DSP": 40, "FF": 4_000}, [LoopSaid("i", 64, 35_072, 548)]),
    ModuleSaid("mm2", 36_000, {"DSP": 40}),
    ModuleSaid("cascade", 37_000, {"DSP": 80, "BRAM_18K": 2}),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("origins") / "build"
    build(load_project(PROJECTS / "gemm_cascade"), out, simulate=False)
    return out


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    return read_report(folder)


def csynth() -> VendorReport:
    return parse_report(csynth_xml("cascade", MODULES).encode(), "csynth.xml")


def row_of(report: Report, kind: str, path: str, figure: str, name: str = "") -> FigureRow:
    (row,) = (r for r in report.figures if (r.kind, r.path, r.figure, r.name) == (kind, path, figure, name))
    return row


def test_a_build_has_both_predictions_of_each_part(report: Report) -> None:
    assert origins_of(report) == ("predicted", "csynth model", "cosim model")
    whole = row_of(report, "design", "cascade", "latency")
    assert whole.values["predicted"] == report.latency
    assert whole.function == "cascade"
    block = row_of(report, "block", "cascade/mm1", "latency")
    assert block.values["predicted"] == report.processes[0].latency
    assert 1.0 < block.values["csynth model"] / block.values["predicted"] < 1.05
    nest = row_of(report, "loop", "cascade/mm1", "II", "k/j.outer")
    assert (nest.values, nest.label) == ({"predicted": 1, "csynth model": 1}, "k/j_outer")
    # Without a tool's figures only the whole is told.
    assert {row.kind for row in told(report)} == {"design"}


def test_a_vendors_figures_stand_beside_them(report: Report) -> None:
    found = joined(report, [csynth()])
    assert origins_of(found) == ("predicted", "csynth model", "csynth", "cosim model")
    assert row_of(found, "design", "cascade", "latency").values["csynth"] == 37_000
    assert row_of(found, "design", "cascade", "BRAM_18K").values == {"predicted": 0, "csynth": 2}
    assert row_of(found, "block", "cascade/mm1", "FF").values["csynth"] == 4_000
    assert row_of(found, "block", "cascade/mm2", "latency").values["csynth"] == 36_000
    assert row_of(found, "loop", "cascade/mm1", "latency", "i").values["csynth"] == 35_072
    for figure, value in (("II", 1), ("iteration latency", 11), ("latency", 521)):
        assert row_of(found, "loop", "cascade/mm1", figure, "k/j.outer").values["csynth"] == value
    # Of mm2 the report has no loops.
    assert "csynth" not in row_of(found, "loop", "cascade/mm2", "II", "k/j.outer").values
    text = origins_text(found)
    assert "37,000 (-3.3%)" in text
    assert "40 (-40.0%)" in text
    # What is said again takes the place of what was said.
    other = parse_report(csynth_xml("cascade", [replace(MODULES[3], latency=40_000)]).encode(), "csynth.xml")
    again = joined(found, [other])
    assert row_of(again, "design", "cascade", "latency").values["csynth"] == 40_000
    assert "csynth" not in row_of(again, "block", "cascade/mm2", "latency").values


def test_a_loop_of_a_nest_that_was_flattened_less_has_no_cycles_of_the_whole(report: Report) -> None:
    inner = replace(MODULES[1], loops=[LoopSaid("j_outer", 8, 20, 12, 1)])
    found = joined(report, [parse_report(csynth_xml("cascade", [inner, MODULES[3]]).encode(), "csynth.xml")])
    assert row_of(found, "loop", "cascade/mm1", "iteration latency", "k/j.outer").values["csynth"] == 12
    assert "csynth" not in row_of(found, "loop", "cascade/mm1", "latency", "k/j.outer").values


def test_other_tools_tell_other_figures(report: Report) -> None:
    run = Simulated("verilog", "Pass", Range(36_310, 36_320), 36_315, Range(36_000, 36_000))
    cosim = VendorReport("cosim", general=General(top="cascade"), simulated=(run,))
    used = (Resource("DSP", 46, 9_024), Resource("LUT", 9_000, 1_303_680))
    routed = VendorReport(
        "impl",
        general=General(top="cascade"),
        modules=(Module("cascade", timing=Timing(target_ns=3.33), resources=used),),
        slacks=Slacks(wns=0.13),
    )
    fifos = VendorReport("csynth", general=General(top="cascade"), fifos=(Fifo("mm1_C_U", depth=3),))
    found = joined(report, [cosim, routed, fifos])
    assert origins_of(found) == ("predicted", "csynth model", "csynth", "cosim model", "cosim", "impl")
    assert row_of(found, "design", "cascade", "latency").values["cosim"] == 36_320
    assert row_of(found, "design", "cascade", "interval").values["cosim"] == 36_000
    assert row_of(found, "design", "cascade", "LUT").values["impl"] == 9_000
    assert row_of(found, "design", "cascade", "clock period").values["impl"] == pytest.approx(3.2)
    depth = row_of(found, "channel", "cascade/mm1.C->mm2.A", "depth")
    assert depth.values == {"predicted": 3, "csynth": 3}


def test_a_design_in_a_larger_one_has_what_is_said_of_its_module(report: Report) -> None:
    inside = Instance("cascade", "cascade_i", resources=(Resource("DSP", 44),))
    board = VendorReport("impl", general=General(top="board"), hierarchy=Instance("board", instances=(inside,)))
    board = replace(board, modules=(Module("board", resources=(Resource("DSP", 900),)),))
    assert row_of(joined(report, [board]), "design", "cascade", "DSP").values["impl"] == 44


def test_a_failed_cosimulation_has_no_cycles(report: Report) -> None:
    failed = VendorReport("cosim", general=General(top="cascade"), simulated=(Simulated("verilog", "Fail"),))
    assert "cosim" not in origins_of(joined(report, [failed]))


def test_a_report_keeps_them(report: Report) -> None:
    found = joined(report, [csynth()])
    assert parse_document(dump(document("ok", (), found)), "here").figures == found.figures


def test_external_blocks_take_what_they_declare() -> None:
    loaded = load_project(PROJECTS / "mixed_ip")
    said, parts = estimate_project(loaded), size_project(loaded)
    assert said.csynth <= said.cosim
    # The RTL takes a few cycles more than the schedule says, for its handshakes.
    assert parts.latency < said.cosim < 1.1 * parts.latency


def test_rtl_has_what_was_predicted_and_simulated(tmp_path: Path) -> None:
    made = build(load_project(PROJECTS / "diamond"), tmp_path / "rtl", target="rtl").report
    whole = row_of(made, "design", made.top, "latency")
    assert whole.values == {"predicted": made.latency, "simulated": made.latency}
    assert whole.error("simulated") == 0.0
    assert origins_of(made) == ("predicted", "simulated")


def test_the_command_line_and_files_show_them(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vendor = tmp_path / "csynth.xml"
    vendor.write_text(csynth_xml("cascade", MODULES))
    assert main(["report", str(folder), "--with", str(vendor)]) == 0
    assert "37,000 (-3.3%)" in capsys.readouterr().out
    assert main(["report", str(folder), "--with", str(vendor), "--csv", str(tmp_path / "csv"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert any(row["values"].get("csynth") == 37_000 for row in shown["report"]["figures"])
    with (tmp_path / "csv" / "figures.csv").open() as file:
        rows = list(csv.DictReader(file))
    (whole,) = (row for row in rows if (row["kind"], row["figure"]) == ("design", "latency"))
    assert (whole["csynth"], whole["predicted"]) == ("37000", "35541")
    page = html_page(joined(read_report(folder), [csynth()]))
    assert "<h2>Figures by origin</h2>" in page
    assert "-3.3%" in page


def test_a_tools_solution_in_the_build_folder_is_read(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = folder / "gemm_cascade_hls" / "solution" / "syn" / "report"
    made.mkdir(parents=True)
    (made / "csynth.xml").write_text(csynth_xml("cascade", MODULES))
    assert main(["report", str(folder)]) == 0
    assert "37,000 (-3.3%)" in capsys.readouterr().out


def test_what_is_no_vendors_report_is_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "notes"
    other.mkdir()
    assert main(["report", str(folder), "--with", str(other)]) != 0
    assert "is no report of a vendor's tool" in capsys.readouterr().err
    assert main(["report", str(folder), "--with", str(tmp_path / "gone.xml")]) != 0
    assert "there is no" in (told := capsys.readouterr().err)
    assert "gone.xml" in told
    (tmp_path / "other.xml").write_text(csynth_xml("filter", [ModuleSaid("filter", 7, {"DSP": 1})]))
    assert main(["report", str(folder), "--with", str(tmp_path / "other.xml")]) != 0
    assert "says nothing of the parts of this build: it is of filter" in capsys.readouterr().err
    (tmp_path / "csynth.xml").write_text(csynth_xml("cascade", MODULES)[:400])
    assert main(["report", str(folder), "--with", str(tmp_path / "csynth.xml")]) != 0
    assert "Traceback" not in capsys.readouterr().err


def test_figures_of_a_report_are_checked() -> None:
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    found = json.loads(text.partition("```json\n")[2].partition("```")[0])
    assert parse_document(json.dumps(found), "here").figures
    for wrong in ({"latency": "many"}, ["a"], None, {"latency": True}):
        found["report"]["figures"][0]["values"] = wrong
        with pytest.raises(AlloError, match=r"figures\[0\]"):
            parse_document(json.dumps(found), "here")


TWICE = """\
def f(X: int32[16]) -> int32[16]:
    Y: int32[16]
    for i in range(16):
        Y[i] = X[i] + 1
    for i in range(16):
        Y[i] = Y[i] + X[15 - i]
    return Y
"""
TWICE_PROJECT = """\
format: 1
name: twice
target: {device: xcu280, clock_ns: 3.33}
top: top
graphs:
  top:
    inputs: {A: "int32[16]"}
    outputs: {B: "int32[16]"}
    nodes:
      f: {kernel: "k.py:f"}
    edges: [A -> f.X, f.Y -> B]
"""


def test_loops_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "k.py").write_text(f"from allo_studio.lang import *\n\n\n{TWICE}")
    (tmp_path / "project.yaml").write_text(TWICE_PROJECT)
    made = build(load_project(tmp_path), tmp_path / "out", simulate=False).report
    names = [row.name for row in made.figures if row.kind == "loop" and row.figure == "II"]
    assert names == [row.loop for row in made.loops]
    assert len(set(names)) == 2
    loops = [LoopSaid("i", 16, 17, 2, 1), LoopSaid("nest1_i", 16, 20, 5, 1)]
    said = [ModuleSaid("f", 41, {}, loops), ModuleSaid("top", 43, {})]
    found = joined(made, [parse_report(csynth_xml("top", said).encode(), "csynth.xml")])
    assert [row_of(found, "loop", "top/f", "latency", name).values["csynth"] for name in names] == [17, 20]


def test_counts_below_zero_are_no_figures(report: Report) -> None:
    said = [ModuleSaid("cascade", -7, {"DSP": -1}), ModuleSaid("mm1", 10, {}, [LoopSaid("i", 64, -2, -3, -4)])]
    found = joined(report, [parse_report(csynth_xml("cascade", said).encode(), "csynth.xml")])
    told_by_tool = [row.values["csynth"] for row in found.figures if "csynth" in row.values]
    # Only the latency of mm1 is a count, and the period of the clock is told.
    assert 10 in told_by_tool
    assert min(told_by_tool) >= 0


def test_builds_without_figures_and_reports_without_them_are_told_as_such(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vendor = tmp_path / "csynth.xml"
    vendor.write_text(csynth_xml("cascade", MODULES))
    old = json.loads((folder / "report.json").read_text())
    del old["report"]["figures"]
    (tmp_path / "report.json").write_text(json.dumps(old))
    assert main(["report", str(tmp_path / "report.json"), "--with", str(vendor)]) == 1
    said = capsys.readouterr().err
    assert "has no figures by origin" in said
    assert "build the project again" in said
    empty = csynth_xml("cascade", [ModuleSaid("cascade", "undef", {})], clock="nan")
    vendor.write_text(empty)
    assert main(["report", str(folder), "--with", str(vendor)]) == 1
    said = capsys.readouterr().err
    assert "gives no figures of the parts of this build" in said
    assert "whose top is" not in said


@pytest.mark.parametrize("kind", ["loop", "block", "design"])
def test_figures_of_other_versions_stay_as_they_are(report: Report, kind: str) -> None:
    number = next(n for n, row in enumerate(report.figures) if row.kind == kind)
    other = replace(report.figures[number], figure="energy")
    figures = (*report.figures[:number], other, *report.figures[number + 1 :])
    assert joined(replace(report, figures=figures), [csynth()]).figures[number] == other
