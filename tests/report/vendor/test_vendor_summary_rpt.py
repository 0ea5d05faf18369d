"""csynth.rpt, the synthesis summary of Vitis HLS: its tree, its bindings, and that it says the same as csynth.xml."""

from __future__ import annotations

import pytest
from vendor_samples import BLUR, read_text, used

from allo_studio.report.vendor import Range, VendorReport, read_report

TEXT = (BLUR / "syn/report/csynth.rpt").read_text()


@pytest.fixture(scope="module")
def blur() -> VendorReport:
    return read_report(BLUR / "syn/report/csynth.rpt")


def test_general(blur):
    general = blur.general
    assert (general.tool, general.version, general.top) == ("Vitis HLS", "2024.2", "blur")
    assert (general.project, general.solution, general.flow) == ("blur", "hls", "Vitis Kernel Flow Target")
    assert general.date == "Mon Dec  2 10:00:07 2024"
    assert blur.notes == ()


def test_modules_of_the_tree(blur):
    assert [module.name for module in blur.modules] == ["blur", "load", "smooth", "smooth_Pipeline_inner"]
    top = blur.top
    assert (top.issue, top.slack_ns, top.latency.worst, top.latency.worst_ns) == ("Timing", -0.05, 2085, 6950.0)
    assert (top.latency.initiation, top.latency.pipeline) == (Range(1042, 1042), "dataflow")
    assert used(top.resources) == {"BRAM_18K": 4, "DSP": 13, "FF": 2210, "LUT": 2500}
    assert {r.percent for r in top.resources} == {"~0"}


def test_loops_belong_to_the_module_above_them(blur):
    smooth = blur.module("smooth")
    assert smooth
    (outer,) = smooth.loops
    assert (outer.name, outer.trip_count, outer.iteration_latency, outer.interval) == (
        "outer", Range(4, 4), Range(517, 517), Range(),
    )  # fmt: skip
    assert outer.pipelined is False
    inner = blur.module("smooth_Pipeline_inner")
    assert inner
    assert (inner.loops[0].interval, inner.loops[0].issue, inner.loops[0].pipelined) == (Range(2, 2), "II", True)


def test_the_hierarchy_goes_through_loops(blur):
    assert blur.hierarchy
    assert [(level, instance.module) for level, instance in blur.hierarchy.walk()] == [
        (0, "blur"),
        (1, "load"),
        (1, "smooth"),
        (2, "smooth_Pipeline_inner"),
    ]


def test_bindings_belong_to_the_module_above_them(blur):
    inner = blur.module("smooth_Pipeline_inner")
    assert inner
    fmul = inner.binds[0]
    assert (fmul.kind, fmul.operation, fmul.implementation, fmul.latency) == ("op", "fmul", "maxdsp", 3)
    assert (fmul.pragma, used(fmul.resources)) == ("yes", {"DSP": 3})
    (storage,) = [bind for bind in blur.module("smooth").binds if bind.kind == "storage"]
    assert (storage.name, storage.operation, storage.bits, storage.depth, storage.banks) == (
        "line_U", "ram_1p", 32, 1024, 1,
    )  # fmt: skip
    (fifo,) = blur.top.binds
    assert (fifo.usage, fifo.subtype, fifo.latency) == ("fifo channel", "stream", 0)


def test_pragmas(blur):
    warned, pipeline, stream, inferred = blur.pragmas
    assert (warned.kind, warned.status, warned.messages[0].text) == ("dataflow", "warning", "Two calls read one array")
    assert (pipeline.location, pipeline.function, pipeline.status) == ("blur.cpp:21", "smooth", "valid")
    assert (stream.variable, stream.options) == ("px", "variable=px depth=8")
    assert (inferred.kind, inferred.inferred, inferred.others) == (
        "array_partition",
        True,
        (("source", "pipeline blur.cpp:21"),),
    )


def test_a_header_of_several_lines_is_one_name(blur):
    (table,) = [table for table in blur.tables if table.title == "M_AXI"]
    assert table.section == "HW Interfaces"
    assert table.columns == ("Interface", "Data Width (SW->HW)", "Address Width", "Max Read Burst Length")
    assert table.rows == (("m_axi_gmem", "32 -> 512", "64", "16"),)


def test_it_agrees_with_the_xml(blur):
    xml = read_report(BLUR / "syn/report/csynth.xml")
    for module in blur.modules:
        other = xml.module(module.name)
        assert other
        assert module.latency.worst == other.latency.worst
        assert used(module.resources).items() <= used(other.resources).items()
        for (_, mine), (_, theirs) in zip(module.all_loops(), other.all_loops(), strict=True):
            assert (mine.name, mine.trip_count, mine.latency, mine.interval) == (
                theirs.name,
                theirs.trip_count,
                theirs.latency,
                theirs.interval,
            )


def test_a_row_that_is_neither_module_nor_loop_is_noted():
    report = read_text(TEXT.replace("| + load  ", "| % load  "), "csynth.rpt")
    assert report.module("load") is None or not report.module("load").resources
    assert any("neither a module (+) nor a loop (o)" in note.message for note in report.notes)


def test_a_summary_without_its_table_says_so():
    report = read_text(TEXT[: TEXT.index("    PS:")], "csynth.rpt")
    assert [note.message for note in report.notes] == ["the file gives no table of modules and loops"]
    assert report.hierarchy is None
