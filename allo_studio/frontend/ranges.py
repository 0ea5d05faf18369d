"""The range of an index expression over a nest of loops, by elimination of one variable after another.

Triangular nests need this: in `for i in range(N): for j in range(i):` the subscript `i - j - 1` is never negative,
which the ranges of `i` and `j` on their own do not tell. What the branches around a place say of the variables
(`guards`) counts too. Named sizes and scalar arguments are variables of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd, prod
from typing import TypeAlias

from allo_studio.frontend.tree import Division, Memory, Variable
from allo_studio.ir import LinearExpr

__all__ = ["Guard", "Range", "range_of"]

# Alternatives, of which at least one holds; each is a list of expressions that are all at least 0.
Guard: TypeAlias = tuple[tuple[LinearExpr, ...], ...]
_Part: TypeAlias = Variable | Memory | Division

# Elimination can square the number of constraints; real nests stay far below this.
_MOST_CONSTRAINTS = 2000
_MOST_CASES = 32


@dataclass(frozen=True)
class Range:
    """The least and the greatest value that is taken; None where no bound could be shown."""

    least: int | None
    greatest: int | None

    def less(self, number: int) -> Range:
        """Return the range of what is less by a number."""
        least, greatest = (None if end is None else end - number for end in (self.least, self.greatest))
        return Range(least, greatest)

    def __str__(self) -> str:
        if self.least == self.greatest and self.least is not None:
            return f"is {self.least}"
        least, greatest = ("unknown" if end is None else end for end in (self.least, self.greatest))
        return f"goes from {least} to {greatest}"


class _Empty(Exception):
    """Raised where the nest has no iteration, which is an answer."""


def range_of(expression: LinearExpr, nest: Sequence[Variable], guards: Sequence[Guard] = ()) -> Range | None:
    """Return the range of `expression` over the iterations of `nest` (outermost first) in which all `guards` hold.

    The ends are rounded inwards to whole numbers. None where there is no such iteration.
    """
    box = None if guards else _box(expression, nest)
    if box is not None:
        return box
    if prod(len(guard) for guard in guards) > _MOST_CASES:
        # Without the alternatives the range is only wider: the answer stays on the safe side.
        guards = [guard for guard in guards if len(guard) == 1]
    found = [_range(expression, nest, sum(case, ())) for case in product(*guards)]
    ranges = [one for one in found if one is not None]
    if not ranges:
        return None
    least, greatest = [one.least for one in ranges], [one.greatest for one in ranges]
    return Range(
        None if None in least else min(end for end in least if end is not None),
        None if None in greatest else max(end for end in greatest if end is not None),
    )


def _box(expression: LinearExpr, nest: Sequence[Variable]) -> Range | None:
    """Return the range where all loops have constant bounds and run, in one pass; None where this does not tell."""
    ends: dict[Variable, tuple[int, int]] = {}
    for variable in nest:
        if variable.computed or not (variable.lower.is_constant and variable.upper.is_constant):
            return None
        values = range(variable.lower.constant, variable.upper.constant, variable.step)
        if not values:
            return None
        ends[variable] = (min(values[0], values[-1]), max(values[0], values[-1]))
    least = greatest = expression.constant
    for part, factor in expression.terms:
        if part not in ends:
            return None
        low, high = ends[part]
        least += factor * (low if factor > 0 else high)
        greatest += factor * (high if factor > 0 else low)
    return Range(least, greatest)


def _range(expression: LinearExpr, nest: Sequence[Variable], guards: Iterable[LinearExpr]) -> Range | None:
    result = Variable("range", LinearExpr(), LinearExpr(), 1)
    domain = _Domain(nest)
    value = domain.replace(expression)
    held = [domain.replace(guard) for guard in guards]
    constraints = [*domain.constraints, *held, LinearExpr.of(result) - value, value - LinearExpr.of(result)]
    try:
        for part in domain.eliminated():
            constraints = _eliminate(part, _tighten(constraints))
        return _ends(result, _tighten(constraints))
    except _Empty:
        return None


class _Domain:
    """What holds in every iteration of a nest: each of `constraints` is at least 0.

    With a step other than 1 the variable stands for the number of the iteration.
    """

    def __init__(self, nest: Sequence[Variable]) -> None:
        self.constraints: list[LinearExpr] = []
        self._positions: dict[Variable, LinearExpr] = {}
        self._others: list[_Part] = []
        for variable in nest:
            self._enter(variable)

    def eliminated(self) -> list[_Part]:
        """Return all that is not asked for, in the order in which it goes best."""
        return [*reversed(self._others), *reversed(self._positions)]

    def replace(self, expression: LinearExpr) -> LinearExpr:
        """Return an expression with the variables' values put in."""
        total = LinearExpr.number(expression.constant)
        for part, factor in expression.terms:
            total = total + self._value(part) * factor
        return total

    def _enter(self, variable: Variable) -> None:
        this = LinearExpr.of(variable)
        if variable.computed:
            self._positions[variable] = this
            return
        lower, upper = self.replace(variable.lower), self.replace(variable.upper)
        position = this if variable.step == 1 else lower + this * variable.step
        self._positions[variable] = position
        self.constraints.append(this - lower if variable.step == 1 else this)
        self.constraints.append(upper - 1 - position if variable.step > 0 else position - 1 - upper)

    def _value(self, part: _Part) -> LinearExpr:
        if isinstance(part, Variable) and part in self._positions:
            return self._positions[part]
        if part not in self._others:
            self._others.append(part)
            if isinstance(part, Division):
                self._divide(part)
            elif isinstance(part, Memory):
                self._bound(part)
        return LinearExpr.of(part)

    def _bound(self, scalar: Memory) -> None:
        this, kind = LinearExpr.of(scalar), scalar.type.element
        least, greatest = (kind.least, kind.greatest) if scalar.maximum is None else (1, scalar.maximum)
        self.constraints += [this - least, -this + greatest]

    def _divide(self, part: Division) -> None:
        this, operand, divisor = LinearExpr.of(part), self.replace(part.operand), part.divisor
        rest = this
        if part.remainder:
            # The operand is the remainder and some multiple of the divisor.
            multiple = Variable("multiple", LinearExpr(), LinearExpr(), 1)
            self._others.append(multiple)
            whole = operand - this - LinearExpr.of(multiple) * divisor
            self.constraints += [whole, -whole]
        else:
            rest = operand - this * divisor
        self.constraints += [rest, -rest + (divisor - 1)]


