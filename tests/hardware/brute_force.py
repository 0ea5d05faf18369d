"""The least interval of a pipeline by trying everything: independent of the analysis and of the search under test.

Every interval from 1 up is refuted by an exhaustive search over start cycles, with the delays of logic added up along
each cycle, or a placement is found. It is for small pipelines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from pipeline_model import PipelineModel, exclusive

from allo_studio.hardware.operations import Operation

__all__ = ["Unsearchable", "earliest", "fits", "least_interval"]

_EPSILON = 1e-9
_BUDGET = 4000


class Unsearchable(Exception):
    """There is too much to try."""


class _Search:
    """The search at one interval. `joint`: a bank may serve what never all meets in one cycle, although pairs do."""

    def __init__(self, model: PipelineModel, interval: int, joint: bool) -> None:
        self.model, self.interval, self.joint = model, interval, joint
        self.groups = list(model.groups())
        self.inputs: dict[int, list[int]] = defaultdict(list)
        for source, target in model.values:
            self.inputs[target].append(source)
        self.incoming: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for (source, target, weight), distance in model.orders.items():
            self.incoming[target].append((source, weight - interval * distance))
        trips = max((len(run) for runs in model.banks.values() for run in runs), default=1)
        length = sum(op.latency + 2 for op in model.operations)
        # Accesses that are further apart than this could as well be closer: nothing between them competes.
        self.horizon = length + sum(len(members) for _, members in self.groups) * (length + trips * interval)
        self.met: dict[tuple[int, int, int], bool] = {}

    def run(self) -> list[int] | None:
        """Return starts, None where there are none."""
        if self.crowded():
            return None
        waiting = [tuple([0] * len(self.model.operations))]
        seen = set(waiting)
        while waiting:
            starts = self.settled(waiting.pop())
            if starts is None:
                continue
            crowd = self._crowd(starts)
            if not crowd:
                return starts
            # All placements from here on are as late in every place; one of the crowd must be later than it is.
            for member in crowd:
                later = list(starts)
                later[member] += 1
                if tuple(later) not in seen:
                    seen.add(tuple(later))
                    waiting.append(tuple(later))
            if len(seen) > _BUDGET:
                raise Unsearchable("too many placements")
        return None

    def settled(self, least: Sequence[int]) -> list[int] | None:
        """Return the earliest starts from `least` on that keep all orders and the period; None if there are none."""
        starts, ready = list(least), [(0, 0.0)] * len(least)
        # What is possible settles within a round for each operation, as the longest paths in a graph do.
        for _ in range(len(starts) + 2):
            changed = False
            for op in self.model.operations:
                found = self._earliest(op, starts, ready)
                after = (found[0] + op.latency, op.delay_out + (0.0 if op.latency else found[1]))
                if (found[0], after) != (starts[op.index], ready[op.index]):
                    starts[op.index], ready[op.index], changed = found[0], after, True
            if not changed:
                return starts if max(starts, default=0) <= self.horizon else None
        return None

    def _earliest(self, op: Operation, starts: Sequence[int], ready: Sequence[tuple[int, float]]) -> tuple[int, float]:
        """Return the first cycle in which an operation can start, and how far into it its operands are there."""
        inputs = [ready[source] for source in self.inputs[op.index]]
        ordered = [starts[source] + weight for source, weight in self.incoming[op.index]]
        start = max([starts[op.index], *ordered, *(cycle for cycle, _ in inputs)])
        late = max((offset for cycle, offset in inputs if cycle == start), default=0.0)
        if late and late + op.delay_in > self.model.usable + _EPSILON:
            return start + 1, 0.0
        return start, late

    # Ports

    def _always(self, one: int, two: int) -> bool:
        """Tell whether two accesses only ever want one and the same bank."""
        bank = self.model.bank(one)
        return bank is not None and bank == self.model.bank(two)

    def crowded(self) -> bool:
        """Tell whether accesses are more than their bank, or all banks, can serve in an interval for ever."""
        found = (*self.model.queues(), *self.model.tangles, *self.model.spread())
        return any(len(members) > ports * self.interval for ports, members in found)

    def _meet(self, one: int, two: int, later: int) -> bool:
        """Tell whether one access and another of the iteration so much later ever want one bank."""
        if later == 0 and exclusive(self.model.operations[one], self.model.operations[two]):
            return False
        key = (one, two, later)
        if key not in self.met:
            self.met[key] = self._always(one, two) or any(self.model.together((one, two), (0, later)))
        return self.met[key]

    def _crowd(self, starts: Sequence[int]) -> tuple[int, ...]:
        """Return accesses that together want more of a bank than it has ports; none where there are none."""
        for ports, members in self.groups:
            slots: dict[int, list[int]] = defaultdict(list)
            for member in members:
                slots[starts[member] % self.interval].append(member)
            for together in slots.values():
                for crowd in combinations(together, ports + 1):
                    if self._pairwise(crowd, starts) and (not self.joint or self._jointly(crowd, starts)):
                        return crowd
        return ()

    def _pairwise(self, crowd: Sequence[int], starts: Sequence[int]) -> bool:
        return all(
            self._meet(one, two, (starts[one] - starts[two]) // self.interval) for one, two in combinations(crowd, 2)
        )

    def _jointly(self, crowd: Sequence[int], starts: Sequence[int]) -> bool:
        if all(self._always(crowd[0], other) for other in crowd):
            return True
        later = [(starts[crowd[0]] - starts[member]) // self.interval for member in crowd]
        return any(self.model.together(crowd, later))


def least_interval(model: PipelineModel, asked: int = 1, joint: bool = True, most: int = 200) -> int:
    """Return the least interval from `asked` on at which there is a placement. Raises Unsearchable."""
    for interval in range(max(asked, 1), most):
        if _Search(model, interval, joint).run() is not None:
            return interval
    raise Unsearchable("no interval was found")


def fits(model: PipelineModel, interval: int) -> bool:
    """Tell whether recurrences fit an interval, and accesses that always want one bank do."""
    search = _Search(model, interval, joint=True)
    return not search.crowded() and search.settled([0] * len(model.operations)) is not None


def earliest(model: PipelineModel, least: Mapping[int, int] | None = None) -> list[int]:
    """Return the earliest starts of the operations of one iteration alone, some from a cycle on, were ports free."""
    once = replace(model, orders={key: 0 for key, distance in model.orders.items() if not distance})
    starts = _Search(once, 1, joint=True).settled([(least or {}).get(op.index, 0) for op in model.operations])
    assert starts is not None, "operations of one iteration wait for each other"
    return starts
