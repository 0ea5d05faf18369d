"""Vendor's reports as text and as JSON: what a person and a program see of them."""

from __future__ import annotations

import json

import pytest
from vendor_samples import BLUR, SCALE, read_text

from allo_studio.report.columns import WIDTH, bar, figures_only, section
from allo_studio.report.vendor import Range, Times, read_report, read_solution
from allo_studio.report.vendor.json_form import report_json
from allo_studio.report.vendor.text import vendor_text
from allo_studio.report.vendor.text_words import count, of_range, of_times, time


@pytest.fixture(scope="module")
def scale() -> str:
    return vendor_text(read_solution(SCALE))


@pytest.fixture(scope="module")
def blur() -> str:
    return vendor_text(read_solution(BLUR))


def part(text: str, origin: str, title: str) -> list[str]:
    """Return the lines of a section of the report of an origin, their words one space apart."""
    text = text[text.index(f": {origin}\n") :]
    found = text[text.index(f"\n{title}") + 1 :].partition("\n\n")[0]
    return [" ".join(line.split()) for line in found.splitlines()]


CSYNTH, COSIM, IMPL = "estimated by high-level synthesis", "co-simulation of C and RTL", "after placement and routing"


def test_general(scale):
    lines = part(scale, CSYNTH, "General")
    assert "tool Vivado HLS 2018.3 Build 2405991 on Thu Dec 06 23:56:15 MST 2018" in lines
    assert "part xc7z020clg484-1 (zynq)" in lines
    folder = SCALE / "syn/report"
    assert lines[-5:] == [f"read from {folder}", "csynth.xml", "scale_csynth.rpt", "mean_csynth.xml", "mean_csynth.rpt"]


def test_timing_and_latency(scale, blur):
    assert part(scale, CSYNTH, "Timing (ns)")[1:] == ["target estimated uncertainty", "10.000 8.231 1.250"]
    # The older text has no times.
    assert part(scale, CSYNTH, "Latency")[-1] == "37 163 289 ? ? ? 37 ~ 289 none"
    assert part(blur, CSYNTH, "Latency")[-1] == "2,085 2,085 2,085 6.95 us 6.95 us 6.95 us 1,042 ~ 2,071 dataflow"
    assert part(scale, IMPL, "Timing (ns)")[-1] == "10.000 7.488 6.902"


def test_the_tree_of_modules_and_loops(scale, blur):
    assert part(scale, CSYNTH, "Modules")[1:] == [
        "modules & loops latency iteration II asked trips pipelined",
        "+ scale 37 ~ 289 - 37 ~ 289 - - none",
        "o fill 8 2 1 1 8 yes",
        "o Loop2 14 ~ 266 14 - - 1 ~ 19 no",
        "o Loop2.1 12 3 - - 4 no",
        "+ mean 12 - 12 - - none",
        "o acc 10 3 1 1 8 yes",
    ]
    tree = part(blur, CSYNTH, "Modules")
    at = tree.index("o outer 2.43 2,068 6.893 us 517 - 4 no")
    assert tree[at + 1].startswith(
        "+ smooth_Pipeline_inner Timing Violation -0.05 514 1.713 us - 514 - loop auto-rewind stp"
    )
    # An instance that a loop calls is below that loop, and nowhere else.
    assert sum(line.startswith("+ smooth_Pipeline_inner ") for line in tree) == 1
    assert tree[at + 2] == "o inner II Violation, Memory Dependency 2.43 512 1.707 us 12 2 251 yes"


def test_utilisation_with_percentages(scale):
    assert part(scale, CSYNTH, "Utilisation")[2:] == [
        "BRAM_18K 2 280 0.7% #.............................",
        "DSP 3 220 1.4% #.............................",
        "FF 321 106,400 0.3% #.............................",
        "LUT 440 53,200 0.8% #.............................",
    ]
    # What there is of SRLs the tools do not say.
    assert part(scale, IMPL, "Utilisation")[-1] == "SRL 4 ? ?"


def test_channels_memories_and_tables(scale, blur):
    assert part(blur, CSYNTH, "FIFOs")[-1] == "px_U blur 8 512 4,096 0 ? 515 300 ?"
    assert part(scale, CSYNTH, "Memories")[2:] == [
        "buf_U scale 1,024 32 1 32,768 2 ? 0 0 ?",
        "coef_U scale 8 16 1 128 0 ? 32 10 ?",
    ]
    assert part(scale, CSYNTH, "Utilization Estimates: Expression")[-1] == "Total 0 0 120 37 34"
    assert part(blur, CSYNTH, "HW Interfaces: M_AXI")[-1] == "m_axi_gmem 32 -> 512 64 16"
    assert part(scale, CSYNTH, "Interface")[-1] == "n in 32 ap_none n scalar"


