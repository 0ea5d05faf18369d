"""What is scheduled: operations with latencies, delays and port needs, and the dependences between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from allo_studio.source import Span

__all__ = ["Dependence", "Operation", "OperationGraph", "PortUse", "ports_needed", "ports_of_iteration"]


@dataclass(frozen=True)
class PortUse:
    """The port of an array's bank that an access takes for one cycle.

    Accesses whose subscripts differ by constants have the same `group`, and their `bank`s and `address`es are known
    relative to each other while they belong to the same iteration. A group that is None has absolute banks.
    `ports` is what each bank has.
    """

    array: str
    ports: int
    group: Hashable
    bank: tuple[int, ...]
    address: Hashable
    write: bool


@dataclass(frozen=True)
class Operation:
    """One operation of one lane. `latency` is cycles to the result, delays are ns (see `operators.Operator`)."""

    index: int
    kind: str
    label: str
    latency: int
    delay_in: float
    delay_out: float
    operator: str = ""
    buffer: str = ""
    use: PortUse | None = None
    span: Span | None = None


@dataclass(frozen=True)
class Dependence:
    """`target` follows `source`, `distance` iterations later.

    With `weight` None (and distance 0) the target takes the source's result, and may chain after it in a cycle if
    the delays fit; else the target starts at least `weight` cycles after the source's start.
    """

    source: int
    target: int
    distance: int = 0
    weight: int | None = None


@dataclass(frozen=True)
class OperationGraph:
    """The operations of one iteration (all lanes), in program order, and their dependences."""

    operations: tuple[Operation, ...]
    dependences: tuple[Dependence, ...]
    usable_ns: float
    # Accesses that the same stream port makes: operation index by stream argument, in program order.
    streams: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def incoming(self) -> Mapping[int, tuple[Dependence, ...]]:
        """The dependences into each operation."""
        table: dict[int, list[Dependence]] = defaultdict(list)
        for dependence in self.dependences:
            table[dependence.target].append(dependence)
        return {index: tuple(found) for index, found in table.items()}

    @cached_property
    def outgoing(self) -> Mapping[int, tuple[Dependence, ...]]:
        """The dependences out of each operation."""
        table: dict[int, list[Dependence]] = defaultdict(list)
        for dependence in self.dependences:
            table[dependence.source].append(dependence)
        return {index: tuple(found) for index, found in table.items()}

    def least_weight(self, dependence: Dependence) -> int:
        """Return the fewest cycles between the starts of a dependence's ends, were they alone in their cycles."""
        if dependence.weight is not None:
            return dependence.weight
        source, target = self.operations[dependence.source], self.operations[dependence.target]
        chains = source.delay_out + target.delay_in <= self.usable_ns + 1e-9
        return source.latency + (0 if chains else 1)


def ports_needed(uses: list[tuple[int, PortUse]]) -> int:
    """Return the ports that the fullest bank of one array needs for accesses in one cycle, at worst.

    `uses` pairs each access with its iteration's cycle: accesses of one group and cycle have known banks relative to
    each other; anything else may meet in one bank. Reads of one element in one iteration share a port.
    """
    return _fullest(
        (
            None if use.group is None else (cycle, use.group),
            use.bank,
            number if use.write else (cycle, use.group, use.address),
        )
        for number, (cycle, use) in enumerate(uses)
    )


def ports_of_iteration(uses: Sequence[PortUse]) -> int:
    """Return the port cycles that the fullest bank of one array gives to an iteration, at the least.

    `uses` are in program order. Reads of one element can share a cycle unless a write of it lies between them.
    """
    writes: dict[Hashable, int] = defaultdict(int)
    entries: list[tuple[Hashable, tuple[int, ...], Hashable]] = []
    for number, use in enumerate(uses):
        element = (use.group, use.address)
        entries.append((use.group, use.bank, number if use.write else (element, writes[element])))
        writes[element] += use.write
    return _fullest(entries)


def _fullest(entries: Iterable[tuple[Hashable, tuple[int, ...], Hashable]]) -> int:
    """Return what the fullest bank must serve: entries are what is known of the bank, the bank, and the access."""
    demand: dict[Hashable, dict[tuple[int, ...], set[Hashable]]] = defaultdict(lambda: defaultdict(set))
    for known, bank, access in entries:
        demand[known][bank].add(access)
    return sum(max(len(found) for found in banks.values()) for banks in demand.values())
