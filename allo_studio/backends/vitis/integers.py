"""Integer operations as C++: plain operators where nothing can overflow, functions that wrap elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from allo_studio.backends.vitis.cpp_types import BOOL_TYPE, INT_TYPE, CppType, integer_type, single_bit
from allo_studio.backends.vitis.expressions import (
    Binds,
    Expression,
    as_type,
    boolean,
    call,
    infix,
    integer_literal,
    wanted,
)

__all__ = ["INTEGER_BINARY", "choice", "compare_integers"]

_LONG = integer_type(64, True)
_RING = {"arith.addi": ("+", "add"), "arith.subi": ("-", "sub"), "arith.muli": ("*", "mul")}
_BITS = {"arith.andi": ("&", "&&"), "arith.ori": ("|", "||"), "arith.xori": ("^", "!=")}
# Operation -> (sign of its operands, function).
_DIVISIONS = {
    "arith.divsi": (True, "div"),
    "arith.divui": (False, "div"),
    "arith.remsi": (True, "rem"),
    "arith.remui": (False, "rem"),
    "arith.floordivsi": (True, "floor_div"),
    "arith.ceildivsi": (True, "ceil_div"),
    "arith.ceildivui": (False, "ceil_div"),
}
_EXTREMES = {
    "arith.maxsi": (True, ">"),
    "arith.maxui": (False, ">"),
    "arith.minsi": (True, "<"),
    "arith.minui": (False, "<"),
}
_SHIFTS = {"arith.shli": (None, "shl"), "arith.shrsi": (True, "shr"), "arith.shrui": (False, "shr")}
# `arith.cmpi` by its predicate: sign of the operands (None where it does not matter), operator.
_PREDICATES: tuple[tuple[bool | None, str], ...] = (
    (None, "=="),
    (None, "!="),
    (True, "<"),
    (True, "<="),
    (True, ">"),
    (True, ">="),
    (False, "<"),
    (False, "<="),
    (False, ">"),
    (False, ">="),
)


def _sign_of(bits: int, *operands: Expression) -> bool:
    """Return the sign in which operands are taken where the operation leaves the choice: that which casts least."""
    limit = integer_type(bits, True).high
    known = [operand for operand in operands if operand.number is None]
    return not any(operand.high > limit for operand in known) or any(operand.low < 0 for operand in known)


def _computes_in(left: Expression, right: Expression, low: int, high: int) -> CppType | None:
    """Return the native type in which C++ computes an operation, or None where that could overflow."""
    if left.type.kind != "native" or right.type.kind != "native":
        return None
    for type_ in (INT_TYPE, _LONG):
        fits = all(o.type.promoted in (INT_TYPE, type_) for o in (left, right))
        if fits and type_.low <= low and high <= type_.high:
            return type_ if type_ == INT_TYPE or _LONG in (left.type.promoted, right.type.promoted) else None
    return None


def _ring(name: str, left: Expression, right: Expression, bits: int) -> Expression:
    sign, function = _RING[name]
    if bits == 1:
        one, two = boolean(left), boolean(right)
        return _bits("arith.andi" if sign == "*" else "arith.xori", one, two, 1)
    signed = _sign_of(bits, left, right)
    one, two = wanted(left, bits, signed), wanted(right, bits, signed)
    low, high = _interval(sign, one, two)
    type_ = integer_type(bits, signed)
    native = _computes_in(one, two, low, high)
    if native:
        # Beyond the width it stands for the bits all the same; who needs the number casts it.
        return infix(sign, one, two, Binds.PRODUCT if sign == "*" else Binds.SUM, native, low, high)
    if type_ == INT_TYPE:
        return call(f"wrap::{function}", type_, one, two)
    return call(
        f"wrap::{function}<{type_.name}>",
        type_,
        left if left.number is None else one,
        right if right.number is None else two,
    )


def _interval(sign: str, left: Expression, right: Expression) -> tuple[int, int]:
    if sign == "+":
        return left.low + right.low, left.high + right.high
    if sign == "-":
        return left.low - right.high, left.high - right.low
    corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
    return min(corners), max(corners)


def _bits(name: str, left: Expression, right: Expression, bits: int) -> Expression:
    sign, logic = _BITS[name]
    if bits == 1:
        one, two = boolean(left), boolean(right)
        if one.number is not None:
            one, two = two, one
        if logic == "!=" and two.number is not None:
            return _not(one) if two.number else one
        binds = Binds.RELATION if logic == "!=" else Binds.LOGIC
        if logic != "!=":
            # `a && b || c` is right but warned of.
            one, two = (o if o.binds != Binds.LOGIC else _enclosed(o) for o in (one, two))
        elif logic == "!=":
            one, two = (o if o.binds >= Binds.SHIFT else _enclosed(o) for o in (one, two))
        return infix(logic, one, two, binds, BOOL_TYPE, 0, 1)
    signed = _sign_of(bits, left, right)
    one, two = wanted(left, bits, signed), wanted(right, bits, signed)
    type_ = integer_type(bits, signed)
    if one.type.promoted != two.type.promoted or one.type.kind == "ap":
        one, two = as_type(one, type_), as_type(two, type_)
    low, high = _bit_range(sign, one, two, type_)
    return infix(sign, one, two, Binds.BITS, one.type.promoted, low, high)


def _enclosed(operand: Expression) -> Expression:
    return Expression(f"({operand.text})", Binds.ATOM, operand.reads, operand.type, operand.low, operand.high)


def _bit_range(sign: str, left: Expression, right: Expression, type_: CppType) -> tuple[int, int]:
    if left.low < 0 and right.low < 0:
        return type_.low, type_.high
    if sign == "&":
        return 0, min(o.high for o in (left, right) if o.low >= 0)
    if left.low < 0 or right.low < 0:
        return type_.low, type_.high
    return 0, (1 << max(left.high, right.high).bit_length()) - 1


def _division(name: str, left: Expression, right: Expression, bits: int) -> Expression:
    signed, function = _DIVISIONS[name]
    one, two = wanted(left, bits, signed), wanted(right, bits, signed)
    type_ = integer_type(bits, signed)
    # A divisor that needs no guard: 0 has no quotient, and the least number over -1 does not fit.
    harmless = two.number not in (None, 0, -1) and type_.kind == "native" and function in ("div", "rem")
    if harmless and one.type.kind == two.type.kind == "native" and (signed or one.low >= 0):
        if one.type.promoted.signed and not two.type.promoted.signed:
            one = as_type(one, type_)
        low, high = _quotient_range(function, one, two)
        return infix("/" if function == "div" else "%", one, two, Binds.PRODUCT, one.type.promoted, low, high)
    if type_ == INT_TYPE and function == "div":
        return call("wrap::div", type_, one, two)
    if bits == 1:
        return boolean(_as_ap("wrap::" + function, one, two, signed))
    return call(f"wrap::{function}<{type_.name}>", type_, one, two)


def _as_ap(function: str, left: Expression, right: Expression, signed: bool) -> Expression:
    """Call a function on single bits, which `bool` cannot stand for in arithmetic."""
    type_ = single_bit(signed)
    return call(f"{function}<{type_.name}>", type_, left, right)


def _quotient_range(function: str, left: Expression, right: Expression) -> tuple[int, int]:
    divisor = abs(right.number or 1)
    if function == "div":
        most = max(abs(left.low), abs(left.high)) // divisor
        return (-most if left.low < 0 or (right.number or 1) < 0 else 0), most
    return (1 - divisor if left.low < 0 else 0), divisor - 1


def _shift(name: str, left: Expression, right: Expression, bits: int) -> Expression:
    sign, function = _SHIFTS[name]
    amount = wanted(right, bits, False)
    if amount.type.kind == "ap":
        amount = as_type(amount, integer_type(bits, False))
    signed = _sign_of(bits, left) if sign is None else sign
    if bits == 1:
        return _shift_bit(function, signed, left, amount)
    value = wanted(left, bits, signed)
    type_ = integer_type(bits, signed)
    count = amount.number
    if function == "shr" and count is not None and count < bits and value.number is None:
        low, high = value.low >> count, value.high >> count
        return (
            infix(">>", value, amount, Binds.SHIFT, value.type.promoted, low, high)
            if count < value.type.promoted.bits
            else _far(value)
        )
    if function == "shl" and count is not None and count < 31 and value.type.kind == "native" and value.low >= 0:
        high = value.high << count
        if high <= min(type_.high, INT_TYPE.high) and value.type.promoted == INT_TYPE:
            return infix("<<", value, amount, Binds.SHIFT, INT_TYPE, value.low << count, high)
    return call(f"wrap::{function}<{type_.name}, {bits}>", type_, value, amount)


def _far(value: Expression) -> Expression:
    """Return what a shift beyond the text's own type leaves: the sign of a number that was extended."""
    if value.low >= 0:
        return integer_literal(0, 32, True)
    text = f"{value.inside(Binds.SUM)} < 0 ? -1 : 0"
    return Expression(text, Binds.CHOICE, value.reads, INT_TYPE, -1, 0)


