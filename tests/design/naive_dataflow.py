"""A dataflow region cycle by cycle, as `semantics.md` words it: local clocks that hold, FIFOs with a latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from allo_studio.design.recurrence import ProcessTrace

__all__ = ["Outcome", "regions", "regions_with_orders", "simulate", "slowed"]


@dataclass
class Outcome:
    """What happened when; `stuck` are the processes that never end."""

    start: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    written: dict[str, list[int]] = field(default_factory=dict)
    read: dict[str, list[int]] = field(default_factory=dict)
    stuck: tuple[str, ...] = ()
    initial: Mapping[str, int] = field(default_factory=dict)

    @property
    def latency(self) -> int:
        return max(self.done.values(), default=-1) + 1


def simulate(
    traces: Sequence[ProcessTrace],
    depths: Mapping[str, int | None],
    fifo_latency: int,
    initial: Mapping[str, int] | None = None,
) -> Outcome:
    """Step every process through its local cycles until all are done, or nothing moves any more."""
    found = Outcome(initial=initial or {})
    for trace in traces:
        for channel in (*trace.reads, *trace.writes):
            found.written.setdefault(channel, [])
            found.read.setdefault(channel, [])
    clock = dict.fromkeys((trace.name for trace in traces), 0)
    now = idle = 0
    while len(found.done) < len(traces) and idle <= fifo_latency + 1:
        moves = [
            t for t in traces if t.name not in found.done and _can(t, clock[t.name], now, found, depths, fifo_latency)
        ]
        for trace in moves:
            _move(trace, clock[trace.name], now, found)
            clock[trace.name] += 1
        idle = 0 if moves else idle + 1
        now += 1
    found.stuck = tuple(trace.name for trace in traces if trace.name not in found.done)
    return found


def _can(
    trace: ProcessTrace, local: int, now: int, found: Outcome, depths: Mapping[str, int | None], fifo_latency: int
) -> bool:
    if any(found.done.get(name, now) >= now for name in trace.after):
        return False
    for channel, cycles in trace.reads.items():
        token = len(found.read[channel])
        there = found.initial.get(channel, 0) + sum(w + fifo_latency <= now for w in found.written[channel])
        if local in cycles and there <= token:
            return False
    for channel, cycles in trace.writes.items():
        depth = depths.get(channel)
        written = found.initial.get(channel, 0) + len(found.written[channel])
        inside = written - sum(r < now for r in found.read[channel])
        if local in cycles and depth is not None and inside >= depth:
            return False
    return True


def _move(trace: ProcessTrace, local: int, now: int, found: Outcome) -> None:
    found.start.setdefault(trace.name, now)
    for channel, cycles in trace.reads.items():
        if local in cycles:
            found.read[channel].append(now)
    for channel, cycles in trace.writes.items():
        if local in cycles:
            found.written[channel].append(now)
    if local == trace.latency - 1:
        found.done[trace.name] = now


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
