"""Conversions of values: at an assignment, for an operation, to a truth value."""

from __future__ import annotations

import ast
from dataclasses import replace
from fractions import Fraction

from allo_studio.frontend.scope import Scope
from allo_studio.frontend.tree import Cast as CastNode
from allo_studio.frontend.tree import Compare, Expression, Literal, Reinterpret
from allo_studio.source import Span
from allo_studio.types import BOOL, FLOAT32, INT32, ScalarType, integer
from allo_studio.values import convert, fits

__all__ = ["as_truth", "cast", "literal", "settle"]

# Beyond this, arithmetic in `float64` could leave its range on the way between a float and a fixed-point number.
_MOST_SCALE = 800


def literal(value: bool | int | float, span: Span) -> Literal:
    """Return a number of the text: an `int32`, wider where that does not hold it, a `float32` or a truth value."""
    if isinstance(value, bool):
        return Literal(int(value), BOOL, span)
    if isinstance(value, float):
        return Literal(value, FLOAT32, span, flexible=True)
    kind = INT32 if fits(value, INT32) else integer(value.bit_length() + 1)
    return Literal(value, kind, span, flexible=True)


def settle(value: Expression, kind: ScalarType, scope: Scope) -> Expression | None:
    """Return `value` as an assignment to something of type `kind` converts it; None after a report."""
    if isinstance(value, Literal) and value.flexible and kind.kind != "struct" and not fits(value.value, kind):
        scope.faults.add("type", value.span, f"the number does not fit {kind}", f"the range is {_limits(kind)}")
        return None
    return cast(value, kind, scope)


def cast(value: Expression, kind: ScalarType, scope: Scope) -> Expression | None:
    """Return `value` converted to a type; None after a report."""
    if isinstance(value, Reinterpret) and value.flexible:
        return _reinterpreted(value, kind, scope)
    if value.type == kind:
        return replace(value, flexible=False) if isinstance(value, Literal) else value
    if "struct" in (value.type.kind, kind.kind):
        hint = "set the fields one by one, or reinterpret bits with x.bitcast()"
        scope.faults.add("type", value.span, f"expected {kind}, found {value.type}", hint)
        return None
    if isinstance(value, Literal):
        return Literal(convert(value.value, kind), kind, value.span)
    if _is_out_of_reach(value.type, kind):
        message = f"{value.type} is too wide to be converted to {kind}"
        scope.faults.add("type", value.span, message, "convert it to a narrower fixed-point type first")
        return None
    return CastNode(value, kind, value.span)


def as_truth(node: ast.AST, value: Expression, scope: Scope) -> Expression | None:
    """Return whether a value is not 0; None after a report."""
    if value.type == BOOL:
        return value
    if value.type.kind == "struct":
        scope.faults.add("type", node, f"{value.type} is neither true nor false", 'name a field: s["x"]')
        return None
    zero = Literal(0.0 if value.type.is_float else 0, value.type, value.span)
    return Compare("!=", value, zero, value.span)


def _reinterpreted(value: Reinterpret, kind: ScalarType, scope: Scope) -> Expression | None:
    found = value.operand.type
    if found.bits != kind.bits:
        message = f"bitcast keeps the width: {found} has {found.bits} bits, {kind} has {kind.bits}"
        scope.faults.add("type", value.span, message, "take bits with x[0:8], or convert the value")
        return None
    return replace(value, type=kind, flexible=False)


def _is_out_of_reach(source: ScalarType, target: ScalarType) -> bool:
    scaled = source if source.kind == "fixed" else target
    if "fixed" not in (source.kind, target.kind) or not (source.is_float or target.is_float):
        return False
    return scaled.bits > _MOST_SCALE or abs(scaled.fraction) > _MOST_SCALE


def _limits(kind: ScalarType) -> str:
    match kind.kind:
        case "float":
            greatest = {"float16": "65504", "bfloat16": "3.4e38", "float64": "1.8e308"}.get(kind.name, "3.4e38")
            return f"about -{greatest} to {greatest}"
        case "fixed":
            low, high = (Fraction(end) / Fraction(2) ** kind.fraction for end in (kind.least, kind.greatest))
            return f"{_shown(low)} to {_shown(high)}"
    return f"{kind.least} to {kind.greatest}"


def _shown(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"{float(number):g}"
