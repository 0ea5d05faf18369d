"""Floating-point operations and conversions as C++."""

from __future__ import annotations

from allo_studio.backends.vitis.cpp_types import BOOL_TYPE, CppType, float_type, integer_type, single_bit
from allo_studio.backends.vitis.expressions import Binds, Expression, as_type, call, infix, wanted

__all__ = [
    "FLOAT_BINARY",
    "FLOAT_UNARY",
    "compare_floats",
    "float_binary",
    "float_choice",
    "float_to_integer",
    "float_unary",
    "integer_to_float",
    "negate",
    "reinterpret",
    "resize",
]

_SIGNS = {"arith.addf": "+", "arith.subf": "-", "arith.mulf": "*", "arith.divf": "/"}
# Functions of two operands. Those of `hls_math.h` are computed in double and rounded once.
_FUNCTIONS = {
    "arith.maximumf": "wrap::maximum",
    "arith.minimumf": "wrap::minimum",
    "arith.maxnumf": "wrap::maxnum",
    "arith.minnumf": "wrap::minnum",
    "arith.remf": "hls::fmod",
    "math.powf": "hls::pow",
    "math.atan2": "hls::atan2",
    "math.copysign": "hls::copysign",
}
FLOAT_BINARY = (*_SIGNS, *_FUNCTIONS)
_PLAIN = (
    "exp exp2 expm1 log log2 log10 log1p sqrt rsqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
    "erf floor ceil round trunc"
)
FLOAT_UNARY = {
    **{f"math.{name}": name for name in _PLAIN.split()},
    "math.absf": "fabs",
    "math.roundeven": "rint",
}
_FLOAT, _DOUBLE = float_type("float32"), float_type("float64")
# `arith.cmpf` by its predicate: ordered comparisons are those of C++, unordered ones the opposite negated.
_ORDERED = {1: "==", 2: ">", 3: ">=", 4: "<", 5: "<="}
_UNORDERED = {9: "<=", 10: "<", 11: ">=", 12: ">", 13: "=="}
_NEVER, _ONE, _ORD, _UEQ, _UNO, _ALWAYS = 0, 6, 7, 8, 14, 15


def float_binary(name: str, left: Expression, right: Expression, type_: CppType) -> Expression:
    """Return an operation of two floats of `type_`."""
    if name in _SIGNS:
        sign = _SIGNS[name]
        return infix(sign, left, right, Binds.SUM if sign in "+-" else Binds.PRODUCT, type_)
    return _function(_FUNCTIONS[name], type_, left, right)


def float_unary(name: str, operand: Expression, type_: CppType) -> Expression:
    """Return a mathematical function of a float."""
    return _function(f"hls::{FLOAT_UNARY[name]}", type_, operand)


def _function(function: str, type_: CppType, *operands: Expression) -> Expression:
    if function.startswith("wrap::"):
        return call(f"{function}<{type_.name}>", type_, *operands)
    if type_.name != "bfloat16":
        return call(function, type_, *operands)
    # The library has no such type: by way of double, and rounded once.
    inner = call(function, _DOUBLE, *(as_type(operand, _DOUBLE) for operand in operands))
    return Expression(f"bfloat16({inner.text})", Binds.ATOM, inner.reads, type_)


def negate(operand: Expression) -> Expression:
    """Return the float negation of `operand`."""
    inner = operand.text if operand.binds == Binds.ATOM and not operand.text.startswith("-") else f"({operand.text})"
    return Expression(f"-{inner}", Binds.UNARY, operand.reads, operand.type)


def compare_floats(predicate: int, left: Expression, right: Expression) -> Expression:
    """Return `arith.cmpf` with the number of its predicate; operands that are named twice must be atoms."""
    if predicate in (_NEVER, _ALWAYS):
        return Expression("true" if predicate else "false", type=BOOL_TYPE, high=1, number=int(predicate == _ALWAYS))
    if predicate in _ORDERED:
        return infix(_ORDERED[predicate], left, right, Binds.RELATION, BOOL_TYPE, 0, 1)
    if predicate in _UNORDERED:
        if predicate == 13:
            return infix("!=", left, right, Binds.RELATION, BOOL_TYPE, 0, 1)
        inner = infix(_UNORDERED[predicate], left, right, Binds.RELATION, BOOL_TYPE)
        return Expression(f"!({inner.text})", Binds.UNARY, inner.reads, BOOL_TYPE, 0, 1)
    function = {_ONE: "differ", _ORD: "ordered", _UEQ: "equal_or_nan", _UNO: "unordered"}[predicate]
    return call(f"wrap::{function}", BOOL_TYPE, left, right)


def float_choice(condition: Expression, left: Expression, right: Expression, type_: CppType) -> Expression:
    """Return `condition ? left : right` for floats."""
    reads = condition.reads | left.reads | right.reads
    text = f"{condition.inside(Binds.LOGIC)} ? {left.inside(Binds.LOGIC)} : {right.inside(Binds.LOGIC)}"
    return Expression(text, Binds.CHOICE, reads, type_)


def resize(operand: Expression, type_: CppType) -> Expression:
    """Return `arith.extf` or `arith.truncf`: a float rounded once to another type."""
    return as_type(operand, type_)


def integer_to_float(operand: Expression, bits: int, signed: bool, type_: CppType) -> Expression:
    """Return the nearest float of an integer, however wide."""
    value = wanted(operand, bits, signed)
    magnitude = max(abs(value.low), abs(value.high))
    whole = integer_type(value.type.bits, False).name
    if type_ == _DOUBLE and value.type.bits > 64:
        return call(f"wrap::to_double<{whole}>", type_, value)
    if value.type.kind == "ap" and value.type.bits <= 64:
        value = as_type(value, integer_type(64, value.type.signed))
    if type_.name in ("float", "double") and value.type.bits <= 64:
        return as_type(value, type_)
    if magnitude <= 1 << 24:
        return as_type(as_type(value, _FLOAT), type_)
    # By way of a double that keeps a trace of what it lost, so that the second rounding is right too.
    odd = call(f"wrap::to_odd<{whole}>", _DOUBLE, value) if magnitude > 1 << 53 else as_type(value, _DOUBLE)
    return as_type(odd, type_)


def float_to_integer(operand: Expression, bits: int, signed: bool) -> Expression:
    """Return the integer towards zero, within the type's range; 0 for NaN."""
    type_ = integer_type(bits, signed) if bits > 1 else single_bit(signed)
    return call(f"wrap::from_float<{type_.name}, {bits}>", type_, as_type(operand, _DOUBLE))


def reinterpret(operand: Expression, target: int | CppType) -> Expression:
    """Return `arith.bitcast` between a float and an integer of its width, or between two floats."""
    type_ = integer_type(target, True) if isinstance(target, int) else target
    if operand.type.kind != "float":
        operand = as_type(wanted(operand, type_.bits, False), integer_type(type_.bits, False))
    return call(f"wrap::same_bits<{type_.name}>", type_, operand)
