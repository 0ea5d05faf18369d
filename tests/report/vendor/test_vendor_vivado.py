"""Vivado's report_utilization and report_timing_summary, of a 7 series and an UltraScale+ part."""

from __future__ import annotations

import pytest
from vendor_samples import BLUR, SCALE, available, read_text, used

from allo_studio.diagnostics import AlloError
from allo_studio.report.vendor import read_report

IMPL, SYNTH = SCALE / "impl/verilog/report", BLUR / "impl/verilog/report"
UTILISATION, TIMING = IMPL / "scale_utilization_routed.rpt", IMPL / "scale_timing_routed.rpt"


def test_utilisation_of_a_7_series_part_after_routing():
    report = read_report(UTILISATION)
    general = report.general
    assert (report.origin, general.top, general.state) == ("impl", "bd_0_wrapper", "Fully Placed")
    assert (general.tool, general.version, general.part) == ("Vivado", "2018.3", "7z020clg484-1")
    assert used(report.top.resources) == {"BRAM_18K": 2, "DSP": 3, "FF": 301, "LUT": 255, "SRL": 4, "SLICE": 97}
    assert available(report.top.resources)["BRAM_18K"] == 280
    assert {r.name: r.percent for r in report.top.resources}["DSP"] == "1.36"
    assert report.notes == ()


def test_all_tables_of_a_utilisation_are_kept():
    tables = {table.section: table for table in read_report(UTILISATION).tables}
    assert list(tables) == [
        "Slice Logic",
        "Summary of Registers by Type",
        "Slice Logic Distribution",
        "Memory",
        "DSP",
        "Primitives",
    ]
    assert tables["Slice Logic"].rows[3] == ("    LUT as Distributed RAM", "0", "0", "", "")


def test_utilisation_of_an_ultrascale_part_after_synthesis():
    report = read_report(SYNTH / "blur_utilization_synth.rpt")
    assert (report.origin, report.general.state) == ("synth", "Synthesized")
    assert used(report.top.resources) == {"BRAM_18K": 4, "DSP": 13, "FF": 2105, "LUT": 1795, "URAM": 0, "SRL": 12}
    assert available(report.top.resources)["LUT"] == 1303680
    assert report.tables[-1].section == "Black Boxes"
    assert report.tables[-1].rows == ()


def test_half_a_tile_is_one_block_ram():
    text = UTILISATION.read_text().replace("| Block RAM Tile    |    1 |", "| Block RAM Tile    |  1.5 |")
    assert used(read_text(text).top.resources)["BRAM_18K"] == 3
    text = UTILISATION.read_text().replace("| Block RAM Tile    |    1 |", "| Block RAM Tile    | 1.25 |")
    report = read_text(text)
    assert used(report.top.resources)["BRAM_18K"] is None
    assert any("a number of sites was expected" in note.message for note in report.notes)


def test_the_names_of_versal():
    text = UTILISATION.read_text()
    for old, new in (
        ("Slice LUTs     ", "CLB LUTs       "),
        ("Slice Registers", "Registers      "),
        ("DSPs      ", "DSP Slices"),
    ):
        assert old in text
        text = text.replace(old, new)
    found = used(read_text(text).top.resources)
    assert (found["LUT"], found["FF"], found["DSP"]) == (255, 301, 3)


def test_utilisation_by_hierarchy():
    report = read_report(SYNTH / "blur_utilization_hierarchical_routed.rpt")
    assert (report.origin, report.general.state) == ("impl", "Routed")
    assert report.hierarchy
    found = [(level, i.name, i.module, used(i.resources)) for level, i in report.hierarchy.walk()]
    # A block RAM of 36 Kbit is two of 18 Kbit.
    whole = {"BRAM_18K": 4, "DSP": 13, "FF": 2105, "LUT": 1781, "URAM": 0}
    assert found[:2] == [(0, "bd_0_wrapper", "(top)", whole), (1, "bd_0_i", "bd_0", whole)]
    assert [name for _, name, _, _ in found[2:]] == ["(bd_0_i)", "hls_inst"]
    assert used(report.top.resources) == whole


def test_timing_that_is_met():
    report = read_report(TIMING)
    slacks = report.slacks
    assert (slacks.wns, slacks.tns, slacks.failing, slacks.endpoints) == (2.512, 0.0, 0, 741)
    assert (slacks.whs, slacks.ths, slacks.hold_failing, slacks.hold_endpoints) == (0.061, 0.0, 0, 741)
    assert (slacks.wpws, slacks.tpws, slacks.pulse_failing, slacks.pulse_endpoints) == (4.02, 0.0, 0, 309)
    assert slacks.met is True
    (clock,) = report.clocks
    assert (clock.name, clock.period_ns, clock.frequency_mhz, clock.waveform) == (
        "ap_clk",
        10.0,
        100.0,
        "{0.000 5.000}",
    )
    assert clock.slacks.wns == 2.512
    # With one clock the period that is reached is what its worst slack leaves.
    assert (report.top.timing.target_ns, report.top.timing.estimated_ns) == (10.0, 7.488)
    assert report.notes == ()


