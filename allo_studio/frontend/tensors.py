"""Arrays and slices as values: elementwise expressions with numpy's broadcasting, as loops over their elements.

The elements of an expression are checked as scalars: each array in it stands for its element at the loops' variables.
The right side is computed first: where it reads at another place what is written, it goes through an array of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from allo_studio.frontend.builtin_calls import is_bit_method, is_builtin
from allo_studio.frontend.conversions import settle
from allo_studio.frontend.expressions import check_expression
from allo_studio.frontend.overlap import loads_of, overlaps
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.slices import Extents, Span, View, is_view, view_of, whole
from allo_studio.frontend.tree import Expression, Literal, Load, Memory, Scalar, Variable
from allo_studio.frontend.tree_calls import Call
from allo_studio.frontend.tree_statements import Declare, Loop, Statement, Store, statements_within
from allo_studio.ir import LinearExpr
from allo_studio.types import ArrayType

__all__ = ["check_tensor", "fill", "is_tensor", "materialise", "shape_of", "shape_text"]

_NUMPY = "extents are equal, or one of them is 1; they are compared from the last dimension"


def is_tensor(node: ast.expr, scope: Scope) -> bool:
    """Tell whether an expression has an array for its value."""
    return any(True for _ in _leaves(node, scope))


def _leaves(node: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """Return the arrays that an expression is made of, elementwise."""
    if is_view(node, scope):
        yield node
        return
    parts: list[ast.expr] = []
    match node:
        case ast.BinOp(left=left, right=right):
            parts = [left, right]
        case ast.UnaryOp(operand=operand):
            parts = [operand]
        case ast.Compare(left=left, comparators=others):
            parts = [left, *others]
        case ast.BoolOp(values=values):
            parts = values
        case ast.IfExp(test=test, body=body, orelse=other):
            parts = [test, body, other]
        case ast.Call(args=args) if is_builtin(node, scope):
            parts = args
        case ast.Call(func=ast.Attribute(value=base)) if is_bit_method(node, scope):
            parts = [base]
    for part in parts:
        yield from _leaves(part, scope)


@dataclass(frozen=True)
class _Elements:
    """The elements of an expression: their value at the variables, one for each of the extents."""

    value: Expression
    variables: tuple[Variable, ...]
    extents: Extents


def check_tensor(
    node: ast.expr, target: View | str, scope: Scope, place: ast.AST, stem: str = ""
) -> tuple[Statement, ...] | None:
    """Return the statements of `target = node`, where `node` may also be a scalar; None after a report.

    The name of a new variable as target declares it, with the type that the expression has.
    """
    views = _views(node, scope)
    if views is None or _is_product(node, scope):
        return None
    extents = _broadcast(node, views, scope)
    if extents is None:
        return None
    span = scope.faults.places.of(place)
    if isinstance(target, str):
        elements = _elements(node, views, extents, target, scope)
        return _declared(target, elements, node, scope, place) if elements else None
    shape = target.extents
    if not _fits(extents, shape):
        message = f"an array of {_shown(extents)} cannot be assigned to one of {_shown(shape)}"
        scope.faults.add("shape", node, message, _NUMPY)
        return None
    elements = _elements(node, views, shape, stem or target.memory.name, scope)
    value = settle(elements.value, target.memory.type.element, scope) if elements else None
    if elements is None or value is None:
        return None
    fixed, first = _fixed(target)
    at = fixed.subscripts(tuple(LinearExpr.of(variable) for variable in elements.variables))
    store = Store(fixed.memory, at, value, span)
    if not overlaps(store, elements.variables, scope):
        return (*first, *_nest(elements.variables, store, scope, place))
    return (*first, *_through_copy(fixed, elements, value, scope, place))


def fill(target: View, value: Expression, scope: Scope, place: ast.AST) -> tuple[Statement, ...]:
    """Return the statements that set every element of a view to one value, which is computed once."""
    span = scope.faults.places.of(place)
    once = Memory(f"{target.memory.name}_value", ArrayType(target.memory.type.element), span)
    fixed, first = _fixed(target)
    variables = _variables(fixed.extents, target.memory.name)
    at = fixed.subscripts(tuple(LinearExpr.of(variable) for variable in variables))
    if isinstance(value, Literal | Scalar):
        return (*first, *_nest(variables, Store(target.memory, at, value, span), scope, place))
    store = Store(target.memory, at, Load(once, (), span), span)
    return (*first, Declare(once, value, span), *_nest(variables, store, scope, place))


def _fixed(target: View) -> tuple[View, tuple[Statement, ...]]:
    """Return a view whose subscripts do not change while its elements do, and the statements that keep them."""
    at, kept = list(target.at), list[Statement]()
    for dim, part in enumerate(target.at):
        if isinstance(part, LinearExpr | Span) or not any(load.memory is target.memory for load in loads_of(part)):
            continue
        memory = Memory(f"{target.memory.name}_at", ArrayType(part.type), part.span)
        kept.append(Declare(memory, part, part.span))
        at[dim] = Load(memory, (), part.span)
    return View(target.memory, tuple(at), target.axes), tuple(kept)


def materialise(node: ast.expr, name: str, scope: Scope) -> Memory | None:
    """Return a new array that an expression is put into ahead of the present statement; None after a report."""
    found = check_tensor(node, name, scope, node)
    declared = found[0] if found else None
    if found is None or not isinstance(declared, Declare):
        return None
    scope.pending += found
    return declared.memory


def shape_of(node: ast.expr, scope: Scope) -> str | None:
    """Return the shape of an array expression as text, such as `shape (4, 3)`; None after a report."""
    views = _views(node, scope)
    extents = _broadcast(node, views, scope) if views is not None else None
    return None if extents is None else _shown(extents)


def shape_text(memory: Memory, scope: Scope) -> str:
    """Return the shape of a memory as `shape_of` gives it."""
    return _shown(whole(memory, scope).extents)


def _views(node: ast.expr, scope: Scope) -> dict[ast.expr, View] | None:
    found = {leaf: view_of(leaf, scope, check_expression) for leaf in _leaves(node, scope)}
    known = {leaf: view for leaf, view in found.items() if view is not None}
    return known if len(known) == len(found) else None


def _is_product(node: ast.expr, scope: Scope) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult):
            scope.faults.add("unsupported", part, "`@` of arrays is not supported", "write the product as loops")
            return True
    return False


def _broadcast(node: ast.expr, views: dict[ast.expr, View], scope: Scope) -> Extents | None:
    total: Extents = ()
    for view in views.values():
        joined = _joined(total, view.extents)
        if joined is None:
            message = f"arrays of {_shown(total)} and {_shown(view.extents)} do not fit together"
            scope.faults.add("shape", node, message, _NUMPY)
            return None
        total = joined
    return total


_ONE = LinearExpr.number(1)


def _joined(one: Extents, two: Extents) -> Extents | None:
    rank = max(len(one), len(two))
    pairs = zip((_ONE,) * (rank - len(one)) + one, (_ONE,) * (rank - len(two)) + two, strict=True)
    found = [left if right in (left, _ONE) else right if left == _ONE else None for left, right in pairs]
    known = tuple(extent for extent in found if extent is not None)
    return known if len(known) == rank else None


def _fits(extents: Extents, shape: Extents) -> bool:
    """Tell whether an array may be assigned: leading extents of 1 more than the target has are left out."""
    extra = len(extents) - len(shape)
    if extra > 0:
        return all(extent == _ONE for extent in extents[:extra]) and _joined(extents[extra:], shape) == shape
    return _joined(extents, shape) == shape


def _shown(extents: Extents) -> str:
    return f"shape ({', '.join(_extent_text(extent) for extent in extents)})"


def _extent_text(extent: LinearExpr) -> str:
    texts = [part.name if factor == 1 else f"{factor}*{part.name}" for part, factor in extent.terms]
    if extent.constant or not texts:
        texts.append(str(extent.constant))
    return " + ".join(texts)


def _variables(extents: Extents, stem: str) -> tuple[Variable, ...]:
    zero = LinearExpr.number(0)
    return tuple(Variable(f"{stem}_{dim}", zero, extent, 1) for dim, extent in enumerate(extents))


def _elements(
    node: ast.expr, views: dict[ast.expr, View], extents: Extents, stem: str, scope: Scope
) -> _Elements | None:
    variables = _variables(extents, stem)
    for leaf, view in views.items():
        indices = _indices(view.extents, variables)
        scope.elements[leaf] = Load(view.memory, view.subscripts(indices), scope.faults.places.of(leaf))
    value = check_expression(node, scope)
    for leaf in views:
        del scope.elements[leaf]
    if value is None:
        return None
    if views and any(isinstance(statement, Call) for statement in statements_within(value)):
        # It would be made for each element, and a function may keep a state.
        hint = "assign the result of the call to a variable first"
        scope.faults.add("unsupported", node, "a call in a branch of an array expression is not supported", hint)
        return None
    return _Elements(value, variables, extents)


def _indices(extents: Extents, variables: tuple[Variable, ...]) -> tuple[LinearExpr, ...]:
    """Return the index in each of an array's dimensions: one of extent 1 is repeated along the variable."""
    own = variables[max(0, len(variables) - len(extents)) :]
    missing = (LinearExpr.number(0),) * (len(extents) - len(own))
    pairs = zip(extents[len(missing) :], own, strict=True)
    return (*missing, *(LinearExpr.number(0) if extent == _ONE else LinearExpr.of(v) for extent, v in pairs))


