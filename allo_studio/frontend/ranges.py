"""The exact range of a linear expression over a nest of loops, by elimination of one variable after another.

Triangular nests need this: in `for i in range(N): for j in range(i):` the subscript `i - j - 1` is never negative,
which the ranges of `i` and `j` on their own do not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import gcd

from allo_studio.frontend.tree import Variable
from allo_studio.ir import LinearExpr

__all__ = ["Range", "range_of"]

# Elimination can square the number of constraints; real nests stay far below this.
_MOST_CONSTRAINTS = 2000


@dataclass(frozen=True)
class Range:
    """The least and the greatest value that is taken; None where no bound could be shown."""

    least: int | None
    greatest: int | None

    def __str__(self) -> str:
        if self.least == self.greatest and self.least is not None:
            return f"is {self.least}"
        least, greatest = ("unknown" if end is None else end for end in (self.least, self.greatest))
        return f"goes from {least} to {greatest}"


class _Empty(Exception):
    """Raised where the nest has no iteration, which is an answer."""


def range_of(expression: LinearExpr, nest: Sequence[Variable]) -> Range | None:
    """Return the range of `expression` over the iterations of `nest` (outermost first); None where there are none.

    The ends are rounded inwards to whole numbers.
    """
    result = Variable("range", LinearExpr(), LinearExpr(), 1)
    domain, positions = _domain(nest)
    value = _replace(expression, positions)
    constraints = [*domain, LinearExpr.of(result) - value, value - LinearExpr.of(result)]
    try:
        for variable in reversed(nest):
            constraints = _eliminate(variable, _tighten(constraints))
        return _ends(result, _tighten(constraints))
    except _Empty:
        return None


def _domain(nest: Sequence[Variable]) -> tuple[list[LinearExpr], dict[Variable, LinearExpr]]:
    """Return what holds in every iteration (each expression is at least 0), and each variable's value.

    With a step above 1 the variable stands for the number of the iteration.
    """
    constraints: list[LinearExpr] = []
    positions: dict[Variable, LinearExpr] = {}
    for variable in nest:
        lower, upper = _replace(variable.lower, positions), _replace(variable.upper, positions)
        this = LinearExpr.of(variable)
        positions[variable] = this if variable.step == 1 else lower + this * variable.step
        constraints.append(this - lower if variable.step == 1 else this)
        constraints.append(upper - 1 - positions[variable])
    return constraints, positions


def _replace(expression: LinearExpr, positions: dict[Variable, LinearExpr]) -> LinearExpr:
    total = LinearExpr.number(expression.constant)
    for variable, factor in expression.terms:
        total = total + positions[variable] * factor
    return total


def _tighten(constraints: Iterable[LinearExpr]) -> list[LinearExpr]:
    """Return the constraints in lowest terms for whole numbers, the strongest of those with equal terms."""
    strongest: dict[tuple[tuple[Variable, int], ...], int] = {}
    for constraint in constraints:
        if not constraint.terms:
            if constraint.constant < 0:
                raise _Empty
            continue
        divisor = gcd(*(factor for _, factor in constraint.terms))
        terms = tuple(sorted(((v, f // divisor) for v, f in constraint.terms), key=lambda term: id(term[0])))
        constant = constraint.constant // divisor
        strongest[terms] = min(strongest.get(terms, constant), constant)
    return [LinearExpr(terms, constant) for terms, constant in strongest.items()]


def _eliminate(variable: Variable, constraints: list[LinearExpr]) -> list[LinearExpr]:
    kept = [c for c in constraints if c.coefficient(variable) == 0]
    below = [c for c in constraints if c.coefficient(variable) > 0]
    above = [c for c in constraints if c.coefficient(variable) < 0]
    if len(kept) + len(below) * len(above) > _MOST_CONSTRAINTS:
        # Fewer constraints only widen the range: the answer stays on the safe side.
        return kept
    for low in below:
        for high in above:
            kept.append(low * -high.coefficient(variable) + high * low.coefficient(variable))
    return kept


def _ends(result: Variable, constraints: list[LinearExpr]) -> Range:
    least, greatest = None, None
    for constraint in constraints:
        factor = constraint.coefficient(result)
        if factor > 0:
            end = -(constraint.constant // factor)
            least = end if least is None else max(least, end)
        elif factor < 0:
            end = constraint.constant // -factor
            greatest = end if greatest is None else min(greatest, end)
    if least is not None and greatest is not None and least > greatest:
        raise _Empty
    return Range(least, greatest)
