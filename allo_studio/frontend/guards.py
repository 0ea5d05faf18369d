"""What a condition tells of loop variables, sizes and scalar arguments: the proof of bounds takes it into account."""

from __future__ import annotations

import ast
from itertools import pairwise

from allo_studio.frontend.ranges import Guard
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.subscripts import affine
from allo_studio.ir import LinearExpr

__all__ = ["guard_of"]

# It holds whatever the variables are: nothing is known.
_NOTHING: Guard = ((),)
# It never holds.
_NEVER: Guard = ()
_MOST_ALTERNATIVES = 16


def guard_of(test: ast.expr, scope: Scope, holds: bool) -> Guard:
    """Return what is known where a condition holds, or where it does not; nothing is reported."""
    match test:
        case ast.Constant(value=bool() as value):
            return _NOTHING if value is holds else _NEVER
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return guard_of(operand, scope, not holds)
        case ast.BoolOp(op=operator, values=values):
            parts = [guard_of(value, scope, holds) for value in values]
            return _all(parts) if isinstance(operator, ast.And) is holds else _any(parts)
        case ast.Compare(left=left, ops=operators, comparators=others):
            sides = [affine(side, scope) for side in (left, *others)]
            pairs = zip(operators, pairwise(sides), strict=True)
            parts = [_comparison(operator, one, two, holds) for operator, (one, two) in pairs]
            return _all(parts) if holds else _any(parts)
    return _NOTHING


def _all(parts: list[Guard]) -> Guard:
    total = _NOTHING
    for part in parts:
        joined = tuple((*one, *two) for one in total for two in part)
        # Leaving a part out only makes less known.
        total = joined if len(joined) <= _MOST_ALTERNATIVES else total
    return total


def _any(parts: list[Guard]) -> Guard:
    joined = tuple(alternative for part in parts for alternative in part)
    return joined if len(joined) <= _MOST_ALTERNATIVES else _NOTHING


def _comparison(operator: ast.cmpop, one: LinearExpr | None, two: LinearExpr | None, holds: bool) -> Guard:
    if one is None or two is None:
        return _NOTHING
    below, above = two - one, one - two
    match operator:
        case ast.Lt():
            return ((below - 1,),) if holds else ((above,),)
        case ast.LtE():
            return ((below,),) if holds else ((above - 1,),)
        case ast.Gt():
            return ((above - 1,),) if holds else ((below,),)
        case ast.GtE():
            return ((above,),) if holds else ((below - 1,),)
        case ast.Eq() | ast.NotEq():
            equal = isinstance(operator, ast.Eq) is holds
            return ((below, above),) if equal else ((below - 1,), (above - 1,))
    return _NOTHING
