"""A loop that goes round more often: its first operations run ahead, and the rest of its body waits for them."""

from __future__ import annotations

from allo_studio.ir import LinearExpr, Loop
from allo_studio.ir.binding import arith, ir, scf
from allo_studio.ir.build import apply, index_constant
from allo_studio.ir.rewrite import at_end, at_start, before, erase, move_body, operations, replace_uses
from allo_studio.primitives.rewrite import loop_like

__all__ = ["delay_body"]


def delay_body(loop: Loop, ahead: int, rounds: int) -> ir.Operation:
    """Let a loop of constant bounds run `rounds` iterations more, in place; needs the context to be current.

    The first `ahead` operations of its body run in all iterations, those before the first with the values that the
    loop's variable would have had then. What follows them runs when it did, under a condition.
    """
    if loop.lower is None or loop.upper is None or loop.trip is None:
        raise ValueError(f"loop {loop.id} has no constant bounds")
    late, first = rounds * loop.step, LinearExpr.number(loop.lower)
    last = LinearExpr.number(loop.lower + (loop.trip + rounds) * loop.step)
    made = loop_like(loop, ([first], [last]), loop.step, before(loop.op), loop.name)
    body = made.regions[0].blocks[0]
    move_body(loop.body, body)
    inside = operations(body)[ahead:]
    variable = body.arguments[0]
    replace_uses(loop.induction_variable, apply(LinearExpr.of(variable) - late, at_start(body), loop.op.location))
    condition = arith.CmpIOp(
        arith.CmpIPredicate.sge,
        variable,
        index_constant(loop.lower + late, at_end(body), loop.op.location),
        loc=loop.op.location,
        ip=at_end(body),
    ).result
    branch = scf.IfOp(condition, loc=loop.op.location, ip=at_end(body)).operation
    block = branch.regions[0].blocks[0]
    for op in inside:
        op.detach_from_parent()
        block.append(op)
    scf.YieldOp([], loc=loop.op.location, ip=ir.InsertionPoint(block))
    erase(loop.op)
    return made
