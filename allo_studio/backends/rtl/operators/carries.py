"""Sums and comparisons cut into pieces, one a cycle, with the carry between them in a register."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.operators.stages import Stages

__all__ = ["add", "compare", "parts"]


def parts(width: int, pieces: int) -> Iterator[int]:
    """Yield the widths of so many nearly equal pieces of some bits, from the lowest on."""
    for piece in range(pieces):
        yield width * (piece + 1) // pieces - width * piece // pieces


def compare(
    circuit: Circuit, stages: Stages, pieces: int, a: Signal, b: Signal, *carried: Signal
) -> tuple[Signal, ...]:
    """Return whether a < b without signs, whether a = b, and what is carried along, after `pieces` - 1 cuts."""
    less, equal = circuit.constant(0, 1), circuit.constant(1, 1)
    rest = list(carried)
    for number, size in enumerate(parts(a.width, pieces)):
        if number:
            a, b, less, equal, *rest = stages.cut(a, b, less, equal, *rest)
        (x, a), (y, b) = _split(circuit, a, size), _split(circuit, b, size)
        same = circuit.compare("eq", x, y)
        # The higher bits decide, and the lower ones where those are the same.
        less = circuit.or_(circuit.compare("ult", x, y), circuit.and_(same, less))
        equal = circuit.and_(same, equal)
    return less, equal, *rest


def add(circuit: Circuit, stages: Stages, pieces: int, a: Signal, b: Signal, carry: Signal) -> Signal:
    """Return a + b + carry, after `pieces` - 1 cuts."""
    done: tuple[Signal, ...] = ()
    for number, size in enumerate(parts(a.width, pieces)):
        if number:
            a, b, carry, *made = stages.cut(a, b, carry, *done)
            done = (circuit.concat(*made),)
        (x, a), (y, b) = _split(circuit, a, size), _split(circuit, b, size)
        total = _with_carry(circuit, x, y, carry)
        carry = circuit.bit(total, size)
        done = (circuit.extract(total, 0, size), *done)
    return circuit.concat(*done)


def _with_carry(circuit: Circuit, x: Signal, y: Signal, carry: Signal) -> Signal:
    """Return x + y + carry with a bit more, as one sum: a bit below both brings the carry in."""
    zero, one = circuit.constant(0, 1), circuit.constant(1, 1)
    total = circuit.add(circuit.concat(zero, x, one), circuit.concat(zero, y, carry))
    return circuit.extract(total, 1, x.width + 1)


def _split(circuit: Circuit, signal: Signal, size: int) -> tuple[Signal, Signal]:
    """Return the lowest bits, and the others; the last piece has none, and stands for them."""
    rest = signal.width - size
    return circuit.extract(signal, 0, size), circuit.extract(signal, size, rest) if rest else signal
