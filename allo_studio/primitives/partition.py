"""`partition`: an array is spread over banks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import Buffer, KernelIR
from allo_studio.ir.attributes import symbol
from allo_studio.layout import DimLayout, Layout, PartitionKind
from allo_studio.primitives.base import BufferRef, Option, Step, argument, fault
from allo_studio.primitives.replication import divisors
from allo_studio.primitives.retype import uses_of
from allo_studio.primitives.stages import runs_stages
from allo_studio.primitives.tiles import follow, tiles_of
from allo_studio.primitives.widen import widen_copies
from allo_studio.types import MOST_BITS

__all__ = ["Partition"]


@dataclass(frozen=True)
class Partition(Step):
    """Spread an array over banks that can be used in the same cycle; the values stay.

    args:
        buffer: the array, an argument or a local one.
        kind: `complete` (each element on its own), `block` (runs of neighbours) or `cyclic` (in turn).
        dim: the dimension, from 1; 0 is all.
        factor: banks of `block` and `cyclic`, from 2 to the extent; 0 for `complete`.
        words: join the banks: the elements at one place of each make a word of one memory, which is read and written
            at once (`array_reshape` in HLS). For local arrays, and for the vendor's tools only.

    rewrite:
        C: float32[64, 64]       ->    C: float32[64, 64]  # layout (-, cyclic 8)

        Tiles of the array follow in the dimensions that they keep. Copy loops that the compiler made over it (first
        values, fills, write-backs) move as many elements in one cycle as all their arrays have banks.

    fails:
        where the array is a scalar, the dimension does not exist or is partitioned in another way already, or the
        factor is out of range; with words, where the array is an argument, state or passed to a function, the kernel's
        stages run at the same time, or a word would be wider than 4096 bits.
    """

    name: ClassVar[str] = "partition"
    keeps_stages: ClassVar[bool] = True
    buffer: BufferRef = field(metadata=argument("buffer", "the array to spread over banks"))
    kind: str = field(default="complete", metadata=argument("choice", "how", ("complete", "block", "cyclic")))
    dim: int = field(default=0, metadata=argument("int", "the dimension, from 1; 0 is all"))
    factor: int = field(default=0, metadata=argument("int", "banks of block and cyclic; 0 for complete"))
    words: bool = field(default=False, metadata=argument("bool", "join the banks into words of one memory"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the dimensions that are not partitioned yet; not words, which not every target has."""
        for buffer in ir.buffers():
            for dim, (extent, known) in enumerate(zip(buffer.type.shape, buffer.layout.dims, strict=True), 1):
                if known.kind == "none" and extent > 1:
                    yield from cls._dim_options(ir, buffer, dim)

    @classmethod
    def _dim_options(cls, ir: KernelIR, buffer: Buffer, dim: int) -> Iterator[Option]:
        args = {"buffer": buffer.name, "dim": dim}
        factors = divisors(buffer.type.shape[dim - 1])
        # Layouts hold on both sides of a call, where they may be in the way.
        kinds = [kind for kind in ("cyclic", "block") if factors and cls._free(ir, args, kind, factors[0])]
        if kinds:
            yield Option(args, {"kind": tuple(kinds), "factor": factors})
        if cls._free(ir, args, "complete"):
            yield Option({**args, "kind": "complete"})

    @classmethod
    def _free(cls, ir: KernelIR, args: Mapping[str, Any], kind: str, factor: int = 0) -> bool:
        return len(ir.functions) == 1 or not cls(**args, kind=kind, factor=factor).check(ir)

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        buffer = ir.find_buffer(self.buffer)
        rank = len(buffer.type.shape)
        if not rank:
            yield fault(f"{buffer.name} is a scalar, so there is nothing to partition", buffer.span, "name an array")
            return
        if not 0 <= self.dim <= rank:
            message = f"{buffer.name} is {buffer.type}: it has no dimension {self.dim}"
            yield fault(message, buffer.span, f"dimensions count from 1 to {rank}; 0 is all")
            return
        if self.kind == "complete" and self.factor:
            yield fault("a complete partition takes no factor", buffer.span, "leave the factor out")
            return
        found = [fault for dim in self._dims(buffer) for fault in self._dim_faults(buffer, dim)]
        yield from found
        if self.words and not found:
            yield from self._word_faults(ir, buffer)

    def layouts(self, ir: KernelIR) -> dict[str, Layout]:
        """Return the layout that the array shall have."""
        buffer = ir.find_buffer(self.buffer)
        return {buffer.name: self._layout(buffer)}

    def _layout(self, buffer: Buffer) -> Layout:
        entries = list(buffer.layout.dims)
        for dim in self._dims(buffer):
            entries[dim] = self._entry(buffer.type.shape[dim])
        return Layout(tuple(entries))

    def _dims(self, buffer: Buffer) -> range:
        return range(len(buffer.type.shape)) if self.dim == 0 else range(self.dim - 1, self.dim)

    def _entry(self, extent: int) -> DimLayout:
        return DimLayout(cast(PartitionKind, self.kind), self.factor, self.words).normal(extent)

    def _dim_faults(self, buffer: Buffer, dim: int) -> Iterator[Diagnostic]:
        extent, known = buffer.type.shape[dim], buffer.layout.dims[dim]
        place = f"dimension {dim + 1} of {buffer.name}"
        if self.kind != "complete" and not 2 <= self.factor <= extent:
            message = f"factor {self.factor} is out of range for {place}, which has {extent} elements"
            yield fault(message, buffer.span, f"a factor from 2 to {extent}" if extent > 1 else "choose another one")
        elif known.kind != "none" and known != self._entry(extent):
            message = f"{place} is already partitioned: {known}"
            yield fault(message, buffer.span, "change that step; a partition is not replaced by a later one")

    def _word_faults(self, ir: KernelIR, buffer: Buffer) -> Iterator[Diagnostic]:
        """Yield why the banks cannot be joined: both sides of a port or a channel would have to know of it."""
        name, span = buffer.name, buffer.span
        calls = (op for op in uses_of(ir, buffer) if op.name == "func.call")
        callee = next((symbol(op, "callee") for op in calls), None)
        if buffer.kind not in ("local", "constant"):
            what = "an argument" if buffer.kind == "argument" else "state, which outlives a call"
            yield fault(f"{name} is {what}: only a local array can have words", span, f"make a tile of {name} first")
        elif callee is not None:
            message = f"{name} is given to {callee}, which knows of no words"
            yield fault(message, span, f"inline {callee} first, or leave `words` out")
        elif runs_stages(ir):
            yield fault(
                f"{name} may be handed on by stages that run at the same time", span, "partition before dataflow"
            )
        bits = buffer.type.element.bits * self._layout(buffer).word(buffer.type.shape)
        if bits > MOST_BITS:
            message = f"a word of {name} would have {bits} bits, more than {MOST_BITS}"
            yield fault(message, span, "a smaller factor, or fewer dimensions")

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Set the layout, let tiles follow, and widen the copies."""
        buffer = ir.find_buffer(self.buffer)
        changed = follow(ir.with_layout(buffer.name, self._layout(buffer)), buffer.name)
        widen_copies(changed, _family(changed, buffer.name))
        return changed


def _family(kernel: KernelIR, name: str) -> list[str]:
    """Return a buffer and its tiles, and theirs."""
    return [name, *(n for tile, _, _ in tiles_of(kernel, name) for n in _family(kernel, tile))]
