"""Single numbers of the data types, exactly: conversion between types, and to and from the bits that a memory holds.

A value is an `int` for an integer type, a `float` that the type holds exactly for a float type, a `Fraction` for a
fixed-point type, and a dictionary of its fields' values for a struct. Conversion is that of a kernel: a number that
becomes an integer rounds towards zero, integers wrap (floats saturate, and what is no number is 0), and fixed-point
types round and overflow by their modes. For arrays see `words.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from allo_studio.types import ScalarType
from allo_studio.words import fit, round_units, wrap

__all__ = ["Number", "Value", "convert", "fits", "from_bits", "to_bits"]

Number: TypeAlias = int | float | Fraction
Value: TypeAlias = int | float | Fraction | dict[str, "Value"]

# Bits of the significand (with the hidden one) and the least exponent of a normal number.
_FLOATS = {"float16": (11, -14), "bfloat16": (8, -126), "float32": (24, -126), "float64": (53, -1022)}


def convert(value: Number, kind: ScalarType) -> Number:
    """Return a number as the value of an integer, float or fixed-point type that a kernel makes of it."""
    match kind.kind:
        case "float":
            return _float(value, kind)
        case "fixed":
            return _fixed(value, kind)
        case "int":
            return _integer(value, kind)
    raise ValueError(f"a number is no {kind}")


def fits(value: Number, kind: ScalarType) -> bool:
    """Tell whether a number, once rounded, is in the range of a type."""
    if isinstance(value, float) and not math.isfinite(value):
        return kind.is_float
    if kind.is_float:
        return math.isfinite(_float(value, kind))
    if kind.kind == "struct":
        return False
    scaled = Fraction(value) * Fraction(2) ** kind.fraction
    rounded = round_units(scaled, kind.rounding) if kind.kind == "fixed" else math.trunc(scaled)
    return kind.least <= rounded <= kind.greatest


def to_bits(value: object, kind: ScalarType) -> int:
    """Return the bits, as a number of at least 0, of a value; a number is converted to the type first."""
    if kind.kind == "struct":
        return _struct_bits(value, kind)
    number = value.item() if isinstance(value, np.generic) else value
    if not isinstance(number, int | float | Fraction):
        raise ValueError(f"{value!r} is no {kind}")
    found = convert(number, kind)
    if kind.is_float:
        stored = np.array(found, np.float64).astype(kind.dtype)
        return int(stored.view(f"u{kind.dtype.itemsize}"))
    return int(Fraction(found) * Fraction(2) ** kind.fraction) % (1 << kind.bits)


def from_bits(bits: int, kind: ScalarType) -> Value:
    """Return the value that bits stand for in a type."""
    if kind.kind == "struct":
        fields: dict[str, Value] = {}
        for name, part in kind.fields:
            fields[name] = from_bits(bits, part)
            bits >>= part.bits
        return fields
    if kind.is_float:
        return float(np.array(bits % (1 << kind.bits), f"u{kind.dtype.itemsize}").view(kind.dtype))
    whole = wrap(bits, kind)
    return whole if kind.kind == "int" else Fraction(whole) / Fraction(2) ** kind.fraction


def _float(value: Number, kind: ScalarType) -> float:
    """Return the number of a float type that is nearest, the even one of two; infinite where it overflows."""
    if isinstance(value, float) and (not math.isfinite(value) or value == 0):
        return value
    exact = Fraction(value)
    if exact == 0:
        return 0.0
    digits, least = _FLOATS[kind.name]
    unit = Fraction(2) ** (max(_exponent(abs(exact)), least) - digits + 1)
    rounded = abs(round(exact / unit) * unit)
    # The greatest exponent is 1 - least.
    size = math.inf if rounded >= Fraction(2) ** (2 - least) else float(rounded)
    return size if exact > 0 else -size


def _exponent(value: Fraction) -> int:
    """Return the greatest power of two that is at most `value`."""
    guess = value.numerator.bit_length() - value.denominator.bit_length()
    return guess if Fraction(2) ** guess <= value else guess - 1


def _integer(value: Number, kind: ScalarType) -> int:
    if not isinstance(value, float):
        return wrap(math.trunc(value), kind)
    if math.isnan(value):
        return 0
    if math.isinf(value):
        return kind.greatest if value > 0 else kind.least
    return min(max(math.trunc(value), kind.least), kind.greatest)


def _fixed(value: Number, kind: ScalarType) -> Fraction:
    unit = Fraction(2) ** -kind.fraction
    if isinstance(value, float) and not math.isfinite(value):
        return _endless(value, kind) * unit
    return fit(round_units(Fraction(value) / unit, kind.rounding), kind) * unit


def _endless(value: float, kind: ScalarType) -> int:
    """Return the units that an infinite number becomes: the end of the range where the type saturates, else 0."""
    if math.isnan(value) or kind.overflow not in ("saturate", "saturate_symmetric"):
        return 0
    return fit(kind.greatest + 1 if value > 0 else kind.least - 1, kind)


def _struct_bits(value: object, kind: ScalarType) -> int:
    if not isinstance(value, Mapping) or set(value) != {name for name, _ in kind.fields}:
        raise ValueError(f"{value!r} is no {kind}")
    total, low = 0, 0
    for name, part in kind.fields:
        total |= to_bits(value[name], part) << low
        low += part.bits
    return total
