"""Waveforms, read back."""

import re

import numpy as np
import pytest

from allo_studio.simulate.cycle.vcd import write_vcd

SMALL = """\
$timescale 1ns $end
$scope module top $end
$var wire 1 ! clk $end
$var wire 1 " done $end
$scope module u0 $end
$var wire 8 # count [7:0] $end
$scope module inner $end
$var wire 70 $ wide [69:0] $end
$upscope $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
1!
0"
b11 #
b1000000000000000000000000000000000000000000000000000000000000000000001 $
#5
0!
#10
1!
b100 #
#15
0!
#20
1!
1"
b0 $
#25
0!
#30
"""


def test_only_changes_are_written(tmp_path):
    wide = np.zeros((3, 9), np.uint8)
    wide[:2, 0], wide[:2, 8] = 1, 32
    samples = {
        "done": np.array([0, 0, 1], np.uint8),
        "u0/count": np.array([3, 4, 4], np.uint8),
        "u0.inner.wide": wide,
    }
    write_vcd(tmp_path / "small.vcd", samples, {"done": 1, "u0/count": 8, "u0.inner.wide": 70})
    assert (tmp_path / "small.vcd").read_text() == SMALL


def test_many_signals_have_names_of_their_own(tmp_path):
    samples = {f"s{n}": np.arange(50, dtype=np.uint64) * n for n in range(9000)}
    samples = {name: array[:2] for name, array in samples.items()}
    write_vcd(tmp_path / "many.vcd", samples, dict.fromkeys(samples, 40), top="a b", clock="c")
    text = (tmp_path / "many.vcd").read_text()
    assert "$scope module a_b $end\n$var wire 1 ! c $end" in text
    names = re.findall(r"^\$var wire 40 (\S+) s\d+ ", text, re.MULTILINE)
    assert len(set(names)) == len(names) == 9000
    values = {name: re.findall(rf"^b([01]+) {re.escape(name)}$", text, re.MULTILINE) for name in names[5:8]}
    assert [[int(value, 2) for value in found] for found in values.values()] == [[0, 5], [0, 6], [0, 7]]


def test_a_waveform_may_be_empty(tmp_path):
    write_vcd(tmp_path / "empty.vcd", {}, {})
    assert (tmp_path / "empty.vcd").read_text().endswith("$enddefinitions $end\n#0\n")
    write_vcd(tmp_path / "empty.vcd", {"a": np.zeros(0, np.uint8)}, {"a": 1}, period_ns=2)
    assert (
        (tmp_path / "empty.vcd").read_text().endswith('$var wire 1 " a $end\n$upscope $end\n$enddefinitions $end\n#0\n')
    )


def test_signals_must_go_together(tmp_path):
    samples = {"a": np.zeros(2, np.uint8), "b": np.zeros(3, np.uint8)}
    with pytest.raises(ValueError, match=r"different numbers of cycles: \[2, 3\]"):
        write_vcd(tmp_path / "bad.vcd", samples, {"a": 1, "b": 1})
    with pytest.raises(ValueError, match="an even number of nanoseconds, and is 5"):
        write_vcd(tmp_path / "bad.vcd", {}, {}, period_ns=5)
