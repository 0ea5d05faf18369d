"""A bound that no schedule of a kernel's control is below, from the operations and dependences alone.

It shares nothing with the scheduler but its input: least intervals are those that the dependences, the chains of logic
and the ports allow each for itself, least depths those without ports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from allo_studio.hardware.cycles import Control, total_cycles
from allo_studio.hardware.modulo import Placement
from allo_studio.hardware.nest import Branch, Item, Nested, Pipeline, Segment, WhileLoop, WhilePipeline
from allo_studio.hardware.operations import OperationGraph, PortGroup, Result
from allo_studio.hardware.schedule import HardwareSchedule, Run

__all__ = ["bound", "least_interval"]

_TOLERANCE_NS = 1e-9
# Source, target, the least cycles between their starts, and how many iterations later the target is.
_Order: TypeAlias = tuple[int, int, int, int]


def bound(schedule: HardwareSchedule) -> int:
    """Return cycles that no schedule of the same control and operators is below; the control must not depend on data.

    It is the sum over the control of least interval x (trips - 1) + least depth.
    """
    control: Control = {
        name: _bounded(function.items, {storage.key: storage.banks for storage in function.storages})
        for name, function in schedule.functions.items()
    }
    return total_cycles(control, schedule.kernel, Run(schedule.sizes))


def _bounded(items: Sequence[Item], banks: Mapping[str, int]) -> tuple[Item, ...]:
    return tuple(_bounded_item(item, banks) for item in items)


def _bounded_item(item: Item, banks: Mapping[str, int]) -> Item:
    match item:
        case Segment():
            return replace(item, placement=_least(item.graph, item.placement, 1))
        case Pipeline():
            return replace(item, placement=_least(item.graph, item.placement, least_interval(item.graph, banks)))
        case WhilePipeline():
            placement = _least(item.graph, item.placement, least_interval(item.graph, banks))
            known = item.condition.operation if isinstance(item.condition, Result) else None
            leaves = 0 if known is None else _starts(item.graph)[known] + item.graph.operations[known].latency
            return replace(item, placement=placement, exit=leaves)
        case Nested():
            return replace(item, body=_bounded(item.body, banks))
        case WhileLoop():
            return replace(item, test=_bounded(item.test, banks), body=_bounded(item.body, banks))
        case Branch():
            return replace(item, then=_bounded(item.then, banks), other=_bounded(item.other, banks))
    return item


def _least(graph: OperationGraph, placement: Placement, interval: int) -> Placement:
    starts = _starts(graph)
    ends = (starts[op.index] + op.duration for op in graph.operations if op.duration)
    return replace(placement, interval=interval, depth=max(ends, default=0))


def least_interval(graph: OperationGraph, banks: Mapping[str, int]) -> int:
    """Return an interval that no schedule of a pipelined iteration is below, where arrays have so many banks."""
    ports = (_port_interval(group, graph, banks.get(group.array.partition("#")[0])) for group in graph.groups)
    return max([1, _recurrence_interval(graph), *ports])


def _port_interval(group: PortGroup, graph: OperationGraph, banks: int | None) -> int:
    """Return the interval that a bank needs for what always wants it, and all banks for all accesses together."""
    alike = (sum(group.always(one, other) for other in group.members) for one in group.members)
    most = -(-max(alike, default=0) // group.ports)
    if banks is None:
        return most
    # What has conditions might not happen together.
    sure = sum(not graph.operations[member].guards for member in group.members)
    return max(most, -(-sure // (group.ports * banks)))


def _orders(graph: OperationGraph) -> list[_Order]:
    """Return what must be apart: by dependences, and by chains of logic that do not fit into a cycle."""
    operations = graph.operations
    found = [
        (d.source, d.target, operations[d.source].latency if d.weight is None else d.weight, d.distance)
        for d in graph.dependences
    ]
    takers: list[set[int]] = [set() for _ in operations]
    for dependence in graph.dependences:
        if dependence.weight is None:
            takers[dependence.source].add(dependence.target)
    for first in operations:
        for last, delay in _chains(graph, takers, first.index).items():
            if delay + operations[last].delay_in > graph.usable_ns + _TOLERANCE_NS:
                found.append((first.index, last, first.latency + 1, 0))
    return found


def _chains(graph: OperationGraph, takers: Sequence[set[int]], first: int) -> dict[int, float]:
    """Return the longest delay from the register before an operation's result to each operation that it chains into."""
    longest: dict[int, float] = {}
    waiting = [(first, graph.operations[first].delay_out)]
    while waiting:
        source, delay = waiting.pop()
        for taker in takers[source]:
            if delay <= longest.get(taker, -1.0):
                continue
            longest[taker] = delay
            # Beyond what is too long already all starts later anyway.
            through = graph.operations[taker]
            if not through.latency and delay + through.delay_in <= graph.usable_ns + _TOLERANCE_NS:
                waiting.append((taker, delay + through.delay_out))
    return longest


def _recurrence_interval(graph: OperationGraph) -> int:
    """Return the least interval at which no operation waits for itself: by bisection."""
    orders = _orders(graph)
    low, high = 1, max(1, sum(max(weight, 0) for _, _, weight, _ in orders))
    while low < high:
        middle = (low + high) // 2
        if _earliest(len(graph.operations), [(s, t, weight - middle * d) for s, t, weight, d in orders]) is None:
            low = middle + 1
        else:
            high = middle
    return low


def _starts(graph: OperationGraph) -> list[int]:
    """Return the earliest starts in an iteration, if there were ports for all."""
    found = _earliest(
        len(graph.operations), [(s, t, weight) for s, t, weight, distance in _orders(graph) if not distance]
    )
    assert found is not None, "operations of one iteration wait for each other"
    return found


def _earliest(operations: int, links: Sequence[tuple[int, int, int]]) -> list[int] | None:
    """Return the least starts from 0 on that keep all links; None where some wait for themselves."""
    starts = [0] * operations
    for _ in range(operations + 1):
        late = [(target, starts[source] + cycles) for source, target, cycles in links]
        late = [(target, start) for target, start in late if start > starts[target]]
        if not late:
            return starts
        for target, start in late:
            starts[target] = max(starts[target], start)
    return None
