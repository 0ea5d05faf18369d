"""Data types: scalars, and arrays of them with static shapes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

import numpy as np

__all__ = ["FLOAT32", "INT32", "SCALARS", "ArrayType", "ScalarType", "parse_type"]


@dataclass(frozen=True)
class ScalarType:
    """A scalar type by its name in the language (`float32`), kind and width in bits."""

    name: str
    kind: Literal["int", "float"]
    bits: int

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The numpy type that holds a value without loss."""
        return np.dtype(self.name)

    @property
    def mlir(self) -> str:
        """The type's MLIR spelling (`f32`, `i32`)."""
        return f"{'f' if self.kind == 'float' else 'i'}{self.bits}"

    def __str__(self) -> str:
        return self.name


INT32 = ScalarType("int32", "int", 32)
FLOAT32 = ScalarType("float32", "float", 32)
SCALARS: dict[str, ScalarType] = {t.name: t for t in (FLOAT32, INT32)}


@dataclass(frozen=True)
class ArrayType:
    """An array with a static shape; rank 0 is a scalar. Prints and parses as `float32[64, 32]`."""

    element: ScalarType
    shape: tuple[int, ...] = ()

    @cached_property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def bits(self) -> int:
        """The number of bits of all elements."""
        return self.size * self.element.bits

    def __str__(self) -> str:
        return f"{self.element}[{', '.join(map(str, self.shape))}]" if self.shape else str(self.element)


_TYPE = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\[([^\[\]]*)\])?\s*")
# An array beyond this can neither be simulated nor held on a device; it is a slip of the keyboard.
_MOST_ELEMENTS = 1 << 32


def parse_type(text: str) -> ArrayType:
    """Parse `float32[64, 32]` or `int32`; raises ValueError with a message for the user."""
    match = _TYPE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no type; write it like float32[64, 32] or int32")
    name, extents = match.groups()
    if name not in SCALARS:
        raise ValueError(f"unknown element type {name!r}; known are {', '.join(sorted(SCALARS))}")
    if extents is None:
        return ArrayType(SCALARS[name])
    shape = []
    for part in extents.split(","):
        if not re.fullmatch(r"\s*[0-9]{1,10}\s*", part) or int(part) < 1:
            raise ValueError(f"extent {part.strip()!r} of {text!r} must be a whole number of at least 1")
        shape.append(int(part))
    if prod(shape) > _MOST_ELEMENTS:
        raise ValueError(f"{text!r} has more than 2^32 elements")
    return ArrayType(SCALARS[name], tuple(shape))
