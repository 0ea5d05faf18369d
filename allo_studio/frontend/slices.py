"""Whole arrays and slices of them: which elements of a memory they are."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from allo_studio.frontend.faults import counted
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.subscripts import Value, affine, check_index, whole_number
from allo_studio.frontend.tree import Memory, Subscript
from allo_studio.ir import LinearExpr

__all__ = ["Extents", "Span", "View", "is_view", "view_of", "whole"]

# The extents of an array: numbers, or named sizes.
Extents = tuple[LinearExpr, ...]

_HINT = "a slice is written A[0:4], A[i : i + 4], A[::2] or A[:-1], and its length is known at compile time"


@dataclass(frozen=True)
class Span:
    """The elements from `start` by `step` along a dimension, as many as `extent` says."""

    start: LinearExpr
    extent: LinearExpr
    step: int = 1


@dataclass(frozen=True)
class View:
    """Elements of a memory: for each of its dimensions one subscript, or a span of them.

    `axes` are the dimensions with spans in the order in which the view has them.
    """

    memory: Memory
    at: tuple[Subscript | Span, ...]
    axes: tuple[int, ...]

    @property
    def extents(self) -> Extents:
        """The view's own extents."""
        return tuple(span.extent for axis in self.axes if isinstance(span := self.at[axis], Span))

    @property
    def transposed(self) -> View:
        """The view with its dimensions in the opposite order."""
        return View(self.memory, self.at, self.axes[::-1])

    def subscripts(self, indices: tuple[LinearExpr, ...]) -> tuple[Subscript, ...]:
        """Return the memory's subscripts of the element at `indices` of the view, one for each of its dimensions."""
        found: list[Subscript] = []
        for axis, part in enumerate(self.at):
            if isinstance(part, Span):
                found.append(part.start + indices[self.axes.index(axis)] * part.step)
            else:
                found.append(part)
        return tuple(found)

    def selected(self, parts: tuple[Subscript | Span, ...]) -> View:
        """Return the view of this view that `parts` name, one for each of its first dimensions."""
        at, axes = list(self.at), list(self.axes)
        for axis, part in zip(self.axes, parts, strict=False):
            outer = at[axis]
            assert isinstance(outer, Span)
            if isinstance(part, Span):
                start = outer.start + part.start * outer.step
                at[axis] = Span(start, part.extent, outer.step * part.step)
            elif isinstance(part, LinearExpr):
                at[axis] = outer.start + part * outer.step
                axes.remove(axis)
            else:
                at[axis] = part
                axes.remove(axis)
        return View(self.memory, tuple(at), tuple(axes))


def whole(memory: Memory, scope: Scope) -> View:
    """Return all of an array."""
    rank = len(memory.type.shape)
    zero = LinearExpr.number(0)
    return View(memory, tuple(Span(zero, scope.extent(memory.type, dim)) for dim in range(rank)), tuple(range(rank)))


def is_view(node: ast.expr, scope: Scope) -> bool:
    """Tell whether an expression is an array, a slice or a row of one, or one of these transposed or copied."""
    return _rank(node, scope) > 0


def _rank(node: ast.expr, scope: Scope) -> int:
    match node:
        case ast.Call() if node in scope.called:
            result = scope.called[node]
            return len(result.type.shape) if result is not None else 0
        case ast.Name():
            found = scope.find(node.id)
            return len(found.type.shape) if isinstance(found, Memory) else 0
        case ast.Attribute(value=base, attr="T") | ast.Call(func=ast.Attribute(value=base, attr="copy"), args=[]):
            return _rank(base, scope)
        case ast.Subscript(value=base):
            rank, parts = _rank(base, scope), _parts(node)
            if any(_is_ellipsis(part) for part in parts):
                return rank - sum(not isinstance(part, ast.Slice) and not _is_ellipsis(part) for part in parts)
            return rank - sum(not isinstance(part, ast.Slice) for part in parts) if rank else 0
    return 0


def view_of(node: ast.expr, scope: Scope, value: Value) -> View | None:
    """Return what an expression that `is_view`, or an element of one, stands for; None after a report."""
    match node:
        case ast.Call() if node in scope.called:
            result = scope.called[node]
            return whole(result, scope) if result is not None else None
        case ast.Name():
            found = scope.resolve(node)
            return whole(found, scope) if isinstance(found, Memory) else None
        case ast.Attribute(value=base):
            inner = view_of(base, scope, value)
            return inner and inner.transposed
        case ast.Call(func=ast.Attribute(value=base)):
            return view_of(base, scope, value)
        case ast.Subscript(value=base):
            outer = view_of(base, scope, value)
            return outer and _select(node, outer, scope, value)
    return None


