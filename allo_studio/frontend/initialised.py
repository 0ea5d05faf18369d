"""Locals that are read before anything can have been written to them, where the text alone tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from allo_studio.frontend.faults import Faults
from allo_studio.frontend.tree import Binary, Declare, Expression, Kernel, Load, Loop, Memory, Negate, Statement, Store
from allo_studio.source import Span

__all__ = ["check_initialised", "written"]

_HINT = "set it where it is declared, such as x: float32 = 0.0"


@dataclass(frozen=True)
class _Access:
    """A read or write of a memory in the order of the text; `updates` marks a write that reads its own element."""

    memory: Memory
    loops: tuple[Loop, ...]
    span: Span
    write: bool = False
    updates: bool = False


@dataclass(frozen=True)
class _Birth:
    memory: Memory
    loops: tuple[Loop, ...]


def written(kernel: Kernel) -> set[Memory]:
    """Return the memories that a statement of the kernel writes to."""
    return {event.memory for event in _events(kernel.body, ()) if isinstance(event, _Access) and event.write}


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


def _events(body: tuple[Statement, ...], loops: tuple[Loop, ...]) -> Iterator[_Birth | _Access]:
    for statement in body:
        match statement:
            case Loop():
                yield from _events(statement.body, (*loops, statement))
            case Declare(memory=memory, initial=initial):
                if initial is None:
                    yield _Birth(memory, loops)
                else:
                    yield from (_Access(load.memory, loops, load.span) for load in _loads(initial))
            case Store(memory=memory, subscripts=at, value=value, span=span):
                loads = list(_loads(value))
                yield from (_Access(load.memory, loops, load.span) for load in loads)
                updates = any(load.memory is memory and load.subscripts == at for load in loads)
                yield _Access(memory, loops, span, write=True, updates=updates)


def _loads(value: Expression) -> Iterator[Load]:
    match value:
        case Load():
            yield value
        case Binary(left=left, right=right):
            yield from _loads(left)
            yield from _loads(right)
        case Negate(operand=operand):
            yield from _loads(operand)
