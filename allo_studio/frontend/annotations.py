"""Types as they are written in a kernel: `float32`, `Fixed(16, 10)`, `float32[M, N]`, also as texts."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from allo_studio.frontend.constants import NotConstant, shown
from allo_studio.frontend.faults import candidates
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.subscripts import whole_number
from allo_studio.types import NAMED, ArrayType, ScalarType, fixed, floating, integer, parse_type, struct

__all__ = ["array_type", "element_type", "is_type", "result_types"]

_HINT = "types are written float32, int32, float32[M, N], Fixed(16, 10)"
_FORMS = {
    "Int": "Int(7)",
    "UInt": "UInt(17)",
    "Float": "Float(32)",
    "Fixed": 'Fixed(16, 10), Fixed(16, 10, rounding="half_even", overflow="saturate")',
    "UFixed": "UFixed(16, 10)",
    "Struct": 'Struct({"x": int32, "y": float32})',
}


def array_type(node: ast.expr, scope: Scope) -> ArrayType | None:
    """Return the type that an annotation names; None after a report."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        parsed = _parsed(node, scope)
        return array_type(parsed, scope) if parsed else None
    if not isinstance(node, ast.Subscript):
        constant = _constant(node, scope)
        if isinstance(constant, ArrayType):
            return constant
        element = element_type(node, scope)
        return ArrayType(element) if element else None
    if isinstance(node.value, ast.Subscript):
        scope.faults.add("type", node, "an array of arrays is not supported", "write float32[M, N]")
        return None
    element = element_type(node.value, scope)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    extents = [_extent(part, scope) for part in parts]
    found = [extent for extent in extents if extent is not None]
    return _array(node, element, found, scope) if element and len(found) == len(extents) else None


def element_type(node: ast.expr, scope: Scope) -> ScalarType | None:
    """Return the scalar type that an expression names; None after a report."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        parsed = _parsed(node, scope)
        return element_type(parsed, scope) if parsed else None
    if isinstance(node, ast.Call):
        maker = scope.module.language_name(node.func)
        if maker in _FORMS:
            return _made(node, maker, scope)
    known = scope.module.language_name(node)
    if known in NAMED and not _is_hidden(node, scope):
        return NAMED[known]
    constant = _constant(node, scope)
    if isinstance(constant, ScalarType):
        return constant
    written = scope.faults.places.text(node)
    hint = candidates(written, sorted(NAMED), "types") if isinstance(node, ast.Name) else _HINT
    scope.faults.add("type", node, f"{_short(written)} is no type", hint if len(hint) < 80 else _HINT)
    return None


def is_type(node: ast.expr, scope: Scope) -> bool:
    """Tell whether an expression names a scalar type; nothing is reported."""
    if isinstance(node, ast.Call):
        return scope.module.language_name(node.func) in _FORMS
    known = scope.module.language_name(node)
    return (known in NAMED and not _is_hidden(node, scope)) or isinstance(_constant(node, scope), ScalarType)


def result_types(node: ast.expr) -> list[ast.expr]:
    """Return the parts of a return annotation: `-> T`, `-> (T, U)`, `-> tuple[T, U]`, `-> None`."""
    if isinstance(node, ast.Constant) and node.value is None:
        return []
    if isinstance(node, ast.Tuple):
        return list(node.elts)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in ("tuple", "Tuple"):
        return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    return [node]


def _is_hidden(node: ast.expr, scope: Scope) -> bool:
    return isinstance(node, ast.Name) and scope.find(node.id) is not None


def _constant(node: ast.expr, scope: Scope) -> object:
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    try:
        return scope.constant(node)
    except NotConstant:
        return None


def _parsed(node: ast.Constant, scope: Scope) -> ast.expr | None:
    """Return the expression that a text holds, every part of it at the place of the text."""
    try:
        parsed = ast.parse(str(node.value).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        scope.faults.add("type", node, f"{_short(str(node.value))} is no type", _HINT)
        return None
    for part in ast.walk(parsed):
        ast.copy_location(part, node)
    return parsed


def _made(node: ast.Call, maker: str, scope: Scope) -> ScalarType | None:
    """Return the type that `Int(7)`, `Fixed(16, 10)` or `Struct({...})` makes; None after a report."""
    if maker == "Struct":
        return _struct(node, scope)
    try:
        values = [scope.constant(part) for part in node.args]
        named = {part.arg or "": scope.constant(part.value) for part in node.keywords}
    except NotConstant as fault:
        message = f"the arguments of {maker} must be constant: {fault.reason}"
        scope.faults.add("type", fault.node, message, f"write {_FORMS[maker]}")
        return None
    try:
        return _scalar(maker, values, named)
    except (TypeError, ValueError) as fault:
        text = str(fault) if isinstance(fault, ValueError) else f"these are no arguments of {maker}"
        scope.faults.add("type", node, text, f"write {_FORMS[maker]}")
        return None


def _scalar(maker: str, values: list[Any], named: Mapping[str, Any]) -> ScalarType:
    if any(not isinstance(value, int) or isinstance(value, bool) for value in values[:2]):
        raise TypeError
    wanted = (1, 1) if maker in ("Int", "UInt", "Float") else (2, 4)
    if not wanted[0] <= len(values) <= wanted[1]:
        raise TypeError
    if maker == "Float":
        return floating(*values, **named)
    if maker in ("Int", "UInt"):
        (bits,) = values
        return integer(bits, maker == "Int", **named)
    unknown = set(named) - {"rounding", "overflow"}
    if unknown:
        raise TypeError
    bits, fraction, *modes = values
    return fixed(bits, fraction, maker == "Fixed", *modes, **named)


def _struct(node: ast.Call, scope: Scope) -> ScalarType | None:
    if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.Dict):
        scope.faults.add("type", node, "a Struct is made of its fields", f"write {_FORMS['Struct']}")
        return None
    table = node.args[0]
    fields = [(_field_name(key, node, scope), element_type(value, scope))
              for key, value in zip(table.keys, table.values, strict=True)]  # fmt: skip
    known = [(name, kind) for name, kind in fields if name is not None and kind is not None]
    if len(known) != len(fields):
        return None
    try:
        return struct(known)
    except ValueError as fault:
        scope.faults.add("type", node, str(fault), f"write {_FORMS['Struct']}")
        return None


def _field_name(key: ast.expr | None, node: ast.Call, scope: Scope) -> str | None:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    scope.faults.add("type", key or node, "a field's name is a word in quotes", f"write {_FORMS['Struct']}")
    return None


def _extent(node: ast.expr, scope: Scope) -> tuple[str, int] | None:
    """Return an extent as a name ("" for none) and a number; None after a report."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _named_size(node, node.value, scope)
    if isinstance(node, ast.Constant) and node.value is ...:
        hint = 'name the size and its maximum: float32["n<=64"]'
        scope.faults.add("shape", node, "an extent must have a maximum", hint)
        return None
    extent = whole_number(node, scope, "an extent")
    if extent is not None and extent < 1:
        scope.faults.add("shape", node, f"an extent must be at least 1, not {extent}", "give a number of elements")
        return None
    return None if extent is None else ("", extent)


