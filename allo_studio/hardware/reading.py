"""What single operations of MLIR say: constants, loop bounds, and which operator does them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from allo_studio.hardware.counters import Affine
from allo_studio.hardware.indices import apply_map
from allo_studio.hardware.netlist import BIT, wrapped
from allo_studio.hardware.operations import Constant, Index, Operand
from allo_studio.hardware.operators import OPERATORS
from allo_studio.ir import Loop, array_type
from allo_studio.ir.binding import ir as mlir
from allo_studio.types import INDEX, ScalarType

__all__ = ["bounds_of", "constant_range", "constant_value", "expression_of", "operator_of", "operator_type"]


def expression_of(value: Index | Constant) -> Affine:
    return value.expression if isinstance(value, Index) else Affine((), int(value.value))


def constant_value(op: mlir.Operation, kind: ScalarType) -> Constant:
    value = op.attributes["value"]
    if isinstance(value, mlir.FloatAttr):
        return Constant(float(value.value), kind)
    if isinstance(value, mlir.BoolAttr):
        return Constant(-int(value.value), BIT)
    text = str(value).partition(" :")[0]
    return Constant(wrapped(int(text), kind), kind)


def constant_range(loop: Loop, index: Callable[[mlir.Value], Affine | None]) -> range | None:
    """Return the values of a loop's variable where the bounds are constant, given the values of those around."""
    if loop.kind == "for":
        found = [index(value) for value in list(loop.op.operands)[:3]]
        if not all(entry is not None and entry.is_constant for entry in found):
            return None
        low, high, step = (entry.constant for entry in found if entry is not None)
        return range(low, high, step)
    lower, upper = bounds_of(loop, index)
    if not all(bound.is_constant for bound in (*lower, *upper)) or not lower or not upper:
        return None
    return range(max(b.constant for b in lower), min(b.constant for b in upper), loop.step)


def bounds_of(
    loop: Loop, index: Callable[[mlir.Value], Affine | None]
) -> tuple[tuple[Affine, ...], tuple[Affine, ...]]:
    """Return the lower bounds (the greatest counts) and the upper bounds (the least counts) of an `affine.for`."""
    maps = [mlir.AffineMapAttr(loop.op.attributes[f"{side}BoundMap"]).value for side in ("lower", "upper")]
    operands = list(loop.op.operands)
    split = maps[0].n_inputs
    parts = operands[:split], operands[split : split + maps[1].n_inputs]
    lower, upper = (
        tuple(entry for entry in apply_map(mapping, part, index) if entry is not None)
        for mapping, part in zip(maps, parts, strict=True)
    )
    return lower, upper


def operator_of(name: str, inputs: Sequence[Operand]) -> str:
    """Return the base name of an operation's operator, empty where a constant operand leaves nothing but wires."""
    second = inputs[1] if len(inputs) > 1 and isinstance(inputs[1], Constant) else None
    if second is not None and name in ("arith.shli", "arith.shrsi", "arith.shrui"):
        return ""
    if second is not None and name in ("arith.divui", "arith.remui") and _power(second):
        return ""
    if second is not None and name in ("arith.divsi", "arith.remsi") and _power(second):
        # Towards zero: what is negative is raised by the divisor less 1 before it is shifted.
        return "add"
    if name == "arith.muli" and any(isinstance(entry, Constant) and _power(entry) for entry in inputs):
        return ""
    return OPERATORS[name]


def _power(constant: Constant) -> bool:
    number = int(constant.value)
    return number > 0 and number & (number - 1) == 0


def operator_type(op: mlir.Operation) -> str | int:
    """Return the type that the library knows the operator by: that of a float, or an integer's bits."""
    kinds = [array_type(value.type).element for value in (*op.operands, *op.results)]
    real = next((kind for kind in kinds if kind.is_float), None)
    if real is not None:
        return real.mlir
    return kinds[0].bits if kinds[0] != INDEX else INDEX.bits
