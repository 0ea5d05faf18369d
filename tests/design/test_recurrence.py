"""The token recurrences give the times of the naive cycle-by-cycle simulation, token by token."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_dataflow import regions, simulate

from allo_studio.design.recurrence import Deadlock, ProcessTrace, Wait, ring, run

_DEPTHS = st.fixed_dictionaries({f"c{n}": st.sampled_from([1, 1, 2, 3, 8, None]) for n in range(5)})


def at(*cycles: int) -> np.ndarray:
    return np.array(cycles, dtype=np.int64)


@settings(max_examples=600, deadline=None)
@given(regions(), _DEPTHS, st.integers(1, 2))
def test_times_are_those_of_the_simulation(
    traces: tuple[ProcessTrace, ...], depths: Mapping[str, int | None], fifo_latency: int
) -> None:
    wanted, found = simulate(traces, depths, fifo_latency), run(traces, depths, fifo_latency)
    if isinstance(found, Deadlock):
        assert tuple(wait.process for wait in found.waits) == wanted.stuck
        return
    assert not wanted.stuck
    assert found.latency == wanted.latency
    assert dict(found.start) == {t.name: max((wanted.done[n] + 1 for n in t.after), default=0) for t in traces}
    assert dict(found.done) == wanted.done
    assert {c: times.tolist() for c, times in found.writes.items()} == wanted.written
    assert {c: times.tolist() for c, times in found.reads.items()} == wanted.read
    for channel in found.writes:
        most = 0
        for now in range(found.latency):
            written = sum(w <= now for w in wanted.written[channel])
            most = max(most, written - sum(r < now for r in wanted.read[channel]))
        assert found.occupancy(channel) == most
        if depths[channel] is not None:
            assert most <= (depths[channel] or 0)


@settings(max_examples=400, deadline=None)
@given(regions(), _DEPTHS)
def test_the_cause_of_a_deadlock_is_a_ring_or_what_never_comes(
    traces: tuple[ProcessTrace, ...], depths: Mapping[str, int | None]
) -> None:
    found = run(traces, depths, 1)
    if not isinstance(found, Deadlock):
        return
    cause = ring(found.waits)
    assert set(cause) <= set(found.waits)
    if len(cause) == 1 and not cause[0].other:
        return
    assert [wait.other for wait in cause] == [wait.process for wait in (*cause[1:], cause[0])]
    # Where no wait is for room, no depths help; else those of the ring alone deadlock.
    endless = {c: None if all(w.kind != "room" or w.channel != c for w in cause) else d for c, d in depths.items()}
    assert isinstance(run(traces, endless, 1), Deadlock)


@settings(max_examples=200, deadline=None)
@given(regions(), _DEPTHS, st.sampled_from(["c0", "c1", "c2", "c3", "c4"]))
def test_a_greater_depth_never_hurts(
    traces: tuple[ProcessTrace, ...], depths: Mapping[str, int | None], channel: str
) -> None:
    before = run(traces, depths, 2)
    after = run(traces, {**depths, channel: (depths[channel] or 0) + 1 if depths[channel] else None}, 2)
    if not isinstance(before, Deadlock):
        assert not isinstance(after, Deadlock)
        assert after.latency <= before.latency


def test_the_cycles_of_the_definition() -> None:
    producer = ProcessTrace("p", 3, {}, {"c": at(0, 1, 2)})
    consumer = ProcessTrace("q", 4, {"c": at(0, 1, 2)})
    found = run([producer, consumer], {"c": 1}, 1)
    assert not isinstance(found, Deadlock)
    # Written in 0, read in 1, the slot is free in 2: a depth of 1 moves a token every other cycle.
    assert found.writes["c"].tolist() == [0, 2, 4]
    assert found.reads["c"].tolist() == [1, 3, 5]
    assert (found.done["p"], found.done["q"], found.latency) == (4, 6, 7)
    wide = run([producer, consumer], {"c": 2}, 1)
    assert not isinstance(wide, Deadlock)
    assert wide.writes["c"].tolist() == [0, 1, 2]
    assert wide.latency == 5


def test_a_deadlock_names_who_waits_for_what() -> None:
    first = ProcessTrace("p", 4, {}, {"a": at(0, 1), "b": at(2)})
    second = ProcessTrace("q", 4, {"b": at(0), "a": at(1, 2)})
    third = ProcessTrace("r", 1, after=("q",))
    found = run([first, second, third], {"a": 1, "b": 1}, 2)
    waits = (Wait("p", "a", "room", "q"), Wait("q", "b", "a token", "p"), Wait("r", "q", "the end of", "q"))
    assert found == Deadlock(waits)
    assert [str(wait) for wait in waits] == [
        "p waits for room in a",
        "q waits for a token in b",
        "r waits for the end of q",
    ]
    assert ring(waits) == ring((waits[2], *waits[:2])) == waits[:2]
    assert not isinstance(run([first, second, third], {"a": 2, "b": 1}, 2), Deadlock)


def test_a_process_that_takes_no_cycle_ends_before_it_begins() -> None:
    found = run([ProcessTrace("p", 0), ProcessTrace("q", 2, after=("p",))], {}, 1)
    assert not isinstance(found, Deadlock)
    assert (found.start["q"], found.latency) == (0, 2)
    empty = run([], {}, 1)
    assert not isinstance(empty, Deadlock)
    assert empty.latency == 0
