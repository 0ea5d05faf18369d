"""The box of an array's elements that one iteration of a loop touches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from allo_studio.analysis.accesses import Access
from allo_studio.analysis.sets import (
    IslMap,
    IslSet,
    domain_set,
    extreme,
    isl_map,
    linear_text,
    loop_bounds,
    variable_names,
)
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

    @property
    def kept(self) -> tuple[int, ...]:
        """The dimensions that a tile needs; the others are fixed by the loops outside."""
        return tuple(d for d, extent in enumerate(self.extents) if extent > 1 or d in self.guarded)

    def elements(self, outside: Sequence[Loop]) -> IslMap:
        """Return the map from an iteration of the loops outside to the elements of its box within the array."""
        names = variable_names(outside)
        elements = [f"e{d}" for d in range(len(self.lows))]
        inside = []
        for d, (element, low) in enumerate(zip(elements, self.lows, strict=True)):
            text = linear_text(low, names)
            inside.append(f"{text} <= {element} < {text} + {self.extents[d]} and 0 <= {element} < {self.shape[d]}")
        condition = f" : {' and '.join(inside)}" if inside else ""
        text = f"{{ [{', '.join(names.values())}] -> [{', '.join(elements)}]{condition} }}"
        return isl_map(text).intersect_domain(domain_set(outside))


def find_footprint(
    inside: Sequence[Access], outside: Sequence[Loop], shape: Sequence[int], *, cut: bool = False
) -> Footprint | int:
    """Return the box that `inside` (not empty, all with linear subscripts) touches in one iteration of `outside`.

    Of boxes of the same extents one that stays within the array is preferred, or with `cut` one that is cut at its
    end. Where a dimension has no box, return its number (from 0).
    """
    lows, extents, guarded = [], [], set()
    domain = domain_set(outside)
    for d, size in enumerate(shape):
        found = _best(d, inside, outside, domain, size, cut)
        if found is None:
            return d
        low, extent, beyond = found
        lows.append(low)
        extents.append(extent)
        if beyond:
            guarded.add(d)
    return Footprint(tuple(lows), tuple(extents), frozenset(guarded), tuple(shape))


_Choice = tuple[LinearExpr, int, bool]


def _best(
    d: int, inside: Sequence[Access], outside: Sequence[Loop], domain: IslSet, size: int, cut: bool
) -> _Choice | None:
    """Return the tightest lower corner in one dimension, its extent, and whether the box can leave the array."""
    touched = [(access, access.subscripts[d]) for access in inside]
    used = [(access, s) for access, s in touched if s is not None and not access.domain.is_empty()]
    choices: list[_Choice] = []
    for low in _candidates(used, len(outside)):
        span = _span(used, low, len(outside))
        lowest = extreme(domain, low, outside, least=True)
        if span is None or lowest is None or lowest < 0:
            continue
        highest = extreme(domain, low, outside, least=False)
        choices.append((low, span, (highest or 0) + span > size))
    return min(choices, key=lambda c: (c[1], c[2] != cut, len(c[0].terms)), default=None)


def _candidates(used: Iterable[tuple[Access, LinearExpr]], depth: int) -> list[LinearExpr]:
    found: list[LinearExpr] = []
    for access, subscript in used:
        for low in _lowest([subscript], access.loops[depth:]):
            if low not in found:
                found.append(low)
        least = extreme(access.domain, subscript, access.loops, least=True)
        if least is not None and LinearExpr.number(least) not in found:
            found.append(LinearExpr.number(least))
    return found[:_MOST_CANDIDATES]


def _lowest(expressions: list[LinearExpr], inside: Sequence[Loop]) -> Iterator[LinearExpr]:
    """Yield the expressions with the loops inside at the ends that make them least, the innermost loop first."""
    for loop in reversed(inside):
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


def _span(used: Iterable[tuple[Access, LinearExpr]], low: LinearExpr, depth: int) -> int | None:
    """Return the extent of a box from `low` that holds every access; None where one lies before it."""
    extent = 0
    for access, subscript in used:
        distance = subscript - low
        least = extreme(access.domain, distance, access.loops, least=True)
        most = extreme(access.domain, distance, access.loops, least=False)
        if least is None or most is None or least < 0:
            return None
        extent = max(extent, most + 1)
    return extent
