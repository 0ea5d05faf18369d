"""Types as they are written in a kernel: `float32`, `float32[M, N]`."""

from __future__ import annotations

import ast

from allo_studio.frontend.faults import candidates
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.subscripts import whole_number
from allo_studio.types import NAMED, ArrayType, parse_type

__all__ = ["array_type", "result_types"]

_HINT = "types are written float32, int32, float32[M, N]"


def array_type(node: ast.expr, scope: Scope) -> ArrayType | None:
    """Return the type that an annotation names; None after a report."""
    if isinstance(node, ast.Subscript):
        element = array_type(node.value, scope) if not isinstance(node.value, ast.Subscript) else None
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        shape = [_extent(part, scope) for part in parts]
        if element is None and isinstance(node.value, ast.Subscript):
            scope.faults.add("type", node, "an array of arrays is not supported", "write float32[M, N]")
        found = [extent for extent in shape if extent is not None]
        return _array(node, element, found, scope) if element and len(found) == len(shape) else None
    known = scope.module.language_name(node)
    if known in NAMED:
        return ArrayType(NAMED[known])
    written = scope.faults.places.text(node)
    hint = candidates(written, sorted(NAMED), "types") if isinstance(node, ast.Name) else _HINT
    scope.faults.add("type", node, f"{_short(written)} is no type", hint)
    return None


def result_types(node: ast.expr) -> list[ast.expr]:
    """Return the parts of a return annotation: `-> T`, `-> (T, U)`, `-> tuple[T, U]`, `-> None`."""
    if isinstance(node, ast.Constant) and node.value is None:
        return []
    if isinstance(node, ast.Tuple):
        return list(node.elts)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in ("tuple", "Tuple"):
        return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    return [node]


def _extent(node: ast.expr, scope: Scope) -> int | None:
    extent = whole_number(node, scope, "an extent")
    if extent is not None and extent < 1:
        scope.faults.add("shape", node, f"an extent must be at least 1, not {extent}", "give a number of elements")
        return None
    return extent


def _array(node: ast.expr, element: ArrayType, shape: list[int], scope: Scope) -> ArrayType | None:
    try:
        return parse_type(str(ArrayType(element.element, tuple(shape))))
    except ValueError as fault:
        scope.faults.add("shape", node, str(fault), "use smaller extents")
        return None


def _short(written: str) -> str:
    return repr(written if len(written) <= 40 else f"{written[:37]}...")