def _shift_bit(function: str, signed: bool, left: Expression, amount: Expression) -> Expression:
    one = boolean(left)
    if function == "shr" and signed:
        return one
    return _bits("arith.andi", one, _not(boolean(amount)), 1)


def _extreme(name: str, left: Expression, right: Expression, bits: int) -> Expression:
    signed, sign = _EXTREMES[name]
    if bits == 1:
        most = (sign == ">") != signed
        return _bits("arith.ori" if most else "arith.andi", left, right, 1)
    type_ = integer_type(bits, signed)
    one, two = as_type(wanted(left, bits, signed), type_), as_type(wanted(right, bits, signed), type_)
    function = "max" if sign == ">" else "min"
    return call(f"wrap::{function}<{type_.name}>", type_, one, two)


INTEGER_BINARY: dict[str, Callable[[str, Expression, Expression, int], Expression]] = {
    **dict.fromkeys(_RING, _ring),
    **dict.fromkeys(_BITS, _bits),
    **dict.fromkeys(_DIVISIONS, _division),
    **dict.fromkeys(_SHIFTS, _shift),
    **dict.fromkeys(_EXTREMES, _extreme),
}


def compare_integers(predicate: int, left: Expression, right: Expression, bits: int) -> Expression:
    """Return `arith.cmpi` with the number of its predicate, as a `bool`."""
    sign, operator = _PREDICATES[predicate]
    if bits == 1:
        return _compare_bits(sign, operator, boolean(left), boolean(right))
    signed = _sign_of(bits, left, right) if sign is None else sign
    one, two = wanted(left, bits, signed), wanted(right, bits, signed)
    decided = _decided(operator, one, two)
    if decided is not None:
        return boolean(integer_literal(int(decided), 1, False))
    type_ = integer_type(bits, signed)
    native = one.type.kind == two.type.kind == "native"
    # Where one is an `ap_int` the numbers are compared, whatever the types.
    literal = any(o.number is not None and INT_TYPE.low <= o.number for o in (one, two))
    if native and one.type.promoted.signed != two.type.promoted.signed and not (literal and _positive(one, two)):
        one, two = as_type(one, type_), as_type(two, type_)
    return infix(operator, one, two, Binds.RELATION, BOOL_TYPE, 0, 1)


