"""Values of every scalar type as their bits, exactly: what a kernel's memory holds, for numpy values outside of it.

Bits are unsigned: numpy arrays of `uint8`, `uint16`, `uint32` or `uint64`, the narrowest that holds the width, and
arrays of Python numbers (`object`) above 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, trunc
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from allo_studio.types import Rounding, ScalarType

__all__ = ["bits_dtype", "fit", "from_bits", "is_plain", "round_units", "to_bits", "unfit", "wrap"]

Array: TypeAlias = npt.NDArray[Any]
# Units below this are exact in float64, with their halves.
_EXACT = 2.0**51
_TINY = 2.0**-900


def bits_dtype(width: int) -> np.dtype[Any]:
    """Return the numpy type that holds the bits of a value of `width` bits."""
    found = next((w for w in (8, 16, 32, 64) if width <= w), 0)
    return np.dtype(f"uint{found}") if found else np.dtype(object)


def is_plain(kind: ScalarType) -> bool:
    """Tell whether numpy's own memory of a value is its bits."""
    return kind.kind == "float" or kind.name == "uint1" or (kind.kind == "int" and kind.bits in (8, 16, 32, 64))


def wrap(value: int, kind: ScalarType) -> int:
    """Return a number of units wrapped into the range of an integer or fixed-point type."""
    value &= (1 << kind.bits) - 1
    return value - (1 << kind.bits) if value > kind.greatest else value


def round_units(value: Fraction, rounding: Rounding) -> int:
    """Return a number of units rounded to a whole one."""
    half, size, sign = Fraction(1, 2), abs(value), -1 if value < 0 else 1
    match rounding:
        case "floor":
            return floor(value)
        case "zero":
            return trunc(value)
        case "half_up":
            return floor(value + half)
        case "half_down":
            return ceil(value - half)
        case "half_away":
            return sign * floor(size + half)
        case "half_zero":
            return sign * ceil(size - half)
    return round(value)


def fit(units: int, kind: ScalarType) -> int:
    """Return a number of units brought into the range of a fixed-point type as it says."""
    least = -kind.greatest if kind.signed and kind.overflow == "saturate_symmetric" else kind.least
    if kind.overflow == "wrap":
        return wrap(units, kind)
    if least <= units <= kind.greatest:
        return units
    if kind.overflow == "saturate_zero":
        return 0
    return kind.greatest if units > 0 else least


def unfit(values: Array, kind: ScalarType) -> str:
    """Return what is wrong with the first value that the type cannot hold, or an empty text.

    A number that a fixed-point type must round, or whose overflow it defines, is in order.
    """
    if kind.kind == "struct":
        found = ((name, unfit(values[name], inner)) for name, inner in kind.fields)
        return next((f"has a field {name} that {fault}" for name, fault in found if fault), "")
    if kind.kind == "float" or is_plain(kind):
        return ""
    if kind.kind == "fixed":
        return _unfit_fixed(values)
    if values.dtype != object:
        wrong = (values < kind.least) | (values > kind.greatest)
        return f"has the value {values[wrong].flat[0]}, which does not fit {kind}" if wrong.any() else ""
    for value in values.flat:
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            return f"has the value {value!r}, which is no integer"
        if not kind.least <= value <= kind.greatest:
            return f"has the value {value}, which does not fit {kind}"
    return ""


def _unfit_fixed(values: Array) -> str:
    if values.dtype != object:
        wrong = ~np.isfinite(values)
        return f"has the value {values[wrong].flat[0]}, which is no number" if wrong.any() else ""
    for value in values.flat:
        if isinstance(value, bool) or not isinstance(value, int | float | Fraction | np.integer | np.floating):
            return f"has the value {value!r}, which is no number"
        if not isinstance(value, int | Fraction) and not np.isfinite(value):
            return f"has the value {value}, which is no number"
    return ""


def to_bits(values: Array, kind: ScalarType) -> Array:
    """Return the bits of values, an array of the type's dtype that `unfit` finds nothing wrong with."""
    match kind.kind:
        case "float":
            return np.ascontiguousarray(values).view(bits_dtype(kind.bits)).reshape(values.shape)
        case "fixed":
            return _masked(_units(values, kind), kind.bits)
        case "struct":
            return _packed(values, kind)
    return _masked(values, kind.bits)


