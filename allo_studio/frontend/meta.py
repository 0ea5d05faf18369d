"""Meta-programming: branches that are chosen, and loops that are run, when a kernel is compiled.

The statements of `with meta_if(c):` stand where it stands; a branch that is not chosen is not looked at. The body of
`with meta_for(n) as i:` is repeated for every `i`, which is a compile-time value, in a block of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from allo_studio.frontend.constants import Constant, NotConstant
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.tree_statements import Statement

__all__ = ["check_meta", "is_meta", "without_branches"]

_FOR = "meta_for"
_BRANCHES = ("meta_if", "meta_elif", "meta_else")
_HINT = "write `with meta_if(c):`, then `with meta_elif(d):` and `with meta_else():`"
_FOR_HINT = "write `with meta_for(n) as i:` or `with meta_for(low, high, step) as i:`"
# A longer loop would make more hardware than any device has.
_MOST_TURNS = 1 << 16

Block = Callable[[list[ast.stmt], Scope], tuple[Statement, ...]]


def is_meta(node: ast.stmt, scope: Scope) -> bool:
    """Tell whether a statement is a `with meta_for(...)`."""
    return _kind(node, scope) == _FOR


def without_branches(statements: Sequence[ast.stmt], scope: Scope) -> Iterator[ast.stmt]:
    """Yield the statements of a block with those of the chosen branches in the place of `meta_if` and its like.

    A branch is chosen when its turn comes, because it may depend on what was declared before it.
    """
    # Whether a branch of the chain at hand was chosen; None outside of a chain.
    taken: bool | None = None
    for node in statements:
        kind = _kind(node, scope)
        if kind not in _BRANCHES or not isinstance(node, ast.With):
            taken = None
            yield node
            continue
        if kind == "meta_if":
            taken = False
        elif taken is None:
            scope.faults.add("syntax", node.items[0].context_expr, f"{kind} without a meta_if before it", _HINT)
            taken = True
        holds = _condition(node, kind, scope, skip=taken)
        if holds and not taken:
            yield from without_branches(node.body, scope)
        # After a fault in a condition no branch is right.
        taken = None if kind == "meta_else" else taken or holds is not False


def check_meta(node: ast.With, scope: Scope, block: Block) -> tuple[Statement, ...]:
    """Return the statements of all turns of a `meta_for`; faults are reported."""
    call, target = node.items[0].context_expr, node.items[0].optional_vars
    turns = _turns(call, scope)
    if len(node.items) != 1 or not isinstance(target, ast.Name):
        scope.faults.add("syntax", call, "meta_for gives one variable", _FOR_HINT)
        return ()
    place = scope.faults.places.of(target)
    if turns is None or not scope.free(target.id, place):
        return ()
    found: list[Statement] = []
    bands, known = dict(scope.bands), len(scope.faults)
    for value in turns:
        if len(scope.faults) > known:
            # The turns are alike: what is wrong with one is wrong with others.
            break
        # Each turn may use the names of nests again.
        scope.bands = dict(bands)
        with scope.block():
            scope.declare(target.id, value, place)
            found += block(node.body, scope)
    return tuple(found)


def _kind(node: ast.stmt, scope: Scope) -> str | None:
    if not isinstance(node, ast.With) or not isinstance(node.items[0].context_expr, ast.Call):
        return None
    known = scope.module.language_name(node.items[0].context_expr.func)
    return known if known in (*_BRANCHES, _FOR) else None


def _condition(node: ast.With, kind: str, scope: Scope, skip: bool) -> bool | None:
    """Return whether a branch's condition holds; None after a report."""
    call = node.items[0].context_expr
    assert isinstance(call, ast.Call)
    wanted = 0 if kind == "meta_else" else 1
    if len(node.items) != 1 or node.items[0].optional_vars or len(call.args) != wanted or call.keywords:
        scope.faults.add("syntax", call, f"{kind} takes {'one condition' if wanted else 'nothing'}", _HINT)
        return None
    if not wanted:
        return True
    if skip:
        return False
    value = _constant(call.args[0], "the condition", scope)
    if value is None:
        return None
    if not isinstance(value, int | float | str | tuple):
        scope.faults.add("type", call.args[0], "the condition is neither true nor false", "compare two values")
        return None
    return bool(value)


def _constant(node: ast.expr, what: str, scope: Scope) -> Constant | None:
    try:
        return scope.constant(node)
    except NotConstant as fault:
        message = f"{what} must be known when the kernel is compiled: {fault.reason}"
        scope.faults.add("type", fault.node, message, "use `if` for what is known only when it runs")
        return None


def _turns(node: ast.expr, scope: Scope) -> range | None:
    assert isinstance(node, ast.Call)
    if not 1 <= len(node.args) <= 3 or node.keywords:
        scope.faults.add("syntax", node, "meta_for takes an end, or a start, an end and a step", _FOR_HINT)
        return None
    ends = []
    for part in node.args:
        value = _constant(part, "an end of meta_for", scope)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            scope.faults.add("type", part, f"an end of meta_for is a whole number, not {value}", _FOR_HINT)
            return None
        ends.append(value)
    if len(ends) == 3 and ends[2] == 0:
        scope.faults.add("type", node.args[2], "the step of meta_for cannot be 0", _FOR_HINT)
        return None
    turns = range(*ends)
    if turns[_MOST_TURNS:]:
        scope.faults.add("unsupported", node, f"meta_for has more than {_MOST_TURNS} turns", "use range")
        return None
    return turns
