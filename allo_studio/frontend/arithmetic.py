"""Arithmetic: the types of operations, and the folding of numbers of the text."""

from __future__ import annotations

import ast
import math
from fractions import Fraction

from allo_studio.frontend.conversions import cast, literal, settle
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.tree import Binary, Expression, Function, Literal, Unary
from allo_studio.frontend.typing import Untyped, negated_type, result_type
from allo_studio.types import FLOAT64, MOST_BITS, ScalarType

__all__ = ["combine", "meet", "negate"]

# A power beyond this is no number that a kernel needs.
_MOST_EXPONENT = 1024


def combine(
    node: ast.AST, operator: str, left: Expression | None, right: Expression | None, scope: Scope
) -> Expression | None:
    """Return `left operator right` with the type that Allo's rules give it; None after a report."""
    if left is None or right is None:
        return None
    if not _is_sound(node, operator, left, right, scope):
        return None
    folded = _folded(node, operator, left, right, scope)
    if folded is not None:
        return folded
    if operator == "**" and _is_whole(left) and _is_whole(right) and isinstance(right, Literal) and right.value >= 0:
        scope.faults.add("type", node, "the number is too large", f"a number has at most {MOST_BITS} bits")
        return None
    try:
        left, right = _meant(left, right), _meant(right, left)
        kind = result_type(operator, left.type, right.type)
    except Untyped as fault:
        scope.faults.add("type", node, fault.message, fault.hint)
        return None
    span = scope.faults.places.of(node)
    if kind.is_float:
        one, two = meet(left, kind, scope), meet(right, kind, scope)
        if one is None or two is None:
            return None
        if operator == "**":
            return Function("power", (one, two), kind, span)
        return Binary(operator, one, two, kind, span)
    return Binary(operator, left, right, kind, span)


def negate(node: ast.UnaryOp, inner: Expression, scope: Scope) -> Expression | None:
    """Return `-inner`; None after a report."""
    span = scope.faults.places.of(node)
    if isinstance(inner, Literal) and inner.flexible:
        return literal(-_python(inner), span)
    try:
        return Unary("-", inner, negated_type(inner.type), span)
    except Untyped as fault:
        scope.faults.add("type", node, fault.message, fault.hint)
        return None


def meet(value: Expression, kind: ScalarType, scope: Scope) -> Expression | None:
    """Return `value` as an operand of an operation on floats of a type; None after a report."""
    return settle(value, kind, scope) if isinstance(value, Literal) else cast(value, kind, scope)


def _meant(value: Expression, other: Expression) -> Expression:
    """Return a number of the text as a `float64` where it meets one: it is rounded once."""
    if isinstance(value, Literal) and value.flexible and value.type.is_float and other.type == FLOAT64:
        return Literal(value.value, FLOAT64, value.span)
    return value


def _is_uneven(left: Expression, right: Literal) -> bool:
    """Tell whether two numbers of the text have a quotient that would lose its fraction."""
    if not (_is_whole(left) and _is_whole(right) and isinstance(left, Literal)):
        return False
    return left.value % right.value != 0


def _is_sound(node: ast.AST, operator: str, left: Expression, right: Expression, scope: Scope) -> bool:
    if not isinstance(right, Literal):
        return True
    if operator in ("/", "//", "%") and right.value == 0:
        scope.faults.add("type", right.span, "this divides by zero", "divide by another number")
        return False
    if operator == "/" and _is_uneven(left, right):
        message = "a quotient of whole numbers is a whole number, and this one does not come out even"
        hint = "write // to round down, or one of the numbers with a point, such as 2.0"
        scope.faults.add("type", node, message, hint)
        return False
    if operator in ("<<", ">>") and right.value < 0:
        scope.faults.add("type", right.span, "a shift by a negative number", "shift the other way")
        return False
    return True


def _is_whole(value: Expression) -> bool:
    """Tell whether a value is a whole number of the text."""
    return isinstance(value, Literal) and value.flexible and isinstance(value.value, int)


def _python(value: Literal) -> int | float:
    return value.value if isinstance(value.value, int | float) else float(value.value)


def _folded(node: ast.AST, operator: str, left: Expression, right: Expression, scope: Scope) -> Literal | None:
    """Return what two numbers of the text make: exact for whole ones, else in `float64`; None where it has to run."""
    if not (isinstance(left, Literal) and isinstance(right, Literal) and left.flexible and right.flexible):
        return None
    one, two = _python(left), _python(right)
    span = scope.faults.places.of(node)
    try:
        if isinstance(one, int) and isinstance(two, int):
            whole = _whole(operator, one, two)
            return None if whole is None or whole.bit_length() >= MOST_BITS else literal(whole, span)
        real = _real(operator, float(one), float(two))
    except (OverflowError, ZeroDivisionError, ValueError):
        return None
    return literal(real, span) if real is not None and math.isfinite(real) else None


def _whole(operator: str, one: int, two: int) -> int | None:
    match operator:
        case "+":
            return one + two
        case "-":
            return one - two
        case "*":
            return one * two
        case "/":
            return one // two
        case "//":
            return one // two
        case "%":
            return one - two * math.trunc(Fraction(one, two))
        case "**":
            return one**two if 0 <= two <= _MOST_EXPONENT and one.bit_length() <= 64 else None
        case "<<":
            return one << two if two < MOST_BITS else None
        case ">>":
            return one >> min(two, MOST_BITS)
        case "&":
            return one & two
        case "|":
            return one | two
        case "^":
            return one ^ two
    return None


def _real(operator: str, one: float, two: float) -> float | None:
    match operator:
        case "+":
            return one + two
        case "-":
            return one - two
        case "*":
            return one * two
        case "/":
            return one / two
        case "%":
            return math.fmod(one, two)
    return None
