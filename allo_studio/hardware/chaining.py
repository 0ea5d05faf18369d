"""What must come before what, in whole cycles: dependences, and chains of logic that do not fit the clock period.

A chain runs through a cycle from a register to a register. That no chain is too long is a matter of the start cycles
alone, and difference constraints say it exactly: the two ends of a chain that is just too long are not in one cycle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from allo_studio.hardware.operations import Dependence, OperationGraph

__all__ = ["Order", "longest_chain", "orders"]

_TOLERANCE_NS = 1e-9
# Delays are counted in units of 2**-60 ns, as integers, so that a sum does not depend on the order of its terms.
_UNITS = float(1 << 60)


@dataclass(frozen=True, order=True)
class Order:
    """`start[target] + interval * distance >= start[source] + weight`, in cycles."""

    source: int
    target: int
    weight: int
    distance: int = 0


def orders(graph: OperationGraph) -> tuple[Order, ...]:
    """Return all that the starts must keep apart from ports, sorted, with the heaviest of parallel orders only.

    A placement keeps these orders exactly when it keeps the dependences and no cycle has a chain of several operations
    that is longer than `graph.usable_ns`. An operation that is too long by itself is taken as it is. Raises
    AssertionError where an operation takes its own result in the same iteration.
    """
    heaviest: dict[tuple[int, int, int], int] = {}
    for found in (*(_order(graph, d) for d in graph.dependences), *_cuts(graph)):
        key = (found.source, found.target, found.distance)
        heaviest[key] = max(found.weight, heaviest.get(key, found.weight))
    return tuple(Order(s, t, weight, distance) for (s, t, distance), weight in sorted(heaviest.items()))


def longest_chain(graph: OperationGraph, starts: Sequence[int]) -> float:
    """Return the time in ns of the longest chain of logic in a cycle, where operations start in these cycles.

    It is more than `graph.usable_ns` only where one operation is by itself.
    """
    chains = _Chains(graph)
    arrival = [0] * len(graph.operations)
    longest = 0
    for op in chains.order:
        before = arrival[op] if chains.through[op] else 0
        ready = before + chains.delay_out[op]
        longest = max(longest, ready, arrival[op] + chains.delay_in[op])
        end = starts[op] + graph.operations[op].latency
        for taker in chains.takers[op]:
            if starts[taker] == end:
                arrival[taker] = max(arrival[taker], ready)
    return longest / _UNITS


def _order(graph: OperationGraph, dependence: Dependence) -> Order:
    d = dependence
    if d.weight is not None:
        return Order(d.source, d.target, d.weight, d.distance)
    assert d.distance == 0, "a value is taken in the iteration that computes it"
    return Order(d.source, d.target, graph.operations[d.source].latency)


def _cuts(graph: OperationGraph) -> Iterator[Order]:
    """Yield an order between the ends of every chain that is too long although no part of it is."""
    chains = _Chains(graph)
    for op in graph.operations:
        for end in chains.ends(op.index):
            yield Order(op.index, end, op.latency + 1)


class _Chains:
    """The chains of a graph: operations of latency 0 between an operation's result and another's input."""

    def __init__(self, graph: OperationGraph) -> None:
        self.usable = int((graph.usable_ns + _TOLERANCE_NS) * _UNITS)
        self.through = [op.latency == 0 for op in graph.operations]
        self.delay_in = [int(op.delay_in * _UNITS) for op in graph.operations]
        self.delay_out = [int(op.delay_out * _UNITS) for op in graph.operations]
        takers: list[dict[int, None]] = [{} for _ in graph.operations]
        for d in graph.dependences:
            if d.weight is None:
                takers[d.source][d.target] = None
        self.takers = [list(found) for found in takers]
        self.order = self._sorted()
        self.position = {op: number for number, op in enumerate(self.order)}
        self.onward = self._onward()

    def _sorted(self) -> list[int]:
        """Return the operations, each after those whose results it takes."""
        sorter: TopologicalSorter[int] = TopologicalSorter()
        for op, takers in enumerate(self.takers):
            sorter.add(op)
            for taker in takers:
                sorter.add(taker, op)
        try:
            return list(sorter.static_order())
        except CycleError as error:
            raise AssertionError("operations of one iteration take each other's results") from error

    def _onward(self) -> list[int]:
        """Return the longest chain from each operation's input on."""
        onward = list(self.delay_in)
        for op in reversed(self.order):
            if self.through[op]:
                after = max((onward[taker] for taker in self.takers[op]), default=0)
                onward[op] = max(onward[op], self.delay_out[op] + after)
        return onward

    def ends(self, first: int) -> Iterator[int]:
        """Yield the ends of the chains from `first` that are too long although no part of them is.

        Beyond an end a chain need not be followed: what comes after the end starts no earlier than the end does. Nor
        must an end be yielded where the chain without `first` is too long already: its second operation, of latency
        0, then ends in an earlier cycle, and starts no earlier than the first one's result is there.
        """
        own = self.delay_out[first]
        inside: dict[int, int] = {}  # by operation reached: the longest sum of delays after `first` and before it
        indirect: set[int] = set()
        beyond: set[int] = set()
        waiting: list[int] = []
        self._reach(self.takers[first], 0, own, inside, waiting)
        while waiting:
            op = self.order[heappop(waiting)]
            without = inside[op] + self.delay_in[op]
            if op in beyond or own + without > self.usable:
                if op not in beyond and (op not in indirect or without <= self.usable):
                    yield op
                beyond.update(self.takers[op])
            # With no delay of its own, `first` makes no chain too long that is not so without it.
            elif self.through[op] and own:
                reached = self._reach(self.takers[op], inside[op] + self.delay_out[op], own, inside, waiting)
                indirect.update(reached)

    def _reach(self, takers: list[int], delay: int, own: int, inside: dict[int, int], waiting: list[int]) -> list[int]:
        """Note that a chain comes to `takers`, and return those from where on it may get too long."""
        reached = [taker for taker in takers if own + delay + self.onward[taker] > self.usable]
        for taker in reached:
            if taker not in inside:
                heappush(waiting, self.position[taker])
            inside[taker] = max(delay, inside.get(taker, 0))
        return reached
