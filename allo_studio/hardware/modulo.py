"""Modulo scheduling: the least initiation interval, and a start cycle for every operation.

The interval is bounded by recurrences and by memory ports. Iterative modulo scheduling (B. R. Rau, "Iterative modulo
scheduling", MICRO 1994) mostly reaches the bound; where it does not, a solver decides the intervals below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush

from allo_studio.hardware.bounds import Limit, Problem, port_bound, recurrence_bound
from allo_studio.hardware.chaining import orders
from allo_studio.hardware.contention import Contention, Occupancy
from allo_studio.hardware.operations import OperationGraph
from allo_studio.hardware.solver import decide, shorten

__all__ = ["Limit", "Placement", "place", "place_once"]

# An interval beyond any start: nothing that runs once comes round to it.
_ONCE = 1 << 40
# The solver looks for a lesser depth in graphs up to this size, and gives up on intervals that it cannot decide.
_SMALL = 150
_UNDECIDED = 3


@dataclass(frozen=True)
class Placement:
    """A schedule of one iteration: start cycles by operation, from 0 on, and the interval between iterations.

    `depth` is the cycles from the first to the last, inclusive, without wires. `limit` is why the interval is no less.
    `proven` says that no interval from the asked one on is less (for code that runs once: no depth).
    """

    interval: int
    starts: tuple[int, ...]
    depth: int
    limit: Limit
    proven: bool


def place(graph: OperationGraph, asked: int = 1) -> Placement:
    """Schedule a pipelined iteration at the least interval that is no less than `asked`, then at the least depth.

    The interval is least where `proven` says so; the depth is for graphs that are not too large. Raises AssertionError
    where operations of one iteration wait for each other.
    """
    problem = _problem(graph, once=False)
    recurrence = recurrence_bound(len(problem.durations), problem.orders)
    limit = max(recurrence, port_bound(graph.groups), key=lambda found: found.bound)
    least = max(limit.bound, asked, 1)
    interval, starts, proven = _least_interval(problem, least)
    starts, _ = _shorter(problem, interval, starts)
    if proven and interval > least:
        limit = _packing(problem, interval)
    starts = _late(problem, interval, starts)
    return Placement(interval, starts, problem.depth(starts), limit, proven)


def place_once(graph: OperationGraph) -> Placement:
    """Schedule operations that are executed once, with nothing overlapping them. The interval is the depth.

    Raises AssertionError where operations wait for each other.
    """
    problem = _problem(graph, once=True)
    recurrence_bound(len(problem.durations), problem.orders)
    starts = _attempt(problem, _ONCE) or _one_by_one(problem)
    assert starts is not None, "no schedule keeps all orders and ports"
    starts, proven = _shorter(problem, _ONCE, starts)
    starts = _late(problem, _ONCE, starts)
    depth = problem.depth(starts)
    return Placement(depth, starts, depth, Limit("none", 1), proven)


def _problem(graph: OperationGraph, once: bool) -> Problem:
    found = orders(graph)
    if once:
        found = tuple(order for order in found if not order.distance)
    return Problem(tuple(op.duration for op in graph.operations), found, Contention(graph.groups))


def _least_interval(problem: Problem, least: int) -> tuple[int, tuple[int, ...], bool]:
    """Return an interval from `least` on, a placement, and whether the interval is proven to be the least."""
    starts = _attempt(problem, least)
    if starts is not None:
        return least, starts, True
    first = max(least, problem.contention.turn_bound)
    if first > least and (starts := _attempt(problem, first)):
        return first, starts, True
    least = first
    undecided = 0
    sure = _sure_interval(problem, least)
    found = _next_interval(problem, least, sure)
    for interval in range(least, sure[0] if found is None else found[0]):
        verdict = decide(problem, interval)
        if verdict.starts is not None:
            return interval, verdict.starts, not undecided
        undecided += not verdict.settled
        if undecided >= _UNDECIDED:
            break
    assert found is not None, "no schedule keeps all orders and ports"
    return (*found, not undecided)


def _next_interval(
    problem: Problem, least: int, sure: tuple[int, tuple[int, ...] | None]
) -> tuple[int, tuple[int, ...]] | None:
    """Return an interval above `least` at which a placement is found without the solver, and the placement."""
    interval = least + 1
    while interval < sure[0]:
        if starts := _attempt(problem, interval):
            return interval, starts
        # A body of hundreds of operations that does not fit may be far from fitting: look further each time.
        interval += 1 + (interval - least) // 4
    return None if sure[1] is None else (sure[0], sure[1])


def _sure_interval(problem: Problem, least: int) -> tuple[int, tuple[int, ...] | None]:
    """Return an interval at which operations can run one by one, and how, if they can."""
    starts = _one_by_one(problem)
    span = 1 + (max(starts) if starts else sum(max(o.weight, 0) + 1 for o in problem.orders))
    longest = max((o.weight for o in problem.orders if o.distance), default=0)
    return max(span + max(longest, 0), least + 1), starts


def _one_by_one(problem: Problem) -> tuple[int, ...] | None:
    """Return a placement of no two operations in a cycle; None where orders bind some to each other."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for op in range(len(problem.durations)):
        sorter.add(op)
    for order in problem.orders:
        if not order.distance and order.source != order.target:
            sorter.add(order.target, order.source)
    starts = [0] * len(problem.durations)
    now = -1
    try:
        for op in sorter.static_order():
            ready = (starts[s] + weight for s, weight, distance in problem.incoming[op] if not distance and s != op)
            starts[op] = now = max(now + 1, max(ready, default=0))
    except CycleError:
        return None
    return tuple(starts)


