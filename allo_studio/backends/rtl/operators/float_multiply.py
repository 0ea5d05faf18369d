"""The product of two floats: multiply, shift to where the exponent allows, round.

How far to shift is known while the multiplier works: the product has as many zeros in front as both factors together,
or one more.
"""

from __future__ import annotations

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.operators.bits import leading_zeros, rounded, shift
from allo_studio.backends.rtl.operators.formats import Format, Parts, join, unpack
from allo_studio.backends.rtl.operators.stages import CHOICE, Site, carry, levels

__all__ = ["multiply"]


def multiply(site: Site, form: Format, a: Signal, b: Signal) -> Signal:
    """Return a * b, rounded to nearest even."""
    circuit, stages = site.circuit, site.stages(_weights(form))
    x, y = unpack(circuit, form, a), unpack(circuit, form, b)
    zero, *flags = _flags(circuit, x, y)
    operands = (x.exponent, y.exponent, x.significand, y.significand)
    one, other, first, second, zero, *flags = stages.cut(*operands, zero, *flags)
    exponent, left = _placed(circuit, form, (one, other), (first, second), zero)
    product = _product(circuit, first, second)
    exponent, left, product, *flags = stages.cut(exponent, left, product, *flags)
    digits = shift(circuit, "shl", circuit.concat(circuit.constant(0, form.mantissa + 2), product), left)
    exponent, digits, *flags = stages.cut(exponent, digits, *flags)
    exponent, digits, huge = _normalised(circuit, form, exponent, digits)
    exponent, digits, huge, sign, infinite, nan = stages.cut(exponent, digits, huge, *flags)
    infinite = circuit.or_(infinite, huge)
    return stages.finish(join(circuit, form, sign, rounded(circuit, form, exponent, digits), infinite, nan))


def _weights(form: Format) -> list[float]:
    factor = form.mantissa + 1
    placing = levels(factor) + 2 * carry(form.exponent + 2) + CHOICE
    return [
        CHOICE,
        # Each piece of 17 bits is a multiplier of the device, which is followed by a sum.
        max(placing, 1.5 + 0.5 * (factor // 17)),
        levels(3 * factor),
        carry(form.exponent + 2) + CHOICE,
        carry(form.magnitude) + CHOICE,
    ]


def _flags(circuit: Circuit, x: Parts, y: Parts) -> tuple[Signal, ...]:
    """Return whether the result is zero, its sign, whether it is infinite, and whether it is no number."""
    undefined = circuit.or_(circuit.and_(x.infinite, y.zero), circuit.and_(x.zero, y.infinite))
    return (
        circuit.or_(x.zero, y.zero),
        circuit.xor(x.sign, y.sign),
        circuit.or_(x.infinite, y.infinite),
        circuit.or_(x.nan, y.nan, undefined),
    )


def _product(circuit: Circuit, first: Signal, second: Signal) -> Signal:
    width = first.width + second.width
    return circuit.mul(circuit.resize(first, width, signed=False), circuit.resize(second, width, signed=False))


def _placed(
    circuit: Circuit, form: Format, exponents: tuple[Signal, Signal], factors: tuple[Signal, Signal], zero: Signal
) -> tuple[Signal, Signal]:
    """Return the exponent of a product with its highest bit set, and how far to shift it for that.

    The product is shifted to the left from `mantissa` + 2 bits below its place, where nothing of it is left but that
    it is not zero. The shift ends where the exponent is 1: what has no leading one there is subnormal, or zero.
    """
    width = form.exponent + 2

    def wide(signal: Signal) -> Signal:
        return circuit.resize(signal, width, signed=False)

    total = circuit.add(wide(exponents[0]), wide(exponents[1]))
    highest = circuit.add(total, circuit.constant(1 - form.bias, width))
    most = circuit.add(total, circuit.constant(-form.bias, width))
    zeros = circuit.add(*(wide(leading_zeros(circuit, factor)) for factor in factors))
    limited = circuit.or_(circuit.compare("sgt", zeros, most), zero)
    by = circuit.mux(limited, most, zeros)
    # Read without a sign, a negative amount is more than there are digits: nothing is left, and the result is zero.
    left = circuit.add(by, circuit.constant(form.mantissa + 2, width))
    exponent = circuit.mux(limited, circuit.constant(1, width), circuit.sub(highest, zeros))
    return exponent, left


def _normalised(circuit: Circuit, form: Format, exponent: Signal, digits: Signal) -> tuple[Signal, Signal, Signal]:
    """Return the exponent as it is stored, the digits below the leading one, and whether the exponent is too large."""
    width = digits.width
    leads = circuit.bit(digits, width - 1)
    one = circuit.constant(1, exponent.width)
    stays = circuit.or_(leads, circuit.equals(exponent, 1))
    below = circuit.mux(
        stays,
        circuit.extract(digits, 0, width - 1),
        circuit.concat(circuit.extract(digits, 0, width - 2), circuit.constant(0, 1)),
    )
    # Without a leading one, 1 becomes 0: the exponent of subnormal numbers as it is stored.
    stored = circuit.mux(leads, exponent, circuit.sub(exponent, one))
    huge = circuit.compare("uge", stored, circuit.constant(form.special, exponent.width))
    return circuit.extract(stored, 0, form.exponent), below, huge
