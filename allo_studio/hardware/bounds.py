"""What limits a schedule from below: recurrences and ports the interval, the longest path and ports the depth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from allo_studio.hardware.chaining import Order
from allo_studio.hardware.contention import Contention
from allo_studio.hardware.operations import PortGroup

__all__ = ["Limit", "Problem", "port_bound", "recurrence_bound"]

# Below any length of a path.
_NEVER = -(1 << 60)


@dataclass(frozen=True)
class Limit:
    """Why an interval cannot be less than `bound`.

    - recurrence: `operations` are those of the tightest cycle of orders, in its order, `distance` its iterations.
    - port: `operations` are accesses of `array` that want one bank in every iteration, which has `ports` ports of the
      kind `port_kind`; or all accesses of an array whose banks have so many ports together.
    - packing: recurrences and ports allow less, but no schedule keeps both; `operations` are the accesses of the port
      group that is most in demand.
    - none: nothing does; the bound is 1.
    """

    kind: Literal["recurrence", "port", "packing", "none"]
    bound: int
    operations: tuple[int, ...] = ()
    array: str = ""
    distance: int = 0
    port_kind: Literal["any", "read", "write"] = "any"
    ports: int = 0


@dataclass(frozen=True)
class Problem:
    """What a placement must keep. `durations` are cycles by operation, 0 for wires, which the depth does not count."""

    durations: tuple[int, ...]
    orders: tuple[Order, ...]
    contention: Contention

    @cached_property
    def incoming(self) -> list[list[tuple[int, int, int]]]:
        """Source, weight and distance of the orders into each operation."""
        table: list[list[tuple[int, int, int]]] = [[] for _ in self.durations]
        for o in self.orders:
            table[o.target].append((o.source, o.weight, o.distance))
        return table

    @cached_property
    def outgoing(self) -> list[list[tuple[int, int, int]]]:
        """Target, weight and distance of the orders out of each operation."""
        table: list[list[tuple[int, int, int]]] = [[] for _ in self.durations]
        for o in self.orders:
            table[o.source].append((o.target, o.weight, o.distance))
        return table

    def depth(self, starts: Sequence[int]) -> int:
        """Return the cycles from the first to the last, inclusive, that a placement of one iteration takes."""
        return max((s + d for s, d in zip(starts, self.durations, strict=True) if d), default=0)

    def heads(self, interval: int) -> list[int]:
        """Return the earliest starts where ports do not matter. The interval must fit the recurrences."""
        return _longest([0] * len(self.durations), self._links(interval))

    def heights(self, interval: int) -> list[int]:
        """Return how much longer an iteration takes, at least, from each operation's start on; wires count, too."""
        return _longest(list(self.durations), self._back(interval))

    def tails(self, interval: int) -> list[int]:
        """Return the least difference between each start and the depth; below zero where nothing timed follows."""
        return _longest([d or _NEVER for d in self.durations], self._back(interval))

    def settled(self, interval: int, starts: Sequence[int]) -> tuple[int, ...]:
        """Return a legal placement with the operations that take no ports as early as the others allow."""
        pinned = [start if op in self.contention.of else 0 for op, start in enumerate(starts)]
        return tuple(_longest(pinned, self._links(interval)))

    def least_depth(self, interval: int, depth: int | None = None) -> int:
        """Return a depth that no placement at the interval is below, by paths and by ports.

        It is looked for longer as long as it is less than `depth`.
        """
        heads, tails = self.heads(interval), self.tails(interval)
        least = self._queues(self.contention.classes, heads, tails)
        if depth is not None and least < depth:
            least = max(least, self._queues(self.contention.cliques, heads, tails))
        return least

    def _queues(self, parts: list[list[list[int]]], heads: Sequence[int], tails: Sequence[int]) -> int:
        least = self.depth(heads)
        for group, found in zip(self.contention.groups, parts, strict=True):
            least = max([least, *(_queue(members, group.ports, heads, tails) for members in found)])
        return least

    def _links(self, interval: int) -> list[tuple[int, int, int]]:
        return [(o.source, o.target, o.weight - interval * o.distance) for o in self.orders]

    def _back(self, interval: int) -> list[tuple[int, int, int]]:
        return [(o.target, o.source, o.weight - interval * o.distance) for o in reversed(self.orders)]


