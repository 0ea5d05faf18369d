"""May an array argument be a FIFO? Proofs, with isl, that its elements are moved once each, in row-major order.

A producer streams an argument that one store writes, every element once, in row-major order; the lanes of the
unrolled loops around the store make a token of contiguous elements. A consumer reads it in order as it is, or through a
local copy made in the body of one of its outer loops, whose iterations each use the next run of elements.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.binding import isl
from allo_studio.analysis.domains import enclosing
from allo_studio.analysis.sets import IslMap, box_set, isl_map, points, tuple_text
from allo_studio.ir import KernelIR, LinearExpr, Loop
from allo_studio.ir.binding import ir
from allo_studio.layout import Layout
from allo_studio.source import Span

__all__ = [
    "ConsumerOrder",
    "ProducerOrder",
    "Refusal",
    "TileDim",
    "consumer_orders",
    "consumer_width",
    "producer_order",
]


@dataclass(frozen=True)
class Refusal:
    """Why an argument cannot be a FIFO, where, and what would mend it."""

    reason: str
    hint: str
    span: Span | None = None


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
    if len(writes) != 1:
        if any(loop.role == "init" for access in writes for loop in access.loops):
            mend = f"declare {argument} without a value if all of it is written anyway, or {mend}"
        return Refusal(f"{argument} is written at {len(writes)} places", mend, writes[-1].span if writes else None)
    return _ordered(kernel, writes[0], "writes")


def consumer_orders(kernel: KernelIR, argument: str, width: int) -> tuple[ConsumerOrder, ...] | Refusal:
    """Return all ways to read an input from a FIFO with tokens of `width` elements, or why there is none."""
    return kernel.kept(f"consumer orders {argument} {width}", lambda: _consumer_orders(kernel, argument, width))


def _consumer_orders(kernel: KernelIR, argument: str, width: int) -> tuple[ConsumerOrder, ...] | Refusal:
    reads = [access for access in accesses(kernel) if access.buffer == argument]
    if not reads:
        return Refusal(f"{argument} is never read", "an input that nothing reads cannot be a FIFO: remove it")
    orders: list[ConsumerOrder] = []
    refusal: Refusal | None = None
    if len(reads) == 1:
        direct = _ordered(kernel, reads[0], "reads")
        if isinstance(direct, Refusal):
            refusal = direct
        elif direct.width == width:
            orders.append(ConsumerOrder(width))
        else:
            refusal = Refusal(f"{argument} is read {direct.width} elements at a time, not {width}", "", reads[0].span)
    for level in range(_shared_levels(reads), 0, -1):
        order = _through_copy(kernel, reads, level, width)
        if order:
            orders.append(order)
    if orders:
        return tuple(orders)
    hint = (
        f"reorder the loops so that an outer loop runs over the first dimension of {argument} and each of its "
        "iterations uses the next elements in row-major order"
    )
    reason = refusal.reason if refusal else f"no outer loop uses {argument} in row-major runs, one after another"
    return Refusal(reason, hint, refusal.span if refusal else reads[0].span)


def consumer_width(kernel: KernelIR, argument: str) -> int:
    """Return how many elements a token from outside should have: what is read at once, else a word of all banks.

    What is not read in order goes through a local copy, which takes as many at a time as its last dimension has banks.
    """
    reads = [access for access in accesses(kernel) if access.buffer == argument]
    direct = _ordered(kernel, reads[0], "reads") if len(reads) == 1 else None
    if isinstance(direct, ProducerOrder):
        return direct.width
    shape, dims = kernel.find_buffer(argument).type.shape, kernel.layout(argument).dims
    banks = Layout(dims[-1:]).banks(shape[-1:]) if shape else 1
    return banks if shape and shape[-1] % banks == 0 else 1


def _lanes(access: Access) -> int:
    """Return how many of the access's loops, counted from the inside, are nothing but lanes.

    An unrolled loop around one that is not runs that one's copies one after another.
    """
    count = 0
    for loop in reversed(access.loops):
        if loop.unroll != 0 or any(inside.unroll != 0 for inside in loop.descendants()):
            break
        count += 1
    return count


def _ordered(kernel: KernelIR, access: Access, verb: str) -> ProducerOrder | Refusal:
    """Tell whether one access moves every element once, in order, and how many in a cycle."""
    shape = kernel.find_buffer(access.buffer).type.shape
    name = access.buffer
    if access.callee:
        return Refusal(f"{name} is passed to {access.callee}", f"inline {access.callee}", access.span)
    if not access.linear:
        return Refusal(f"the subscripts of {name} are not linear in the loops", "", access.span)
    if not access.exact or _in_branch(access):
        return Refusal(f"it does not always {verb.removesuffix('s')} {name}", "", access.span)
    if unfit := _unfit_lanes(access):
        return unfit
    width = _token_width(access, shape)
    if width is None:
        return Refusal(f"what one cycle {verb} of {name} is not contiguous", "", access.span)
    levels = len(access.loops) - _lanes(access)
    footprint = _prefix(access, levels)
    hint = f"buffer_at({name}, ...) or a reorder of the loops brings it in order"
    broken = _out_of_order(footprint, levels, len(shape))
    if broken:
        first, second = (f"{name}[{', '.join(map(str, point))}]" for point in broken)
        how = "more than once" if first == second else f"before {second}, which is not row-major order"
        return Refusal(f"it {verb} {first} {how}", hint, access.span)
    if not box_set(shape).is_subset(footprint.range()):
        return Refusal(f"it {verb} only a part of {name}", hint, access.span)
    return ProducerOrder(width)


def _in_branch(access: Access) -> bool:
    """Tell whether an access is in a branch of an `if`, so that the lanes around may take part or not."""
    return len(enclosing(access.op)) > len(access.loops) + 1


def _unfit_lanes(access: Access) -> Refusal | None:
    """Return why the unrolled loops around an access make no tokens, if so."""
    lanes = len(access.loops) - _lanes(access)
    pipelined = ""
    for level, loop in enumerate(access.loops):
        if pipelined and loop.unroll != 0:
            reason = f"loop {loop.id} is inside of pipelined loop {pipelined}, which makes lanes of it"
            return Refusal(reason, f"unroll {loop.id} too, so that its elements make a token", access.span)
        pipelined = loop.id if loop.pipeline else pipelined
        if loop.unroll:
            return Refusal(
                f"loop {loop.id} is unrolled partly", f"split {loop.id} and unroll the inner loop", access.span
            )
        if loop.unroll == 0 and level < lanes:
            reason = f"loop {loop.id} is unrolled, but not what is inside of it"
            return Refusal(reason, f"unroll only loops that have no other loop inside, not {loop.id}", access.span)
        if loop.unroll == 0 and loop.lower != 0:
            reason = f"the unrolled loop {loop.id} does not begin at 0"
            return Refusal(reason, f"let {loop.id} begin at 0, or do not unroll it", access.span)
    return None


def _token_width(access: Access, shape: tuple[int, ...]) -> int | None:
    """Return the elements that the lanes move together, or None where they are not a contiguous run upwards."""
    lanes = access.loops[len(access.loops) - _lanes(access) :]
    if any(loop.trip is None for loop in lanes):
        return None
    strides = [prod(shape[d + 1 :]) for d in range(len(shape))]
    factors = []
    for loop in lanes:
        moves = sum(
            s.coefficient(loop.induction_variable) * stride
            for s, stride in zip(access.subscripts, strides, strict=True)
            if s is not None
        )
        factors.append([moves * loop.step * n for n in range(loop.trip or 0)])
    offsets = sorted(sum(choice) for choice in product(*factors))
    return len(offsets) if offsets == list(range(len(offsets))) else None


def _prefix(access: Access, levels: int) -> IslMap:
    """Return which elements an iteration of the outermost `levels` loops touches."""
    relation = access.relation
    return relation.project_out(isl.dim_type.in_, levels, relation.dim(isl.dim_type.in_) - levels)


def _out_of_order(footprint: IslMap, levels: int, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return two elements, of an earlier and a later iteration, that are not in strictly row-major order."""
    later = _lexicographic(levels)
    pairs = footprint.reverse().apply_range(later).apply_range(footprint)
    wrong = pairs.subtract(_lexicographic(rank))
    return None if wrong.is_empty() else points(wrong)


