"""Operations on compile-time values, each with bounds: `9**9**9` is refused before it costs time or memory."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable

import numpy as np

from allo_studio.frontend.constants import Constant, NotConstant, Number, Table
from allo_studio.types import MOST_BITS, ArrayType, ScalarType, fixed, floating, integer

__all__ = [
    "DTYPES",
    "FUNCTIONS",
    "MATH",
    "OPERATORS",
    "SIGNS",
    "TYPES",
    "apply",
    "array_type",
    "bounded",
    "compare",
    "element",
    "is_number",
    "make_type",
    "table",
    "truth",
]

# A table beyond this is better read from a file.
_MOST_ELEMENTS = 1 << 20


def is_number(value: Constant) -> bool:
    return isinstance(value, int | float)


def truth(node: ast.AST, value: Constant) -> bool:
    if isinstance(value, np.ndarray | ScalarType | ArrayType):
        raise NotConstant(node, "it is neither true nor false")
    return bool(value)


def compare(node: ast.AST, kind: ast.cmpop, left: Constant, right: Constant) -> bool:
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        raise NotConstant(node, "tables are not compared")
    if isinstance(kind, ast.In | ast.NotIn) and isinstance(right, tuple | str):
        return apply(node, lambda a, b: (a in b) == isinstance(kind, ast.In), (left, right)) is True
    if isinstance(kind, ast.Eq | ast.Is):
        return left == right
    if isinstance(kind, ast.NotEq | ast.IsNot):
        return left != right
    if type(kind) not in _ORDERS or isinstance(left, ScalarType | ArrayType):
        raise NotConstant(node, "these are not ordered")
    return apply(node, _ORDERS[type(kind)], (left, right)) is True


def apply(node: ast.AST, operation: Callable[..., Constant], values: tuple[Constant, ...]) -> Constant:
    if any(isinstance(value, np.ndarray | ScalarType | ArrayType) for value in values):
        raise NotConstant(node, "only numbers are computed with")
    try:
        result = operation(*values)
    except ZeroDivisionError:
        raise NotConstant(node, "it divides by zero") from None
    except OverflowError:
        raise NotConstant(node, "the value is too large") from None
    except (TypeError, ValueError) as fault:
        raise NotConstant(node, f"it has no value: {fault}") from None
    if isinstance(result, complex):
        raise NotConstant(node, "the value is not a real number")
    return bounded(node, result)


def bounded(node: ast.AST, value: Constant) -> Constant:
    large = isinstance(value, int) and value.bit_length() > MOST_BITS
    if large or (isinstance(value, float) and not math.isfinite(value)):
        raise NotConstant(node, "the value is too large")
    if isinstance(value, tuple | str) and len(value) > _MOST_ELEMENTS:
        raise NotConstant(node, f"it has more than {_MOST_ELEMENTS} elements")
    return value


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int) and isinstance(exponent, int) and exponent > 0 and abs(base) > 1:
        if exponent > MOST_BITS or (base.bit_length() - 1) * exponent > MOST_BITS:
            raise OverflowError
    elif isinstance(base, int) and isinstance(exponent, int) and exponent > 1:
        # The powers of -1, 0 and 1 depend only on whether the exponent is even.
        exponent = 2 - exponent % 2
    result: Number = base**exponent
    return result


def _shift(value: int, count: int) -> int:
    if count > MOST_BITS:
        raise OverflowError
    return value << count


def _product(one: Number, two: Number) -> Number:
    # A list times a number would be as long as the number says.
    if not is_number(one) or not is_number(two):
        raise TypeError("only numbers are multiplied")
    return one * two


def _remainder(one: Number, two: Number) -> Number:
    # A text before % would be formatted.
    if not is_number(one):
        raise TypeError("only numbers have a remainder")
    return one % two


def _range(*ends: int) -> tuple[int, ...]:
    if not all(isinstance(end, int) for end in ends) or len(range(*ends)) > _MOST_ELEMENTS:
        raise OverflowError
    return tuple(range(*ends))


def array_type(node: ast.AST, element: ScalarType, at: Constant) -> ArrayType:
    parts = at if isinstance(at, tuple) else (at,)
    shape = tuple(part for part in parts if isinstance(part, int) and not isinstance(part, bool) and part >= 1)
    if len(shape) != len(parts):
        raise NotConstant(node, "the extents of a type are whole numbers of at least 1")
    return ArrayType(element, shape)


def element(node: ast.AST, table: Table, parts: tuple[Constant, ...]) -> Constant:
    places = tuple(part for part in parts if isinstance(part, int))
    if len(places) != len(parts) or len(parts) > table.ndim:
        raise NotConstant(node, "a table takes one whole number a dimension")
    try:
        found = table[places]
    except IndexError:
        raise NotConstant(node, f"index {places} is outside of the table") from None
    return found if isinstance(found, np.ndarray) and found.ndim else found.item()


def make_type(
    node: ast.AST, make: Callable[..., ScalarType], values: list[Constant], options: dict[str, Constant]
) -> ScalarType:
    try:
        return make(*values, **options)
    except (TypeError, ValueError) as fault:
        raise NotConstant(node, str(fault)) from None


def table(node: ast.expr, value: Constant, dtypes: list[str]) -> Table:
    try:
        made = np.array(value, dtype=dtypes[0] if dtypes else None)
    except (ValueError, TypeError, OverflowError) as fault:
        raise NotConstant(node, f"it is no table: {fault}") from None
    if made.dtype.kind not in "biuf" or made.size > _MOST_ELEMENTS:
        raise NotConstant(node, "a table is made of numbers")
    return made


OPERATORS: dict[type[ast.operator], Callable[..., Constant]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _product,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: _remainder,
    ast.Pow: _power,
    ast.LShift: _shift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
SIGNS: dict[type[ast.unaryop], Callable[..., Constant]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_ORDERS: dict[type[ast.cmpop], Callable[..., bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FUNCTIONS: dict[str, Callable[..., Constant]] = {
    "abs": abs,
    "bool": bool,
    "float": float,
    "int": int,
    "len": len,
    "max": max,
    "min": min,
    "range": _range,
    "round": round,
    "sum": sum,
}
MATH = frozenset(
    [
        "acos",
        "asin",
        "atan",
        "atan2",
        "ceil",
        "cos",
        "cosh",
        "exp",
        "fabs",
        "floor",
        "gcd",
        "hypot",
        "isqrt",
        "lcm",
        "log",
        "log10",
        "log2",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
    ]
)
DTYPES = frozenset(
    ["bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"]
)
# The types that take arguments.
TYPES: dict[str, Callable[..., ScalarType]] = {
    "Int": lambda bits: integer(bits),
    "UInt": lambda bits: integer(bits, signed=False),
    "Float": lambda bits: floating(bits),
    "Fixed": lambda bits, fraction, rounding="floor", overflow="wrap": fixed(bits, fraction, True, rounding, overflow),
    "UFixed": lambda bits, fraction, rounding="floor", overflow="wrap": fixed(
        bits, fraction, False, rounding, overflow
    ),
}
