"""From collected operations to a graph: what nothing takes is left out, then latencies, dependences and ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

from allo_studio.diagnostics import AlloError
from allo_studio.hardware.accesses import Access, dependences
from allo_studio.hardware.balance import balance
from allo_studio.hardware.counters import Affine
from allo_studio.hardware.iterations import Space
from allo_studio.hardware.netlist import Draft, Netlist
from allo_studio.hardware.operations import (
    Dependence,
    Guard,
    Operand,
    Operation,
    OperationGraph,
    PortGroup,
    Result,
)
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.port_groups import memory_groups
from allo_studio.hardware.storage import Bound, Storage

__all__ = ["finish"]


class Owner(Protocol):
    """What must be known of the function."""

    @property
    def library(self) -> OperatorLibrary:
        """The operators."""


def finish(owner: Owner, netlist: Netlist, space: Space, exports: Mapping[int, Operand]) -> OperationGraph:
    """Return the graph of what was collected. Raises AlloError (code `target`) where an operator has no figures."""
    netlist.close()
    balance(netlist)
    alive = _alive(netlist, exports)
    numbers = {draft.number: number for number, draft in enumerate(alive)}
    operations = tuple(_operation(draft, numbers, owner.library) for draft in alive)
    accesses = {op.index: _access(op, draft) for op, draft in zip(operations, alive, strict=True) if _touches(draft)}
    links = [*_values(operations), *_token_order(netlist, numbers, bool(space.counters))]
    links += dependences(list(accesses.values()), space)
    groups, links = memory_groups(_arrays(operations, alive, accesses), links, space, owner.library)
    return OperationGraph(
        operations,
        tuple(dict.fromkeys(links)),
        owner.library.usable_ns,
        (*groups, *_stream_groups(netlist, numbers)),
        {name: tuple(numbers[token.number] for token in tokens) for name, tokens in netlist.tokens.items()},
        {live: _renumbered(operand, numbers) for live, operand in exports.items()},
    )


def _alive(netlist: Netlist, exports: Mapping[int, Operand]) -> list[Draft]:
    """Return what has an effect, or is taken by what has."""
    todo = [draft for draft in netlist.drafts if draft.kind in ("store", "read", "write") and not draft.dead]
    todo += [netlist.made[o.operation] for o in exports.values() if isinstance(o, Result)]
    found = {draft.number for draft in todo}
    while todo:
        for operand in todo.pop().operands:
            if isinstance(operand, Result) and operand.operation not in found:
                found.add(operand.operation)
                todo.append(netlist.made[operand.operation])
    return [draft for draft in netlist.drafts if draft.number in found]


# Operations


def _operation(draft: Draft, numbers: Mapping[int, int], library: OperatorLibrary) -> Operation:
    made = Operation(
        numbers[draft.number],
        draft.kind,
        draft.function,
        draft.label,
        tuple(_renumbered(operand, numbers) for operand in draft.inputs),
        draft.type,
        latency=0,
        delay_in=0.0,
        delay_out=0.0,
        buffer=draft.buffer.name if draft.buffer else "",
        subscripts=tuple(s if isinstance(s, Affine) else _renumbered(s, numbers) for s in draft.subscripts),
        guards=tuple(Guard(_renumbered(g.operand, numbers), g.truth, g.branch) for g in draft.guards),
        predicate=draft.predicate,
        span=draft.span,
    )
    if draft.kind == "compute":
        return _computing(made, draft, library)
    return _accessing(made, draft.buffer, library) if draft.kind in ("load", "store") else _moving(made)


def _computing(made: Operation, draft: Draft, library: OperatorLibrary) -> Operation:
    if draft.operator is None:
        return replace(made, wire=True)
    try:
        known = library.operator(*draft.operator, draft.implementation)
    except AlloError as error:
        raise AlloError([replace(found, span=found.span or draft.span) for found in error.diagnostics]) from None
    timed = replace(made, latency=known.latency, delay_in=known.delay_in, delay_out=known.delay_out)
    return replace(timed, operator=known.name, bound=bool(draft.implementation))


def _moving(made: Operation) -> Operation:
    """A token is there in the cycle in which it is moved; its elements are wires."""
    return replace(made, wire=made.kind == "element")


def _accessing(made: Operation, buffer: Bound | None, library: OperatorLibrary) -> Operation:
    assert buffer is not None
    storage, memory = buffer.storage, library.memory
    if not storage.register:
        if made.kind == "store":
            return replace(made, delay_in=memory.delay_in)
        latency = storage.read_latency(memory.read_latency)
        return replace(made, latency=latency, delay_in=memory.delay_in, delay_out=memory.delay_out)
    if made.kind == "store":
        return made
    if all(isinstance(s, Affine) and s.is_constant for s in made.subscripts) or storage.type.size == 1:
        # Reading a register is a wire: it takes no cycle of its own.
        return replace(made, wire=True)
    # Which of the registers is meant is chosen by a tree of selects.
    select = library.operator("select", storage.type.element.bits)
    levels = max(storage.type.size - 1, 1).bit_length()
    delay = select.delay_out * levels
    stages = max(-int(-delay // library.usable_ns), 1)
    share = delay / stages
    units = storage.type.size - 1
    return replace(made, latency=stages - 1, delay_in=share, delay_out=share, operator=select.name, units=max(units, 1))


def _renumbered(operand: Operand, numbers: Mapping[int, int]) -> Operand:
    return Result(numbers[operand.operation]) if isinstance(operand, Result) else operand


# Dependences


def _values(operations: Sequence[Operation]) -> Iterator[Dependence]:
    for op in operations:
        for operand in op.operands:
            if isinstance(operand, Result):
                yield Dependence(operand.operation, op.index)


def _token_order(netlist: Netlist, numbers: Mapping[int, int], repeated: bool) -> Iterator[Dependence]:
    """Yield what keeps a stream's tokens in order: one moves in a cycle."""
    for tokens in netlist.tokens.values():
        found = [numbers[token.number] for token in tokens]
        for one, two in pairwise(found):
            yield Dependence(one, two, 0, 1)
        if repeated:
            yield Dependence(found[-1], found[0], 1, 1)


def _touches(draft: Draft) -> bool:
    return draft.kind in ("load", "store")


def _access(op: Operation, draft: Draft) -> Access:
    buffer = draft.buffer
    assert buffer is not None
    storage = buffer.storage
    return Access(
        op.index,
        op.buffer,
        op.write,
        tuple(s if isinstance(s, Affine) else None for s in op.subscripts),
        storage.register,
        buffer.fresh,
        tuple((guard.branch, guard.truth) for guard in op.guards),
        storage.type.shape,
    )


# Ports


def _arrays(
    operations: Sequence[Operation], alive: Sequence[Draft], accesses: Mapping[int, Access]
) -> Mapping[str, tuple[Storage, list[Access]]]:
    """Return the memories that are no registers, with their accesses in program order, by name."""
    found: dict[str, tuple[Storage, list[Access]]] = {}
    for op, draft in zip(operations, alive, strict=True):
        if _touches(draft) and draft.buffer and not draft.buffer.storage.register:
            found.setdefault(op.buffer, (draft.buffer.storage, []))[1].append(accesses[op.index])
    return dict(sorted(found.items()))


def _stream_groups(netlist: Netlist, numbers: Mapping[int, int]) -> Iterator[PortGroup]:
    for name, tokens in netlist.tokens.items():
        members = tuple(numbers[token.number] for token in tokens)
        yield PortGroup(name, 1, members, lambda a, b, later: True, lambda a, b: True)
