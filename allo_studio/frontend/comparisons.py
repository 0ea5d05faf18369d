"""Comparisons, `and` and `or`, and choices between values."""

from __future__ import annotations

import ast
from itertools import pairwise

from allo_studio.frontend.arithmetic import meet
from allo_studio.frontend.conversions import settle
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.subscripts import affine
from allo_studio.frontend.tree import (
    AffineCompare,
    Binary,
    Choose,
    Compare,
    Expression,
    Literal,
    Load,
    Logic,
    parts_of,
)
from allo_studio.frontend.tree_statements import Statement
from allo_studio.frontend.typing import Untyped, common_type
from allo_studio.ir import LinearExpr
from allo_studio.source import Span
from allo_studio.types import FLOAT64, ScalarType

__all__ = ["choose", "compare", "compare_affine", "conjunction", "join"]

_Branch = tuple[Expression, tuple[Statement, ...]]


def compare_affine(
    node: ast.Compare, operator: str, left: ast.expr, right: ast.expr, scope: Scope
) -> Expression | None:
    """Return a comparison of index expressions, which an analysis can read; None where it is none."""
    one, two = affine(left, scope), affine(right, scope)
    if one is None or two is None or (one.is_constant and two.is_constant):
        return None
    if any(abs(n) >= 1 << 31 for side in (one, two) for n in (side.constant, *(f for _, f in side.terms))):
        return None
    return AffineCompare(operator, one, two, scope.faults.places.of(node))


def compare(node: ast.Compare, operator: str, left: Expression, right: Expression, scope: Scope) -> Expression | None:
    """Return a comparison of two numbers; None after a report."""
    kind = _common(node, left, right, scope)
    if kind is None:
        return None
    if kind.kind == "struct":
        scope.faults.add("type", node, f"{kind} is not compared as a whole", 'compare fields: s["x"] == t["x"]')
        return None
    span = scope.faults.places.of(node)
    if not kind.is_float:
        return Compare(operator, left, right, span)
    one, two = meet(left, kind, scope), meet(right, kind, scope)
    return Compare(operator, one, two, span) if one and two else None


def conjunction(
    operator: str, left: Expression, right: Expression, before: tuple[Statement, ...], span: Span, scope: Scope
) -> Expression:
    """Return `left and right` or `left or right`; the right side is lazy where running it always would not do."""
    return Logic(operator, left, right, span, before, bool(before) or _is_costly(right, scope))


def choose(node: ast.AST, condition: Expression, yes: _Branch, no: _Branch, scope: Scope) -> Expression | None:
    """Return `yes if condition else no` in their common type; None after a report."""
    joined = join(node, [yes[0], no[0]], scope)
    if joined is None:
        return None
    lazy = bool(yes[1] or no[1]) or any(_is_costly(value, scope) for value in joined)
    span = scope.faults.places.of(node)
    return Choose(condition, joined[0], joined[1], joined[0].type, span, yes[1], no[1], lazy)


def join(node: ast.AST, values: list[Expression], scope: Scope) -> list[Expression] | None:
    """Return values converted to their common type, at least one of them; None after a report."""
    kind: ScalarType | None = values[0].type
    for one, value in pairwise(values):
        kind = _common(node, _typed(one, kind), value, scope) if kind is not None else None
    if kind is None:
        return None
    if all(isinstance(value, Literal) and value.flexible for value in values) and not kind.is_float:
        return [Literal(value.value, kind, value.span) for value in values if isinstance(value, Literal)]
    found = [settle(value, kind, scope) for value in values]
    known = [value for value in found if value is not None]
    return known if len(known) == len(found) else None


def _typed(value: Expression, kind: ScalarType) -> Expression:
    """Return something of a type that what was joined so far has."""
    return value if value.type == kind else Literal(0.0 if kind.is_float else 0, kind, value.span)


def _common(node: ast.AST, left: Expression, right: Expression, scope: Scope) -> ScalarType | None:
    flexible = [isinstance(side, Literal) and side.flexible and side.type.is_float for side in (left, right)]
    if (flexible[0] and right.type == FLOAT64) or (flexible[1] and left.type == FLOAT64):
        return FLOAT64
    try:
        return common_type(left.type, right.type)
    except Untyped as fault:
        scope.faults.add("type", node, fault.message, fault.hint)
        return None


def _is_costly(value: Expression, scope: Scope) -> bool:
    """Tell whether an operand divides, or loads what may not be there where the condition does not hold."""
    if isinstance(value, Binary) and value.operator in ("/", "//", "%") and not value.type.is_float:
        return True
    if isinstance(value, Load) and not all(_is_inside(value, dim, scope) for dim in range(len(value.subscripts))):
        return True
    if isinstance(value, Logic | Choose) and value.lazy:
        return True
    return any(_is_costly(part, scope) for part in parts_of(value))


def _is_inside(load: Load, dim: int, scope: Scope) -> bool:
    """Tell whether a subscript is in bounds without what the condition tells of it."""
    at = load.subscripts[dim]
    if not isinstance(at, LinearExpr):
        return False
    taken, room = scope.range_of(at), scope.range_of(at - scope.extent(load.memory.type, dim))
    if taken is None or room is None:
        return True
    return taken.least is not None and taken.least >= 0 and room.greatest is not None and room.greatest < 0
