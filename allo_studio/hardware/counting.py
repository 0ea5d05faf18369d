"""How many iterations a loop nest has, exactly and in a time that does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from allo_studio.hardware.counters import Affine, Counter, Quotient
from allo_studio.hardware.enumeration import enumerate_iterations
from allo_studio.hardware.polyhedra import Allowance, OutOfSteps, count_points
from allo_studio.hardware.polynomials import Linear

__all__ = ["count"]

# Steps of the closed form that are tried at first, and how many iterations are gone through in the time of a step.
_FIRST_STEPS = 200
_ITERATIONS_PER_STEP = 1000
_GROWTH = 4


def count(counters: Sequence[Counter], env: Mapping[str, int] | None = None, nonempty: Counter | None = None) -> int:
    """Return the number of iterations (groups of lanes) of a nest of `counters`, the outermost first.

    `env` gives the values of scalar arguments. With `nonempty`, only iterations in which that further counter has a
    trip are counted. A nest of no counters has one iteration. Raises ValueError where the bounds of a counter are not
    known, or depend on what is neither a counter before it nor in `env`.
    """
    known = {name: int(value) for name, value in (env or {}).items()}
    _check(counters, known, nonempty)
    spaces = list(_spaces(counters, known, nonempty))
    steps = _FIRST_STEPS
    # Some nests have more regions and residue classes than iterations. Which they are shows only in the doing.
    while True:
        try:
            allowance = Allowance(steps)
            return sum(count_points(space.inequalities(), space.variables, allowance) for space in spaces)
        except OutOfSteps:
            pass
        try:
            return enumerate_iterations(counters, known, nonempty, Allowance(steps * _ITERATIONS_PER_STEP))
        except OutOfSteps:
            steps *= _GROWTH


def _check(counters: Sequence[Counter], env: Mapping[str, int], nonempty: Counter | None) -> None:
    """Raise ValueError where bounds are not known functions of counters before and of arguments that are given."""
    given: set[int | str] = set(env)
    for counter in (*counters, *([nonempty] if nonempty else [])):
        if not counter.known:
            raise ValueError(f"the bounds of loop {counter.name!r} are computed from data, so its trips are not known")
        missing = sorted(str(key) for key in counter.needs - given)
        if missing:
            raise ValueError(f"the bounds of loop {counter.name!r} depend on {', '.join(missing)}, not given here")
        given.add(counter.key)


@dataclass
class _Space:
    """Iterations as integer points: all `conditions`, in variables from 0 on, are at least 0.

    `known` has the values of counters and arguments as functions of the variables, `quotients` the variables that
    stand for quotients.
    """

    known: dict[int | str, Affine]
    conditions: list[Affine] = field(default_factory=list)
    quotients: dict[Quotient, int] = field(default_factory=dict)
    variables: int = 0

    def copy(self) -> _Space:
        """Return the same space, to go on with apart."""
        return replace(self, known=dict(self.known), conditions=list(self.conditions), quotients=dict(self.quotients))

    def variable(self) -> Affine:
        """Return a new variable."""
        self.variables += 1
        return Affine.of(self.variables - 1)

    def resolve(self, bounds: Sequence[Affine]) -> list[Affine]:
        """Return different bounds as functions of the variables only."""
        return [self._without_quotients(bound.substitute(self.known)) for bound in dict.fromkeys(bounds)]

    def _without_quotients(self, expression: Affine) -> Affine:
        """Return an expression of variables with variables in the place of quotients."""
        quotients = [(key, factor) for key, factor in expression.terms if isinstance(key, Quotient)]
        if not quotients:
            return expression
        plain = tuple((key, factor) for key, factor in expression.terms if not isinstance(key, Quotient))
        total = Affine(plain, expression.constant)
        for key, factor in quotients:
            quotient = Quotient(self._without_quotients(key.of), key.divisor)
            if quotient not in self.quotients:
                rest = quotient.of - self.variable() * quotient.divisor
                self.quotients[quotient] = self.variables - 1
                self.conditions += [rest, rest * -1 + (quotient.divisor - 1)]
            total += Affine.of(self.quotients[quotient]) * factor
        return total

    def inequalities(self) -> Iterator[Linear]:
        """Yield the conditions: the factors of all variables, then the constant."""
        for condition in self.conditions:
            factors = dict(condition.terms)
            yield (*(factors.get(v, 0) for v in range(self.variables)), condition.constant)


def _spaces(counters: Sequence[Counter], env: Mapping[str, int], nonempty: Counter | None) -> Iterator[_Space]:
    """Yield disjoint spaces that have one point for each iteration."""
    spaces = [_Space({name: Affine((), value) for name, value in env.items()})]
    for depth, counter in enumerate(counters):
        later = (*counters[depth + 1 :], *([nonempty] if nonempty else []))
        used = any(counter.key in other.needs for other in later)
        spaces = [inner for space in spaces for inner in _with_counter(space, counter, used)]
    for space in spaces:
        if nonempty is not None:
            lower, upper = space.resolve(nonempty.lower), space.resolve(nonempty.upper)
            space.conditions += [high - low + -1 for low in lower for high in upper]
        yield space


def _with_counter(space: _Space, counter: Counter, used: bool) -> list[_Space]:
    """Return a space, or what it has to be split into, with a variable for one more counter."""
    lower, upper = space.resolve(counter.lower), space.resolve(counter.upper)
    variable = space.variable()
    if counter.stride == 1:
        space.known[counter.key] = variable
        space.conditions += [variable - low for low in lower] + [high - variable + -1 for high in upper]
        return [space]
    # The variable is the number of the trip; trips go on while first + stride * trip < last.
    space.conditions.append(variable)
    if used and len(lower) > 1:
        return [_starting(space, counter, lower, chosen, variable, upper) for chosen in range(len(lower))]
    space.known[counter.key] = lower[0] + variable * counter.stride
    space.conditions += [high - low - variable * counter.stride + -1 for low in lower for high in upper]
    return [space]


def _starting(
    space: _Space, counter: Counter, lower: Sequence[Affine], chosen: int, variable: Affine, upper: Sequence[Affine]
) -> _Space:
    """Return the part of a space in which a counter starts at the chosen lower bound, the first of the greatest."""
    found = space.copy()
    value = lower[chosen] + variable * counter.stride
    found.known[counter.key] = value
    for number, other in enumerate(lower):
        if number != chosen:
            found.conditions.append(lower[chosen] - other + (-1 if number < chosen else 0))
    found.conditions += [high - value + -1 for high in upper]
    return found
