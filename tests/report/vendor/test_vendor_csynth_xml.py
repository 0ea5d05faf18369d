"""csynth.xml in the small: all that stands in our own samples, and what is noted where it is not as it should be."""

from __future__ import annotations

import pytest
from vendor_samples import BLUR, SCALE, available, read_text, used
from xml_walk import differences

from allo_studio.diagnostics import AlloError
from allo_studio.report.vendor import Range, Times, VendorReport, read_report

XML = [SCALE / "syn/report/csynth.xml", SCALE / "syn/report/mean_csynth.xml", BLUR / "syn/report/csynth.xml"]


@pytest.fixture(scope="module")
def blur() -> VendorReport:
    return read_report(BLUR / "syn/report/csynth.xml")


@pytest.fixture(scope="module")
def scale() -> VendorReport:
    return read_report(SCALE / "syn/report/csynth.xml")


@pytest.mark.parametrize("path", XML, ids=lambda path: path.name)
def test_the_model_has_all_that_the_file_says(path):
    assert differences(path.read_text(), read_report(path)) == []


def test_the_walk_finds_a_figure_that_is_not_in_the_model(blur):
    text = (BLUR / "syn/report/csynth.xml").read_text()
    for old, new in (
        ("<TripCount>251<", "<TripCount>252<"),
        ('LATENCY="6"', 'LATENCY="7"'),
        ("<StaticDepth>8<", "<StaticDepth>9<"),
        ("32 -&gt; 512, 64,", "32 -&gt; 512, 65,"),
        ('offset="0x10"', 'offset="0x14"'),
        ("<Bits>512<", "<Bits>511<"),
        ("</profile>", "<NewSection>7</NewSection></profile>"),
    ):
        assert text.count(old) == 1
        assert differences(text.replace(old, new), blur) != [], old


def test_general_of_2018(scale):
    general = scale.general
    assert (general.tool, general.version, general.top) == ("Vivado HLS", "2018.3", "scale")
    assert (general.part, general.family) == ("xc7z020clg484-1", "zynq")
    assert scale.origin == "csynth"


def test_the_top_of_2018(scale):
    top = scale.top
    assert (top.timing.target_ns, top.timing.estimated_ns, top.timing.uncertainty_ns) == (10.0, 8.231, 1.25)
    assert (top.latency.best, top.latency.average, top.latency.worst) == (37, 163, 289)
    assert (top.latency.interval, top.latency.pipeline, top.latency.worst_ns) == (Range(37, 289), "none", None)
    assert used(top.resources) == {"BRAM_18K": 2, "DSP": 3, "FF": 321, "LUT": 440}
    assert available(top.resources) == {"BRAM_18K": 280, "DSP": 220, "FF": 106400, "LUT": 53200}
    assert {r.name: r.stated_name for r in top.resources}["DSP"] == "DSP48E"


def test_loops_of_2018_with_ranges(scale):
    fill, second = scale.top.loops
    assert (fill.name, fill.trip_count, fill.interval, fill.depth) == ("fill", Range(8, 8), Range(1, 1), Range(2, 2))
    assert fill.pipelined is True
    assert (second.trip_count, second.latency, second.pipelined) == (Range(1, 19), Range(14, 266), False)
    assert [loop.name for loop in second.loops] == ["Loop2.1"]


def test_the_top_of_2024_is_put_together_from_two_places(blur):
    latency = blur.top.latency
    assert latency.interval == latency.initiation == latency.throughput == Range(1042, 2071)
    assert (latency.worst, latency.worst_ns, latency.pipeline) == (2085, 6950.0, "dataflow")
    assert {r.name: r.percent for r in blur.top.resources} == {
        "BRAM_18K": "~0", "DSP": "~0", "FF": "~0", "LUT": "~0", "URAM": "0",
    }  # fmt: skip
    # The file gives the LUTs twice.
    assert used(blur.top.resources)["LUT"] == 2500
    (note,) = blur.notes
    assert "2500 and 2496" in note.message
    assert note.severity == "note"