def _parts(node: ast.Subscript) -> list[ast.expr]:
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _select(node: ast.Subscript, outer: View, scope: Scope, value: Value) -> View | None:
    parts, rank = _parts(node), len(outer.axes)
    dots = [number for number, part in enumerate(parts) if _is_ellipsis(part)]
    if len(dots) == 1:
        filling: list[ast.expr] = [ast.Slice() for _ in range(rank - len(parts) + 1)]
        parts[dots[0] : dots[0] + 1] = filling
    if len(parts) > rank or len(dots) > 1:
        message = f"{counted(len(parts), 'subscript')} for an array of {counted(rank, 'dimension')}"
        scope.faults.add("shape", node, message, "give at most one subscript for each dimension")
        return None
    found = [
        _part(part, extent, outer, dim, scope, value)
        for dim, (part, extent) in enumerate(zip(parts, outer.extents, strict=False))
    ]
    known = tuple(part for part in found if part is not None)
    return outer.selected(known) if len(known) == len(found) else None


def _part(
    node: ast.expr, extent: LinearExpr, outer: View, dim: int, scope: Scope, value: Value
) -> Subscript | Span | None:
    if isinstance(node, ast.Slice):
        return _span(node, extent, outer, dim, scope, value)
    at = check_index(node, outer.memory, dim, extent, scope, value)
    plain = outer.at[outer.axes[dim]]
    if at is not None and not isinstance(at, LinearExpr) and plain != Span(LinearExpr.number(0), extent):
        scope.faults.add("unsupported", node, "a computed subscript of a slice is not supported", "subscript the array")
        return None
    return at


def _span(node: ast.Slice, extent: LinearExpr, outer: View, dim: int, scope: Scope, value: Value) -> Span | None:
    step = 1 if node.step is None else whole_number(node.step, scope, "the step of a slice")
    if step == 0 and node.step is not None:
        scope.faults.add("unsupported", node.step, "the step of a slice must not be 0", _HINT)
        return None
    first, last = (LinearExpr.number(0), extent) if (step or 1) > 0 else (extent - 1, LinearExpr.number(-1))
    start = first if node.lower is None else _end(node.lower, extent, scope, value)
    stop = last if node.upper is None else _end(node.upper, extent, scope, value)
    if start is None or stop is None or not step:
        return None
    place = node if hasattr(node, "lineno") else None
    count = _count(stop - start, step)
    if count is None:
        scope.faults.add("unsupported", place or outer.memory.span, "the length of this slice is not known", _HINT)
        return None
    # A slice of a named size may be empty: its loops run no time then.
    if count.is_constant and count.constant < 1:
        scope.faults.add("bounds", place or outer.memory.span, "the slice is empty", _HINT)
        return None
    final = start + (count - 1) * step
    low, high = (start, final) if step > 0 else (final, start)
    below, above = scope.range_of(low), scope.range_of(high - extent)
    if below is None or above is None:
        return Span(start, count, step)
    if below.least is None or below.least < 0 or above.greatest is None or above.greatest >= 0:
        name = outer.memory.name
        hint = f"{name} is {outer.memory.type}; change the slice or the extent"
        scope.faults.add("bounds", place or outer.memory.span, f"slice {dim + 1} of {name!r} leaves the array", hint)
        return None
    return Span(start, count, step)


def _end(node: ast.expr, extent: LinearExpr, scope: Scope, value: Value) -> LinearExpr | None:
    """Return an end of a slice; a negative number counts from the end of the array."""
    found = affine(node, scope)
    if found is None:
        if value(node, scope) is not None:
            scope.faults.add("unsupported", node, "the end of a slice must be affine", _HINT)
        return None
    return extent + found.constant if found.is_constant and found.constant < 0 else found


def _count(distance: LinearExpr, step: int) -> LinearExpr | None:
    """Return how many elements lie from one end of a slice to before the other."""
    if any(not isinstance(part, Memory) or part.maximum is None for part in distance.variables):
        return None
    if abs(step) == 1:
        return distance * step
    return LinearExpr.number(-(-distance.constant // step)) if distance.is_constant else None