def _lexicographic(dimensions: int) -> IslMap:
    """Return the relation from each point to all that come after it."""
    a = [f"a{d}" for d in range(dimensions)]
    b = [f"b{d}" for d in range(dimensions)]
    cases = [
        " and ".join([*(f"{x} = {y}" for x, y in zip(a[:d], b[:d], strict=True)), f"{a[d]} < {b[d]}"])
        for d in range(dimensions)
    ]
    return isl_map(f"{{ {tuple_text(a)} -> {tuple_text(b)} : {' or '.join(f'({c})' for c in cases) or 'false'} }}")


def _shared_levels(reads: list[Access]) -> int:
    """Return how many outer loops all reads share that are neither unrolled nor inside of a pipelined loop."""
    shared = min([len(reads[0].loops), *(reads[0].common(other) for other in reads[1:])])
    for level, loop in enumerate(reads[0].loops[:shared]):
        if loop.unroll is not None:
            return level
        if loop.pipeline:
            return level
    return shared


def _through_copy(kernel: KernelIR, reads: list[Access], level: int, width: int) -> ConsumerOrder | None:
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
    footprint = _prefix(reads[0], level)
    for read in reads[1:]:
        footprint = footprint.union(_prefix(read, level))
    if _out_of_order(footprint, level, len(shape)) or not box_set(shape).is_subset(footprint.range()):
        return None
    row = tile[-1].extent if tile else 1
    return ConsumerOrder(width, around[-1].id, tile) if row % width == 0 else None


def _tile(reads: list[Access], around: tuple[Loop, ...], shape: tuple[int, ...]) -> tuple[TileDim, ...] | None:
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
