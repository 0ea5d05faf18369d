"""The types of operations, by Allo's rules: integers and fixed-point numbers widen so that no result overflows.

Where this differs from Allo's table, it keeps a value that the table would lose: a loop's variable counts as an
`int32`, because it may count below zero; a quotient of an unsigned by a signed number has a bit for the sign; one
by a fixed-point number has as many fractional bits as that number has others; two kinds of 16-bit floats meet in
`float32`. Subtracting unsigned numbers wraps, as in the table, and so does arithmetic of loop variables alone, in 32
bits.

`/` of integers rounds towards zero and `%` is what it leaves over, with the sign of the left side; `//` rounds down.
So it is in Allo, where a quotient has the type of the left side.
"""

from __future__ import annotations

from allo_studio.types import (
    FLOAT32,
    FLOAT64,
    INDEX,
    MOST_BITS,
    ScalarType,
    fixed,
    integer,
)

__all__ = ["Untyped", "common_type", "float_of", "negated_type", "power_type", "result_type"]


class Untyped(Exception):
    """Raised where an operation has no type; with a message and a hint for the user."""

    def __init__(self, message: str, hint: str) -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)


def result_type(operator: str, left: ScalarType, right: ScalarType) -> ScalarType:
    """Return the type of `left operator right`; raises Untyped."""
    _require_numbers(operator, left, right)
    if operator == "**":
        return power_type(left, right)
    if operator in ("<<", ">>", "&", "|", "^"):
        return _bitwise(operator, left, right)
    if left.is_float or right.is_float:
        if operator == "//":
            raise Untyped(f"{left} // {right}: `//` is for whole numbers", "use /, and int(x) to round towards zero")
        return common_type(left, right)
    if left == right == INDEX:
        return INDEX
    if operator == "%":
        return common_type(left, right)
    if operator == "//" and "fixed" in (left.kind, right.kind):
        raise Untyped(f"{left} // {right}: `//` is for whole numbers", "use /, and int(x) to round towards zero")
    if operator in ("/", "//"):
        return _quotient(left, right)
    signed = left.signed or right.signed
    if operator == "*":
        return _number(left.bits + right.bits, left.fraction + right.fraction, signed, left, right)
    return _number(_whole(left, right) + _fraction(left, right) + 1, _fraction(left, right), signed, left, right)


def common_type(left: ScalarType, right: ScalarType) -> ScalarType:
    """Return the least type that holds the values of both, a float where one is a float; raises Untyped."""
    if left == right:
        return left
    if left.kind == "struct" or right.kind == "struct":
        raise Untyped(f"{left} and {right} have no common type", "use values of one type")
    if left.is_float and right.is_float:
        if left.bits == right.bits:
            return FLOAT32
        return left if left.bits > right.bits else right
    if left.is_float or right.is_float:
        return left if left.is_float else right
    return _number(_whole(left, right) + _fraction(left, right), _fraction(left, right), left.signed or right.signed,
                   left, right)  # fmt: skip


def negated_type(kind: ScalarType) -> ScalarType:
    """Return the type of `-x`; raises Untyped."""
    _require_numbers("-", kind)
    if kind.is_float or kind == INDEX:
        return kind
    return _number(kind.bits + 1, kind.fraction, True, kind, kind)


def power_type(left: ScalarType, right: ScalarType) -> ScalarType:
    """Return the type of `left ** right`, which is a float; raises Untyped."""
    _require_numbers("**", left, right)
    if left.is_float and right.is_float:
        return common_type(left, right)
    return common_type(float_of(left), float_of(right)) if FLOAT64 in (left, right) else float_of(_wider(left, right))


def float_of(kind: ScalarType) -> ScalarType:
    """Return the float that a function of mathematics makes of a number: `float32`, and `float64` above 32 bits."""
    if kind.is_float:
        return kind
    return FLOAT32 if kind.bits <= 32 else FLOAT64


def _wider(left: ScalarType, right: ScalarType) -> ScalarType:
    """Return the type that decides the width of a power; a float of 16 bits is no wider than other numbers."""
    numbers = [kind for kind in (left, right) if not kind.is_float]
    return max(numbers, key=lambda kind: kind.bits)


def _bitwise(operator: str, left: ScalarType, right: ScalarType) -> ScalarType:
    shift = operator in ("<<", ">>")
    if right.kind != "int" or not (left.kind == "int" or (shift and left.kind == "fixed")):
        raise Untyped(f"{left} {operator} {right}: `{operator}` is for whole numbers", "convert them: int(x)")
    if shift or left == right:
        return left
    return integer(max(left.bits, right.bits), left.signed or right.signed)


def _quotient(left: ScalarType, right: ScalarType) -> ScalarType:
    differ = left.signed != right.signed
    if left.kind == right.kind == "int":
        if left == INDEX:
            return integer(INDEX.bits)
        return integer(left.bits + 1) if differ and right.signed else left
    fraction = right.bits - right.fraction + left.fraction
    return _number(left.bits + right.bits + differ, fraction, left.signed or right.signed, left, right)


def _whole(left: ScalarType, right: ScalarType) -> int:
    """Return the bits before the point that hold both."""
    signed = left.signed or right.signed
    return max(kind.bits - kind.fraction + (signed and not kind.signed) for kind in (left, right))


def _fraction(left: ScalarType, right: ScalarType) -> int:
    return max(left.fraction, right.fraction)


def _number(bits: int, fraction: int, signed: bool, left: ScalarType, right: ScalarType) -> ScalarType:
    if bits > MOST_BITS or abs(fraction) > MOST_BITS:
        message = f"the result of {left} and {right} would have {bits} bits, which is more than {MOST_BITS}"
        raise Untyped(message, "store parts of it to variables of narrower types")
    if left.kind == right.kind == "int":
        return integer(bits, signed)
    return fixed(bits, fraction, signed)


def _require_numbers(operator: str, *kinds: ScalarType) -> None:
    for kind in kinds:
        if kind.kind == "struct":
            raise Untyped(f"`{operator}` does not take {kind}", 'name a field: s["x"]')
