"""Floats of another format, and floats from and to integers."""

from __future__ import annotations

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.operators.bits import leading_zeros, lost_bits, negate_if, rounded, shift
from allo_studio.backends.rtl.operators.formats import Format, Parts, join, unpack
from allo_studio.backends.rtl.operators.stages import CHOICE, Site, carry, levels

__all__ = ["extend", "from_integer", "to_integer", "truncate"]


def extend(site: Site, source: Format, target: Format, a: Signal) -> Signal:
    """Return a number in a format of more bits, which has a place for each."""
    circuit = site.circuit
    stages = site.stages([CHOICE + levels(source.mantissa + 1), levels(source.mantissa + 1) + CHOICE])
    x = unpack(circuit, source, a)
    # A subnormal number is normal in the wider format, but where that has more digits only.
    normal = source.exponent == target.exponent
    zeros = circuit.constant(0, 1) if normal else leading_zeros(circuit, x.significand)
    kept = (x.exponent, x.significand, x.sign, x.zero, x.infinite, x.nan)
    zeros, exponent, significand, sign, zero, infinite, nan = stages.cut(zeros, *kept)
    wide = circuit.resize(exponent, target.exponent, signed=False)
    moved = circuit.add(wide, circuit.constant(target.bias - source.bias, target.exponent))
    less = circuit.sub(moved, circuit.resize(zeros, target.exponent, signed=False))
    digits = shift(circuit, "shl", significand, zeros)
    keeps = circuit.bit(digits, source.mantissa) if normal else circuit.not_(zero)
    stored = circuit.and_(less, circuit.replicate(keeps, target.exponent))
    mantissa = circuit.extract(digits, 0, source.mantissa)
    more = target.mantissa - source.mantissa
    magnitude = circuit.concat(stored, mantissa, *([circuit.constant(0, more)] if more else []))
    return stages.finish(join(circuit, target, sign, magnitude, infinite, nan))


def truncate(site: Site, source: Format, target: Format, a: Signal) -> Signal:
    """Return a number in a format of fewer bits, rounded to nearest even."""
    circuit = site.circuit
    stages = site.stages(
        [CHOICE, carry(source.exponent) + CHOICE, levels(source.mantissa) + CHOICE, carry(target.magnitude) + CHOICE]
    )
    x = unpack(circuit, source, a)
    exponent, significand, *flags = stages.cut(x.exponent, x.significand, x.sign, x.infinite, x.nan)
    exponent, right, huge = _narrowed(circuit, source, target, exponent)
    exponent, right, significand, huge, *flags = stages.cut(exponent, right, significand, huge, *flags)
    wide = circuit.concat(significand, circuit.constant(0, 2))
    last = lost_bits(circuit, wide, right)
    digits = circuit.concat(shift(circuit, "shru", wide, right), last)
    stored = circuit.and_(exponent, circuit.replicate(circuit.bit(digits, digits.width - 1), target.exponent))
    below = circuit.extract(digits, 0, digits.width - 1)
    stored, below, huge, sign, infinite, nan = stages.cut(stored, below, huge, *flags)
    infinite = circuit.or_(infinite, huge)
    return stages.finish(join(circuit, target, sign, rounded(circuit, target, stored, below), infinite, nan))


def _narrowed(circuit: Circuit, source: Format, target: Format, exponent: Signal) -> tuple[Signal, Signal, Signal]:
    """Return the exponent in the narrower format, how far a number that is too small is shifted, and whether it is
    too large."""
    if source.exponent == target.exponent:
        return exponent, circuit.constant(0, 1), circuit.equals(exponent, target.special)
    offset = source.bias - target.bias
    width = source.exponent + 1
    moved = circuit.sub(circuit.resize(exponent, width, signed=False), circuit.constant(offset, width))
    small = circuit.compare("slt", moved, circuit.constant(1, width))
    right = circuit.mux(small, circuit.sub(circuit.constant(1, width), moved), circuit.constant(0, width))
    huge = circuit.compare("sge", moved, circuit.constant(target.special, width))
    # What is shifted has no leading one, and its exponent is not looked at.
    return circuit.extract(moved, 0, target.exponent), right, huge


