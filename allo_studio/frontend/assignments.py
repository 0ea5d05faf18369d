"""Assignments: to variables, elements, bits and fields of them, slices and whole arrays, and to several at once."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from allo_studio.frontend.bits import inserted, select, selected_type
from allo_studio.frontend.called import is_call
from allo_studio.frontend.calls import check_results
from allo_studio.frontend.conversions import settle
from allo_studio.frontend.expressions import OPERATORS, check_expression, combine
from allo_studio.frontend.faults import counted
from allo_studio.frontend.memories import check_contents, is_table
from allo_studio.frontend.overlap import loads_of
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.slices import View, is_view, view_of, whole
from allo_studio.frontend.struct_values import check_as
from allo_studio.frontend.targets import Element, assigned_memory, check_element, is_new, report_new
from allo_studio.frontend.tensors import check_tensor, fill, is_tensor, shape_of
from allo_studio.frontend.tree import Expression, Load, Memory
from allo_studio.frontend.tree_statements import Declare, Statement, Store
from allo_studio.types import ArrayType

__all__ = ["assign_memory", "check_assignment", "check_update"]

_UPDATES = "the updates are += -= *= /= //= %= **= <<= >>= &= |= ^="


def check_assignment(node: ast.Assign, scope: Scope) -> tuple[Statement, ...]:
    """Return the statements of an assignment; faults are reported."""
    target = node.targets[0]
    if len(node.targets) != 1 or isinstance(target, ast.Starred):
        scope.faults.add("unsupported", node, "one assignment sets one variable", "write one assignment for each")
        return ()
    if isinstance(target, ast.Tuple | ast.List):
        return _several(node, target.elts, scope)
    return _assign(target, node.value, node, scope)


def check_update(node: ast.AugAssign, scope: Scope) -> tuple[Statement, ...]:
    """Return the statements of `target += value` and its like; faults are reported."""
    if type(node.op) not in OPERATORS:
        check_expression(node.value, scope)
        scope.faults.add("unsupported", node, "this update is not supported", _UPDATES)
        return ()
    if _is_array(node.target, scope) or is_tensor(node.value, scope):
        if any(is_call(part, scope) for part in ast.walk(node.target) if isinstance(part, ast.expr)):
            hint = "assign the result of the call to a variable first"
            scope.faults.add(
                "unsupported", node.target, "a call in the place of an array update is not supported", hint
            )
            return ()
        whole_value = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node.value)
        return _assign(node.target, whole_value, node, scope)
    value = check_expression(node.value, scope)
    target = check_element(node.target, scope)
    if target is None:
        return ()
    # The target is looked at once: a call in its subscripts is one call.
    place = scope.faults.places.of(node.target)
    old: Expression = Load(target.memory, target.at, place)
    for part in target.parts:
        old = select(old, part, place)
    return _store(target, combine(node, OPERATORS[type(node.op)], old, value, scope), node, scope)


def assign_memory(memory: Memory, value: ast.expr, node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    """Return the statements that set a whole memory to an expression, where it is declared."""
    if is_call(value, scope) and isinstance(value, ast.Call):
        found = check_results(value, (memory,), scope)
        one = _one_result(value, found, scope)
        return () if one is None or one is memory else _copy(whole(memory, scope), one, node, scope)
    if memory.type.shape:
        return _assign_view(whole(memory, scope), value, node, scope)
    if is_tensor(value, scope):
        _report_array(value, "a scalar", scope)
        return ()
    settled = check_as(value, memory.type.element, scope)
    return (Store(memory, (), settled, scope.faults.places.of(node)),) if settled else ()


def _assign(target: ast.expr, value: ast.expr, node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    if isinstance(target, ast.Name) and is_new(target, scope):
        return _declare_by(target, value, node, scope)
    if _is_array(target, scope):
        memory = assigned_memory(target, scope)
        view = view_of(target, scope, check_expression) if memory else None
        if isinstance(value, ast.Call) and is_call(value, scope):
            return _assign_result(view, value, node, scope)
        return _assign_view(view, value, node, scope) if view else _checked_only(value, scope)
    if is_tensor(value, scope):
        found = check_element(target, scope)
        if found is not None:
            _report_array(value, "one element" if found.at else "a scalar", scope)
        return ()
    if isinstance(value, ast.Dict):
        element = check_element(target, scope)
        kind = selected_type(element.memory.type.element, list(element.parts)) if element else None
        return _store(element, check_as(value, kind, scope), node, scope) if element and kind else ()
    checked = check_expression(value, scope)
    element = check_element(target, scope)
    return _store(element, checked, node, scope) if element else ()


def _report_array(value: ast.expr, target: str, scope: Scope) -> None:
    """Report an array that is assigned to what holds one number."""
    given = shape_of(value, scope)
    if given is not None:
        hint = "name one element of it, or declare the target as an array"
        scope.faults.add("shape", value, f"an array of {given} cannot be assigned to {target}", hint)


def _checked_only(value: ast.expr, scope: Scope) -> tuple[Statement, ...]:
    """Report the faults of a value whose target is at fault."""
    if not is_tensor(value, scope):
        check_expression(value, scope)
    return ()


def _is_array(target: ast.expr, scope: Scope) -> bool:
    return is_view(target, scope)


def _assign_view(view: View, value: ast.expr, node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    if is_table(value, scope):
        return _assign_table(view, value, node, scope)
    if is_tensor(value, scope):
        return check_tensor(value, view, scope, node) or ()
    settled = check_as(value, view.memory.type.element, scope)
    return fill(view, settled, scope, node) if settled else ()


def _assign_table(view: View, value: ast.expr, node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    """Return the statements that copy a list or array that is known at compile time."""
    if not all(extent.is_constant for extent in view.extents):
        hint = "set the elements in a loop, or declare the array with numbers"
        scope.faults.add("unsupported", node, "a list cannot be assigned where a named size counts", hint)
        return ()
    kind = ArrayType(view.memory.type.element, tuple(extent.constant for extent in view.extents))
    contents = check_contents(value, kind, scope)
    if contents is None:
        return ()
    span = scope.faults.places.of(value)
    kept = Memory("table", kind, span, contents=contents)
    return (Declare(kept, None, span), *_copy(view, kept, node, scope))


def _assign_result(view: View | None, call: ast.Call, node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    full = view is not None and view == whole(view.memory, scope)
    found = check_results(call, (view.memory if view and full else None,), scope)
    one = _one_result(call, found, scope)
    if view is None or one is None or (full and one is view.memory):
        return ()
    return _copy(view, one, node, scope)


def _one_result(call: ast.Call, found: Sequence[Memory] | None, scope: Scope) -> Memory | None:
    if found is None:
        return None
    if len(found) != 1:
        message = f"this call gives {counted(len(found), 'result')}, and one is assigned"
        scope.faults.add("shape", call, message, "give one target for each result: a, b = f(x)")
        return None
    return found[0]


def _copy(view: View, source: Memory, node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    """Return the statements that copy a result, which no name of the text means, to a target."""
    named = ast.copy_location(ast.Name(f"{source.name} ", ast.Load()), node)
    with scope.block():
        scope.declare(named.id, source, scope.faults.places.of(node))
        return check_tensor(named, view, scope, node) or ()


def _declare_by(target: ast.Name, value: ast.expr, node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    """Declare a variable by what is assigned to it: a call or an array has a type of its own."""
    if target.id == "_" and is_call(value, scope) and isinstance(value, ast.Call):
        check_results(value, (None,), scope)
        return ()
    if isinstance(value, ast.Call) and is_call(value, scope):
        memory = _one_result(value, check_results(value, (target.id,), scope), scope)
        return _bind(target, memory, node, scope)
    if is_tensor(value, scope):
        found = check_tensor(value, target.id, scope, node)
        declared = found[0] if found else None
        _bind(target, declared.memory if isinstance(declared, Declare) else None, node, scope)
        return found or ()
    if check_expression(value, scope) is None and isinstance(value, ast.Call):
        # What was called would have declared it.
        scope.declare(target.id, Poison(), scope.faults.places.of(target))
    else:
        report_new(target, scope)
    return ()


def _bind(target: ast.Name, memory: Memory | None, node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    """Let a new name mean what a call or an array expression made for it."""
    place, free = scope.faults.places.of(target), scope.free(target.id, target)
    if memory is None or not free:
        scope.declare(target.id, Poison(), place)
        return ()
    if memory.name == target.id:
        scope.declare(target.id, memory, place)
        return ()
    # A result that is an argument of the call is a memory that has a name already.
    made = Memory(target.id, memory.type, place)
    scope.declare(target.id, made, place)
    span = scope.faults.places.of(node)
    if not memory.type.shape:
        return (Declare(made, Load(memory, (), span), span),)
    return (Declare(made, None, span), *_copy(whole(made, scope), memory, node, scope))


def _store(target: Element, value: Expression | None, node: ast.stmt, scope: Scope) -> tuple[Statement, ...]:
    if value is None:
        return ()
    place = scope.faults.places.of(node)
    old = Load(target.memory, target.at, scope.faults.places.of(target.node))
    new = inserted(old, list(target.parts), value, scope, place)
    return (Store(target.memory, target.at, new, place),) if new else ()


def _several(node: ast.Assign, targets: list[ast.expr], scope: Scope) -> tuple[Statement, ...]:
    """Return the statements of `a, b = ...`: all values are computed before any is assigned."""
    if isinstance(node.value, ast.Call) and is_call(node.value, scope):
        return _results(node, node.value, targets, scope)
    values = node.value.elts if isinstance(node.value, ast.Tuple | ast.List) else [node.value]
    if len(values) != len(targets) or any(isinstance(part, ast.Starred) for part in (*targets, *values)):
        message = f"{counted(len(targets), 'target')} for {counted(len(values), 'value')}"
        scope.faults.add("shape", node, message, "give one value for each target")
        return ()
    ready = [_ready(value, number, scope) for number, value in enumerate(values)]
    stored: list[Statement] = []
    for target, (value, _) in zip(targets, ready, strict=True):
        stored += _assign_ready(target, value, node, scope) if value is not None else ()
    return (*(statement for _, before in ready for statement in before), *stored)


def _ready(value: ast.expr, number: int, scope: Scope) -> tuple[Memory | Expression | None, tuple[Statement, ...]]:
    """Return a value that no later assignment changes, and the statements that put it into a memory of its own."""
    span = scope.faults.places.of(value)
    name = f"value{number}"
    if is_tensor(value, scope):
        found = check_tensor(value, name, scope, value)
        first = found[0] if found else None
        return (first.memory, found or ()) if isinstance(first, Declare) else (None, ())
    checked = check_expression(value, scope)
    if checked is None or not any(True for _ in loads_of(checked)):
        return checked, ()
    kept = Memory(name, ArrayType(checked.type), span)
    return Load(kept, (), span), (Declare(kept, checked, span),)


def _assign_ready(
    target: ast.expr, value: Memory | Expression, node: ast.Assign, scope: Scope
) -> tuple[Statement, ...]:
    if isinstance(target, ast.Name) and target.id == "_" and is_new(target, scope):
        return ()
    if isinstance(target, ast.Name) and is_new(target, scope):
        if isinstance(value, Memory):
            return _bind(target, value, node, scope)
        report_new(target, scope)
        return ()
    if _is_array(target, scope):
        view = view_of(target, scope, check_expression) if assigned_memory(target, scope) else None
        if view is None:
            return ()
        if isinstance(value, Memory):
            return _copy(view, value, node, scope)
        settled = settle(value, view.memory.type.element, scope)
        return fill(view, settled, scope, node) if settled else ()
    element = check_element(target, scope)
    if isinstance(value, Memory):
        if element is not None and value.type.shape:
            scope.faults.add("shape", target, "an array cannot be assigned to one element", "declare it as an array")
            return ()
        value = Load(value, (), scope.faults.places.of(node))
    return _store(element, value, node, scope) if element else ()


def _results(node: ast.Assign, call: ast.Call, targets: list[ast.expr], scope: Scope) -> tuple[Statement, ...]:
    """Return what follows a call with several results, which go to memories of their own first."""
    wished = tuple(_wish(target, scope) for target in targets)
    found = check_results(call, wished, scope)
    if found is None or len(found) != len(targets):
        if found is not None:
            message = f"this call gives {counted(len(found), 'result')}, and {len(targets)} are assigned"
            scope.faults.add("shape", call, message, "give one target for each result")
        for target in targets:
            if isinstance(target, ast.Name) and is_new(target, scope):
                scope.declare(target.id, Poison(), scope.faults.places.of(target))
        return ()
    stored: list[Statement] = []
    for target, memory, wish in zip(targets, found, wished, strict=True):
        if isinstance(target, ast.Name) and target.id == "_" and wish is None:
            continue
        if isinstance(target, ast.Name) and is_new(target, scope):
            stored += _bind(target, memory, node, scope)
        elif memory is not wish:
            stored += _assign_ready(target, memory, node, scope)
    return tuple(stored)


def _wish(target: ast.expr, scope: Scope) -> Memory | str | None:
    if not isinstance(target, ast.Name) or target.id == "_":
        return None
    found = scope.find(target.id)
    if isinstance(found, Memory) and not found.by_value:
        return found
    return target.id if is_new(target, scope) else None