def _shorter(problem: Problem, interval: int, starts: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """Return a placement of the least depth that is found, and whether none is less."""
    least = problem.least_depth(interval, problem.depth(starts))
    if problem.depth(starts) == least:
        return starts, True
    if len(starts) > _SMALL:
        return starts, False
    verdict = shorten(problem, interval, starts, least)
    assert verdict.starts is not None
    return verdict.starts, verdict.settled


def _late(problem: Problem, interval: int, starts: tuple[int, ...]) -> tuple[int, ...]:
    """Return the placement with what waits for nothing, such as reads, as late as what takes it allows.

    A value that is made later is kept in registers for less long. Neither interval nor depth change.
    """
    found = list(starts)
    occupancy = Occupancy(problem.contention, interval)
    for op, start in enumerate(found):
        occupancy.add(op, start)
    depth = problem.depth(starts)
    for op in sorted(range(len(found)), key=lambda op: -found[op]):
        if any(not distance for _, _, distance in problem.incoming[op]):
            continue
        takers = [found[t] + interval * distance - weight for t, weight, distance in problem.outgoing[op] if t != op]
        latest = min([*takers, depth - problem.durations[op]])
        occupancy.remove(op, found[op])
        found[op] = next((t for t in range(latest, found[op], -1) if not occupancy.crowd(op, t)), found[op])
        occupancy.add(op, found[op])
    return tuple(found)


def _packing(problem: Problem, interval: int) -> Limit:
    group = max(problem.contention.groups, key=lambda group: len(group.members) / group.ports)
    return Limit("packing", interval, group.members, group.array, 0, group.kind, group.ports)


def _attempt(problem: Problem, interval: int) -> tuple[int, ...] | None:
    """Return a placement at an interval that fits the recurrences, or None where the heuristic finds none."""
    if not problem.contention.of:
        return tuple(problem.heads(interval))
    starts = _Attempt(problem, interval).run()
    return None if starts is None else problem.settled(interval, starts)


class _Attempt:
    """One attempt at an interval: places operations by height, evicting what is in the way, within a budget."""

    def __init__(self, problem: Problem, interval: int) -> None:
        self.problem = problem
        self.interval = interval
        self.heads = problem.heads(interval)
        heights = problem.heights(interval)
        by_height = sorted(range(len(heights)), key=lambda op: (-heights[op], self.heads[op], op))
        self.by_rank = by_height
        self.rank = {op: rank for rank, op in enumerate(by_height)}
        self.start: dict[int, int] = {}
        self.last: dict[int, int] = {}
        self.occupancy = Occupancy(problem.contention, interval)

    def run(self) -> tuple[int, ...] | None:
        """Return the start cycles, or None where the budget did not suffice."""
        waiting = list(self.rank.values())
        heapify(waiting)
        for _ in range(8 * len(waiting) + 200):
            if not waiting:
                return tuple(self.start[op] for op in range(len(self.heads)))
            for evicted in self._place(self.by_rank[heappop(waiting)]):
                heappush(waiting, self.rank[evicted])
        return None

    def _place(self, op: int) -> list[int]:
        """Place an operation and return those that had to go."""
        start = self._choose(op)
        evicted = list(self._evict_crowds(op, start))
        self.start[op] = self.last[op] = start
        self.occupancy.add(op, start)
        for target, weight, distance in self.problem.outgoing[op]:
            late = target in self.start and self.start[target] + self.interval * distance < start + weight
            if late and target != op:
                self._remove(target)
                evicted.append(target)
        return evicted

    def _choose(self, op: int) -> int:
        """Return the first start with a free port that what is placed before allows, or one that was not tried yet."""
        earliest = self.heads[op]
        for source, weight, distance in self.problem.incoming[op]:
            if source in self.start and source != op:
                earliest = max(earliest, self.start[source] + weight - self.interval * distance)
        for start in range(earliest, earliest + self.interval):
            if not self.occupancy.crowd(op, start):
                return start
        return max(earliest, self.last.get(op, -1) + 1)

    def _evict_crowds(self, op: int, start: int) -> Iterator[int]:
        while crowd := self.occupancy.crowd(op, start):
            evicted = max(crowd, key=self.rank.__getitem__)
            self._remove(evicted)
            yield evicted

    def _remove(self, op: int) -> None:
        self.occupancy.remove(op, self.start.pop(op))
