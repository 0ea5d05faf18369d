"""`pack`: several elements of an array in one word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import Buffer, KernelIR, in_context
from allo_studio.primitives.base import BufferRef, Option, Step, argument, fault
from allo_studio.primitives.packing import packed_type, rewrite_accesses
from allo_studio.primitives.retype import forget_tiles, retype, retype_faults
from allo_studio.types import MOST_BITS

__all__ = ["Pack"]

# Wider words are legal, but few memories have them.
_MOST_OFFERED = 512


@dataclass(frozen=True)
class Pack(Step):
    """Let several neighbours in the last dimension of an array share one word, the first in its lowest bits.

    args:
        buffer: the array, an argument or a local one.
        factor: elements a word, from 2; divides the last extent.

    rewrite:
        A: int8[64]                    A: uint32[16]
        for i in range(64):      ->    for i in range(64):
            S(A[i])                        S(int8(A[i / 4] >> 8 * (i % 4)))

        A store reads the word, replaces the element's bits and writes it back. A loop that is fully unrolled, or that
        the compiler made, and that stores every element of its words writes whole words instead. Where a word could be
        read before anything is in it, the array is filled with zeros first. An argument changes the kernel's
        interface: its words come and go as unsigned integers.

    fails:
        where the factor does not divide the last extent, the words would have more than 4096 bits, the last dimension
        is partitioned, or the array is given to a function, has a named size or is a scalar, a table of constants
        or state.
    """

    name: ClassVar[str] = "pack"
    buffer: BufferRef = field(metadata=argument("buffer", "the array whose elements share words"))
    factor: int = field(metadata=argument("int", "elements a word, from 2; divides the last extent"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the local arrays: those of arguments change the kernel's interface, which a person decides."""
        for buffer in ir.buffers():
            if buffer.kind != "local" or not buffer.type.shape:
                continue
            extent, bits = buffer.type.shape[-1], buffer.type.element.bits
            factors = tuple(f for f in (2, 4, 8, 16) if extent % f == 0 and f * bits <= _MOST_OFFERED)
            if factors and cls(BufferRef(buffer.name), factors[0]).fits(ir):
                yield Option({"buffer": buffer.name}, {"factor": factors})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        buffer = ir.find_buffer(self.buffer)
        if not buffer.type.shape:
            yield fault(f"{buffer.name} is a scalar, so there is nothing to pack", buffer.span, "name an array")
            return
        yield from self._factor_faults(buffer)
        yield from retype_faults(ir, buffer, "packed")
        last = buffer.layout.dims[-1]
        if last.kind != "none":
            message = f"the last dimension of {buffer.name} is partitioned ({last}), and its elements would share words"
            yield fault(message, buffer.span, "pack before the partition")

    def _factor_faults(self, buffer: Buffer) -> Iterator[Diagnostic]:
        extent, bits = buffer.type.shape[-1], buffer.type.element.bits
        if self.factor < 2:
            yield fault(f"factor {self.factor} is out of range: a word has at least 2 elements", buffer.span, "from 2")
        elif extent % self.factor:
            message = f"the last extent of {buffer.name}, {extent}, is no multiple of factor {self.factor}"
            divisors = [d for d in range(2, extent + 1) if extent % d == 0][:8]
            yield fault(
                message, buffer.span, f"factors that divide {extent}: {', '.join(map(str, divisors)) or 'none'}"
            )
        elif self.factor * bits > MOST_BITS:
            message = (
                f"{self.factor} elements of {buffer.type.element} have {self.factor * bits} bits, more than {MOST_BITS}"
            )
            yield fault(message, buffer.span, f"a factor of at most {MOST_BITS // bits}")

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Change the type and every access."""
        buffer = ir.find_buffer(self.buffer)
        with in_context():
            forget_tiles(ir, buffer)
            retype(ir, buffer, packed_type(buffer.type, self.factor))
            rewrite_accesses(ir, buffer, self.factor)
        return ir
