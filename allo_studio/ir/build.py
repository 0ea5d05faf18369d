"""Makers of operations, with linear expressions as subscripts and bounds. All need the context to be current.

Every function takes the insertion point as `at` (see `rewrite.py` for the usual ones) and an optional location.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from allo_studio.ir.attributes import set_flag, set_integer, set_text
from allo_studio.ir.binding import affine, arith, ir, memref
from allo_studio.ir.linear import LinearExpr, affine_map
from allo_studio.source import Span
from allo_studio.types import ArrayType, ScalarType

__all__ = [
    "Bounds",
    "alloc",
    "apply",
    "binary",
    "constant",
    "empty_loop",
    "for_loop",
    "index_constant",
    "index_to_integer",
    "load",
    "location_of",
    "memref_type",
    "negate",
    "scalar_type",
    "store",
]

At: TypeAlias = ir.InsertionPoint
# Lower bounds, of which the greatest counts, and upper bounds, of which the least does.
Bounds: TypeAlias = tuple[Sequence[LinearExpr], Sequence[LinearExpr]]
_FLOAT_OPS = {"+": arith.AddFOp, "-": arith.SubFOp, "*": arith.MulFOp, "/": arith.DivFOp}
_INT_OPS = {"+": arith.AddIOp, "-": arith.SubIOp, "*": arith.MulIOp, "/": arith.DivSIOp}


def location_of(span: Span | None) -> ir.Location:
    """Return the MLIR location of a place in a source."""
    if span is None:
        return ir.Location.unknown()
    return ir.Location.file(span.source.path, span.line, span.column, span.end_line, span.end_column)


def scalar_type(kind: ScalarType) -> ir.Type:
    """Return the MLIR type of a scalar."""
    return ir.Type.parse(kind.mlir)


def memref_type(kind: ArrayType) -> ir.Type:
    """Return the memref type of an array; rank 0 is a memory of one element."""
    return ir.MemRefType.get(list(kind.shape), scalar_type(kind.element))


def constant(value: int | float, kind: ScalarType, at: At, location: ir.Location | None = None) -> ir.Value:
    """Make a constant of a scalar type; floats are rounded to it."""
    made = scalar_type(kind)
    attribute = ir.FloatAttr.get(made, float(value)) if kind.kind == "float" else ir.IntegerAttr.get(made, int(value))
    return arith.ConstantOp(made, attribute, loc=location, ip=at).result


def index_constant(value: int, at: At, location: ir.Location | None = None) -> ir.Value:
    """Make a constant of type index."""
    return arith.ConstantOp(ir.IndexType.get(), value, loc=location, ip=at).result


def empty_loop(bounds: Bounds, step: int, at: At, location: ir.Location | None, name: str) -> ir.Operation:
    """Make a loop with nothing in it, from the greatest of its lower to the least of its upper bounds."""
    (low_map, low_operands), (high_map, high_operands) = affine_map(bounds[0]), affine_map(bounds[1])
    made = affine.AffineForOp(
        low_map,
        high_map,
        step,
        lower_bound_operands=low_operands,
        upper_bound_operands=high_operands,
        loc=location,
        ip=at,
    ).operation
    affine.AffineYieldOp([], loc=location, ip=ir.InsertionPoint(made.regions[0].blocks[0]))
    set_text(made, "allo.name", name)
    return made


def for_loop(
    name: str,
    lower: int | LinearExpr,
    upper: int | LinearExpr,
    step: int = 1,
    *,
    at: At,
    location: ir.Location | None = None,
    band: str | None = None,
    role: str | None = None,
    reduction: bool = False,
    pipeline: int | None = None,
    unroll: int | None = None,
) -> ir.Operation:
    """Make an empty `affine.for` over lower (inclusive) to upper (exclusive), with its terminator."""
    bounds = [[LinearExpr.number(bound) if isinstance(bound, int) else bound] for bound in (lower, upper)]
    made = empty_loop((bounds[0], bounds[1]), step, at, location, name)
    for key, value in (("allo.band", band), ("allo.role", role)):
        if value is not None:
            set_text(made, key, value)
    for key, number in (("allo.pipeline", pipeline), ("allo.unroll", unroll)):
        if number is not None:
            set_integer(made, key, number)
    if reduction:
        set_flag(made, "allo.reduction")
    return made


def alloc(name: str, kind: ArrayType, at: At, location: ir.Location | None = None) -> ir.Value:
    """Make a local memory named `name`, a rank-0 one for a scalar."""
    made = memref.AllocOp(memref_type(kind), [], [], loc=location, ip=at).operation
    set_text(made, "allo.name", name)
    return made.result


def load(memory: ir.Value, subscripts: Sequence[LinearExpr], at: At, location: ir.Location | None = None) -> ir.Value:
    """Make an `affine.load` of one element."""
    mapping, operands = affine_map(subscripts)
    element = ir.MemRefType(memory.type).element_type
    return affine.AffineLoadOp(element, memory, operands, ir.AffineMapAttr.get(mapping), loc=location, ip=at).result


def store(
    value: ir.Value, memory: ir.Value, subscripts: Sequence[LinearExpr], at: At, location: ir.Location | None = None
) -> ir.Operation:
    """Make an `affine.store` of one element."""
    mapping, operands = affine_map(subscripts)
    return affine.AffineStoreOp(value, memory, operands, ir.AffineMapAttr.get(mapping), loc=location, ip=at).operation


def apply(expression: LinearExpr, at: At, location: ir.Location | None = None) -> ir.Value:
    """Make an index value that is a linear expression; a lone variable is returned as it is."""
    if expression.constant == 0 and len(expression.terms) == 1 and expression.terms[0][1] == 1:
        return expression.terms[0][0]
    mapping, operands = affine_map([expression])
    return affine.AffineApplyOp(ir.AffineMapAttr.get(mapping), operands, loc=location, ip=at).result


def index_to_integer(value: ir.Value, kind: ScalarType, at: At, location: ir.Location | None = None) -> ir.Value:
    """Make an integer of an index value; what does not fit wraps."""
    return arith.IndexCastOp(scalar_type(kind), value, loc=location, ip=at).result


def binary(
    operator: str,
    left: ir.Value,
    right: ir.Value,
    kind: ScalarType,
    at: At,
    location: ir.Location | None = None,
) -> ir.Value:
    """Make `left operator right` for one of `+ - * /`; integers wrap and divide towards zero."""
    table = _FLOAT_OPS if kind.kind == "float" else _INT_OPS
    return table[operator](left, right, loc=location, ip=at).result


def negate(value: ir.Value, kind: ScalarType, at: At, location: ir.Location | None = None) -> ir.Value:
    """Make `-value`; for floats only the sign changes, so that -0.0 and NaN come out as in hardware."""
    if kind.kind == "float":
        return arith.NegFOp(value, loc=location, ip=at).result
    return binary("-", constant(0, kind, at, location), value, kind, at, location)
