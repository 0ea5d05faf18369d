"""What a call calls: a function of the kernel's own, or nothing that there is."""

from __future__ import annotations

import ast
from difflib import get_close_matches

from allo_studio.frontend.faults import candidates
from allo_studio.frontend.module import Definition
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.slices import is_view
from allo_studio.frontend.tree import Memory, Variable
from allo_studio.lang import FUNCTION_NAMES

__all__ = ["called_by", "is_call", "name_of", "report_no_function"]

# The functions on whole arrays of the tensor library.
_LIBRARY = frozenset({
    "add", "bmm", "concat", "conv2d", "div", "gelu", "layernorm", "linear", "matmul", "maxpool", "mul", "ones", "relu",
    "softmax", "sub", "sumpool", "transpose", "tril", "view", "zeros",
})  # fmt: skip


def is_call(node: ast.expr, scope: Scope) -> bool:
    """Tell whether an expression is a call of one of the kernel's own functions."""
    return isinstance(node, ast.Call) and called_by(node, scope) is not None


def called_by(node: ast.Call, scope: Scope) -> Definition | None:
    """Return the function of the kernel's own that a call calls; None where it is something else."""
    called = _named(node)
    if isinstance(called, ast.Name):
        return scope.definition(called.id)
    if isinstance(called, ast.Attribute) and scope.module.member is not None:
        return scope.module.member(called)
    return None


def name_of(node: ast.Call) -> str:
    """Return the last name of what a call calls."""
    called = _named(node)
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else "this"


def report_no_function(node: ast.Call, scope: Scope) -> None:
    """Report a call of nothing that a kernel can call."""
    called = _named(node)
    found = scope.find(called.id) if isinstance(called, ast.Name) else None
    if isinstance(found, Poison):
        return
    if isinstance(found, Memory | Variable):
        kind = found.type if isinstance(found, Memory) else "a loop variable"
        hint = f"an element is written {found.name}[...]" if is_view(called, scope) else "leave the parentheses out"
        scope.faults.add("name", node.func, f"{found.name!r} is {kind}, not a function", hint)
        return
    name = name_of(node)
    if name in _LIBRARY:
        message = f"{name!r} is a function on whole arrays, which is not supported"
        scope.faults.add("unsupported", node.func, message, "write it as loops over the elements")
        return
    text = scope.faults.places.text(node.func)
    what = repr(text) if isinstance(called, ast.Name | ast.Attribute) and len(text) <= 40 else "this"
    scope.faults.add("name", node.func, f"{what} is no function that a kernel can call", _hint(called, name, scope))


def _named(node: ast.Call) -> ast.expr:
    return node.func.value if isinstance(node.func, ast.Subscript) else node.func


def _hint(called: ast.expr, name: str, scope: Scope) -> str:
    if isinstance(called, ast.Attribute):
        if name in FUNCTION_NAMES:
            return f"write {name}(...)"
        if is_view(called.value, scope):
            return "an array has .T and .copy(); write anything else as loops over its elements"
    running = {name for _, name in scope.program.open} if scope.program is not None else set()
    own = sorted({*scope.module.functions, *scope.own_functions} - running)
    close = get_close_matches(name, [*own, *sorted(FUNCTION_NAMES)], 1)
    if close or own:
        return candidates(name, close or own, "functions of the file")
    return f"the functions of the language are {', '.join(sorted(FUNCTION_NAMES))}"
