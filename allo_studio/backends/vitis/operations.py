"""The operations that compute a value, each as a function from its operands' C++ to its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from allo_studio.backends.vitis.cpp_types import CppType, bits_of_mlir
from allo_studio.backends.vitis.expressions import Expression, boolean, float_literal, integer_literal, wanted
from allo_studio.backends.vitis.floats import (
    FLOAT_BINARY,
    FLOAT_UNARY,
    compare_floats,
    float_binary,
    float_choice,
    float_to_integer,
    float_unary,
    integer_to_float,
    negate,
    reinterpret,
    resize,
)
from allo_studio.backends.vitis.integers import INTEGER_BINARY, choice, compare_integers
from allo_studio.ir.binding import ir

__all__ = ["OPERATIONS", "value_type"]

Operands = Sequence[Expression]
# Returns None where the operation's types have no form in C++.
Writer = Callable[[ir.Operation, Operands], Expression | None]


def value_type(value: ir.Value) -> int | CppType:
    """Return the width of an integer value (64 for an index), or the C++ type of a float."""
    return bits_of_mlir(str(value.type))


def _integer_binary(op: ir.Operation, operands: Operands) -> Expression | None:
    bits = value_type(op.results[0])
    return INTEGER_BINARY[op.name](op.name, operands[0], operands[1], bits) if isinstance(bits, int) else None


def _float_binary(op: ir.Operation, operands: Operands) -> Expression | None:
    type_ = value_type(op.results[0])
    return float_binary(op.name, operands[0], operands[1], type_) if isinstance(type_, CppType) else None


def _float_unary(op: ir.Operation, operands: Operands) -> Expression | None:
    type_ = value_type(op.results[0])
    return float_unary(op.name, operands[0], type_) if isinstance(type_, CppType) else None


def _constant(op: ir.Operation, _: Operands) -> Expression | None:
    kind, number = value_type(op.results[0]), op.attributes["value"].value
    return integer_literal(int(number), kind, True) if isinstance(kind, int) else float_literal(float(number), kind)


def _compare_integers(op: ir.Operation, operands: Operands) -> Expression | None:
    bits = value_type(op.operands[0])
    predicate = int(ir.IntegerAttr(op.attributes["predicate"]).value)
    return compare_integers(predicate, operands[0], operands[1], bits) if isinstance(bits, int) else None


def _compare_floats(op: ir.Operation, operands: Operands) -> Expression | None:
    return compare_floats(int(ir.IntegerAttr(op.attributes["predicate"]).value), *operands)


def _select(op: ir.Operation, operands: Operands) -> Expression | None:
    condition, left, right = operands
    kind = value_type(op.results[0])
    if isinstance(kind, int):
        return choice(condition, left, right, kind)
    return float_choice(boolean(condition), left, right, kind)


def _extend(op: ir.Operation, operands: Operands) -> Expression | None:
    bits = value_type(op.operands[0])
    return wanted(operands[0], bits, op.name == "arith.extsi") if isinstance(bits, int) else None


def _truncate(_: ir.Operation, operands: Operands) -> Expression | None:
    # Whoever takes the value casts it if it must (see `Expression`).
    return operands[0]


def _resize(op: ir.Operation, operands: Operands) -> Expression | None:
    type_ = value_type(op.results[0])
    return resize(operands[0], type_) if isinstance(type_, CppType) else None


def _to_float(op: ir.Operation, operands: Operands) -> Expression | None:
    bits, type_ = value_type(op.operands[0]), value_type(op.results[0])
    if not isinstance(bits, int) or not isinstance(type_, CppType):
        return None
    return integer_to_float(operands[0], bits, op.name == "arith.sitofp", type_)


def _to_integer(op: ir.Operation, operands: Operands) -> Expression | None:
    bits = value_type(op.results[0])
    return float_to_integer(operands[0], bits, op.name == "arith.fptosi") if isinstance(bits, int) else None


def _bitcast(op: ir.Operation, operands: Operands) -> Expression | None:
    source, target = value_type(op.operands[0]), value_type(op.results[0])
    if isinstance(source, int) and isinstance(target, int):
        return operands[0]
    return reinterpret(operands[0], target)


def _magnitude(op: ir.Operation, operands: Operands) -> Expression | None:
    bits = value_type(op.results[0])
    if not isinstance(bits, int):
        return None
    zero = integer_literal(0, bits, True)
    opposite = INTEGER_BINARY["arith.subi"]("arith.subi", zero, operands[0], bits)
    return INTEGER_BINARY["arith.maxsi"]("arith.maxsi", operands[0], opposite, bits)


OPERATIONS: dict[str, Writer] = {
    **dict.fromkeys(INTEGER_BINARY, _integer_binary),
    **dict.fromkeys(FLOAT_BINARY, _float_binary),
    **dict.fromkeys(FLOAT_UNARY, _float_unary),
    **dict.fromkeys(("arith.extsi", "arith.extui"), _extend),
    **dict.fromkeys(("arith.extf", "arith.truncf"), _resize),
    **dict.fromkeys(("arith.sitofp", "arith.uitofp"), _to_float),
    **dict.fromkeys(("arith.fptosi", "arith.fptoui"), _to_integer),
    "arith.constant": _constant,
    "arith.cmpi": _compare_integers,
    "arith.cmpf": _compare_floats,
    "arith.select": _select,
    "arith.trunci": _truncate,
    "arith.bitcast": _bitcast,
    "arith.negf": lambda _, operands: negate(operands[0]),
    "math.absi": _magnitude,
}
