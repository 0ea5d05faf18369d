"""The box of an array's elements that one iteration of a loop touches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from allo_studio.analysis.accesses import Access
from allo_studio.analysis.domains import Domain, domain_of
from allo_studio.analysis.notation import Notation, linear_text
from allo_studio.analysis.sets import IslMap, extreme, isl_map, loop_bounds
from allo_studio.ir import LinearExpr, Loop

__all__ = ["Footprint", "find_footprint"]

# Candidates multiply with the bounds of the loops inside; real code has one or two.
_MOST_CANDIDATES = 16


@dataclass(frozen=True)
class Footprint:
    """A box: dimension d covers `extents[d]` elements from `lows[d]`, an expression of the loops outside.

    `guarded` names the dimensions (from 0) in which the box can reach beyond the array and must be cut.
    """

    lows: tuple[LinearExpr, ...]
    extents: tuple[int, ...]
    guarded: frozenset[int]
    shape: tuple[int, ...]
    notation: Notation = field(repr=False, compare=False)

    @property
    def kept(self) -> tuple[int, ...]:
        """The dimensions that a tile needs; the others are fixed by the loops outside."""
        return tuple(d for d, extent in enumerate(self.extents) if extent > 1 or d in self.guarded)

    def elements(self, loops: Sequence[Loop]) -> IslMap:
        """Return the map from an iteration of the loops outside to the elements of its box within the array."""
        outside = domain_of(self.notation, loops)
        elements = [f"e{d}" for d in range(len(self.lows))]
        inside = []
        for d, (element, low) in enumerate(zip(elements, self.lows, strict=True)):
            text = linear_text(low, outside.names)
            inside.append(f"{text} <= {element} < {text} + {self.extents[d]} and 0 <= {element} < {self.shape[d]}")
        condition = f" : {' and '.join(inside)}" if inside else ""
        text = f"{outside.notation.parameters}{{ {outside.tuple} -> [{', '.join(elements)}]{condition} }}"
        return isl_map(text).intersect_domain(outside.set)


def find_footprint(
    inside: Sequence[Access], loops: Sequence[Loop], shape: Sequence[int], *, cut: bool = False
) -> Footprint | int:
    """Return the box that `inside` (not empty, all with linear subscripts) touches in an iteration of `loops`.

    Of boxes of the same extents one that stays within the array is preferred, or with `cut` one that is cut at its
    end. Where a dimension has no box, return its number (from 0).
    """
    lows, extents, guarded = [], [], set()
    outside = domain_of(inside[0].when.notation, loops)
    for d, size in enumerate(shape):
        found = _best(d, inside, outside, size, cut)
        if found is None:
            return d
        low, extent, beyond = found
        lows.append(low)
        extents.append(extent)
        if beyond:
            guarded.add(d)
    return Footprint(tuple(lows), tuple(extents), frozenset(guarded), tuple(shape), outside.notation)


_Choice = tuple[LinearExpr, int, bool]


def _best(d: int, inside: Sequence[Access], outside: Domain, size: int, cut: bool) -> _Choice | None:
    """Return the tightest lower corner in one dimension, its extent, and whether the box can leave the array."""
    touched = [(access, access.subscripts[d]) for access in inside]
    used = [(access, s) for access, s in touched if s is not None and not access.domain.is_empty()]
    # The same subscript in the same iterations adds nothing.
    used = list({(access.when.text, s): (access, s) for access, s in used}.values())
    choices: list[_Choice] = []
    for low in _candidates(used, outside.depth):
        span = _span(used, low)
        lowest = _extreme(outside, low, least=True)
        if span is None or lowest is None or lowest < 0:
            continue
        highest = _extreme(outside, low, least=False)
        choices.append((low, span, (highest or 0) + span > size))
    return min(choices, key=lambda c: (c[1], c[2] != cut, len(c[0].terms)), default=None)


def _candidates(used: Iterable[tuple[Access, LinearExpr]], depth: int) -> list[LinearExpr]:
    found: list[LinearExpr] = []
    for access, subscript in used:
        for low in _lowest([subscript], access.loops[depth:]):
            if low not in found:
                found.append(low)
        least = _extreme(access.when, subscript, least=True)
        if least is not None and LinearExpr.number(least) not in found:
            found.append(LinearExpr.number(least))
    return found[:_MOST_CANDIDATES]


def _lowest(expressions: list[LinearExpr], inside: Sequence[Loop]) -> Iterator[LinearExpr]:
    """Yield the expressions with the loops inside at the ends that make them least, the innermost loop first."""
    # The variable of a loop whose bounds are not known stays, and no box comes of it.
    for loop in (loop for loop in reversed(inside) if loop.kind == "affine"):
        variable = loop.induction_variable
        expressions = [
            e.substitute(variable, end) for e in expressions for end in _ends(loop, e.coefficient(variable))
        ][:_MOST_CANDIDATES]
    yield from expressions


def _ends(loop: Loop, factor: int) -> list[LinearExpr]:
    if factor == 0:
        return [LinearExpr.number(0)]
    lower, upper = loop_bounds(loop)
    if factor > 0:
        return [bound for bound in lower if bound is not None]
    if loop.trip is not None and loop.lower is not None:
        return [LinearExpr.number(loop.lower + loop.step * (loop.trip - 1))]
    return [bound - 1 for bound in upper if bound is not None]


def _extreme(domain: Domain, expression: LinearExpr, *, least: bool) -> int | None:
    """Return the least or greatest value of an expression over some iterations; None where it has none."""
    if expression.is_constant:
        return expression.constant
    if any(v not in domain.names for v in expression.variables):
        return None
    text = linear_text(expression, domain.names)
    return extreme(domain.text, domain.notation.parameters, text, domain.depth, least)


def _span(used: Iterable[tuple[Access, LinearExpr]], low: LinearExpr) -> int | None:
    """Return the extent of a box from `low` that holds every access; None where one lies before it."""
    extent = 0
    for access, subscript in used:
        distance = subscript - low
        least = _extreme(access.when, distance, least=True)
        most = _extreme(access.when, distance, least=False)
        if least is None or most is None or least < 0:
            return None
        extent = max(extent, most + 1)
    return extent
