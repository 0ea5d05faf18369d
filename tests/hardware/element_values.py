"""Values in hardware as Python numbers: signed integers of a type's bits, floats rounded to their type, or unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from allo_studio.execute import LIBM, libm_function
from allo_studio.hardware.operations import Operation
from allo_studio.simulate.exact import (
    FLOAT_OPS,
    INTEGER_OPS,
    PREDICATES,
    compare_floats,
    round_float,
    saturate,
    signed,
    unsigned,
)
from allo_studio.types import ScalarType, integer
from allo_studio.words import bits_dtype, from_bits, to_bits

__all__ = ["POISON", "compute", "elements_of", "numbers_of", "wrap"]


class _Poison:
    """What was never written: it may be computed with, but nothing may depend on it."""

    def __repr__(self) -> str:
        return "POISON"


POISON = _Poison()


def wrap(value: int, kind: ScalarType) -> int:
    """Return an integer as the bits of a type hold it; an index is any number."""
    return value if kind.name == "index" else signed(value, kind.bits)


def numbers_of(array: Any, kind: ScalarType) -> list[Any]:
    """Return the elements of an array as numbers."""
    if kind.is_float:
        return [float(value) for value in array.ravel()]
    return [signed(int(value), kind.bits) for value in to_bits(array, kind).ravel().tolist()]


def elements_of(elements: Sequence[Any], kind: ScalarType, shape: tuple[int, ...]) -> Any:
    """Return numbers as an array of a type and a shape."""
    if kind.is_float:
        return np.array(elements, np.float64).astype(kind.dtype).reshape(shape)
    held = np.empty(len(elements), object)
    held[:] = [unsigned(value, kind.bits) for value in elements]
    return from_bits(held.astype(bits_dtype(kind.bits)).reshape(shape), kind)


def compute(op: Operation, values: Sequence[Any], kinds: Sequence[ScalarType]) -> Any:
    """Return what an operation makes of values of these types."""
    if op.function == "arith.select":
        condition, yes, no = values
        return POISON if condition is POISON else yes if condition else no
    if any(value is POISON for value in values):
        return POISON
    return _computed(op, values, kinds)


def _computed(op: Operation, values: Sequence[Any], kinds: Sequence[ScalarType]) -> Any:
    name, kind = op.function, op.type
    if name in INTEGER_OPS:
        bits = 64 if kind.name == "index" else kind.bits
        return wrap(INTEGER_OPS[name](values[0], values[1], bits), kind)
    if name in FLOAT_OPS:
        return round_float(FLOAT_OPS[name](*values), kind)
    if name in LIBM:
        return round_float(libm_function(LIBM[name])(*values), kind)
    match name:
        case "arith.extsi" | "arith.trunci" | "arith.index_cast":
            return wrap(values[0], kind)
        case "arith.extui" | "arith.index_castui":
            return wrap(unsigned(values[0], kinds[0].bits), kind)
        case "arith.extf" | "arith.truncf" | "arith.sitofp":
            return round_float(values[0], kind)
        case "arith.uitofp":
            return round_float(unsigned(values[0], kinds[0].bits), kind)
        case "arith.fptosi" | "arith.fptoui":
            into = integer(kind.bits, name == "arith.fptosi")
            return signed(saturate(values[0], into.least, into.greatest), kind.bits)
        case "arith.cmpf":
            return -int(compare_floats(op.predicate, *values))
        case "arith.cmpi":
            function, is_unsigned = PREDICATES[op.predicate]
            sides = [unsigned(v, k.bits) for v, k in zip(values, kinds, strict=True)] if is_unsigned else values
            return -int(function(*sides))
        case "arith.bitcast":
            return _bitcast(values[0], kinds[0], kind)
    raise AssertionError(f"no meaning of {name}")


def _bitcast(value: Any, source: ScalarType, target: ScalarType) -> Any:
    if source.is_float:
        pattern = to_bits(np.array(value, np.float64).astype(source.dtype), source)
    else:
        pattern = np.empty((), object)
        pattern[()] = unsigned(value, source.bits)
        pattern = pattern.astype(bits_dtype(source.bits))
    return numbers_of(np.asarray(from_bits(pattern, target)), target)[0]
