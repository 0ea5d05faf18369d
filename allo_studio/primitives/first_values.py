"""What a processing element needs to have of an array before it works on it."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.analysis.accesses import Access
from allo_studio.analysis.coverage import uncovered, unfed, unwritten
from allo_studio.analysis.sets import IslSet, isl_set, tuple_text
from allo_studio.ir import Buffer, KernelIR
from allo_studio.ir.attributes import text
from allo_studio.ir.binding import ir
from allo_studio.primitives.elements import Key, Use

__all__ = ["first_value", "needs_contents", "reads_first"]


def first_value(kernel: KernelIR, buffer: Buffer, number: int, touched: Sequence[Access]) -> ir.Operation | None:
    """Return the constant that an operation of the kernel's block gives to all of an array, None where it does not."""
    op = list(kernel.body.operations)[number].operation
    if text(op, "allo.role") != "init" or len(touched) != 1 or not touched[0].is_store:
        return None
    maker = touched[0].op.operands[0].owner
    if isinstance(maker, ir.Block) or maker.operation.name != "arith.constant":
        return None
    constant: ir.Operation = maker.operation
    return constant if unwritten(buffer.type.shape, touched).is_empty() else None


def needs_contents(use: Use, dims: Sequence[int], shape: Sequence[int]) -> bool:
    """Tell whether an element may read its part before it writes it, or may leave some of it as it was."""
    if any(not uncovered(read, use.writes).is_empty() for read in use.reads):
        return True
    return not unwritten(shape, use.writes).intersect(_part(dims, use.key, len(shape))).is_empty()


def reads_first(use: Use) -> bool:
    """Tell whether nothing that an element reads of its part is what it wrote there before."""
    return all(read.relation.is_subset(unfed(read, use.writes)) for read in use.reads)


def _part(dims: Sequence[int], key: Key, rank: int) -> IslSet:
    said = " and ".join(f"e{d} = {value}" for d, value in zip(dims, key, strict=True)) or "true"
    return isl_set(f"{{ {tuple_text(f'e{d}' for d in range(rank))} : {said} }}")
