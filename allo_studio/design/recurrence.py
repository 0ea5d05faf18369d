"""The token recurrences of a dataflow region: when every token is written and read, given the FIFO depths.

A process has one local clock: a local cycle happens only when all of its stream operations in that cycle can happen,
otherwise the whole process holds. So each process is a sequence of events (local cycles with stream operations), and
an event's time is the latest of: the event before it plus the local cycles between them; for a read, the token's
write plus the FIFO's latency; for a write into a FIFO of depth d, the read of the token d places earlier plus 1.
Processes are sequential and channels have one reader and one writer, so the result does not depend on the order of
evaluation (G. Kahn, "The semantics of a simple language for parallel programming", 1974).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from allo_studio.design.token_times import Events, Times, Waits

__all__ = ["Blocked", "Cycles", "Deadlock", "ProcessTrace", "Timing", "TokenGraph", "Wait", "ring", "run"]

Cycles = npt.NDArray[np.int64]
_END = "the end of"


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
    """What a process waits for in a deadlock: a token of a channel, or room in it, or the end of another process.

    `other` is the process that would have to go on: empty where none ever will.
    """

    process: str
    channel: str
    kind: str
    other: str = ""

    def __str__(self) -> str:
        where = self.channel if self.kind == _END else f"in {self.channel}"
        return f"{self.process} waits for {self.kind} {where}"


def ring(waits: Sequence[Wait]) -> tuple[Wait, ...]:
    """Return those of a deadlock's waits that are its cause: a ring of them, or one for what will never be."""
    by_process = {wait.process: wait for wait in waits}
    for wait in waits:
        if not wait.other:
            return (wait,)
    if not waits:
        return ()
    at = waits[0]
    for _ in waits:
        at = by_process[at.other]
    found = [at]
    while found[-1].other != at.process:
        found.append(by_process[found[-1].other])
    first = found.index(min(found, key=list(waits).index))
    return (*found[first:], *found[:first])


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
    initial: Mapping[str, int] = field(default_factory=dict)

    def occupancy(self, channel: str) -> int:
        """Return the most tokens in a channel at once, counting a token in its write's and its read's cycle."""
        written, read, there = self.writes[channel], self.reads[channel], self.initial.get(channel, 0)
        if not written.size:
            return there
        left = np.searchsorted(read, written, side="left")
        return max(there, there + int(np.max(np.arange(1, written.size + 1) - left)))


@dataclass(frozen=True)
class Blocked:
    """Why depths are not enough: `channels`, one of which must hold more than it does. Empty: nothing helps.

    `latency` is what the depths give, and None in a deadlock, with its waits.
    """

    channels: tuple[str, ...]
    latency: int | None
    waits: tuple[Wait, ...] = ()


