"""What a simulation computed against what it should have, element by element."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Comparison", "Mismatch", "compare"]


@dataclass(frozen=True)
class Mismatch:
    """One element that differs: the port, the index into its array, and both values."""

    port: str
    index: tuple[int, ...]
    got: float | int
    want: float | int

    def __str__(self) -> str:
        place = f"{self.port}[{', '.join(map(str, self.index))}]" if self.index else self.port
        return f"{place} is {self.got!r} and should be {self.want!r}"


@dataclass(frozen=True)
class Comparison:
    """How many elements were compared, how many differ, by how much at most (absolute), and the first that does.

    `max_error` counts elements within the tolerance too; it is infinite where only one of the two is a number.
    """

    compared: int
    mismatches: int
    max_error: float
    first_mismatch: Mismatch | None


def compare(got: Mapping[str, NDArray[Any]], want: Mapping[str, NDArray[Any]], tolerance: float = 0.0) -> Comparison:
    """Compare every element of every port of `want`.

    Floats are equal where their values are (all NaNs are equal, and so are both zeros) or, with a `tolerance`, where
    they differ by at most `tolerance` times the largest magnitude expected on the port (at least 1). Integers are
    compared exactly.
    """
    compared, mismatches, largest = 0, 0, 0.0
    first: Mismatch | None = None
    for port in sorted(want):
        error = _errors(got[port], want[port])
        wrong = error > _allowed(want[port], tolerance)
        compared += error.size
        mismatches += int(np.count_nonzero(wrong))
        largest = max(largest, float(error.max(initial=0.0)))
        if first is None and wrong.any():
            index = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
            first = Mismatch(port, index, got[port][index].item(), want[port][index].item())
    return Comparison(compared, mismatches, largest, first)


def _errors(got: NDArray[Any], want: NDArray[Any]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(got.astype(np.float64) - want.astype(np.float64))
    error = np.where(np.isnan(error), math.inf, error)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    return np.where(same, 0.0, error)


def _allowed(want: NDArray[Any], tolerance: float) -> float:
    if tolerance == 0.0 or want.dtype.kind != "f":
        return 0.0
    numbers = np.abs(want[np.isfinite(want)])
    return tolerance * max(1.0, float(numbers.max(initial=0.0)))
