"""What a design was asked for and does not keep."""

from __future__ import annotations

from dataclasses import replace

from report_samples import REPORT

from allo_studio.report.model import LoopRow, ResourceRow
from allo_studio.report.violations import violations


def test_an_interval_that_was_asked_for_and_is_not_reached_is_told_with_its_reason() -> None:
    # The sample also takes UltraRAM of a device that has none.
    (interval, resource) = violations(REPORT)
    assert (interval.kind, interval.path) == ("II", "cascade/mm1")
    assert interval.what == "loop j.outer: II=2, where 1 was asked for"
    assert interval.reason == "two reads of B in one cycle"
    assert (resource.kind, resource.what) == ("resources", "3 URAM of 0")


def test_what_is_kept_is_not_told() -> None:
    loops = (LoopRow("cascade/mm1", "i", 0, 8, 8, 1, 1, 1, True, chain_ns=2.0), LoopRow("a", "j", 0, 8, 8, 1, 3))
    kept = replace(
        REPORT, loops=loops, resources=(ResourceRow("DSP", 9024, 9024),), uncertainty_ns=1.0, estimated_ns=2.0
    )
    assert violations(kept) == ()


def test_a_period_that_is_missed_is_told_of_the_loop_or_of_the_design() -> None:
    nest = LoopRow("cascade/mm1", "i", 0, 8, 8, 1, 1, pipelined=True, reason="flattened into j", chain_ns=3.0)
    own = replace(nest, loop="j", depth=1, reason="each cycle", source="k.py:3:5")
    late = replace(REPORT, loops=(nest, own), resources=(), uncertainty_ns=1.0, estimated_ns=3.0)
    (found,) = violations(late)
    assert (found.kind, found.source) == ("timing", "k.py:3:5")
    assert found.what == "loop j: a chain of 3.000 ns, slack -0.670 ns"
    (outside,) = violations(replace(late, loops=()))
    assert (outside.kind, outside.path) == ("timing", "cascade")


def test_cycles_that_the_simulation_does_not_find_are_told() -> None:
    cycles = {"vitis": {"predicted": 2117, "simulated": 2120, "simulated_interval": 2000}}
    (found,) = violations(replace(REPORT, loops=(), resources=(), cycles=cycles))
    assert found.what == "latency: 2,120 cycles simulated, 2,117 predicted"
