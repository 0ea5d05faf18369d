"""`outline`: a loop becomes a function of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.primitives.base import LoopRef, Option, Step, argument, fault
from allo_studio.primitives.outlining import outline
from allo_studio.primitives.replication import pipelined_around

__all__ = ["Outline"]


@dataclass(frozen=True)
class Outline(Step):
    """Make a loop, with all that is in it, a function of its own, which is called where the loop stood.

    args:
        axis: the loop.
        function: the name of the new function.

    rewrite:
        for i in range(8):             def row(A: float32[8, 4], x: float32[8], i: int32):
            for j in range(4):             for j in range(4):
                x[i] += A[i, j]                x[i] += A[i, j]
                                 ->
                                       for i in range(8):
                                           row(A, x, i)

        Arrays that the loop uses become arguments, with their layouts. Scalars that it only reads are given by value;
        one that it writes is an array argument. Variables of the loops around it become `int32` arguments.

    fails:
        where the name is taken, or the loop is in a pipelined one, which unrolls it.
    """

    name: ClassVar[str] = "outline"
    axis: LoopRef = field(metadata=argument("loop", "the loop that becomes a function"))
    function: str = field(metadata=argument("word", "the name of the new function"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the loops that the kernel has from its source, each with a name that is free."""
        for loop in ir.loops():
            name = _free_name(ir, loop)
            if loop.role is None and cls(LoopRef(loop.id), name).fits(ir):
                yield Option({"axis": loop.id, "function": name})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        loop = ir.find_loop(self.axis)
        if self.function in ir.functions:
            message = f"there is a function {self.function} already"
            yield fault(message, loop.span, f"choose another name; known are {', '.join(ir.functions)}")
        around = pipelined_around(loop)
        if around:
            message = f"loop {loop.id} is inside pipelined loop {around.id}, which unrolls it"
            yield fault(
                message, loop.span, f"outline {around.id}, or outline {loop.id} before {around.id} is pipelined"
            )

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Move the loop."""
        loop = ir.find_loop(self.axis)
        with in_context():
            outline(ir, [loop.op], self.function, loop.band)
        return ir


def _free_name(ir: KernelIR, loop: Loop) -> str:
    """Return a name for a loop's function, made of the names of its nest and its own, that no function has."""
    name = wanted = re.sub(r"\W", "_", f"{loop.band}_{loop.name}" if loop.band else loop.name)
    number = 1
    while name in ir.functions:
        name, number = f"{wanted}_{number}", number + 1
    return name
