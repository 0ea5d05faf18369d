"""What is assigned to: a variable, an element, or bits and fields of one."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from allo_studio.frontend.bits import Selector, check_selectors
from allo_studio.frontend.expressions import check_expression
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.slices import is_view, view_of
from allo_studio.frontend.subscripts import subscripts
from allo_studio.frontend.tree import Memory, Subscript, Variable

__all__ = ["Element", "assigned_memory", "check_element", "is_new", "report_new"]


@dataclass(frozen=True)
class Element:
    """One element or variable, or a part of its bits."""

    memory: Memory
    at: tuple[Subscript, ...]
    parts: tuple[Selector, ...]
    node: ast.expr


def check_element(node: ast.expr, scope: Scope) -> Element | None:
    """Return what is assigned to; None after a report."""
    chain: list[ast.Subscript] = []
    named = node
    while isinstance(named, ast.Subscript):
        chain.insert(0, named)
        named = named.value
    memory = assigned_memory(node, scope)
    if memory is None:
        return None
    at: tuple[Subscript, ...] | None = ()
    if memory.type.shape and chain:
        first = chain.pop(0)
        while chain and is_view(first, scope):
            first = chain.pop(0)
        at = _subscripts(first, memory, scope)
    kind, parts = memory.type.element, list[Selector]()
    for part in chain:
        found = check_selectors(part, kind, scope, check_expression)
        if found is None:
            return None
        parts.append(found)
        kind = found.type
    return None if at is None else Element(memory, at, tuple(parts), node)


def _subscripts(node: ast.Subscript, memory: Memory, scope: Scope) -> tuple[Subscript, ...] | None:
    """Return the subscripts of an element: `A[i, j]`, or `A[i][j]`."""
    if isinstance(node.value, ast.Name):
        return subscripts(node, memory, scope, check_expression)
    view = view_of(node, scope, check_expression)
    return view.subscripts(()) if view else None


def assigned_memory(node: ast.expr, scope: Scope) -> Memory | None:
    """Return the memory that a target is in; None after a report."""
    named = node
    while isinstance(named, ast.Subscript):
        named = named.value
    if not isinstance(named, ast.Name):
        hint = "assign to a variable or to A[i, j]"
        if isinstance(node, ast.Attribute):
            hint = f'a field of a struct is written s["{node.attr}"]'
        scope.faults.add("unsupported", node, "this cannot be assigned to", hint)
        return None
    if isinstance(node, ast.Name) and is_new(node, scope):
        report_new(node, scope)
        return None
    found = scope.resolve(named)
    match found:
        case None | Poison():
            return None
        case Memory(maximum=int()):
            message = f"{named.id!r} is the size of an array, which is read only"
            scope.faults.add("type", node, message, f"declare a local variable and set it to {named.id}")
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
    origin = "of the file" if found is scope.module.parameters.get(named.id) else "of compile time"
    message = f"{named.id!r} is a constant {origin} and cannot be assigned"
    scope.faults.add("type", node, message, "declare a local variable of another name")
    return None


def is_new(target: ast.Name, scope: Scope) -> bool:
    """Tell whether a name means nothing yet."""
    return scope.find(target.id) is None and target.id not in scope.module.parameters


def report_new(target: ast.Name, scope: Scope) -> None:
    """Report a name that is assigned without a declaration; its uses are not reported again."""
    if scope.free(target.id, target):
        message = f"{target.id!r} is assigned, but not declared here"
        scope.faults.add("name", target, message, f"declare it with its type: {target.id}: float32 = 0.0")
    scope.declare(target.id, Poison(), scope.faults.places.of(target))
