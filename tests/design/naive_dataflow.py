"""Random dataflow regions for the cycle-by-cycle simulation of `naive_fifos`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from naive_fifos import Outcome, simulate

from allo_studio.design.recurrence import ProcessTrace

__all__ = ["Outcome", "regions", "regions_with_orders", "simulate", "slowed"]


@st.composite
def regions(draw: st.DrawFn, most: int = 4, feedback: bool = True) -> tuple[ProcessTrace, ...]:
    """Return 2 to `most` processes with up to 5 channels between them, reconvergent and sometimes fed back."""
    count = draw(st.integers(2, most))
    latencies = [draw(st.integers(1, 12)) for _ in range(count)]
    reads: list[dict[str, np.ndarray]] = [{} for _ in range(count)]
    writes: list[dict[str, np.ndarray]] = [{} for _ in range(count)]
    for number in range(draw(st.integers(1, 5))):
        source, target = draw(st.permutations(range(count)))[:2]
        if source > target and not (feedback and draw(st.integers(0, 3)) == 0):
            source, target = target, source
        tokens = draw(st.integers(0, min(latencies[source], latencies[target], 7)))
        for side, process in ((writes, source), (reads, target)):
            cycles = draw(_cycles(latencies[process], tokens))
            side[process][f"c{number}"] = np.array(sorted(cycles), dtype=np.int64)
    return tuple(
        ProcessTrace(
            f"p{p}",
            latencies[p],
            reads[p],
            writes[p],
            tuple(f"p{q}" for q in range(p) if draw(st.integers(0, 5)) == 0),
        )
        for p in range(count)
    )


@st.composite
def regions_with_orders(draw: st.DrawFn) -> tuple[tuple[ProcessTrace, ...], tuple[ProcessTrace, ...]]:
    """Return a region, and the same processes and tokens in other orders (those of a schedule without overlap)."""
    traces = draw(regions())
    others = []
    for trace in traces:
        latency = trace.latency + draw(st.integers(0, 4))
        sides = [
            {
                channel: np.array(sorted(draw(_cycles(latency, cycles.size))), dtype=np.int64)
                for channel, cycles in side.items()
            }
            for side in (trace.reads, trace.writes)
        ]
        others.append(ProcessTrace(trace.name, latency, sides[0], sides[1], trace.after))
    return traces, tuple(others)


def _cycles(latency: int, tokens: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, latency - 1), min_size=tokens, max_size=tokens, unique=True)


def slowed(traces: Sequence[ProcessTrace]) -> tuple[ProcessTrace, ...]:
    """Return the traces with each local cycle taking two: the reads in the first, the writes in the second."""
    return tuple(
        ProcessTrace(
            t.name,
            2 * t.latency,
            {c: 2 * cycles for c, cycles in t.reads.items()},
            {c: 2 * cycles + 1 for c, cycles in t.writes.items()},
            t.after,
        )
        for t in traces
    )
