"""`split`: one loop becomes two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.primitives.base import LoopRef, Option, Step, argument, fault
from allo_studio.primitives.replication import divisors
from allo_studio.primitives.rewrite import split_loop

__all__ = ["Split"]


_BOUNDS = "split a loop whose bounds are numbers, such as one around it"


@dataclass(frozen=True)
class Split(Step):
    """Split a loop into an outer one and an inner one of `factor` iterations; the order of the work stays.

    args:
        axis: the loop, with constant bounds.
        factor: iterations of the inner loop, 1 to the loop's trip count.

    rewrite:
        for j in range(32):            for j.outer in range(4):
            S(j)                 ->        for j.inner in range(8):
                                               S(8 * j.outer + j.inner)

        A factor that does not divide gives the inner loop the bound `min(factor, trip - factor * j.outer)`.

    fails:
        where the loop's bounds are not constant, the factor is out of range, or the loop is already pipelined or
        unrolled (split first).
    """

    name: ClassVar[str] = "split"
    keeps_stages: ClassVar[bool] = True
    axis: LoopRef = field(metadata=argument("loop", "the loop to split"))
    factor: int = field(metadata=argument("int", "iterations of the inner loop, 1 to the trip count"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the loops with the factors that divide."""
        for loop in ir.loops():
            factors = divisors(loop.trip or 0)
            if factors and cls(LoopRef(loop.id), factors[0]).fits(ir):
                yield Option({"axis": loop.id}, {"factor": factors})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        loop = ir.find_loop(self.axis)
        if loop.trip is None:
            yield fault(f"loop {loop.id} has no constant bounds, so it cannot be split", loop.span, _BOUNDS)
            return
        if not 1 <= self.factor <= max(loop.trip, 1):
            hint = f"a factor from 1 to {loop.trip}"
            yield fault(f"factor {self.factor} is out of range: loop {loop.id} runs {loop.trip} times", loop.span, hint)
        yield from _directive_faults(loop)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Split the loop."""
        with in_context():
            split_loop(ir.find_loop(self.axis), self.factor)
        return ir


def _directive_faults(loop: Loop) -> Iterator[Diagnostic]:
    done = "pipelined" if loop.pipeline else "unrolled" if loop.unroll is not None else ""
    if done:
        yield fault(f"loop {loop.id} is already {done}", loop.span, f"split {loop.id} before it is {done}")
