"""`buffer_at`: an on-chip tile of an array in the body of a loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR, LinearExpr, Loop, in_context
from allo_studio.ir.attributes import set_text
from allo_studio.ir.binding import ir
from allo_studio.ir.build import alloc, empty_loop, load, store
from allo_studio.ir.rewrite import (
    at_end,
    at_start,
    before,
    erase,
    fresh_buffer_name,
    fresh_loop_name,
    replace_uses,
)
from allo_studio.primitives.base import BufferRef, LoopRef, Option, Step, argument, fault
from allo_studio.primitives.replication import MOST_COPIES, copies_around, operations_unrolled, pipelined_around
from allo_studio.primitives.rewrite import mark
from allo_studio.primitives.tile_plan import TilePlan, dead_initialiser, erase_initialiser, plan_tile
from allo_studio.primitives.tiles import inherited_layout, set_tile
from allo_studio.primitives.widen import widen_copies
from allo_studio.types import ArrayType

__all__ = ["BufferAt", "tile_faults"]

_LOOP_WORDS = {"fill": "fill", "write_back": "back"}


@dataclass(frozen=True)
class BufferAt(Step):
    """Work on an on-chip tile of an array in the body of a loop, and copy the tile back after.

    args:
        buffer: the array.
        axis: the loop; the tile holds what one iteration of it touches.

    rewrite:
        for i in range(64):                     for i in range(64):
            for k in range(64):                     C_tile: float32[64]
                for j in range(64):      ->         for c in range(64):          # fill
                    C[i, j] += S(i, k, j)               C_tile[c] = 0.0
                                                    for k in range(64):
                                                        for j in range(64):
                                                            C_tile[j] += S(i, k, j)
                                                    for c in range(64):          # write_back
                                                        C[i, c] = C_tile[c]

        The tile starts with the array's contents where they are read; with a constant where they are proven to be
        just that, and a first value that nothing sees any more is removed. A tile of one element is a register. The
        tile is partitioned as the array is.

    fails:
        where the loop's body does not use the array, what it touches is no box of constant extents, or the tile
        would start with elements that are not written until then.
    """

    name: ClassVar[str] = "buffer_at"
    buffer: BufferRef = field(metadata=argument("buffer", "the array to make a tile of"))
    axis: LoopRef = field(metadata=argument("loop", "the loop in whose body the tile lives"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the tiles that are smaller than their array."""
        used = {(a.buffer, loop.id) for a in accesses(ir) for loop in a.loops}
        for buffer in ir.buffers():
            for loop in ir.loops():
                if (buffer.name, loop.id) in used and loop.role is None and _makes_smaller(ir, buffer, loop):
                    yield Option({"buffer": buffer.name, "axis": loop.id})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        yield from tile_faults(plan_tile(ir, ir.find_buffer(self.buffer), ir.find_loop(self.axis)))

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Make the tile."""
        seen = ir.steady()
        plan = plan_tile(seen, seen.find_buffer(self.buffer), seen.find_loop(self.axis))
        with in_context():
            tile = _Builder(ir, plan).build()
            dead = dead_initialiser(ir.steady(), plan.buffer.name) if plan.writes_back else None
            if dead is not None:
                erase_initialiser(*dead)
        kept = plan.footprint.kept
        layout = inherited_layout(plan.buffer.layout, kept, _tile_type(plan).shape)
        changed = ir.with_layout(tile, layout) if kept else ir
        widen_copies(changed, [tile])
        return changed


def _makes_smaller(ir: KernelIR, buffer: Buffer, loop: Loop) -> bool:
    """Tell whether there can be a tile of less than the whole array."""
    try:
        plan = plan_tile(ir, buffer, loop)
    except AlloError:
        return False
    smaller = len(plan.footprint.kept) < len(buffer.type.shape) or plan.footprint.extents != buffer.type.shape
    return smaller and next(tile_faults(plan), None) is None


def tile_faults(plan: TilePlan) -> Iterator[Diagnostic]:
    """Yield why a planned tile cannot be made where loops are pipelined."""
    pipelined = plan.axis if plan.axis.pipeline else pipelined_around(plan.axis)
    if pipelined is None:
        return
    if plan.footprint.guarded:
        message = (
            f"the tile is cut at the end of {plan.buffer.name}, so its copies inside pipelined loop {pipelined.id}"
        )
        yield fault(f"{message} cannot be unrolled", plan.axis.span, f"choose a loop outside {pipelined.id}")
        return
    repeated = prod(loop.trip or 1 for loop in (*plan.axis.ancestors(), plan.axis) if loop.depth > pipelined.depth)
    copied = _tile_type(plan).size * (plan.fills + plan.writes_back) * 2 * repeated
    count = (operations_unrolled(pipelined) + copied) * copies_around(pipelined)
    if count > MOST_COPIES:
        message = f"with the tile, loop {pipelined.id} would pipeline {count} operations, more than {MOST_COPIES}"
        yield fault(message, plan.axis.span, f"choose a loop outside {pipelined.id}")


def _tile_type(plan: TilePlan) -> ArrayType:
    return ArrayType(plan.buffer.type.element, tuple(plan.footprint.extents[d] for d in plan.footprint.kept))


class _Builder:
    """Makes one tile in place; needs the context to be current."""

    def __init__(self, kernel: KernelIR, plan: TilePlan) -> None:
        self._kernel = kernel
        self._plan = plan
        self._name = fresh_buffer_name(kernel, f"{plan.buffer.name}_tile")
        # Inside a pipelined loop there are no loops any more, only copies.
        self._unrolled = bool(plan.axis.pipeline or pipelined_around(plan.axis))

    def build(self) -> str:
        """Make the tile and return its name."""
        plan, body = self._plan, self._plan.axis.body
        location = plan.axis.op.location
        at = at_start(body)
        tile = alloc(self._name, _tile_type(plan), at, location)
        set_tile(tile.owner.operation, plan.buffer.name, plan.footprint.kept)
        if plan.fills:
            self._copy("fill", at, tile)
        for access in plan.inside:
            self._redirect(access, tile)
        if plan.writes_back:
            self._copy("write_back", at_end(body), tile)
        return self._name

    def _redirect(self, access: Access, tile: ir.Value) -> None:
        plan, op = self._plan, access.op
        lows = plan.footprint.lows
        subscripts = [
            s - lows[d] for d, s in enumerate(access.subscripts) if s is not None and d in plan.footprint.kept
        ]
        if access.is_write:
            store(op.operands[0], tile, subscripts, before(op), op.location)
        else:
            replace_uses(op.result, load(tile, subscripts, before(op), op.location))
        erase(op)

    def _copy(self, role: str, at: ir.InsertionPoint, tile: ir.Value) -> None:
        """Make the nest that fills the tile, or that writes it back."""
        plan, variables = self._plan, []
        initial = plan.initial.clone(ip=at).result if role == "fill" and plan.initial is not None else None
        for number, dim in enumerate(plan.footprint.kept):
            op = self._loop(role, number, dim, at)
            block = op.regions[0].blocks[0]
            variables.append(LinearExpr.of(block.arguments[0]))
            at = at_end(block)
        elements = self._elements(variables)
        location = plan.axis.op.location
        if role == "write_back":
            store(load(tile, variables, at, location), plan.buffer.value, elements, at, location)
        elif initial is not None:
            store(initial, tile, variables, at, location)
        else:
            store(load(plan.buffer.value, elements, at, location), tile, variables, at, location)

    def _elements(self, variables: Sequence[LinearExpr]) -> list[LinearExpr]:
        offsets = dict(zip(self._plan.footprint.kept, variables, strict=True))
        return [low + offsets.get(d, LinearExpr.number(0)) for d, low in enumerate(self._plan.footprint.lows)]

    def _loop(self, role: str, number: int, dim: int, at: ir.InsertionPoint) -> ir.Operation:
        footprint = self._plan.footprint
        upper = [LinearExpr.number(footprint.extents[dim])]
        if dim in footprint.guarded:
            upper.append(-footprint.lows[dim] + footprint.shape[dim])
        name = fresh_loop_name(self._kernel, f"{self._name}_{_LOOP_WORDS[role]}_{number}")
        made = empty_loop(([LinearExpr.number(0)], upper), 1, at, self._plan.axis.op.location, name)
        set_text(made, "allo.role", role)
        if self._unrolled:
            mark(made, unroll=0)
        return made
