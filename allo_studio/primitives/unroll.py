"""`unroll`: iterations of a loop side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.primitives.base import LoopRef, Option, Step, argument, fault
from allo_studio.primitives.replication import (
    MOST_COPIES,
    copies_around,
    copies_inside,
    divisors,
    pipelined_around,
)
from allo_studio.primitives.rewrite import mark

__all__ = ["Unroll"]


@dataclass(frozen=True)
class Unroll(Step):
    """Give the iterations of a loop hardware of their own; the order of the work stays.

    args:
        axis: the loop.
        factor: how many iterations stand side by side; 0 is all of them.

    rewrite:
        for j in range(8):             for j in range(8):  # unroll
            S(j)                 ->        S(j)

    fails:
        where the trip count is not constant or less than the factor, the loop is pipelined and would vanish, or the
        copies (with those of unrolled loops around and inside) are more than 4096.
    """

    name: ClassVar[str] = "unroll"
    keeps_stages: ClassVar[bool] = True
    axis: LoopRef = field(metadata=argument("loop", "the loop to unroll"))
    factor: int = field(
        default=0, metadata=argument("int", "iterations side by side, at most the trip count; 0 is all")
    )

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the loops with the factors that divide, and all iterations."""
        for loop in ir.loops():
            known = (0, *divisors(loop.trip or 0))
            factors = tuple(f for f in known if cls(LoopRef(loop.id), f).fits(ir))
            if factors:
                yield Option({"axis": loop.id}, {"factor": factors})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        loop = ir.find_loop(self.axis)
        if loop.trip is None:
            message = f"loop {loop.id} has no constant trip count, so it cannot be unrolled"
            yield fault(message, loop.span, "unroll a loop with constant bounds; split with a factor that divides")
            return
        if self.factor and not 1 <= self.factor <= loop.trip:
            message = f"factor {self.factor} is out of range: loop {loop.id} runs {loop.trip} times"
            yield fault(message, loop.span, f"a factor from 1 to {loop.trip}, or 0 to unroll fully")
            return
        yield from self._directive_faults(loop)
        around, inside = copies_around(loop), copies_inside(loop)
        copies = around * (self.factor or loop.trip) * inside
        if copies > MOST_COPIES:
            message = f"unrolling loop {loop.id} makes {copies} copies of its body, more than {MOST_COPIES}"
            yield fault(message, loop.span, f"split {loop.id} and unroll its inner part")

    def _directive_faults(self, loop: Loop) -> Iterator[Diagnostic]:
        around = pipelined_around(loop)
        if self.factor and around:
            message = f"loop {loop.id} is inside pipelined loop {around.id}, which unrolls it fully"
            yield fault(message, loop.span, "leave the factor out")
        if not self.factor and loop.pipeline:
            message = f"loop {loop.id} is pipelined; fully unrolled it would have no iterations to pipeline"
            yield fault(message, loop.span, f"unroll a loop inside {loop.id}, or give a factor")

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Mark the loop."""
        with in_context():
            mark(ir.find_loop(self.axis).op, unroll=self.factor)
        return ir