def test_the_paths_with_the_least_slack():
    first, second = read_report(TIMING).paths
    assert (first.slack_ns, first.requirement_ns, first.delay_ns) == (2.512, 10.0, 6.93)
    assert (first.logic_ns, first.route_ns, first.levels) == (2.772, 4.158, 4)
    assert first.source == "bd_0_i/hls_inst/U0/sum_reg_200_reg[3]/C"
    assert (first.group, first.kind) == ("ap_clk", "Setup (Max at Slow Process Corner)")
    assert (second.slack_ns, second.levels) == (2.7, 0)


def test_timing_that_is_not_met_with_several_clocks():
    report = read_report(SYNTH / "blur_timing_synth.rpt")
    assert (report.origin, report.general.state) == ("synth", "Synthesized")
    slacks = report.slacks
    assert (slacks.wns, slacks.tns, slacks.failing, slacks.whs, slacks.met) == (-0.145, -1203.9, 88, -0.02, False)
    assert [(c.name, c.period_ns, c.slacks.wns) for c in report.clocks] == [
        ("ap_clk", 3.33, -0.145),
        ("clk_out_fast", 1.665, 0.3),
        ("ap_clk_2", 10.0, None),
    ]
    # Where a row has no setup slack, the figures behind it stay below their own columns.
    assert (report.clocks[2].slacks.wpws, report.clocks[2].slacks.pulse_endpoints) == (4.5, 1)
    assert report.top.timing.estimated_ns is None
    assert "it has 3 clocks" in report.notes[-1].message
    violated, unbounded = report.paths
    assert (violated.slack_ns, violated.levels) == (-0.145, 6)
    assert (unbounded.slack_ns, unbounded.requirement_ns, unbounded.delay_ns) == (None, None, 0.3)


@pytest.mark.parametrize(
    ("net", "origin"), [("routed", "impl"), ("estimated", "impl"), ("unplaced", "synth"), ("other", "impl")]
)
def test_the_step_of_an_older_timing_report_is_that_of_its_nets(net, origin):
    report = read_text(TIMING.read_text().replace(", routed)", f", {net})"))
    assert report.origin == origin
    assert bool(report.notes) == (net == "other")


@pytest.mark.parametrize(
    ("path", "upto", "reason"),
    [
        (UTILISATION, "1. Slice Logic\n-----", "no table of sites"),
        (TIMING, "    -------      -------", "no Design Timing Summary"),
    ],
)
def test_a_report_that_is_cut_off_before_its_figures_is_refused(path, upto, reason):
    text = path.read_text()
    with pytest.raises(AlloError, match=reason) as caught:
        read_text(text[: text.index(upto)], path.name)
    assert caught.value.diagnostics[0].code == "report"


def moved(heading: str, before: str) -> str:
    """Return the text of the timing with a heading moved to before another line."""
    text, line = TIMING.read_text(), f"| {heading}\n"
    assert (text.count(line), text.count(before)) == (1, 1)
    return text.replace(line, "").replace(before, line + before)


def test_another_table_is_not_taken_for_the_clocks():
    report = read_text(moved("Clock Summary", "  Corner  Analyze "))
    assert report.clocks == ()
    assert [note.message for note in report.notes] == ["the file gives no clocks"]


def test_the_slacks_of_a_clock_are_not_taken_for_those_of_the_design():
    with pytest.raises(AlloError, match="no Design Timing Summary"):
        read_text(moved("Design Timing Summary", "Clock             WNS(ns)"))


def test_a_clock_without_a_period_is_noted():
    report = read_text(TIMING.read_text().replace("{0.000 5.000}        10.000 ", "{0.000 5.000}               "))
    assert (report.clocks[0].name, report.clocks[0].period_ns) == ("ap_clk", None)
    assert [note.message for note in report.notes] == ["the file gives no period of the clock ap_clk"]


def test_a_slack_that_is_none_is_noted_at_its_place():
    report = read_text(TIMING.read_text().replace("      2.512        0.000 ", "      2.5l2        0.000 ", 1), "t.rpt")
    assert report.slacks.wns is None
    assert report.slacks.tns == 0.0
    note, missing = report.notes
    assert "WNS(ns) of the design is '2.5l2'" in note.message
    assert missing.message == "the file gives no worst negative slack"
    assert note.span.column == 7
