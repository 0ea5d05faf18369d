"""A pipeline as its iterations show it: which accesses must keep their order, and which want one bank in one cycle.

Of the schedule it takes the operations of an iteration: what each takes, its latency and delays, and where it accesses
memory. The rest is found by going over all iterations of all executions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.nest import Item, Nested, Pipeline, Segment, WhilePipeline
from allo_studio.hardware.operations import Operation, Result
from allo_studio.hardware.storage import Storage
from allo_studio.layout import DimLayout

__all__ = ["Address", "PipelineModel", "alike", "exclusive", "executions"]

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
        for run in runs:
            model._orders_of(accesses, run, storages)
            model._banks_of(accesses, run, storages)
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
