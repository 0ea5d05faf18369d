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
from functools import cached_property

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

    @cached_property
    def events(self) -> _Events:
        """The local cycles with stream operations, ascending, and what happens in each."""
        return _events(self)


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


# A stream operation: the channel, and whether it is a write.
_Operation = tuple[str, bool]


@dataclass(frozen=True)
class _Events:
    """`cycles[n]` is the n-th local cycle with stream operations, `groups[kinds[n]]` are these, reads first."""

    cycles: list[int]
    kinds: list[int]
    groups: list[tuple[_Operation, ...]]


def _events(trace: ProcessTrace) -> _Events:
    found = [((c, False), trace.reads[c]) for c in sorted(trace.reads)]
    found += [((c, True), trace.writes[c]) for c in sorted(trace.writes)]
    if not found:
        return _Events([], [], [])
    cycles = np.concatenate([times for _, times in found])
    kinds = np.repeat(np.arange(len(found)), [times.size for _, times in found])
    order = np.lexsort((kinds, cycles))
    cycles, kinds = cycles[order], kinds[order]
    single: list[tuple[_Operation, ...]] = [(operation,) for operation, _ in found]
    if np.all(cycles[1:] != cycles[:-1]):
        return _Events(cycles.tolist(), kinds.tolist(), single)
    groups: dict[tuple[_Operation, ...], int] = {}
    merged: dict[int, tuple[_Operation, ...]] = {}
    for cycle, kind in zip(cycles.tolist(), kinds.tolist(), strict=True):
        merged[cycle] = (*merged.get(cycle, ()), found[kind][0])
    numbers = [groups.setdefault(group, len(groups)) for group in merged.values()]
    return _Events(list(merged), numbers, list(groups))


class _Fifo:
    """The times at which a channel's tokens were written and read so far; `depth` None is endless."""

    __slots__ = ("depth", "read", "written")

    def __init__(self, depth: int | None) -> None:
        self.depth = depth
        self.written: list[int] = []
        self.read: list[int] = []


class _Process:
    def __init__(self, trace: ProcessTrace, fifos: Mapping[str, _Fifo]) -> None:
        self.trace = trace
        self.events = trace.events
        self.groups = [tuple((fifos[channel], write) for channel, write in g) for g in trace.events.groups]
        self.next = 0
        self.time = 0  # of the last event, or of the start
        self.cycle = 0  # the local cycle of the last event
        self.started = False
        self.done: int | None = None


class _Run:
    def __init__(self, traces: Sequence[ProcessTrace], depths: Mapping[str, int | None], fifo_latency: int) -> None:
        self.fifos = {c: _Fifo(depths.get(c)) for trace in traces for c in (*trace.writes, *trace.reads)}
        self.processes = {trace.name: _Process(trace, self.fifos) for trace in traces}
        self.fifo_latency = fifo_latency

    def result(self) -> Timing | Deadlock:
        progress = True
        while progress:
            moved = [self._advance(process) for process in self.processes.values() if process.done is None]
            progress = any(moved)
        waits = tuple(self._wait(process) for process in self.processes.values() if process.done is None)
        if waits:
            return Deadlock(waits)
        done = {name: process.done or 0 for name, process in self.processes.items()}
        return Timing(
            latency=max(done.values(), default=-1) + 1,
            start={name: self._start(process) or 0 for name, process in self.processes.items()},
            done=done,
            writes={c: np.array(fifo.written, dtype=np.int64) for c, fifo in self.fifos.items()},
            reads={c: np.array(fifo.read, dtype=np.int64) for c, fifo in self.fifos.items()},
        )

    def _start(self, process: _Process) -> int | None:
        before = [self.processes[name].done for name in process.trace.after]
        if any(done is None for done in before):
            return None
        return max((done + 1 for done in before if done is not None), default=0)

    def _advance(self, process: _Process) -> bool:
        """Run a process as far as it goes and tell whether it moved."""
        if not process.started:
            start = self._start(process)
            if start is None:
                return False
            process.time, process.started = start, True
        first = process.next
        if self._run_events(process):
            process.done = process.time + (process.trace.latency - 1 - process.cycle)
            return True
        return process.next > first

    def _run_events(self, process: _Process) -> bool:
        """Commit events until one cannot happen yet; tell whether all have. This loop is all the time that is spent."""
        cycles, kinds, groups = process.events.cycles, process.events.kinds, process.groups
        latency, time, last = self.fifo_latency, process.time, process.cycle
        for number in range(process.next, len(cycles)):
            cycle = cycles[number]
            at = time + cycle - last
            for fifo, write in groups[kinds[number]]:
                if not write:
                    token, other, wait = len(fifo.read), fifo.written, latency
                elif fifo.depth is not None and len(fifo.written) >= fifo.depth:
                    token, other, wait = len(fifo.written) - fifo.depth, fifo.read, 1
                else:
                    continue
                if token >= len(other):
                    process.next, process.time, process.cycle = number, time, last
                    return False
                if other[token] + wait > at:
                    at = other[token] + wait
            for fifo, write in groups[kinds[number]]:
                (fifo.written if write else fifo.read).append(at)
            time, last = at, cycle
        process.next, process.time, process.cycle = len(cycles), time, last
        return True

    def _wait(self, process: _Process) -> Wait:
        if not process.started:
            first = next((n for n in process.trace.after if self.processes[n].done is None), "")
            return Wait(process.trace.name, first, "the end of")
        group = process.events.groups[process.events.kinds[process.next]]
        for channel, write in group:
            fifo = self.fifos[channel]
            if not write and len(fifo.read) >= len(fifo.written):
                return Wait(process.trace.name, channel, "a token")
            if write and fifo.depth is not None and len(fifo.written) - fifo.depth >= len(fifo.read):
                return Wait(process.trace.name, channel, "room")
        raise AssertionError("a process that can go on was left standing")


def run(traces: Sequence[ProcessTrace], depths: Mapping[str, int | None], fifo_latency: int) -> Timing | Deadlock:
    """Return the times of all tokens, or the deadlock. A depth of None (or a channel not named) is unbounded."""
    return _Run(traces, depths, fifo_latency).result()