def _queue(members: Iterable[int], ports: int, heads: Sequence[int], tails: Sequence[int]) -> int:
    """Return the depth that accesses need which meet each other: they start one after another, `ports` in a cycle.

    Of those that start no earlier than a cycle, and need at least so many more, the last one waits for the others.
    """
    least = 0
    late: list[int] = []
    for member in sorted(members, key=lambda m: -heads[m]):
        late.append(tails[member])
        late.sort(reverse=True)
        queued = max(tail + number // ports for number, tail in enumerate(late))
        least = max(least, heads[member] + queued)
    return least


def _longest(least: list[int], links: Sequence[tuple[int, int, int]]) -> list[int]:
    """Return the least values at or above `least` that keep all links: value[target] >= value[source] + weight.

    Links in an order of the sources that is nearly topological take few rounds. No cycle may be positive.
    """
    for _ in range(len(least) + 1):
        changed = False
        for source, target, weight in links:
            value = least[source] + weight
            if value > least[target]:
                least[target] = value
                changed = True
        if not changed:
            return least
    raise AssertionError("the interval does not fit the recurrences")


def port_bound(groups: Sequence[PortGroup]) -> Limit:
    """Return the least interval at which the ports can serve the accesses that always want one bank, and all accesses.

    Those that happen in every iteration take a port of some bank each time, wherever they are.
    """
    best = Limit("none", 1)
    contention = Contention(groups)
    for group, classes in zip(contention.groups, contention.classes, strict=True):
        most = max(classes, key=len)
        bound = -(-len(most) // group.ports)
        if bound > best.bound:
            best = Limit("port", bound, tuple(most), group.array, 0, group.kind, group.ports)
        spread = -(-len(group.steady) // (group.ports * group.banks)) if group.banks else 1
        if spread > best.bound:
            best = Limit("port", spread, group.steady, group.array, 0, group.kind, group.ports * group.banks)
    return best


def recurrence_bound(count: int, orders: Sequence[Order]) -> Limit:
    """Return the least interval that every cycle of orders between `count` operations allows.

    Raises AssertionError for a cycle inside an iteration of positive weight, which no interval allows.
    """
    # Loaded where it is needed: it takes a tenth of the time of a start.
    import networkx

    best = Limit("none", 1)
    if all(order.source < order.target for order in orders):
        return best
    links = networkx.DiGraph()
    links.add_nodes_from(range(count))
    links.add_edges_from((order.source, order.target) for order in orders)
    part = {node: n for n, found in enumerate(networkx.strongly_connected_components(links)) for node in found}
    inside: dict[int, list[Order]] = {}
    for order in orders:
        if part[order.source] == part[order.target]:
            inside.setdefault(part[order.source], []).append(order)
    for _, component in sorted(inside.items(), key=lambda item: item[1][0]):
        while cycle := _positive_cycle(component, best.bound):
            weight, distance = sum(o.weight for o in cycle), sum(o.distance for o in cycle)
            assert distance > 0, "operations of one iteration wait for each other"
            best = Limit("recurrence", -(-weight // distance), tuple(o.source for o in cycle), "", distance)
    return best


def _positive_cycle(orders: Sequence[Order], interval: int) -> tuple[Order, ...] | None:
    """Return a cycle that does not fit the interval (by Bellman and Ford), or None."""
    longest = {o.source: 0 for o in orders}
    parent: dict[int, Order] = {}
    # Without a positive cycle the values settle within a round for each operation; with one they never do, and the
    # parents close a cycle, which is positive.
    while True:
        changed = False
        for order in orders:
            value = longest[order.source] + order.weight - interval * order.distance
            if value > longest[order.target]:
                longest[order.target], parent[order.target], changed = value, order, True
        if not changed:
            return None
        if cycle := _parent_cycle(parent):
            return cycle


def _parent_cycle(parent: dict[int, Order]) -> tuple[Order, ...] | None:
    """Return a cycle of parents, in the order of its orders, or None."""
    seen: dict[int, int] = {}
    for first in parent:
        node = first
        while node in parent and node not in seen:
            seen[node] = first
            node = parent[node].source
        if node in parent and seen[node] == first:
            cycle = [parent[node]]
            while cycle[-1].source != node:
                cycle.append(parent[cycle[-1].source])
            return tuple(reversed(cycle))
    return None
