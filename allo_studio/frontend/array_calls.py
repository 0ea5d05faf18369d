"""Calls inside of array expressions: each runs once, ahead of the statement, and its result stands in its place.

A call in a branch of a choice, or right of `and` and `or`, stays where it is: it may not run at all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from allo_studio.frontend.builtin_calls import is_bit_method, is_builtin
from allo_studio.frontend.called import called_by
from allo_studio.frontend.calls import check_results, report_results
from allo_studio.frontend.scope import Scope

__all__ = ["run_calls"]


def run_calls(node: ast.expr | None, scope: Scope, alone: bool = True) -> None:
    """Push the calls in an expression to `scope.pending`, and note their results in `scope.called`.

    A call that is the whole expression is left to the statement, unless it does not stand `alone`.
    """
    called = called_by(node, scope) if isinstance(node, ast.Call) else None
    if isinstance(node, ast.Call) and called is not None:
        if not called.is_kernel:
            # A function of Python's own is for what is computed while compiling.
            return
        for part in (*node.args, *(keyword.value for keyword in node.keywords)):
            # An array that is passed as it is needs no more; an expression of arrays may have calls of its own.
            run_calls(part, scope)
        if not alone:
            found = check_results(node, (), scope)
            if found is not None and len(found) != 1:
                report_results(node, found, scope)
            scope.called[node] = found[0] if found is not None and len(found) == 1 else None
        return
    for part in _operands(node, scope):
        run_calls(part, scope, alone=False)


def _operands(node: ast.expr | None, scope: Scope) -> Iterable[ast.expr]:
    """Return the operands of an expression that are always evaluated, in their order."""
    match node:
        case ast.BinOp(left=left, right=right):
            return (left, right)
        case ast.UnaryOp(operand=operand):
            return (operand,)
        case ast.Compare(left=left, comparators=others):
            return (left, *others)
        case ast.BoolOp(values=values):
            return values[:1]
        case ast.IfExp(test=test):
            return (test,)
        case ast.Tuple(elts=parts):
            return parts
        case ast.Subscript(value=base) | ast.Attribute(value=base, attr="T"):
            return (base,)
        case ast.Call(func=ast.Attribute(value=base, attr="copy"), args=[]):
            return (base,)
        case ast.Call(func=ast.Attribute(value=base)) if is_bit_method(node, scope):
            return (base,)
        case ast.Call(args=args) if is_builtin(node, scope):
            return args
    return ()
