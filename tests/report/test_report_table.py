import re
from dataclasses import replace

import pytest
from report_samples import REPORT

from allo_studio.report import ChannelRow, ProcessRow, ResourceRow, SimulationRow, table
from allo_studio.report.table import WIDTH


def section(text: str, title: str) -> list[str]:
    return next(block for block in text.split("\n\n") if block.startswith(title)).splitlines()


def test_table_shows_every_section():
    titles = [block.splitlines()[0] for block in table(REPORT).split("\n\n")[1:]]
    assert titles == [
        "Blocks",
        "Loops",
        "What sets the II",
        "Resources",
        "Channels",
        "Why",
        "Simulation (C simulation)",
        "Notes",
    ]


def test_summary_has_cycles_time_and_frequency():
    head = table(REPORT).split("\n\n")[0]
    assert "2,117 cycles, 7.050 us" in head
    assert "3.33 ns (300 MHz)" in head
    assert "predicted 1,028, simulated 1,028" in head


def test_columns_are_aligned():
    lines = section(table(REPORT), "Blocks")[1:]
    ends = [[m.end() for m in re.finditer(r"[\d,]+|latency|interval|stall|DSP", line)] for line in lines]
    latency_end = lines[0].index("latency") + len("latency")
    assert all(latency_end in found for found in ends)


def test_loop_row_says_ii_and_nesting():
    lines = section(table(REPORT), "Loops")
    outer = next(line for line in lines if "j.outer" in line)
    assert outer.split()[1:6] == ["j.outer", "8", "2", "1", "8"]
    assert lines[2].index(" i ") < outer.index("j.outer")


def test_loops_of_one_reason_are_told_together():
    rows = tuple(replace(row, reason="one after another") for row in REPORT.loops)
    assert section(table(replace(REPORT, loops=rows)), "What sets the II")[1:] == [
        "  one after another: cascade/mm1 i, cascade/mm1 j.outer, cascade/mm1 j.inner"
    ]


def test_place_of_a_loop_is_file_and_line():
    assert section(table(REPORT), "Loops")[2].endswith("  gemm.py:10")


def test_channel_row_says_depth_of_the_profile_and_dash_for_none():
    fifo, memory = section(table(REPORT), "Channels")[2:]
    assert fifo.split()[-2:] == ["6", "5"]
    assert memory.split()[-2:] == ["-", "-"]


def test_resource_beyond_the_device_is_marked():
    report = replace(REPORT, resources=(ResourceRow("DSP", 20, 10), ResourceRow("FF", 1, 10)))
    _, _, dsp, ff = section(table(report), "Resources")
    assert "200.0%" in dsp
    assert dsp.endswith("over")
    assert not ff.endswith("over")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (SimulationRow(4, 0, 0.0, "jit"), "passed: 4 elements"),
        (SimulationRow(4, 1, 2.0, "jit"), "FAILED: 4 elements compared, 1 differ, largest error 2"),
        (SimulationRow(0, 0, 0.0, "jit"), "FAILED: 0 elements"),
    ],
)
def test_simulation_verdict(row, said):
    assert said in table(replace(REPORT, simulation=row))


def test_no_simulation_is_said():
    assert "not run" in table(replace(REPORT, simulation=None))


def test_long_names_stay_within_the_width_and_keep_both_ends():
    path = "top/" + "/".join(f"block{i}" for i in range(30))
    report = replace(
        REPORT,
        processes=(ProcessRow(path, "kernels/" + "k" * 90 + ".py:gemm", 10**12, 10**12),),
        channels=(ChannelRow(path, "fifo", "float32[" + "1024, " * 20 + "1]", 32, reason="word " * 80),),
        notes=("x" * 300,),
    )
    text = table(report)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "block29" in section(text, "Blocks")[2]


def test_empty_sections_are_left_out():
    report = replace(REPORT, processes=(), loops=(), channels=(), resources=(), notes=())
    assert [block.splitlines()[0] for block in table(report).split("\n\n")[1:]] == ["Simulation (C simulation)"]
