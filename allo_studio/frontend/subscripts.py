"""Subscripts and bounds: affine expressions of loop variables and sizes with their proof, or computed values."""

from __future__ import annotations

import ast
from collections.abc import Callable

from allo_studio.frontend.constants import NotConstant
from allo_studio.frontend.faults import counted
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.tree import Division, Expression, Literal, Memory, Subscript, Variable
from allo_studio.ir import LinearExpr

__all__ = ["Value", "affine", "check_index", "index", "subscripts", "whole_number"]

# What checks a value: `expressions.check_expression`, which itself needs this module.
Value = Callable[[ast.expr, Scope], Expression | None]

_MOST = 2**31 - 1
# The widest integers that become an index.
_MOST_BITS = 64


def index(node: ast.expr, scope: Scope, value: Value) -> Subscript | None:
    """Return a subscript or bound: affine where it can be, else a computed whole number; None after a report."""
    found = affine(node, scope)
    if found is None:
        return _computed(node, scope, value)
    if any(abs(n) > _MOST for n in (found.constant, *(f for _, f in found.terms))):
        scope.faults.add("bounds", node, "the index does not fit 32 bits", "use smaller numbers")
        return None
    return found


def whole_number(node: ast.expr, scope: Scope, what: str) -> int | None:
    """Return a constant whole number, named `what` in the report where it is none; None after a report."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(scope.find(part.id), Poison):
            return None
        if isinstance(part, ast.Name) and isinstance(scope.find(part.id), Memory | Variable):
            message = f"{what} must be constant, and {part.id!r} varies"
            scope.faults.add("shape", node, message, "use numbers and constants of the file")
            return None
    try:
        value = scope.constant(node)
    except NotConstant as fault:
        if isinstance(fault.node, ast.Name):
            scope.resolve(fault.node)
        else:
            message = f"{what} must be a constant whole number: {fault.reason}"
            scope.faults.add("shape", fault.node, message, "use numbers and constants of the file")
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        scope.faults.add("shape", node, f"{what} must be a whole number, not {value}", "use // to divide")
        return None
    return value


def subscripts(node: ast.Subscript, memory: Memory, scope: Scope, value: Value) -> tuple[Subscript, ...] | None:
    """Return the subscripts of one element of `memory`, affine ones proven in bounds; None after a report."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    kind = memory.type
    if not kind.shape or len(parts) != len(kind.shape):
        for part in parts:
            index(part, scope, value)
        _miscounted(node, memory, len(parts), scope)
        return None
    found = [check_index(part, memory, dim, scope.extent(kind, dim), scope, value) for dim, part in enumerate(parts)]
    known = tuple(at for at in found if at is not None)
    return known if len(known) == len(found) else None


def _miscounted(node: ast.Subscript, memory: Memory, given: int, scope: Scope) -> None:
    if not memory.type.shape:
        scope.faults.add("shape", node, f"{memory.name!r} is a scalar and takes no subscripts", f"write {memory.name}")
        return
    wanted = counted(len(memory.type.shape), "subscript")
    message = f"{memory.name!r} is {memory.type}, which takes {wanted}, not {given}"
    scope.faults.add("shape", node, message, "give one subscript for each dimension")


def check_index(
    node: ast.expr, memory: Memory, dim: int, extent: LinearExpr, scope: Scope, value: Value
) -> Subscript | None:
    """Return the subscript of a dimension, from 0 to before `extent`; None after a report.

    An affine one is proven, a computed one checked where the kernel runs, and so is one that depends on a scalar
    argument and is not proven.
    """
    at = index(node, scope, value)
    if not isinstance(at, LinearExpr):
        return at
    taken = scope.range_of(at)
    over = taken.less(extent.constant) if taken and extent.is_constant else scope.range_of(at - extent)
    if taken is None or over is None:
        return at
    if taken.least is not None and taken.least >= 0 and over.greatest is not None and over.greatest < 0:
        return at
    never = (taken.greatest is not None and taken.greatest < 0) or (over.least is not None and over.least >= 0)
    if _is_open(at) and not never:
        # Only the run tells what a scalar argument is.
        return value(node, scope)
    names = [part.name for part in extent.variables if isinstance(part, Memory)]
    last = f"{names[0]} - 1" if names else str(extent.constant - 1)
    scope.faults.add(
        "bounds",
        node,
        f"subscript {dim + 1} of {memory.name!r} {taken}, outside 0 to {last}",
        f"{memory.name} is {memory.type}; change the subscript, the loop's range or the extent",
    )
    return None


