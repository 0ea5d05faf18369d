"""Expressions: their types, and what of Python is not in the language."""

from __future__ import annotations

import ast
import math
from dataclasses import replace

import numpy as np

from allo_studio.frontend.constants import Number
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.subscripts import subscripts
from allo_studio.frontend.tree import Binary, Expression, Index, Literal, Load, Memory, Negate, Scalar, Variable
from allo_studio.types import FLOAT32, INT32, ScalarType

__all__ = ["OPERATORS", "check_expression", "combine", "settle"]

OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_KINDS: dict[type[ast.expr], str] = {
    ast.Call: "a call",
    ast.Compare: "a comparison",
    ast.BoolOp: "`and` or `or`",
    ast.IfExp: "a conditional expression",
    ast.Lambda: "a lambda",
    ast.List: "a list",
    ast.Tuple: "a tuple",
    ast.Dict: "a dictionary",
    ast.Set: "a set",
    ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a generator expression",
    ast.DictComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.Attribute: "an attribute",
    ast.JoinedStr: "an f-string",
    ast.NamedExpr: "`:=`",
    ast.Await: "`await`",
    ast.Yield: "`yield`",
    ast.YieldFrom: "`yield from`",
    ast.Starred: "`*`",
    ast.Slice: "a slice",
}
_LANGUAGE = "values are made of numbers, elements such as A[i, j], variables and + - * /"


def check_expression(node: ast.expr, scope: Scope) -> Expression | None:
    """Return a value expression with its type; None after a report."""
    match node:
        case ast.Constant():
            return _constant(node, scope)
        case ast.Name():
            return _name(node, scope)
        case ast.Subscript():
            return _element(node, scope)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            inner = check_expression(operand, scope)
            return _signed(node, sign, inner, scope) if inner else None
        case ast.BinOp(left=left, op=operator, right=right):
            one, two = check_expression(left, scope), check_expression(right, scope)
            if type(operator) not in OPERATORS:
                scope.faults.add("unsupported", node, "this operator is not supported", "the operators are + - * /")
                return None
            return combine(node, OPERATORS[type(operator)], one, two, scope)
    kind = _KINDS.get(type(node), "this expression")
    scope.faults.add("unsupported", node, f"{kind} is not supported in a kernel", _LANGUAGE)
    return None


def combine(
    node: ast.AST, operator: str, left: Expression | None, right: Expression | None, scope: Scope
) -> Expression | None:
    """Return `left operator right`, both of one type; None after a report."""
    if left is None or right is None:
        return None
    if operator == "/" and isinstance(right, Literal) and right.value == 0:
        scope.faults.add("type", right.span, "this divides by zero", "divide by another number")
        return None
    kind = _common(left, right)
    if kind is None:
        scope.faults.add(
            "type",
            node,
            f"{left.type} {operator} {right.type}: the two sides differ in type",
            "nothing is converted silently; use one type, and write numbers for float32 like 2.0",
        )
        return None
    one, two = settle(left, kind, scope), settle(right, kind, scope)
    return Binary(operator, one, two, kind, scope.faults.places.of(node)) if one and two else None


def settle(value: Expression, kind: ScalarType, scope: Scope) -> Expression | None:
    """Return `value` as a value of type `kind`: only a whole number of the text changes; None after a report."""
    if isinstance(value, Literal) and value.flexible:
        value = replace(value, type=kind, flexible=False)
        if kind == FLOAT32:
            value = replace(value, value=float(value.value))
    if value.type != kind:
        hint = "nothing is converted silently; "
        hint += "declare the target as float32" if value.type == FLOAT32 else "use a float32 value"
        scope.faults.add("type", value.span, f"expected {kind}, found {value.type}", hint)
        return None
    if isinstance(value, Literal) and not _fits(value.value, kind):
        scope.faults.add("type", value.span, f"the number does not fit {kind}", f"the range is {_limits(kind)}")
        return None
    return value


def _common(left: Expression, right: Expression) -> ScalarType | None:
    flexible = [isinstance(side, Literal) and side.flexible for side in (left, right)]
    if left.type == right.type or flexible[1]:
        return left.type
    return right.type if flexible[0] else None


def _fits(value: Number, kind: ScalarType) -> bool:
    if kind == INT32:
        return -(2**31) <= value < 2**31
    with np.errstate(over="ignore"):
        return math.isfinite(np.float32(value))


def _limits(kind: ScalarType) -> str:
    return "-2147483648 to 2147483647" if kind == INT32 else "about -3.4e38 to 3.4e38"


def _constant(node: ast.Constant, scope: Scope) -> Expression | None:
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _literal(node, value, scope)
    scope.faults.add("unsupported", node, "only numbers can be written as values in a kernel", _LANGUAGE)
    return None


def _literal(node: ast.AST, value: Number, scope: Scope) -> Expression | None:
    if isinstance(value, int) and value.bit_length() > 63:
        scope.faults.add("type", node, "the number does not fit int32", f"the range is {_limits(INT32)}")
        return None
    span = scope.faults.places.of(node)
    return Literal(value, INT32, span, flexible=True) if isinstance(value, int) else Literal(value, FLOAT32, span)


def _name(node: ast.Name, scope: Scope) -> Expression | None:
    meaning, span = scope.resolve(node), scope.faults.places.of(node)
    match meaning:
        case None | Poison():
            return None
        case Variable():
            return Index(meaning, span)
        case Memory(by_value=True):
            return Scalar(meaning, span)
        case Memory(type=kind) if kind.shape:
            message = f"{node.id!r} is {kind}: whole arrays are not values in a kernel"
            scope.faults.add(
                "unsupported", node, message, f"name one element: {node.id}[{_subscript_hint(len(kind.shape))}]"
            )
            return None
        case Memory():
            return Load(meaning, (), span)
    return _literal(node, meaning, scope)


def _subscript_hint(rank: int) -> str:
    return ", ".join("ijklmn"[:rank]) if rank <= 6 else "..."


def _element(node: ast.Subscript, scope: Scope) -> Expression | None:
    if not isinstance(node.value, ast.Name):
        scope.faults.add("unsupported", node, "only a named array takes subscripts", "write A[i, j], not A[i][j]")
        return None
    meaning = scope.resolve(node.value)
    if isinstance(meaning, Memory):
        at = subscripts(node, meaning, scope)
        return None if at is None else Load(meaning, at, scope.faults.places.of(node))
    if meaning is not None and not isinstance(meaning, Poison):
        scope.faults.add("shape", node, f"{node.value.id!r} is no array and takes no subscripts", "leave them out")
    return None


def _signed(node: ast.UnaryOp, sign: ast.unaryop, inner: Expression, scope: Scope) -> Expression | None:
    span = scope.faults.places.of(node)
    if isinstance(inner, Literal):
        return replace(inner, value=-inner.value if isinstance(sign, ast.USub) else inner.value, span=span)
    return Negate(inner, inner.type, span) if isinstance(sign, ast.USub) else inner
