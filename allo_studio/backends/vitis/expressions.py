"""C++ expressions: how they bind, what they read, and which values they can have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import ml_dtypes
import numpy as np

from allo_studio.backends.vitis.cpp_types import BOOL_TYPE, INT_TYPE, CppType, float_type, integer_type

__all__ = [
    "Binds",
    "Expression",
    "as_type",
    "boolean",
    "call",
    "float_literal",
    "infix",
    "integer_literal",
    "narrowed",
    "wanted",
]


class Binds(IntEnum):
    """How tightly an operator binds: an operand that binds less is put in parentheses."""

    CHOICE = 0
    LOGIC = 1
    BITS = 2
    RELATION = 3
    SHIFT = 4
    SUM = 5
    PRODUCT = 6
    UNARY = 7
    ATOM = 8


FLOAT = float_type("float32")
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Expression:
    """A C++ expression: its text, how tightly it binds, the buffers that it reads, and the C++ type of the text.

    An integer expression stands for the bits of an IR value of some width: its own value, which lies in `low` to
    `high`, is that value or differs from it by a multiple of 2 to the width (see `wanted`). `number` is that of a
    constant. An infix operation keeps its parts, so that an update can be written as `x += e`.
    """

    text: str
    binds: Binds = Binds.ATOM
    reads: frozenset[str] = _NOTHING
    type: CppType = FLOAT
    low: int = 0
    high: int = 0
    number: int | None = None
    sign: str = ""
    left: str = ""
    right: str = ""

    @classmethod
    def of(cls, text: str, type_: CppType, reads: frozenset[str] = _NOTHING) -> Expression:
        """Return an atom of a type that may have any value of it."""
        return cls(text, Binds.ATOM, reads, type_, type_.low, type_.high)

    def inside(self, binds: Binds) -> str:
        """Return the text for an operand's place that needs at least `binds`."""
        return self.text if self.binds >= binds else f"({self.text})"


def infix(
    sign: str, left: Expression, right: Expression, binds: Binds, type_: CppType, low: int = 0, high: int = 0
) -> Expression:
    """Return `left sign right`, associated exactly as given: rounding depends on it."""
    if binds in (Binds.SUM, Binds.PRODUCT):
        one, two = left.inside(binds), right.inside(Binds(binds + 1))
    elif binds == Binds.RELATION:
        one, two = left.inside(Binds.SHIFT), right.inside(Binds.SHIFT)
    elif binds == Binds.LOGIC:
        one, two = left.inside(Binds.RELATION), right.inside(Binds.RELATION)
    else:
        # Compilers warn of bits and shifts beside other operators, because readers slip there.
        one, two = left.inside(Binds.UNARY), right.inside(Binds.UNARY)
    alone = right.text if binds in (Binds.SUM, Binds.BITS) else two
    text = f"{one} {sign} {two}"
    return Expression(text, binds, left.reads | right.reads, type_, low, high, None, sign, left.text, alone)


def call(function: str, type_: CppType, *operands: Expression) -> Expression:
    """Return a call of a C++ function with a result of `type_`."""
    reads = _NOTHING.union(*(operand.reads for operand in operands))
    text = f"{function}({', '.join(operand.text for operand in operands)})"
    return Expression(text, Binds.ATOM, reads, type_, type_.low, type_.high)


def as_type(operand: Expression, type_: CppType) -> Expression:
    """Return the operand as a C++ value of exactly this type, cast where its text has another."""
    if operand.type == type_:
        return operand
    low, high = operand.low, operand.high
    if not (type_.low <= low and high <= type_.high) or "float" in (type_.kind, operand.type.kind):
        low, high = type_.low, type_.high
    return Expression(f"static_cast<{type_.name}>({operand.text})", Binds.ATOM, operand.reads, type_, low, high)


