"""The cycles of a kernel as Vitis HLS counts them: the estimate of its synthesis, and what its RTL takes.

How latencies add up is read off reports of Vitis HLS 2022.1.2 (the designs of the Allo paper's artifact, 2023):

- A pipelined loop takes (trips - 1) * interval + depth - 1 (4100 trips of depth 22 take 4120), and a module of its own,
  which takes 2 more (4122).
- A module with several of those, or with calls, takes their latencies and 2 for each, less 1 (43 + 8582 + 10755 make
  19385; 392 + 4122 + 393 make 4912), and an iteration of a loop that is not pipelined the same without the 1
  (53849 + 53839 make 107692). Such a loop takes trips * iteration (100 of 107692 take 10769200) and the module around
  it 1 more.
- A loop whose trips vary has the most that they can be.
- An operator is shared by operations of different cycles: of n operations at an interval, ceil(n / interval) units do
  them, the last ones as many cycles late as each unit has operations before them.

The body of a loop may be a dataflow region (`#pragma HLS dataflow` in the loop), for which the language has no step:
such loops are given by name. The estimate takes every part of the body for a process of its own. In the RTL parts that
write one array are one process, for an array of a dataflow region has a single producer (user guide UG1399).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Literal

import numpy as np

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.counters import Counter, Integers, variables
from allo_studio.hardware.cycles import constant_cycles
from allo_studio.hardware.nest import Branch, Call, Item, Nested, Pipeline, Segment, WhilePipeline, walk
from allo_studio.hardware.schedule import HardwareSchedule
from allo_studio.source import Span

__all__ = ["Estimate", "LoopEstimate", "Timing", "estimate", "loop_estimates", "predicted_loops"]

# csynth: what the report of the synthesis says. cosim: what the co-simulated RTL takes.
Estimate = Literal["csynth", "cosim"]


@dataclass(frozen=True)
class Timing:
    """A kernel's cycles, and the cycles at which it moves the tokens of each stream argument, ascending."""

    latency: int
    tokens: Mapping[str, Integers]


def estimate(schedule: HardwareSchedule, kind: Estimate, dataflow: Collection[str] = ()) -> Timing:
    """Return the cycles of a kernel that is scheduled as `committed` does it, by the tool's rules.

    `dataflow` names loops whose bodies are dataflow regions.

    Raises AlloError (code `hardware`) where they depend on data: the tool's report then has a question mark.
    """
    known: dict[int | str, int] = {}
    known.update(schedule.run.arguments if schedule.run else schedule.sizes)
    walker = _Walker(schedule, kind, frozenset(dataflow))
    end = walker.function(schedule.kernel, known, 0, record=True)
    tokens = {name: np.concatenate(found) for name, found in walker.tokens.items()}
    return Timing(end, tokens)


@dataclass(frozen=True)
class LoopEstimate:
    """A loop as the tool's report lists it: iterations, and cycles of the interval, of an iteration and in all.

    `function` is the one of the kernel's module that it is in, `loops` the numbers of the nest that is one pipeline
    among the function's loops, outermost first. What depends on outer loops or data is None, and the interval of a
    loop that is not pipelined.
    """

    function: str
    loops: tuple[int, ...]
    trips: int | None
    interval: int | None
    iteration: int | None
    latency: int | None


def predicted_loops(schedule: HardwareSchedule) -> tuple[LoopEstimate, ...]:
    """Return the same loops with the figures of the schedule itself, without their trips."""

    def figures(item: Item) -> LoopEstimate | None:
        match item:
            case Pipeline():
                latency = constant_cycles(schedule.control, (item,))
                return LoopEstimate("", item.loops, None, item.placement.interval, item.placement.depth, latency)
            case WhilePipeline():
                return LoopEstimate("", (item.loop,), None, item.placement.interval, item.placement.depth, None)
            case Nested():
                once, latency = (constant_cycles(schedule.control, part) for part in (item.body, (item,)))
                return LoopEstimate("", (item.loop,), None, None, once, latency)
        return None

    return tuple(
        replace(found, function=function.origin)
        for function in schedule.functions.values()
        for item, _ in walk(function.items)
        if (found := figures(item))
    )


