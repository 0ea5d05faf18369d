"""Conversions of integers, fixed-point numbers and floats, as operations on plain bits.

`allo_studio.values` says exactly what each makes of a number.
"""

from __future__ import annotations

from fractions import Fraction

from allo_studio.ir.arithmetic import Arithmetic
from allo_studio.ir.binding import ir
from allo_studio.types import FLOAT32, FLOAT64, Rounding, ScalarType, integer
from allo_studio.words import round_units

__all__ = ["converted", "float_to_fixed", "number_to_float", "rescaled"]

# The bits of the significand of a `float64` and of a `float32`.
_DOUBLE = 53
_SINGLE = 24
_SMALL = 2.0**-100


def converted(made: Arithmetic, value: ir.Value, source: ScalarType, kind: ScalarType) -> ir.Value:
    """Make an integer or fixed-point number of one of another type, of which at least one is fixed-point."""
    dropped = source.fraction - kind.fraction
    rounding: Rounding = kind.rounding if kind.kind == "fixed" else "zero"
    if dropped > 0:
        width = max(source.bits + 2, dropped + 2)
        scaled = rescaled(made, made.resize(value, width, source.signed), dropped, rounding)
    else:
        width = source.bits + 1 - dropped
        scaled = made.resize(value, width, source.signed)
        if dropped:
            scaled = made.integers("<<", scaled, made.whole(-dropped, width))
    ends = [round_units(Fraction(end) / Fraction(2) ** dropped, rounding) for end in (source.least, source.greatest)]
    symmetric = kind.signed and kind.overflow == "saturate_symmetric"
    if kind.least + symmetric <= ends[0] and ends[1] <= kind.greatest:
        return made.resize(scaled, kind.bits, signed=True)
    return _overflowed(made, scaled, kind)


def rescaled(made: Arithmetic, value: ir.Value, dropped: int, rounding: Rounding) -> ir.Value:
    """Make a signed number without its last `dropped` bits, rounded; the width stays, and has a bit to spare."""
    width = ir.IntegerType(value.type).width
    half, unit = 1 << (dropped - 1), 1 << dropped

    def whole(number: int) -> ir.Value:
        return made.whole(number, width)

    def where_negative(number: int, other: int) -> ir.Value:
        return made.select(made.compare("<", value, whole(0)), whole(number), whole(other))

    match rounding:
        case "floor":
            bias = None
        case "zero":
            bias = where_negative(unit - 1, 0)
        case "half_up":
            bias = whole(half)
        case "half_down":
            bias = whole(half - 1)
        case "half_zero":
            bias = where_negative(half, half - 1)
        case "half_away":
            bias = where_negative(half - 1, half)
        case "half_even":
            last = made.integers("&", made.integers(">>", value, whole(dropped)), whole(1))
            bias = made.integers("+", whole(half - 1), last)
    biased = value if bias is None else made.integers("+", value, bias)
    return made.integers(">>", biased, whole(dropped))


def number_to_float(made: Arithmetic, value: ir.Value, source: ScalarType, kind: ScalarType) -> ir.Value:
    """Make a float of a number of any other type, rounded once to nearest even."""
    if source.is_float:
        if source.bits == kind.bits and source != kind:
            return made.convert(made.convert(value, source, FLOAT32), FLOAT32, kind)
        return made.convert(value, source, kind)
    if source.fraction == 0:
        return made.float_of(value, kind, source.signed)
    scale = 2.0**-source.fraction
    if source.bits <= _SINGLE and kind == FLOAT32 and abs(source.fraction) <= 100:
        return made.floats("*", made.float_of(value, FLOAT32, source.signed), made.real(scale, FLOAT32))
    number = made.float_of(value, FLOAT64, source.signed)
    if source.bits > _DOUBLE and kind != FLOAT64:
        number = _odd(made, value, number, source)
    return made.convert(made.floats("*", number, made.real(scale, FLOAT64)), FLOAT64, kind)


def _odd(made: Arithmetic, value: ir.Value, number: ir.Value, source: ScalarType) -> ir.Value:
    """Make the float64 next to a wide integer whose last bit is odd, unless one is equal to it.

    Rounding that once more, to a shorter float, gives what rounding the integer itself would.
    """
    width, long = source.bits + 2, integer(64)
    back = made.integer_of(number, width, signed=True)
    error = made.integers("-", made.resize(value, width, source.signed), back)
    zero = made.whole(0, width)
    bits = made.bitcast(number, long)
    even = made.compare("==", made.integers("&", bits, made.whole(1, 64)), made.whole(0, 64))
    away = made.compare("==", made.compare(">", error, zero), made.compare(">", back, zero))
    step = made.select(away, made.whole(1, 64), made.whole(-1, 64))
    change = made.integers("&", even, made.compare("!=", error, zero))
    return made.bitcast(made.select(change, made.integers("+", bits, step), bits), FLOAT64)