def _is_open(expression: LinearExpr) -> bool:
    """Tell whether an index depends on a scalar argument, of which only the type is known."""
    for part in expression.variables:
        if isinstance(part, Memory) and part.maximum is None:
            return True
        if isinstance(part, Variable) and (_is_open(part.lower) or _is_open(part.upper)):
            return True
        if isinstance(part, Division) and _is_open(part.operand):
            return True
    return False


def _computed(node: ast.expr, scope: Scope, value: Value) -> Expression | None:
    if isinstance(node, ast.Slice):
        _refuse(node, scope, "a slice is no single element", "name one element: A[i, j]")
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        _refuse(node, scope, "a truth value is no index")
        return None
    found = value(node, scope)
    if found is None or (found.type.kind == "int" and found.type.bits <= _MOST_BITS):
        return found
    if isinstance(found, Literal) and isinstance(found.value, float):
        _refuse(node, scope, f"an index must be a whole number, not {found.value}", "use // to divide")
    elif found.type.kind != "int":
        _refuse(node, scope, f"an index must be a whole number, not {found.type}", "convert it: int(x)")
    else:
        _refuse(node, scope, f"an index has at most {_MOST_BITS} bits, not {found.type.bits}")
    return None


def affine(node: ast.expr, scope: Scope) -> LinearExpr | None:
    """Return an expression of loop variables, sizes and scalar arguments as an affine one; None where it is none.

    Nothing is reported. Quotients and remainders by constants count as affine.
    """
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() as number):
            return _number(number)
        case ast.Name():
            return _name(node, scope)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            inner = affine(operand, scope)
            return inner and (-inner if isinstance(sign, ast.USub) else inner)
        case ast.BinOp(left=left, op=operator, right=right):
            one = affine(left, scope)
            two = affine(right, scope) if one is not None else None
            return _combine(one, operator, two, scope) if one is not None and two is not None else None
        case ast.Call() | ast.Attribute():
            return _constant(node, scope)
    return None


def _number(value: object) -> LinearExpr | None:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 63:
        return LinearExpr.number(value)
    return None


def _name(node: ast.Name, scope: Scope) -> LinearExpr | None:
    match scope.find(node.id):
        case Variable(computed=False) as variable:
            return LinearExpr.of(variable)
        case Memory(by_value=True) as scalar if _is_symbol(scalar):
            return LinearExpr.of(scalar)
        case int() as number:
            return _number(number)
        case None:
            return _number(scope.constants.get(node.id))
    return None


def _is_symbol(scalar: Memory) -> bool:
    kind = scalar.type.element
    return kind.kind == "int" and kind.signed and kind.bits <= 32


def _constant(node: ast.expr, scope: Scope) -> LinearExpr | None:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(scope.find(part.id), Memory | Variable | Poison):
            return None
    try:
        return _number(scope.constant(node))
    except NotConstant:
        return None


def _combine(one: LinearExpr, operator: ast.operator, two: LinearExpr, scope: Scope) -> LinearExpr | None:
    match operator:
        case ast.Add():
            return one + two
        case ast.Sub():
            return one - two
        case ast.Mult() if one.is_constant or two.is_constant:
            return two * one.constant if one.is_constant else one * two.constant
        case ast.FloorDiv() | ast.Mod() if two.is_constant and two.constant >= 1:
            return _divide(one, two.constant, isinstance(operator, ast.Mod), scope)
        case _ if one.is_constant and two.is_constant:
            parts = ast.Constant(one.constant), ast.Constant(two.constant)
            return _constant(ast.BinOp(parts[0], operator, parts[1]), scope)
    return None


def _divide(operand: LinearExpr, divisor: int, remainder: bool, scope: Scope) -> LinearExpr | None:
    """Return an index divided by a constant; what may be negative is left to the rules of values."""
    if operand.is_constant:
        return LinearExpr.number(operand.constant % divisor if remainder else operand.constant // divisor)
    taken = scope.range_of(operand)
    if taken is not None and (taken.least is None or taken.least < 0):
        return None
    return LinearExpr.of(Division(operand, divisor, remainder))


def _refuse(node: ast.expr, scope: Scope, message: str, hint: str = "") -> None:
    hint = hint or "a subscript or bound is a whole number, such as 2*i + j - 1"
    scope.faults.add("unsupported", node, message, hint)