def test_violations_are_with_the_loop_that_they_are_of(blur):
    inner = blur.module("smooth_Pipeline_inner")
    assert inner
    assert inner.issue == "Timing Violation"
    (loop,) = inner.loops
    assert (loop.issue, loop.violation, loop.source) == ("II Violation", "Memory Dependency", "blur.cpp:20")
    assert (loop.interval, loop.latency_ns, loop.slack_ns) == (Range(2, 2), Times(1707.0, 1707.0), 2.43)


def test_the_hierarchy_of_2024(blur):
    assert blur.hierarchy
    found = [(level, i.name, i.module, i.number) for level, i in blur.hierarchy.walk()]
    assert found == [
        (0, "", "blur", None),
        (1, "load_U0", "load", 61),
        (1, "smooth_U0", "smooth", 66),
        (2, "grp_smooth_Pipeline_inner_fu_70", "smooth_Pipeline_inner", 70),
    ]
    assert blur.hierarchy.binds == ("px_U", "control_s_axi_U", "gmem_m_axi_U")


def test_a_channel_has_the_width_of_its_storage(blur):
    (fifo,) = blur.fifos
    assert (fifo.name, fifo.depth, fifo.bits, fifo.counter, fifo.signals) == (
        "px_U",
        8,
        512,
        "mOutPtr",
        ("clk", "if_din"),
    )


def test_arguments_and_the_value_returned(blur):
    src, dst, returned = blur.arguments
    assert (src.name, src.index, src.type, src.bits) == ("src", 0, "float const *", 32)
    assert [(h.kind, h.interface, h.name) for h in src.hardware][1] == ("register", "s_axi_control", "src_1")
    assert (dst.direction, dst.hardware) == ("out", ())
    assert (returned.name, returned.type, returned.bits, returned.hardware[0].name) == (
        "return",
        "int",
        32,
        "ap_return",
    )


def test_tables_have_the_cells_that_their_columns_want(blur):
    by_title = {table.title: table for table in blur.tables}
    assert by_title["M_AXI"].columns == ("Interface", "Data Width (SW->HW)", "Address Width", "Max Read Burst Length")
    assert by_title["M_AXI"].rows == (("m_axi_gmem", "32 -> 512", "64", "16"),)
    assert by_title["TOP LEVEL CONTROL"].rows[1] == ("ap_ctrl", "ap_ctrl_chain", "")
    accesses = by_title["All M_AXI Variable Accesses"]
    assert accesses.rows[0] == ("m_axi_gmem", "src", "16", "Could not widen, as the bus is wide")
    assert accesses.note == "Note: bursts may be parted."


def test_pragmas_with_messages_and_inferred_ones(blur):
    pipeline, dataflow, inferred = blur.pragmas
    assert (pipeline.kind, pipeline.directive, pipeline.inferred) == ("pipeline", False, False)
    assert (dataflow.status, dataflow.directive) == ("warning", True)
    assert [(m.number, m.severity, m.text) for m in dataflow.messages] == [
        ("214-114", "WARNING", "Two calls read one array")
    ]
    assert (inferred.inferred, dict(inferred.others)["srcPragmaLoc"]) == (True, "blur.cpp:21")


SMALL = """<profile>
<ReportVersion><Version>{version}</Version></ReportVersion>
<UserAssignments><unit>{unit}</unit><Part>p</Part><TopModelName>f</TopModelName>
<TargetClockPeriod>{target}</TargetClockPeriod></UserAssignments>
<PerformanceEstimates>
<SummaryOfOverallLatency><Best-caseLatency>1</Best-caseLatency>
<Worst-caseLatency>{worst}</Worst-caseLatency></SummaryOfOverallLatency>
<SummaryOfLoopLatency>{loops}</SummaryOfLoopLatency>
</PerformanceEstimates>
</profile>
"""


def small(more: str = "", **changes: str) -> VendorReport:
    """Return the small report with some of its texts changed, and `more` at its end."""
    given = {"version": "2023.2", "unit": "ns", "target": "5", "worst": "9", "loops": ""}
    return read_text(SMALL.format(**(given | changes)).replace("</profile>", f"{more}</profile>"), "small.xml")


