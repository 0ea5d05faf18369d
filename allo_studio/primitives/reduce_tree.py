"""`reduce_tree`: the iterations of a reduction are summed as a balanced tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.primitives.base import LoopRef, Option, Step, argument, fault
from allo_studio.primitives.lanes import sum_lanes
from allo_studio.primitives.reduction_plan import find_reduction, group_faults
from allo_studio.primitives.replication import MOST_COPIES, copies_around, divisors

__all__ = ["ReduceTree"]


@dataclass(frozen=True)
class ReduceTree(Step):
    """Sum the iterations of a reduction as a balanced tree, and add each tree's sum to the accumulator at once.

    args:
        axis: the loop; it is the innermost, and its body one accumulation.
        factor: how many iterations a tree sums; it divides the trip count, and 0 is all.

    rewrite:
        for k in range(8):                 for k in range(0, 8, 4):
            x += a[k] * b[k]         ->        x += (a[k] * b[k] + a[k+1] * b[k+1])
                                                  + (a[k+2] * b[k+2] + a[k+3] * b[k+3])

        The same goes for `-`, `*`, `min`, `max`, `&`, `|` and `^`. With all iterations in one tree the loop is gone,
        and the code stands in its place. The chain of dependent operations from one value of `x` to the next is one
        operation long, however many iterations are summed.

    fails:
        where the loop has no constant trip count, loops, branches or calls inside, or a directive that would be lost;
        where the body does not accumulate one element by one operator, or writes something else; where the values
        to sum depend on the accumulator; and where sums saturate. It is exact for integers, and marked as
        reassociating for floats.
    """

    name: ClassVar[str] = "reduce_tree"
    axis: LoopRef = field(metadata=argument("loop", "the reduction's loop, the innermost"))
    factor: int = field(
        default=0, metadata=argument("int", "iterations a tree sums, a divisor of the trip count; 0 is all")
    )

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the reductions with the numbers of iterations that a tree may sum."""
        for loop in ir.loops():
            factors = tuple(f for f in (*divisors(loop.trip or 0), 0) if cls(LoopRef(loop.id), f).fits(ir))
            if factors:
                yield Option({"axis": loop.id}, {"factor": factors})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        loop = ir.find_loop(self.axis)
        wrong = self._loop_fault(loop)
        if wrong:
            yield wrong
            return
        yield from group_faults(ir, find_reduction(ir, loop), self._lanes(loop))

    def _lanes(self, loop: Loop) -> int:
        return self.factor or loop.trip or 0

    def _loop_fault(self, loop: Loop) -> Diagnostic | None:
        """Return what the loop itself has against it."""
        trip, span = loop.trip, loop.span
        if loop.kind != "affine" or trip is None:
            message = f"loop {loop.id} has no constant trip count, so its iterations cannot be summed as a tree"
            return fault(message, span, "sum a loop with constant bounds; split with a factor that divides")
        if trip < 2:
            return fault(f"loop {loop.id} runs {trip} times, so there is no tree", span, "leave the step out")
        if self.factor and (self.factor < 2 or trip % self.factor):
            message = f"factor {self.factor} does not divide loop {loop.id}, which runs {trip} times, into trees"
            return fault(message, span, f"one of {', '.join(map(str, (*divisors(trip), trip)))}, or 0 for all")
        lanes = self._lanes(loop)
        return _directive_fault(loop, lanes) or _size_fault(loop, lanes)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Make the trees."""
        loop = ir.find_loop(self.axis)
        found = find_reduction(ir.steady(), loop)
        with in_context():
            sum_lanes(ir, found, self._lanes(loop))
        return ir

    def reassociates(self, ir: KernelIR) -> bool:
        """Tell whether a floating-point accumulation adds up in another grouping afterwards."""
        try:
            found = find_reduction(ir, ir.find_loop(self.axis))
        except AlloError:
            return False
        return found.buffer.type.element.is_float


def _directive_fault(loop: Loop, lanes: int) -> Diagnostic | None:
    # Fully unrolled, all trees stand side by side as all iterations did.
    if loop.unroll:
        message = f"loop {loop.id} is unrolled by {loop.unroll}; the iterations of a tree stand side by side anyway"
        return fault(message, loop.span, f"make trees before {loop.id} is unrolled, or in its place")
    if loop.pipeline and lanes == loop.trip:
        message = f"loop {loop.id} is pipelined; with all its iterations in one tree there is nothing to pipeline"
        return fault(message, loop.span, f"give a factor, or pipeline the loop around {loop.id}")
    return None


def _size_fault(loop: Loop, lanes: int) -> Diagnostic | None:
    side_by_side = lanes if loop.unroll is None else loop.trip or 0
    copies = copies_around(loop) * side_by_side
    if copies <= MOST_COPIES:
        return None
    message = f"a tree of {lanes} iterations of loop {loop.id} makes {copies} copies of its body, more than"
    return fault(f"{message} {MOST_COPIES}", loop.span, "give a smaller factor")
