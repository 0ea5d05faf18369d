"""What a template says of its parameters: `def add[T: (int32, float32), U: Int, M: int32](...)`."""

from __future__ import annotations

import ast
from typing import Any

from allo_studio.frontend.constants import Constant, NotConstant, shown
from allo_studio.frontend.scope import Scope
from allo_studio.types import BOOL, ScalarType

__all__ = ["check_parameter"]

_FAMILIES = {
    "Int": ("int", True),
    "UInt": ("int", False),
    "Float": ("float", True),
    "Fixed": ("fixed", True),
    "UFixed": ("fixed", False),
}
_HINT = "write def f[T: (int32, float32), U: Int, M: int32](...): types, families of types, or a number's type"


def check_parameter(parameter: Any, scope: Scope) -> None:
    """Report a parameter of a template (an `ast.TypeVar`) that is of another kind, or whose value breaks its bound."""
    if type(parameter).__name__ != "TypeVar":
        scope.faults.add("unsupported", parameter, "a template's parameter is a plain name", "write def f[T, M](...)")
        return
    bound, value = parameter.bound, scope.constants.get(parameter.name)
    if bound is None or value is None:
        return
    try:
        allowed = any(_allows(part, value, scope) for part in (bound.elts if isinstance(bound, ast.Tuple) else [bound]))
    except NotConstant as fault:
        scope.faults.add("type", fault.node, f"this is no type: {fault.reason}", _HINT)
        return
    if not allowed:
        message = f"{parameter.name} is {shown(value)}, but its bound is {ast.unparse(bound)}"
        scope.faults.add("type", parameter, message, "give another value where the template is used")


def _allows(bound: ast.expr, value: Constant, scope: Scope) -> bool:
    family = scope.module.language_name(bound)
    if family in _FAMILIES:
        return isinstance(value, ScalarType) and (value.kind, value.signed) == _FAMILIES[family]
    kind = scope.constant(bound)
    if not isinstance(kind, ScalarType):
        raise NotConstant(bound, f"it is {shown(kind)}")
    match value:
        case ScalarType():
            return value == kind
        case bool():
            return kind == BOOL
        case int():
            return kind.is_float or (kind.kind == "int" and kind.least <= value <= kind.greatest)
        case float():
            return kind.is_float
    return False
