"""Branches whose condition is known, as the code that runs; in place, with the context current."""

from __future__ import annotations

from collections.abc import Callable

from allo_studio.ir import linear_of
from allo_studio.ir.binding import ir
from allo_studio.ir.rewrite import erase, move_before, replace_uses

__all__ = ["settle_branches"]

# By the number of the predicate of `arith.cmpi`, for signed numbers.
_COMPARE: dict[int, Callable[[int, int], bool]] = {
    0: lambda a, b: a == b,
    1: lambda a, b: a != b,
    2: lambda a, b: a < b,
    3: lambda a, b: a <= b,
    4: lambda a, b: a > b,
    5: lambda a, b: a >= b,
}
_JOIN: dict[str, Callable[[bool, bool], bool]] = {
    "arith.andi": lambda a, b: a and b,
    "arith.ori": lambda a, b: a or b,
    "arith.xori": lambda a, b: a != b,
}


def settle_branches(block: ir.Block) -> None:
    """Put what runs in the place of every branch in a block whose condition compares constants of type index."""
    for view in list(block.operations):
        _settle(view.operation)


def _settle(op: ir.Operation) -> None:
    known = _truth(op.operands[0]) if op.name == "scf.if" else None
    if known is None:
        for region in op.regions:
            for block in region.blocks:
                settle_branches(block)
        return
    for inner in _spliced(op, known):
        _settle(inner)


def _truth(value: ir.Value) -> bool | None:
    """Return what a condition is, None where that is not known."""
    if isinstance(value.owner, ir.Block):
        return None
    op = value.owner.operation
    if op.name == "arith.constant":
        return bool(ir.IntegerAttr(op.attributes["value"]).value)
    if op.name in _JOIN:
        one, two = (_truth(operand) for operand in op.operands)
        return None if one is None or two is None else _JOIN[op.name](one, two)
    if op.name != "arith.cmpi" or not isinstance(op.operands[0].type, ir.IndexType):
        return None
    left, right = (linear_of(operand) for operand in op.operands)
    compare = _COMPARE.get(int(ir.IntegerAttr(op.attributes["predicate"]).value))
    if compare is None or left is None or right is None or not (left.is_constant and right.is_constant):
        return None
    return compare(left.constant, right.constant)


def _spliced(op: ir.Operation, taken: bool) -> list[ir.Operation]:
    """Move the operations of one region of a branch to before it, which goes away; return them."""
    region = op.regions[0 if taken else 1]
    inside = [view.operation for block in region.blocks for view in block.operations]
    if inside:
        *inside, last = inside
        for result, value in zip(op.results, last.operands, strict=True):
            replace_uses(result, value)
        move_before(inside, op)
    erase(op)
    return inside
