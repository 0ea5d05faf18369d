"""The campaign on random graphs of kernels, for a few of them: all is as it says, and it would tell what is not."""

from __future__ import annotations

from dataclasses import replace

import fifo_graphs
import pytest
from fifo_graphs import SMALL_PROCESSES, SMALL_SEEDS, deadlock_faults, fewer_bits, large, rtl_faults, sized_of, small

from allo_studio.design.recurrence import ring


@pytest.mark.parametrize("seed", [1, 4, 7])
def test_large_graphs(seed: int) -> None:
    found = large(sized_of(seed, ("open", "vitis")[seed % 2], 40))
    assert found.wrong == ()
    assert found.row.bits == found.row.bound


@pytest.mark.parametrize("seed", range(SMALL_SEEDS, SMALL_SEEDS + 6))
def test_small_graphs_have_the_fewest_bits_of_all(seed: int) -> None:
    found = small(sized_of(seed, ("open", "vitis")[seed % 2], SMALL_PROCESSES))
    assert found is None or (found.better is None and 1 <= found.fifos <= 6)


def test_depths_of_more_bits_are_told() -> None:
    sized = sized_of(3, "open", 6)
    more = {channel: replace(size, depth=size.depth + 1) for channel, size in sized.fifos.items()}
    tried, better = fewer_bits(replace(sized, fifos=more))
    assert tried >= 1
    assert better is not None
    assert sum(better.values()) < sum(size.depth for size in more.values())


def test_deadlocks_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    sized = next(s for s in (sized_of(seed, "open", 30) for seed in range(20)) if deadlock_faults(s, 1)[0])
    assert deadlock_faults(sized, 1) == (True, [])
    # A cause that is none, and one that is not all.
    monkeypatch.setattr(fifo_graphs, "ring", lambda waits: ())
    assert len(deadlock_faults(sized, 1)[1]) == 2
    monkeypatch.setattr(fifo_graphs, "ring", lambda waits: ring(waits)[:1])
    assert deadlock_faults(sized, 1)[1]


def test_a_graph_as_rtl() -> None:
    sized = sized_of(2, "open", 8)
    assert rtl_faults(sized) == []
    channel, size = next(iter(sized.fifos.items()))
    wrong = replace(
        sized, latency=sized.latency + 1, fifos={**sized.fifos, channel: replace(size, observed=size.observed + 1)}
    )
    assert [fault.split(":")[0].split(" held")[0] for fault in rtl_faults(wrong)] == [
        "cycles",
        "cycles of the first of several",
        channel,
    ]
