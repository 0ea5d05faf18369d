"""How a memory is declared: its type with what follows it (`@ Stateful`, `@ Memory(...)`), and its first contents."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from allo_studio import lang
from allo_studio.frontend.annotations import array_type
from allo_studio.frontend.constants import NotConstant
from allo_studio.frontend.conversions import literal, settle
from allo_studio.frontend.faults import candidates
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.struct_values import record_bits
from allo_studio.frontend.tree import Literal, Memory, Variable
from allo_studio.types import ArrayType, ScalarType

__all__ = ["Declared", "check_contents", "declared_type", "is_table"]

_RESOURCES = ("BRAM", "URAM", "LUTRAM", "SRL", "AUTO")
_STORAGE = ("RAM_1P", "RAM_2P", "RAM_T2P", "RAM_1WNR", "RAM_S2P", "ROM_1P", "ROM_2P", "ROM_NP")
_FIELDS = ("resource", "storage_type", "latency", "depth")
_MEMORY = 'write A: int32[32] @ Memory(resource="URAM", storage_type="RAM_2P", latency=2)'
_STATEFUL = "write acc: int32 @ Stateful = 0"


@dataclass(frozen=True)
class Declared:
    """What an annotation says; `compile_time` is that of `ConstExpr[T]`."""

    type: ArrayType
    resource: str = ""
    stateful: bool = False
    compile_time: bool = False


def declared_type(node: ast.expr, scope: Scope) -> Declared | None:
    """Return what an annotation of an argument or a variable says; None after a report."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        base = declared_type(node.left, scope)
        return _annotated(node.right, base, scope)
    if isinstance(node, ast.Subscript) and scope.module.language_name(node.value) == "ConstExpr":
        kind = array_type(node.slice, scope)
        return Declared(kind, compile_time=True) if kind else None
    kind = array_type(node, scope)
    return Declared(kind) if kind else None


def _annotated(node: ast.expr, base: Declared | None, scope: Scope) -> Declared | None:
    if scope.module.language_name(node) == "Stateful":
        return replace(base, stateful=True) if base else None
    if isinstance(node, ast.Call) and scope.module.language_name(node.func) == "Memory":
        resource = _resource(node, scope)
        return replace(base, resource=resource) if base and resource else None
    known = _constant(node, scope)
    if isinstance(known, lang.Memory):
        text = _spelled(known, node, scope)
        return replace(base, resource=text) if base and text else None
    text = scope.faults.places.text(node)
    scope.faults.add("type", node, f"{text!r} says nothing of a memory", f"{_MEMORY}, or {_STATEFUL}")
    return None


def _constant(node: ast.expr, scope: Scope) -> object:
    try:
        return scope.constant(node)
    except NotConstant:
        return None


def _spelled(memory: lang.Memory, node: ast.expr, scope: Scope) -> str | None:
    """Return the one spelling of a memory that has a name; None after a report."""
    given = {name: value for name, value in vars(memory).items() if value is not None}
    entries = {name: _text(name, value, node, scope) for name, value in given.items()}
    if None in entries.values():
        return None
    return f"Memory({', '.join(f'{name}={text}' for name, text in entries.items())})"


def _resource(node: ast.Call, scope: Scope) -> str | None:
    """Return `Memory(...)` in its one spelling; None after a report."""
    named: list[tuple[str, ast.expr, ast.AST]] = [(part.arg or "", part.value, part) for part in node.keywords]
    given = [*((name, part, part) for name, part in zip(_FIELDS, node.args, strict=False)), *named]
    found: dict[str, str] = {}
    good = len(node.args) <= 4
    if not good:
        scope.faults.add("syntax", node, "Memory takes at most 4 arguments", _MEMORY)
    for name, value, place in given:
        text = _field(name, value, place, scope)
        if name in found:
            scope.faults.add("syntax", place, f"Memory is given {name!r} twice", _MEMORY)
        good = good and text is not None and name not in found
        found[name] = text or ""
    entries = {"resource": '"AUTO"', **found}
    return f"Memory({', '.join(f'{name}={text}' for name, text in entries.items())})" if good else None


def _field(name: str, node: ast.expr, place: ast.AST, scope: Scope) -> str | None:
    if name not in _FIELDS:
        scope.faults.add(
            "type", place, f"Memory has no field {name!r}", candidates(name, [*_FIELDS], "fields of Memory")
        )
        return None
    try:
        value: object = node.value if isinstance(node, ast.Constant) else scope.constant(node)
    except NotConstant as fault:
        scope.faults.add("type", fault.node, f"{name!r} of Memory must be constant: {fault.reason}", _MEMORY)
        return None
    return _text(name, value, node, scope)


