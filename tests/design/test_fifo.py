"""FIFO depths: the least that keep the latency, free of deadlock, with reasons that are true."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_dataflow import regions, regions_with_orders, simulate, slowed

from allo_studio.design.fifo import FifoRequest, OverBudget, Sizing, size_fifos
from allo_studio.design.recurrence import Deadlock, ProcessTrace, TokenGraph


def channels(traces: tuple[ProcessTrace, ...]) -> list[str]:
    return sorted({channel for trace in traces for channel in trace.writes})


Traces = tuple[ProcessTrace, ...]


def works(traces: Traces, orders: Traces, depths: dict[str, int], latency: int, fifo_latency: int) -> bool:
    """Tell, by simulation, whether depths keep a latency and the order of operations alone does not deadlock."""
    fast, slow = simulate(traces, depths, fifo_latency), simulate(orders, depths, 1)
    return not fast.stuck and fast.latency <= latency and not slow.stuck


@settings(max_examples=250, deadline=None)
@given(regions_with_orders(), st.integers(1, 2), st.integers(0, 2))
def test_no_depth_can_be_less(region: tuple[Traces, Traces], fifo_latency: int, margin: int) -> None:
    traces, orders = region
    requests = [FifoRequest(channel, 32) for channel in channels(traces)]
    endless = simulate(traces, {}, fifo_latency)
    found = size_fifos(traces, orders, requests, fifo_latency, margin)
    if isinstance(found, Deadlock):
        # Nothing is forced, so even endless FIFOs deadlock.
        assert endless.stuck or simulate(orders, {}, 1).stuck
        return
    assert found.unbounded == found.timing.latency == endless.latency
    least = {channel: size.depth - margin for channel, size in found.sizes.items()}
    assert works(traces, orders, least, endless.latency, fifo_latency)
    for channel, depth in least.items():
        assert depth >= 1
        if depth > 1:
            assert not works(traces, orders, {**least, channel: depth - 1}, endless.latency, fifo_latency)
        assert found.sizes[channel].observed <= found.sizes[channel].depth
        assert found.sizes[channel].observed == found.timing.occupancy(channel)


@settings(max_examples=200, deadline=None)
@given(regions_with_orders(), st.integers(1, 2), st.permutations([1, 8, 32, 64, 100]), st.booleans())
def test_no_other_depths_take_fewer_bits(
    region: tuple[Traces, Traces], fifo_latency: int, widths: list[int], ordered: bool
) -> None:
    traces, orders = region[0], region[1] if ordered else None
    names = channels(traces)
    weights = dict(zip(names, widths, strict=False))
    requests = [FifoRequest(channel, bits) for channel, bits in weights.items()]
    found = size_fifos(traces, orders, requests, fifo_latency)
    if isinstance(found, Deadlock):
        return
    assert found.bits == found.bound == sum(weights[c] * size.depth for c, size in found.sizes.items())
    graph, order = TokenGraph(traces, fifo_latency), TokenGraph(orders, 1) if orders else None
    for chosen in product(*(range(1, max(found.timing.writes[channel].size, 1) + 1) for channel in names)):
        depths = dict(zip(names, chosen, strict=True))
        if sum(weights[channel] * depth for channel, depth in depths.items()) < found.bits:
            latency = graph.latency(depths)
            stuck = order is not None and order.latency(depths) is None
            assert latency is None or latency > found.unbounded or stuck, f"{depths} are as good"


@settings(max_examples=150, deadline=None)
@given(regions_with_orders(), st.permutations([1, 8, 32, 64, 100]), st.integers(0, 100))
def test_a_budget_is_kept_at_the_least_latency(region: tuple[Traces, Traces], widths: list[int], percent: int) -> None:
    traces, orders = region
    names = channels(traces)
    weights = dict(zip(names, widths, strict=False))
    requests = [FifoRequest(channel, bits) for channel, bits in weights.items()]
    free = size_fifos(traces, orders, requests, 1)
    if not isinstance(free, Sizing):
        return
    budget = max(sum(weights.values()) + (free.bits - sum(weights.values())) * percent // 100, 1)
    found = size_fifos(traces, orders, requests, 1, budget=budget)
    graph, order = TokenGraph(traces, 1), TokenGraph(orders, 1)
    best, fewest = None, None
    for chosen in product(*(range(1, max(free.timing.writes[channel].size, 1) + 1) for channel in names)):
        depths = dict(zip(names, chosen, strict=True))
        bits = sum(weights[channel] * depth for channel, depth in depths.items())
        latency = graph.latency(depths)
        if latency is not None and order.latency(depths) is not None:
            fewest = min(bits, fewest or bits)
            if bits <= budget:
                best = min(latency, best or latency)
    if isinstance(found, OverBudget):
        assert (best, found.bits, found.budget) == (None, fewest, budget)
        return
    assert isinstance(found, Sizing)
    assert found.bits <= max(budget, 0)
    assert found.timing.latency == best
    told = [size.reason for size in found.sizes.values() if "bits for all FIFOs it is" in size.reason]
    assert bool(told) == (best > free.timing.latency)


@settings(max_examples=150, deadline=None)
@given(regions(2, feedback=False), st.integers(1, 2))
def test_one_fifo_has_the_least_depth_of_all(traces: tuple[ProcessTrace, ...], fifo_latency: int) -> None:
    first, *others = channels(traces)
    single = tuple(
        ProcessTrace(
            t.name,
            t.latency,
            {c: v for c, v in t.reads.items() if c == first},
            {c: v for c, v in t.writes.items() if c == first},
        )
        for t in traces
    )
    del others
    found = size_fifos(single, slowed(single), [FifoRequest(first, 32)], fifo_latency)
    assert isinstance(found, Sizing)
    latency = simulate(single, {}, fifo_latency).latency
    depth = next(d for d in range(1, 20) if works(single, slowed(single), {first: d}, latency, fifo_latency))
    assert found.sizes[first].depth == depth


_ENDINGS = (
    r"depth 1, the least there is, keeps the latency at (?P<kept>\d+) cycles",
    r"least depth that keeps the latency at (?P<kept2>\d+) cycles; with (?P<less>\d+) it grows by (?P<grows>\d+)",
    r"least depth that keeps the latency at (?P<kept3>\d+) cycles; with (?P<less2>\d+) the design deadlocks: .+",
    r"least depth free of deadlock under any timing; with (?P<less3>\d+): .+",
)


@settings(max_examples=200, deadline=None)
@given(regions_with_orders())
def test_the_reasons_are_true(region: tuple[Traces, Traces]) -> None:
    traces, orders = region
    found = size_fifos(traces, orders, [FifoRequest(c, 32) for c in channels(traces)], 2)
    if isinstance(found, Deadlock):
        return
    depths = {channel: size.depth for channel, size in found.sizes.items()}
    for channel, size in found.sizes.items():
        number, match = next((n, m) for n, p in enumerate(_ENDINGS) if (m := re.fullmatch(p, size.reason)))
        said = {key: int(text) for key, text in match.groupdict().items()}
        assert all(value == found.timing.latency for key, value in said.items() if key.startswith("kept"))
        if number == 0:
            assert size.depth == 1
            continue
        assert all(value == size.depth - 1 for key, value in said.items() if key.startswith("less"))
        less = {**depths, channel: size.depth - 1}
        fast = simulate(traces, less, 2)
        assert bool(fast.stuck) == (number == 2)
        if number == 1:
            assert fast.latency == found.timing.latency + said["grows"]
        if number == 3:
            assert fast.latency == found.timing.latency
            assert simulate(orders, less, 1).stuck


def pair(tokens: int) -> tuple[ProcessTrace, ...]:
    """Return a producer of a token a cycle and a consumer that begins after 10 cycles and takes one every 2."""
    cycles = np.arange(tokens, dtype=np.int64)
    return (
        ProcessTrace("p", tokens, {}, {"c": cycles}),
        ProcessTrace("q", 10 + 2 * tokens, {"c": 10 + 2 * cycles}),
    )


def test_a_forced_depth_is_kept_and_judged() -> None:
    traces = pair(8)
    sizes = {
        depth: size_fifos(traces, slowed(traces), [FifoRequest("c", 32, depth)], 2, margin=5) for depth in (1, 2, 40)
    }
    for depth, found in sizes.items():
        assert isinstance(found, Sizing)
        size = found.sizes["c"]
        assert size.depth == depth
        wanted = simulate(traces, {"c": depth}, 2).latency
        assert found.timing.latency == wanted
        cost = wanted - found.unbounded
        judged = f"the latency is {cost} cycles above that of endless FIFOs" if cost else "the latency does not suffer"
        assert size.reason == f"depth {depth} was asked for; {judged}"
    one = sizes[1]
    assert isinstance(one, Sizing)
    assert one.timing.latency > one.unbounded


def test_a_forced_depth_that_deadlocks_is_told() -> None:
    cycles = np.array([0, 1, 2], dtype=np.int64)
    traces = (
        ProcessTrace("p", 6, {}, {"a": cycles, "b": cycles + 3}),
        ProcessTrace("q", 6, {"b": cycles, "a": cycles + 3}),
    )
    found = size_fifos(traces, slowed(traces), [FifoRequest("a", 32, 2), FifoRequest("b", 32)], 2)
    assert isinstance(found, Deadlock)
    assert {(w.process, w.channel) for w in found.waits} == {("p", "a"), ("q", "b")}
    free = size_fifos(traces, slowed(traces), [FifoRequest("a", 32), FifoRequest("b", 32)], 2)
    assert isinstance(free, Sizing)
    assert free.sizes["a"].depth >= 3


@pytest.mark.parametrize("margin", [0, 3])
def test_the_margin_is_on_top_and_said(margin: int) -> None:
    plain, found = (size_fifos(pair(8), slowed(pair(8)), [FifoRequest("c", 32)], 2, m) for m in (0, margin))
    assert isinstance(plain, Sizing)
    assert isinstance(found, Sizing)
    assert found.sizes["c"].depth == plain.sizes["c"].depth + margin
    assert ("a margin of 3" in found.sizes["c"].reason) == bool(margin)
