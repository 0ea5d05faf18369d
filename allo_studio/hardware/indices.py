"""Index values of MLIR as functions of counters and scalar arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from allo_studio.hardware.counters import Affine
from allo_studio.ir.binding import ir as mlir

__all__ = ["ADDITIVE", "apply_map", "unsigned_name"]

# Operations on values of type index that keep an expression affine, where their operands are.
ADDITIVE = ("arith.addi", "arith.subi", "arith.muli")


def unsigned_name(argument: str) -> str:
    """Return the name of a scalar argument's value without a sign."""
    return f"{argument}.unsigned"


def apply_map(
    mapping: mlir.AffineMap, operands: Sequence[mlir.Value], read: Callable[[mlir.Value], Affine | None]
) -> tuple[Affine | None, ...]:
    """Return the results of a map at `operands`, None for each that depends on a value that `read` has no form of."""
    inputs = [read(value) for value in operands]
    dims, symbols = inputs[: mapping.n_dims], inputs[mapping.n_dims :]
    return tuple(_fold(result, dims, symbols) for result in mapping.results)


def _fold(
    expression: mlir.AffineExpr, dims: Sequence[Affine | None], symbols: Sequence[Affine | None]
) -> Affine | None:
    # The bindings hand out unspecific expressions for some parents; this finds the class again.
    expression = expression.maybe_downcast()
    if isinstance(expression, mlir.AffineConstantExpr):
        return Affine((), int(expression.value))
    if isinstance(expression, mlir.AffineDimExpr):
        return dims[int(expression.position)]
    if isinstance(expression, mlir.AffineSymbolExpr):
        return symbols[int(expression.position)]
    left, right = _fold(expression.lhs, dims, symbols), _fold(expression.rhs, dims, symbols)
    if left is None or right is None:
        return None
    if isinstance(expression, mlir.AffineAddExpr):
        return left + right
    if isinstance(expression, mlir.AffineMulExpr):
        return product(left, right)
    return _divide(expression, left, right)


def product(left: Affine, right: Affine) -> Affine | None:
    """Return the product of two expressions, None where neither is a constant."""
    if right.is_constant:
        return left * right.constant
    return right * left.constant if left.is_constant else None


def _divide(expression: mlir.AffineExpr, left: Affine, right: Affine) -> Affine | None:
    divisor = right.constant
    if not right.is_constant or divisor < 1:
        return None
    if isinstance(expression, mlir.AffineModExpr):
        return left.mod(divisor)
    if isinstance(expression, mlir.AffineFloorDivExpr):
        return left.floordiv(divisor)
    return (left + (divisor - 1)).floordiv(divisor)