def loop_estimates(schedule: HardwareSchedule) -> tuple[LoopEstimate, ...]:
    """Return the loops of a kernel that is scheduled as `committed` does it, as the synthesis' report has them."""
    found: list[LoopEstimate] = []
    for name, function in schedule.functions.items():
        known: dict[int | str, int] = {}
        known.update(schedule.sizes if name == schedule.kernel else {})
        for item, _ in walk(function.items):
            estimated = _Walker(schedule, "csynth", frozenset()).listed(item, known)
            found += [replace(estimated, function=function.origin)] if estimated else []
    return tuple(found)


@dataclass
class _Walker:
    """Goes through a function's items with the time at which each starts."""

    schedule: HardwareSchedule
    kind: Estimate
    dataflow: frozenset[str]
    tokens: dict[str, list[Integers]] = field(default_factory=dict)

    def function(self, name: str, env: Mapping[int | str, int], start: int, record: bool) -> int:
        """Return the latency of a function. With `record` its tokens are kept."""
        items = self.schedule.functions[name].items
        if len(items) == 1 and isinstance(items[0], Pipeline):
            return self._loop(items[0], env, start, record) + 2
        return max(self._items(items, env, start, record) - 1, 1)

    def listed(self, item: Item, env: Mapping[int | str, int]) -> LoopEstimate | None:
        """Return a loop by itself, None for what is none."""
        match item:
            case Pipeline():
                place = item.placement
                trips = _if_known(lambda: self._trips(item.counters, env))
                latency = _if_known(lambda: self._loop(item, env, 0, False))
                return LoopEstimate("", item.loops, trips, place.interval, place.depth, latency)
            case WhilePipeline():
                return LoopEstimate("", (item.loop,), None, item.placement.interval, item.placement.depth, None)
            case Nested():
                count = _if_known(lambda: len(_values(item.counter, env)))
                latency = _if_known(lambda: self._nested(item, env, 0, False))
                varies = any(item.counter.key in counter.needs for counter in _counters(item.body))
                iteration = latency // count if count and latency is not None and not varies else None
                return LoopEstimate("", (item.loop,), count, None, iteration, latency)
        return None

    def _items(self, items: Sequence[Item], env: Mapping[int | str, int], start: int, record: bool) -> int:
        now = start
        for item in items:
            now += self._item(item, env, now, record)
        return now - start

    def _item(self, item: Item, env: Mapping[int | str, int], start: int, record: bool) -> int:
        match item:
            case Segment():
                if record:
                    self._keep(item, start, 1)
                # Its first cycle is one that what comes before it, or the loop's own test, takes anyway.
                return item.placement.depth - 1
            case Pipeline():
                return self._loop(item, env, start, record) + 4
            case Nested():
                return self._nested(item, env, start, record) + 2
            case Branch():
                sides = [self._items(side, env, start, record) for side in (item.then, item.other)]
                if self.kind == "cosim" and sides[0] != sides[1]:
                    raise _unknown("a branch", item.span)
                return 1 + max(sides)
            case Call():
                return self._call(item, env, start, record) + 2
        raise _unknown(f"the while loop {item.name}", item.span)

    def _call(self, item: Call, env: Mapping[int | str, int], start: int, record: bool) -> int:
        """Return the latency of a call. Tokens that the function moves are the caller's."""
        inner: dict[int | str, int] = {}
        for name, size in item.sizes:
            if all(key in env for key in variables(size)):
                inner[name] = size.evaluate(env)
        walker = _Walker(self.schedule, self.kind, self.dataflow)
        latency = walker.function(item.function, inner, start, record)
        for argument, buffer in item.arrays:
            if argument in walker.tokens:
                self.tokens.setdefault(buffer, []).extend(walker.tokens[argument])
        return latency

    def _loop(self, item: Pipeline, env: Mapping[int | str, int], start: int, record: bool) -> int:
        """Return the latency of a pipelined loop."""
        trips = self._trips(item.counters, env)
        if not trips:
            return 1
        if record:
            self._keep(item, start, trips)
        place = item.placement
        return (trips - 1) * place.interval + place.depth - 1 + _late(item)

    def _nested(self, item: Nested, env: Mapping[int | str, int], start: int, record: bool) -> int:
        """Return the latency of a loop whose iterations run one after another, or as a dataflow region."""
        values = _values(item.counter, env)
        parts = self._processes(item) if item.counter.name in self.dataflow else (item.body,)
        varies = any(item.counter.key in counter.needs for counter in _counters(item.body))
        if not values:
            return 1
        if not varies and not (record and self._streams(item)):
            period, whole = self._iteration(parts, {**env, item.counter.key: values[0]}, start, False)
            return (len(values) - 1) * period + whole
        now = start
        periods, wholes = [], []
        for value in values:
            period, whole = self._iteration(parts, {**env, item.counter.key: value}, now, record)
            periods.append(period)
            wholes.append(whole)
            now += period
        if self.kind == "csynth":
            return (len(values) - 1) * max(periods) + max(wholes)
        return sum(periods[:-1]) + wholes[-1]

    def _iteration(
        self, parts: Sequence[Sequence[Item]], env: Mapping[int | str, int], start: int, record: bool
    ) -> tuple[int, int]:
        """Return how long after an iteration the next one starts, and how long it takes."""
        now, longest = start, 0
        for part in parts:
            lone = len(parts) == 1 and len(part) == 1 and isinstance(part[0], Segment)
            took = self._items(part, env, now, record) + lone
            longest = max(longest, took)
            now += took
        return max(longest, 1), max(now - start, 1)

    def _processes(self, item: Nested) -> list[tuple[Item, ...]]:
        """Return the parts of a loop's body that run at the same time as those of other iterations."""
        if self.kind == "csynth":
            return [(part,) for part in item.body]
        found: list[tuple[tuple[Item, ...], set[str]]] = []
        for part in item.body:
            written = set(_written(part))
            joined = [one for one in found if one[1] & written]
            found = [one for one in found if not one[1] & written]
            items = tuple(i for one in joined for i in one[0])
            found.append(((*items, part), set().union(written, *(one[1] for one in joined))))
        return [items for items, _ in found]

    def _trips(self, counters: Sequence[Counter], env: Mapping[int | str, int]) -> int:
        """Return the iterations of a flattened nest; in the estimate the most that they can be."""
        if not counters:
            return 1
        first, *rest = counters
        if all(first.key not in counter.needs for counter in rest):
            return len(_values(first, env)) * (self._trips(rest, {**env, first.key: 0}) if rest else 1)
        found = [self._trips(rest, {**env, first.key: value}) for value in _values(first, env)]
        return len(found) * max(found, default=0) if self.kind == "csynth" else sum(found)

    def _streams(self, item: Nested) -> bool:
        """Return whether tokens may be moved in a loop."""
        inside = [inner for inner, _ in walk(item.body)]
        return any(isinstance(i, Call) or (isinstance(i, Segment | Pipeline) and bool(i.graph.streams)) for i in inside)

    def _keep(self, item: Segment | Pipeline, start: int, trips: int) -> None:
        first = start + item.placement.interval * np.arange(trips, dtype=np.int64)[:, None]
        for stream, moves in item.graph.streams.items():
            starts = np.array([item.placement.starts[move] for move in moves], dtype=np.int64)
            self.tokens.setdefault(stream, []).append((first + starts[None, :]).reshape(-1))


