"""The control of a kernel: what runs after what, and from it latencies and stream traces by trip counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allo_studio.hardware.counters import Counter, Environment, Integers
from allo_studio.hardware.modulo import Placement
from allo_studio.hardware.operations import OperationGraph

__all__ = ["Item", "Nested", "Pipeline", "Segment", "latency", "trace", "walk"]


@dataclass(frozen=True)
class Segment:
    """Operations between loops, executed once each time the place is reached."""

    graph: OperationGraph
    placement: Placement

    @property
    def needs(self) -> frozenset[int]:
        """The counters on which the latency depends."""
        return frozenset()

    def latency(self, env: Environment, count: int, overlap: bool) -> Integers:
        """Return the cycles in each instance."""
        return np.full(count, self.placement.depth, dtype=np.int64)

    def events(self, stream: str, starts: Integers, env: Environment, overlap: bool) -> Integers:
        """Return the cycles of the stream's tokens, in order, for instances that start at `starts`."""
        if stream not in self.graph.streams:
            return np.empty(0, dtype=np.int64)
        return starts + self.placement.starts[self.graph.streams[stream]]


@dataclass(frozen=True)
class Pipeline:
    """A pipelined loop with the perfect nest above it, flattened: one counter a level, outermost first."""

    counters: tuple[Counter, ...]
    graph: OperationGraph
    placement: Placement
    asked: int | None

    @property
    def needs(self) -> frozenset[int]:
        """The counters on which the latency depends."""
        return frozenset().union(*(counter.needs for counter in self.counters))

    def trips(self, env: Environment, count: int) -> Integers:
        """Return the iterations of the flattened loop in each instance."""
        total = np.ones(count, dtype=np.int64)
        for counter in self.counters:
            total *= counter.trips(env, count)
        return total

    def _interval(self, overlap: bool) -> int:
        return self.placement.interval if overlap else max(self.placement.depth, self.placement.interval)

    def latency(self, env: Environment, count: int, overlap: bool) -> Integers:
        """Return the cycles in each instance."""
        trips = self.trips(env, count)
        return np.where(trips > 0, self._interval(overlap) * (trips - 1) + self.placement.depth, 0)

    def events(self, stream: str, starts: Integers, env: Environment, overlap: bool) -> Integers:
        """Return the cycles of the stream's tokens, in order, for instances that start at `starts`."""
        if stream not in self.graph.streams:
            return np.empty(0, dtype=np.int64)
        trips = self.trips(env, starts.size)
        instance = np.repeat(np.arange(starts.size), trips)
        iteration = np.arange(instance.size) - np.repeat(np.cumsum(trips) - trips, trips)
        first = self.placement.starts[self.graph.streams[stream]]
        return starts[instance] + iteration * self._interval(overlap) + first


@dataclass(frozen=True)
class Nested:
    """A loop whose iterations run one after another. `copies` is how many times its body is built (unrolled loops)."""

    counter: Counter
    body: tuple[Item, ...]
    copies: int = 1

    @cached_property
    def needs(self) -> frozenset[int]:
        """The counters on which the latency depends."""
        inside = frozenset().union(*(item.needs for item in self.body))
        return self.counter.needs | (inside - {self.counter.key})

    @cached_property
    def _inner(self) -> tuple[int, ...]:
        return tuple(sorted(frozenset().union(*(item.needs for item in self.body))))

    def latency(self, env: Environment, count: int, overlap: bool) -> Integers:
        """Return the cycles in each instance."""
        if self.counter.key not in self._inner:
            return self.counter.trips(env, count) * latency(self.body, env, count, overlap)
        instance, inner = self.counter.expand(env, count, self._inner)
        once = latency(self.body, inner, instance.size, overlap)
        total = np.zeros(count, dtype=np.int64)
        np.add.at(total, instance, once)
        return total

    def events(self, stream: str, starts: Integers, env: Environment, overlap: bool) -> Integers:
        """Return the cycles of the stream's tokens, in order, for instances that start at `starts`."""
        if not _uses(self.body, stream):
            return np.empty(0, dtype=np.int64)
        instance, inner = self.counter.expand(env, starts.size, self._inner)
        once = latency(self.body, inner, instance.size, overlap)
        before = np.cumsum(once) - once
        # Each instance counts its own iterations from 0.
        fresh = np.concatenate(([True], instance[1:] != instance[:-1])) if instance.size else np.empty(0, dtype=bool)
        base = np.maximum.accumulate(np.where(fresh, before, 0))
        return _sequence(self.body, stream, starts[instance] + before - base, inner, overlap)


Item = Segment | Pipeline | Nested


def latency(items: Sequence[Item], env: Environment, count: int, overlap: bool = True) -> Integers:
    """Return the cycles that items take one after another, in each of `count` instances.

    Without `overlap` a pipelined loop's iterations run one after another.
    """
    total = np.zeros(count, dtype=np.int64)
    for item in items:
        total += item.latency(env, count, overlap)
    return total


def trace(items: Sequence[Item], stream: str, overlap: bool = True) -> Integers:
    """Return the cycles at which a kernel's stream argument moves its tokens, ascending, from cycle 0 of the kernel."""
    return _sequence(items, stream, np.zeros(1, dtype=np.int64), {}, overlap)


def walk(items: Sequence[Item], outer: tuple[Nested, ...] = ()) -> Iterator[tuple[Item, tuple[Nested, ...]]]:
    """Yield every item, outer before inner, with the loops around it."""
    for item in items:
        yield item, outer
        if isinstance(item, Nested):
            yield from walk(item.body, (*outer, item))


def _uses(items: Sequence[Item], stream: str) -> bool:
    return any(not isinstance(item, Nested) and stream in item.graph.streams for item, _ in walk(items))


def _sequence(items: Sequence[Item], stream: str, starts: Integers, env: Environment, overlap: bool) -> Integers:
    found = []
    at = starts
    for item in items:
        found.append(item.events(stream, at, env, overlap))
        at = at + item.latency(env, starts.size, overlap)
    return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
