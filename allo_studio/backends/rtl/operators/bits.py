"""Parts that several operators share: shifts and what they lose, leading zeros, negation, rounding."""

from __future__ import annotations

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.operators.formats import Format

__all__ = ["leading_zeros", "lost_bits", "negate_if", "rounded", "shift"]


def shift(circuit: Circuit, kind: str, value: Signal, amount: Signal) -> Signal:
    """Return `value` shifted (`shl`, `shru`) by an amount that has no more bits; by its width or more, it is 0."""
    assert amount.width <= value.width, f"{value} by {amount}"
    return circuit.shift(kind, value, circuit.resize(amount, value.width, signed=False))


def lost_bits(circuit: Circuit, value: Signal, amount: Signal) -> Signal:
    """Return whether a shift to the right by `amount` drops a bit that is set."""
    kept = shift(circuit, "shl", circuit.constant(-1, value.width), amount)
    return circuit.nonzero(circuit.and_(value, circuit.not_(kept)))


def leading_zeros(circuit: Circuit, value: Signal) -> Signal:
    """Return the number of zeros above the highest bit that is set, by bisection.

    Where none is set it is the width, or one less if that is a power of two (for which the result has no place).
    """
    if value.width == 1:
        return circuit.constant(0, 1)
    digits = (value.width - 1).bit_length()
    rest, found = (1 << digits) - value.width, []
    window = circuit.concat(value, circuit.constant(-1, rest)) if rest else value
    for digit in reversed(range(digits)):
        half = 1 << digit
        upper, lower = circuit.extract(window, half, half), circuit.extract(window, 0, half)
        empty = circuit.is_zero(upper)
        found.append(empty)
        window = circuit.mux(empty, lower, upper)
    return circuit.concat(*found)


def negate_if(circuit: Circuit, condition: Signal, value: Signal) -> Signal:
    """Return the two's complement where a bit is set: all bits inverted, and one added."""
    inverted = circuit.xor(value, circuit.replicate(condition, value.width))
    return circuit.add(inverted, circuit.resize(condition, value.width, signed=False))


def rounded(circuit: Circuit, form: Format, exponent: Signal, digits: Signal) -> Signal:
    """Return the magnitude nearest to a number, ties to even.

    `exponent` is as it is stored, and `digits` are the mantissa without the leading bit, and two digits or more that
    follow. The mantissa's carry goes into the exponent, which is right for subnormal numbers and for infinity too.
    """
    below = digits.width - form.mantissa
    mantissa = circuit.extract(digits, below, form.mantissa)
    half = circuit.bit(digits, below - 1)
    rest = circuit.nonzero(circuit.extract(digits, 0, below - 1))
    up = circuit.and_(half, circuit.or_(rest, circuit.bit(mantissa, 0)))
    whole = circuit.concat(exponent, mantissa)
    return circuit.add(whole, circuit.resize(up, whole.width, signed=False))
