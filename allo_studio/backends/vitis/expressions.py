"""C++ expressions: index arithmetic, literals and the arithmetic operations of a kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from allo_studio.ir.binding import ir
from allo_studio.ir.linear import LinearExpr
from allo_studio.types import ScalarType

__all__ = ["BINARY", "CPP_TYPES", "Expression", "binary", "divide_int", "index_text", "literal", "negate"]

CPP_TYPES = {"float32": "float", "int32": "int32_t"}

# How tightly an operator binds: an operand that binds less is put in parentheses.
_SUM, _PRODUCT, _UNARY, _ATOM = range(4)

# Operation -> (infix sign, function): floats use the sign, wrapping integers the function.
BINARY: dict[str, tuple[str, str]] = {
    "arith.addf": ("+", ""),
    "arith.subf": ("-", ""),
    "arith.mulf": ("*", ""),
    "arith.divf": ("/", ""),
    "arith.addi": ("", "wrap::add"),
    "arith.subi": ("", "wrap::sub"),
    "arith.muli": ("", "wrap::mul"),
    "arith.divsi": ("", "wrap::div"),
}


@dataclass(frozen=True)
class Expression:
    """A C++ expression: its text, how tightly it binds, and the buffers that it reads.

    An infix operation keeps its parts, so that an update can be written as `x += e`.
    """

    text: str
    binds: int = _ATOM
    reads: frozenset[str] = frozenset()
    sign: str = ""
    left: str = ""
    right: str = ""

    def inside(self, binds: int) -> str:
        """Return the text for an operand's place that needs at least `binds`."""
        return self.text if self.binds >= binds else f"({self.text})"


def binary(operation: str, left: Expression, right: Expression) -> Expression:
    """Return `left ∘ right`, associated exactly as in the IR: rounding depends on it."""
    sign, function = BINARY[operation]
    reads = left.reads | right.reads
    if function:
        return Expression(f"{function}({left.text}, {right.text})", _ATOM, reads)
    level = _SUM if sign in "+-" else _PRODUCT
    one, two = left.inside(level), right.inside(level + 1)
    return Expression(f"{one} {sign} {two}", level, reads, sign, one, right.text if level == _SUM else two)


def divide_int(left: Expression, divisor: int) -> Expression:
    """Return an int32 division by a constant that needs no guard (neither 0 nor -1): plain `/` is right."""
    return Expression(f"{left.inside(_PRODUCT)} / {divisor}", _PRODUCT, left.reads)


def negate(operand: Expression) -> Expression:
    """Return the float negation of `operand`."""
    inner = operand.text if operand.binds == _ATOM and not operand.text.startswith("-") else f"({operand.text})"
    return Expression(f"-{inner}", _UNARY, operand.reads)


def literal(value: float | int, element: ScalarType) -> Expression:
    """Return a constant that C++ reads back to the same bits (the sign and payload of a NaN aside)."""
    if element.kind == "int":
        number = int(value)
        if number == -(1 << 31):
            return Expression("INT32_MIN")
        return Expression(str(number), _ATOM if number >= 0 else _UNARY)
    if math.isnan(value):
        return Expression("NAN")
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    magnitude = "INFINITY" if math.isinf(value) else f"{np.float32(abs(value))!s}f"
    return Expression(sign + magnitude, _UNARY if sign else _ATOM)


def index_text(expression: LinearExpr, names: Mapping[ir.Value, str]) -> str:
    """Return a linear index expression as C++, such as `32 * j_outer + j_inner - 1`."""
    # A positive term first reads better than a leading minus.
    terms = sorted(expression.terms, key=lambda term: term[1] < 0)
    parts: list[str] = []
    for value, factor in terms:
        size = abs(factor)
        _append(parts, factor < 0, names[value] if size == 1 else f"{size} * {names[value]}")
    constant = expression.constant
    if constant > 0 and parts and parts[0].startswith("-"):
        return f"{constant} - {' '.join(parts)[1:]}"
    if constant or not parts:
        _append(parts, constant < 0, str(abs(constant)))
    return " ".join(parts)


def _append(parts: list[str], negative: bool, text: str) -> None:
    if parts:
        parts.append(f"{'-' if negative else '+'} {text}")
    else:
        parts.append(f"-{text}" if negative else text)
