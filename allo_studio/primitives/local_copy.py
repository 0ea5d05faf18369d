"""Making a kernel's argument a FIFO end: the local copy that brings a consumer's reads in order."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.analysis.streams import ConsumerOrder, TileDim
from allo_studio.ir import KernelIR, LinearExpr, access_of
from allo_studio.ir.binding import in_context
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.build import alloc, for_loop, load, store
from allo_studio.ir.rewrite import after as after_op
from allo_studio.ir.rewrite import at_end, at_start, erase, fresh_buffer_name, fresh_loop_name
from allo_studio.ir.views import walk
from allo_studio.layout import DimLayout, Layout
from allo_studio.types import ArrayType

__all__ = ["read_in_order"]


def read_in_order(kernel: KernelIR, argument: str, order: ConsumerOrder) -> KernelIR:
    """Return the kernel with its reads of an input going through the local copy that `order` says.

    rewrite:
        for i:                          for i:
          for j, k: ... A[i, k] ...       A_local = alloc
                                          for k: A_local[k] = A[i, k]      (role copy_in, `width` lanes)
                                          for j, k: ... A_local[k] ...
    """
    if order.loop is None:
        return kernel
    changed = kernel.clone()
    buffer = changed.find_buffer(argument)
    kept = [d for d, dim in enumerate(order.tile) if dim.extent > 1]
    local_type = ArrayType(buffer.type.element, tuple(order.tile[d].extent for d in kept))
    name = fresh_buffer_name(changed, f"{argument}_local")
    loops = [fresh_loop_name(changed, f"{argument}_copy_{number}") for number in range(len(kept))]
    body = changed.find_loop(order.loop).body
    tile = _same_loops(kernel, changed, order)
    with in_context():
        readers = [op for op in walk(body) if op.name == "affine.load" and op.operands[0] == buffer.value]
        local = alloc(name, local_type, at_start(body))
        for op in readers:
            _redirect(op, local, tile, kept)
        _copy_nest(local, buffer.value, loops, tile, kept, order.width)
    inherited = Layout(tuple(buffer.layout.dims[d] for d in kept))
    changed = changed.with_layout(name, _banks(inherited, local_type.shape, order.width))
    changed.verify()
    return changed


def _same_loops(before: KernelIR, after: KernelIR, order: ConsumerOrder) -> tuple[TileDim, ...]:
    """Return the tile in terms of the clone's induction variables."""
    renamed = {a.induction_variable: b.induction_variable for a, b in zip(before.loops(), after.loops(), strict=True)}
    return tuple(
        TileDim(LinearExpr(tuple((renamed[v], f) for v, f in dim.base.terms), dim.base.constant), dim.extent)
        for dim in order.tile
    )


def _redirect(op: mlir.Operation, local: mlir.Value, tile: Sequence[TileDim], kept: Sequence[int]) -> None:
    found = access_of(op)
    if found is None:
        raise AssertionError("a read that was proven to be in order is not linear")
    inside = [found[d] - tile[d].base for d in kept]
    value = load(local, inside, mlir.InsertionPoint(op), op.location)
    op.results[0].replace_all_uses_with(value)
    erase(op)


def _copy_nest(
    local: mlir.Value,
    memory: mlir.Value,
    names: Sequence[str],
    tile: Sequence[TileDim],
    kept: Sequence[int],
    width: int,
) -> None:
    """Make the loops that fill the local copy, the last of them `width` lanes at a time."""
    counters: list[LinearExpr] = []
    block: mlir.Block | None = None
    after: mlir.Operation = local.owner
    for name, d in zip(names, kept, strict=True):
        extent, last = tile[d].extent, d == kept[-1]
        lanes = width if last else 1
        if lanes < extent:
            block, outer = _loop(name, extent // lanes, block, after, None)
            counter = outer * lanes
        else:
            counter = LinearExpr.number(0)
        if lanes > 1:
            block, inner = _loop(f"{name}.lane", lanes, block, after, 0)
            counter = counter + inner
        counters.append(counter)
    position = iter(counters)
    source = [dim.base + (next(position) if d in kept else 0) for d, dim in enumerate(tile)]
    at = at_end(block) if block is not None else after_op(after)
    value = load(memory, source, at)
    store(value, local, counters, at if block is not None else after_op(value.owner))


def _loop(
    name: str, trip: int, block: mlir.Block | None, after: mlir.Operation, unroll: int | None
) -> tuple[mlir.Block, LinearExpr]:
    at = at_end(block) if block is not None else after_op(after)
    made = for_loop(name, 0, trip, at=at, role="copy_in", unroll=unroll)
    body = made.regions[0].blocks[0]
    return body, LinearExpr.of(body.arguments[0])


def _banks(inherited: Layout, shape: tuple[int, ...], width: int) -> Layout:
    """Return the layout of the copy: the argument's, with enough banks along the rows for a token to be written."""
    if not shape or width == 1:
        return inherited
    *front, row = inherited.dims
    return Layout((*front, row.meet(DimLayout("cyclic", width), shape[-1])))
