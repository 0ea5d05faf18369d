"""When tokens move, from arrays: the loops over single tokens, which numba compiles.

Processes and channels are numbers. Of several processes that use one end of a channel, each begins after the one
before it has ended: they are invocations of one. A process is a stretch of events, each a local cycle in which tokens
move: what moves in it is its group, a stretch of operations. The n-th token of a channel is put in by the event
`puts[put_first[channel] + n]`, and taken out alike; so only events have times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "END",
    "ROOM",
    "TOKEN",
    "Endless",
    "Events",
    "Never",
    "Times",
    "Waits",
    "blame",
    "full",
    "run_events",
    "waits",
]

Numbers = npt.NDArray[np.int64]
_F = TypeVar("_F", bound=Callable[..., Any])
# The depth of a FIFO that is never full.
Endless = 1 << 62
# The end of a process that is not done; one that takes no cycle ends at -1.
Never = -2


class Events(NamedTuple):
    """What never changes while depths do. Stretches are told by where each begins, and the end of the last."""

    first: Numbers  # of each process's events
    cycle: Numbers  # of each event, local
    group: Numbers  # of each event
    group_first: Numbers  # of each group's operations
    channel: Numbers  # of each operation
    puts: Numbers  # events by channel and token
    put_first: Numbers
    takes: Numbers
    take_first: Numbers
    writes: npt.NDArray[np.bool_]  # whether each operation puts a token in
    latency: Numbers  # of each process
    after: Numbers  # the processes whose end each one waits for
    after_first: Numbers
    wakes: Numbers  # the processes that may go on when one has
    wakes_first: Numbers
    initial: Numbers  # tokens that each channel begins with


class Times(NamedTuple):
    """What a run found: times of events, starts (-1: never) and ends of processes, and each one's next event."""

    event: Numbers
    start: Numbers
    done: Numbers
    next: Numbers


# What a process can wait for.
TOKEN, ROOM, END = 1, 2, 3


class Waits(NamedTuple):
    """What each process waits for (0: nothing), the channel, and the process that would have to go on (-1: none)."""

    kind: Numbers
    channel: Numbers
    other: Numbers


def _compiled(function: _F) -> _F:
    return cast(_F, numba.njit(cache=True, nogil=True)(function))


@_compiled
def _start(process: int, after: Numbers, after_first: Numbers, done: Numbers) -> int:
    """Return when a process starts, or -1 as long as it can't."""
    start = 0
    for place in range(after_first[process], after_first[process + 1]):
        ended = done[after[place]]
        if ended == Never:
            return -1
        start = max(start, ended + 1)
    return start


@_compiled
def _source(token: int, slots: int, moves: Numbers, first: int, end: int) -> int:
    """Return the event that a token's move waits for: the other side's move of the token `slots` earlier.

    It is -1 where there is none to wait for, and -2 where it will never be.
    """
    wanted = token - slots
    if wanted < 0:
        return -1
    return -2 if first + wanted >= end else moves[first + wanted]


@_compiled
def run_events(events: Events, depth: Numbers, fifo_latency: int) -> Times:
    """Let every process run as far as it goes."""
    # Arrays in a tuple are counted at each use.
    first, cycle, group, group_first = events.first, events.cycle, events.group, events.group_first
    channels, writes, initial, latency = events.channel, events.writes, events.initial, events.latency
    puts, put_first, takes, take_first = events.puts, events.put_first, events.takes, events.take_first
    after, after_first, wakes, wakes_first = events.after, events.after_first, events.wakes, events.wakes_first
    count = latency.size
    when = np.full(cycle.size, -1, np.int64)
    starts, done, following = np.full(count, -1, np.int64), np.full(count, Never, np.int64), first[:-1].copy()
    put, taken = np.zeros(initial.size, np.int64), np.zeros(initial.size, np.int64)
    waiting = np.ones(count, np.bool_)
    queue = np.arange(count)
    head, left = 0, count
    while left:
        process = queue[head % count]
        head, left = head + 1, left - 1
        waiting[process] = False
        if starts[process] < 0:
            starts[process] = _start(process, after, after_first, done)
            if starts[process] < 0:
                continue
        event, end = following[process], first[process + 1]
        time, last = starts[process], 0
        if event > first[process]:
            time, last = when[event - 1], cycle[event - 1]
        begun, blocked = event, False
        while event < end:
            at = time + cycle[event] - last
            begin, stop = group_first[group[event]], group_first[group[event] + 1]
            for place in range(begin, stop):
                c = channels[place]
                if writes[place]:
                    slots = depth[c] - initial[c]
                    source, delay = _source(put[c], slots, takes, take_first[c], take_first[c + 1]), 1
                else:
                    source = _source(taken[c], initial[c], puts, put_first[c], put_first[c + 1])
                    delay = fifo_latency
                if source == -1:
                    continue
                if source == -2 or when[source] < 0:
                    blocked = True
                    break
                at = max(at, when[source] + delay)
            if blocked:
                break
            for place in range(begin, stop):
                if writes[place]:
                    put[channels[place]] += 1
                else:
                    taken[channels[place]] += 1
            when[event] = at
            time, last = at, cycle[event]
            event += 1
        following[process] = event
        if not blocked:
            done[process] = time + latency[process] - 1 - last
        if event > begun or not blocked:
            for place in range(wakes_first[process], wakes_first[process + 1]):
                other = wakes[place]
                if not waiting[other] and done[other] == Never:
                    waiting[other] = True
                    queue[(head + left) % count] = other
                    left += 1
    return Times(when, starts, done, following)


