"""*_csynth.rpt in the formats of 2018.3 and 2024.2: each figure of the tables, and tables that are damaged."""

from __future__ import annotations

import pytest
from vendor_samples import BLUR, SCALE, available, read_text, used

from allo_studio.report.vendor import Range, VendorReport, parse_report, read_report


@pytest.fixture(scope="module")
def scale() -> VendorReport:
    return read_report(SCALE / "syn/report/scale_csynth.rpt")


@pytest.fixture(scope="module")
def blur() -> VendorReport:
    return read_report(BLUR / "syn/report/blur_csynth.rpt")


def test_general(scale, blur):
    general = scale.general
    assert (general.tool, general.version, general.top) == ("Vivado HLS", "2018.3", "scale")
    assert general.build == "Build 2405991 on Thu Dec 06 23:56:15 MST 2018"
    assert (general.project, general.solution, general.flow) == ("scale_prj", "solution1", "")
    assert (general.part, general.family, general.date) == ("xc7z020clg484-1", "zynq", "Tue Feb  5 09:14:02 2019")
    assert (blur.general.tool, blur.general.version) == ("Vitis HLS", "2024.2")
    assert (blur.general.solution, blur.general.flow) == ("hls", "Vitis Kernel Flow Target")


def test_timing_with_and_without_units(scale, blur):
    for report, figures in ((scale, (10.0, 8.231, 1.25)), (blur, (3.33, 2.48, 0.9))):
        timing = report.top.timing
        assert (timing.target_ns, timing.estimated_ns, timing.uncertainty_ns) == figures


def test_latency_in_cycles_and_as_time(scale, blur):
    latency = scale.top.latency
    assert (latency.best, latency.worst, latency.interval, latency.pipeline) == (37, 289, Range(37, 289), "none")
    assert (latency.best_ns, latency.average) == (None, None)
    latency = blur.top.latency
    assert (latency.best, latency.worst, latency.best_ns, latency.worst_ns) == (2085, 2085, 6950.0, 6950.0)
    assert (latency.interval, latency.pipeline) == (Range(1042, 2071), "dataflow")


def test_loops_are_nested_and_have_the_interval_asked_for(scale):
    fill, second = scale.top.loops
    assert (fill.latency, fill.iteration_latency, fill.trip_count) == (Range(8, 8), Range(2, 2), Range(8, 8))
    assert (fill.interval, fill.target_interval, fill.pipelined) == (Range(1, 1), Range(1, 1), True)
    assert (second.name, second.latency, second.trip_count) == ("Loop 2", Range(14, 266), Range(1, 19))
    assert (second.interval, second.pipelined) == (Range(), False)
    assert [loop.name for loop in second.loops] == ["Loop 2.1"]


def test_instances_have_latency_and_resources(scale, blur):
    (mean,) = scale.top.instances
    assert (mean.name, mean.module, mean.latency.worst, mean.latency.interval) == (
        "grp_mean_fu_88",
        "mean",
        12,
        Range(12, 12),
    )
    assert used(mean.resources) == {"BRAM_18K": 0, "DSP": 2, "FF": 150, "LUT": 200}
    # Adapters have resources and no latency.
    assert [i.name for i in blur.top.instances] == ["load_U0", "smooth_U0", "control_s_axi_U", "gmem_m_axi_U"]
    assert blur.top.instances[3].latency.worst is None
    assert used(blur.top.instances[3].resources)["LUT"] == 400


def test_utilisation_against_the_part_and_one_region_of_it(scale, blur):
    assert used(scale.top.resources) == {"BRAM_18K": 2, "DSP": 3, "FF": 321, "LUT": 440}
    assert available(scale.top.resources) == {"BRAM_18K": 280, "DSP": 220, "FF": 106400, "LUT": 53200}
    assert [r.percent for r in scale.top.resources] == ["~0", "1", "~0", "~0"]
    lut = next(r for r in blur.top.resources if r.name == "LUT")
    assert (lut.used, lut.available, lut.available_slr, lut.percent_slr) == (2500, 1303680, 434560, "~0")


def test_what_takes_the_resources(scale):
    parts = scale.top.parts
    assert parts
    assert parts.columns == ("Name", "BRAM_18K", "DSP48E", "FF", "LUT")
    assert parts.rows[4] == ("Memory", "2", "-", "32", "10")
    assert [row[0] for row in parts.rows] == [
        "DSP", "Expression", "FIFO", "Instance", "Memory", "Multiplexer", "Register",
    ]  # fmt: skip


