"""Values to try a kernel with, of every type: random ones, small ones, and the ends of the range."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from allo_studio.types import ScalarType
from allo_studio.words import bits_dtype, from_bits

__all__ = ["FLAVOURS", "Flavour", "sample"]

Array: TypeAlias = npt.NDArray[Any]
# `moderate` are numbers around one, `small` whole numbers from 0 that may serve as subscripts, `edges` the ends of
# the range, zeros, infinities, NaN and subnormals among moderate ones, `bits` any bits.
Flavour = Literal["moderate", "small", "edges", "bits"]
FLAVOURS: tuple[Flavour, ...] = ("moderate", "small", "edges", "bits")
_MOST_SMALL, _MOST_MODERATE = 3, 10
_EDGE_SHARE = 0.5


def sample(kind: ScalarType, shape: tuple[int, ...], flavour: Flavour, generator: np.random.Generator) -> Array:
    """Return an array of the type's dtype."""
    if kind.kind == "struct":
        made = np.zeros(shape, kind.dtype)
        for name, inner in kind.fields:
            made[name] = sample(inner, shape, flavour, generator)
        return made
    match flavour:
        case "bits":
            return _bits(kind, shape, generator)
        case "small":
            numbers = generator.integers(0, _MOST_SMALL + 1, shape)
            return _numbers(numbers, kind)
        case "moderate":
            return _moderate(kind, shape, generator)
    ends = _edges(kind)
    chosen = ends[generator.integers(0, len(ends), shape)]
    return np.asarray(
        np.where(generator.random(shape) < _EDGE_SHARE, chosen, _moderate(kind, shape, generator)), kind.dtype
    )


def _bits(kind: ScalarType, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    dtype, count = bits_dtype(kind.bits), int(np.prod(shape))
    if dtype.kind == "O":
        size = -(-kind.bits // 8)
        data, mask = generator.bytes(size * count), (1 << kind.bits) - 1
        patterns = np.empty(count, object)
        patterns[:] = [int.from_bytes(data[at : at + size], "little") & mask for at in range(0, len(data), size)]
    else:
        most = (1 << kind.bits) - 1
        patterns = generator.integers(0, most, count, dtype=np.uint64, endpoint=True)
        patterns = patterns.astype(dtype)
    return from_bits(patterns.reshape(shape), kind)


def _moderate(kind: ScalarType, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    if kind.is_float:
        return (2 * generator.random(shape, dtype=np.float32) - np.float32(1)).astype(kind.dtype)
    if kind.kind == "fixed":
        return _bits(kind, shape, generator)
    low, high = max(kind.least, -_MOST_MODERATE), min(kind.greatest, _MOST_MODERATE)
    return _numbers(generator.integers(low, high + 1, shape), kind)


def _numbers(numbers: Array, kind: ScalarType) -> Array:
    """Return whole numbers brought into the range of a type."""
    if kind.is_float:
        return numbers.astype(kind.dtype)
    scale = Fraction(2) ** kind.fraction
    low, high = ceil(kind.least / scale), floor(kind.greatest / scale)
    clipped = np.clip(numbers, max(low, -_MOST_MODERATE), min(high, _MOST_MODERATE))
    if kind.dtype != object:
        return np.asarray(clipped, kind.dtype)
    made = np.empty(clipped.shape, object)
    made.ravel()[:] = [int(value) if kind.kind == "int" else Fraction(int(value)) for value in clipped.ravel()]
    return made


def _edges(kind: ScalarType) -> Array:
    if kind.is_float:
        exponent = {16: 5, 32: 8, 64: 11}[kind.bits] if kind.name != "bfloat16" else 8
        fraction = kind.bits - 1 - exponent
        top = ((1 << exponent) - 1) << fraction
        # Zero, the least and greatest subnormal, the least and greatest number, infinity, NaN, and their negatives.
        sizes = (0, 1, (1 << fraction) - 1, 1 << fraction, top - 1, top, top | 1 << (fraction - 1))
        patterns = [size | sign << (kind.bits - 1) for size in sizes for sign in (0, 1)]
    else:
        ends = (kind.least, kind.least + 1, -1, 0, 1, kind.greatest - 1, kind.greatest)
        mask = (1 << kind.bits) - 1
        patterns = [end & mask for end in ends if kind.least <= end <= kind.greatest]
    held = np.empty(len(patterns), object)
    held[:] = patterns
    return from_bits(held.astype(bits_dtype(kind.bits)), kind)
