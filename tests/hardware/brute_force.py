"""The least interval of a pipeline by trying everything: independent of the analysis and of the search under test.

Of the schedule it takes the operations of an iteration: what each takes, its latency and delays, and where it accesses
memory. Which accesses must keep their order, and which want one bank in one cycle, is found by going over all
iterations of all executions. Then every interval from 1 up is refuted by an exhaustive search, or a placement is found.
It is for small pipelines with constant or affine bounds and subscripts that are not computed from data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TypeAlias

from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.nest import Item, Nested, Pipeline, Segment, WhilePipeline
from allo_studio.hardware.operations import Operation, Result
from allo_studio.hardware.storage import Storage
from allo_studio.layout import DimLayout

__all__ = ["PipelineModel", "Unsearchable", "earliest", "executions", "fits", "least_interval"]

Environment: TypeAlias = "dict[int | str, int]"
# A number a dimension, None where it is computed from data.
_Address: TypeAlias = "tuple[int | None, ...]"
_EPSILON = 1e-9
_BUDGET = 4000


class Unsearchable(Exception):
    """There is too much to try."""


def executions(
    items: Sequence[Item], outer: Mapping[int | str, int] | None = None
) -> Iterator[tuple[Pipeline, list[Environment]]]:
    """Yield every execution of every pipeline of a function's control: the counters' values in each iteration."""
    env = dict(outer or {})
    for item in items:
        if isinstance(item, Nested):
            for value in _values(item.counter, env):
                yield from executions(item.body, {**env, item.counter.key: value})
        elif isinstance(item, Pipeline):
            yield item, list(_iterations(item.counters, env))


def _values(counter: Counter, env: Mapping[int | str, int], lanes: int = 1) -> range:
    low = max(bound.evaluate(env) for bound in counter.lower)
    high = min(bound.evaluate(env) for bound in counter.upper)
    return range(low, high, counter.step * lanes)


def _iterations(counters: Sequence[Counter], env: Environment) -> Iterator[Environment]:
    if not counters:
        yield env
        return
    for value in _values(counters[0], env, counters[0].lanes):
        yield from _iterations(counters[1:], {**env, counters[0].key: value})


def exclusive(one: Operation, two: Operation) -> bool:
    """Tell whether two accesses of one iteration are on different sides of an `if`."""
    other = {(guard.branch, guard.truth) for guard in two.guards}
    return any((guard.branch, not guard.truth) in other for guard in one.guards)


@dataclass
class PipelineModel:
    """A pipeline as its iterations show it.

    `orders[a, b]` is how many iterations before `b` an access `a` is at least, in which case `b` starts no earlier than
    `weight[a, b]` cycles after `a`. `banks[a]` is the bank of access `a` in each iteration of each execution.
    """

    operations: Sequence[Operation]
    usable: float
    ports: Mapping[str, int]
    values: list[tuple[int, int]] = field(default_factory=list)
    orders: dict[tuple[int, int, int], int] = field(default_factory=dict)
    banks: dict[int, list[list[_Address]]] = field(default_factory=dict)
    arrays: dict[int, str] = field(default_factory=dict)
    # How many banks an array has.
    whole: dict[str, int] = field(default_factory=dict)
    _only: dict[int, _Address | None] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        item: Segment | Pipeline | WhilePipeline,
        runs: Sequence[Sequence[Environment]],
        storages: Mapping[str, Storage],
        ports: Mapping[str, int],
    ) -> PipelineModel:
        """Return what all executions of a pipeline show. A computed subscript may be any number."""
        graph = item.graph
        model = cls(graph.operations, graph.usable_ns, ports)
        for op in graph.operations:
            model.values += [(o.operation, op.index) for o in op.operands if isinstance(o, Result)]
        accesses = [op for op in graph.operations if op.kind in ("load", "store")]
        for run in runs:
            model._orders_of(accesses, run, storages)
            model._banks_of(accesses, run, storages)
        return model

    def _orders_of(
        self, accesses: Sequence[Operation], run: Sequence[Environment], storages: Mapping[str, Storage]
    ) -> None:
        # The last iteration in which each access touched an element; the elements of each buffer, by address.
        touched: dict[object, dict[_Address, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
        for number, env in enumerate(run):
            for two in accesses:
                # A buffer that each iteration makes anew is another one in each.
                elements = touched[two.buffer, number if "#" in two.buffer else -1]
                address = _address(two, env)
                for other in _like(address, elements):
                    for before, last in elements[other].items():
                        one = self.operations[before]
                        if (one.write or two.write) and not (last == number and exclusive(one, two)):
                            self._order(one, two, number - last, storages[_key(one.buffer)].register)
                elements[address][two.index] = number

    def _order(self, one: Operation, two: Operation, distance: int, register: bool) -> None:
        if register and distance == 0 and one.write and not two.write:
            # In its own iteration a register's new value is a wire.
            if (one.index, two.index) not in self.values:
                self.values.append((one.index, two.index))
            return
        key = (one.index, two.index, int(one.write))
        self.orders[key] = min(distance, self.orders.get(key, distance))

    def _banks_of(
        self, accesses: Sequence[Operation], run: Sequence[Environment], storages: Mapping[str, Storage]
    ) -> None:
        for op in accesses:
            storage = storages[_key(op.buffer)]
            if not storage.register:
                dims = list(zip(storage.layout.normal(storage.type.shape).dims, storage.type.shape, strict=True))
                self.arrays[op.index] = op.buffer
                self.whole[op.buffer] = storage.layout.banks(storage.type.shape)
                self.banks.setdefault(op.index, []).append([_bank(_address(op, env), dims) for env in run])

    def spread(self) -> Iterator[tuple[int, list[int]]]:
        """Yield the accesses of an array that happen in every iteration, and the ports that all its banks have.

        Over many iterations they can be no more; a loop that ends before its first store begins is not meant.
        """
        for ports, members in self.groups():
            steady = [member for member in members if not self.operations[member].guards]
            yield ports * self.whole[self.arrays[members[0]]], steady

    def groups(self) -> Iterator[tuple[int, list[int]]]:
        """Yield the accesses that share ports, and how many ports each bank has."""
        for array in sorted(set(self.arrays.values())):
            for kind, count in self.ports.items():
                wanted = [n for n, name in self.arrays.items() if name == array]
                members = [n for n in wanted if kind == "any" or self.operations[n].write == (kind == "write")]
                if len(members) > count:
                    yield count, members

    def bank(self, access: int) -> _Address | None:
        """Return the only bank that an access ever wants, None where there are several."""
        if access not in self._only:
            found = {bank for run in self.banks[access] for bank in run}
            bank = found.pop() if len(found) == 1 else None
            self._only[access] = None if bank is None or None in bank else bank
        return self._only[access]

    def queues(self) -> Iterator[tuple[int, list[int]]]:
        """Yield the accesses that want one bank in all iterations, whatever the conditions, and the ports it has."""
        for ports, members in self.groups():
            found: dict[_Address, list[int]] = defaultdict(list)
            for member in members:
                bank = self.bank(member)
                if bank is not None and not self.operations[member].guards:
                    found[bank].append(member)
            yield from ((ports, queue) for queue in found.values())


def _key(buffer: str) -> str:
    return buffer.partition("#")[0]


def _address(op: Operation, env: Environment) -> _Address:
    return tuple(s.evaluate(env) if isinstance(s, Affine) else None for s in op.subscripts)


def _like(address: _Address, known: Mapping[_Address, object]) -> list[_Address]:
    """Return the known addresses that may be the same element."""
    if None not in address and not any(None in other for other in known):
        return [address] if address in known else []
    return [other for other in known if _alike(address, other)]


def _bank(address: _Address, dims: Sequence[tuple[DimLayout, int]]) -> _Address:
    """Return the bank of an address, None along a partitioned dimension where it is computed."""
    return tuple(
        0 if dim.kind == "none" else None if a is None else dim.bank(a, extent)
        for a, (dim, extent) in zip(address, dims, strict=True)
    )


def _alike(one: _Address, two: _Address) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(one, two, strict=True))


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
        found = (*self.model.queues(), *self.model.spread())
        return any(len(members) > ports * self.interval for ports, members in found)

    def _meet(self, one: int, two: int, later: int) -> bool:
        """Tell whether one access and another of the iteration so much later ever want one bank."""
        if later == 0 and exclusive(self.model.operations[one], self.model.operations[two]):
            return False
        key = (one, two, later)
        if key not in self.met:
            pairs = zip(self.model.banks[one], self.model.banks[two], strict=True)
            self.met[key] = self._always(one, two) or any(
                _alike(first[n], second[n + later])
                for first, second in pairs
                for n in range(max(0, -later), min(len(first), len(first) - later))
            )
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
        for runs in zip(*(self.model.banks[member] for member in crowd), strict=True):
            for n in range(-min(later), len(runs[0]) - max(later)):
                wanted = [run[n + k] for run, k in zip(runs, later, strict=True)]
                if all(_alike(one, two) for one, two in combinations(wanted, 2)):
                    return True
        return False


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


def earliest(model: PipelineModel) -> list[int]:
    """Return the earliest starts of the operations of one iteration for itself, were there ports enough."""
    once = replace(model, orders={key: 0 for key, distance in model.orders.items() if not distance})
    starts = _Search(once, 1, joint=True).settled([0] * len(model.operations))
    assert starts is not None, "operations of one iteration wait for each other"
    return starts
