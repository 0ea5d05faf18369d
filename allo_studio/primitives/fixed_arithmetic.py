"""Operations on floats as ones on fixed-point numbers of one type.

Each is exact by the rules of the language for two numbers of the type, and its result is converted to the type.
"""

from __future__ import annotations

from fractions import Fraction

from allo_studio.frontend.lower_conversions import converted
from allo_studio.frontend.typing import negated_type, result_type
from allo_studio.ir.arithmetic import Arithmetic
from allo_studio.ir.attributes import integer as integer_attribute
from allo_studio.ir.binding import ir
from allo_studio.ir.rewrite import before
from allo_studio.types import ScalarType, integer
from allo_studio.values import convert

__all__ = ["MADE", "exact_type", "made_fixed", "order_of"]

_BINARY = {"arith.addf": "+", "arith.subf": "-", "arith.mulf": "*", "arith.divf": "/"}
_EXTREMES = {"arith.minimumf": "min", "arith.maximumf": "max", "arith.minnumf": "min", "arith.maxnumf": "max"}
_TO_FLOAT = {"arith.sitofp": True, "arith.uitofp": False}
_FROM_FLOAT = {"arith.fptosi": True, "arith.fptoui": False}
_CASTS = ("arith.extf", "arith.truncf")
# The order that a comparison of floats asks for. Every fixed-point number is a number: whether the order holds where
# one is none makes no difference.
_ORDERS = {1: "==", 8: "==", 6: "!=", 13: "!=", 2: ">", 9: ">", 3: ">=", 10: ">=", 4: "<", 11: "<", 5: "<=", 12: "<="}
# The operations on floats that have a meaning in fixed point.
MADE = frozenset(
    (
        *(*_BINARY, *_EXTREMES, *_TO_FLOAT, *_FROM_FLOAT, *_CASTS),
        *("arith.constant", "arith.cmpf", "arith.negf", "math.absf"),
    )
)


def exact_type(op: ir.Operation, kind: ScalarType) -> ScalarType:
    """Return the type of what an operation on floats makes of fixed-point numbers, exactly; raises Untyped."""
    if op.name in _BINARY:
        return result_type(_BINARY[op.name], kind, kind)
    if op.name == "arith.negf" or (op.name == "math.absf" and kind.signed):
        return negated_type(kind)
    return kind


def order_of(op: ir.Operation) -> str | None:
    """Return the operator of a comparison of floats; None where it asks for something else than an order."""
    return _ORDERS.get(integer_attribute(op, "predicate") or 0)


def made_fixed(op: ir.Operation, kind: ScalarType) -> ir.Value:
    """Make, before an operation on floats, what it is of fixed-point numbers, which its operands are already.

    The operation is one of `MADE`, and has an exact type and, as a comparison, an order.
    """
    made, values = Arithmetic(before(op), op.location), list(op.operands)
    if op.name in _CASTS:
        return values[0]
    if op.name == "arith.constant":
        number = convert(ir.FloatAttr(op.attributes["value"]).value, kind)
        return made.whole(int(Fraction(number) * Fraction(2) ** kind.fraction), kind.bits)
    if op.name in _EXTREMES:
        return made.integers(_EXTREMES[op.name], values[0], values[1], kind.signed)
    if op.name == "arith.cmpf":
        return made.compare(order_of(op) or "==", values[0], values[1], kind.signed)
    if op.name in _TO_FLOAT:
        source = integer(ir.IntegerType(values[0].type).width, _TO_FLOAT[op.name])
        return converted(made, values[0], source, kind)
    if op.name in _FROM_FLOAT:
        target = integer(ir.IntegerType(op.result.type).width, _FROM_FLOAT[op.name])
        return converted(made, values[0], kind, target)
    if kind.overflow == "wrap" and op.name in ("arith.addf", "arith.subf"):
        # The low bits of the exact result are all that is kept.
        return made.integers(_BINARY[op.name], values[0], values[1])
    exact = exact_type(op, kind)
    if exact == kind:
        return values[0]
    return converted(made, _exact(made, op, kind, exact), exact, kind)


def _exact(made: Arithmetic, op: ir.Operation, kind: ScalarType, exact: ScalarType) -> ir.Value:
    """Make the result of an operation in its exact type."""
    operator = _BINARY.get(op.name, op.name)
    if operator == "/":
        return _quotient(made, op, kind, exact)
    values = [made.resize(value, exact.bits, kind.signed) for value in op.operands]
    if operator in ("+", "-", "*"):
        return made.integers(operator, values[0], values[1])
    zero = made.whole(0, exact.bits)
    negative = made.integers("-", zero, values[0])
    if op.name == "arith.negf":
        return negative
    return made.select(made.compare("<", values[0], zero), negative, values[0])


def _quotient(made: Arithmetic, op: ir.Operation, kind: ScalarType, exact: ScalarType) -> ir.Value:
    # One bit more, so that the least number divided by the least step does not overflow on the way.
    width = exact.bits + 1
    one, two = (made.resize(value, width, kind.signed) for value in op.operands)
    raised = made.integers("<<", one, made.whole(exact.fraction, width))
    return made.resize(made.integers("/", raised, two, exact.signed), exact.bits, exact.signed)
