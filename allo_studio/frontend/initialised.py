"""Locals that are read before anything can have been written to them, where the text alone tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from allo_studio.frontend.faults import Faults
from allo_studio.frontend.tree import (
    Bits,
    Expression,
    Load,
    Memory,
    Reinterpret,
    SetBits,
    parts_of,
    statements_in,
)
from allo_studio.frontend.tree_calls import Call
from allo_studio.frontend.tree_statements import Declare, If, Kernel, Loop, Statement, Store, While
from allo_studio.ir import LinearExpr
from allo_studio.source import Span

__all__ = ["check_initialised", "partly_set", "written"]

_HINT = "set it where it is declared, such as x: float32 = 0.0"


@dataclass(frozen=True)
class _Access:
    """A read or write of a memory in the order of the text.

    `updates` marks a write that reads its own element, `partial` one that sets some bits or a field of it.
    """

    memory: Memory
    loops: tuple[Loop | While, ...]
    span: Span
    write: bool = False
    updates: bool = False
    partial: bool = False


@dataclass(frozen=True)
class _Birth:
    memory: Memory
    loops: tuple[Loop | While, ...]


def written(body: tuple[Statement, ...]) -> set[Memory]:
    """Return the memories that a statement of a body writes to."""
    return {event.memory for event in _events(body, ()) if isinstance(event, _Access) and event.write}


def partly_set(body: tuple[Statement, ...]) -> set[Memory]:
    """Return the memories of which the text first sets some bits or a field: the rest of them starts as 0."""
    first: dict[Memory, _Access] = {}
    for event in _events(body, ()):
        if isinstance(event, _Access):
            first.setdefault(event.memory, event)
    return {memory for memory, access in first.items() if access.partial}


def check_initialised(kernel: Kernel, faults: Faults) -> None:
    """Report the locals without initial value that are certainly read, or returned, before they are set."""
    events = list(_events(kernel.body, ()))
    for birth in events:
        if isinstance(birth, _Birth):
            accesses = [e for e in events if isinstance(e, _Access) and e.memory is birth.memory]
            _check(birth, accesses, birth.memory in kernel.results, faults)


def _check(birth: _Birth, accesses: list[_Access], returned: bool, faults: Faults) -> None:
    name = birth.memory.name
    writes = [number for number, access in enumerate(accesses) if access.write]
    if not writes:
        if accesses or returned:
            place = accesses[0].span if accesses else birth.memory.span
            use = "read" if accesses else "returned"
            faults.add("uninitialised", place, f"{name!r} is {use}, but never set", _HINT)
        return
    if all(accesses[number].updates for number in writes):
        # The first of them to run, whichever it is, reads what nothing has set.
        faults.add("uninitialised", accesses[writes[0]].span, f"{name!r} is updated, but never set before", _HINT)
        return
    for number, access in enumerate(accesses[: writes[0]]):
        around = access.loops[len(birth.loops) :]
        # A write further down can come first in time only in an earlier iteration of a loop around both.
        if not any(set(around) & set(later.loops) for later in accesses[number:] if later.write):
            faults.add("uninitialised", access.span, f"{name!r} is read before it is set", _HINT)
            return


_Loops = tuple[Loop | While, ...]


def _events(body: tuple[Statement, ...], loops: _Loops) -> Iterator[_Birth | _Access]:
    """Return what happens to memories, in the order of the text. A write in a branch counts."""
    for statement in body:
        match statement:
            case Loop(computed=bounds, body=inner):
                ends = (end for end in bounds or () if not isinstance(end, LinearExpr))
                yield from _reads(ends, loops)
                yield from _events(inner, (*loops, statement))
            case While(before=before, condition=condition, body=inner):
                around = (*loops, statement)
                yield from _events(before, around)
                yield from _reads((condition,), around)
                yield from _events(inner, around)
            case If(condition=condition, body=inner, otherwise=otherwise):
                yield from _reads((condition,), loops)
                yield from _events(inner, loops)
                yield from _events(otherwise, loops)
            case Declare(memory=memory, initial=None):
                if memory.contents is None:
                    yield _Birth(memory, loops)
            case Declare(initial=initial) if initial is not None:
                yield from _reads((initial,), loops)
            case Store():
                yield from _store(statement, loops)
            case Call(span=span):
                yield from _reads(statement.values, loops)
                yield from (_Access(memory, loops, span) for memory in statement.reads)
                yield from (_Access(memory, loops, span, write=True) for memory in statement.writes)


def _store(store: Store, loops: _Loops) -> Iterator[_Birth | _Access]:
    new = tuple(_new(store.value, store))
    values = (*(part for part in store.subscripts if not isinstance(part, LinearExpr)), *new)
    yield from _reads(values, loops)
    updates = any(_is_own(load, store) for value in values for load in _loads(value))
    yield _Access(store.memory, loops, store.span, write=True, updates=updates, partial=new != (store.value,))


def _new(value: Expression, store: Store) -> Iterator[Expression]:
    """Return what is put in the place of an element, or of bits of it: the bits that stay are not read."""
    match value:
        case SetBits(operand=operand, low=low, value=inner) if _is_own(_whole(operand), store):
            if not isinstance(low, int):
                yield low
            yield from _new(inner, store)
        case Reinterpret(operand=SetBits() as inner):
            yield from _new(inner, store)
        case _:
            yield value


def _whole(value: Expression) -> Expression:
    """Return what some bits are taken of."""
    while isinstance(value, Bits | Reinterpret):
        value = value.operand
    return value


def _is_own(value: Expression, store: Store) -> bool:
    return isinstance(value, Load) and value.memory is store.memory and value.subscripts == store.subscripts


def _reads(values: Iterable[Expression], loops: _Loops) -> Iterator[_Birth | _Access]:
    for value in values:
        yield from _events(statements_in(value), loops)
        yield from _reads(parts_of(value), loops)
        if isinstance(value, Load):
            yield _Access(value.memory, loops, value.span)


def _loads(value: Expression) -> Iterator[Load]:
    for part in parts_of(value):
        yield from _loads(part)
    if isinstance(value, Load):
        yield value
