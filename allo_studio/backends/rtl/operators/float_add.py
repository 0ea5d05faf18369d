"""The sum and the difference of two floats: order them, align the smaller, add, normalise, round."""

from __future__ import annotations

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.operators.bits import leading_zeros, lost_bits, rounded, shift
from allo_studio.backends.rtl.operators.formats import Format, join, unpack
from allo_studio.backends.rtl.operators.stages import CHOICE, Site, carry, levels

__all__ = ["add", "subtract"]

# Digits below the mantissa that decide the rounding: two, and one for whether any below them is set.
_BELOW = 3


def subtract(site: Site, form: Format, a: Signal, b: Signal) -> Signal:
    """Return a - b, rounded to nearest even."""
    circuit = site.circuit
    sign = circuit.constant(1 << form.magnitude, form.width)
    return add(site, form, a, circuit.xor(b, sign))


def add(site: Site, form: Format, a: Signal, b: Signal) -> Signal:
    """Return a + b, rounded to nearest even."""
    circuit, stages = site.circuit, site.stages(_weights(form))
    exponent, less, large, small, *flags = stages.cut(*_ordered(circuit, form, a, b))
    distance = circuit.sub(exponent, less)
    exponent, distance, large, small, *flags = stages.cut(exponent, distance, large, small, *flags)
    aligned = _aligned(circuit, small, distance)
    exponent, large, aligned, *flags = stages.cut(exponent, large, aligned, *flags)
    differ, sign, *flags = flags
    total = _total(circuit, large, aligned, differ)
    exponent, total, stop, sign, *flags = stages.cut(exponent, total, _stop(circuit, exponent, total), sign, *flags)
    zero_sign, *flags = flags
    zeros = leading_zeros(circuit, circuit.or_(total, stop))
    sign = circuit.mux(circuit.is_zero(total), zero_sign, sign)
    exponent, total, zeros, sign, *flags = stages.cut(exponent, total, zeros, sign, *flags)
    exponent, digits = _normalised(circuit, exponent, total, zeros)
    exponent, digits, sign, infinite, nan = stages.cut(exponent, digits, sign, *flags)
    infinite = circuit.or_(infinite, circuit.equals(exponent, form.special))
    return stages.finish(join(circuit, form, sign, rounded(circuit, form, exponent, digits), infinite, nan))


def _weights(form: Format) -> list[float]:
    digits = form.mantissa + _BELOW + 2
    return [
        carry(form.magnitude // 2) + CHOICE,
        carry(form.exponent),
        levels(digits) + CHOICE,
        carry(digits),
        levels(digits),
        levels(digits),
        carry(form.magnitude) + CHOICE,
    ]


def _ordered(circuit: Circuit, form: Format, a: Signal, b: Signal) -> tuple[Signal, ...]:
    """Return exponents and significands, those of the greater magnitude first, and what is known of the result.

    That is: whether the signs differ, the sign of the greater one, that of a result of zero, whether it is infinite,
    and whether it is no number.
    """
    x, y = unpack(circuit, form, a), unpack(circuit, form, b)
    swap = circuit.compare("ult", x.magnitude, y.magnitude)
    differ = circuit.xor(x.sign, y.sign)
    opposite = circuit.and_(x.infinite, y.infinite, differ)
    return (
        circuit.mux(swap, y.exponent, x.exponent),
        circuit.mux(swap, x.exponent, y.exponent),
        circuit.mux(swap, y.significand, x.significand),
        circuit.mux(swap, x.significand, y.significand),
        differ,
        circuit.mux(swap, y.sign, x.sign),
        circuit.and_(x.sign, y.sign),
        circuit.or_(x.infinite, y.infinite),
        circuit.or_(x.nan, y.nan, opposite),
    )


def _aligned(circuit: Circuit, small: Signal, distance: Signal) -> Signal:
    """Return the smaller significand, with digits below, shifted to where the greater one's are.

    The last digit is also set where one that is dropped is: enough to tell a tie from more than half.
    """
    wide = circuit.concat(small, circuit.constant(0, _BELOW))
    shifted = shift(circuit, "shru", wide, distance)
    last = circuit.or_(circuit.bit(shifted, 0), lost_bits(circuit, wide, distance))
    return circuit.concat(circuit.extract(shifted, 1, wide.width - 1), last)


def _total(circuit: Circuit, large: Signal, aligned: Signal, differ: Signal) -> Signal:
    """Return the sum or the difference, which is not negative, with a digit more in front."""
    width = aligned.width + 1
    a = circuit.resize(circuit.concat(large, circuit.constant(0, _BELOW)), width, signed=False)
    b = circuit.resize(aligned, width, signed=False)
    return circuit.mux(differ, circuit.sub(a, b), circuit.add(a, b))


def _stop(circuit: Circuit, exponent: Signal, total: Signal) -> Signal:
    """Return a bit where counting zeros must stop: no shift goes beyond the least exponent, however small a number."""
    top = circuit.constant(1 << (total.width - 1), total.width)
    return shift(circuit, "shru", top, exponent)


def _normalised(circuit: Circuit, exponent: Signal, total: Signal, zeros: Signal) -> tuple[Signal, Signal]:
    """Return the exponent as it is stored, and the digits below the leading one."""
    shifted = shift(circuit, "shl", total, zeros)
    normal = circuit.bit(shifted, total.width - 1)
    # The sum has a digit in front of the leading one of its operands.
    above = circuit.add(exponent, circuit.constant(1, exponent.width))
    less = circuit.sub(above, circuit.resize(zeros, exponent.width, signed=False))
    stored = circuit.and_(less, circuit.replicate(normal, exponent.width))
    return stored, circuit.extract(shifted, 0, total.width - 1)
