"""The arithmetic of kernels in numpy: float32 with one rounding an operation, int32 that wraps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["BINARY", "UNARY"]


def _divide(left: Any, right: Any) -> Any:
    """Divide int32 rounding toward zero; the quotient of the least int32 and -1 wraps, one by zero is -1."""
    one, two = np.asarray(left, np.int64), np.asarray(right, np.int64)
    size = np.abs(one) // np.maximum(np.abs(two), 1)
    quotient = np.where(two == 0, -1, np.where((one < 0) != (two < 0), -size, size))
    return quotient.astype(np.int32)[()]


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "arith.addf": np.add,
    "arith.subf": np.subtract,
    "arith.mulf": np.multiply,
    "arith.divf": np.divide,
    "arith.addi": np.add,
    "arith.subi": np.subtract,
    "arith.muli": np.multiply,
    "arith.divsi": _divide,
}

UNARY: dict[str, Callable[[Any], Any]] = {
    "arith.negf": np.negative,
    "arith.sitofp": lambda value: np.asarray(value).astype(np.float32)[()],
}
