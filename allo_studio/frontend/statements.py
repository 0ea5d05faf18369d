"""Statements: what each is, and the blocks of loops and branches."""

from __future__ import annotations

import ast
from types import EllipsisType

from allo_studio.frontend.array_calls import run_calls
from allo_studio.frontend.assignments import check_assignment, check_update
from allo_studio.frontend.builtin_calls import is_bit_method, is_builtin
from allo_studio.frontend.called import is_call, report_no_function
from allo_studio.frontend.calls import check_results, declare_function
from allo_studio.frontend.conditions import check_condition
from allo_studio.frontend.declarations import check_declaration
from allo_studio.frontend.guards import guard_of
from allo_studio.frontend.loops import Head, read_head
from allo_studio.frontend.meta import check_meta, is_meta, without_branches
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.tree_statements import If, Loop, Statement, While
from allo_studio.source import Span

__all__ = ["check_block"]

_KINDS: dict[type[ast.stmt], str] = {
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
}
_LANGUAGE = "a kernel is made of declarations, assignments, loops, branches, calls and one return at its end"
_JUMPS: dict[type[ast.stmt], tuple[str, str]] = {
    ast.Break: ("`break`", "put the rest of the body under an `if`, or loop with `while` and a condition of its own"),
    ast.Continue: ("`continue`", "put the rest of the body under an `if`"),
}
_RETURN = "set a variable in the branches, and return it at the end"


def check_block(statements: list[ast.stmt], scope: Scope) -> tuple[Statement, ...]:
    """Return the correct statements of a block; faults are reported and left out."""
    outer, found = (scope.pending, scope.called), list[Statement]()
    for statement in without_branches(statements, scope):
        scope.pending, scope.called = [], {}
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
            run_calls(statement.value, scope)
        elif isinstance(statement, ast.AugAssign):
            run_calls(statement.value, scope, alone=False)
        checked = _check(statement, scope)
        found += (*scope.pending, *checked)
    scope.pending, scope.called = outer
    return tuple(found)


def _check(node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant(value=str() | EllipsisType())):
            return ()
        case ast.AnnAssign():
            return check_declaration(node, scope)
        case ast.Assign():
            return check_assignment(node, scope)
        case ast.AugAssign():
            return check_update(node, scope)
        case ast.For():
            return _loop(node, scope)
        case ast.If():
            return _branch(node, scope)
        case ast.While():
            return _while(node, scope)
        case ast.Expr(value=ast.Call() as call) if is_call(call, scope):
            check_results(call, (), scope)
            return ()
        case ast.Expr(value=ast.Call() as call) if not is_builtin(call, scope) and not is_bit_method(call, scope):
            report_no_function(call, scope)
            return ()
        case ast.With() if is_meta(node, scope):
            return check_meta(node, scope, check_block)
        case ast.FunctionDef():
            declare_function(node, scope)
            return ()
        case ast.Return():
            scope.faults.add("unsupported", node, "`return` may only be the last statement of a kernel", _RETURN)
            return ()
    return _unsupported(node, scope)


def _unsupported(node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    places = scope.faults.places
    if type(node) in _JUMPS:
        kind, hint = _JUMPS[type(node)]
        scope.faults.add("unsupported", node, f"{kind} is not supported in a kernel", hint)
        return ()
    if isinstance(node, ast.Expr):
        hint = "assign the value to a variable, or remove the line"
        scope.faults.add("unsupported", node, "the value of this expression is not used", hint)
        return ()
    place: ast.AST | Span = node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        place = places.name_of(node)
    elif hasattr(node, "body"):
        place = places.head(node)
    kind = _KINDS.get(type(node), "this statement")
    scope.faults.add("unsupported", place, f"{kind} is not supported in a kernel", _LANGUAGE)
    return ()


def _branch(node: ast.If, scope: Scope) -> tuple[Statement, ...]:
    condition = check_condition(node.test, scope)
    with scope.block(guard_of(node.test, scope, True)):
        body = check_block(node.body, scope)
    with scope.block(guard_of(node.test, scope, False)):
        otherwise = check_block(node.orelse, scope)
    place = scope.faults.places.between(node, node.test)
    return (If(condition, body, otherwise, place),) if condition else ()


def _while(node: ast.While, scope: Scope) -> tuple[Statement, ...]:
    if node.orelse:
        scope.faults.add("unsupported", node.orelse[0], "`else` of a loop is not supported", "write it after the loop")
    outer, scope.pending = scope.pending, []
    condition = check_condition(node.test, scope)
    before, scope.pending = tuple(scope.pending), outer
    with scope.block():
        body = check_block(node.body, scope)
    place = scope.faults.places.between(node, node.test)
    return (While(before, condition, body, place),) if condition else ()


def _loop(node: ast.For, scope: Scope) -> tuple[Statement, ...]:
    if node.orelse:
        scope.faults.add("unsupported", node.orelse[0], "`else` of a loop is not supported", "write it after the loop")
    place = scope.faults.places.between(node, node.iter)
    head = read_head(node, scope)
    if head is None:
        _check_body_without_head(node, scope)
        return ()
    for turn in head.turns:
        free = scope.free(turn.name.id, turn.name)
        variable = turn.variable if free else Poison()
        scope.enter(turn.name.id if free else "", variable, scope.faults.places.of(turn.name))
    body = check_block(node.body, scope)
    for _ in head.turns:
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
    for number, turn in reversed(list(enumerate(head.turns))):
        if isinstance(turn.variable, Poison):
            return ()
        band = None if number else head.band
        body = (Loop(turn.variable, body, place, band, head.reduction, turn.computed),)
    return body
