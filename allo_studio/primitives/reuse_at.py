"""`reuse_at`: a line buffer or window that keeps what the next iterations read again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

from allo_studio.analysis.accesses import accesses
from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR, in_context
from allo_studio.ir.rewrite import fresh_buffer_name
from allo_studio.primitives.base import BufferRef, LoopRef, Option, Step, argument, fault
from allo_studio.primitives.replication import MOST_COPIES, copies_around, operations_unrolled, pipelined_around
from allo_studio.primitives.reuse_plan import ReusePlan, may_reuse, plan_reuse
from allo_studio.primitives.window import build_window

__all__ = ["ReuseAt", "window_faults"]

_NUMBERED = re.compile(r"_reuse(_\d+)?$")


@dataclass(frozen=True)
class ReuseAt(Step):
    """Keep the part of an array that iterations of a loop read more than once in a buffer that shifts along.

    The buffer holds what one iteration reads. It is filled before the loop starts; each iteration then shifts it and
    reads only what is new, so that every element of the array is read once in a run of the loop. At the loop over the
    rows of an image it is a line buffer; `reuse_at` on that, at the loop over the columns, makes a window.

    args:
        buffer: the array that is read.
        axis: the loop that moves over it.
        inside: let the loop fill the buffer, so that no other loop is before it. It goes round as often more as that
            takes, with the rest of its body under a condition: a pipeline that need not be drained in between.

    rewrite:
                                               A_reuse: float32[3]
                                               for r in range(2):           # fill
                                                   A_reuse[r + 1] = A[r]
        for x in range(14):                    for x in range(14):
            for r in range(3):           ->        for r in range(2):       # fill: shift
                B[x] += A[x + r] * w[r]                A_reuse[r] = A_reuse[r + 1]
                                                   A_reuse[2] = A[x + 2]
                                                   for r in range(3):
                                                       B[x] += A_reuse[r] * w[r]

        With `inside`:

        for x in range(14):                    for x in range(16):
            for r in range(3):           ->        for r in range(2):       # fill: shift
                B[x] += A[x + r] * w[r]                A_reuse[r] = A_reuse[r + 1]
                                                   A_reuse[2] = A[x]
                                                   if x >= 2:
                                                       for r in range(3):
                                                           B[x - 2] += A_reuse[r] * w[r]

        Dimensions along which an iteration reads one element are left out, but for the one that the loop moves along.

    fails:
        where the loop's body does not read the array, what it reads is no box of constant extents, the box does not
        move or moves along several dimensions, no element is read by two iterations, the loop may have no iteration
        or is parallel, an element is written and read later in one run of the loop, or it is not written before.
        With `inside` also where the loop's bounds are not constant, it is unrolled, the window is cut at the end of the
        array, or what an iteration adds does not divide what it keeps.
    """

    name: ClassVar[str] = "reuse_at"
    buffer: BufferRef = field(metadata=argument("buffer", "the array to keep a part of"))
    axis: LoopRef = field(metadata=argument("loop", "the loop that moves over the array"))
    inside: bool = field(default=False, metadata=argument("bool", "let the loop itself fill the buffer"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the arrays of which iterations of a loop that the kernel has from its source read parts in common."""
        found = accesses(ir)
        for buffer in ir.buffers():
            reads = [a for a in found if a.buffer == buffer.name and not a.is_write]
            for loop in ir.loops():
                if (
                    loop.role is None
                    and may_reuse(loop, reads)
                    and cls(BufferRef(buffer.name), LoopRef(loop.id)).fits(ir)
                ):
                    yield Option({"buffer": buffer.name, "axis": loop.id})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        plan = plan_reuse(ir, ir.find_buffer(self.buffer), ir.find_loop(self.axis))
        yield from window_faults(plan)
        if self.inside:
            yield from _late_faults(plan)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Make the reuse buffer."""
        seen = ir.steady()
        plan = plan_reuse(seen, seen.find_buffer(self.buffer), seen.find_loop(self.axis))
        name = fresh_buffer_name(seen, f"{_NUMBERED.sub('', plan.buffer.name)}_reuse")
        with in_context():
            build_window(seen, plan, name, self.inside)
        return ir


def window_faults(plan: ReusePlan) -> Iterator[Diagnostic]:
    """Yield why a planned reuse buffer cannot be made where loops are pipelined."""
    pipelined = plan.axis if plan.axis.pipeline else pipelined_around(plan.axis)
    if pipelined is None:
        return
    if plan.footprint.guarded:
        message = f"the window is cut at the end of {plan.buffer.name}, so its copies inside pipelined loop"
        yield fault(
            f"{message} {pipelined.id} cannot be unrolled", plan.axis.span, f"choose a loop outside {pipelined.id}"
        )
        return
    inside = [loop for loop in (*plan.axis.ancestors(), plan.axis) if loop.depth > pipelined.depth]
    repeated = prod(loop.trip or 1 for loop in inside)
    count = (operations_unrolled(pipelined) + prod(plan.shape) * 4 * repeated) * copies_around(pipelined)
    if count > MOST_COPIES:
        message = (
            f"with the reuse buffer, loop {pipelined.id} would pipeline {count} operations, more than {MOST_COPIES}"
        )
        yield fault(message, plan.axis.span, f"choose a loop outside {pipelined.id}")


def _late_faults(plan: ReusePlan) -> Iterator[Diagnostic]:
    """Yield why the loop cannot fill a planned reuse buffer itself."""
    loop, hint = plan.axis, "leave `inside` off: the buffer is then filled before the loop"
    if loop.trip is None:
        yield fault(f"the bounds of loop {loop.id} are not constant, so it cannot fill its window", loop.span, hint)
    if loop.unroll is not None:
        yield fault(f"loop {loop.id} is unrolled, so it cannot fill its window", loop.span, hint)
    if plan.footprint.guarded:
        message = f"the window is cut at the end of {plan.buffer.name}, so loop {loop.id} cannot fill it"
        yield fault(message, loop.span, hint)
    kept = plan.footprint.extents[plan.dim] - plan.fresh
    if kept % plan.fresh:
        message = f"each iteration of {loop.id} adds {plan.fresh} elements and keeps {kept}, so some iterations"
        yield fault(f"{message} cannot just fill the window", loop.span, hint)