def _if_known(count: Callable[[], int]) -> int | None:
    """Return a count, None where it depends on data or on loops around."""
    try:
        return count()
    except AlloError:
        return None


def _late(item: Pipeline) -> int:
    """Return how many cycles the last of the operations is late that share a unit."""
    counts: dict[str, int] = {}
    for op in item.graph.operations:
        if op.latency and op.operator:
            counts[op.operator] = counts.get(op.operator, 0) + 1
    return max((ceil(n / ceil(n / item.placement.interval)) - 1 for n in counts.values()), default=0)


def _values(counter: Counter, env: Mapping[int | str, int]) -> range:
    if not counter.known or any(key not in env for key in counter.needs):
        raise _unknown(f"the bounds of loop {counter.name}", counter.span)
    first = max(bound.evaluate(env) for bound in counter.lower)
    last = min(bound.evaluate(env) for bound in counter.upper)
    return range(first, max(last, first), counter.stride)


def _counters(items: Sequence[Item]) -> Iterator[Counter]:
    for item, _ in walk(items):
        if isinstance(item, Pipeline):
            yield from item.counters
        elif isinstance(item, Nested):
            yield item.counter


def _written(item: Item) -> Iterator[str]:
    """Yield the arrays that an item writes; a stream is none."""
    for inner, _ in walk((item,)):
        if isinstance(inner, Segment | Pipeline):
            yield from (op.buffer for op in inner.graph.operations if op.kind == "store" and op.buffer)


def _unknown(what: str, span: Span | None) -> AlloError:
    message = f"the cycles depend on {what}, which is known only for given data"
    return AlloError(Diagnostic("hardware", message, span, hint="the tool's report has a question mark there"))
