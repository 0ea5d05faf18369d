"""The number of integer points that satisfy affine inequalities, in closed form.

One variable after another is summed away. What is left of the inequalities is on the other variables, and the number
of points there becomes a polynomial in them. Where several bounds compete, the space is split into disjoint regions in
each of which one lower and one upper bound are the tightest; where a bound has to be divided, other variables are
split into residue classes, in each of which the division is exact. The order of the variables is free: a choice that
needs no classes is taken where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import gcd, lcm, prod
from typing import TypeAlias

from allo_studio.hardware.polynomials import Linear, Polynomial

__all__ = ["Allowance", "OutOfSteps", "count_points"]

# Inequalities: the least constant of those with the same factors; factors·x + constant >= 0.
_Conditions: TypeAlias = dict[tuple[int, ...], int]
# Attempts to prove that an inequality follows from others; one that is kept needlessly costs time only.
_MOST_ATTEMPTS = 40


class OutOfSteps(Exception):
    """Counting would take more steps than allowed."""


@dataclass
class Allowance:
    """How many steps a computation may still take."""

    left: int

    def spend(self, steps: int = 1) -> None:
        """Take steps, or raise OutOfSteps."""
        self.left -= steps
        if self.left < 0:
            raise OutOfSteps


@dataclass(frozen=True)
class _Part:
    """A sum of `weight` over the integer points of `variables` that satisfy all `conditions`."""

    conditions: _Conditions
    weight: Polynomial
    variables: tuple[int, ...]


def count_points(inequalities: Iterable[Linear], variables: int, allowance: Allowance) -> int:
    """Return how many integer points x have factors·x + constant >= 0 for all inequalities.

    No direction may be unbounded. Raises OutOfSteps beyond the allowance, which counts regions and residue classes.
    """
    conditions: _Conditions | None = {}
    for inequality in inequalities:
        conditions = _added(conditions, inequality)
        if conditions is None:
            return 0
    assert conditions is not None
    return _total(_Part(conditions, Polynomial.number(1, variables), tuple(range(variables))), allowance)


def _total(part: _Part, allowance: Allowance) -> int:
    """Return the sum of a part: an integer, as each weight is a number of points."""
    allowance.spend()
    if not part.weight.terms:
        return 0
    if not part.variables:
        value = part.weight.constant
        assert value.denominator == 1
        return value.numerator
    # Inequalities that no variable is bounded by were found true; a bounded space bounds each variable on both sides.
    chosen = _variable_to_eliminate(part)
    parts = _classes(part) if chosen is None else _eliminated(part, chosen)
    return sum(_total(found, allowance) for found in parts)


def _variable_to_eliminate(part: _Part) -> int | None:
    """Return the variable, with factors of 1 and -1 only, whose elimination makes the fewest regions, or None."""
    best, fewest = None, 0
    for variable in reversed(part.variables):
        factors = [linear[variable] for linear in part.conditions if linear[variable]]
        lower = factors.count(1)
        if lower + factors.count(-1) < len(factors):
            continue
        regions = lower * (len(factors) - lower)
        if best is None or regions < fewest:
            best, fewest = variable, regions
    return best


def _eliminated(part: _Part, variable: int) -> Iterator[_Part]:
    """Yield the disjoint parts that summing over a variable leaves; its factors are 1 and -1."""
    conditions = _without_redundant(part.conditions, variable)
    rest = {linear: constant for linear, constant in conditions.items() if not linear[variable]}
    lower, upper = _bounds(conditions, variable)
    variables = tuple(v for v in part.variables if v != variable)
    primitive = part.weight.summed(variable)
    fixed = [(low, low) for low in lower if low in upper]
    if fixed:
        # Then other bounds are conditions only; a region where one of them is the tightest is empty.
        lower.sort(key=lambda low: low != fixed[0][0])
        upper.sort(key=lambda high: high != fixed[0][0])
    choices = 1 if fixed else None
    for low, above in _tightest(rest, lower, -1, choices):
        for high, within in _tightest(above, upper, 1, choices):
            # Of a region with no values the sum is 0 if just one is missing, so that edge may belong to it.
            left = _added(within, _plus(_difference(high, low), 1))
            if left is not None:
                weight = primitive.at(variable, high) - primitive.at(variable, _plus(low, -1))
                yield _Part(left, weight, variables)


def _bounds(conditions: _Conditions, variable: int) -> tuple[list[Linear], list[Linear]]:
    """Return the lower and the upper bounds, both inclusive, of a variable with factors of 1 and -1."""
    lower: list[Linear] = []
    upper: list[Linear] = []
    for linear, constant in conditions.items():
        side = linear[variable]
        if side:
            bound = tuple(-side * f for f in (*linear, constant))
            (lower if side > 0 else upper).append((*bound[:variable], 0, *bound[variable + 1 :]))
    return lower, upper


def _tightest(
    conditions: _Conditions, bounds: list[Linear], sign: int, choices: int | None
) -> Iterator[tuple[Linear, _Conditions]]:
    """Yield each of the first `choices` bounds with the conditions under which it is the least (-1: the greatest).

    The regions are disjoint: where bounds are equal, the first is taken.
    """
    for chosen, bound in enumerate(bounds[:choices]):
        found: _Conditions | None = conditions
        for number, other in enumerate(bounds):
            if number != chosen and found is not None:
                slack = tuple(sign * f for f in _difference(other, bound))
                found = _added(found, _plus(slack, -1 if number < chosen else 0))
        if found is not None:
            yield bound, found


def _classes(part: _Part) -> Iterator[_Part]:
    """Yield the part split into residue classes, in each of which some variable has factors of 1 and -1 only."""
    moduli = min((_moduli(part, v) for v in reversed(part.variables)), key=lambda found: prod(found.values()))
    parts: Iterable[_Part] = [part]
    for variable, modulus in moduli.items():
        parts = _split(parts, variable, modulus)
    yield from parts


def _moduli(part: _Part, variable: int) -> dict[int, int]:
    """Return the variables to split, each with its number of classes, for the bounds of a variable to be integers."""
    moduli: dict[int, int] = {}
    for linear in part.conditions:
        divisor = abs(linear[variable])
        if divisor > 1:
            for other, factor in enumerate(linear):
                if other != variable and factor % divisor:
                    moduli[other] = lcm(moduli.get(other, 1), divisor // gcd(divisor, factor))
    return moduli


def _split(parts: Iterable[_Part], variable: int, modulus: int) -> Iterator[_Part]:
    """Yield parts with `modulus` times the variable and each remainder in the place of a variable."""
    for part in parts:
        for remainder in _remainders(part, variable, modulus):
            conditions: _Conditions | None = {}
            for linear, constant in part.conditions.items():
                factor = linear[variable]
                wider = (*linear[:variable], factor * modulus, *linear[variable + 1 :], constant + factor * remainder)
                conditions = _added(conditions, wider, search=False)
            if conditions is not None:
                value = (*_only(part, variable, modulus), remainder)
                yield _Part(conditions, part.weight.at(variable, value), part.variables)


def _remainders(part: _Part, variable: int, modulus: int) -> range:
    """Return a number of each residue class that the variable may be in."""
    least = part.conditions.get(_only(part, variable, 1))
    most = part.conditions.get(_only(part, variable, -1))
    if least is None or most is None:
        return range(modulus)
    return range(-least, min(most, modulus - least - 1) + 1)


def _only(part: _Part, variable: int, factor: int) -> tuple[int, ...]:
    """Return the factors of a multiple of one variable."""
    size = len(next(iter(part.conditions)))
    return tuple(factor if v == variable else 0 for v in range(size))


def _difference(left: Linear, right: Linear) -> Linear:
    return tuple(a - b for a, b in zip(left, right, strict=True))


def _plus(linear: Linear, constant: int) -> Linear:
    return (*linear[:-1], linear[-1] + constant)


def _added(conditions: _Conditions | None, inequality: Linear, search: bool = True) -> _Conditions | None:
    """Return conditions with one more, unless it follows from them; None where nothing satisfies both.

    Without `search` only what is seen at once is taken note of.
    """
    if conditions is None:
        return None
    linear, constant = _lowest(inequality)
    if not any(linear):
        return conditions if constant >= 0 else None
    known = conditions.get(linear)
    if known is not None and known <= constant:
        return conditions
    opposite = tuple(-f for f in linear)
    limit = conditions.get(opposite)
    if limit is not None and limit + constant < 0:
        return None
    if search and conditions:
        if _follows(conditions, linear, constant):
            return conditions
        if _follows(conditions, opposite, -constant - 1):
            return None
    return {**conditions, linear: constant}


def _lowest(inequality: Linear) -> tuple[tuple[int, ...], int]:
    """Return the factors without a common divisor, and the constant that goes with them for integer variables."""
    linear = inequality[:-1]
    common = gcd(*linear)
    if common <= 1:
        return linear, inequality[-1]
    return tuple(f // common for f in linear), inequality[-1] // common


def _without_redundant(conditions: _Conditions, variable: int) -> _Conditions:
    """Return conditions without those on a variable that follow from others, where they would make regions."""
    left = dict(conditions)
    for side in (1, -1):
        rivals = [linear for linear in conditions if linear[variable] * side > 0]
        for linear in rivals if len(rivals) > 1 else []:
            constant = left.pop(linear)
            if not _follows(left, linear, constant):
                left[linear] = constant
    return left


def _follows(conditions: Mapping[tuple[int, ...], int], linear: tuple[int, ...], constant: int) -> bool:
    """Return whether an inequality is seen to follow from others, by putting bounds in the place of its variables.

    It is only ever a sum of multiples of them (and rounded), so that leaving it out unbounds no direction.
    """
    pending = [(linear, constant, 0)]
    for _ in range(_MOST_ATTEMPTS):
        if not pending:
            return False
        linear, constant, done = pending.pop()
        if conditions.get(linear, constant + 1) <= constant:
            return True
        variable = max((v for v, f in enumerate(linear) if f), default=-1)
        if variable < 0:
            if constant >= 0:
                return True
            continue
        factor = linear[variable]
        for bound, least in conditions.items():
            if bound[variable] * factor > 0 and not any(f and done >> v & 1 for v, f in enumerate(bound)):
                scale, weight = abs(bound[variable]), abs(factor)
                reduced = tuple(scale * f - weight * g for f, g in zip(linear, bound, strict=True))
                pending.append((*_lowest((*reduced, scale * constant - weight * least)), done | 1 << variable))
    return False
