"""`pipeline`: iterations of a loop overlap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.ir.attributes import remove
from allo_studio.primitives.base import LoopRef, Option, Step, argument, fault
from allo_studio.primitives.replication import MOST_COPIES, copies_around, operations_unrolled, pipelined_around
from allo_studio.primitives.rewrite import mark

__all__ = ["Pipeline"]


@dataclass(frozen=True)
class Pipeline(Step):
    """Start an iteration of a loop every `initiation_interval` cycles; every loop inside is fully unrolled.

    args:
        axis: the loop.
        initiation_interval: cycles from one start to the next; the tool takes more where it must.
        rewind: start the loop anew without draining it first.
        off: do not pipeline the loop, not even as innermost loops are by default.

    rewrite:
        for j.outer in range(4):               for j.outer in range(4):         # pipeline II=1
            for j.inner in range(8):     ->        for j.inner in range(8):     # unroll
                S(j.outer, j.inner)                    S(j.outer, j.inner)

    fails:
        where a loop around or inside is pipelined, the loop itself is fully unrolled, a loop inside has no constant
        trip count, or an iteration would be more than 4096 operations.
    """

    name: ClassVar[str] = "pipeline"
    keeps_stages: ClassVar[bool] = True
    axis: LoopRef = field(metadata=argument("loop", "the loop to pipeline"))
    initiation_interval: int = field(default=1, metadata=argument("int", "cycles between starts, at least 1"))
    rewind: bool = field(default=False, metadata=argument("bool", "start the loop anew without draining it"))
    off: bool = field(default=False, metadata=argument("bool", "stop the default pipelining of this loop"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the loops, and the innermost ones whose default pipelining can be stopped."""
        for loop in ir.loops():
            axis = LoopRef(loop.id)
            if cls(axis).fits(ir):
                yield Option({"axis": loop.id}, {"initiation_interval": (1, 2, 4, 8), "rewind": (False, True)})
            if not loop.children and loop.pipeline != 0 and cls(axis, off=True).fits(ir):
                yield Option({"axis": loop.id, "off": True})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        loop = ir.find_loop(self.axis)
        if self.initiation_interval < 1:
            yield fault(f"initiation interval {self.initiation_interval} is below 1", loop.span, "a number from 1")
        if self.off and self.rewind:
            yield fault("a loop whose pipelining is off cannot rewind", loop.span, "leave out rewind or off")
        around = pipelined_around(loop)
        if around:
            message = f"loop {loop.id} is inside loop {around.id}, which is pipelined and unrolls it"
            yield fault(message, loop.span, f"pipeline one loop of a nest: {loop.id} or {around.id}")
        elif loop.unroll == 0:
            message = f"loop {loop.id} is fully unrolled, so it has no iterations to pipeline"
            yield fault(message, loop.span, f"pipeline a loop around {loop.id}")
        if not self.off:
            yield from _inside_faults(loop)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Mark the loop, and those inside as unrolled."""
        loop = ir.find_loop(self.axis)
        with in_context():
            remove(loop.op, "allo.rewind")
            mark(loop.op, pipeline=0 if self.off else self.initiation_interval, rewind=self.rewind)
            for inside in () if self.off else loop.descendants():
                remove(inside.op, "allo.pipeline")
                mark(inside.op, unroll=0)
        return ir


def _inside_faults(loop: Loop) -> Iterator[Diagnostic]:
    inside = loop.descendants()
    other = next((child for child in inside if child.pipeline), None)
    if other:
        message = f"loop {other.id} inside {loop.id} is already pipelined; it would be unrolled"
        yield fault(message, loop.span, f"pipeline one loop of a nest: {other.id} or {loop.id}")
    endless = next((child for child in inside if child.trip is None), None)
    if endless:
        message = f"loop {endless.id} inside {loop.id} has no constant trip count, so it cannot be unrolled"
        yield fault(message, endless.span or loop.span, f"pipeline {endless.id} itself")
        return
    count = operations_unrolled(loop) * copies_around(loop)
    if inside and count > MOST_COPIES:
        message = f"pipelining loop {loop.id} unrolls {_names(inside)} into {count} operations, more than {MOST_COPIES}"
        yield fault(message, loop.span, f"pipeline a loop inside {loop.id}, or split first")


def _names(loops: tuple[Loop, ...]) -> str:
    return ", ".join(loop.id for loop in loops)
