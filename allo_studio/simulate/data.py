"""Test data for a design's inputs, the same for the same seed on every machine."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.design.region import RegionPort
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.samples import sample
from allo_studio.types import FLOAT32, INT32, ArrayType

__all__ = ["random_array", "random_inputs", "random_sizes", "require_memory"]

# Small, so that products of a few still fit, and on both sides of zero.
_MOST_INT = 10
# An array is held as data, as what is expected and as what was computed, each time with a copy on its way.
_COPIES = 4


def random_inputs(
    ports: Iterable[RegionPort], seed: int = 0, sizes: Mapping[str, int] | None = None
) -> dict[str, NDArray[Any]]:
    """Return an array for every input among `ports`: floats in [-1, 1), ints in [-10, 10].

    The values of a port depend on its name, type and `seed` only, so adding a port changes no other's data. A scalar
    port gets an array of rank 0. `sizes` are the values of ports that tell sizes; an array has its greatest extents.
    """
    known = sizes or {}
    return {
        port.name: np.array(known[port.name], port.type.element.dtype)
        if port.name in known
        else random_array(port.type, _generator(port.name, seed))
        for port in ports
        if port.direction == "in"
    }


def random_sizes(maxima: Mapping[str, int], seed: int = 0) -> dict[str, int]:
    """Return a size from 1 to its maximum for each input that tells one; each depends on its name and `seed` only."""
    return {name: int(_generator(name, seed).integers(1, most + 1)) for name, most in maxima.items()}


def _generator(name: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def require_memory(ports: Iterable[RegionPort], available: int | None = None) -> None:
    """Raise AlloError (code `tool`) where the ports' arrays do not fit `available` bytes (the machine's memory)."""
    wanted = _COPIES * sum(port.type.bits for port in ports) // 8
    most = _physical_memory() if available is None else available
    if most is not None and wanted > most:
        message = f"simulating these arrays takes about {wanted / 2**30:.1f} GiB, and there are {most / 2**30:.1f} GiB"
        hint = "give the blocks smaller extents by `params`, or build with --no-simulate"
        raise AlloError(Diagnostic("tool", message, hint=hint))


def _physical_memory() -> int | None:
    """Return the bytes of memory of this machine, or None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def random_array(type_: ArrayType, generator: np.random.Generator) -> NDArray[Any]:
    """Return an array of `type_` with random values of the ranges of `random_inputs`."""
    dtype = type_.element.dtype
    if type_.element not in (INT32, FLOAT32):
        return sample(type_.element, type_.shape, "moderate", generator)
    if type_.element == FLOAT32:
        unit = generator.random(type_.size, dtype=np.float32)
        return (unit * np.float32(2) - np.float32(1)).astype(dtype).reshape(type_.shape)
    return generator.integers(-_MOST_INT, _MOST_INT + 1, type_.size).astype(dtype).reshape(type_.shape)
