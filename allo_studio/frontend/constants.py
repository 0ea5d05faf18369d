"""Folding of constants, by an evaluator of our own: nothing of a kernel file is ever run.

Numbers are bounded on the way, so that `9**9**9` is refused before it costs time or memory.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping

__all__ = ["NotConstant", "Number", "evaluate"]

Number = int | float

_MOST_BITS = 63


class NotConstant(Exception):
    """Raised where an expression has no constant value; `node` is the part that has none."""

    def __init__(self, node: ast.AST, reason: str) -> None:
        self.node = node
        self.reason = reason
        super().__init__(reason)


def evaluate(node: ast.expr, names: Mapping[str, Number]) -> Number:
    """Return the value of an expression of numbers, names and `+ - * / // % **`; raises NotConstant."""
    match node:
        case ast.Constant(value=bool() | None) | ast.Constant(value=complex()):
            raise NotConstant(node, "it is no number")
        case ast.Constant(value=int() | float() as value):
            return _bounded(node, value)
        case ast.Name(id=name):
            if name not in names:
                raise NotConstant(node, f"{name!r} is no constant that is known here")
            return names[name]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            value = evaluate(operand, names)
            return -value if isinstance(sign, ast.USub) else value
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            one, two = evaluate(left, names), evaluate(right, names)
            return _apply(node, _OPERATORS[type(operator)], one, two)
    raise NotConstant(node, "only numbers, names of constants and + - * / // % ** are folded")


def _apply(node: ast.expr, operation: Callable[[Number, Number], Number], one: Number, two: Number) -> Number:
    try:
        result = operation(one, two)
    except ZeroDivisionError:
        raise NotConstant(node, "it divides by zero") from None
    except OverflowError:
        raise NotConstant(node, "the value is too large") from None
    if isinstance(result, complex):
        raise NotConstant(node, "the value is not a real number")
    return _bounded(node, result)


def _bounded(node: ast.expr, value: Number) -> Number:
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise NotConstant(node, "the value is too large")
    if isinstance(value, float) and not math.isfinite(value):
        raise NotConstant(node, "the value is too large")
    return value


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int) and isinstance(exponent, int) and exponent > 0 and abs(base) > 1:
        if exponent > _MOST_BITS or (base.bit_length() - 1) * exponent > _MOST_BITS:
            raise OverflowError
    elif isinstance(base, int) and isinstance(exponent, int) and exponent > 1:
        # The powers of -1, 0 and 1 depend only on whether the exponent is even.
        exponent = 2 - exponent % 2
    result: Number = base**exponent
    return result


_OPERATORS: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: _power,
}
