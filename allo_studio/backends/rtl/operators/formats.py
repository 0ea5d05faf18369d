"""Floating-point numbers as bits: IEEE 754's binary formats by their widths, and what a number consists of."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.types import ScalarType

__all__ = ["Format", "Parts", "join", "unpack"]


@dataclass(frozen=True)
class Format:
    """A format by the bits of its exponent and of its mantissa (without the leading one, which is not stored)."""

    exponent: int
    mantissa: int

    @staticmethod
    def of(kind: ScalarType) -> Format:
        """Return the format of a float type."""
        assert kind.is_float, f"{kind} is no float"
        return Format(kind.bits - kind.fracs - 1, kind.fracs)

    @property
    def width(self) -> int:
        """The bits of a number."""
        return 1 + self.magnitude

    @property
    def magnitude(self) -> int:
        """The bits of a number without its sign. As integers they are in the order of the numbers' sizes."""
        return self.exponent + self.mantissa

    @property
    def bias(self) -> int:
        """The exponent of 1 as it is stored."""
        return (1 << (self.exponent - 1)) - 1

    @property
    def special(self) -> int:
        """The exponent of infinities and of what is no number, as it is stored."""
        return (1 << self.exponent) - 1

    @property
    def infinity(self) -> int:
        """The magnitude of infinity."""
        return self.special << self.mantissa

    @property
    def nan(self) -> int:
        """The magnitude of what is no number, as arithmetic gives it: quiet, and without a sign."""
        return self.infinity | 1 << (self.mantissa - 1)


@dataclass(frozen=True)
class Parts:
    """What a number consists of: significand * 2 ** (exponent - bias - mantissa), with a sign.

    The significand has the leading bit in front. That is 0 for a subnormal number, whose exponent is 1 (and not 0, as
    it is stored). `zero`, `infinite` and `nan` are bits.
    """

    sign: Signal
    exponent: Signal
    significand: Signal
    magnitude: Signal
    zero: Signal
    infinite: Signal
    nan: Signal


def unpack(circuit: Circuit, form: Format, number: Signal) -> Parts:
    """Return the parts of a number."""
    mantissa = circuit.extract(number, 0, form.mantissa)
    stored = circuit.extract(number, form.mantissa, form.exponent)
    subnormal = circuit.is_zero(stored)
    special = circuit.equals(stored, form.special)
    fraction = circuit.nonzero(mantissa)
    exponent = circuit.concat(
        circuit.extract(stored, 1, form.exponent - 1), circuit.or_(circuit.bit(stored, 0), subnormal)
    )
    return Parts(
        sign=circuit.bit(number, form.magnitude),
        exponent=exponent,
        significand=circuit.concat(circuit.not_(subnormal), mantissa),
        magnitude=circuit.extract(number, 0, form.magnitude),
        zero=circuit.and_(subnormal, circuit.not_(fraction)),
        infinite=circuit.and_(special, circuit.not_(fraction)),
        nan=circuit.and_(special, fraction),
    )


def join(circuit: Circuit, form: Format, sign: Signal, magnitude: Signal, infinite: Signal, nan: Signal) -> Signal:
    """Return the number of a sign and a magnitude, or infinity, or what is no number (which goes before infinity)."""
    found = circuit.mux(infinite, circuit.constant(form.infinity, form.magnitude), magnitude)
    found = circuit.mux(nan, circuit.constant(form.nan, form.magnitude), found)
    return circuit.concat(circuit.and_(sign, circuit.not_(nan)), found)