def float_to_fixed(made: Arithmetic, value: ir.Value, source: ScalarType, kind: ScalarType) -> ir.Value:
    """Make a fixed-point number of a float, rounded and overflowing by the type's modes."""
    exact = made.convert(value, source, FLOAT64)
    scaled = made.floats("*", exact, made.real(2.0**kind.fraction, FLOAT64)) if kind.fraction else exact
    if source == FLOAT64 and kind.fraction < 0:
        scaled = _kept_from_zero(made, exact, scaled)
    limit = made.real(2.0**kind.bits, FLOAT64)
    if kind.overflow == "wrap":
        # What is cut off is a multiple of the range, so neither the rounding nor the result changes.
        near = made.floats("%", scaled, limit)
    else:
        low = made.real(-(2.0**kind.bits), FLOAT64)
        near = made.select(made.compare_floats(">", scaled, limit), limit, scaled)
        near = made.select(made.compare_floats("<", near, low), low, near)
    width = kind.bits + 2
    whole = made.integer_of(near, width, signed=True)
    rest = made.floats("-", near, made.float_of(whole, FLOAT64, signed=True))
    return _overflowed(made, _rounded(made, whole, rest, kind.rounding), kind)


def _kept_from_zero(made: Arithmetic, value: ir.Value, scaled: ir.Value) -> ir.Value:
    """Make a number that is not 0 where `value` is not, for the sake of rounding."""
    zero = made.real(0.0, FLOAT64)
    small = made.compare_floats("<", made.function("abs", scaled), made.real(_SMALL, FLOAT64))
    below = made.compare_floats("<", value, zero)
    least = made.select(below, made.real(-_SMALL, FLOAT64), made.real(_SMALL, FLOAT64))
    lost = made.integers("&", small, made.compare_floats("!=", value, zero))
    return made.select(lost, least, scaled)


def _rounded(made: Arithmetic, whole: ir.Value, rest: ir.Value, rounding: Rounding) -> ir.Value:
    """Make a whole number of one that was rounded to zero and the `rest` between -1 and 1 that was cut off."""
    width = ir.IntegerType(whole.type).width

    def where(operator: str, limit: float) -> ir.Value:
        return made.compare_floats(operator, rest, made.real(limit, FLOAT64))

    def odd_or(operator: str, limit: float) -> ir.Value:
        """Whether the rest is beyond the limit, or at it and the number odd."""
        odd = made.resize(whole, 1, signed=False)
        return made.integers("|", where(operator, limit), made.integers("&", where("==", limit), odd))

    match rounding:
        case "zero":
            return whole
        case "floor":
            up, down = None, where("<", 0.0)
        case "half_up":
            up, down = where(">=", 0.5), where("<", -0.5)
        case "half_zero":
            up, down = where(">", 0.5), where("<", -0.5)
        case "half_away":
            up, down = where(">=", 0.5), where("<=", -0.5)
        case "half_down":
            up, down = where(">", 0.5), where("<=", -0.5)
        case "half_even":
            up, down = odd_or(">", 0.5), odd_or("<", -0.5)
    raised = whole if up is None else made.integers("+", whole, made.resize(up, width, signed=False))
    return made.integers("-", raised, made.resize(down, width, signed=False))


def _overflowed(made: Arithmetic, value: ir.Value, kind: ScalarType) -> ir.Value:
    """Make a number of the type's width of a signed one that may be out of its range."""
    if kind.kind != "fixed" or kind.overflow == "wrap":
        return made.resize(value, kind.bits, signed=True)
    width = max(ir.IntegerType(value.type).width, kind.bits + 1)
    value = made.resize(value, width, signed=True)
    symmetric = kind.overflow == "saturate_symmetric" and kind.signed
    least, greatest = made.whole(-kind.greatest if symmetric else kind.least, width), made.whole(kind.greatest, width)
    if kind.overflow == "saturate_zero":
        inside = made.integers("&", made.compare(">=", value, least), made.compare("<=", value, greatest))
        return made.resize(made.select(inside, value, made.whole(0, width)), kind.bits, signed=True)
    return made.resize(made.integers("min", made.integers("max", value, least), greatest), kind.bits, signed=True)
