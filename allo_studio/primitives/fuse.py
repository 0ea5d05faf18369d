"""`fuse`: loops of a nest become one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR, LinearExpr, Loop, in_context
from allo_studio.ir.attributes import remove
from allo_studio.ir.binding import affine, ir
from allo_studio.ir.rewrite import at_start, before, erase, fresh_loop_name, move_before, move_body, replace_uses
from allo_studio.primitives.base import LoopRef, Option, Step, argument, fault
from allo_studio.primitives.nests import adjacent_nest, directive_of
from allo_studio.primitives.rewrite import between, loop_like

__all__ = ["Fuse"]

# A mark of one loop holds for the fused one only where every part has it.
_SHARED = ("allo.reduction", "allo.parallel", "allo.role", "allo.pipeline")


@dataclass(frozen=True)
class Fuse(Step):
    """Make one loop of a perfect nest; the order of the work stays.

    args:
        axes: the loops, the outermost first, each directly in the one before, with constant bounds.

    rewrite:
        for i in range(4):             for i_j_fused in range(32):
            for j in range(8):   ->        S(i_j_fused // 8, i_j_fused % 8)
                S(i, j)

        The new loop counts from 0 by 1; lower bounds and steps of the parts go into the subscripts. It is a
        reduction where all parts are.

    fails:
        where the loops are not directly inside each other, something stands between them, one has bounds that are
        not constant (such as the tail of an uneven split), or one is already pipelined or unrolled (fuse first).
    """

    name: ClassVar[str] = "fuse"
    keeps_stages: ClassVar[bool] = True
    axes: tuple[LoopRef, ...] = field(metadata=argument("loops", "the loops of a nest, the outermost first"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the pairs of neighbours."""
        for loop in ir.loops():
            if loop.parent is not None and cls((LoopRef(loop.parent.id), LoopRef(loop.id))).fits(ir):
                yield Option({"axes": [loop.parent.id, loop.id]})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        for loop in adjacent_nest(ir, self.axes, self.name):
            if loop.trip is None:
                message = f"loop {loop.id} has no constant bounds, so it cannot be fused"
                yield fault(message, loop.span, "fuse loops whose bounds are numbers; split with a factor that divides")
            done = directive_of(loop)
            if done:
                yield fault(f"loop {loop.id} is already {done}", loop.span, f"fuse {loop.id} before it is {done}")

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Fuse the loops."""
        chain = adjacent_nest(ir, self.axes, self.name)
        with in_context():
            wanted = "_".join([*(loop.name for loop in chain), "fused"])
            _fuse(chain, fresh_loop_name(ir, wanted, chain[0].band))
        return ir


def _fuse(chain: Sequence[Loop], name: str) -> None:
    trips = [loop.trip or 0 for loop in chain]
    bounds = ([LinearExpr.number(0)], [LinearExpr.number(prod(trips))])
    fused = loop_like(chain[0], bounds, 1, before(chain[0].op), name)
    for mark in _SHARED:
        if len({str(loop.op.attributes[mark]) if mark in loop.op.attributes else "" for loop in chain}) > 1:
            remove(fused, mark)
    block = fused.regions[0].blocks[0]
    at = at_start(block)
    for number, loop in enumerate(chain):
        value = _part(block.arguments[0], loop, trips, number, at)
        replace_uses(loop.induction_variable, value)
    move_before(between(chain), block.operations[len(block.operations) - 1].operation)
    move_body(chain[-1].body, block)
    erase(chain[0].op)


def _part(variable: ir.Value, loop: Loop, trips: Sequence[int], number: int, at: ir.InsertionPoint) -> ir.Value:
    """Make what the variable of a part is in terms of the fused one."""
    # A loop that never runs divides by no more than 1: its body has no instance.
    count, inside = max(1, trips[number]), max(1, prod(trips[number + 1 :]))
    digit = ir.AffineExpr.get_floor_div(ir.AffineExpr.get_dim(0), inside)
    if number:
        digit = ir.AffineExpr.get_mod(digit, count)
    mapping = ir.AffineMap.get(1, 0, [digit * loop.step + (loop.lower or 0)])
    return affine.AffineApplyOp(ir.AffineMapAttr.get(mapping), [variable], loc=loop.op.location, ip=at).result
