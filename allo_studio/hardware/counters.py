"""Loop counters: bounds, trip counts and values as quasi-affine functions of outer counters and scalar arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from allo_studio.source import Span

__all__ = ["Affine", "Counter", "Environment", "Integers", "Key", "Quotient", "variables"]

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Quotient:
    """An affine expression divided by a positive number and rounded down."""

    of: Affine
    divisor: int


# What an expression is a sum of: counters by number, scalar arguments by name, quotients.
Key: TypeAlias = "int | str | Quotient"
# The values of counters and scalar arguments in each of several instances: arrays of one length (or numbers).
Environment: TypeAlias = Mapping["int | str", "Integers | int"]


@dataclass(frozen=True)
class Affine:
    """A sum of multiples of counters, scalar arguments and quotients, and a constant.

    `terms` holds each key once, with a factor that is not 0, in the order of `_rank`.
    """

    terms: tuple[tuple[Key, int], ...] = ()
    constant: int = 0

    @classmethod
    def of(cls, key: Key) -> Affine:
        """Return the expression that is just `key`."""
        return cls(((key, 1),))

    @property
    def is_constant(self) -> bool:
        """Whether the expression depends on nothing."""
        return not self.terms

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.terms, self.constant + other)
        factors: dict[Key, int] = dict(self.terms)
        for key, factor in other.terms:
            factors[key] = factors.get(key, 0) + factor
        terms = tuple(sorted(((k, f) for k, f in factors.items() if f), key=lambda term: _rank(term[0])))
        return Affine(terms, self.constant + other.constant)

    def __mul__(self, factor: int) -> Affine:
        return Affine(tuple((k, f * factor) for k, f in self.terms) if factor else (), self.constant * factor)

    def __sub__(self, other: Affine) -> Affine:
        return self + other * -1

    def floordiv(self, divisor: int) -> Affine:
        """Return the quotient by a positive number, rounded down; what comes out even is taken out of it."""
        even = tuple((k, f // divisor) for k, f in self.terms if f % divisor == 0)
        rest = tuple((k, f) for k, f in self.terms if f % divisor)
        if not rest:
            return Affine(even, self.constant // divisor)
        whole, left = divmod(self.constant, divisor)
        return Affine(even, whole) + Affine.of(Quotient(Affine(rest, left), divisor))

    def mod(self, divisor: int) -> Affine:
        """Return the remainder of the division by a positive number, which is not negative."""
        return self - self.floordiv(divisor) * divisor

    def substitute(self, known: Mapping[int | str, Affine]) -> Affine:
        """Return the expression with others in the place of some of its counters and arguments."""
        total = Affine((), self.constant)
        for key, factor in self.terms:
            if isinstance(key, Quotient):
                total += key.of.substitute(known).floordiv(key.divisor) * factor
            else:
                total += known.get(key, Affine.of(key)) * factor
        return total

    def at(self, env: Environment, count: int) -> Integers:
        """Return the value in each of `count` instances."""
        total = np.full(count, self.constant, dtype=np.int64)
        for key, factor in self.terms:
            value = key.of.at(env, count) // key.divisor if isinstance(key, Quotient) else env[key]
            total += factor * value
        return total

    def evaluate(self, env: Mapping[int | str, int]) -> int:
        """Return the value at a point."""
        total = self.constant
        for key, factor in self.terms:
            value = key.of.evaluate(env) // key.divisor if isinstance(key, Quotient) else env[key]
            total += factor * value
        return total


def _rank(key: Key) -> tuple[int, int, str]:
    """Return a key to sort by: counters, then arguments, then quotients."""
    if isinstance(key, int):
        return (0, key, "")
    return (1, 0, key) if isinstance(key, str) else (2, key.divisor, repr(key.of))


def variables(*expressions: Affine) -> Iterator[int | str]:
    """Yield the counters and arguments that expressions depend on, some perhaps several times."""
    for expression in expressions:
        for key, _ in expression.terms:
            if isinstance(key, Quotient):
                yield from variables(key.of)
            else:
                yield key


@dataclass(frozen=True)
class Counter:
    """A loop: from the largest of `lower` to below the least of `upper`, `lanes` iterations at once.

    Where bounds are computed from data, `lower` or `upper` is empty: nothing is known of that side. `step` is positive.
    """

    key: int
    name: str
    lower: tuple[Affine, ...]
    upper: tuple[Affine, ...]
    step: int
    lanes: int = 1
    span: Span | None = None

    @property
    def known(self) -> bool:
        """Whether the bounds are functions of outer counters and arguments."""
        return bool(self.lower and self.upper)

    @property
    def stride(self) -> int:
        """How far the value goes on in an iteration of the hardware."""
        return self.step * self.lanes

    @property
    def needs(self) -> frozenset[int | str]:
        """The counters and arguments that the bounds depend on."""
        return frozenset(variables(*self.lower, *self.upper))

    @property
    def constant_trips(self) -> int | None:
        """The trip count (groups of lanes), or None where it depends on something."""
        return int(self.trips({}, 1)[0]) if self.known and not self.needs else None

    def first(self, env: Environment, count: int) -> Integers:
        """Return the first value in each instance."""
        first: Integers = np.maximum.reduce([bound.at(env, count) for bound in self.lower])
        return first

    def iterations(self, env: Environment, count: int) -> Integers:
        """Return how many values the counter takes in each instance."""
        last: Integers = np.minimum.reduce([bound.at(env, count) for bound in self.upper])
        found: Integers = np.maximum(-(-(last - self.first(env, count)) // self.step), 0)
        return found

    def trips(self, env: Environment, count: int) -> Integers:
        """Return the trip count (groups of lanes) in each instance."""
        return -(-self.iterations(env, count) // self.lanes)

    def expand(
        self, env: Environment, count: int, needed: Sequence[int | str]
    ) -> tuple[Integers, dict[int | str, Integers]]:
        """Return, for all iterations of all instances in order, the instance's number and the values `needed`."""
        trips = self.trips(env, count)
        instance = np.repeat(np.arange(count), trips)
        inner = {key: np.broadcast_to(env[key], (count,))[instance] for key in needed if key in env}
        if self.key in needed:
            position = np.arange(instance.size) - np.repeat(np.cumsum(trips) - trips, trips)
            inner[self.key] = self.first(env, count)[instance] + position * self.stride
        return instance, inner

    def substitute(self, known: Mapping[int | str, Affine]) -> Counter:
        """Return the counter with others in the place of what its bounds depend on."""
        return replace(
            self,
            lower=tuple(bound.substitute(known) for bound in self.lower),
            upper=tuple(bound.substitute(known) for bound in self.upper),
        )
