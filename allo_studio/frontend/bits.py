"""Bits of numbers and fields of structs: reading them, and putting others in their place."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from allo_studio.frontend.conversions import settle
from allo_studio.frontend.faults import candidates
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.subscripts import affine, whole_number
from allo_studio.frontend.tree import Bits, Expression, Literal, Reinterpret, Reverse, SetBits, Variable
from allo_studio.source import Span
from allo_studio.types import BOOL, FLOAT16, FLOAT32, FLOAT64, ScalarType, integer

__all__ = ["Selector", "check_selectors", "inserted", "reinterpret", "reverse", "select", "selected_type"]

_Value = Callable[[ast.expr, Scope], Expression | None]
_FLOATS = {kind.bits: kind for kind in (FLOAT16, FLOAT32, FLOAT64)}


@dataclass(frozen=True)
class Selector:
    """A part of a value: bits from `low` upwards, as a value of `type`."""

    low: int | Expression
    type: ScalarType


def check_selectors(node: ast.Subscript, kind: ScalarType, scope: Scope, value: _Value) -> Selector | None:
    """Return the part of a value of type `kind` that a subscript names: `x[3]`, `x[0:8]`, `s["x"]`.

    None after a report.
    """
    if kind.kind == "struct":
        return _field(node, kind, scope)
    if kind.is_float:
        hint = "take them of its bits: y: uint32 = x.bitcast()"
        scope.faults.add("type", node, f"{kind} is a scalar and has no bits to take", hint)
        return None
    if isinstance(node.slice, ast.Tuple):
        message = f"{kind} is a scalar, which takes one subscript for its bits"
        scope.faults.add("shape", node, message, "write x[3] or x[0:8]")
        return None
    if isinstance(node.slice, ast.Slice):
        return _range(node.slice, kind, scope, value)
    return _bit(node.slice, kind, scope, value)


def select(value: Expression, part: Selector, span: Span) -> Expression:
    """Return a part of a value."""
    plain = integer(part.type.bits, signed=False)
    taken = Bits(value, part.low, plain, span)
    return taken if part.type == plain else Reinterpret(taken, part.type, span)


def inserted(value: Expression, parts: list[Selector], new: Expression, scope: Scope, span: Span) -> Expression | None:
    """Return `value` with `new` in the place of its part of a part of ...; None after a report.

    `new` is converted to the type of the last part.
    """
    if not parts:
        return settle(new, value.type, scope)
    inner = inserted(select(value, parts[0], span), parts[1:], new, scope, span)
    if inner is None:
        return None
    plain = integer(parts[0].type.bits, signed=False)
    bits = inner if inner.type == plain else Reinterpret(inner, plain, span)
    return SetBits(value, parts[0].low, bits, span)


def selected_type(kind: ScalarType, parts: list[Selector]) -> ScalarType:
    """Return the type of a part of a part of ... a value of type `kind`."""
    return parts[-1].type if parts else kind


def reverse(node: ast.AST, value: Expression, scope: Scope) -> Expression | None:
    """Return the bits of a number, the last first; None after a report."""
    if value.type.kind != "int":
        scope.faults.add("type", node, f"`reverse` is for whole numbers, not {value.type}", "use x.bitcast() first")
        return None
    return Reverse(value, value.type, scope.faults.places.of(node))


def reinterpret(node: ast.AST, value: Expression, scope: Scope) -> Expression | None:
    """Return the bits of a value as one of another type of the same width: the one that it is assigned to.

    Where it is not assigned, a float gives an unsigned number, and a number of 16, 32 or 64 bits a float.
    """
    if isinstance(value, Literal):
        hint = "declare a variable of the type that is meant, and use its bits"
        scope.faults.add("type", node, "a number of the text has no bits of its own", hint)
        return None
    kind = value.type
    other = integer(kind.bits, signed=False)
    if kind.kind == "int" and kind.bits in _FLOATS:
        other = _FLOATS[kind.bits]
    return Reinterpret(value, other, scope.faults.places.of(node), flexible=True)


def _field(node: ast.Subscript, kind: ScalarType, scope: Scope) -> Selector | None:
    wanted = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if not isinstance(wanted, str):
        scope.faults.add("type", node.slice, f"{kind} takes the name of a field", f'write s["{kind.fields[0][0]}"]')
        return None
    low = 0
    for name, part in kind.fields:
        if name == wanted:
            return Selector(low, part)
        low += part.bits
    hint = candidates(wanted, [name for name, _ in kind.fields], "fields")
    scope.faults.add("name", node.slice, f"{kind} has no field {wanted!r}", hint)
    return None


def _range(node: ast.Slice, kind: ScalarType, scope: Scope, value: _Value) -> Selector | None:
    if node.step is not None:
        scope.faults.add("unsupported", node.step, "bits are taken without a step", "write x[0:8]")
        return None
    width = _width(node, scope) if node.lower is not None and node.upper is not None else None
    if width is not None and node.lower is not None:
        return _moving(node, node.lower, width, kind, scope, value)
    low = 0 if node.lower is None else whole_number(node.lower, scope, "the first bit")
    high = kind.bits if node.upper is None else whole_number(node.upper, scope, "the end of the bits")
    if low is None or high is None:
        return None
    if not 0 <= low < high <= kind.bits:
        message = f"bits {low} to {high - 1} of {kind}, which has bits 0 to {kind.bits - 1}"
        scope.faults.add("bounds", node, message, "the upper end does not belong to them: x[0:8] has 8 bits")
        return None
    return Selector(low, integer(high - low, signed=False))


def _width(node: ast.Slice, scope: Scope) -> int | None:
    """Return the number of bits between ends that vary but stay equally far apart; None where they are no such ends."""
    assert node.lower is not None
    assert node.upper is not None
    lower, upper = affine(node.lower, scope), affine(node.upper, scope)
    if lower is not None and upper is not None:
        distance = upper - lower
        return None if lower.is_constant or not distance.is_constant else distance.constant
    # Ends that are data: x[at : at + 8].
    if isinstance(node.upper, ast.BinOp) and isinstance(node.upper.op, ast.Add):
        sides = (node.upper.left, node.upper.right)
        for same, other in (sides, sides[::-1]):
            found = affine(other, scope) if ast.dump(same) == ast.dump(node.lower) else None
            if found is not None and found.is_constant:
                return found.constant
    return None


def _moving(
    node: ast.Slice, lower: ast.expr, width: int, kind: ScalarType, scope: Scope, value: _Value
) -> Selector | None:
    if not 1 <= width <= kind.bits:
        message = f"{width} bits of {kind}, which has {kind.bits}"
        scope.faults.add("bounds", node, message, "the upper end does not belong to them: x[i:i + 8] has 8 bits")
        return None
    low = value(lower, scope)
    if low is None or not _may_be_inside(lower, kind, scope, width):
        return None
    if low.type.kind != "int":
        scope.faults.add("type", lower, f"the number of a bit is a whole number, not {low.type}", "convert it: int(i)")
        return None
    return Selector(low, integer(width, signed=False))


def _bit(node: ast.expr, kind: ScalarType, scope: Scope, value: _Value) -> Selector | None:
    at = value(node, scope)
    if at is None:
        return None
    if at.type.kind != "int":
        scope.faults.add("type", node, f"the number of a bit is a whole number, not {at.type}", "convert it: int(i)")
        return None
    if not isinstance(at, Literal):
        return Selector(at, BOOL) if _may_be_inside(node, kind, scope) else None
    number = int(at.value)
    if not 0 <= number < kind.bits:
        message = f"bit {number} of {kind}, which has bits 0 to {kind.bits - 1}"
        scope.faults.add("bounds", node, message, "choose one of its bits, or a wider type")
        return None
    return Selector(number, BOOL)


def _may_be_inside(node: ast.expr, kind: ScalarType, scope: Scope, width: int = 1) -> bool:
    """Report bits from `node` upwards that certainly go beyond those that there are; what is data reads as 0 there."""
    found = affine(node, scope)
    counted = found is not None and all(isinstance(part, Variable) for part in found.variables)
    taken = scope.range_of(found) if found is not None and counted else None
    if taken is None:
        return True
    last = None if taken.greatest is None else taken.greatest + width - 1
    if (taken.least is None or taken.least >= 0) and (last is None or last < kind.bits):
        return True
    what = "the number of the bit" if width == 1 else f"the number of the first of {width} bits"
    message = f"{what} {taken}, and {kind} has bits 0 to {kind.bits - 1}"
    scope.faults.add("bounds", node, message, "change the loop's range, or choose a wider type")
    return False
