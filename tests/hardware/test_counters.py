"""Counters for many instances at once, against enumeration."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.hardware.counters import Affine, Counter

_BOUNDS = st.lists(
    st.builds(Affine, st.sampled_from([(), ((0, 1),), ((0, -2),), ((0, 1), (1, 3))]), st.integers(-3, 9)),
    min_size=1,
    max_size=3,
).map(tuple)
_COUNTERS = st.builds(Counter, st.just(5), st.just("i"), _BOUNDS, _BOUNDS, st.integers(1, 4), st.integers(1, 3))


def value(affine: Affine, around: dict[int, int]) -> int:
    return affine.constant + sum(factor * around[key] for key, factor in affine.terms)


@given(_COUNTERS, st.lists(st.tuples(st.integers(0, 5), st.integers(-2, 3)), min_size=1, max_size=6))
def test_iterations_of_many_instances(counter: Counter, pairs: list[tuple[int, int]]) -> None:
    env = {0: np.array([a for a, _ in pairs]), 1: np.array([b for _, b in pairs])}
    wanted = []
    for a, b in pairs:
        around = {0: a, 1: b}
        first = max(value(bound, around) for bound in counter.lower)
        last = min(value(bound, around) for bound in counter.upper)
        wanted.append(list(range(first, last, counter.step * counter.lanes)))
    assert counter.trips(env, len(pairs)).tolist() == [len(values) for values in wanted]
    instance, inner = counter.expand(env, len(pairs), (0, 5))
    assert instance.tolist() == [n for n, values in enumerate(wanted) for _ in values]
    assert inner[5].tolist() == [v for values in wanted for v in values]
    assert inner[0].tolist() == [pairs[n][0] for n in instance]
    assert set(inner) == {0, 5}
    assert (counter.constant_trips is None) == bool(counter.needs)
