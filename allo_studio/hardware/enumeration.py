"""Counting the iterations of a loop nest by going through them, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from allo_studio.hardware.counters import Counter, Integers
from allo_studio.hardware.polyhedra import Allowance

__all__ = ["enumerate_iterations"]

# Iterations that are looked at at once, which bounds the memory.
_MOST_AT_ONCE = 1 << 16


def enumerate_iterations(
    counters: Sequence[Counter], env: Mapping[str, int], nonempty: Counter | None, allowance: Allowance
) -> int:
    """Return what `counting.count` returns. The allowance counts iterations that are gone through.

    Raises OutOfSteps beyond the allowance.
    """
    instances: dict[int | str, Integers] = {name: np.array([value]) for name, value in env.items()}
    return _counted(counters, instances, 1, nonempty, allowance)


def _counted(
    counters: Sequence[Counter],
    env: Mapping[int | str, Integers],
    size: int,
    nonempty: Counter | None,
    allowance: Allowance,
) -> int:
    """Return the iterations of `counters` in all of `size` instances of what is around them."""
    if nonempty is not None and nonempty.needs <= env.keys():
        chosen = np.flatnonzero(nonempty.trips(env, size) > 0)
        env, size, nonempty = {key: values[chosen] for key, values in env.items()}, chosen.size, None
    if not counters or not size:
        return size
    counter, inner = counters[0], counters[1:]
    trips = counter.trips(env, size)
    if not inner and nonempty is None:
        return sum(trips.tolist())
    ends, first = np.cumsum(trips), counter.first(env, size)
    total = 0
    for start in range(0, int(ends[-1]), _MOST_AT_ONCE):
        positions = np.arange(start, min(start + _MOST_AT_ONCE, int(ends[-1])))
        allowance.spend(positions.size)
        instance = np.searchsorted(ends, positions, side="right")
        within = {key: values[instance] for key, values in env.items()}
        within[counter.key] = first[instance] + (positions - (ends - trips)[instance]) * counter.stride
        total += _counted(inner, within, positions.size, nonempty, allowance)
    return total