def test_bindings_that_the_tool_does_not_show_are_left_out(blur):
    operations = part(blur, CSYNTH, "Bind op")
    assert len(operations) == 2 + 3
    assert not any("icmp" in line for line in operations)
    assert part(blur, CSYNTH, "Bind storage")[2] == "line_U smooth line ram_1p auto 1 2 0 0 32 1,024 1"


def test_pragmas_with_what_the_tool_says_of_them(blur):
    lines = part(blur, CSYNTH, "Pragmas")
    assert lines[3] == "dataflow blur.cpp:40, in blur warning Two calls read one array"
    assert lines[4].endswith("in smooth, line inferred")


def test_a_co_simulation(scale, blur):
    assert part(blur, COSIM, "Co-simulation")[-1] == "Verilog Pass 2,391 2,533 2,604 1,103 1,119 1,127 4,849"
    assert part(scale, COSIM, "Co-simulation")[-1] == "Verilog Pass 37 121 289 38 122 290 ?"
    assert "3 transactions of 2,391 to 2,604 cycles" in blur


def test_slacks_clocks_and_paths(scale):
    assert (
        part(scale, IMPL, "Slack (ns), timing is met")[-1]
        == "scale 2.512 0.000 0 741 0.061 0.000 0 741 4.020 0.000 0 309"
    )
    assert part(scale, IMPL, "Clocks")[-1] == "ap_clk 10.000 100 {0.000 5.000} 2.512 0.000 0 741"
    assert part(scale, IMPL, "Paths")[2].endswith(" 6.930 2.772 4.158 4")


def test_timing_that_is_not_met_is_said():
    text = vendor_text([read_report(BLUR / "impl/verilog/report/blur_timing_synth.rpt")])
    assert "Slack (ns), timing is NOT met" in text


def test_a_path_that_is_read_alone_is_named():
    path = SCALE / "sim/report/scale_cosim.rpt"
    assert f"read from  {path}" in vendor_text([read_report(path)])


def test_a_report_that_knows_nothing_is_printed_too():
    text = vendor_text([read_text("<profile><UserAssignments/></profile>")])
    assert text.startswith("== a design: estimated by high-level synthesis\n")


def test_words_for_figures():
    assert (count(None), count(1234567)) == ("?", "1,234,567")
    assert [of_range(r) for r in (Range(), Range(4, 4), Range(1, 25), Range(3, None))] == ["?", "4", "1 ~ 25", "3 ~ ?"]
    assert [time(t) for t in (None, 0.5, 10.0, 12280.0, 965788003.0, 3e9)] == [
        "?", "0.5 ns", "10 ns", "12.28 us", "965.788 ms", "3 s",
    ]  # fmt: skip
    assert of_times(Times(10.0, 2000.0)) == "10 ns ~ 2 us"


def test_columns():
    assert bar(1, 0) == "." * 30 + " over"
    assert bar(3, 2).endswith(" over")
    assert figures_only(["-", "?", "", "~0", "<0.01", "-1.5", "12,345"])
    assert not figures_only(["12", "RW"])
    text = section("T", ("a long name", "b"), [("x" * 200, "1")], left=1, tall=True)
    assert max(map(len, text.splitlines())) == WIDTH
    assert text.splitlines()[1] == "  a long name" + " " * (WIDTH - 14) + "b"
    whole = section("T", ("a", "b"), [("x" * 200, "1")], left=1, whole=(0,))
    assert "x" * 200 in whole
    # Names of several words go over several lines where the cells below are short.
    tall = section("T", ("Max Read Burst Length",), [("16",)], left=0, tall=True)
    assert [line.strip() for line in tall.splitlines()] == ["T", "Max", "Read", "Burst", "Length", "16"]


def test_json_has_the_fields_of_the_model():
    report = read_report(SCALE / "syn/report/csynth.xml")
    found = json.loads(json.dumps(report_json(report), allow_nan=False))
    assert found["origin"] == "csynth"
    assert found["general"]["top"] == "scale"
    (top,) = found["modules"]
    assert top["timing"] == {
        "target_ns": 10.0,
        "estimated_ns": 8.231,
        "uncertainty_ns": 1.25,
        "target_interval": None,
        "synthesized_ns": None,
    }
    assert top["latency"]["interval"] == {"low": 37, "high": 289}
    assert top["loops"][1]["loops"][0]["trip_count"] == {"low": 4, "high": 4}
    assert (top["loops"][1]["interval"], top["loops"][1]["latency_ns"]) == (None, None)
    assert top["resources"][0] == {
        "name": "BRAM_18K", "used": 2, "available": 280, "percent": "", "available_slr": None, "percent_slr": "",
        "stated_name": "BRAM_18K",
    }  # fmt: skip
    assert found["notes"] == []
