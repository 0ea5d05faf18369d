"""The benchmark of the RTL: its designs are exact and within their cycles; times are for the benchmark to tell."""

from __future__ import annotations

import pytest
import rtl


@pytest.mark.parametrize("case", rtl.CASES[:2], ids=lambda case: case.name)
def test_designs_are_exact_and_within_their_cycles(case: rtl.Case) -> None:
    found = rtl.measure(case, turns=1)
    assert found.simulated == (found.predicted,) * rtl.INVOCATIONS
    assert found.case.cycles is not None
    assert found.case.ideal <= found.simulated[0] <= found.case.cycles
    # What is wrong, if anything, is a time of this machine.
    assert not [fault for fault in found.wrong if "cycles a second" not in fault and " s to " not in fault]


def test_the_lanes_of_floats_have_an_interval_of_one() -> None:
    (timing,) = rtl.sized(rtl.CASES[2], "wide").processes.values()
    assert {row.interval for row in timing.schedule.loops() if row.interval is not None} == {1}


def test_a_wrong_result_is_told() -> None:
    design = rtl.sized(rtl.CASES[0], "small")
    wrong = list(rtl._wrong(design, (design.latency, design.interval + 1), {}, {}))
    assert len(wrong) == 1
    assert "are predicted" in wrong[0]