def _declared(
    name: str, elements: _Elements, node: ast.expr, scope: Scope, place: ast.AST
) -> tuple[Statement, ...] | None:
    span = scope.faults.places.of(place)
    if not all(extent.is_constant or extent == LinearExpr.of(extent.variables[0]) for extent in elements.extents):
        message = f"an array of {_shown(elements.extents)} has no type"
        scope.faults.add("shape", node, message, "declare an array of the whole size, and assign to a slice of it")
        return None
    kind = _array_type(elements)
    memory = Memory(name, kind, span)
    value = settle(elements.value, kind.element, scope)
    if value is None:
        return None
    at = tuple(LinearExpr.of(variable) for variable in elements.variables)
    return (Declare(memory, None, span), *_nest(elements.variables, Store(memory, at, value, span), scope, place))


def _array_type(elements: _Elements) -> ArrayType:
    names = tuple(next((p.name for p in e.variables if isinstance(p, Memory)), "") for e in elements.extents)
    shape = tuple(_maximum(extent) for extent in elements.extents)
    return ArrayType(elements.value.type, shape, names if any(names) else ())


def _maximum(extent: LinearExpr) -> int:
    sizes = {part: part.maximum or 1 for part in extent.variables if isinstance(part, Memory)}
    return extent.evaluate(sizes)


def _nest(variables: tuple[Variable, ...], store: Store, scope: Scope, place: ast.AST) -> tuple[Statement, ...]:
    body: tuple[Statement, ...] = (store,)
    for variable in reversed(variables):
        body = (Loop(variable, body, scope.faults.places.of(place), stem=store.memory.name),)
    return body


def _through_copy(
    target: View, elements: _Elements, value: Expression, scope: Scope, place: ast.AST
) -> tuple[Statement, ...]:
    """Compute all elements into an array of their own, and copy that to the target."""
    span = scope.faults.places.of(place)
    shape = tuple(max(1, _maximum(extent)) for extent in elements.extents)
    made = Memory(f"{target.memory.name}_new", ArrayType(target.memory.type.element, shape), span)
    at = tuple(LinearExpr.of(variable) for variable in elements.variables)
    first = _nest(elements.variables, Store(made, at, value, span), scope, place)
    again = _variables(elements.extents, target.memory.name)
    there = tuple(LinearExpr.of(variable) for variable in again)
    second = Store(target.memory, target.subscripts(there), Load(made, there, span), span)
    return (Declare(made, None, span), *first, *_nest(again, second, scope, place))
