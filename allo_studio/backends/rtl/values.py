"""Values in hardware: how many bits a type has there, and the bits of a constant."""

from __future__ import annotations

import numpy as np

from allo_studio.hardware.operations import Constant
from allo_studio.types import INDEX, ScalarType
from allo_studio.words import to_bits

__all__ = ["INDEX_BITS", "constant_bits", "number_bits", "width_of"]

# A value of type index has the bits that it has in the JIT, whatever it is declared as.
INDEX_BITS = 64


def width_of(type: ScalarType) -> int:
    """Return the bits of a value."""
    return INDEX_BITS if type.name == INDEX.name else type.bits


def number_bits(value: int | float, type: ScalarType) -> int:
    """Return a number as bits: a float's pattern, or an integer modulo 2 ** bits."""
    if not type.is_float:
        return int(value) % (1 << width_of(type))
    return int(to_bits(np.array(value, np.float64).astype(type.dtype), type))


def constant_bits(constant: Constant) -> int:
    """Return the bits of a constant."""
    return number_bits(constant.value, constant.type)