@pytest.mark.parametrize(
    ("version", "tool"),
    [("2018.2", "Vivado HLS"), ("2020.1", ""), ("2020.2", "Vitis HLS"), ("2025.2", "Vitis HLS"), ("soon", "")],
)
def test_the_tool_of_a_version(version, tool):
    assert small(version=version).general.tool == tool


def test_a_figure_that_is_none_is_left_out_and_noted_with_its_place():
    report = small(worst="9f9")
    assert (report.top.latency.best, report.top.latency.worst) == (1, None)
    (note,) = [n for n in report.notes if n.severity == "warning"]
    assert str(note.span) == "small.xml:7:1"
    assert note.message == "Worst-caseLatency of f is '9f9', where a whole number was expected"
    assert note.code == "report"
    assert note.hint


def test_another_unit_is_noted():
    (note,) = [n for n in small(unit="us").notes if n.severity == "warning"]
    assert "unit of UserAssignments is 'us', where 'ns' was expected" in note.message


def test_what_the_file_lacks_is_noted():
    told = [note.message for note in small().notes]
    assert "the file gives no clock uncertainty" in told
    assert "the file gives no estimated clock period" in told
    assert "the file gives no interval" in told
    assert "the file gives no ports" in told
    assert "the file gives no LUT that is used" in told
    assert not any("latency" in message for message in told)


def test_an_undefined_trip_count_is_named_as_the_cause():
    loop = "<L1><TripCount>undef</TripCount><Latency>undef</Latency></L1>"
    told = [note.message for note in small(worst="undef", loops=loop).notes]
    assert "the tool leaves trip counts, and with them latencies undefined, of L1" in told


def test_a_loop_may_be_called_like_a_field_of_one():
    loop = "<Slack><TripCount>4</TripCount><Latency>8</Latency></Slack>"
    (outer,) = small(loops=f"<A><TripCount>2</TripCount><Slack>1.5</Slack>{loop}</A>").top.loops
    assert outer.slack_ns == 1.5
    assert [inner.name for inner in outer.loops] == ["Slack"]


@pytest.mark.parametrize(("worst", "initiation"), [("undef", Range()), ("0", Range(0, 0))])
def test_an_interval_of_0_is_none_where_no_latency_is_known(worst, initiation):
    interval = "</Worst-caseLatency><PipelineInitiationInterval>0</PipelineInitiationInterval>"
    text = SMALL.replace("</Worst-caseLatency>", interval)
    text = text.format(version="2023.2", unit="ns", target="5", worst=worst, loops="")
    assert read_text(text).top.latency.initiation == initiation


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("1, 2, 3", ("1", "2", "3")),
        ("1, 2, 3, 4", ("1", "2", "3, 4")),
        ("1", ("1", "", "")),
        ("1, 2, 3,, ", ("1", "2", "3")),
    ],
)
def test_a_row_of_a_table_has_a_cell_a_column(row, cells):
    table = f'<item name="T"><table><keys size="4">N, A, B, C</keys><column name="n">{row}</column></table></item>'
    section = f'<ReportHWInterface><section name="S" level="0">{table}</section></ReportHWInterface>'
    (found,) = small(more=section).tables
    assert found.rows == (("n", *cells),)


def test_a_range_the_wrong_way_round_is_no_figure():
    loop = "<L><TripCount><range><min>9</min><max>2</max></range></TripCount></L>"
    report = small(loops=loop)
    assert report.top.loops[0].trip_count == Range()
    assert any("range from 9 to 2" in note.message for note in report.notes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<profile/>", "is of no report that is known"),
        ("<html><body/></html>", "<html> is of no report that is known"),
        ("<profile><UserAssignments>", "its XML is damaged"),
        ("<profile><a></b></profile>", "mismatched tag"),
        ("<", "its XML is damaged"),
    ],
)
def test_what_is_no_synthesis_report(text, reason):
    with pytest.raises(AlloError, match=reason) as caught:
        read_text(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "report"
    assert diagnostic.hint
