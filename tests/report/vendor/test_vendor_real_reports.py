"""Ten reports of real designs, made by versions from 2018.2 to 2025.2, where they are at hand: every figure in them."""

from __future__ import annotations

import pytest
from vendor_samples import REAL
from xml_walk import differences

from allo_studio.report.vendor import Range, VendorReport, read_report
from allo_studio.report.vendor.text import vendor_text

pytestmark = pytest.mark.skipif(not REAL, reason="the real reports are not here")


@pytest.fixture(scope="module")
def reports() -> dict[str, VendorReport]:
    return {path.stem: read_report(path) for path in REAL}


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_the_model_has_all_that_the_file_says(path, reports):
    assert differences(path.read_text(encoding="utf-8"), reports[path.stem]) == []


# Read off the files by hand: version, part, top, target, estimated and uncertainty in ns, worst latency, interval,
# pipeline, BRAM_18K, DSP, FF, LUT, URAM and what there is of each.
HAND = {
    "vivado_hls_2018.2_mnist_undef_latency": (
        ("2018.2", "xcvu13p-flga2577-2-e", "c_mnist"), (10.0, 8.419, 1.25), (None, Range(), "none"),
        (3391, 80, 14744, 21133, 0), (5376, 12288, 3456000, 1728000, 1280),
    ),
    "vivado_hls_2018.3_sha": (
        ("2018.3", "xc7a75tlftg256-2l", "pqcrystals_fips202_ref_sha3_256"), (10.0, 7.44, 1.25), (None, Range(), "none"),
        (10, 0, 7568, 39365), (210, 180, 94400, 47200),
    ),
    "vivado_hls_2019.1_diagonal_sum": (
        ("2019.1", "xcvu9p-flgc2104-1-e", "sum"), (2.78, 1.872, 0.83), (11, Range(12, 12), "function"),
        (0, 0, 2835, 4621, 0), (4320, 6840, 2364480, 1182240, 960),
    ),
    "vitis_hls_2020.2_moving_average": (
        ("2020.2", "xc7a200t-fbg676-2", "ma"), (10.0, 7.224, 2.7), (1, Range(1, 1), "yes"),
        (0, 0, 493, 185, 0), (730, 740, 269200, 134600, 0),
    ),
    "vitis_hls_2022.1_atax_dataflow": (
        ("2022.1.2", "xcu280-fsvh2892-2L-e", "kernel_atax"), (2.5, 2.231, 0.68), (4912, Range(4913, 4913), "dataflow"),
        (2, 243, 56087, 42717, 0), (4032, 9024, 2607360, 1303680, 960),
    ),
    "vitis_hls_2022.1_atax_top_module": (
        ("2022.1.2", "xcu280-fsvh2892-2L-e", "kernel_atax"), (2.5, 2.231, 0.68), (4912, Range(4913, 4913), "dataflow"),
        (2, 243, 56087, 42717, 0), (4032, 9024, 2607360, 1303680, 960),
    ),
    "vitis_hls_2022.1_mnist_depthwise": (
        ("2022.1", "xck26-sfvc784-2LV-c", "MNIST"), (10.0, 7.331, 2.7), (1735, Range(1297, 1297), "dataflow"),
        (30, 156, 30761, 28244, 0), (288, 1248, 234240, 117120, 64),
    ),
    "vitis_hls_2023.2_alveo_maxi": (
        ("2023.2", "xcu55c-fsvh2892-2L-e", "streamhls"), (5.0, 3.65, 1.35), (165, Range(91, 91), "dataflow"),
        (30, 48, 10567, 6800, 0), (4032, 9024, 2607360, 1303680, 960),
    ),
    "vitis_hls_2024.1_spmv": (
        ("2024.1", "xc7z020-clg400-1", "SpMV"), (10.0, 7.3, 2.7), (None, Range(), "no"),
        (8, 3, 11269, 13462, 0), (280, 220, 106400, 53200, 0),
    ),
    "vitis_hls_2025.2_conv2d": (
        ("2025.2", "xcvu080_CIV-ffvb2104-3-e", "pointpillars_cnn"), (10.0, 48.455, 2.7), (None, Range(), "no"),
        (576, 67, 105694, 144069, 0), (2842, 672, 891424, 445712, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HAND)
def test_figures_read_off_by_hand(name, reports):
    report, top = reports[name], reports[name].top
    general, timing, latency, used, available = HAND[name]
    assert (report.general.version, report.general.part, report.general.top) == general
    assert (top.timing.target_ns, top.timing.estimated_ns, top.timing.uncertainty_ns) == timing
    assert (top.latency.worst, top.latency.interval, top.latency.pipeline) == latency
    assert [r.name for r in top.resources] == ["BRAM_18K", "DSP", "FF", "LUT", "URAM"][: len(used)]
    assert tuple(r.used for r in top.resources) == used
    assert tuple(r.available for r in top.resources) == available


def test_every_file_is_checked_by_hand():
    assert sorted(HAND) == sorted(path.stem for path in REAL)


@pytest.mark.parametrize(
    ("name", "tool"),
    [(name, "Vivado HLS" if name.startswith("vivado") else "Vitis HLS") for name in HAND],
)
def test_the_tool_follows_from_the_version(name, tool, reports):
    assert reports[name].general.tool == tool


def loops(report: VendorReport, module: str) -> list[tuple[object, ...]]:
    found = report.module(module)
    assert found
    return [
        (level, x.name, x.trip_count, x.latency, x.iteration_latency, x.interval, x.depth, x.pipelined)
        for level, x in found.all_loops()
    ]


def exactly(value: int) -> Range:
    return Range(value, value)


def test_loops_of_2018_are_nested_and_some_are_undefined(reports):
    found = loops(reports["vivado_hls_2018.2_mnist_undef_latency"], "c_mnist")
    assert len(found) == 15
    assert found[0] == (0, "Loop1", Range(), Range(), Range(), exactly(1), exactly(2), True)
    assert found[2] == (0, "Loop3", exactly(784), exactly(3081904), exactly(3931), Range(), Range(), False)
    assert found[3] == (1, "Loop3.1", exactly(784), exactly(3922), Range(), exactly(5), exactly(8), True)
    assert found[10] == (0, "Loop9", Range(1, 25), Range(2, 26), Range(), exactly(1), exactly(2), True)


def test_loops_of_2025_are_nested_in_modules(reports):
    report = reports["vitis_hls_2025.2_conv2d"]
    found = loops(report, "pointpillars_cnn")
    whole = exactly(622864)
    assert found[0] == (0, "VITIS_LOOP_85_1", exactly(32), exactly(19931648), whole, Range(), whole, False)
    assert [name for _, name, *_ in found] == ["VITIS_LOOP_85_1", "VITIS_LOOP_86_2", "VITIS_LOOP_87_3"]
    inner = report.top.loops[0].loops[0].loops[0]
    assert (inner.slack_ns, inner.perfect, inner.source) == (7.3, True, "pipeline.cpp:87~pipeline.cpp:224")
    undefined = report.module("pointpillars_cnn_Pipeline_VITIS_LOOP_178_3")
    assert undefined
    assert undefined.issue == "Timing Violation"
    assert (undefined.latency.worst, undefined.latency.initiation) == (None, Range())


def test_an_instance_stands_below_the_loop_that_calls_it(reports):
    text = vendor_text([reports["vitis_hls_2022.1_mnist_depthwise"]])
    lines = [line.strip() for line in text[text.index("Modules (+)") :].splitlines()]
    at = next(i for i, line in enumerate(lines) if line.startswith("+ DepthwiseConv2d_28_10_1_3_s"))
    assert lines[at + 1].startswith("o py ")
    assert lines[at + 2].startswith("+ DepthwiseConv2d_28_10_1_3_Pipeline_px")
    assert lines[at + 3].startswith("o px ")


def test_channels_have_the_width_of_their_storage(reports):
    found = reports["vitis_hls_2023.2_alveo_maxi"].fifos
    assert [(f.name, f.depth, f.bits) for f in found] == [("input_stream_U", 4, 512), ("output_stream_U", 4, 512)]
    # Version 2022.1 says the depth alone.
    (only,) = reports["vitis_hls_2022.1_atax_dataflow"].fifos
    assert (only.name, only.depth, only.bits) == ("out_Ax_fifo_U", 390, None)


def test_interfaces_of_2023(reports):
    report = reports["vitis_hls_2023.2_alveo_maxi"]
    by_name = {interface.name: interface for interface in report.interfaces}
    memory = by_name["m_axi_gmem"]
    assert (memory.kind, memory.mode, memory.data_width, memory.address_width) == ("axi4full", "master", 512, 64)
    assert dict(memory.parameters)["MAX_READ_BURST_LENGTH"] == "16"
    assert [(r.name, r.offset) for r in by_name["s_axi_control"].registers][4:6] == [
        ("hbm_data_1", 16),
        ("hbm_data_2", 20),
    ]
    table = next(table for table in report.tables if table.title == "M_AXI")
    assert dict(zip(table.columns, table.rows[0], strict=True))["Resource Estimate"] == "BRAM=30"
    burst = next(table for table in report.tables if table.title == "All M_AXI Variable Accesses")
    assert burst.rows[0][-1].endswith("the max_widen_bitwidth threshold of 512")


def test_a_figure_that_a_file_gives_twice_is_told(reports):
    """Two of the real files give the LUTs of the top twice, and differently."""
    told = {name: [n.message for n in r.notes if "two things" in n.message] for name, r in reports.items()}
    assert {name for name, notes in told.items() if notes} == {
        "vitis_hls_2022.1_mnist_depthwise",
        "vitis_hls_2025.2_conv2d",
    }
    assert "used is 28244 and 28240" in told["vitis_hls_2022.1_mnist_depthwise"][0]


def test_no_figure_of_a_real_file_is_unreadable(reports):
    assert [n for r in reports.values() for n in r.notes if n.severity != "note"] == []


@pytest.mark.parametrize("name", HAND)
def test_a_real_report_is_printed_with_its_figures(name, reports):
    text = vendor_text([reports[name]])
    _, timing, latency, used, available = HAND[name]
    for figure in timing:
        assert f"{figure:.3f}" in text
    for figure in (*used, *available):
        assert f"{figure:,}" in text
    assert (f"{latency[0]:,}" if latency[0] else " ? ") in text
