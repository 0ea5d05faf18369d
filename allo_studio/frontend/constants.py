"""Compile-time values: what they can be, and what is raised where an expression has none."""

from __future__ import annotations

import ast
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from allo_studio.lang import Memory
from allo_studio.types import ArrayType, ScalarType

__all__ = ["Constant", "NotConstant", "Number", "Table", "shown"]

Number = int | float
Table: TypeAlias = npt.NDArray[np.generic]
# A list is a tuple here: values do not change.
Constant: TypeAlias = int | float | str | ScalarType | ArrayType | Memory | Table | tuple["Constant", ...]


class NotConstant(Exception):
    """Raised where an expression has no constant value; `node` is the part that has none."""

    def __init__(self, node: ast.AST, reason: str) -> None:
        self.node = node
        self.reason = reason
        super().__init__(reason)


def shown(value: Constant) -> str:
    """Return a value as text, which tells it from others."""
    return str(value.tolist()) if isinstance(value, np.ndarray) else str(value)
