"""The iterations of a pipelined loop and of the nest flattened into it, and what holds between two of them, by isl."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import gcd, prod

from allo_studio.analysis.sets import isl_set
from allo_studio.hardware.counters import Affine, Counter, Key, Quotient, variables

__all__ = ["UNBOUNDED", "Equation", "Iterations", "Space"]

# More iterations than there are of anything: the trip count where nothing bounds it.
UNBOUNDED = 1 << 62


@dataclass(frozen=True)
class Space:
    """The iterations of a pipelined loop with the nest flattened into it.

    `counters` are outermost first (empty: code that runs once), and all but the first have constant trip counts.
    `outer` are those around, outermost first, whose values are shared by the iterations of one execution of the
    pipeline. `arguments` has the least and greatest value of each scalar argument that occurs (None: unbounded).
    """

    counters: tuple[Counter, ...]
    outer: tuple[Counter, ...]
    arguments: Mapping[str, tuple[int | None, int | None]]


@dataclass(frozen=True)
class Equation:
    """`left` of one iteration is `right` of another: modulo `modulus` if that is not 0, and divided by `size`."""

    left: Affine
    right: Affine
    modulus: int = 0
    size: int = 1


@dataclass(frozen=True)
class _Place:
    """A counter by its iteration's number p, which goes by the counter's key: its value is first + stride * p.

    `first` is a variable (named after the key) where it is the greatest of several `lower` bounds or none is known.
    """

    key: int
    first: Affine
    stride: int
    lower: tuple[Affine, ...]
    upper: tuple[Affine, ...]

    @classmethod
    def of(cls, counter: Counter, known: Mapping[int | str, Affine]) -> _Place:
        """Return the place of a counter, where the values of those around are known."""
        bounds = counter.substitute(known)
        constants = [b.constant for b in bounds.lower if b.is_constant]
        lower = tuple(dict.fromkeys(b for b in bounds.lower if not b.is_constant or b.constant == max(constants)))
        first = lower[0] if len(lower) == 1 else Affine.of(f"@{counter.key}")
        return cls(counter.key, first, counter.stride, () if len(lower) == 1 else lower, bounds.upper)

    @property
    def value(self) -> Affine:
        """The counter's value."""
        return self.first + Affine.of(self.key) * self.stride

    @cached_property
    def trips(self) -> int | None:
        """The trip count, or None where it is not constant."""
        extents = [bound - self.first for bound in self.upper]
        if not extents or not all(extent.is_constant for extent in extents):
            return None
        return max(0, -(-min(extent.constant for extent in extents) // self.stride))

    @property
    def needs(self) -> Iterator[int | str]:
        """The variables that the position depends on."""
        return variables(*(() if self.trips is not None else (self.first, *self.lower, *self.upper)))


class Iterations:
    """Which iterations of a space there are, with counters by their iterations' numbers, which start at 0."""

    def __init__(self, space: Space) -> None:
        """Take in a space; raises ValueError where an inner counter's trip count is not constant."""
        known: dict[int | str, Affine] = {}
        places = []
        for counter in (*space.outer, *space.counters):
            places.append(_Place.of(counter, known))
            known[counter.key] = places[-1].value
        self._known, self._arguments = known, space.arguments
        self._outer, self._own = places[: len(space.outer)], places[len(space.outer) :]
        self.own = frozenset(counter.key for counter in space.counters)
        if any(place.trips is None for place in self._own[1:]):
            raise ValueError("an inner counter of a flattened nest has no constant trip count")
        self._normal: dict[Affine, Affine] = {}
        self._least: dict[tuple[Equation, ...], int | None] = {}

    @cached_property
    def trips(self) -> tuple[int, ...]:
        """The trip counts of the space's counters, for those values of the outer ones that give the most."""
        return (self._most, *(place.trips or 0 for place in self._own[1:])) if self._own else ()

    @cached_property
    def total(self) -> int:
        """How many iterations one execution has at most."""
        return prod(self.trips) if self._own else self._most

    @cached_property
    def _most(self) -> int:
        """The trip count of the first counter at most (1 for code that runs once), or 0 where nothing ever runs."""
        constant = [place.trips for place in (*self._outer, *self._own)]
        if 0 in constant:
            return 0
        if None not in constant:
            return (self._own[0].trips or 0) if self._own else 1
        found = isl_set(self._set("p", (), f"p = s{self._own[0].key}" if self._own else "p = 0"))
        if found.is_empty():
            return 0
        most = found.dim_max_val(0)
        return int(str(most)) + 1 if most.is_int() else UNBOUNDED

    def normal(self, expression: Affine) -> Affine:
        """Return an expression of the counters' values in terms of their iterations' numbers."""
        if expression not in self._normal:
            self._normal[expression] = expression.substitute(self._known)
        return self._normal[expression]

    def equation(self, left: Affine, right: Affine) -> Equation:
        """Return that two normal expressions are equal, without what both sides share in any two iterations."""
        both = {term for term in left.terms if term in right.terms and not self.varies(term[0])}
        if both:
            left, right = (Affine(tuple(t for t in s.terms if t not in both), s.constant) for s in (left, right))
        return Equation(left + -right.constant, right + -right.constant)

    def varies(self, key: Key) -> bool:
        """Tell whether it may differ between the iterations of one execution."""
        return any(k in self.own for k in (variables(key.of) if isinstance(key, Quotient) else (key,)))

    def uniform(self, equation: Equation) -> bool:
        """Tell whether the two sides differ by multiples of the differences between the two iterations' numbers."""
        terms = equation.left.terms
        return terms == equation.right.terms and not any(isinstance(k, Quotient) and self.varies(k) for k, _ in terms)

    def together(self, equations: tuple[Equation, ...]) -> bool:
        """Tell whether equations without modulus and size hold in some iteration."""
        constants = [e.left.constant - e.right.constant for e in equations if self.uniform(e)]
        if any(constants) or not self.total:
            return False
        return len(constants) == len(equations) or self.apart(equations, 0)

    def apart(self, equations: tuple[Equation, ...], distance: int, endless: bool = False) -> bool:
        """Tell whether equations hold between some iteration and that `distance` after it.

        `endless`: one of the two may be beyond the ends of the outermost counter.
        """
        beyond = "st" if endless and self._own else ("",)
        return any(not isl_set(self._set("d", equations, f"d = {distance}", end)).is_empty() for end in beyond)

    def least(self, equations: tuple[Equation, ...]) -> int | None:
        """Return the least distance from 1 at which equations without modulus and size hold; None if at none."""
        if equations not in self._least:
            self._least[equations] = self._nearest(equations)
        return self._least[equations]

    def _nearest(self, equations: tuple[Equation, ...]) -> int | None:
        if len(self._own) == 1 and all(self.uniform(e) for e in equations):
            # With f * p + c = f * q + e, the distance q - p is (c - e) / f.
            found = {(e.left.constant - e.right.constant, *(f for _, f in e.left.terms)) for e in equations}
            if any(c % gcd(*f) if f else c for c, *f in found):
                return None
            distances = {c // f[0] for c, *f in found if f} or {1}
            return min(distances) if len(distances) == 1 and 0 < min(distances) < self.total else None
        distances = isl_set(self._set("d", equations, "d >= 1"))
        return None if distances.is_empty() else int(str(distances.dim_min_val(0)))

    def _set(self, result: str, equations: Iterable[Equation], condition: str, beyond: str = "") -> str:
        """Return isl's set of a result over two iterations of one execution, at the distance d from the first.

        The outermost counter of one, `s` or `t`, may be `beyond` its ends.
        """
        needed = set(variables(*(side for e in equations for side in (e.left, e.right))))
        places = []
        for place in (*self._own[::-1], *self._outer[::-1]):
            if place.trips is None or place.key in self.own or needed & {place.key, f"@{place.key}"}:
                places.append(place)
                needed.update(place.needs)
        names: dict[int | str, str] = {
            k: f"a{n}" for n, k in enumerate(sorted(k for k in needed if isinstance(k, str)))
        }
        bounds = [(names[k], self._arguments[k]) for k in names if isinstance(k, str) and k in self._arguments]
        lines = [
            f"{name} {sign} {v}"
            for name, pair in bounds
            for sign, v in zip((">=", "<="), pair, strict=True)
            if v is not None
        ]
        names |= {place.key: f"o{place.key}" for place in places}
        ends = [names | {place.key: f"{end}{place.key}" for place in self._own} for end in "st"]
        lines += chain.from_iterable(
            _bounds(place, names)
            for place in places
            for end, names in zip("st", ends, strict=True)
            if not (end == beyond and place is self._own[0])
        )
        lines += [_equality(e, *ends) for e in equations]
        lines += [f"d = {' + '.join(['0', *self._flat(ends[1], 1), *self._flat(ends[0], -1)])}", condition]
        inside = sorted({"d", *ends[0].values(), *ends[1].values()} - {result})
        # Both ends have the same conditions on what they share.
        return f"{{ [{result}] : exists {', '.join(inside)}: {' and '.join(dict.fromkeys(lines))} }}"

    def _flat(self, names: Mapping[int | str, str], sign: int) -> Iterator[str]:
        """Yield what the number of the flattened loop's iteration is the sum of."""
        for n, place in enumerate(self._own):
            yield f"{sign * prod(p.trips or 0 for p in self._own[n + 1 :])} * {names[place.key]}"


def _bounds(place: _Place, names: Mapping[int | str, str]) -> Iterator[str]:
    """Yield the conditions on a counter's position and first value."""
    position = names[place.key]
    yield f"{position} >= 0"
    if place.trips is not None:
        yield f"{position} < {place.trips}"
    else:
        yield from (f"{_text(place.value, names)} < {_text(bound, names)}" for bound in place.upper)
    if place.lower:
        first, lower = _text(place.first, names), [_text(bound, names) for bound in place.lower]
        yield from (f"{first} >= {bound}" for bound in lower)
        # The first value is the greatest of the bounds: it is one of them.
        yield f"({' or '.join(f'{first} = {bound}' for bound in lower)})"


def _equality(equation: Equation, left: Mapping[int | str, str], right: Mapping[int | str, str]) -> str:
    sides = _text(equation.left, left), _text(equation.right, right)
    if equation.size > 1:
        return " = ".join(f"floor(({side})/{equation.size})" for side in sides)
    return f"({sides[0]} - ({sides[1]})) mod {equation.modulus} = 0" if equation.modulus else " = ".join(sides)


def _text(affine: Affine, names: Mapping[int | str, str]) -> str:
    def name(key: Key) -> str:
        return f"floor(({_text(key.of, names)})/{key.divisor})" if isinstance(key, Quotient) else names[key]

    return " + ".join([*(f"{factor} * {name(key)}" for key, factor in affine.terms), str(affine.constant)])
