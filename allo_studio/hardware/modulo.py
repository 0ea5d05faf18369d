"""Modulo scheduling: the least initiation interval, and a start cycle for every operation.

The bounds are the usual two, by recurrences and by memory ports; the placement is iterative modulo scheduling
(B. R. Rau, "Iterative modulo scheduling", MICRO 1994) with operator chaining inside a cycle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Literal

import networkx

from allo_studio.hardware.operations import Dependence, OperationGraph, PortUse, ports_needed, ports_of_iteration

__all__ = ["Limit", "Placement", "place", "place_once", "port_bound", "recurrence_bound"]

_EPSILON = 1e-9


@dataclass(frozen=True)
class Limit:
    """Why an interval cannot be less: the operations of a recurrence, or the accesses of an array's ports."""

    kind: Literal["recurrence", "port", "none"]
    bound: int
    operations: tuple[int, ...] = ()
    array: str = ""
    distance: int = 0


@dataclass(frozen=True)
class Placement:
    """A schedule of one iteration: start cycles by operation, the interval, the depth in cycles, and the limit."""

    interval: int
    starts: tuple[int, ...]
    depth: int
    limit: Limit


def place(graph: OperationGraph, asked: int = 1) -> Placement:
    """Schedule a pipelined iteration at the least interval that is found, and no less than `asked`."""
    recurrence, port = recurrence_bound(graph), port_bound(graph)
    limit = max(recurrence, port, key=lambda found: found.bound)
    interval = max(limit.bound, asked, 1)
    while (starts := _Scheduler(graph, interval).run()) is None:
        # A body of hundreds of operations that does not fit may be far from fitting: look further each time.
        interval += max(1, interval // 32)
    return Placement(interval, starts, _depth(graph, starts), limit if limit.bound > 1 else Limit("none", 1))


def place_once(graph: OperationGraph) -> Placement:
    """Schedule operations that are executed once, with nothing overlapping them."""
    starts: tuple[int, ...] | None = None
    # An interval that nothing wraps around: every operation and port conflict could come one after another.
    interval = 1 + sum(op.latency + 2 for op in graph.operations)
    if graph.operations:
        starts = _Scheduler(graph, interval).run()
    if starts is None:
        starts = ()
    depth = _depth(graph, starts)
    return Placement(depth, starts, depth, Limit("none", 1))


def _depth(graph: OperationGraph, starts: tuple[int, ...]) -> int:
    timed = (s + op.latency + 1 for s, op in zip(starts, graph.operations, strict=True) if op.kind != "wire")
    return max(timed, default=0)


def port_bound(graph: OperationGraph) -> Limit:
    """Return the least interval at which every bank's ports can serve an iteration's accesses."""
    uses: dict[str, list[PortUse]] = defaultdict(list)
    members: dict[str, list[int]] = defaultdict(list)
    for op in graph.operations:
        if op.use:
            uses[op.use.array].append(op.use)
            members[op.use.array].append(op.index)
    best = Limit("none", 1)
    for array in sorted(uses):
        bound = -(-ports_of_iteration(uses[array]) // uses[array][0].ports)
        if bound > best.bound:
            best = Limit("port", bound, tuple(members[array]), array)
    return best


def recurrence_bound(graph: OperationGraph) -> Limit:
    """Return the least interval that every dependence cycle allows, with the operations of the tightest cycle."""
    links = networkx.MultiDiGraph()
    links.add_nodes_from(range(len(graph.operations)))
    links.add_edges_from((d.source, d.target) for d in graph.dependences)
    best = Limit("none", 1)
    for component in networkx.strongly_connected_components(links):
        inside = [d for d in graph.dependences if d.source in component and d.target in component]
        while inside and (cycle := _longer_cycle(graph, sorted(component), inside, best.bound)):
            weight = sum(graph.least_weight(d) for d in cycle)
            distance = sum(d.distance for d in cycle)
            if distance == 0:
                raise AssertionError("operations of one iteration wait for each other")
            best = Limit("recurrence", -(-weight // distance), tuple(d.source for d in cycle), "", distance)
    return best


def _longer_cycle(
    graph: OperationGraph, nodes: list[int], edges: list[Dependence], interval: int
) -> tuple[Dependence, ...] | None:
    """Return a dependence cycle that does not fit `interval` (a positive cycle, by Bellman and Ford), or None."""
    longest = dict.fromkeys(nodes, 0)
    parent: dict[int, Dependence] = {}
    changed = None
    for _ in range(len(nodes) + 1):
        changed = None
        for edge in edges:
            length = longest[edge.source] + graph.least_weight(edge) - interval * edge.distance
            if length > longest[edge.target]:
                longest[edge.target], parent[edge.target], changed = length, edge, edge.target
        if changed is None:
            return None
    assert changed is not None
    node = changed
    for _ in nodes:
        node = parent[node].source
    cycle = [parent[node]]
    while cycle[-1].source != node:
        cycle.append(parent[cycle[-1].source])
    return tuple(reversed(cycle))


class _Scheduler:
    """One attempt at an interval: places operations by height, evicting what is in the way, within a budget."""

    def __init__(self, graph: OperationGraph, interval: int) -> None:
        self.graph = graph
        self.interval = interval
        self.start: dict[int, int] = {}
        self.offset: dict[int, float] = {}  # ns into its start cycle at which an operation's inputs are there
        self.last: dict[int, int] = {}
        self.slots: dict[tuple[str, int], dict[int, PortUse]] = defaultdict(dict)
        self.height = self._heights()

    def run(self) -> tuple[int, ...] | None:
        """Return the start cycles, or None where the budget did not suffice."""
        budget = 20 * len(self.graph.operations) + 200
        waiting = [(-height, op) for op, height in self.height.items()]
        heapify(waiting)
        while waiting:
            budget -= 1
            if budget < 0:
                return None
            for evicted in self._place(heappop(waiting)[1]):
                heappush(waiting, (-self.height[evicted], evicted))
        return tuple(self.start[op.index] for op in self.graph.operations)

    def _heights(self) -> dict[int, int]:
        """Return each operation's longest path to the end of the iteration (over dependences of distance 0)."""
        links = networkx.DiGraph()
        links.add_nodes_from(range(len(self.graph.operations)))
        links.add_edges_from((d.source, d.target) for d in self.graph.dependences if d.distance == 0)
        height: dict[int, int] = {}
        for node in reversed(list(networkx.lexicographical_topological_sort(links))):
            later = (
                height[d.target] + max(self.graph.least_weight(d), 0)
                for d in self.graph.outgoing.get(node, ())
                if d.distance == 0
            )
            height[node] = max(later, default=0)
        # An operation must come before what it feeds in the same cycle: break ties by the topological order.
        rank = {node: number for number, node in enumerate(networkx.lexicographical_topological_sort(links))}
        scale = len(rank) + 1
        return {node: value * scale - rank[node] for node, value in height.items()}

    def _place(self, op: int) -> set[int]:
        """Place one operation and return those that had to go."""
        earliest = self._earliest(op)
        chosen = next(
            (t for t in range(earliest, earliest + self.interval) if self._port_free(op, self._fit(op, t)[0])), None
        )
        if chosen is None:
            chosen = max(earliest, self.last.get(op, -1) + 1)
        cycle, offset = self._fit(op, chosen)
        evicted = self._evict_ports(op, cycle)
        self.start[op], self.offset[op], self.last[op] = cycle, offset, cycle
        use = self.graph.operations[op].use
        if use:
            self.slots[use.array, cycle % self.interval][op] = use
        return evicted | self._evict_dependents(op)

    def _earliest(self, op: int) -> int:
        bounds = [0]
        for d in self.graph.incoming.get(op, ()):
            if d.source not in self.start or d.source == op:
                continue
            wait = self.graph.operations[d.source].latency if d.weight is None else d.weight
            bounds.append(self.start[d.source] + wait - self.interval * d.distance)
        return max(bounds)

    def _fit(self, op: int, cycle: int) -> tuple[int, float]:
        """Return the cycle at or after `cycle` in which the inputs that arrive late in it leave time for `op`."""
        arrival = 0.0
        for d in self.graph.incoming.get(op, ()):
            if d.weight is None and d.source in self.start and self._result_cycle(d.source) == cycle:
                arrival = max(arrival, self._result_offset(d.source))
        if arrival > 0 and arrival + self.graph.operations[op].delay_in > self.graph.usable_ns + _EPSILON:
            return cycle + 1, 0.0
        return cycle, arrival

    def _result_cycle(self, op: int) -> int:
        return self.start[op] + self.graph.operations[op].latency

    def _result_offset(self, op: int) -> float:
        operation = self.graph.operations[op]
        return operation.delay_out + (self.offset[op] if operation.latency == 0 else 0.0)

    def _port_free(self, op: int, cycle: int) -> bool:
        use = self.graph.operations[op].use
        if not use:
            return True
        present = self.slots[use.array, cycle % self.interval]
        together = [(self.start[other], found) for other, found in present.items()]
        return ports_needed([*together, (cycle, use)]) <= use.ports

    def _evict_ports(self, op: int, cycle: int) -> set[int]:
        evicted: set[int] = set()
        use = self.graph.operations[op].use
        while use and not self._port_free(op, cycle):
            other = min(self.slots[use.array, cycle % self.interval], key=lambda o: (self.height[o], o))
            self._remove(other)
            evicted.add(other)
        return evicted

    def _evict_dependents(self, op: int) -> set[int]:
        """Remove operations that were placed too early for where `op` is now."""
        around = (*self.graph.outgoing.get(op, ()), *self.graph.incoming.get(op, ()))
        late = {d.target for d in around if not self._holds(d)} - {op}
        # A dependence into `op` that fails although `op` was just placed: its source must move instead.
        late |= {d.source for d in self.graph.incoming.get(op, ()) if not self._holds(d)} - {op}
        self._remove_all(late)
        return late

    def _holds(self, d: Dependence) -> bool:
        if d.source not in self.start or d.target not in self.start:
            return True
        gap = self.start[d.target] + self.interval * d.distance
        if d.weight is not None:
            return gap >= self.start[d.source] + d.weight
        if gap != self._result_cycle(d.source):
            return gap > self._result_cycle(d.source)
        arrival = self._result_offset(d.source)
        fits = arrival + self.graph.operations[d.target].delay_in <= self.graph.usable_ns + _EPSILON
        return fits and self.offset[d.target] >= arrival - _EPSILON

    def _remove_all(self, ops: Iterable[int]) -> None:
        for op in ops:
            self._remove(op)

    def _remove(self, op: int) -> None:
        use = self.graph.operations[op].use
        if use:
            self.slots[use.array, self.start[op] % self.interval].pop(op, None)
        self.start.pop(op)
        self.offset.pop(op)
