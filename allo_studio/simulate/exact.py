"""The arithmetic of kernels on Python numbers: integers signed and of any width, floats as the numbers that they are.

Nothing of it is shared with the JIT but the C library's functions, so that the two can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from allo_studio.types import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, ScalarType

__all__ = [
    "FLOAT_OPS",
    "INTEGER_OPS",
    "PREDICATES",
    "compare_floats",
    "quotient",
    "round_float",
    "saturate",
    "signed",
    "unsigned",
]

Number: TypeAlias = int | float
# The bits of the fraction, and the least and greatest exponent.
_FORMATS = {FLOAT16.name: (10, -14, 15), BFLOAT16.name: (7, -126, 127), FLOAT32.name: (23, -126, 127)}


def signed(value: int, bits: int) -> int:
    """Return the number that the lowest bits are, with a sign."""
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half


def unsigned(value: int, bits: int) -> int:
    """Return the number that the lowest bits are, without a sign."""
    return value & ((1 << bits) - 1)


def round_float(value: Number, kind: ScalarType) -> float:
    """Return a number rounded to a float type, ties to even."""
    if isinstance(value, int):
        return _round_integer(value, kind)
    if kind.name == FLOAT64.name or value == 0 or not math.isfinite(value):
        return value
    fraction, least, greatest = _FORMATS[kind.name]
    exponent = math.frexp(value)[1] - 1
    if exponent > greatest:
        return math.copysign(math.inf, value)
    unit = max(exponent, least) - fraction
    rounded = math.ldexp(round(math.ldexp(value, -unit)), unit)
    if abs(rounded) >= math.ldexp(1.0, greatest) * 2:
        return math.copysign(math.inf, value)
    return math.copysign(rounded, value)


def _round_integer(value: int, kind: ScalarType) -> float:
    fraction, _, greatest = _FORMATS.get(kind.name, (52, -1022, 1023))
    drop = max(abs(value).bit_length() - fraction - 1, 0)
    whole, rest = abs(value) >> drop, abs(value) & ((1 << drop) - 1)
    half = (1 << drop) >> 1
    whole += rest > half or (rest == half and rest > 0 and whole & 1)
    if (whole << drop).bit_length() - 1 > greatest:
        return math.inf if value > 0 else -math.inf
    return math.ldexp(whole if value > 0 else -whole, drop)


def saturate(value: float, least: int, greatest: int) -> int:
    """Return a float as an integer: towards zero, saturating, NaN as 0."""
    if math.isnan(value):
        return 0
    if math.isinf(value):
        return greatest if value > 0 else least
    return min(max(math.trunc(value), least), greatest)


def quotient(left: int, right: int) -> int:
    """Divide towards zero; by zero the quotient is -1."""
    if right == 0:
        return -1
    size = abs(left) // abs(right)
    return size if (left < 0) == (right < 0) else -size


def _remainder(left: int, right: int) -> int:
    return left if right == 0 else left - right * quotient(left, right)


def _on_unsigned(function: Callable[[int, int], int]) -> Callable[[int, int, int], int]:
    return lambda a, b, n: function(unsigned(a, n), unsigned(b, n))


# Each takes two signed numbers and the width, and gives a number of which the lowest bits count.
INTEGER_OPS: dict[str, Callable[[int, int, int], int]] = {
    "arith.addi": lambda a, b, n: a + b,
    "arith.subi": lambda a, b, n: a - b,
    "arith.muli": lambda a, b, n: a * b,
    "arith.divsi": lambda a, b, n: quotient(a, b),
    "arith.remsi": lambda a, b, n: _remainder(a, b),
    "arith.divui": _on_unsigned(quotient),
    "arith.remui": _on_unsigned(_remainder),
    "arith.floordivsi": lambda a, b, n: a // b if b else -1,
    "arith.ceildivsi": lambda a, b, n: -(-a // b) if b else -1,
    "arith.ceildivui": _on_unsigned(lambda a, b: -(-a // b) if b else -1),
    "arith.andi": lambda a, b, n: a & b,
    "arith.ori": lambda a, b, n: a | b,
    "arith.xori": lambda a, b, n: a ^ b,
    "arith.shli": lambda a, b, n: a << unsigned(b, n) if unsigned(b, n) < n else 0,
    "arith.shrsi": lambda a, b, n: a >> min(unsigned(b, n), n),
    "arith.shrui": lambda a, b, n: unsigned(a, n) >> min(unsigned(b, n), n),
    "arith.maxsi": lambda a, b, n: max(a, b),
    "arith.minsi": lambda a, b, n: min(a, b),
    "arith.maxui": _on_unsigned(max),
    "arith.minui": _on_unsigned(min),
}


def _divide(a: float, b: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(a) / np.float64(b))


def _maximum(a: float, b: float) -> float:
    if math.isnan(a) or math.isnan(b):
        return math.nan
    if a == b:
        return b if math.copysign(1, a) < 0 else a
    return max(a, b)


def _minimum(a: float, b: float) -> float:
    return -_maximum(-a, -b)


def _number_first(choose: Callable[[float, float], float]) -> Callable[[float, float], float]:
    return lambda a, b: b if math.isnan(a) else a if math.isnan(b) else choose(a, b)


# Each is exact, or correctly rounded to float64: which has the digits to be rounded a second time without harm.
FLOAT_OPS: dict[str, Callable[..., float]] = {
    "arith.addf": lambda a, b: a + b,
    "arith.subf": lambda a, b: a - b,
    "arith.mulf": lambda a, b: a * b,
    "arith.divf": _divide,
    "arith.negf": lambda a: -a,
    "arith.maximumf": _maximum,
    "arith.minimumf": _minimum,
    "arith.maxnumf": _number_first(_maximum),
    "arith.minnumf": _number_first(_minimum),
    "math.absf": abs,
    "math.copysign": math.copysign,
    "math.sqrt": lambda a: math.sqrt(a) if a >= 0 else math.nan,
}

# By the number of `arith.cmpi`: the comparison, and whether its sides are unsigned.
PREDICATES: tuple[tuple[Callable[[Number, Number], bool], bool], ...] = (
    (lambda a, b: a == b, False),
    (lambda a, b: a != b, False),
    *(
        entry
        for on_unsigned in (False, True)
        for entry in (
            (lambda a, b: a < b, on_unsigned),
            (lambda a, b: a <= b, on_unsigned),
            (lambda a, b: a > b, on_unsigned),
            (lambda a, b: a >= b, on_unsigned),
        )
    ),
)


# By the number of an `arith.cmpf`: the relations for which it is true, as the sum of 1 (equal), 2 (greater), 4 (less)
# and 8 (unordered). The numbers go from `false` over the ordered to the unordered ones, then `uno` and `true`.
_RELATIONS = (*range(8), *range(9, 15), 8, 15)


def compare_floats(predicate: int, a: float, b: float) -> bool:
    """Compare by the number of an `arith.cmpf`."""
    relation = 8 if math.isnan(a) or math.isnan(b) else 1 if a == b else 2 if a > b else 4
    return bool(_RELATIONS[predicate] & relation)
