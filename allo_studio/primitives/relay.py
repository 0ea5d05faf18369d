"""`relay`: an array goes through the processing elements of an unfolded nest, from each to the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import BufferRef, Option, Step, argument, fault
from allo_studio.primitives.elements import elements_of, nests_of
from allo_studio.primitives.relay_in_place import links_in_place
from allo_studio.primitives.relay_links import links_beside
from allo_studio.primitives.relay_plan import plan_relay

__all__ = ["Relay"]


@dataclass(frozen=True)
class Relay(Step):
    """Pass an array on through the processing elements of an unfolded nest: a FIFO for each link between two of them.

    Which part of the array a link has is said by the dimensions whose subscripts are constant in every element. What
    the elements only read is loaded once, and along `axis` each hands on what it takes. What they write goes from each
    that uses a part to the next, and is collected after the last. Where the kernel itself has an array whose parts one
    element writes and another reads, each part becomes a link.

    args:
        buffer: the array.
        dst: the nest that was unfolded.
        axis: the axis of the elements along which they pass it on, the outermost loop being 0; left out, each element
            is given its part, unless the kernel says which element it goes to next.
        depth: how many tokens each FIFO holds; -1 leaves that to the compiler.

    rewrite:
        A: every PE(i, j)              A: A_load -> PE(i, 0) -> PE(i, 1) -> PE(i, 2)       (axis 1)
                                 ->
        C: every PE(i, j)              C: PE(i, j) -> C_drain

    fails:
        where the nest was not unfolded, no element uses the array, the elements along the axis read different parts, a
        part goes along another axis, something else changes the array meanwhile, or a loop outside that goes over the
        parts has no constant bounds, or does not move each part in order.
    """

    name: ClassVar[str] = "relay"
    buffer: BufferRef = field(metadata=argument("buffer", "the array that is passed on"))
    dst: str = field(metadata=argument("word", "the nest whose iterations are processing elements"))
    axis: int | None = field(default=None, metadata=argument("int", "the axis of the elements along which it goes"))
    depth: int = field(default=-1, metadata=argument("int", "tokens that a FIFO holds; -1: as few as keep the latency"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the arrays that the elements of a nest use, and the axes along which they can pass each on."""
        for nest in nests_of(ir):
            try:
                elements = elements_of(ir, nest)
            except AlloError:
                continue
            given = {operand for element in elements for operand in element.call.operands}
            for buffer in (known for known in ir.buffers() if known.value in given):
                ref, axes = BufferRef(buffer.name), range(len(elements[0].place))
                fitting = tuple(axis for axis in axes if cls(ref, nest, axis).fits(ir))
                if fitting:
                    yield Option({"buffer": buffer.name, "dst": nest}, {"axis": fitting})
                if cls(ref, nest).fits(ir):
                    yield Option({"buffer": buffer.name, "dst": nest})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        buffer = ir.find_buffer(self.buffer)
        if self.depth != -1 and self.depth < 1:
            yield fault(f"a FIFO of {self.depth} tokens holds nothing", buffer.span, "1 or more, or -1")
            return
        try:
            plan = plan_relay(ir, str(self.buffer), self.dst, self.axis)
            if plan.direct:
                # Whether the kernel's own loops move each part in order is seen when they are about one part each.
                self.rewrite(ir.clone())
        except AlloError as error:
            yield from error.diagnostics

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Make the links."""
        plan = plan_relay(ir.steady(), str(self.buffer), self.dst, self.axis)
        make = links_in_place if plan.direct else links_beside
        return make(ir, plan, max(self.depth, 0))