def boolean(operand: Expression) -> Expression:
    """Return a one-bit value as a `bool`."""
    if operand.number is not None:
        return Expression("true" if operand.number & 1 else "false", type=BOOL_TYPE, high=1, number=operand.number & 1)
    if operand.type == BOOL_TYPE:
        return operand
    if operand.low >= 0 and operand.high <= 1:
        zero = Expression("0", type=INT_TYPE, number=0)
        return infix("!=", operand, zero, Binds.RELATION, BOOL_TYPE, 0, 1)
    odd = f"({operand.inside(Binds.UNARY)} & 1) != 0"
    return Expression(odd, Binds.RELATION, operand.reads, BOOL_TYPE, 0, 1)


def wanted(operand: Expression, bits: int, signed: bool) -> Expression:
    """Return an IR value of `bits` bits as a number of that width and sign; cast only where it could be another."""
    type_ = integer_type(bits, signed)
    if operand.number is not None:
        return integer_literal(operand.number, bits, signed)
    if bits == 1:
        flag = boolean(operand)
        if not signed:
            return flag
        text = f"{flag.inside(Binds.LOGIC)} ? -1 : 0"
        return Expression(text, Binds.CHOICE, operand.reads, INT_TYPE, -1, 0)
    if type_.low <= operand.low and operand.high <= type_.high:
        return operand
    return as_type(operand, type_)


def narrowed(operand: Expression, bits: int, signed: bool) -> Expression:
    """Return what is put into a place of `bits` bits, with a cast to say so where bits are lost."""
    if operand.number is None and bits > 1 and not (-(1 << (bits - 1)) <= operand.low and operand.high < 1 << bits):
        return as_type(operand, integer_type(bits, signed))
    return operand


def integer_literal(number: int, bits: int, signed: bool) -> Expression:
    """Return a constant of a width as a number of that sign."""
    number &= (1 << bits) - 1
    if signed and number >> (bits - 1):
        number -= 1 << bits
    type_, text = _spelled(number, bits, signed)
    return Expression(text, Binds.UNARY if text[0] == "-" else Binds.ATOM, _NOTHING, type_, number, number, number)


def _spelled(number: int, bits: int, signed: bool) -> tuple[CppType, str]:
    least = -(1 << 31)
    if number == least:
        return INT_TYPE, "INT32_MIN"
    if least < number < 1 << 31:
        return INT_TYPE, str(number)
    if number == -(1 << 63):
        return integer_type(64, True), "INT64_MIN"
    if -(1 << 63) < number < 1 << 63:
        return integer_type(64, True), f"{number}LL"
    if 0 <= number < 1 << 64:
        return integer_type(64, False), f"{number}ULL"
    # No literal of C++ is wider, so the words are put together.
    whole = f"ap_uint<{bits}>"
    pattern = number & ((1 << bits) - 1)
    words = [(pattern >> low & 0xFFFFFFFFFFFFFFFF, low) for low in range(0, bits, 64)]
    parts = [f"({whole}({word:#x}ULL) << {low})" if low else f"{whole}({word:#x}ULL)" for word, low in words if word]
    type_ = integer_type(bits, signed)
    return type_, f"static_cast<{type_.name}>({' | '.join(reversed(parts))})"


def float_literal(value: float, type_: CppType) -> Expression:
    """Return a constant that C++ reads back to the same bits (the sign and payload of a NaN aside)."""
    if math.isnan(value):
        text, sign = "NAN", ""
    else:
        sign = "-" if math.copysign(1.0, value) < 0 else ""
        text = "INFINITY" if math.isinf(value) else _digits(abs(value), type_)
    if type_.name in ("float", "double"):
        return Expression(sign + text, Binds.UNARY if sign else Binds.ATOM, type=type_)
    return Expression(f"{type_.name}({sign}{text})", type=type_)


def _digits(value: float, type_: CppType) -> str:
    if type_.name == "double":
        return repr(float(value))
    # Halves are read as floats, which hold each of them.
    number = {"half": np.float16, "bfloat16": ml_dtypes.bfloat16}.get(type_.name, np.float32)(value)
    return f"{np.float32(number)!s}f"
