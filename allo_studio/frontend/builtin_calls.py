"""Calls of what the language itself has: conversions, functions of mathematics, methods of bits."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from allo_studio.frontend.annotations import element_type, is_type
from allo_studio.frontend.bits import reinterpret, reverse
from allo_studio.frontend.conversions import as_truth, cast
from allo_studio.frontend.functions import apply_function
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.tree import Expression
from allo_studio.lang import FUNCTION_NAMES
from allo_studio.types import FLOAT32, INT32

__all__ = ["check_bit_method", "check_builtin", "is_bit_method", "is_builtin"]

# What checks a value: `expressions.check_expression`, which itself needs this module.
Value = Callable[[ast.expr, Scope], Expression | None]

_PLAIN = {"int": INT32, "float": FLOAT32}


def is_builtin(node: ast.Call, scope: Scope) -> bool:
    """Tell whether a call is a conversion or a function of mathematics, which take arrays element by element."""
    return _is_conversion(node.func, scope) or _function(node.func, scope) is not None


def check_builtin(node: ast.Call, scope: Scope, value: Value) -> Expression | None:
    """Return the value of a call that `is_builtin`; None after a report."""
    if _is_conversion(node.func, scope):
        return _conversion(node, scope, value)
    values = _arguments(node, scope, value)
    name = _function(node.func, scope)
    return None if values is None or name is None else apply_function(node, name, values, scope)


def is_bit_method(node: ast.Call, scope: Scope) -> bool:
    """Tell whether a call is `x.reverse()` or `x.bitcast()`."""
    called = node.func
    named = isinstance(called, ast.Attribute) and called.attr in ("reverse", "bitcast")
    return named and scope.module.language_name(called) is None


def check_bit_method(node: ast.Call, scope: Scope, value: Value) -> Expression | None:
    """Return the value of a call that `is_bit_method`; None after a report."""
    called = node.func
    assert isinstance(called, ast.Attribute)
    operand = value(called.value, scope)
    if node.args or node.keywords:
        scope.faults.add("type", node, f"`{called.attr}` takes no arguments", f"write x.{called.attr}()")
        return None
    if operand is None:
        return None
    return (reverse if called.attr == "reverse" else reinterpret)(node, operand, scope)


def _is_conversion(called: ast.expr, scope: Scope) -> bool:
    if _is_hidden(called, scope):
        return False
    return is_type(called, scope) or _is_python(called, ("int", "float", "bool"), scope)


def _function(called: ast.expr, scope: Scope) -> str | None:
    """Return the name of a function of mathematics; None where an expression is none."""
    if _is_hidden(called, scope):
        return None
    name = scope.module.language_name(called)
    if name is None and isinstance(called, ast.Name) and _is_python(called, ("abs", "min", "max", "pow"), scope):
        name = called.id
    return "power" if name == "pow" else name if name in FUNCTION_NAMES else None


def _is_hidden(called: ast.expr, scope: Scope) -> bool:
    return isinstance(called, ast.Name) and scope.find(called.id) is not None


def _is_python(called: ast.expr, names: tuple[str, ...], scope: Scope) -> bool:
    """Tell whether an expression is one of these names of Python itself."""
    if not isinstance(called, ast.Name) or called.id not in names:
        return False
    module = scope.module
    return not any(called.id in known for known in (module.parameters, module.functions, module.unknown))


def _arguments(node: ast.Call, scope: Scope, value: Value) -> list[Expression] | None:
    if node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
        scope.faults.add("unsupported", node, "this call takes plain arguments only", "write them one by one")
        return None
    found = [value(part, scope) for part in node.args]
    known = [value for value in found if value is not None]
    return known if len(known) == len(found) else None


def _conversion(node: ast.Call, scope: Scope, value: Value) -> Expression | None:
    """Return `int(x)`, `int8(x)` or `Fixed(8, 2)(x)`."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    kind = _PLAIN.get(name) or element_type(node.func, scope)
    values = _arguments(node, scope, value)
    if kind is None or values is None:
        return None
    if len(values) != 1:
        scope.faults.add("type", node, f"a conversion takes one value, not {len(values)}", f"write {kind}(x)")
        return None
    (operand,) = values
    if name == "bool" or scope.module.language_name(node.func) == "bool":
        return as_truth(node, operand, scope)
    converted = cast(operand, kind, scope)
    if converted is None or converted is operand:
        return converted
    return replace(converted, span=scope.faults.places.of(node))
