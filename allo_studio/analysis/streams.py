"""May an array argument be a FIFO? Proofs, with isl, that its elements are moved once each, in row-major order.

A producer streams an argument that its stores write in order, every element once (see `stream_order`). A consumer reads
it in order as it is, or through a local copy made in the body of one of its outer loops, whose iterations each use the
next run of elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.sets import box_set, common_domain
from allo_studio.analysis.stream_order import Refusal, out_of_order, token_order
from allo_studio.ir import KernelIR, LinearExpr, Loop
from allo_studio.ir.binding import ir
from allo_studio.layout import Layout

__all__ = [
    "ConsumerOrder",
    "ProducerOrder",
    "Refusal",
    "TileDim",
    "consumer_orders",
    "consumer_width",
    "orders_of_reads",
    "producer_order",
]


@dataclass(frozen=True)
class ProducerOrder:
    """The argument is written in order, `width` contiguous elements a token."""

    width: int


@dataclass(frozen=True)
class TileDim:
    """One dimension of what an iteration uses: `extent` elements from `base` on (in terms of outer loops)."""

    base: LinearExpr
    extent: int


@dataclass(frozen=True)
class ConsumerOrder:
    """The argument can be read in order, `width` elements a token.

    With `loop` None it already is; else through a local copy of the box `tile`, made at the start of the body of the
    loop of that id.
    """

    width: int
    loop: str | None = None
    tile: tuple[TileDim, ...] = ()


def producer_order(kernel: KernelIR, argument: str) -> ProducerOrder | Refusal:
    """Tell whether an output may be written into a FIFO, and how wide its tokens are."""
    return kernel.kept(f"producer order {argument}", lambda: _producer_order(kernel, argument))


def _producer_order(kernel: KernelIR, argument: str) -> ProducerOrder | Refusal:
    found = [access for access in accesses(kernel) if access.buffer == argument]
    writes = [access for access in found if access.is_write]
    read = next((access for access in found if not access.is_write), None)
    busiest = max(found, key=lambda access: len(access.loops), default=None)
    outer = busiest.loops[0].id if busiest and busiest.loops else "its outer loop"
    mend = f"buffer_at({argument}, {outer}) collects the results on chip and writes each once, in order"
    if read:
        return Refusal(f"{argument} is read again after it was written", mend, read.span)
    if not writes:
        return Refusal(f"{argument} is never written", mend)
    width = token_order(kernel, writes, "writes")
    if isinstance(width, int):
        return ProducerOrder(width)
    if len(writes) == 1:
        return width
    if any(loop.role == "init" for access in writes for loop in access.loops):
        mend = f"declare {argument} without a value if all of it is written anyway, or {mend}"
    return replace(width, hint=mend)


def consumer_orders(kernel: KernelIR, argument: str, width: int) -> tuple[ConsumerOrder, ...] | Refusal:
    """Return all ways to read an input from a FIFO with tokens of `width` elements, or why there is none."""
    found = [access for access in accesses(kernel) if access.buffer == argument and not access.is_write]
    return kernel.kept(f"consumer orders {argument} {width}", lambda: orders_of_reads(kernel, argument, width, found))


def orders_of_reads(
    kernel: KernelIR, argument: str, width: int, reads: Sequence[Access]
) -> tuple[ConsumerOrder, ...] | Refusal:
    """Return all ways of some of the reads of an array alone, as `consumer_orders` does of all."""
    if not reads:
        return Refusal(f"{argument} is never read", "an input that nothing reads cannot be a FIFO: remove it")
    orders: list[ConsumerOrder] = []
    refusal: Refusal | None = None
    direct = token_order(kernel, reads, "reads")
    if isinstance(direct, Refusal):
        refusal = direct
    elif direct == width:
        orders.append(ConsumerOrder(width))
    else:
        refusal = Refusal(f"{argument} is read {direct} elements at a time, not {width}", "", reads[0].span)
    for level in range(_shared_levels(reads), 0, -1):
        order = _through_copy(kernel, reads, level, width)
        if order:
            orders.append(order)
    if orders:
        return tuple(orders)
    assert refusal is not None
    return replace(refusal, hint=_mend(argument, reads, refusal))


def _mend(argument: str, reads: Sequence[Access], refusal: Refusal) -> str:
    """Return what would bring an input's reads in order."""
    hint = (
        f"reorder the loops so that an outer loop runs over the first dimension of {argument} and each of its "
        "iterations uses the next elements in row-major order"
    )
    if refusal.repeated and len(reads) > 1:
        return f"reuse_at({argument}, ...) keeps what is read again, so that each element is read once; or {hint}"
    return hint


