"""A pipeline as its iterations show it: which accesses must keep their order, and which want one bank in one cycle.

Of the schedule it takes the operations of an iteration: what each takes, its latency and delays, and where it accesses
memory. The rest is found by going over all iterations of all executions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import combinations, product
from math import lcm
from typing import TypeAlias

from allo_studio.hardware.counters import Affine, Counter, variables
from allo_studio.hardware.nest import Item, Nested, Pipeline, Segment, WhilePipeline
from allo_studio.hardware.operations import Operation, Result
from allo_studio.hardware.storage import Storage
from allo_studio.layout import DimLayout

__all__ = ["Address", "PipelineModel", "alike", "exclusive", "executions"]

# More than these are not tried.
_MOST_DISTANCES, _MOST_TANGLED = 400, 8

Environment: TypeAlias = "dict[int | str, int]"
# A number a dimension, None where it is computed from data.
Address: TypeAlias = "tuple[int | None, ...]"


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
    banks: dict[int, list[list[Address]]] = field(default_factory=dict)
    arrays: dict[int, str] = field(default_factory=dict)
    # How many banks an array has.
    whole: dict[str, int] = field(default_factory=dict)
    # The banks of accesses that go round, by access, execution and iteration, also where there are no iterations.
    endless: dict[int, list[Callable[[int], Address]]] = field(default_factory=dict)
    # After how many iterations they are the same again.
    rounds: dict[int, int] = field(default_factory=dict)
    _only: dict[int, Address | None] = field(default_factory=dict)

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
        counters = item.counters if isinstance(item, Pipeline) else ()
        first, own = counters[0] if counters else None, {counter.key for counter in counters}
        for run in runs:
            model._orders_of(accesses, run, storages)
            model._banks_of(accesses, run, storages)
            for op in accesses:
                if op.index in model.banks and first is not None:
                    model._endless_banks_of(op, run, storages[_key(op.buffer)], first, own)
        return model

    def _orders_of(
        self, accesses: Sequence[Operation], run: Sequence[Environment], storages: Mapping[str, Storage]
    ) -> None:
        # The last iteration in which each access touched an element; the elements of each buffer, by address.
        touched: dict[object, dict[Address, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
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

    def _endless_banks_of(
        self, op: Operation, run: Sequence[Environment], storage: Storage, first: Counter, own: set[int]
    ) -> None:
        dims = list(zip(storage.layout.normal(storage.type.shape).dims, storage.type.shape, strict=True))
        if not all(
            dim.kind in ("none", "cyclic") or s is None or not own & set(variables(s))
            for (dim, _), s in zip(dims, op.subscripts, strict=True)
        ):
            return
        start = run[0][first.key] if run else 0
        inner = sum(env[first.key] == start for env in run)

        @cache
        def bank(number: int) -> Address:
            outer = start + number // inner * first.step * first.lanes
            return _bank(_address(op, {**run[number % inner], first.key: outer}), dims)

        self.endless.setdefault(op.index, []).append(bank)
        if all(isinstance(key, int | str) for s in op.subscripts if isinstance(s, Affine) for key, _ in s.terms):
            self.rounds[op.index] = max(inner, 1) * lcm(*(dim.factor for dim, _ in dims if dim.kind == "cyclic"))

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

    def bank(self, access: int) -> Address | None:
        """Return the only bank that an access ever wants, None where there are several."""
        if access not in self._only:
            found = {bank for run in self.banks[access] for bank in run}
            bank = found.pop() if len(found) == 1 else None
            self._only[access] = None if bank is None or None in bank else bank
        return self._only[access]

    def queues(self) -> Iterator[tuple[int, list[int]]]:
        """Yield the accesses that want one bank in all iterations, whatever the conditions, and the ports it has."""
        for ports, members in self.groups():
            found: dict[Address, list[int]] = defaultdict(list)
            for member in members:
                bank = self.bank(member)
                if bank is not None and not self.operations[member].guards:
                    found[bank].append(member)
            yield from ((ports, queue) for queue in found.values())

    def together(self, crowd: Sequence[int], later: Sequence[int]) -> Iterator[bool]:
        """Yield, for every iteration, whether accesses want one bank, each in the iteration so much later.

        Banks that go round do so as if the loop went on, of which all iterations are looked at of which one is real.
        """
        for number, length in enumerate(map(len, self.banks[crowd[0]])):
            wanted: list[Callable[[int], Address]]
            if all(member in self.endless for member in crowd):
                found = range(-max(later), length - min(later))
                wanted = [self.endless[member][number] for member in crowd]
            else:
                found = range(-min(later), length - max(later))
                wanted = [self.banks[member][number].__getitem__ for member in crowd]
            for n in found:
                if any(0 <= n + k < length for k in later):
                    at = [bank(n + k) for bank, k in zip(wanted, later, strict=True)]
                    yield all(alike(one, two) for one, two in combinations(at, 2))

    @cached_property
    def tangles(self) -> list[tuple[int, list[int]]]:
        """Accesses of which, however far apart, no more can share a slot than the ports they have, and the ports."""
        return list(self._tangled(lambda member: range(self.rounds.get(member, 0))))

    @cached_property
    def crowds(self) -> list[tuple[int, list[int]]]:
        """Accesses of which no more than the ports they have can start in one cycle, and the ports."""
        return list(self._tangled(lambda member: range(1)))

    def _tangled(self, distances: Callable[[int], range]) -> Iterator[tuple[int, list[int]]]:
        for ports, group in self.groups():
            members = [member for member in group if not self.operations[member].guards and distances(member)]
            reach = lcm(*(len(distances(member)) for member in members))
            if reach**ports > _MOST_DISTANCES or len(members) > _MOST_TANGLED:
                continue
            crowds = {
                crowd
                for crowd in combinations(members, ports + 1)
                if all(any(self.together(crowd, (0, *later))) for later in product(range(reach), repeat=ports))
            }
            for size in range(len(members), ports, -1):
                whole = (m for m in combinations(members, size) if crowds.issuperset(combinations(m, ports + 1)))
                if found := next(whole, None):
                    yield ports, list(found)
                    break


def _key(buffer: str) -> str:
    return buffer.partition("#")[0]


def _address(op: Operation, env: Environment) -> Address:
    return tuple(s.evaluate(env) if isinstance(s, Affine) else None for s in op.subscripts)


def _like(address: Address, known: Mapping[Address, object]) -> list[Address]:
    """Return the known addresses that may be the same element."""
    if None not in address and not any(None in other for other in known):
        return [address] if address in known else []
    return [other for other in known if alike(address, other)]


def _bank(address: Address, dims: Sequence[tuple[DimLayout, int]]) -> Address:
    """Return the bank of an address, None along a partitioned dimension where it is computed."""
    return tuple(
        0 if dim.kind == "none" else None if a is None else dim.bank(a, extent)
        for a, (dim, extent) in zip(address, dims, strict=True)
    )


def alike(one: Address, two: Address) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(one, two, strict=True))
