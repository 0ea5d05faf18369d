"""Between which numbers a linear expression of loop variables lies, and divisions that are linear because of it."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.ir import LinearExpr, map_results
from allo_studio.ir.attributes import integer
from allo_studio.ir.binding import ir

__all__ = ["divided", "range_of", "remainder"]

Range = tuple[int, int]


def range_of(expression: LinearExpr) -> Range | None:
    """Return the least and the greatest value that an expression may have; None where a variable is unbounded."""
    least = greatest = expression.constant
    for variable, factor in expression.terms:
        known = _variable_range(variable)
        if known is None:
            return None
        ends = (factor * known[0], factor * known[1])
        least, greatest = least + min(ends), greatest + max(ends)
    return least, greatest


def divided(expression: LinearExpr, divisor: int) -> LinearExpr | None:
    """Return `expression` divided by a number, rounded down, where that is proven to be linear."""
    parts = _split(expression, divisor)
    return parts[0] if parts else None


def remainder(expression: LinearExpr, divisor: int) -> LinearExpr | None:
    """Return `expression` modulo a number where that is proven to be linear."""
    parts = _split(expression, divisor)
    return parts[1] if parts else None


def _split(expression: LinearExpr, divisor: int) -> tuple[LinearExpr, LinearExpr] | None:
    """Return linear q and r with `expression = q * divisor + r` and 0 ≤ r < divisor."""
    # Every choice of the constant's share works if the rest stays in range; the natural one first.
    whole = LinearExpr.collect((v, f // divisor) for v, f in expression.terms if f % divisor == 0)
    rest = LinearExpr.collect((v, f) for v, f in expression.terms if f % divisor)
    known = range_of(rest + expression.constant)
    if known is None:
        return None
    share = known[0] // divisor
    if known[1] >= (share + 1) * divisor:
        return None
    return whole + share, rest + (expression.constant - share * divisor)


def _variable_range(variable: ir.Value) -> Range | None:
    owner = variable.owner
    if not isinstance(owner, ir.Block) or owner.owner.operation.name != "affine.for":
        return None
    op = owner.owner.operation
    lower, upper = _ends(op)
    lows = [known[0] for known in lower if known is not None]
    highs = [known[1] for known in upper if known is not None]
    if not lows or not highs:
        return None
    least, greatest = max(lows), min(highs) - 1
    fixed = len(lower) == 1 and lower[0] is not None and lower[0][0] == lower[0][1]
    step = integer(op, "step") or 1
    if fixed and greatest >= least:
        greatest = least + (greatest - least) // step * step
    # A loop that never runs has no values; any range is true of it.
    return least, max(least, greatest)


def _ends(op: ir.Operation) -> tuple[Sequence[Range | None], Sequence[Range | None]]:
    operands = list(op.operands)
    lower = ir.AffineMapAttr(op.attributes["lowerBoundMap"]).value
    upper = ir.AffineMapAttr(op.attributes["upperBoundMap"]).value
    split = lower.n_inputs
    ends = (map_results(lower, operands[:split]), map_results(upper, operands[split : split + upper.n_inputs]))
    low, high = ([None if e is None else range_of(e) for e in side] for side in ends)
    return low, high
