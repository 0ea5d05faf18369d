"""FIFO depths from the traces of producers and consumers: the least at which the latency does not grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allo_studio.design.recurrence import Deadlock, ProcessTrace, Timing, run

__all__ = ["FifoRequest", "FifoSize", "Sizing", "size_fifos"]


@dataclass(frozen=True)
class FifoRequest:
    """A FIFO to size: its channel, the bits of a token, and the depth that the person forces (None: ours to choose)."""

    channel: str
    token_bits: int
    forced: int | None = None


@dataclass(frozen=True)
class FifoSize:
    """The chosen depth in tokens, the most tokens that were in the FIFO at once, and why it is this depth."""

    depth: int
    observed: int
    reason: str


@dataclass(frozen=True)
class Sizing:
    """Depths by channel, and the region's timing with them. `unbounded` is the latency with endless FIFOs."""

    sizes: Mapping[str, FifoSize]
    timing: Timing
    unbounded: int


def size_fifos(
    traces: Sequence[ProcessTrace],
    orders: Sequence[ProcessTrace],
    requests: Sequence[FifoRequest],
    fifo_latency: int,
    margin: int = 0,
) -> Sizing | Deadlock:
    """Choose the depths of a region's FIFOs.

    `orders` are the traces of the same processes with their iterations one after another: a depth is kept only
    where these do not deadlock either, so that the order of a process's stream operations alone is enough.
    `margin` is added to every depth that is not forced. Returns a deadlock where even endless FIFOs have one, or
    where the forced depths cause one. Each depth is the least with the others as chosen; over several FIFOs their sum
    is locally, not provably globally, least.
    """
    forced = {r.channel: r.forced for r in requests if r.forced is not None}
    free = run(traces, {}, fifo_latency)
    if isinstance(free, Deadlock):
        return free
    depths: dict[str, int] = {}
    for request in requests:
        depths[request.channel] = request.forced or max(free.occupancy(request.channel), 1)
    goal = run(traces, depths, fifo_latency)
    if isinstance(goal, Deadlock):
        return goal
    # With nothing forced, the goal is the latency of endless FIFOs; forced depths may already cost some.
    safe = _make_safe(orders, depths, forced)
    if isinstance(safe, Deadlock):
        return safe
    for request in sorted(requests, key=lambda r: (-r.token_bits, r.channel)):
        if request.forced is None:
            safe[request.channel] = _least(traces, orders, safe, request.channel, goal.latency, fifo_latency)
    sizes = {
        r.channel: _explain(traces, orders, safe, r, goal.latency, free.latency, fifo_latency, margin) for r in requests
    }
    final = {channel: size.depth for channel, size in sizes.items()}
    timing = run(traces, final, fifo_latency)
    if isinstance(timing, Deadlock):
        raise AssertionError("depths that were checked deadlock")
    observed = {c: FifoSize(s.depth, timing.occupancy(c), s.reason) for c, s in sizes.items()}
    return Sizing(observed, timing, free.latency)


def _make_safe(
    orders: Sequence[ProcessTrace], depths: Mapping[str, int], forced: Mapping[str, int]
) -> dict[str, int] | Deadlock:
    """Return the depths, enlarged until the order of operations alone is free of deadlock."""
    chosen = dict(depths)
    while isinstance(result := run(orders, chosen, 1), Deadlock):
        full = sorted({w.channel for w in result.waits if w.kind == "room" and w.channel not in forced})
        if not full:
            return result
        for channel in full:
            chosen[channel] *= 2
    return chosen


def _works(
    traces: Sequence[ProcessTrace],
    orders: Sequence[ProcessTrace],
    depths: Mapping[str, int],
    latency: int,
    fifo_latency: int,
) -> bool:
    result = run(traces, depths, fifo_latency)
    if isinstance(result, Deadlock) or result.latency > latency:
        return False
    return not isinstance(run(orders, depths, 1), Deadlock)


def _least(
    traces: Sequence[ProcessTrace],
    orders: Sequence[ProcessTrace],
    depths: Mapping[str, int],
    channel: str,
    latency: int,
    fifo_latency: int,
) -> int:
    """Return the least depth of one channel that works, the others staying (a greater depth never hurts)."""
    # Most depths are small: double first, so that few long runs are needed.
    low, high, reach = 1, depths[channel], 1
    while low < high:
        middle = min(reach, (low + high) // 2)
        reach *= 2
        if _works(traces, orders, {**depths, channel: middle}, latency, fifo_latency):
            high = middle
        else:
            low = middle + 1
    return high


def _explain(
    traces: Sequence[ProcessTrace],
    orders: Sequence[ProcessTrace],
    depths: Mapping[str, int],
    request: FifoRequest,
    latency: int,
    unbounded: int,
    fifo_latency: int,
    margin: int,
) -> FifoSize:
    depth = depths[request.channel]
    if request.forced is not None:
        cost = latency - unbounded
        judged = f"the latency is {cost} cycles above that of endless FIFOs" if cost else "the latency does not suffer"
        return FifoSize(depth, 0, f"depth {depth} was asked for; {judged}")
    chosen = depth + margin
    extra = f", and a margin of {margin}" if margin else ""
    if depth == 1:
        return FifoSize(chosen, 0, f"depth 1, the least there is, keeps the latency at {latency} cycles{extra}")
    less = run(traces, {**depths, request.channel: depth - 1}, fifo_latency)
    keeps = f"least depth that keeps the latency at {latency} cycles"
    if isinstance(less, Deadlock):
        why = "; ".join(map(str, less.waits))
        return FifoSize(chosen, 0, f"{keeps}; with {depth - 1} the design deadlocks: {why}{extra}")
    if less.latency > latency:
        return FifoSize(chosen, 0, f"{keeps}; with {depth - 1} it grows by {less.latency - latency}{extra}")
    stuck = run(orders, {**depths, request.channel: depth - 1}, 1)
    why = "; ".join(map(str, stuck.waits)) if isinstance(stuck, Deadlock) else ""
    return FifoSize(chosen, 0, f"least depth free of deadlock under any timing; with {depth - 1}: {why}{extra}")
