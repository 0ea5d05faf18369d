"""Functions of scalar mathematics: their arguments and the types of their results."""

from __future__ import annotations

import ast
from dataclasses import replace

from allo_studio.frontend.arithmetic import combine, meet
from allo_studio.frontend.comparisons import join
from allo_studio.frontend.faults import counted
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.tree import Expression, Function, Literal
from allo_studio.frontend.typing import Untyped, float_of, negated_type

__all__ = ["apply_function"]

_TWO = ("power",)
_MANY = ("min", "max")


def apply_function(node: ast.Call, name: str, values: list[Expression], scope: Scope) -> Expression | None:
    """Return a function of mathematics of some values; None after a report."""
    least, most = (2, 2) if name in _TWO else (2, len(values)) if name in _MANY else (1, 1)
    if not least <= len(values) <= max(most, least):
        wanted = "at least 2 values" if name in _MANY else counted(least, "value")
        scope.faults.add("type", node, f"{name} takes {wanted}, not {len(values)}", "give as many as it takes")
        return None
    structs = [value for value in values if value.type.kind == "struct"]
    if structs:
        message = f"{name} is for numbers, not for {structs[0].type}"
        scope.faults.add("type", structs[0].span, message, 'name a field: s["x"]')
        return None
    match name:
        case "power":
            return combine(node, "**", values[0], values[1], scope)
        case "min" | "max":
            return _extreme(node, name, values, scope)
        case "abs":
            return _absolute(node, values[0], scope)
    kind = float_of(values[0].type)
    value = meet(values[0], kind, scope)
    return Function(name, (value,), kind, scope.faults.places.of(node)) if value else None


def _extreme(node: ast.Call, name: str, values: list[Expression], scope: Scope) -> Expression | None:
    joined = join(node, values, scope)
    if joined is None:
        return None
    span = scope.faults.places.of(node)
    total = joined[0]
    for value in joined[1:]:
        total = Function(name, (total, value), total.type, span)
    return total


def _absolute(node: ast.Call, value: Expression, scope: Scope) -> Expression | None:
    """Return the size of a number: one bit wider for a signed one, so that the least number has one."""
    if isinstance(value, Literal) and value.flexible:
        return value if value.value >= 0 else replace(value, value=-value.value, span=scope.faults.places.of(node))
    span = scope.faults.places.of(node)
    if not value.type.signed and not value.type.is_float:
        return value
    try:
        return Function("abs", (value,), negated_type(value.type), span)
    except Untyped as fault:
        scope.faults.add("type", node, fault.message, fault.hint)
        return None