def test_memories_and_fifos_one_by_one(scale, blur):
    buf, coef = scale.top.memories
    assert (buf.name, buf.module, buf.words, buf.bits, buf.banks, buf.size) == (
        "buf_U",
        "scale_buf",
        1024,
        32,
        1,
        32768,
    )
    assert used(coef.resources) == {"BRAM_18K": 0, "FF": 32, "LUT": 10}
    (fifo,) = blur.top.fifos
    assert (fifo.name, fifo.depth, fifo.bits, fifo.size) == ("px_U", 8, 512, 4096)
    assert used(fifo.resources) == {"BRAM_18K": 0, "FF": 515, "LUT": 300, "URAM": None}


def test_expressions_multiplexers_and_registers_stay_tables(scale, blur):
    titles = [table.title for table in scale.top.tables]
    assert titles == ["DSP48E", "Expression", "Multiplexer", "Register"]
    expression, multiplexer, register = scale.top.tables[1:]
    assert expression.rows[2] == ("sum_fu_140_p2", "+", "0", "0", "100", "32", "32")
    assert multiplexer.columns == ("Name", "LUT", "Input Size", "Bits", "Total Bits")
    assert register.rows[-1] == ("Total", "139", "0", "139", "0")
    # An operation may be written as the bar that parts the columns.
    assert blur.top.tables[0].rows[1] == ("x_fu_10_p2", "|", "0", "0", "46", "46", "46")


def test_ports(scale):
    assert len(scale.top.ports) == 10
    port = scale.top.ports[8]
    assert (port.name, port.direction, port.bits, port.protocol, port.source, port.kind) == (
        "x_q0", "in", 16, "ap_memory", "x", "array",
    )  # fmt: skip


def test_sections_without_a_table_are_empty():
    report = read_report(SCALE / "syn/report/gone_csynth.rpt")
    assert (report.top.loops, report.top.instances, report.top.memories, report.top.fifos) == ((), (), (), ())
    assert report.notes == ()


TEXT = (SCALE / "syn/report/scale_csynth.rpt").read_text()


def changed(old: str, new: str) -> VendorReport:
    assert TEXT.count(old) == 1
    return read_text(TEXT.replace(old, new), "scale_csynth.rpt")


def test_a_figure_that_is_none_is_noted_at_its_place():
    report = changed("|   10.00|", "|   1O.00|")
    assert report.top.timing.target_ns is None
    assert report.top.timing.estimated_ns == 8.231
    (note,) = report.notes
    assert str(note.span) == "scale_csynth.rpt:23:18"
    assert "Target of ap_clk is '1O.00'" in note.message


def test_an_undefined_latency_is_unknown():
    report = changed("|37   |  289|   37|  289|      none|", "|    ?|    ?|    ?|    ?|      none|")
    assert (report.top.latency.best, report.top.latency.worst, report.top.latency.interval) == (None, None, Range())
    assert report.top.latency.pipeline == "none"


def test_a_row_that_lost_a_bar_is_passed_over_with_a_note():
    report = changed("|buf_U   |", "|buf_U    ")
    assert [memory.name for memory in report.top.memories] == ["coef_U"]
    (note,) = report.notes
    assert "has not the cells of its header" in note.message
    assert report.notes[0].span.line == next(
        i for i, x in enumerate(TEXT.splitlines(), 1) if x.strip().startswith("|buf_U")
    )


def test_a_name_of_another_width_moves_the_bars_and_no_more():
    report = changed("|buf_U   |", "|büf_U |")
    assert [(m.name, m.words) for m in report.top.memories] == [("büf_U", 1024), ("coef_U", 8)]
    assert report.notes == ()


def test_a_report_that_is_cut_off_says_what_it_lacks():
    report = read_text(TEXT[: TEXT.index("== Utilization Estimates") - 8], "scale_csynth.rpt")
    assert report.top.latency.worst == 289
    assert [note.message for note in report.notes] == [
        "the file ends within a line, which is left out",
        "the file gives no ports",
        *(f"the file gives no {name} that is used" for name in ("BRAM_18K", "DSP", "FF", "LUT")),
    ]


def test_line_ends_of_windows_are_the_same():
    assert read_text(TEXT.replace("\n", "\r\n"), "x").modules == read_text(TEXT, "x").modules


def test_a_name_in_another_encoding_keeps_no_figure_from_being_read():
    data = TEXT.replace("scale_prj", "projet_é").encode("latin-1")
    report = parse_report(data, "x")
    assert report.modules == read_text(TEXT, "x").modules
    assert report.general.project == "projet_�"
