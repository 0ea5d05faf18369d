"""FIFO depths: the fewest bits in all that keep the latency and are free of deadlock, with a reason for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allo_studio.design.least_bits import Found, least_bits
from allo_studio.design.recurrence import Deadlock, ProcessTrace, Timing, TokenGraph, ring

__all__ = ["FifoRequest", "FifoSize", "OverBudget", "Sizing", "size_fifos"]

# Events that all questions of a search may look at, so that it takes seconds at most, the same on every machine.
_EFFORT = 400_000_000
_MOST_QUESTIONS = 20_000
_ANY_LATENCY = 1 << 62


@dataclass(frozen=True)
class FifoRequest:
    """A FIFO to size: its channel, the bits of a token, and the depth that the person forces (None: ours to choose).

    `initial` tokens lie in it at reset, so that it is at least as deep.
    """

    channel: str
    token_bits: int
    forced: int | None = None
    initial: int = 0


@dataclass(frozen=True)
class FifoSize:
    """The chosen depth in tokens, the most tokens that were in the FIFO at once, and why it is this depth."""

    depth: int
    observed: int
    reason: str


@dataclass(frozen=True)
class Sizing:
    """Depths by channel, and the region's timing with them. `unbounded` is the latency with endless FIFOs.

    `bits` is what all FIFOs hold, without margins, and `bound` what no depths that do as well are below: where they are
    equal, the bits are proven to be the fewest.
    """

    sizes: Mapping[str, FifoSize]
    timing: Timing
    unbounded: int
    bits: int
    bound: int


@dataclass(frozen=True)
class OverBudget:
    """FIFOs that are free of deadlock need more bits than they may have."""

    bits: int
    budget: int


def size_fifos(
    traces: Sequence[ProcessTrace],
    orders: Sequence[ProcessTrace] | None,
    requests: Sequence[FifoRequest],
    fifo_latency: int,
    margin: int = 0,
    budget: int | None = None,
) -> Sizing | Deadlock | OverBudget:
    """Choose the depths of a region's FIFOs: of the fewest bits in all, at the latency of endless ones.

    With a `budget` of bits, margins apart, at the least latency for which that many suffice.

    `orders`, where given, are the traces of the same processes with their iterations one after another: depths are
    chosen only if these do not deadlock either, so that the order of a process's stream operations alone is enough.
    `margin` is added to every depth that is not forced. Returns a deadlock where even endless FIFOs have one, or
    where the forced depths cause one.
    """
    return _Sizer(traces, orders, requests, fifo_latency).size(margin, budget)


class _Sizer:
    def __init__(
        self,
        traces: Sequence[ProcessTrace],
        orders: Sequence[ProcessTrace] | None,
        requests: Sequence[FifoRequest],
        fifo_latency: int,
    ) -> None:
        self.initial = {r.channel: r.initial for r in requests if r.initial}
        self.graph = TokenGraph(traces, fifo_latency, self.initial)
        # Under any timing: the order alone counts, whatever the latency of a FIFO.
        self.order = TokenGraph(orders, 1, self.initial) if orders is not None else None
        self.requests = requests
        self.forced = {r.channel: r.forced for r in requests if r.forced is not None}
        self.weights = {r.channel: r.token_bits for r in requests if r.forced is None}
        self.fixed = sum(r.token_bits * r.forced for r in requests if r.forced is not None)
        self.goal = 0
        # What each FIFO moves in all, and what is enough for one if the others are endless.
        self.tokens: dict[str, int] = {}
        self.enough: dict[str, int] = {}

    def size(self, margin: int, budget: int | None) -> Sizing | Deadlock | OverBudget:
        free = self.graph.run({})
        kept = self.graph.run(self.forced) if self.forced else free
        ordered = self.order.run(self.forced) if self.order else kept
        for run in (free, kept, ordered):
            if isinstance(run, Deadlock):
                return run
        assert isinstance(free, Timing)
        assert isinstance(kept, Timing)
        assert isinstance(ordered, Timing)
        # Forced depths may already cost some.
        self.goal = kept.latency
        self.tokens = {c: max(free.writes[c].size + self.initial.get(c, 0), 1) for c in self.weights}
        self.enough = {c: max(kept.occupancy(c), ordered.occupancy(c), 1) for c in self.weights}
        found = self._least(self.goal)
        if budget is not None and self._bits(found) > budget:
            cheaper = self._within(budget)
            if isinstance(cheaper, OverBudget):
                return cheaper
            found = cheaper
        depths = {**self.forced, **found.depths}
        cost = self.goal - kept.latency
        extra = f"; with {budget:,} bits for all FIFOs it is {cost} cycles more than it could be" if cost else ""
        extra += f", and a margin of {margin}" if margin else ""
        sizes = {r.channel: self._judged(depths, r, kept.latency - free.latency, margin, extra) for r in self.requests}
        timing = self.graph.run({channel: size.depth for channel, size in sizes.items()})
        assert isinstance(timing, Timing), "depths that were checked deadlock"
        observed = {c: FifoSize(s.depth, timing.occupancy(c), s.reason) for c, s in sizes.items()}
        return Sizing(observed, timing, free.latency, self._bits(found), self.fixed + found.bound)

    def _least(self, goal: int) -> Found:
        """Return the depths of fewest bits at a latency, which becomes the goal."""
        self.goal = goal
        questions = min(_MOST_QUESTIONS, _EFFORT // max(self.graph.events.cycle.size, 1))
        return least_bits(self.weights, self.tokens, self.enough, self._refused, questions, self.initial)

    def _bits(self, found: Found) -> int:
        return self.fixed + sum(self.weights[channel] * depth for channel, depth in found.depths.items())

    def _within(self, budget: int) -> Found | OverBudget:
        """Return the depths of least latency that a budget suffices for; the goal so far is known to be too low."""
        low = self.goal
        best = self._least(_ANY_LATENCY)
        if self._bits(best) > budget:
            return OverBudget(self._bits(best), budget)
        high = self._latency(best)
        while high - low > 1:
            tried = self._least((low + high) // 2)
            if self._bits(tried) <= budget:
                best, high = tried, self._latency(tried)
            else:
                low = self.goal
        self.goal = high
        return best

    def _latency(self, found: Found) -> int:
        latency = self.graph.latency({**self.forced, **found.depths})
        assert latency is not None, "depths that were accepted deadlock"
        return latency

    def _refused(self, depths: Mapping[str, int]) -> Sequence[str] | None:
        """Return channels of which one must be deeper, or None where depths are as good as endless ones."""
        depths = {**self.forced, **depths}
        blocked = self.graph.blocked(depths, self.goal)
        if blocked is None and self.order is not None:
            blocked = self.order.deadlocked(depths)
        return None if blocked is None else [c for c in blocked.channels if c in self.weights]

    def _judged(self, depths: Mapping[str, int], request: FifoRequest, cost: int, margin: int, extra: str) -> FifoSize:
        """Return a depth with its certificate: what would happen if it were one less. Forced depths have a `cost`."""
        depth = depths[request.channel]
        if request.forced is not None:
            judged = (
                f"the latency is {cost} cycles above that of endless FIFOs" if cost else "the latency does not suffer"
            )
            return FifoSize(depth, 0, f"depth {depth} was asked for; {judged}")
        return FifoSize(depth + margin, 0, self._certificate(depths, request.channel) + extra)

    def _certificate(self, depths: Mapping[str, int], channel: str) -> str:
        depth = depths[channel]
        if depth == max(self.initial.get(channel, 0), 1):
            least = "the least there is" if depth == 1 else "which the tokens at reset take"
            return f"depth {depth}, {least}, keeps the latency at {self.goal} cycles"
        less = {**depths, channel: depth - 1}
        keeps = f"least depth that keeps the latency at {self.goal} cycles"
        blocked = self.graph.blocked(less, self.goal)
        if blocked is not None and blocked.latency is not None:
            return f"{keeps}; with {depth - 1} it grows by {blocked.latency - self.goal}"
        if blocked is not None:
            why = "; ".join(map(str, ring(blocked.waits)))
            return f"{keeps}; with {depth - 1} the design deadlocks: {why}"
        stuck = self.order.deadlocked(less) if self.order else None
        assert stuck is not None, f"{channel} could be less than {depth}"
        why = "; ".join(map(str, ring(stuck.waits)))
        return f"least depth free of deadlock under any timing; with {depth - 1}: {why}"
