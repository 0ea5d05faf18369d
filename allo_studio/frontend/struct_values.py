"""Structs from the values of their fields: `{"x": 1, "y": a + b}` where a struct is expected."""

from __future__ import annotations

import ast

from allo_studio.frontend.bits import Selector, inserted
from allo_studio.frontend.constants import NotConstant
from allo_studio.frontend.conversions import literal, settle
from allo_studio.frontend.expressions import check_expression
from allo_studio.frontend.faults import candidates
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.tree import Expression, Literal
from allo_studio.types import ScalarType
from allo_studio.values import to_bits

__all__ = ["check_as", "record_bits"]


def check_as(node: ast.expr, kind: ScalarType, scope: Scope) -> Expression | None:
    """Return an expression as an assignment to something of a type converts it; None after a report."""
    if kind.kind == "struct" and isinstance(node, ast.Dict):
        return _struct(node, kind, scope)
    value = check_expression(node, scope)
    return settle(value, kind, scope) if value is not None else None


def record_bits(node: ast.Dict, kind: ScalarType, scope: Scope) -> int | None:
    """Return the bits of a struct whose fields are known at compile time; None after a report."""
    fields = _fields(node, kind, scope)
    if fields is None:
        return None
    found = [_field_bits(part, selector.type, scope) for selector, part in fields]
    known = [bits for bits in found if bits is not None]
    if len(known) != len(found):
        return None
    return sum(bits << int(str(selector.low)) for bits, (selector, _) in zip(known, fields, strict=True))


def _field_bits(node: ast.expr, kind: ScalarType, scope: Scope) -> int | None:
    if kind.kind == "struct" and isinstance(node, ast.Dict):
        return record_bits(node, kind, scope)
    try:
        value = scope.constant(node)
    except NotConstant as fault:
        message = f"this is no constant: {fault.reason}"
        scope.faults.add("unsupported", fault.node, message, "set the field where the kernel runs")
        return None
    if not isinstance(value, int | float):
        scope.faults.add("type", node, f"a field of type {kind} is a number", "give a number")
        return None
    found = settle(literal(value, scope.faults.places.of(node)), kind, scope)
    return to_bits(found.value, kind) if isinstance(found, Literal) else None


def _struct(node: ast.Dict, kind: ScalarType, scope: Scope) -> Expression | None:
    """Return a struct as zeros in which field after field is set."""
    fields = _fields(node, kind, scope)
    if fields is None:
        return None
    span = scope.faults.places.of(node)
    total: Expression = Literal(0, kind, span)
    found = [check_as(part, selector.type, scope) for selector, part in fields]
    for value, (selector, _) in zip(found, fields, strict=True):
        made = None if value is None else inserted(total, [selector], value, scope, span)
        if made is None:
            return None
        total = made
    return total


def _fields(node: ast.Dict, kind: ScalarType, scope: Scope) -> list[tuple[Selector, ast.expr]] | None:
    """Return the part of a struct that each entry sets, and its value; every field is set once. None after a report."""
    known = len(scope.faults)
    places: dict[str, Selector] = {}
    low = 0
    for field, part in kind.fields:
        places[field] = Selector(low, part)
        low += part.bits
    found: dict[str, ast.expr] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        name: object = key.value if isinstance(key, ast.Constant) else None
        if not isinstance(name, str) or name not in places:
            hint = candidates(str(name), list(places), "fields")
            scope.faults.add("name", key or value, f"this is no field of {kind}", hint)
        elif name in found:
            scope.faults.add("name", key or value, f"the field {name!r} is set twice", "set every field once")
        else:
            found[name] = value
    missing = [name for name in places if name not in found]
    if missing and len(scope.faults) == known:
        message = f"{kind} has fields that are not set: {', '.join(missing)}"
        scope.faults.add("type", node, message, "set every field")
    return [(places[name], value) for name, value in found.items()] if len(scope.faults) == known else None
