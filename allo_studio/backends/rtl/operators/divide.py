"""Integer division by the school's method in base 2: a step takes a bit of the dividend and gives one of the quotient.

By zero the quotient is all ones and the remainder the dividend, which the method gives of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.operators.bits import negate_if
from allo_studio.backends.rtl.operators.stages import CHOICE, LOGIC, Site, carry

__all__ = ["DIVISIONS", "Division", "divide", "step_weights"]


@dataclass(frozen=True)
class Division:
    """A kind of division: whether numbers have a sign, what of it is wanted, and where a quotient is rounded to."""

    signed: bool
    result: Literal["quotient", "remainder"] = "quotient"
    towards: Literal["zero", "less", "greater"] = "zero"


DIVISIONS: Mapping[str, Division] = MappingProxyType(
    {
        "arith.divsi": Division(signed=True),
        "arith.divui": Division(signed=False),
        "arith.remsi": Division(signed=True, result="remainder"),
        "arith.remui": Division(signed=False, result="remainder"),
        "arith.floordivsi": Division(signed=True, towards="less"),
        "arith.ceildivsi": Division(signed=True, towards="greater"),
        "arith.ceildivui": Division(signed=False, towards="greater"),
    }
)


def divide(site: Site, a: Signal, b: Signal, kind: Division) -> Signal:
    """Return the quotient or the remainder of a and b."""
    circuit, width = site.circuit, a.width
    stages = site.stages(step_weights(width), LOGIC)
    a, b = stages.cut(a, b)
    window, divisor, *signs = stages.cut(*_sizes(circuit, kind, a, b))
    digits: list[Signal] = []
    for taken in range(1, width + 1):
        window, digit = _step(circuit, window, divisor, taken)
        digits = [circuit.concat(*digits, digit)]
        window, divisor, *rest = stages.cut(window, divisor, *signs, *digits)
        signs, digits = rest[:2], rest[2:]
    result = digits[0] if kind.result == "quotient" else window
    return stages.finish(_signed(circuit, kind, result, window, *signs))


def step_weights(width: int) -> list[float]:
    """Return the weights of all steps.

    The first does nothing: with the declared latency there is a register before and after each of the others.
    """
    step = carry(width)
    return [0.0, step, *[step] * width, step + CHOICE]


def _sizes(circuit: Circuit, kind: Division, a: Signal, b: Signal) -> tuple[Signal, Signal, Signal, Signal]:
    """Return both numbers without signs, whether the result is negative, and whether it may have to be rounded."""
    known = circuit.nonzero(b)
    never = circuit.constant(0, 1)
    if not kind.signed:
        return a, b, never, known if kind.towards == "greater" else never
    first, second = (circuit.bit(number, number.width - 1) for number in (a, b))
    differ = circuit.and_(circuit.xor(first, second), known)
    negative = first if kind.result == "remainder" else differ
    rounds = {"zero": never, "less": negative, "greater": circuit.and_(circuit.not_(negative), known)}[kind.towards]
    return negate_if(circuit, first, a), negate_if(circuit, second, b), negative, rounds


def _step(circuit: Circuit, window: Signal, divisor: Signal, taken: int) -> tuple[Signal, Signal]:
    """Return the window after a step, and the digit of the quotient.

    The window has the remainder in its highest `taken` bits, and below them what is left of the dividend.
    """
    rest = window.width - taken
    remainder = circuit.extract(window, rest, taken)
    low = circuit.extract(divisor, 0, taken)
    zero = circuit.constant(0, 1)
    difference = circuit.sub(circuit.concat(zero, remainder), circuit.concat(zero, low))
    digit = circuit.not_(circuit.bit(difference, taken))
    if rest:
        # A divisor with higher bits than the remainder has is greater.
        digit = circuit.and_(digit, circuit.is_zero(circuit.extract(divisor, taken, rest)))
    remainder = circuit.mux(digit, circuit.extract(difference, 0, taken), remainder)
    return circuit.concat(remainder, circuit.extract(window, 0, rest)) if rest else remainder, digit


def _signed(
    circuit: Circuit, kind: Division, result: Signal, remainder: Signal, negative: Signal, rounds: Signal
) -> Signal:
    """Return a result with its sign, one further from zero where it is rounded."""
    more = circuit.and_(rounds, circuit.nonzero(remainder))
    # -(q + 1) is q with all bits inverted; -q is that and one.
    one = circuit.and_(negative, circuit.not_(more)) if kind.towards == "less" else circuit.or_(negative, more)
    inverted = circuit.xor(result, circuit.replicate(negative, result.width))
    return circuit.add(inverted, circuit.resize(one, result.width, signed=False))