def from_bits(bits: Array, kind: ScalarType) -> Array:
    """Return the values of bits, as an array of the type's dtype."""
    match kind.kind:
        case "float":
            return np.ascontiguousarray(bits).view(kind.dtype).reshape(bits.shape)
        case "fixed":
            return _scaled(_whole(bits, kind), kind)
        case "struct":
            return _unpacked(bits, kind)
    return _whole(bits, kind).astype(kind.dtype)


def _each(function: Callable[[Any], Any], values: Array) -> Array:
    """Return an array of objects: a function's result for each element."""
    made = np.empty(values.shape, object)
    made.ravel()[:] = [function(value) for value in values.ravel().tolist()]
    return made


def _masked(values: Array, width: int) -> Array:
    mask, dtype = (1 << width) - 1, bits_dtype(width)
    if "O" in (dtype.kind, values.dtype.kind):
        return _each(lambda value: int(value) & mask, values).astype(dtype)
    return np.asarray(values.astype(dtype) & dtype.type(mask))


def _whole(bits: Array, kind: ScalarType) -> Array:
    """Return bits as the integers that they are: in int64, uint64 or as Python numbers."""
    if bits.dtype == object:
        return _each(lambda value: wrap(value, kind), bits)
    if not kind.signed:
        return bits.astype(np.uint64)
    up = np.uint64(64 - kind.bits)
    return (bits.astype(np.uint64) << up).view(np.int64) >> np.int64(up)


def _scaled(units: Array, kind: ScalarType) -> Array:
    if kind.dtype == object:
        scale = Fraction(2) ** -kind.fraction
        return _each(lambda value: value * scale, units)
    return np.asarray(np.ldexp(units.astype(np.float64), -kind.fraction))


def _units(values: Array, kind: ScalarType) -> Array:
    """Return values in units of the last bit, rounded and brought into range."""
    if values.dtype != object:
        with np.errstate(over="ignore", under="ignore"):
            scaled = np.ldexp(values, kind.fraction)
        if np.all((np.abs(scaled) < _EXACT) & ((np.abs(scaled) > _TINY) | (values == 0))):
            return _fit_all(_round_all(scaled, kind.rounding).astype(np.int64), kind)
    scale = Fraction(2) ** kind.fraction
    return _each(lambda value: fit(round_units(Fraction(value) * scale, kind.rounding), kind), values)


def _round_all(scaled: Array, rounding: Rounding) -> Array:
    below = np.floor(scaled)
    over, negative = scaled - below, scaled < 0
    match rounding:
        case "floor":
            return below
        case "zero":
            return np.trunc(scaled)
        case "half_even":
            return np.rint(scaled)
        case "half_up":
            return below + (over >= 0.5)
        case "half_down":
            return below + (over > 0.5)
        case "half_away":
            return below + np.where(negative, over > 0.5, over >= 0.5)
    return below + np.where(negative, over >= 0.5, over > 0.5)


def _fit_all(units: Array, kind: ScalarType) -> Array:
    least = -kind.greatest if kind.signed and kind.overflow == "saturate_symmetric" else kind.least
    if kind.overflow == "wrap" or (kind.bits >= 63):
        return units if kind.overflow == "wrap" else _each(lambda value: fit(value, kind), units)
    if kind.overflow == "saturate_zero":
        return np.where((units < least) | (units > kind.greatest), 0, units)
    return np.asarray(np.clip(units, least, kind.greatest))


def _packed(values: Array, kind: ScalarType) -> Array:
    dtype = bits_dtype(kind.bits)
    total: Any = np.zeros(values.shape, dtype)
    low = 0
    for name, inner in kind.fields:
        field = to_bits(values[name], inner).astype(dtype)
        total = total | (field << (low if dtype.kind == "O" else dtype.type(low)))
        low += inner.bits
    return np.asarray(total, dtype)


def _unpacked(bits: Array, kind: ScalarType) -> Array:
    made = np.zeros(bits.shape, kind.dtype)
    low = 0
    for name, inner in kind.fields:
        mask = (1 << inner.bits) - 1
        if bits.dtype == object:
            field = _each(lambda value, low=low, mask=mask: (value >> low) & mask, bits)  # type: ignore[misc]
        else:
            field = (bits >> bits.dtype.type(low)) & bits.dtype.type(mask)
        made[name] = from_bits(field.astype(bits_dtype(inner.bits)), inner)
        low += inner.bits
    return made
