"""Subscripts and bounds: sums of multiples of loop variables and constants, and what they may reach."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from allo_studio.frontend.constants import NotConstant, Number, evaluate
from allo_studio.frontend.faults import counted
from allo_studio.frontend.ranges import range_of
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.tree import Memory, Variable
from allo_studio.ir import LinearExpr

__all__ = ["linear", "subscripts", "whole_number"]

_MOST = 2**31 - 1
_HINT = "a subscript or bound is a sum of loop variables times constants, such as 2*i + j - 1"


def linear(node: ast.expr, scope: Scope) -> LinearExpr | None:
    """Return an index expression; None after a report."""
    found = _linear(node, scope)
    if found is not None and any(abs(n) > _MOST for n in (found.constant, *(f for _, f in found.terms))):
        scope.faults.add("bounds", node, "the index does not fit 32 bits", "use smaller numbers")
        return None
    return found


def whole_number(node: ast.expr, scope: Scope, what: str) -> int | None:
    """Return a constant whole number, named `what` in the report where it is none; None after a report."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(scope.find(part.id), Poison):
            return None
        if isinstance(part, ast.Name) and scope.find(part.id) is not None:
            message = f"{what} must be constant, and {part.id!r} varies"
            scope.faults.add("shape", node, message, "use numbers and constants of the file")
            return None
    try:
        value = evaluate(node, scope.module.parameters)
    except NotConstant as fault:
        if isinstance(fault.node, ast.Name):
            scope.resolve(fault.node)
        else:
            message = f"{what} must be a constant whole number: {fault.reason}"
            scope.faults.add("shape", fault.node, message, "use numbers and constants of the file")
        return None
    if not isinstance(value, int):
        scope.faults.add("shape", node, f"{what} must be a whole number, not {value}", "use // to divide")
        return None
    return value


def subscripts(node: ast.Subscript, memory: Memory, scope: Scope) -> tuple[LinearExpr, ...] | None:
    """Return the subscripts of an access to `memory`, checked to be in bounds; None after a report."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    extents = memory.type.shape
    found = [linear(part, scope) for part in parts]
    if not extents:
        scope.faults.add("shape", node, f"{memory.name!r} is a scalar and takes no subscripts", f"write {memory.name}")
        return None
    if len(parts) != len(extents):
        message = (
            f"{memory.name!r} is {memory.type}, which takes {counted(len(extents), 'subscript')}, not {len(parts)}"
        )
        scope.faults.add("shape", node, message, "give one subscript for each dimension")
        return None
    good = [_in_bounds(part, at, memory, dim, scope) for dim, (part, at) in enumerate(zip(parts, found, strict=True))]
    linear_parts = tuple(at for at in found if at is not None)
    return linear_parts if all(good) and len(linear_parts) == len(found) else None


def _in_bounds(node: ast.expr, index: LinearExpr | None, memory: Memory, dim: int, scope: Scope) -> bool:
    if index is None:
        return False
    taken, extent = range_of(index, scope.nest), memory.type.shape[dim]
    if taken is None:
        return True
    if taken.least is not None and taken.least >= 0 and taken.greatest is not None and taken.greatest < extent:
        return True
    scope.faults.add(
        "bounds",
        node,
        f"subscript {dim + 1} of {memory.name!r} {taken}, outside 0 to {extent - 1}",
        f"{memory.name} is {memory.type}; change the subscript, the loop's range or the extent",
    )
    return False


def _linear(node: ast.expr, scope: Scope) -> LinearExpr | None:
    match node:
        case ast.Constant(value=bool()):
            return _refuse(node, scope, "a truth value is no index")
        case ast.Constant(value=int() | float() as value):
            return _number(node, value, scope)
        case ast.Name():
            return _name(node, scope)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            inner = _linear(operand, scope)
            return inner and (-inner if isinstance(sign, ast.USub) else inner)
        case ast.BinOp(left=left, op=operator, right=right):
            one, two = _linear(left, scope), _linear(right, scope)
            return None if one is None or two is None else _combine(node, one, operator, two, scope)
        case ast.Slice():
            return _refuse(node, scope, "slices are not supported", "name one element: A[i, j]")
        case ast.Subscript():
            return _refuse(node, scope, "a subscript that is read from an array is not supported")
    return _refuse(node, scope, "this is no index expression")


def _number(node: ast.expr, value: Number, scope: Scope) -> LinearExpr | None:
    if isinstance(value, int):
        if value.bit_length() > 63:
            scope.faults.add("bounds", node, "the index does not fit 32 bits", "use smaller numbers")
            return None
        return LinearExpr.number(value)
    return _refuse(node, scope, f"an index must be a whole number, not {value}", "use // to divide")


def _name(node: ast.Name, scope: Scope) -> LinearExpr | None:
    meaning = scope.resolve(node)
    match meaning:
        case None | Poison():
            return None
        case Variable():
            return LinearExpr.of(meaning)
        case Memory():
            return _refuse(node, scope, f"{node.id!r} is no loop variable, so it cannot be part of an index")
    return _number(node, meaning, scope)


def _combine(
    node: ast.expr, one: LinearExpr, operator: ast.operator, two: LinearExpr, scope: Scope
) -> LinearExpr | None:
    if isinstance(operator, ast.Add):
        return one + two
    if isinstance(operator, ast.Sub):
        return one - two
    if isinstance(operator, ast.Mult) and (one.is_constant or two.is_constant):
        return two * one.constant if one.is_constant else one * two.constant
    if isinstance(operator, ast.Mult):
        return _refuse(node, scope, "a product of loop variables is not supported here")
    if one.is_constant and two.is_constant:
        return _folded(node, operator, one.constant, two.constant, scope)
    return _refuse(node, scope, "this operation on a loop variable is not supported here")


def _folded(node: ast.expr, operator: ast.operator, one: int, two: int, scope: Scope) -> LinearExpr | None:
    parts: Sequence[ast.expr] = (ast.Constant(one), ast.Constant(two))
    try:
        return _number(node, evaluate(ast.BinOp(parts[0], operator, parts[1]), {}), scope)
    except NotConstant as fault:
        return _refuse(node, scope, f"this is no index expression: {fault.reason}")


def _refuse(node: ast.expr, scope: Scope, message: str, hint: str = _HINT) -> LinearExpr | None:
    scope.faults.add("unsupported", node, message, hint)
    return None