def _tighten(constraints: Iterable[LinearExpr]) -> list[LinearExpr]:
    """Return the constraints in lowest terms for whole numbers, the strongest of those with equal terms."""
    strongest: dict[tuple[tuple[_Part, int], ...], int] = {}
    for constraint in constraints:
        if not constraint.terms:
            if constraint.constant < 0:
                raise _Empty
            continue
        divisor = gcd(*(factor for _, factor in constraint.terms))
        terms = tuple(sorted(((v, f // divisor) for v, f in constraint.terms), key=lambda term: hash(term[0])))
        constant = constraint.constant // divisor
        strongest[terms] = min(strongest.get(terms, constant), constant)
    return [LinearExpr(terms, constant) for terms, constant in strongest.items()]


def _eliminate(part: _Part, constraints: list[LinearExpr]) -> list[LinearExpr]:
    kept = [c for c in constraints if c.coefficient(part) == 0]
    below = [c for c in constraints if c.coefficient(part) > 0]
    above = [c for c in constraints if c.coefficient(part) < 0]
    if len(kept) + len(below) * len(above) > _MOST_CONSTRAINTS:
        # Fewer constraints only widen the range: the answer stays on the safe side.
        return kept
    for low in below:
        for high in above:
            kept.append(low * -high.coefficient(part) + high * low.coefficient(part))
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
