"""`dataflow`: the stages of a kernel run at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import set_flag
from allo_studio.primitives.base import DATAFLOW, FunctionRef, Option, Step, argument, fault
from allo_studio.primitives.stages import runs_stages, take_apart

__all__ = ["Dataflow"]


@dataclass(frozen=True)
class Dataflow(Step):
    """Let the stages of a kernel run at the same time, as the blocks of a dataflow graph do.

    A stage is a nest or a call with all that writes the same arrays. In a design each becomes a process; what one
    hands on to another is a channel like a wire that is drawn: a FIFO where both ends are proven to be in order, else a
    ping-pong buffer. `to` asks for a FIFO. What several stages take goes through a duplicator. Steps that may change
    the stages come before.

    args:
        function: the kernel.

    rewrite:
        for i in range(8):
            T[i] = S(A[i])              S: A -> T  |  U: T -> B
        for j in range(8):       ->     each as soon as what it takes is there
            B[j] = U(T[j])

    fails:
        where the kernel has one stage, an argument is read and written, a stage may leave a part of what it hands on as
        it was, or the kernel keeps state or has sizes that are arguments; and for a function that the kernel calls.
    """

    name: ClassVar[str] = "dataflow"
    keeps_stages: ClassVar[bool] = True
    function: FunctionRef = field(metadata=argument("function", "the kernel whose stages run at the same time"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the kernel itself."""
        if cls(FunctionRef(ir.name)).fits(ir):
            yield Option({"function": ir.name})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        if self.function != ir.name:
            what = "a function that the kernel calls" if self.function in ir.functions else "not the kernel"
            message = f"{self.function} is {what}; the stages of {ir.name} can run at the same time"
            hint = f"name {ir.name}, or make {self.function} a block of the design"
            yield fault(message, ir.span(ir.function), hint)
        elif runs_stages(ir):
            message = f"the stages of {ir.name} run at the same time already"
            yield fault(message, ir.span(ir.function), "take one of the steps away")
        else:
            take_apart(ir)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Say so."""
        set_flag(ir.function, DATAFLOW)
        return ir