def _decided(operator: str, left: Expression, right: Expression) -> bool | None:
    """Return what a comparison always gives for what the operands can be; compilers warn of such ones."""
    if operator[0] == ">":
        operator, left, right = "<" + operator[1:], right, left
    if operator in ("==", "!="):
        return operator == "!=" if left.high < right.low or right.high < left.low else None
    if left.high < right.low or (operator == "<=" and left.high == right.low):
        return True
    return False if left.low > right.high or (operator == "<" and left.low == right.high) else None


def _compare_bits(sign: bool | None, operator: str, left: Expression, right: Expression) -> Expression:
    """Compare single bits by logic. As a number with a sign the set bit is -1, the lesser."""
    if sign is None:
        differs = _bits("arith.xori", left, right, 1)
        return differs if operator == "!=" else _not(differs)
    if operator[0] == ">":
        left, right = right, left
    if sign:
        left, right = right, left
    # Now: is left less than (or equal to) right, where a clear bit is less.
    return _bits("arith.ori" if operator[1:] else "arith.andi", _not(left), right, 1)


def _not(operand: Expression) -> Expression:
    if operand.number is not None:
        return boolean(integer_literal(1 - operand.number, 1, False))
    return Expression(f"!{operand.inside(Binds.UNARY)}", Binds.UNARY, operand.reads, BOOL_TYPE, 0, 1)


def _positive(*operands: Expression) -> bool:
    return all(operand.low >= 0 for operand in operands)


def choice(condition: Expression, left: Expression, right: Expression, bits: int) -> Expression:
    """Return `condition ? left : right` for integers of a width."""
    test = boolean(condition)
    reads = test.reads | left.reads | right.reads
    if bits == 1:
        one, two, type_ = boolean(left), boolean(right), BOOL_TYPE
    else:
        signed = _sign_of(bits, left, right)
        one, two = wanted(left, bits, signed), wanted(right, bits, signed)
        type_ = one.type.promoted
        if type_ != two.type.promoted:
            type_ = integer_type(bits, signed)
            one, two = as_type(one, type_), as_type(two, type_)
    low, high = min(one.low, two.low), max(one.high, two.high)
    text = f"{test.inside(Binds.LOGIC)} ? {one.inside(Binds.LOGIC)} : {two.inside(Binds.LOGIC)}"
    return Expression(text, Binds.CHOICE, reads, type_, low, high)