def consumer_width(kernel: KernelIR, argument: str) -> int:
    """Return how many elements a token from outside should have: what is read at once, else a word of all banks.

    What is not read in order goes through a local copy, which takes as many at a time as its last dimension has banks.
    """
    return kernel.kept(f"consumer width {argument}", lambda: _consumer_width(kernel, argument))


def _consumer_width(kernel: KernelIR, argument: str) -> int:
    reads = [access for access in accesses(kernel) if access.buffer == argument]
    direct = token_order(kernel, reads, "reads") if reads else None
    if isinstance(direct, int):
        return direct
    shape, dims = kernel.find_buffer(argument).type.shape, kernel.layout(argument).dims
    banks = Layout(dims[-1:]).banks(shape[-1:]) if shape else 1
    return banks if shape and shape[-1] % banks == 0 else 1


def _shared_levels(reads: Sequence[Access]) -> int:
    """Return how many outer loops all reads share that are neither unrolled nor inside of a pipelined loop."""
    shared = min([len(reads[0].loops), *(reads[0].common(other) for other in reads[1:])])
    for level, loop in enumerate(reads[0].loops[:shared]):
        if loop.unroll is not None:
            return level
        if loop.pipeline:
            return level
    return shared


def _through_copy(kernel: KernelIR, reads: Sequence[Access], level: int, width: int) -> ConsumerOrder | None:
    """Return the order of reading through a copy in the body of the loop at `level` (from 1), if it is one."""
    if not all(read.exact and read.linear for read in reads):
        return None
    shape = kernel.find_buffer(reads[0].buffer).type.shape
    around = reads[0].loops[:level]
    tile = _tile(reads, around, shape)
    if tile is None or any(loop.trip is None for loop in around):
        return None
    # The box is what every iteration uses if the boxes make up the array, without overlap and in order.
    if prod(d.extent for d in tile) * prod(loop.trip or 0 for loop in around) != prod(shape):
        return None
    footprint = common_domain(reads[0].relation, level)
    for read in reads[1:]:
        footprint = footprint.union(common_domain(read.relation, level))
    if out_of_order(footprint, level, len(shape)) or not box_set(shape).is_subset(footprint.range()):
        return None
    row = tile[-1].extent if tile else 1
    return ConsumerOrder(width, around[-1].id, tile) if row % width == 0 else None


def _tile(reads: Sequence[Access], around: tuple[Loop, ...], shape: tuple[int, ...]) -> tuple[TileDim, ...] | None:
    """Return the box around what one iteration of the loops `around` reads, or None where it is none."""
    outer = [loop.induction_variable for loop in around]
    dims = []
    for dimension in range(len(shape)):
        spans = [_split(read, dimension, outer) for read in reads]
        if any(s is None for s in spans):
            return None
        known = [s for s in spans if s is not None]
        bases = {base.terms for base, _, _ in known}
        if len(bases) != 1:
            return None
        low, high = min(s[1] for s in known), max(s[2] for s in known)
        dims.append(TileDim(LinearExpr(known[0][0].terms, low), high - low + 1))
    return tuple(dims)


def _split(read: Access, dimension: int, outer: list[ir.Value]) -> tuple[LinearExpr, int, int] | None:
    """Return a subscript's part in the outer loops, and the least and greatest value of the rest."""
    subscript = read.subscripts[dimension]
    if subscript is None:
        return None
    base = LinearExpr(tuple((v, subscript.coefficient(v)) for v in outer if subscript.coefficient(v)))
    low = high = subscript.constant
    for loop in read.loops:
        factor = subscript.coefficient(loop.induction_variable)
        if not factor or loop.induction_variable in outer:
            continue
        if loop.trip is None or loop.lower is None:
            return None
        ends = (factor * loop.lower, factor * (loop.lower + loop.step * (loop.trip - 1)))
        low, high = low + min(ends), high + max(ends)
    return base, low, high
