"""Statements: declarations, assignments and loops."""

from __future__ import annotations

import ast

from allo_studio.frontend.annotations import array_type
from allo_studio.frontend.expressions import OPERATORS, check_expression, combine, settle
from allo_studio.frontend.loops import Head, read_head
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.subscripts import subscripts
from allo_studio.frontend.tree import (
    Declare,
    Expression,
    Literal,
    Load,
    Loop,
    Memory,
    Statement,
    Store,
    Variable,
)
from allo_studio.ir import LinearExpr
from allo_studio.source import Span

__all__ = ["check_block"]

_KINDS: dict[type[ast.stmt], str] = {
    ast.If: "`if`",
    ast.While: "`while`",
    ast.With: "`with`",
    ast.Try: "`try`",
    ast.Match: "`match`",
    ast.FunctionDef: "a nested function",
    ast.AsyncFunctionDef: "a nested function",
    ast.AsyncFor: "`async for`",
    ast.AsyncWith: "`async with`",
    ast.ClassDef: "a class",
    ast.Import: "`import`",
    ast.ImportFrom: "`import`",
    ast.Global: "`global`",
    ast.Nonlocal: "`nonlocal`",
    ast.Assert: "`assert`",
    ast.Raise: "`raise`",
    ast.Delete: "`del`",
    ast.Break: "`break`",
    ast.Continue: "`continue`",
    ast.Expr: "a bare expression",
}
_LANGUAGE = "a kernel is made of declarations, assignments, for loops and one return at its end"


def check_block(statements: list[ast.stmt], scope: Scope) -> tuple[Statement, ...]:
    """Return the correct statements of a block; faults are reported and left out."""
    return tuple(found for statement in statements for found in _check(statement, scope))


def _check(node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant(value=str())):
            return ()
        case ast.AnnAssign():
            return _declaration(node, scope)
        case ast.Assign():
            return _assignment(node, scope)
        case ast.AugAssign():
            return _update(node, scope)
        case ast.For():
            return _loop(node, scope)
        case ast.Return():
            scope.faults.add("unsupported", node, "`return` may only be the last statement of a kernel", _LANGUAGE)
            return ()
    return _unsupported(node, scope)


