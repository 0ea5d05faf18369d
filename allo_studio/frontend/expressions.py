"""Expressions: their types, and what of Python is not in the language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from allo_studio.frontend.arithmetic import combine, negate
from allo_studio.frontend.bits import check_selectors, select
from allo_studio.frontend.builtin_calls import check_bit_method, check_builtin, is_bit_method, is_builtin
from allo_studio.frontend.calls import check_call
from allo_studio.frontend.comparisons import choose, compare, compare_affine, conjunction
from allo_studio.frontend.constants import NotConstant
from allo_studio.frontend.conversions import as_truth, literal
from allo_studio.frontend.guards import guard_of
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.slices import is_view, view_of
from allo_studio.frontend.subscripts import subscripts
from allo_studio.frontend.tree import Expression, Index, Literal, Load, Memory, Scalar, Unary, Variable
from allo_studio.frontend.tree_statements import Statement
from allo_studio.types import BOOL, INT32, MOST_BITS

__all__ = ["OPERATORS", "check_expression", "combine"]

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
}
_ORDERS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_KINDS: dict[type[ast.expr], str] = {
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
_LANGUAGE = "values are made of numbers, elements such as A[i, j], variables, operators and calls"


def check_expression(node: ast.expr, scope: Scope) -> Expression | None:
    """Return a value expression with its type; None after a report."""
    if node in scope.elements:
        return scope.elements[node]
    if node in scope.called:
        result = scope.called[node]
        return Load(result, (), scope.faults.places.of(node)) if result is not None else None
    match node:
        case ast.Constant():
            return _constant(node, scope)
        case ast.Name():
            return _name(node, scope)
        case ast.Subscript():
            return _element(node, scope)
        case ast.UnaryOp():
            return _unary(node, scope)
        case ast.BinOp(left=left, op=operator, right=right):
            one, two = check_expression(left, scope), check_expression(right, scope)
            if type(operator) in OPERATORS:
                return combine(node, OPERATORS[type(operator)], one, two, scope)
            scope.faults.add("unsupported", node, "`@` is not supported here", "write the product as loops")
            return None
        case ast.Compare():
            return _comparison(node, scope)
        case ast.BoolOp():
            return _logic(node, scope)
        case ast.IfExp():
            return _choice(node, scope)
        case ast.Call():
            return _call(node, scope)
    return _other(node, scope)


def _other(node: ast.expr, scope: Scope) -> Expression | None:
    if isinstance(node, ast.Attribute):
        found = scope.find(node.value.id) if isinstance(node.value, ast.Name) else None
        value = None if isinstance(found, Memory | Variable | Poison) else _compile_time(node, scope)
        if isinstance(value, int | float):
            return literal(value, scope.faults.places.of(node))
        if is_view(node.value, scope):
            hint = "an array has .T and .copy(); its extents are constants of the file, or named sizes"
            scope.faults.add("unsupported", node, f"an array has no .{node.attr} in a kernel", hint)
            return None
        if isinstance(found, Memory) and found.type.element.kind == "struct":
            message = f"a field of {found.name!r} is named by a subscript"
            scope.faults.add("unsupported", node, message, f'write {found.name}["{node.attr}"]')
            return None
    kind = _KINDS.get(type(node), "this expression")
    scope.faults.add("unsupported", node, f"{kind} is not supported in a kernel", _LANGUAGE)
    return None


def _compile_time(node: ast.expr, scope: Scope) -> object:
    try:
        return scope.constant(node)
    except NotConstant:
        return None


def _constant(node: ast.Constant, scope: Scope) -> Expression | None:
    value = node.value
    if isinstance(value, bool | int | float):
        return _number(node, value, scope)
    scope.faults.add("unsupported", node, "only numbers can be written as values in a kernel", _LANGUAGE)
    return None


def _number(node: ast.AST, value: bool | int | float, scope: Scope) -> Expression | None:
    if isinstance(value, int) and value.bit_length() >= MOST_BITS:
        hint = f"a number has at most {MOST_BITS} bits"
        scope.faults.add("type", node, "the number is too large", hint)
        return None
    return literal(value, scope.faults.places.of(node))


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
            message = f"{node.id!r} is {kind}: whole arrays are not values here"
            hint = f"name one element: {node.id}[{_subscript_hint(len(kind.shape))}]"
            scope.faults.add("unsupported", node, message, hint)
            return None
        case Memory():
            return Load(meaning, (), span)
        case int() if node.id in scope.fixed:
            # It widens results as it does where it is known only at run time.
            return Literal(meaning, INT32, span)
        case bool() | int() | float():
            return _number(node, meaning, scope)
    hint = "numbers are values; an element of a list or table is named with its subscripts"
    scope.faults.add("type", node, f"{node.id!r} is no number", hint)
    return None


def _subscript_hint(rank: int) -> str:
    return ", ".join("ijklmn"[:rank]) if rank <= 6 else "..."


def _element(node: ast.Subscript, scope: Scope) -> Expression | None:
    """Return an element of an array, a field of a struct, or bits of a number."""
    value = node.value
    if isinstance(value, ast.Name):
        meaning = scope.resolve(value)
        if meaning is None or isinstance(meaning, Poison):
            return None
        if isinstance(meaning, Memory) and meaning.type.shape:
            at = subscripts(node, meaning, scope, check_expression)
            return None if at is None else Load(meaning, at, scope.faults.places.of(node))
        if not isinstance(meaning, Memory | Variable):
            return _table_entry(node, value, scope)
    elif is_view(value, scope) and not is_view(node, scope):
        view = view_of(node, scope, check_expression)
        return Load(view.memory, view.subscripts(()), scope.faults.places.of(node)) if view else None
    base = check_expression(value, scope)
    selectors = check_selectors(node, base.type, scope, check_expression) if base else None
    return select(base, selectors, scope.faults.places.of(node)) if base and selectors else None


def _table_entry(node: ast.Subscript, named: ast.Name, scope: Scope) -> Expression | None:
    """Return an entry of a compile-time table at constant subscripts."""
    value = _compile_time(node, scope)
    if isinstance(value, bool | int | float):
        return _number(node, value, scope)
    if isinstance(_compile_time(named, scope), int | float):
        message = f"{named.id!r} is no array and takes no subscripts"
        scope.faults.add("shape", node, message, "leave them out")
    else:
        hint = f"declare a table with it: T: int32[4] = {named.id}"
        scope.faults.add("shape", node, f"this is no entry of {named.id!r} that is known at compile time", hint)
    return None


def _unary(node: ast.UnaryOp, scope: Scope) -> Expression | None:
    inner = check_expression(node.operand, scope)
    if inner is None:
        return None
    span = scope.faults.places.of(node)
    match node.op:
        case ast.UAdd():
            return inner
        case ast.USub():
            return negate(node, inner, scope)
        case ast.Not():
            truth = as_truth(node.operand, inner, scope)
            return Unary("not", truth, BOOL, span) if truth else None
    if inner.type.kind != "int":
        hint = "convert it: ~int(x)" if inner.type.kind != "struct" else 'name a field: s["x"]'
        scope.faults.add("type", node, f"`~` is for whole numbers, not {inner.type}", hint)
        return None
    if isinstance(inner, Literal):
        return Literal(~int(inner.value), inner.type, span, inner.flexible) if inner.flexible else (
            Literal(1 - int(inner.value), BOOL, span))  # fmt: skip
    return Unary("~", inner, inner.type, span)


def _comparison(node: ast.Compare, scope: Scope) -> Expression | None:
    """Return a comparison; `a < b < c` is `a < b and b < c`."""
    unknown = [kind for kind in node.ops if type(kind) not in _ORDERS]
    sides = [node.left, *node.comparators]
    values = [check_expression(side, scope) for side in sides]
    if unknown:
        scope.faults.add("unsupported", node, "`in` and `is` are not supported", "compare with == != < <= > >=")
        return None
    total: Expression | None = None
    for kind, (one, two), (left, right) in zip(node.ops, pairwise(sides), pairwise(values), strict=True):
        if left is None or right is None:
            return None
        found = compare_affine(node, _ORDERS[type(kind)], one, two, scope) or compare(
            node, _ORDERS[type(kind)], left, right, scope
        )
        if found is None:
            return None
        total = found if total is None else conjunction("and", total, found, (), scope.faults.places.of(node), scope)
    return total


@contextmanager
def _aside(scope: Scope) -> Iterator[list[Statement]]:
    """Collect what an operand that may not be evaluated needs to be run before it."""
    outer, scope.pending = scope.pending, []
    inner = scope.pending
    yield inner
    scope.pending = outer


def _logic(node: ast.BoolOp, scope: Scope) -> Expression | None:
    holds = isinstance(node.op, ast.And)
    total = _truth(node.values[0], scope)
    for number, part in enumerate(node.values[1:], start=1):
        known = ast.BoolOp(node.op, node.values[:number]) if number > 1 else node.values[0]
        with _aside(scope) as before, scope.block(guard_of(known, scope, holds)):
            right = _truth(part, scope)
        if total is None or right is None:
            total = None
            continue
        total = conjunction("and" if holds else "or", total, right, tuple(before), scope.faults.places.of(node), scope)
    return total


def _truth(node: ast.expr, scope: Scope) -> Expression | None:
    value = check_expression(node, scope)
    return as_truth(node, value, scope) if value else None


def _choice(node: ast.IfExp, scope: Scope) -> Expression | None:
    condition = _truth(node.test, scope)
    with _aside(scope) as before_yes, scope.block(guard_of(node.test, scope, True)):
        yes = check_expression(node.body, scope)
    with _aside(scope) as before_no, scope.block(guard_of(node.test, scope, False)):
        no = check_expression(node.orelse, scope)
    if condition is None or yes is None or no is None:
        return None
    return choose(node, condition, (yes, tuple(before_yes)), (no, tuple(before_no)), scope)


def _call(node: ast.Call, scope: Scope) -> Expression | None:
    """Return a conversion, a function of mathematics, bits, or a call of a function of the kernel's own."""
    if is_builtin(node, scope):
        return check_builtin(node, scope, check_expression)
    if is_bit_method(node, scope):
        return check_bit_method(node, scope, check_expression)
    return check_call(node, scope)
