"""Loads and stores of elements: affine where every subscript is, else checked where the kernel runs; index division."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from allo_studio.ir import LinearExpr
from allo_studio.ir import build as make
from allo_studio.ir.binding import affine, arith, ir, memref
from allo_studio.ir.linear import affine_map
from allo_studio.types import ScalarType

__all__ = ["as_index", "divide", "index_value", "load_element", "store_element"]

# A subscript: affine, or an index value.
_Part: TypeAlias = LinearExpr | ir.Value


def load_element(memory: ir.Value, at: Sequence[_Part], point: ir.InsertionPoint, location: ir.Location) -> ir.Value:
    """Make the load of one element."""
    affine = _affine(at)
    if affine is not None:
        return make.load(memory, affine, point, location)
    return memref.LoadOp(memory, _values(at, point, location), loc=location, ip=point).result


def store_element(
    value: ir.Value, memory: ir.Value, at: Sequence[_Part], point: ir.InsertionPoint, location: ir.Location
) -> None:
    """Make the store of one element."""
    affine = _affine(at)
    if affine is not None:
        make.store(value, memory, affine, point, location)
        return
    memref.StoreOp(value, memory, _values(at, point, location), loc=location, ip=point)


def as_index(value: ir.Value, kind: ScalarType, point: ir.InsertionPoint, location: ir.Location) -> ir.Value:
    """Make an index of an integer value."""
    cast = arith.IndexCastOp if kind.signed else arith.IndexCastUIOp
    return cast(ir.IndexType.get(), value, loc=location, ip=point).result


def index_value(part: LinearExpr | ir.Value, point: ir.InsertionPoint, location: ir.Location) -> ir.Value:
    """Make an index value of a subscript or bound."""
    if not isinstance(part, LinearExpr):
        return part
    if part.is_constant:
        return make.index_constant(part.constant, point, location)
    return make.apply(part, point, location)


def divide(
    operand: LinearExpr, divisor: int, remainder: bool, point: ir.InsertionPoint, location: ir.Location | None
) -> ir.Value:
    """Make the quotient, rounded down, or the remainder of an index by a constant of at least 1."""
    mapping, operands = affine_map([operand])
    (whole,) = mapping.results
    by = ir.AffineExpr.get_constant(divisor)
    result = ir.AffineExpr.get_mod(whole, by) if remainder else ir.AffineExpr.get_floor_div(whole, by)
    divided = ir.AffineMap.get(len(operands), 0, [result])
    return affine.AffineApplyOp(ir.AffineMapAttr.get(divided), operands, loc=location, ip=point).result


def _affine(at: Sequence[_Part]) -> list[LinearExpr] | None:
    found = [part for part in at if isinstance(part, LinearExpr)]
    return found if len(found) == len(at) else None


def _values(at: Sequence[_Part], point: ir.InsertionPoint, location: ir.Location) -> list[ir.Value]:
    return [index_value(part, point, location) for part in at]
