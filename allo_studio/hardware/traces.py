"""When a kernel moves its tokens: stream traces, cycle by cycle, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.counters import Environment, Integers, variables
from allo_studio.hardware.cycles import Control, arguments_needed
from allo_studio.hardware.guards import Left, holds, left_values
from allo_studio.hardware.nest import Branch, Call, Item, Nested, Pipeline, Segment, WhileLoop, WhilePipeline, walk

__all__ = ["Traces"]

_Values: TypeAlias = "dict[int | str, Integers | int]"


@dataclass(frozen=True)
class Traces:
    """The traces of a function whose cycles do not depend on data. `arguments` are its whole scalar arguments.

    Without `overlap` a pipelined loop's iterations run one after another: the order of the tokens is all that is sure.
    """

    control: Control
    name: str
    arguments: Mapping[str, int]
    overlap: bool = True

    def cycles(self) -> int:
        """Return the cycles of one execution."""
        return int(self._latency(self.control[self.name], self._given, 1)[0])

    @property
    def _given(self) -> _Values:
        return dict(self.arguments.items())

    def tokens(self, stream: str) -> Integers:
        """Return the cycles at which a stream argument moves its tokens, ascending, from cycle 0 of the kernel.

        Raises AlloError (code `hardware`) where that depends on data.
        """
        return self._sequence(self.control[self.name], stream, np.zeros(1, dtype=np.int64), self._given)

    # Latencies, in each of `count` instances

    def _latency(self, items: Sequence[Item], env: Environment, count: int) -> Integers:
        total = np.full(count, 0 if items else 1, dtype=np.int64)
        for item in items:
            total += self._item(item, env, count)
        return total

    def _item(self, item: Item, env: Environment, count: int) -> Integers:
        match item:
            case Segment():
                return np.full(count, item.placement.depth, dtype=np.int64)
            case Pipeline():
                trips = _trips(item, env, count)
                return np.where(trips > 0, self._interval(item) * (trips - 1) + item.placement.depth, 1)
            case Nested():
                return self._nested(item, env, count)
            case Branch():
                return self._latency(item.then, env, count)
            case Call():
                # The others may be arguments that are not known: nothing depends on them.
                needed = arguments_needed(self.control, item.function)
                inner: _Values = {name: size.at(env, count) for name, size in item.sizes if name in needed}
                return self._latency(self.control[item.function], inner, count)
            case WhileLoop() | WhilePipeline():
                raise _depends(self.name, item)

    def _interval(self, item: Pipeline) -> int:
        place = item.placement
        return place.interval if self.overlap else max(place.depth, place.interval)

    def _nested(self, item: Nested, env: Environment, count: int) -> Integers:
        needed = _needs(item.body)
        if item.counter.key not in needed:
            found: Integers = np.maximum(item.counter.trips(env, count) * self._latency(item.body, env, count), 1)
            return found
        instance, inner = item.counter.expand(env, count, sorted(needed, key=str))
        once = self._latency(item.body, inner, instance.size)
        total = np.zeros(count, dtype=np.int64)
        np.add.at(total, instance, once)
        return np.maximum(total, 1)

    # Tokens of instances that start at `starts`

    def _sequence(self, items: Sequence[Item], stream: str, starts: Integers, env: _Values) -> Integers:
        found = []
        at = starts
        for item in items:
            found.append(self._events(item, stream, at, env))
            at = at + self._item(item, env, starts.size)
        return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)

    def _events(self, item: Item, stream: str, starts: Integers, env: _Values) -> Integers:
        if not _uses((item,), stream):
            return np.empty(0, dtype=np.int64)
        match item:
            case Segment():
                return self._moved(item, stream, starts, env)
            case Pipeline():
                trips = _trips(item, env, starts.size)
                instance = np.repeat(np.arange(starts.size), trips)
                iteration = np.arange(instance.size) - np.repeat(np.cumsum(trips) - trips, trips)
                first = starts[instance] + iteration * self._interval(item)
                inside = _counted(item, env, starts.size) if _guarded((item,), stream) else env
                return self._moved(item, stream, first, inside)
            case Nested():
                return self._repeated(item, stream, starts, env)
        raise _depends(self.name, item)

    def _moved(self, item: Segment | Pipeline, stream: str, first: Integers, env: Environment) -> Integers:
        """Return when the tokens of iterations move that begin at `first`, of those that guards let through."""
        found = []
        for number in item.graph.streams[stream]:
            moved = first + item.placement.starts[number]
            guards = item.graph.operations[number].guards
            if guards:
                held = holds(item.graph, guards, env, first.size, self._left)
                if held is None:
                    raise _depends(self.name, item)
                moved = moved[held]
            found.append(moved)
        return np.concatenate(found)

    @cached_property
    def _left(self) -> Left:
        return left_values(self.control[self.name])

    def _repeated(self, item: Nested, stream: str, starts: Integers, env: _Values) -> Integers:
        needed = {*env, item.counter.key} if _guarded(item.body, stream) else _needs(item.body)
        instance, inner = item.counter.expand(env, starts.size, sorted(needed, key=str))
        once = self._latency(item.body, inner, instance.size)
        before = np.cumsum(once) - once
        # Each instance counts its own iterations from 0.
        fresh = np.concatenate(([True], instance[1:] != instance[:-1])) if instance.size else np.empty(0, dtype=bool)
        base = np.maximum.accumulate(np.where(fresh, before, 0))
        return self._sequence(item.body, stream, starts[instance] + before - base, dict(inner))


def _trips(item: Pipeline, env: Environment, count: int) -> Integers:
    """Return the iterations of the flattened loop in each instance."""
    total = np.ones(count, dtype=np.int64)
    for counter in item.counters:
        total *= counter.trips(env, count)
    return total


def _counted(item: Pipeline, env: Environment, count: int) -> Environment:
    """Return what is known in each iteration of the flattened loop in all instances: its counters too."""
    inner: Environment = env
    for counter in item.counters:
        instance, inner = counter.expand(inner, count, [*inner, counter.key])
        count = instance.size
    return inner


def _needs(items: Sequence[Item]) -> set[int | str]:
    """Return the counters and arguments that what is inside depends on."""
    found: set[int | str] = set()
    for item, _ in walk(items):
        if isinstance(item, Pipeline):
            found |= {key for counter in item.counters for key in counter.needs}
        elif isinstance(item, Nested):
            found |= item.counter.needs
        elif isinstance(item, Call):
            found |= {key for _, size in item.sizes for key in variables(size)}
    return found


def _uses(items: Sequence[Item], stream: str) -> bool:
    return any(
        isinstance(item, Segment | Pipeline | WhilePipeline) and stream in item.graph.streams for item, _ in walk(items)
    )


def _guarded(items: Sequence[Item], stream: str) -> bool:
    """Tell whether tokens of a stream move only in some iterations."""
    return any(
        item.graph.operations[number].guards
        for item, _ in walk(items)
        if isinstance(item, Segment | Pipeline)
        for number in item.graph.streams.get(stream, ())
    )


def _depends(name: str, item: Item) -> AlloError:
    span = getattr(item, "span", None)
    message = f"{name}: when tokens move depends on data here"
    return AlloError(Diagnostic("hardware", message, span, hint="use a buffer in the place of the FIFO"))
