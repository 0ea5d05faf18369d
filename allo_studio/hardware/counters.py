"""Loop counters: trip counts and values as affine functions of outer counters, for many iterations at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from allo_studio.source import Span

__all__ = ["Affine", "Counter", "Environment", "Integers"]

Integers = npt.NDArray[np.int64]
# The values of outer counters, by key, in each of several instances: arrays of one length.
Environment = Mapping[int, Integers]


@dataclass(frozen=True)
class Affine:
    """A sum of multiples of counters (by key) and a constant."""

    terms: tuple[tuple[int, int], ...] = ()
    constant: int = 0

    def at(self, env: Environment, count: int) -> Integers:
        """Return the value in each of `count` instances."""
        total = np.full(count, self.constant, dtype=np.int64)
        for key, factor in self.terms:
            total += factor * env[key]
        return total


@dataclass(frozen=True)
class Counter:
    """A loop: from the largest of `lower` to below the least of `upper`, `lanes` iterations at once."""

    key: int
    name: str
    lower: tuple[Affine, ...]
    upper: tuple[Affine, ...]
    step: int
    lanes: int = 1
    span: Span | None = None

    @property
    def needs(self) -> frozenset[int]:
        """The counters that the bounds depend on."""
        return frozenset(key for bound in (*self.lower, *self.upper) for key, _ in bound.terms)

    @property
    def constant_trips(self) -> int | None:
        """The trip count (groups of lanes), or None where it depends on outer counters."""
        return int(self.trips({}, 1)[0]) if not self.needs else None

    def first(self, env: Environment, count: int) -> Integers:
        """Return the first value in each instance."""
        first: Integers = np.maximum.reduce([bound.at(env, count) for bound in self.lower])
        return first

    def trips(self, env: Environment, count: int) -> Integers:
        """Return the trip count in each instance."""
        last: Integers = np.minimum.reduce([bound.at(env, count) for bound in self.upper])
        iterations: Integers = np.maximum(-(-(last - self.first(env, count)) // self.step), 0)
        return -(-iterations // self.lanes)

    def expand(self, env: Environment, count: int, needed: Sequence[int]) -> tuple[Integers, dict[int, Integers]]:
        """Return, for all iterations of all instances in order, the instance's number and the values `needed`."""
        trips = self.trips(env, count)
        instance = np.repeat(np.arange(count), trips)
        inner = {key: env[key][instance] for key in needed if key in env}
        if self.key in needed:
            position = np.arange(instance.size) - np.repeat(np.cumsum(trips) - trips, trips)
            inner[self.key] = self.first(env, count)[instance] + position * (self.step * self.lanes)
        return instance, inner
