"""A dataflow region cycle by cycle, as `semantics.md` words it: local clocks that hold, FIFOs with a latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from allo_studio.design.recurrence import ProcessTrace

__all__ = ["Outcome", "simulate"]


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
