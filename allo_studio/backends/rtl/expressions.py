"""Quasi-affine expressions of counters and arguments as signals of as few bits as their values need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.hardware.counters import Affine, Quotient

__all__ = ["Number", "Range", "bits_for", "evaluate", "range_of"]


@dataclass(frozen=True)
class Range:
    """Between which values something stays, both inclusive."""

    least: int
    most: int

    @classmethod
    def of_bits(cls, bits: int, signed: bool) -> Range:
        """Return all values of so many bits."""
        return cls(-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else cls(0, (1 << bits) - 1)

    @property
    def signed(self) -> bool:
        """Whether there are negative values."""
        return self.least < 0

    @property
    def bits(self) -> int:
        """The bits that hold every value, in two's complement where there are negative ones."""
        return bits_for(self.least, self.most)

    def __add__(self, other: Range) -> Range:
        return Range(self.least + other.least, self.most + other.most)

    def __mul__(self, factor: int) -> Range:
        ends = self.least * factor, self.most * factor
        return Range(min(ends), max(ends))

    def __floordiv__(self, divisor: int) -> Range:
        return Range(self.least // divisor, self.most // divisor)

    def __or__(self, other: Range) -> Range:
        return Range(min(self.least, other.least), max(self.most, other.most))


def bits_for(least: int, most: int) -> int:
    """Return the bits, at least one, that hold the integers of a range."""
    if least < 0:
        return max((-least - 1).bit_length(), most.bit_length()) + 1
    return max(most.bit_length(), 1)


@dataclass(frozen=True)
class Number:
    """A signal that means an integer of a range: signed where the range has negative values."""

    signal: Signal
    range: Range

    def resized(self, circuit: Circuit, bits: int) -> Signal:
        """Return the integer modulo 2 ** bits."""
        return circuit.resize(self.signal, bits, self.range.signed)


def range_of(expression: Affine, ranges: Mapping[int | str, Range]) -> Range:
    """Return between which values an expression stays when its variables do between theirs."""
    found = Range(expression.constant, expression.constant)
    for key, factor in expression.terms:
        inner = range_of(key.of, ranges) // key.divisor if isinstance(key, Quotient) else ranges[key]
        found = found + inner * factor
    return found


def evaluate(circuit: Circuit, expression: Affine, numbers: Mapping[int | str, Number]) -> Number:
    """Return the value of an expression, exactly."""
    found = range_of(expression, {key: number.range for key, number in numbers.items()})
    return Number(_modulo(circuit, expression, numbers, found.bits), found)


def _modulo(circuit: Circuit, expression: Affine, numbers: Mapping[int | str, Number], bits: int) -> Signal:
    """Return an expression modulo 2 ** bits."""
    terms = []
    for key, factor in expression.terms:
        number = _quotient(circuit, key, numbers) if isinstance(key, Quotient) else numbers[key]
        terms.append(_multiple(circuit, number.resized(circuit, bits), factor))
    total = circuit.constant(expression.constant, bits)
    return _sum(circuit, [*terms, total])


def _sum(circuit: Circuit, terms: Iterable[Signal]) -> Signal:
    first, *rest = terms
    for term in rest:
        first = circuit.add(first, term)
    return first


def _multiple(circuit: Circuit, signal: Signal, factor: int) -> Signal:
    shift = (factor & -factor).bit_length() - 1
    if abs(factor) == 1 << shift:
        moved = _shifted(circuit, signal, shift)
        return moved if factor > 0 else circuit.sub(circuit.constant(0, signal.width), moved)
    return circuit.mul(signal, circuit.constant(factor, signal.width))


def _shifted(circuit: Circuit, signal: Signal, shift: int) -> Signal:
    if not shift:
        return signal
    if shift >= signal.width:
        return circuit.constant(0, signal.width)
    return circuit.concat(circuit.extract(signal, 0, signal.width - shift), circuit.constant(0, shift))


def _quotient(circuit: Circuit, key: Quotient, numbers: Mapping[int | str, Number]) -> Number:
    """Return an expression divided by a constant and rounded down."""
    whole = evaluate(circuit, key.of, numbers)
    found = whole.range // key.divisor
    if key.divisor & (key.divisor - 1) == 0:
        shift = key.divisor.bit_length() - 1
        signal = whole.resized(circuit, max(whole.signal.width, shift + found.bits))
        return Number(circuit.extract(signal, shift, found.bits), found)
    # Made positive by a multiple of the divisor, x / d is (x * m) >> s for m = ceil(2^s / d) if 2^s is large enough:
    # the error x * (m * d - 2^s) / (d * 2^s) stays below 1 / d (Granlund and Montgomery, "Division by invariant
    # integers using multiplication", 1994).
    lift = -found.least if found.least < 0 else 0
    most = whole.range.most + lift * key.divisor
    s = most.bit_length() + key.divisor.bit_length()
    factor = -(-(1 << s) // key.divisor)
    width = max((most * factor).bit_length(), s) + 1
    lifted = circuit.add(whole.resized(circuit, width), circuit.constant(lift * key.divisor, width))
    product = circuit.mul(lifted, circuit.constant(factor, width))
    quotient = circuit.extract(product, s, width - s)
    bits = max(found.bits, quotient.width + 1)
    lowered = circuit.sub(circuit.resize(quotient, bits, signed=False), circuit.constant(lift, bits))
    return Number(circuit.extract(lowered, 0, found.bits), found)
