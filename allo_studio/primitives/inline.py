"""`inline`: a function's body in the place of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR, in_context
from allo_studio.ir.attributes import symbol, text
from allo_studio.ir.rewrite import erase
from allo_studio.primitives.base import FunctionRef, Option, Step, argument, fault
from allo_studio.primitives.inlining import calls_in, expand
from allo_studio.primitives.references import callees

__all__ = ["Inline"]


@dataclass(frozen=True)
class Inline(Step):
    """Put the body of a function in the place of its calls; the function is gone then.

    args:
        function: the function, or one instance of it; left out, every function that the kernel calls.

    rewrite:
        def add(x: int32[8], y: int32[8]):
            for i in range(8):
                y[i] = x[i] + 1

        add(A, B)                ->    for i in range(8):
                                           B[i] = A[i] + 1

        All calls are replaced, also those in other functions that the kernel calls. Names of the function's loops
        and arrays that are taken get a number. Its arrays live where the call stood, with their layouts; an argument's
        layout is met with that of the array which is given.

    fails:
        where the kernel does not call the function, a scalar that is in the function's subscripts or bounds is given
        a computed value, the function keeps state and several functions call it, an array is declared with two
        different memories, or a pipelined loop around the call cannot unroll the function's loops.
    """

    name: ClassVar[str] = "inline"
    function: FunctionRef | None = field(
        default=None, metadata=argument("function", "the function to put in the place of its calls; none is all")
    )

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the functions that the kernel calls."""
        for name in callees(ir):
            if cls(FunctionRef(name)).fits(ir):
                yield Option({"function": name})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        targets = self._targets(ir)
        if not targets:
            yield _not_called(ir, self.function)
            return
        after = ir.clone()
        try:
            _inline(after, targets)
        except AlloError as error:
            yield from error.diagnostics
            return
        yield from _shared_state(ir, after)

    def _targets(self, ir: KernelIR) -> tuple[str, ...]:
        """Return the functions to replace, in the order of their calls."""
        known = callees(ir)
        if self.function is None:
            return known
        if self.function in known:
            return (str(self.function),)
        return tuple(name for name in known if text(ir.at(name).function, "allo.origin") == self.function)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Replace the calls and drop the functions."""
        _inline(ir, self._targets(ir))
        return ir


def _inline(ir: KernelIR, targets: tuple[str, ...]) -> None:
    with in_context():
        for name in _callees_first(ir):
            caller = ir.at(name)
            for call in calls_in(caller):
                if symbol(call, "callee") in targets:
                    expand(caller, call)
        called = {symbol(call, "callee") for name in ir.functions for call in calls_in(ir.at(name))}
        for name in targets:
            if name not in called:
                erase(ir.at(name).function)


def _callees_first(ir: KernelIR) -> list[str]:
    """Return the kernel's function and all that it calls, each after those that it calls itself."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        for call in calls_in(ir.at(name)):
            if symbol(call, "callee") not in found:
                visit(symbol(call, "callee"))
        found.setdefault(name)

    visit(ir.name)
    return list(found)


def _shared_state(before: KernelIR, after: KernelIR) -> Iterator[Diagnostic]:
    """Yield the faults of state that several functions would hold: what one writes, the other would not see."""
    held = _state_holders(before)
    for name, functions in _state_holders(after).items():
        if len(functions) > max(1, len(held.get(name, ()))):
            buffer = next(b for b in before.at(held[name][0]).buffers() if _global_name(b) == name)
            message = (
                f"{buffer.name} keeps its contents between calls, and {' and '.join(functions)} would both hold it"
            )
            yield fault(message, buffer.span, "make an instance of the function for each of them")


def _state_holders(ir: KernelIR) -> dict[str, list[str]]:
    """Return which functions hold each state, by the name of its global."""
    found: dict[str, list[str]] = {}
    for function in _callees_first(ir):
        for buffer in ir.at(function).buffers():
            if buffer.kind == "state":
                found.setdefault(_global_name(buffer), []).append(function)
    return found


def _global_name(buffer: Buffer) -> str:
    return symbol(buffer.value.owner.operation, "name") if buffer.kind == "state" else ""


def _not_called(ir: KernelIR, function: str | None) -> Diagnostic:
    known = callees(ir)
    listing = f"{ir.name} calls {', '.join(known)}" if known else f"{ir.name} calls no function"
    if function is None:
        return fault(f"{ir.name} calls no function, so there is nothing to inline", hint="leave the step out")
    return fault(f"{ir.name} does not call a function {function!r}", hint=listing)