class TokenGraph:
    """The processes of a region as arrays, to be run with many depths.

    `initial` are the tokens that channels begin with. Of several processes that write or read one channel, each comes
    after the one before it: they are invocations of one.
    """

    def __init__(
        self, traces: Sequence[ProcessTrace], fifo_latency: int, initial: Mapping[str, int] | None = None
    ) -> None:
        self.traces, self.fifo_latency = tuple(traces), fifo_latency
        self.initial = dict(initial or {})
        self.channels = tuple(dict.fromkeys(c for trace in traces for c in (*trace.writes, *trace.reads)))
        self._numbers = {name: number for number, name in enumerate(self.channels)}
        self._processes = {trace.name: number for number, trace in enumerate(self.traces)}

    @cached_property
    def _times(self) -> Any:
        # It takes a second to load, which a design without FIFOs need not wait for.
        return import_module("allo_studio.design.token_times")

    @cached_property
    def events(self) -> Events:
        """The processes' events."""
        return _Builder(self, self._processes, self._numbers).events(self._times.Events)

    def times(self, depths: Mapping[str, int | None]) -> Times:
        """Return the times of all events. A depth of None (or a channel not named) is unbounded."""
        return self._run(self._depths(depths))

    def _run(self, depths: Cycles) -> Times:
        found: Times = self._times.run_events(self.events, depths, self.fifo_latency)
        return found

    def latency(self, depths: Mapping[str, int | None]) -> int | None:
        """Return the latency in cycles, or None where the depths cause a deadlock."""
        done = self.times(depths).done
        if not done.size:
            return 0
        return None if done.min() == self._times.Never else int(done.max()) + 1

    def run(self, depths: Mapping[str, int | None]) -> Timing | Deadlock:
        """Return the times of all tokens, or the deadlock."""
        found = self._depths(depths)
        times = self._run(found)
        stuck = self._stuck(times, found)
        if stuck:
            return Deadlock(stuck.waits)
        events = self.events
        puts = np.split(times.event[events.puts], events.put_first[1:-1])
        takes = np.split(times.event[events.takes], events.take_first[1:-1])
        return Timing(
            latency=int(times.done.max(initial=-1)) + 1,
            start=dict(zip(self._processes, times.start.tolist(), strict=True)),
            done=dict(zip(self._processes, times.done.tolist(), strict=True)),
            writes=dict(zip(self.channels, puts, strict=True)) if self.channels else {},
            reads=dict(zip(self.channels, takes, strict=True)) if self.channels else {},
            initial=self.initial,
        )

    def blocked(self, depths: Mapping[str, int | None], goal: int) -> Blocked | None:
        """Return why the latency is above a goal, or there is a deadlock; None where all is well.

        It holds for all lesser depths of the channels that it names, whatever the depths of the others are.
        """
        wanted = self._depths(depths)
        times = self._run(wanted)
        stuck = self._stuck(times, wanted)
        if stuck:
            return stuck
        latency = int(times.done.max(initial=-1)) + 1
        if latency <= goal:
            return None
        found = self._times.blame(self.events, times, wanted, self.fifo_latency)
        return Blocked(tuple(self.channels[number] for number in np.flatnonzero(found)), latency)

    def deadlocked(self, depths: Mapping[str, int | None]) -> Blocked | None:
        """Return why there is a deadlock, likewise; None where there is none."""
        wanted = self._depths(depths)
        return self._stuck(self._run(wanted), wanted)

    def _stuck(self, times: Times, depths: Cycles) -> Blocked | None:
        if not self.traces or times.done.min() != self._times.Never:
            return None
        found = self._times.waits(self.events, times, depths)
        full = np.flatnonzero(self._times.full(self.events, found)).tolist()
        return Blocked(tuple(sorted(self.channels[number] for number in full)), None, tuple(self._waits(found)))

    def _depths(self, depths: Mapping[str, int | None]) -> Cycles:
        wanted = (depths.get(channel) for channel in self.channels)
        return np.array([self._times.Endless if d is None else d for d in wanted], dtype=np.int64)

    def _waits(self, found: Waits) -> Iterator[Wait]:
        kinds = {self._times.TOKEN: "a token", self._times.ROOM: "room", self._times.END: _END}
        for trace, kind, channel, other in zip(self.traces, *map(np.ndarray.tolist, found), strict=True):
            if kind:
                name = self.traces[other].name if other >= 0 else ""
                yield Wait(trace.name, name if channel < 0 else self.channels[channel], kinds[kind], name)


def run(
    traces: Sequence[ProcessTrace],
    depths: Mapping[str, int | None],
    fifo_latency: int,
    initial: Mapping[str, int] | None = None,
) -> Timing | Deadlock:
    """Return the times of all tokens, or the deadlock. A depth of None (or a channel not named) is unbounded.

    `initial` are the tokens that channels begin with.
    """
    return TokenGraph(traces, fifo_latency, initial).run(depths)


