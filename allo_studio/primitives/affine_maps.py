"""Affine maps of operations as a whole: other inputs, other results. For steps that change what subscripts mean."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.ir.binding import ir

__all__ = ["dimensions_of", "is_affine", "remapped", "without_symbols"]

_MAPS = {
    "affine.load": ("map",),
    "affine.store": ("map",),
    "affine.apply": ("map",),
    "affine.for": ("lowerBoundMap", "upperBoundMap"),
}


def is_affine(op: ir.Operation) -> bool:
    """Tell whether an operation takes the operands of an affine map."""
    return op.name in _MAPS


def without_symbols(op: ir.Operation) -> None:
    """Let the operation's maps take all their operands as dimensions, so that any loop's variable may be one."""
    for name in _MAPS.get(op.name, ()):
        mapping = ir.AffineMapAttr(op.attributes[name]).value
        if not mapping.n_symbols:
            continue
        count = mapping.n_inputs
        inputs = [ir.AffineExpr.get_dim(n, op.context) for n in range(count)]
        results = [remapped(r, inputs[: mapping.n_dims], inputs[mapping.n_dims :]) for r in mapping.results]
        op.attributes[name] = ir.AffineMapAttr.get(ir.AffineMap.get(count, 0, results, op.context))


def remapped(
    expression: ir.AffineExpr, dims: Sequence[ir.AffineExpr], symbols: Sequence[ir.AffineExpr]
) -> ir.AffineExpr:
    """Return an expression with others in the place of its dimensions and symbols."""
    # The bindings hand out unspecific expressions for some parents; this finds the class again.
    expression = expression.maybe_downcast()
    if isinstance(expression, ir.AffineConstantExpr):
        return expression
    if isinstance(expression, ir.AffineDimExpr):
        return dims[int(expression.position)]
    if isinstance(expression, ir.AffineSymbolExpr):
        return symbols[int(expression.position)]
    left, right = (remapped(side, dims, symbols) for side in (expression.lhs, expression.rhs))
    if isinstance(expression, ir.AffineAddExpr):
        return left + right
    if isinstance(expression, ir.AffineMulExpr):
        return left * right
    if isinstance(expression, ir.AffineModExpr):
        return left % right
    if isinstance(expression, ir.AffineFloorDivExpr):
        return ir.AffineExpr.get_floor_div(left, right)
    return ir.AffineExpr.get_ceil_div(left, right)


def dimensions_of(expression: ir.AffineExpr) -> frozenset[int]:
    """Return the dimensions that an expression depends on."""
    expression = expression.maybe_downcast()
    if isinstance(expression, ir.AffineDimExpr):
        return frozenset({int(expression.position)})
    if isinstance(expression, ir.AffineConstantExpr | ir.AffineSymbolExpr):
        return frozenset()
    return dimensions_of(expression.lhs) | dimensions_of(expression.rhs)