def _text(name: str, value: object, node: ast.expr, scope: Scope) -> str | None:
    """Return the value of a field of `Memory(...)` as text; None after a report."""
    known = {"resource": _RESOURCES, "storage_type": _STORAGE}
    if name in known:
        if isinstance(value, str) and value.upper() in known[name]:
            return f'"{value.upper()}"'
        hint = candidates(str(value).upper(), list(known[name]), f"values of {name}")
        scope.faults.add("type", node, f"{value!r} is no {name} of a memory", hint)
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return str(value)
    scope.faults.add("type", node, f"{name!r} of Memory must be a whole number of at least 1", _MEMORY)
    return None


def is_table(node: ast.expr, scope: Scope) -> bool:
    """Tell whether an expression is a list of numbers, or the name of a compile-time list or array."""
    if isinstance(node, ast.List):
        return True
    if any(_varies(part, scope) for part in ast.walk(node) if isinstance(part, ast.Name)):
        return False
    try:
        return isinstance(scope.constant(node), list | tuple | np.ndarray)
    except NotConstant:
        return False


def _varies(name: ast.Name, scope: Scope) -> bool:
    return isinstance(scope.find(name.id), Memory | Variable | Poison)


def check_contents(node: ast.expr, kind: ArrayType, scope: Scope) -> tuple[int | float | Fraction, ...] | None:
    """Return the elements of a table in row-major order, as numbers of the element type; None after a report."""
    if kind.element.kind == "struct":
        return _records(node, kind.element, kind.shape, scope)
    leaves = _leaves(node, kind.shape, scope)
    if leaves is None:
        return None
    settled: dict[tuple[type, object], int | float | Fraction | None] = {}
    for value, place in leaves:
        key = type(value), value
        if key not in settled:
            settled[key] = _settled(value, place, kind, scope)
    found = [settled[type(value), value] for value, _ in leaves]
    known = [value for value in found if value is not None]
    return tuple(known) if len(known) == len(found) else None


def _records(node: ast.expr, kind: ScalarType, shape: Sequence[int], scope: Scope) -> tuple[int, ...] | None:
    """Return the bits of the structs of a nested list of a shape; None after a report."""
    if not shape and isinstance(node, ast.Dict):
        bits = record_bits(node, kind, scope)
        return None if bits is None else (bits,)
    if not shape or not isinstance(node, ast.List | ast.Tuple):
        hint = f'write them as [{{"{kind.fields[0][0]}": ...}}, ...], or set them in a loop'
        what = f"expected a list of {shape[0]}" if shape else f"expected the fields of {kind}"
        scope.faults.add("type", node, what, hint)
        return None
    if len(node.elts) != shape[0]:
        _wrong_shape(node, len(node.elts), shape[0], scope)
        return None
    found = [_records(part, kind, shape[1:], scope) for part in node.elts]
    known = [part for part in found if part is not None]
    return tuple(bits for part in known for bits in part) if len(known) == len(found) else None


def _settled(value: int | float, place: ast.expr, kind: ArrayType, scope: Scope) -> int | float | Fraction | None:
    if isinstance(value, float) and kind.element.kind == "int":
        message = f"a table of {kind.element} holds whole numbers, not {value}"
        scope.faults.add("type", place, message, "declare it as a float")
        return None
    found = settle(literal(value, scope.faults.places.of(place)), kind.element, scope)
    return found.value if isinstance(found, Literal) else None


_Leaf = tuple[int | float, ast.expr]


def _leaves(node: ast.expr, shape: Sequence[int], scope: Scope) -> list[_Leaf] | None:
    """Return the numbers of a nested list of a shape with their places; None after a report."""
    if isinstance(node, ast.List | ast.Tuple) and shape:
        if len(node.elts) != shape[0]:
            _wrong_shape(node, len(node.elts), shape[0], scope)
            return None
        parts = [_leaves(part, shape[1:], scope) for part in node.elts]
        good = [part for part in parts if part is not None]
        return [leaf for part in good for leaf in part] if len(good) == len(parts) else None
    try:
        value = scope.constant(node)
    except NotConstant as fault:
        hint = "a table holds numbers that are known at compile time; set others in a loop"
        scope.faults.add("unsupported", fault.node, f"this is no constant: {fault.reason}", hint)
        return None
    return _numbers(value, node, shape, scope)


def _numbers(value: object, node: ast.expr, shape: Sequence[int], scope: Scope) -> list[_Leaf] | None:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "biuf" and not (array.dtype.kind == "O" and _whole(array)):
        scope.faults.add("type", node, "a table is made of numbers only, in rows of equal length", "give numbers")
        return None
    if array.shape != tuple(shape):
        text = f"{list(array.shape)}" if array.shape else "a single number"
        scope.faults.add("shape", node, f"expected the shape {list(shape)}, found {text}", "make the two agree")
        return None
    return [(number, node) for number in array.ravel().tolist()]


def _whole(array: np.ndarray) -> bool:
    return all(isinstance(entry, int) for entry in array.ravel())


def _wrong_shape(node: ast.expr, found: int, wanted: int, scope: Scope) -> None:
    message = f"a list of {found}, where the type says {wanted}"
    scope.faults.add("shape", node, message, "give one number for each element")
