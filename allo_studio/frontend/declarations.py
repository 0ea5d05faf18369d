"""Declarations: `x: T`, `x: T = value`, with state, tables and compile-time values."""

from __future__ import annotations

import ast
from dataclasses import replace
from fractions import Fraction

from allo_studio.frontend.assignments import assign_memory, check_assignment
from allo_studio.frontend.called import is_call
from allo_studio.frontend.constants import NotConstant
from allo_studio.frontend.conversions import literal, settle
from allo_studio.frontend.expressions import check_expression
from allo_studio.frontend.memories import Declared, check_contents, declared_type, is_table
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.struct_values import check_as, record_bits
from allo_studio.frontend.tensors import is_tensor
from allo_studio.frontend.tree import Expression, Literal, Memory
from allo_studio.frontend.tree_statements import Declare, Statement
from allo_studio.types import ArrayType

__all__ = ["check_declaration"]


def check_declaration(node: ast.AnnAssign, scope: Scope) -> tuple[Statement, ...]:
    """Return the statements of a declaration; faults are reported."""
    if not isinstance(node.target, ast.Name):
        scope.faults.add("unsupported", node.target, "only a name can be declared", "write x: float32 = 0.0")
        return ()
    name, place = node.target.id, scope.faults.places.of(node.target)
    declared = declared_type(node.annotation, scope)
    if declared is not None and not _sizes_are_known(node, declared, scope):
        declared = None
    if declared is not None and declared.compile_time:
        _compile_time(node, name, declared, scope)
        return ()
    if declared is None or (declared.stateful and not _is_state_place(node, scope)):
        if node.value is not None and not is_table(node.value, scope) and not is_tensor(node.value, scope):
            check_expression(node.value, scope)
        if scope.free(name, place):
            scope.declare(name, Poison(), place)
        return ()
    memory = Memory(name, declared.type, place, resource=declared.resource, stateful=declared.stateful)
    if declared.resource and not declared.type.shape:
        scope.faults.add("type", node.annotation, "a scalar is no memory", "leave Memory(...) out")
    if node.value is not None and _is_repeated(memory, scope):
        return check_assignment(ast.copy_location(ast.Assign([node.target], node.value), node), scope)
    # The name is known only after its declaration: what it is set to cannot name it.
    found = _set_up(memory, node, scope)
    if not scope.free(name, place):
        return ()
    if found is None:
        scope.declare(name, memory, place)
        return ()
    scope.declare(name, found[0], place)
    return found[1]


def _is_repeated(memory: Memory, scope: Scope) -> bool:
    """Tell whether a declaration says again what one in the same block said: it is an assignment then."""
    known = scope.here(memory.name)
    if not isinstance(known, Memory) or known.argument or known.stateful or memory.stateful:
        return False
    return known.type == memory.type and known.resource == memory.resource


def _sizes_are_known(node: ast.AnnAssign, declared: Declared, scope: Scope) -> bool:
    """Tell whether the named sizes of a local array are those of the arguments; what is wrong is reported."""
    for name, maximum in zip(declared.type.sizes, declared.type.shape, strict=False):
        known = scope.sizes.get(name)
        if name and known is None:
            hint = f'a size is that of an array argument; write it there: "{name}<={maximum}"'
            scope.faults.add("shape", node.annotation, f"the size {name!r} belongs to no argument", hint)
            return False
        if known is not None and known.maximum != maximum:
            message = f"size {name!r} was declared with the maximum {known.maximum}, not {maximum}"
            scope.faults.add("shape", node.annotation, message, f'write "{name}"')
            return False
    return True


def _is_state_place(node: ast.AnnAssign, scope: Scope) -> bool:
    if scope.is_outermost:
        return True
    message = "state is declared at the start of a function, not inside of a loop or branch"
    scope.faults.add("unsupported", node.annotation, message, "declare it before the loop")
    return False