@_compiled
def _place(values: Numbers, low: int, high: int, wanted: int) -> int:
    """Return where a number is in an ascending stretch, or would be."""
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@_compiled
def waits(events: Events, times: Times, depth: Numbers) -> Waits:
    """Return what each process waits for that is not done, after a run."""
    first, puts, put_first, takes = events.first, events.puts, events.put_first, events.takes
    take_first, group_first, channels, writes = events.take_first, events.group_first, events.channel, events.writes
    count = events.latency.size
    kind, on, other = np.zeros(count, np.int64), np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    for process in range(count):
        if times.done[process] != Never:
            continue
        if times.start[process] < 0:
            kind[process] = END
            for place in range(events.after_first[process], events.after_first[process + 1]):
                if times.done[events.after[place]] == Never and other[process] < 0:
                    other[process] = events.after[place]
            continue
        event = times.next[process]
        group = events.group[event]
        for place in range(group_first[group], group_first[group + 1]):
            c = channels[place]
            if writes[place]:
                token = _place(puts, put_first[c], put_first[c + 1], event) - put_first[c]
                source = _source(token, depth[c] - events.initial[c], takes, take_first[c], take_first[c + 1])
            else:
                token = _place(takes, take_first[c], take_first[c + 1], event) - take_first[c]
                source = _source(token, events.initial[c], puts, put_first[c], put_first[c + 1])
            if source == -2 or (source >= 0 and times.event[source] < 0):
                kind[process], on[process] = ROOM if writes[place] else TOKEN, c
                # The process whose stretch of events the other move is in: the last that begins at it or before.
                other[process] = -1 if source == -2 else _place(first, 0, first.size, source + 1) - 1
                break
    return Waits(kind, on, other)


@_compiled
def full(events: Events, found: Waits) -> npt.NDArray[np.bool_]:
    """Return the channels for whose room processes wait in a ring, or for ever; none where no room would help."""
    mask = np.zeros(events.initial.size, np.bool_)
    begin = -1
    for process in range(found.kind.size):
        if found.kind[process] == TOKEN and found.other[process] < 0:
            return mask
        if found.kind[process]:
            begin = process
    for process in range(found.kind.size):
        if found.kind[process] == ROOM and found.other[process] < 0:
            mask[found.channel[process]] = True
            return mask
    # After as many steps as there are processes it goes round.
    for _ in range(found.kind.size):
        begin = found.other[begin]
    process = begin
    while True:
        if found.kind[process] == ROOM:
            mask[found.channel[process]] = True
        process = found.other[process]
        if process == begin:
            return mask


@_compiled
def _near(values: Numbers, low: int, high: int, wanted: int) -> int:
    """Return where a number is in an ascending stretch that has it, in little time where that is near the end."""
    step = 1
    while high - step > low and values[high - step] > wanted:
        step *= 2
    return _place(values, max(low, high - step), high, wanted)


@_compiled
def blame(events: Events, times: Times, depth: Numbers, fifo_latency: int) -> npt.NDArray[np.bool_]:
    """Return the channels for whose room a longest chain of waits up to the end waits; all processes must be done.

    With these depths, or lesser ones, the end is no earlier, whatever the other channels hold.
    """
    first, cycle, group, group_first = events.first, events.cycle, events.group, events.group_first
    channels, writes, initial = events.channel, events.writes, events.initial
    puts, put_first, takes, take_first = events.puts, events.put_first, events.takes, events.take_first
    after, after_first, when, starts, done = events.after, events.after_first, times.event, times.start, times.done
    found = np.zeros(initial.size, np.bool_)
    # The chain goes back in time: no later token of a channel comes.
    last_put, last_taken = put_first[1:].copy(), take_first[1:].copy()
    process = int(np.argmax(done))
    event = first[process + 1] - 1
    while True:
        if event < first[process]:
            # At the start of the process, which is the end of another, or of nothing.
            before = -1
            for place in range(after_first[process], after_first[process + 1]):
                if done[after[place]] + 1 == starts[process]:
                    before = after[place]
            if before < 0:
                return found
            process, event = before, first[before + 1] - 1
            continue
        at = when[event]
        if event == first[process]:
            free = starts[process] + cycle[event]
        else:
            free = when[event - 1] + cycle[event] - cycle[event - 1]
        if free == at:
            event -= 1
            continue
        # Of several reasons, one that needs no further channel.
        chosen, cost, by = -1, 3, -1
        for place in range(group_first[group[event]], group_first[group[event] + 1]):
            c = channels[place]
            if writes[place]:
                at_token = _near(puts, put_first[c], last_put[c], event)
                last_put[c], token = at_token + 1, at_token - put_first[c]
                source = _source(token, depth[c] - initial[c], takes, take_first[c], take_first[c + 1])
                delay, price = 1, 1 if found[c] else 2
            else:
                at_token = _near(takes, take_first[c], last_taken[c], event)
                last_taken[c], token = at_token + 1, at_token - take_first[c]
                source = _source(token, initial[c], puts, put_first[c], put_first[c + 1])
                delay, price = fifo_latency, 0
            if source >= 0 and when[source] + delay == at and price < cost:
                chosen, cost, by = source, price, c
        if cost:
            found[by] = True
        event = chosen
        # The process whose stretch of events this is in: the last that begins at it or before.
        process = _place(first, 0, first.size, event + 1) - 1
