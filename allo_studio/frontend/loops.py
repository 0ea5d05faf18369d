"""The heads of loops: `range`, `grid` and `reduction`."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from allo_studio.frontend.expressions import check_expression
from allo_studio.frontend.faults import counted
from allo_studio.frontend.scope import Poison, Scope
from allo_studio.frontend.subscripts import index, whole_number
from allo_studio.frontend.tree import Memory, Subscript, Variable
from allo_studio.ir import LinearExpr

__all__ = ["MOST_DEPTH", "Head", "Turn", "read_head"]

_HINT = "loops are written `for i in range(N)`, `for i, j in grid(M, N)` or `for k in reduction(K)`"
_MOST = 2**31 - 1
MOST_DEPTH = 32


@dataclass(frozen=True)
class Turn:
    """One loop of a head: its name's place, its variable, and its bounds where they are computed."""

    name: ast.Name
    variable: Variable | Poison
    computed: tuple[Subscript, Subscript] | None = None


@dataclass(frozen=True)
class Head:
    """The loops that one `for` stands for, the outermost first."""

    turns: tuple[Turn, ...]
    band: str | None = None
    reduction: bool = False


@dataclass(frozen=True)
class _Bounds:
    lower: Subscript
    upper: Subscript
    step: int = 1


def read_head(node: ast.For, scope: Scope) -> Head | None:
    """Return what a `for` loops over; None after a report. Names are checked against each other, not the scope."""
    call = node.iter
    kind = _kind(call, scope)
    if kind is None or not isinstance(call, ast.Call):
        scope.faults.add("unsupported", call, "this is nothing that a kernel can loop over", _HINT)
        return None
    band = _band(call, kind, scope)
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        scope.faults.add("unsupported", call, "`*` is not supported here", "write each extent")
        return None
    spans = [_range(call, scope)] if kind == "range" else [_extent(part, scope) for part in call.args]
    if not spans:
        scope.faults.add("syntax", call, f"{kind} needs at least one extent", _HINT)
        return None
    names = _names(node.target, len(spans), scope)
    if names is None:
        return None
    if len(scope.nest) + len(spans) > MOST_DEPTH:
        message = f"a nest of more than {MOST_DEPTH} loops is not supported"
        scope.faults.add("unsupported", call, message, "join loops, or put some into a kernel of their own")
        return None
    turns = tuple(_turn(name, span, call, scope) for name, span in zip(names, spans, strict=True))
    return Head(turns, band, kind == "reduction")


def _kind(call: ast.expr, scope: Scope) -> str | None:
    if not isinstance(call, ast.Call):
        return None
    known = scope.module.language_name(call.func)
    if known in ("grid", "reduction"):
        return known
    if isinstance(call.func, ast.Name) and call.func.id == "range":
        module = scope.module
        rebound = "range" in module.parameters or "range" in module.functions or "range" in module.unknown
        return None if rebound else "range"
    return None


def _band(call: ast.Call, kind: str, scope: Scope) -> str | None:
    band = None
    for keyword in call.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg != "name" or kind == "range":
            place = keyword.value
            scope.faults.add("unsupported", place, f"{kind} does not take {keyword.arg or '**'!r}", _HINT)
        elif not (isinstance(value, str) and value.isidentifier() and value.isascii()):
            scope.faults.add("name", keyword.value, "the name of a nest must be a word in quotes", 'write name="outer"')
        elif scope.nest:
            message = "only an outermost loop can be named; the loops inside belong to its nest"
            scope.faults.add("unsupported", keyword.value, message, "leave out name=")
        elif value in scope.bands:
            message = f"the name {value!r} is already taken by the nest of line {scope.bands[value].line}"
            scope.faults.add("name", keyword.value, message, "choose another name")
        else:
            band = value
            scope.bands[value] = scope.faults.places.of(keyword.value)
    return band


def _range(call: ast.Call, scope: Scope) -> _Bounds | None:
    if not 1 <= len(call.args) <= 3:
        scope.faults.add("syntax", call, f"range takes 1 to 3 arguments, not {len(call.args)}", _HINT)
        return None
    step = whole_number(call.args[2], scope, "the step of a range") if len(call.args) == 3 else 1
    if step is not None and not 1 <= abs(step) <= _MOST:
        message = "the step of a range must not be 0" if step == 0 else "the step of a range must fit 32 bits"
        scope.faults.add("unsupported", call.args[2], message, "count by 1 or more, up or down")
        step = None
    ends = [index(argument, scope, check_expression) for argument in call.args[:2]]
    lower, upper = (LinearExpr.number(0), ends[0]) if len(ends) == 1 else (ends[0], ends[1])
    return None if lower is None or upper is None or step is None else _Bounds(lower, upper, step)


def _extent(node: ast.expr, scope: Scope) -> _Bounds | None:
    upper = index(node, scope, check_expression)
    return None if upper is None else _Bounds(LinearExpr.number(0), upper)


def _names(target: ast.expr, count: int, scope: Scope) -> list[ast.Name] | None:
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    names = [part for part in parts if isinstance(part, ast.Name)]
    if len(names) != len(parts):
        scope.faults.add("unsupported", target, "loop variables must be plain names", _HINT)
        return None
    if len(names) != count:
        message = f"{counted(count, 'extent')}, but {counted(len(names), 'loop variable')}"
        scope.faults.add("shape", target, message, "give one variable for each extent")
        return None
    return names


def _turn(name: ast.Name, bounds: _Bounds | None, call: ast.Call, scope: Scope) -> Turn:
    if bounds is None:
        return Turn(name, Poison())
    lower, upper, step = bounds.lower, bounds.upper, bounds.step
    if not isinstance(lower, LinearExpr) or not isinstance(upper, LinearExpr):
        unknown = LinearExpr.number(0)
        return Turn(name, Variable(name.id, unknown, unknown, step, computed=True), (lower, upper))
    trip = scope.range_of(upper - lower if step > 0 else lower - upper)
    if trip is not None and trip.greatest is not None and trip.greatest < 1:
        hint = "the end must be above the start" if step > 0 else "counting down, the end must be below the start"
        scope.faults.add("bounds", call, f"the loop over {name.id!r} never runs", hint)
        return Turn(name, Poison())
    if not all(_fits(bound, scope) for bound in (lower, upper)):
        scope.faults.add("bounds", call, f"the range of {name.id!r} does not fit 32 bits", "use smaller numbers")
        return Turn(name, Poison())
    return Turn(name, Variable(name.id, lower, upper, step))


def _fits(bound: LinearExpr, scope: Scope) -> bool:
    """Tell whether a bound fits 32 bits, as far as that is known before the kernel runs."""
    if any(isinstance(part, Memory) and part.maximum is None for part in bound.variables):
        return True
    reach = scope.range_of(bound)
    return reach is None or all(end is not None and abs(end) <= _MOST for end in (reach.least, reach.greatest))