def from_integer(site: Site, target: Format, a: Signal, signed: bool) -> Signal:
    """Return an integer as a float, rounded to nearest even."""
    circuit = site.circuit
    # Digits to round by are there, however narrow the integer is.
    width = max(a.width, target.mantissa + 3)
    stages = site.stages([carry(a.width), levels(width), levels(width), carry(target.magnitude) + CHOICE])
    sign = circuit.bit(a, a.width - 1) if signed else circuit.constant(0, 1)
    size, sign = stages.cut(negate_if(circuit, sign, a), sign)
    if width > a.width:
        size = circuit.concat(size, circuit.constant(0, width - a.width))
    size, zeros, sign = stages.cut(size, leading_zeros(circuit, size), sign)
    digits = shift(circuit, "shl", size, zeros)
    exponent, huge = _exponent(circuit, target, zeros, target.bias + a.width - 1)
    stored = circuit.and_(exponent, circuit.replicate(circuit.bit(digits, width - 1), target.exponent))
    stored, below, huge, sign = stages.cut(stored, circuit.extract(digits, 0, width - 1), huge, sign)
    infinite = circuit.or_(huge, circuit.equals(stored, target.special))
    whole = rounded(circuit, target, stored, below)
    return stages.finish(join(circuit, target, sign, whole, infinite, circuit.constant(0, 1)))


def _exponent(circuit: Circuit, target: Format, zeros: Signal, most: int) -> tuple[Signal, Signal]:
    """Return the exponent of an integer with some leading zeros, `most` where there are none, and whether it is too
    large."""
    width = max(target.exponent, most.bit_length(), zeros.width)
    exponent = circuit.sub(circuit.constant(most, width), circuit.resize(zeros, width, signed=False))
    huge = circuit.compare("uge", exponent, circuit.constant(target.special, width))
    return circuit.extract(exponent, 0, target.exponent), huge


def to_integer(site: Site, source: Format, a: Signal, width: int, signed: bool) -> Signal:
    """Return a float as an integer: towards zero, saturating, and 0 where it is no number."""
    circuit = site.circuit
    stages = site.stages([carry(source.exponent), levels(width + source.mantissa), carry(width) + CHOICE])
    x = unpack(circuit, source, a)
    left = circuit.sub(x.exponent, circuit.constant(source.bias, source.exponent))
    significand, left, *flags = stages.cut(x.significand, left, *_range(circuit, source, x, width, signed))
    # The digits above the binary point are what is wanted.
    point = source.mantissa
    word = circuit.resize(significand, width + point, signed=False)
    whole = circuit.extract(shift(circuit, "shl", word, left), point, width)
    whole, sign, small, huge, nan = stages.cut(whole, *flags)
    bound = _bound(circuit, sign, width, signed)
    number = negate_if(circuit, sign, whole) if signed else whole
    number = circuit.mux(huge, bound, number)
    nothing = circuit.or_(nan, small) if signed else circuit.or_(nan, small, sign)
    return stages.finish(circuit.mux(nothing, circuit.constant(0, width), number))


def _range(circuit: Circuit, source: Format, x: Parts, width: int, signed: bool) -> tuple[Signal, ...]:
    """Return the sign, whether a number is less than 1, whether it is too large, and whether it is none."""
    # Beyond the greatest exponent only infinity is too large.
    beyond = min(source.bias + width - signed, source.special)
    small = circuit.compare("ult", x.exponent, circuit.constant(source.bias, source.exponent))
    huge = circuit.compare("uge", x.exponent, circuit.constant(beyond, source.exponent))
    return x.sign, small, huge, x.nan


def _bound(circuit: Circuit, sign: Signal, width: int, signed: bool) -> Signal:
    """Return the integer that a number beyond all becomes: the greatest, or the least where it is negative."""
    if not signed:
        return circuit.constant(-1, width)
    least = 1 << (width - 1)
    return circuit.mux(sign, circuit.constant(least, width), circuit.constant(least - 1, width))
