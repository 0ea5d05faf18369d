"""`parallel`: iterations of a loop side by side, proven independent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.analysis.dependences import dependences
from allo_studio.analysis.legality import Violation
from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.ir.attributes import flag
from allo_studio.primitives.base import LoopRef, Option, Step, argument, fault
from allo_studio.primitives.promises import PARALLEL, broken_promise, promise

__all__ = ["Parallel"]


@dataclass(frozen=True)
class Parallel(Step):
    """Let hardware run iterations of a loop at the same time, in any order, without a look at the memories.

    It is proven that no iteration touches an element that another one writes; memories that are declared in the
    loop's body are private to an iteration. How many iterations stand side by side is for `unroll` and `pipeline` to
    say. A later step that makes the iterations depend on each other takes the mark away again.

    args:
        axis: the loop.

    rewrite:
        for i in range(8):             for i in range(8):  # parallel
            S(i)                 ->        S(i)

    fails:
        where an iteration touches an element that another one writes (a sum into one element is such a case), the
        loop is a `while`, or its body calls a function that keeps contents from one call to the next.
    """

    name: ClassVar[str] = "parallel"
    keeps_stages: ClassVar[bool] = True
    axis: LoopRef = field(metadata=argument("loop", "the loop whose iterations are independent"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the loops with independent iterations that are not marked yet."""
        for loop in ir.loops():
            if not flag(loop.op, PARALLEL) and cls(LoopRef(loop.id)).fits(ir):
                yield Option({"axis": loop.id})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        loop = ir.find_loop(self.axis)
        if loop.kind == "while":
            message = f"loop {loop.id} is a while: whether an iteration runs depends on the one before"
            yield fault(message, loop.span, "use a for loop")
            return
        wrong = broken_promise(dependences(ir), loop)
        if wrong:
            yield _dependence_fault(ir, loop, wrong)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Mark the loop."""
        with in_context():
            promise(ir.find_loop(self.axis))
        return ir


def _dependence_fault(ir: KernelIR, loop: Loop, wrong: Violation) -> Diagnostic:
    message = f"iterations of loop {loop.id} depend on each other: {wrong}"
    hint = "choose a loop whose iterations touch different elements"
    if wrong.accumulation:
        hint = f"{wrong.dependence.buffer} adds up over {loop.id}; choose a loop that is no reduction of it"
    elif wrong.dependence.kind != "flow" and wrong.dependence.buffer in _own_arrays(ir):
        hint = f"declare {wrong.dependence.buffer} in the body of {loop.id}, so that each iteration has its own"
    return fault(message, wrong.span or loop.span, hint)


def _own_arrays(ir: KernelIR) -> set[str]:
    return {buffer.name for buffer in ir.buffers() if buffer.kind == "local"}
