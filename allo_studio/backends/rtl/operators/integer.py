"""Integers of any width: sums, products, logic, shifts, comparisons, choices, and changes of width.

With a latency, sums, comparisons and shifts are cut into as many parts; what is one level of logic has its registers
after it.
"""

from __future__ import annotations

from typing import Literal

from allo_studio.backends.rtl.circuit import Signal
from allo_studio.backends.rtl.operators import carries
from allo_studio.backends.rtl.operators.stages import CHOICE, LOGIC, Site, carry, levels

__all__ = ["add", "compare_integers", "extreme", "logic", "multiply", "resize", "select", "shift", "subtract"]

# By the number of an `arith.cmpi`.
_PREDICATES = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")


def add(site: Site, a: Signal, b: Signal) -> Signal:
    """Return a + b, wrapping."""
    if not site.latency:
        return site.circuit.add(a, b)
    return _sum(site, a, b, 0)


def subtract(site: Site, a: Signal, b: Signal) -> Signal:
    """Return a - b, wrapping."""
    if not site.latency:
        return site.circuit.sub(a, b)
    return _sum(site, a, site.circuit.not_(b), 1)


def _sum(site: Site, a: Signal, b: Signal, more: int) -> Signal:
    pieces = site.pieces(a.width)
    stages = site.stages([carry(a.width // pieces)] * pieces, LOGIC)
    return stages.finish(carries.add(site.circuit, stages, pieces, a, b, site.circuit.constant(more, 1)))


def multiply(site: Site, a: Signal, b: Signal) -> Signal:
    """Return a * b, wrapping. One register is at the factors and the rest at the product, where synthesis moves them
    into multipliers."""
    before = min(site.latency, 1)
    product = site.circuit.mul(site.late(a, before), site.late(b, before))
    return site.late(product, site.latency - before)


def logic(site: Site, a: Signal, b: Signal, operation: Literal["and", "or", "xor"]) -> Signal:
    """Return `and`, `or` or `xor` of all bits."""
    circuit = site.circuit
    if operation == "xor":
        return site.late(circuit.xor(a, b))
    return site.late(circuit.and_(a, b) if operation == "and" else circuit.or_(a, b))


def shift(site: Site, a: Signal, by: Signal, kind: Literal["shl", "shru", "shrs"]) -> Signal:
    """Return a shifted (`shl`, `shru`, `shrs`) by an amount without a sign; by the width or more, 0 or the sign."""
    if not site.latency or by.value is not None:
        return site.late(site.circuit.shift(kind, a, by))
    circuit = site.circuit
    digits = max((a.width - 1).bit_length(), 1)
    stages = site.stages([levels(a.width), *[CHOICE] * digits], LOGIC)
    beyond = circuit.compare("uge", by, circuit.constant(a.width, by.width)) if a.width > 1 else by
    amount = circuit.extract(by, 0, digits)
    for digit in range(digits):
        a, amount, beyond = stages.cut(a, amount, beyond)
        step = circuit.shift(kind, a, circuit.constant(1 << digit, a.width))
        a = circuit.mux(circuit.bit(amount, digit), step, a)
    gone = circuit.bit(a, a.width - 1) if kind == "shrs" else circuit.constant(0, 1)
    return stages.finish(circuit.mux(beyond, circuit.replicate(gone, a.width), a))


def compare_integers(site: Site, predicate: int, a: Signal, b: Signal) -> Signal:
    """Return whether a comparison holds, by the number of an `arith.cmpi`."""
    circuit, name = site.circuit, _PREDICATES[predicate]
    if not site.latency:
        return circuit.compare(name, a, b)
    pieces = site.pieces(a.width)
    stages = site.stages([carry(a.width // (2 * pieces))] * pieces, LOGIC)
    if name.endswith(("gt", "le")):
        # Which are "less" and "not less" the other way round.
        a, b = b, a
    if name.startswith("s"):
        a, b = _without_sign(site, a), _without_sign(site, b)
    less, equal = carries.compare(circuit, stages, pieces, a, b)
    if name in ("eq", "ne"):
        return stages.finish(equal if name == "eq" else circuit.not_(equal))
    return stages.finish(less if name.endswith("t") else circuit.not_(less))


def extreme(site: Site, a: Signal, b: Signal, signed: bool, want_less: bool) -> Signal:
    """Return the less or the greater of two."""
    circuit = site.circuit
    if not site.latency:
        less = circuit.compare("slt" if signed else "ult", a, b)
        return circuit.mux(less, a, b) if want_less else circuit.mux(less, b, a)
    pieces = site.pieces(a.width)
    stages = site.stages([*[carry(a.width // (2 * pieces))] * pieces, CHOICE], LOGIC)
    keys = (_without_sign(site, a), _without_sign(site, b)) if signed else (a, b)
    carried = carries.compare(circuit, stages, pieces, *keys, a, b)
    less, a, b = stages.cut(carried[0], *carried[2:])
    return stages.finish(circuit.mux(less, a, b) if want_less else circuit.mux(less, b, a))


def _without_sign(site: Site, a: Signal) -> Signal:
    """Return numbers without a sign that are in the order of those with one."""
    return site.circuit.xor(a, site.circuit.constant(1 << (a.width - 1), a.width))


def select(site: Site, condition: Signal, yes: Signal, no: Signal) -> Signal:
    """Return one of two by a bit."""
    return site.late(site.circuit.mux(condition, yes, no))


def resize(site: Site, a: Signal, width: int, signed: bool) -> Signal:
    """Return the low bits, or the same number in more."""
    return site.late(site.circuit.resize(a, width, signed))
