"""The token recurrences of a dataflow region: when every token is written and read, given the FIFO depths.

A process has one local clock: a local cycle happens only when all of its stream operations in that cycle can happen,
otherwise the whole process holds. So each process is a sequence of events (local cycles with stream operations), and
an event's time is the latest of: the event before it plus the local cycles between them; for a read, the token's
write plus the FIFO's latency; for a write into a FIFO of depth d, the read of the token d places earlier plus 1.
Processes are sequential and channels have one reader and one writer, so the result does not depend on the order of
evaluation (G. Kahn, "The semantics of a simple language for parallel programming", 1974).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["Cycles", "Deadlock", "ProcessTrace", "Timing", "Wait", "run"]

Cycles = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ProcessTrace:
    """When a process uses its streams, in local cycles from its start.

    `latency` is in cycles; `reads` and `writes` map a channel to its tokens' local cycles, ascending. The process
    starts after all of `after` are done (it takes a ping-pong buffer from them).
    """

    name: str
    latency: int
    reads: Mapping[str, Cycles] = field(default_factory=dict)
    writes: Mapping[str, Cycles] = field(default_factory=dict)
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wait:
    """What a process waits for in a deadlock: a token of a channel, or room in it."""

    process: str
    channel: str
    kind: str

    def __str__(self) -> str:
        return f"{self.process} waits for {self.kind} in {self.channel}"


@dataclass(frozen=True)
class Deadlock:
    """No process can go on, and some are not done."""

    waits: tuple[Wait, ...]


@dataclass(frozen=True)
class Timing:
    """Cycles of the region: `latency` counts from cycle 0 to the last done, inclusive."""

    latency: int
    start: Mapping[str, int]
    done: Mapping[str, int]
    writes: Mapping[str, Cycles]
    reads: Mapping[str, Cycles]

    def occupancy(self, channel: str) -> int:
        """Return the most tokens in a channel at once, counting a token in its write's and its read's cycle."""
        written, read = self.writes[channel], self.reads[channel]
        if not written.size:
            return 0
        left = np.searchsorted(read, written, side="left")
        return int(np.max(np.arange(1, written.size + 1) - left))


# A group of stream operations in one local cycle: the cycle, channels read, channels written.
_Event = tuple[int, tuple[str, ...], tuple[str, ...]]


class _Process:
    def __init__(self, trace: ProcessTrace) -> None:
        self.trace = trace
        self.events = _events(trace)
        self.next = 0
        self.time = 0  # of the last event, or of the start
        self.cycle = 0  # the local cycle of the last event
        self.started = False
        self.done: int | None = None


def _events(trace: ProcessTrace) -> list[_Event]:
    groups: dict[int, tuple[list[str], list[str]]] = {}
    for kind, streams in enumerate((trace.reads, trace.writes)):
        for channel in sorted(streams):
            for cycle in streams[channel].tolist():
                groups.setdefault(cycle, ([], []))[kind].append(channel)
    return [(cycle, tuple(reads), tuple(writes)) for cycle, (reads, writes) in sorted(groups.items())]


class _Run:
    def __init__(self, traces: Sequence[ProcessTrace], depths: Mapping[str, int | None], fifo_latency: int) -> None:
        self.processes = {trace.name: _Process(trace) for trace in traces}
        self.depths = depths
        self.fifo_latency = fifo_latency
        self.written: dict[str, list[int]] = {c: [] for trace in traces for c in (*trace.writes, *trace.reads)}
        self.read: dict[str, list[int]] = {channel: [] for channel in self.written}

    def result(self) -> Timing | Deadlock:
        progress = True
        while progress:
            moved = [self._advance(process) for process in self.processes.values()]
            progress = any(moved)
        waits = tuple(self._wait(process) for process in self.processes.values() if process.done is None)
        if waits:
            return Deadlock(waits)
        done = {name: process.done or 0 for name, process in self.processes.items()}
        return Timing(
            latency=max(done.values(), default=-1) + 1,
            start={name: self._start(process) or 0 for name, process in self.processes.items()},
            done=done,
            writes={c: np.array(times, dtype=np.int64) for c, times in self.written.items()},
            reads={c: np.array(times, dtype=np.int64) for c, times in self.read.items()},
        )

    def _start(self, process: _Process) -> int | None:
        before = [self.processes[name].done for name in process.trace.after]
        if any(done is None for done in before):
            return None
        return max((done + 1 for done in before if done is not None), default=0)

    def _advance(self, process: _Process) -> bool:
        """Run a process as far as it goes and tell whether it moved."""
        if process.done is not None:
            return False
        if not process.started:
            start = self._start(process)
            if start is None:
                return False
            process.time, process.started = start, True
        first = process.next
        while process.next < len(process.events):
            time = self._event_time(process, process.events[process.next])
            if time is None:
                return process.next > first
            self._commit(process, time)
        process.done = process.time + (process.trace.latency - 1 - process.cycle)
        return True

    def _event_time(self, process: _Process, event: _Event) -> int | None:
        cycle, reads, writes = event
        time = process.time + cycle - process.cycle
        for channel in reads:
            token = len(self.read[channel])
            if token >= len(self.written[channel]):
                return None
            time = max(time, self.written[channel][token] + self.fifo_latency)
        for channel in writes:
            depth = self.depths.get(channel)
            freed = len(self.written[channel]) - depth if depth is not None else -1
            if freed < 0:
                continue
            if freed >= len(self.read[channel]):
                return None
            time = max(time, self.read[channel][freed] + 1)
        return time

    def _commit(self, process: _Process, time: int) -> None:
        cycle, reads, writes = process.events[process.next]
        for channel in reads:
            self.read[channel].append(time)
        for channel in writes:
            self.written[channel].append(time)
        process.time, process.cycle = time, cycle
        process.next += 1

    def _wait(self, process: _Process) -> Wait:
        if process.next >= len(process.events) or not process.started:
            first = next((n for n in process.trace.after if self.processes[n].done is None), "")
            return Wait(process.trace.name, first, "the end of")
        _, reads, writes = process.events[process.next]
        for channel in reads:
            if len(self.read[channel]) >= len(self.written[channel]):
                return Wait(process.trace.name, channel, "a token")
        for channel in writes:
            depth = self.depths.get(channel)
            if depth is not None and len(self.written[channel]) - depth >= len(self.read[channel]):
                return Wait(process.trace.name, channel, "room")
        raise AssertionError("a process that can go on was left standing")


def run(traces: Sequence[ProcessTrace], depths: Mapping[str, int | None], fifo_latency: int) -> Timing | Deadlock:
    """Return the times of all tokens, or the deadlock. A depth of None (or a channel not named) is unbounded."""
    return _Run(traces, depths, fifo_latency).result()