def _unsupported(node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    places, kind = scope.faults.places, _KINDS.get(type(node), "this statement")
    place: ast.AST | Span = node
    if isinstance(node, ast.If | ast.While):
        # The faults of what is inside are reported too.
        place = places.between(node, node.test)
        check_block([*node.body, *node.orelse], scope)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        place = places.name_of(node)
    elif hasattr(node, "body"):
        place = Span.at(scope.faults.places.source, node.lineno, places.of(node).column)
    scope.faults.add("unsupported", place, f"{kind} is not supported in a kernel", _LANGUAGE)
    return ()


def _declaration(node: ast.AnnAssign, scope: Scope) -> tuple[Statement, ...]:
    if not isinstance(node.target, ast.Name):
        scope.faults.add("unsupported", node.target, "only a name can be declared", "write x: float32 = 0.0")
        return ()
    name, place = node.target.id, scope.faults.places.of(node.target)
    kind = array_type(node.annotation, scope)
    initial = check_expression(node.value, scope) if node.value else None
    if not scope.free(name, place):
        return ()
    if kind is None:
        scope.declare(name, Poison(), place)
        return ()
    memory = Memory(name, kind, place)
    scope.declare(name, memory, place)
    if node.value and kind.shape and initial and not isinstance(initial, Literal):
        message = f"an array can only be set to a number where it is declared, not to {initial.type} values"
        scope.faults.add("unsupported", node.value, message, "declare it, and fill it in a loop")
        return ()
    value = settle(initial, kind.element, scope) if initial else None
    return (Declare(memory, value, scope.faults.places.of(node)),) if value or not node.value else ()


def _assignment(node: ast.Assign, scope: Scope) -> tuple[Statement, ...]:
    if len(node.targets) != 1 or isinstance(node.targets[0], ast.Tuple | ast.List | ast.Starred):
        scope.faults.add("unsupported", node, "one assignment sets one variable", "write one assignment for each")
        return ()
    value = check_expression(node.value, scope)
    target = _target(node.targets[0], scope)
    return _store(node, target, value, scope) if target else ()


def _update(node: ast.AugAssign, scope: Scope) -> tuple[Statement, ...]:
    value = check_expression(node.value, scope)
    target = _target(node.target, scope)
    if type(node.op) not in OPERATORS:
        scope.faults.add("unsupported", node, "this update is not supported", "the updates are += -= *= /=")
        return ()
    if target is None:
        return ()
    memory, at = target
    old = Load(memory, at, scope.faults.places.of(node.target))
    return _store(node, target, combine(node, OPERATORS[type(node.op)], old, value, scope), scope)


_Target = tuple[Memory, tuple[LinearExpr, ...]]


def _store(node: ast.stmt, target: _Target, value: Expression | None, scope: Scope) -> tuple[Statement, ...]:
    memory, at = target
    settled = settle(value, memory.type.element, scope) if value else None
    return (Store(memory, at, settled, scope.faults.places.of(node)),) if settled else ()


def _target(node: ast.expr, scope: Scope) -> _Target | None:
    """Return what is assigned to; None after a report."""
    named = node.value if isinstance(node, ast.Subscript) else node
    if not isinstance(named, ast.Name):
        scope.faults.add("unsupported", node, "this cannot be assigned to", "assign to a variable or to A[i, j]")
        return None
    meaning = _assigned(named, node, scope)
    if meaning is None:
        return None
    if isinstance(node, ast.Subscript):
        at = subscripts(node, meaning, scope)
        return None if at is None else (meaning, at)
    if meaning.type.shape:
        message = f"{named.id!r} is {meaning.type}: a whole array cannot be assigned"
        scope.faults.add("unsupported", node, message, "assign its elements in a loop")
        return None
    return meaning, ()


def _assigned(named: ast.Name, node: ast.expr, scope: Scope) -> Memory | None:
    meaning = scope.find(named.id)
    if meaning is None and named.id not in scope.module.parameters and isinstance(node, ast.Name):
        message = f"{named.id!r} is assigned, but not declared here"
        scope.faults.add("name", named, message, f"declare it with its type: {named.id}: float32 = 0.0")
        scope.declare(named.id, Poison(), scope.faults.places.of(named))
        return None
    found = scope.resolve(named)
    match found:
        case None | Poison():
            return None
        case Memory(by_value=True):
            message = f"{named.id!r} is a scalar argument, which is read only"
            scope.faults.add("type", node, message, f"declare a local variable and set it to {named.id}")
            return None
        case Memory():
            return found
        case Variable():
            message = f"{named.id!r} is a loop variable, which only its loop changes"
            scope.faults.add("type", node, message, "declare a local variable for it")
            return None
    message = f"{named.id!r} is a constant of the file and cannot be assigned"
    scope.faults.add("type", node, message, "declare a local variable of another name")
    return None


def _loop(node: ast.For, scope: Scope) -> tuple[Statement, ...]:
    if node.orelse:
        scope.faults.add("unsupported", node.orelse[0], "`else` of a loop is not supported", "write it after the loop")
    place = scope.faults.places.between(node, node.iter)
    head = read_head(node, scope)
    if head is None:
        _check_body_without_head(node, scope)
        return ()
    for name, variable, where in head.loops:
        free = scope.free(name, where)
        scope.enter(name if free else "", variable if free else Poison(), scope.faults.places.of(where))
    body = check_block(node.body, scope)
    for _ in head.loops:
        scope.leave()
    return _nest(head, body, place)


def _check_body_without_head(node: ast.For, scope: Scope) -> None:
    """Report the faults of a body whose loop is at fault; its variables are not reported as unknown."""
    names = [part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)] or [""]
    for name in names:
        scope.enter(name, Poison(), scope.faults.places.of(node.target))
    check_block(node.body, scope)
    for _ in names:
        scope.leave()


def _nest(head: Head, body: tuple[Statement, ...], place: Span) -> tuple[Statement, ...]:
    for number, (_, variable, _) in reversed(list(enumerate(head.loops))):
        if isinstance(variable, Poison):
            return ()
        body = (Loop(variable, body, place, None if number else head.band, head.reduction),)
    return body