@dataclass
class _Builder:
    """The arrays of a graph, which it makes without a loop over tokens."""

    graph: TokenGraph
    processes: Mapping[str, int]
    channels: Mapping[str, int]
    cycles: list[Cycles] = field(default_factory=list)
    groups: list[Cycles] = field(default_factory=list)
    operations: list[tuple[tuple[int, bool], ...]] = field(default_factory=list)
    moves: dict[tuple[int, bool], list[tuple[int, Cycles]]] = field(default_factory=dict)

    def events(self, kind: type[Events]) -> Events:
        """Return the arrays."""
        first = [0]
        for number, trace in enumerate(self.graph.traces):
            self._add(number, trace, first[-1])
            first.append(first[-1] + self.cycles[-1].size)
        traces, count = self.graph.traces, len(self.channels)
        after = [[self.processes[name] for name in trace.after] for trace in traces]
        wakes: list[dict[int, None]] = [{} for _ in traces]
        for number, others in enumerate(after):
            for other in others:
                wakes[other][number] = None
        for channel in range(count):
            ends = [[mover for mover, _ in self.moves.get((channel, write), ())] for write in (False, True)]
            for mine, others in zip(ends, reversed(ends), strict=True):
                for mover in mine:
                    wakes[mover] |= dict.fromkeys(others)
        puts, takes = (
            [_joined([events for _, events in self.moves.get((channel, write), ())]) for channel in range(count)]
            for write in (True, False)
        )
        return kind(
            first=_numbers(first),
            cycle=_joined(self.cycles),
            group=_joined(self.groups),
            group_first=_firsts(self.operations),
            channel=_numbers(channel for group in self.operations for channel, _ in group),
            puts=_joined(puts),
            put_first=_firsts(puts),
            takes=_joined(takes),
            take_first=_firsts(takes),
            writes=np.array([write for group in self.operations for _, write in group], dtype=np.bool_),
            latency=_numbers(trace.latency for trace in traces),
            after=_numbers(other for others in after for other in others),
            after_first=_firsts(after),
            wakes=_numbers(other for others in wakes for other in others),
            wakes_first=_firsts(wakes),
            initial=_numbers(self.graph.initial.get(name, 0) for name in self.channels),
        )

    def _add(self, number: int, trace: ProcessTrace, first: int) -> None:
        """Add a process's events, the first of which has a number."""
        operations = [((self.channels[c], False), trace.reads[c]) for c in sorted(trace.reads)]
        operations += [((self.channels[c], True), trace.writes[c]) for c in sorted(trace.writes)]
        moved = np.concatenate([np.zeros(0, np.int64), *(cycles for _, cycles in operations)])
        kinds = np.repeat(np.arange(len(operations)), [cycles.size for _, cycles in operations])
        # A stable sort keeps the order of operations within a cycle, and is fast on what is sorted in parts.
        order = np.argsort(moved, kind="stable")
        moved, kinds = moved[order], kinds[order]
        begins = np.ones(moved.size, np.bool_)
        begins[1:] = moved[1:] != moved[:-1]
        event = first + np.cumsum(begins) - 1
        for kind, ((channel, write), _) in enumerate(operations):
            mine = event[kinds == kind]
            if np.any(mine[1:] == mine[:-1]):
                raise ValueError(f"two tokens of channel {self.graph.channels[channel]} move in one cycle")
            self.moves.setdefault((channel, write), []).append((number, mine))
        # Cycles in which the same operations happen have the same group.
        places = np.flatnonzero(begins)
        group = np.zeros(places.size, np.int64)
        for word in range(-(-len(operations) // _WORD) if places.size else 0):
            bits = np.zeros(len(operations), np.int64)
            bits[word * _WORD : (word + 1) * _WORD] = 1 << np.arange(min(_WORD, len(operations) - word * _WORD))
            masks = _ranks(np.bitwise_or.reduceat(bits[kinds], places))
            group = _ranks(group * (masks.max() + 1) + masks) if word else masks
        at = np.zeros(group.max(initial=-1) + 1, np.int64)
        at[group] = np.arange(group.size)
        ends = np.append(places, moved.size)
        base = len(self.operations)
        for place in at.tolist():
            chosen = kinds[ends[place] : ends[place + 1]].tolist()
            self.operations.append(tuple(operations[kind][0] for kind in chosen))
        self.cycles.append(moved[begins])
        self.groups.append(base + group)


def _ranks(values: Cycles) -> Cycles:
    """Return each value's number among those that there are, from the least on; none is negative."""
    if values.max(initial=0) >= _SMALL:
        return np.searchsorted(np.unique(values), values)
    there = np.zeros(_SMALL, np.bool_)
    there[values] = True
    return (np.cumsum(there) - 1)[values]


# Bits of a mask of operations.
_WORD = 62
# Numbers below this are ranked by a table.
_SMALL = 1 << 16


def _numbers(values: Iterable[int]) -> Cycles:
    return np.array(list(values), dtype=np.int64)


def _joined(parts: Sequence[Cycles]) -> Cycles:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _firsts(parts: Sequence[Any]) -> Cycles:
    """Return where each of some stretches begins, and the end of the last."""
    return _numbers([0, *accumulate(len(part) for part in parts)])