def _set_up(memory: Memory, node: ast.AnnAssign, scope: Scope) -> tuple[Memory, tuple[Statement, ...]] | None:
    """Return the memory as it is then, and the statements that declare and set it; None after a report."""
    place, value = scope.faults.places.of(node), node.value
    if memory.stateful:
        contents = _first_contents(memory, value, scope)
        known = replace(memory, contents=contents)
        return (known, (Declare(known, None, place),)) if contents is not None else None
    if value is None:
        return memory, (Declare(memory, None, place),)
    if memory.type.shape and is_table(value, scope):
        contents = check_contents(value, memory.type, scope)
        known = replace(memory, contents=contents)
        return (known, (Declare(known, None, place),)) if contents is not None else None
    if is_tensor(value, scope) or is_call(value, scope):
        return _set_by_array(memory, node, value, scope)
    initial = _initial(value, memory, scope)
    if initial is None:
        return None
    if memory.type.shape and not isinstance(initial, Literal):
        return _set_by_array(memory, node, value, scope)
    return memory, (Declare(memory, initial, place),)


def _set_by_array(
    memory: Memory, node: ast.AnnAssign, value: ast.expr, scope: Scope
) -> tuple[Memory, tuple[Statement, ...]] | None:
    """Declare ahead of what sets it, which a call may do itself."""
    known = len(scope.faults)
    declared = Declare(memory, None, scope.faults.places.of(node))
    scope.pending.append(declared)
    found = assign_memory(memory, value, node, scope)
    return (memory, found) if len(scope.faults) == known else None


def _initial(value: ast.expr, memory: Memory, scope: Scope) -> Expression | None:
    return check_as(value, memory.type.element, scope)


def _first_contents(memory: Memory, value: ast.expr | None, scope: Scope) -> tuple[int | float | Fraction, ...] | None:
    """Return what a state holds at first: zeros, one number, or a table."""
    kind = memory.type
    if value is not None and kind.shape and is_table(value, scope):
        return check_contents(value, kind, scope)
    if kind.element.kind == "struct":
        return _first_struct(kind, value, scope)
    number: Expression | None = Literal(0, kind.element, memory.span)
    if value is not None:
        try:
            constant = scope.constant(value)
        except NotConstant as fault:
            message = f"a state is set to what is known at compile time: {fault.reason}"
            scope.faults.add("type", fault.node, message, "set it where it is declared to a number")
            return None
        if not isinstance(constant, int | float):
            scope.faults.add("type", value, "a state is set to a number, or a list of the right shape", "give numbers")
            return None
        number = settle(literal(constant, scope.faults.places.of(value)), kind.element, scope)
    return (number.value,) * kind.size if isinstance(number, Literal) else None


def _first_struct(kind: ArrayType, value: ast.expr | None, scope: Scope) -> tuple[int, ...] | None:
    if value is None:
        return (0,) * kind.size
    if not isinstance(value, ast.Dict):
        hint = f'name its fields: {{"{kind.element.fields[0][0]}": ...}}, or leave it out: all fields are 0 then'
        scope.faults.add("type", value, f"expected {kind.element}", hint)
        return None
    bits = record_bits(value, kind.element, scope)
    return None if bits is None else (bits,) * kind.size


def _compile_time(node: ast.AnnAssign, name: str, declared: Declared, scope: Scope) -> None:
    """Bind a name to a value that is computed now."""
    place = scope.faults.places.of(node.target)
    value: object = None
    if node.value is None:
        scope.faults.add("type", node, f"{name!r} is computed at compile time, but has no value", "write = and a value")
    elif declared.type.shape:
        scope.faults.add("unsupported", node.annotation, "a compile-time value is one number", "write a list instead")
    else:
        try:
            value = scope.constant(node.value)
        except NotConstant as fault:
            message = f"{name!r} must be known at compile time: {fault.reason}"
            scope.faults.add("type", fault.node, message, "use numbers and constants")
    if not scope.free(name, place):
        return
    if not isinstance(value, int | float):
        scope.declare(name, Poison(), place)
        return
    found = settle(literal(value, scope.faults.places.of(node.value or node)), declared.type.element, scope)
    number = found.value if isinstance(found, Literal) else None
    whole = declared.type.element.kind == "int"
    scope.declare(name, Poison() if number is None else int(number) if whole else float(number), place)