def _named_size(node: ast.expr, text: str, scope: Scope) -> tuple[str, int] | None:
    """Return the size that `"n<=64"` declares, or the maximum that `"n"` was declared with."""
    name, written, maximum = (part.strip() for part in text.partition("<="))
    hint = 'write float32["n<=64", 32] where n is declared, and float32["n", 32] after that'
    if not (name.isidentifier() and name.isascii()):
        scope.faulty_sizes.update(re.findall(r"[A-Za-z_]\w*", name))
        scope.faults.add("shape", node, f"{_short(text)} is no extent", hint)
        return None
    if name in scope.fixed:
        return _fixed_size(node, name, maximum, scope)
    if not written:
        known = scope.sizes.get(name)
        if known is None or known.maximum is None:
            if name not in scope.faulty_sizes:
                scope.faults.add("shape", node, f"the size {name!r} has no maximum", hint)
            scope.faulty_sizes.add(name)
            return None
        return name, known.maximum
    parsed = _parsed(ast.copy_location(ast.Constant(maximum), node), scope)
    found = _extent(parsed, scope) if parsed is not None else None
    if found is None:
        scope.faulty_sizes.add(name)
    return (name, found[1]) if found else None


def _fixed_size(node: ast.expr, name: str, maximum: str, scope: Scope) -> tuple[str, int] | None:
    """Return the number that a size is set to as an extent; `maximum` is the text of what it may be, if any."""
    value = scope.module.parameters[name]
    parsed = _parsed(ast.copy_location(ast.Constant(maximum), node), scope) if maximum else None
    most = _extent(parsed, scope) if parsed is not None else None
    if maximum and most is None:
        return None
    if type(value) is int and 1 <= value <= (most[1] if most else value):
        return "", value
    if name not in scope.faulty_sizes:
        wanted = f"from 1 to {most[1]}" if most else "of at least 1"
        message = f"the size {name!r} is set to {shown(value)}, but it is a whole number {wanted}"
        scope.faults.add("params", node, message, "set it to another number, or leave it to the run")
        scope.declare(name, Poison(), scope.faults.places.of(node))
    scope.faulty_sizes.add(name)
    return None


def _array(node: ast.expr, element: ScalarType, extents: list[tuple[str, int]], scope: Scope) -> ArrayType | None:
    names = tuple(name for name, _ in extents)
    made = ArrayType(element, tuple(extent for _, extent in extents), names if any(names) else ())
    try:
        return parse_type(str(made))
    except ValueError as fault:
        scope.faults.add("shape", node, str(fault), "use smaller extents")
        return None


def _short(written: str) -> str:
    return repr(written if len(written) <= 40 else f"{written[:37]}...")
