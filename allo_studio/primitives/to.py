"""`to`: what one stage hands on to another goes through a FIFO."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.analysis.accesses import accesses
from allo_studio.analysis.streams import ConsumerOrder, Refusal, consumer_orders, orders_of_reads, producer_order
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import integer_map, set_integer_map
from allo_studio.ir.binding import ir as mlir
from allo_studio.primitives.base import BufferRef, LoopRef, Option, Step, argument, fault
from allo_studio.primitives.local_copy import read_in_order
from allo_studio.primitives.stages import STREAM, Handover, handovers, plan_stages, runs_stages, take_apart

__all__ = ["To"]


@dataclass(frozen=True)
class To(Step):
    """Hand an array on to another stage of a `dataflow` kernel through a FIFO.

    Both ends are proven to move every element once, in row-major order. A stage that reads elements several times can
    do so from a local copy, which it fills from the FIFO in the body of one of its loops.

    args:
        buffer: a local array that one stage writes and another reads.
        dst: the stage that reads it: the name of its nest, of the function that it calls, or of a loop in it.
        axis: the loop of that stage in whose body the local copy is; left out, where it costs least, if it needs one.
        depth: how many tokens the FIFO holds; -1 leaves that to the compiler, which keeps the latency with the fewest
            bits.

    rewrite:
        T: S -> U  (whatever can be)      ->     T: S -> U  (a FIFO, of `depth` tokens)

        The program stays as it is, but for the local copy where `axis` asks for one.

    fails:
        where the stages do not run at the same time (`dataflow`), the array is not handed on to that stage, one of its
        ends is not in order, or the loop is none in which a copy brings the reads in order.
    """

    name: ClassVar[str] = "to"
    keeps_stages: ClassVar[bool] = True
    buffer: BufferRef = field(metadata=argument("buffer", "the array that is handed on"))
    dst: str = field(metadata=argument("word", "the stage that reads it"))
    axis: LoopRef | None = field(default=None, metadata=argument("loop", "the loop in which a local copy is made"))
    depth: int = field(
        default=-1, metadata=argument("int", "tokens that the FIFO holds; -1: as few as keep the latency")
    )

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the arrays that stages hand on and that can be FIFOs."""
        if not runs_stages(ir):
            return
        try:
            found = handovers(ir, plan_stages(ir))
        except AlloError:
            return
        for passed in found:
            if cls(BufferRef(passed.buffer.name), passed.target).fits(ir):
                yield Option({"buffer": passed.buffer.name, "dst": passed.target})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        buffer = ir.find_buffer(self.buffer)
        if not runs_stages(ir):
            message = f"the stages of {ir.name} run one after another"
            yield fault(message, buffer.span, f"first let them run at the same time, by dataflow({ir.name})")
            return
        if self.depth != -1 and self.depth < 1:
            yield fault(f"a FIFO of {self.depth} tokens holds nothing", buffer.span, "1 or more, or -1")
        passed = self._passed(ir)
        if isinstance(passed, Diagnostic):
            yield passed
        elif passed.depth is not None:
            yield fault(f"{buffer.name} is a FIFO already", buffer.span, "change that step")
        elif not buffer.type.shape:
            yield fault(f"{buffer.name} is one value, not an array", buffer.span, "leave it as it is")
        else:
            found = self._order(ir, passed)
            if isinstance(found, Diagnostic):
                yield found

    def _passed(self, ir: KernelIR) -> Handover | Diagnostic:
        """Return how the array is handed on."""
        found = handovers(ir, plan_stages(ir))
        own = [passed for passed in found if passed.buffer.name == self.buffer]
        if not own:
            known = ", ".join(p.buffer.name for p in found) or "none"
            message = f"{self.buffer} is not handed on from stage to stage"
            return fault(message, ir.find_buffer(self.buffer).span, f"arrays that are: {known}")
        chosen = next((p for p in own if self.dst in (p.target, *_loops_of(ir, p.target))), None)
        targets = " and ".join(passed.target for passed in own)
        message = f"{self.buffer} is handed on to {targets}, not to {self.dst}"
        return chosen or fault(message, own[0].buffer.span, f"dst: {own[0].target}")

    def _order(self, ir: KernelIR, passed: Handover) -> ConsumerOrder | Diagnostic:
        """Return how the array is read, the first way of several."""
        name = str(self.buffer)
        stages = {part.name: part.kernel for part in take_apart(ir)}
        written = producer_order(stages[passed.source], name)
        if isinstance(written, Refusal):
            return _refused(written)
        orders = consumer_orders(stages[passed.target], name, written.width)
        if isinstance(orders, Refusal):
            return _refused(orders)
        if self.axis is None:
            return orders[0]
        loop = ir.find_loop(self.axis)
        # The same loops, where they stand in the kernel.
        ops = _ops_of(ir, passed.target)
        found = (a for a in accesses(ir) if a.buffer == name and not a.is_write and a.loops)
        reads = [read for read in found if read.loops[0].op in ops]
        orders = orders_of_reads(ir, name, written.width, reads)
        if isinstance(orders, Refusal):
            return _refused(orders)
        chosen = next((order for order in orders if order.loop == loop.id), None)
        loops = ", ".join(order.loop for order in orders if order.loop) or "no loop needs one"
        return chosen or fault(f"no copy of {name} in loop {loop.id} brings its reads in order", loop.span, loops)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Mark the array, and make the local copy that was asked for."""
        changed, seen = ir, ir.steady()
        passed = self._passed(seen)
        assert isinstance(passed, Handover)
        if self.axis is not None:
            order = self._order(seen, passed)
            assert isinstance(order, ConsumerOrder)
            changed = read_in_order(seen, str(self.buffer), order)
        declared = changed.find_buffer(self.buffer).value.owner.operation
        asked = {**integer_map(declared, STREAM), passed.target: max(self.depth, 0)}
        set_integer_map(declared, STREAM, dict(sorted(asked.items())))
        return changed


def _loops_of(ir: KernelIR, stage: str) -> list[str]:
    """Return the names of the loops of a stage."""
    ops = _ops_of(ir, stage)
    return [loop.name for loop in ir.loops() if (loop.ancestors() or (loop,))[0].op in ops]


def _ops_of(ir: KernelIR, stage: str) -> tuple[mlir.Operation, ...]:
    return next(found.ops for found in plan_stages(ir) if found.name == stage)


def _refused(refusal: Refusal) -> Diagnostic:
    hint = refusal.hint or "leave it to the compiler, which makes a buffer of it"
    return fault(f"this cannot be a FIFO: {refusal.reason}", refusal.span, hint)
