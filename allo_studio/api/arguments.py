"""What a built kernel is called with: numbers and arrays of other element types than the kernel's, where they fit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from allo_studio.ir import Argument
from allo_studio.types import ScalarType

__all__ = ["fitted"]


def fitted(argument: Argument, value: object, kernel: str) -> object:
    """Return a value with the elements that an argument has, where it says the same; any other as it is.

    Only floats may be rounded, with a warning. An array that is written takes the results back, so its own elements
    must hold them.
    """
    element = argument.type.element
    if not isinstance(value, np.ndarray | np.generic) or value.dtype == element.dtype:
        return value
    if value.dtype.kind not in "biuf" or element.kind == "struct" or element.dtype == object:
        return value
    if argument.direction == "inout" and not np.can_cast(element.dtype, value.dtype):
        return value
    array = np.asarray(value)
    if element.kind == "int":
        return array.astype(element.dtype) if _fits(array, element) else value
    return _as_float(argument, array, kernel)


def _fits(array: npt.NDArray[Any], element: ScalarType) -> bool:
    if array.dtype.kind == "f" and not (np.isfinite(array).all() and (array == np.trunc(array)).all()):
        return False
    return not array.size or (element.least <= int(array.min()) and int(array.max()) <= element.greatest)


def _as_float(argument: Argument, array: npt.NDArray[Any], kernel: str) -> npt.NDArray[Any]:
    dtype = argument.type.element.dtype
    with np.errstate(over="ignore"):
        converted = array.astype(dtype)
    if array.dtype.kind != "f":
        exact = [int(number) for number in array.flat] == [float(number) for number in converted.flat]
        return converted if exact else array
    if not np.array_equal(converted.astype(array.dtype), array, equal_nan=True):
        text = f"{kernel}: {argument.name} is {array.dtype} and is rounded to {argument.type.element}"
        # The caller of the built kernel.
        warnings.warn(text, stacklevel=4)
    return converted
