"""What a simulation computed against what it should have, element by element."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

__all__ = ["Comparison", "Mismatch", "compare"]


@dataclass(frozen=True)
class Mismatch:
    """One element that differs: the port, the index into its array, and both values."""

    port: str
    index: tuple[int, ...]
    got: Any
    want: Any

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
            first = Mismatch(port, index, _item(got[port], index), _item(want[port], index))
    return Comparison(compared, mismatches, largest, first)


def _errors(got: NDArray[Any], want: NDArray[Any]) -> NDArray[np.float64]:
    if want.dtype.names is not None:
        # Records have no distance.
        parts = [_errors(got[name], want[name]) > 0 for name in want.dtype.names]
        return np.where(np.logical_or.reduce(parts), 1.0, 0.0)
    same = np.asarray(got == want)
    if want.dtype.kind == "O":
        apart = [_apart(one, two) for one, two in zip(got.ravel(), want.ravel(), strict=True)]
        return np.array(apart, np.float64).reshape(want.shape)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(got.astype(np.float64) - want.astype(np.float64))
    error = np.where(np.isnan(error), math.inf, error)
    if want.dtype.kind in "iu":
        # Doubles do not tell all large integers apart.
        error = np.maximum(error, np.finfo(np.float64).tiny)
    elif want.dtype.kind != "b":
        same |= np.isnan(got) & np.isnan(want)
    return np.where(same, 0.0, error)


def _apart(one: int | Fraction, two: int | Fraction) -> float:
    """Return how far two exact numbers are apart, never 0 where they differ."""
    if one == two:
        return 0.0
    try:
        return max(float(abs(Fraction(one) - Fraction(two))), float(np.finfo(np.float64).tiny))
    except OverflowError:
        return math.inf


def _item(array: NDArray[Any], index: tuple[int, ...]) -> Any:
    """Return an element as Python has it."""
    found = array[index]
    return found.item() if isinstance(found, np.generic | np.ndarray) else found


def _allowed(want: NDArray[Any], tolerance: float) -> float:
    if tolerance == 0.0 or not (want.dtype.kind == "f" or want.dtype == ml_dtypes.bfloat16):
        return 0.0
    numbers = np.abs(want[np.isfinite(want)].astype(np.float64))
    return tolerance * max(1.0, float(numbers.max(initial=0.0)))
