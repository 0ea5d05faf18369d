"""What a kernel file imports, as plain Python: the file can be imported and its functions looked at.

The compiler itself never imports a kernel file; it reads the text. See docs/kernel-language.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

import numpy as np

from allo_studio.types import FLOAT32, INT32, ArrayType, ScalarType

__all__ = ["LANGUAGE_NAMES", "ElementType", "float32", "grid", "int32", "reduction"]


class ElementType:
    """A scalar type of the language: `float32[M, N]` is an array type, `float32(x)` a number of the type."""

    def __init__(self, scalar: ScalarType) -> None:
        self.scalar = scalar

    def __getitem__(self, shape: int | tuple[int, ...]) -> ArrayType:
        extents = shape if isinstance(shape, tuple) else (shape,)
        if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in extents):
            raise ValueError(f"the extents of {self.scalar} must be whole numbers of at least 1, not {extents}")
        return ArrayType(self.scalar, extents)

    def __call__(self, value: float) -> np.generic:
        """Return `value` as a numpy number of this type."""
        return self.scalar.dtype.type(value)

    def __repr__(self) -> str:
        return self.scalar.name


float32 = ElementType(FLOAT32)
int32 = ElementType(INT32)


def grid(*extents: int, name: str | None = None) -> Iterator[int] | Iterator[tuple[int, ...]]:
    """Return the points of a nest of loops from 0, the last varying fastest: numbers for one extent, else tuples.

    `name` names the nest for schedules; it changes nothing here.
    """
    return _points(extents)


def reduction(*extents: int, name: str | None = None) -> Iterator[int] | Iterator[tuple[int, ...]]:
    """Return the same points as `grid`; the loops are marked as carrying an accumulation."""
    return _points(extents)


def _points(extents: tuple[int, ...]) -> Iterator[int] | Iterator[tuple[int, ...]]:
    if not extents or prod(max(n, 0) for n in extents) == 0:
        raise ValueError(f"a nest needs extents of at least 1, not {extents}")
    return iter(range(extents[0])) if len(extents) == 1 else product(*map(range, extents))


# The names that the compiler knows the meaning of.
LANGUAGE_NAMES = frozenset({"float32", "int32", "grid", "reduction"})
