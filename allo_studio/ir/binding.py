"""The one door to the MLIR Python bindings: no other file of the project imports them.

The upstream package (`mlir`) is tried first; `torch_mlir` carries the same bindings and is what the wheel asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import RLock

try:
    from mlir import ir
    from mlir.dialects import affine, arith, func, math, memref, scf
    from mlir.execution_engine import ExecutionEngine
    from mlir.passmanager import PassManager
except ImportError:
    from torch_mlir import ir
    from torch_mlir.dialects import affine, arith, func, math, memref, scf
    from torch_mlir.execution_engine import ExecutionEngine
    from torch_mlir.passmanager import PassManager

__all__ = [
    "COMPILE_LOCK",
    "ExecutionEngine",
    "PassManager",
    "affine",
    "arith",
    "context",
    "func",
    "in_context",
    "ir",
    "math",
    "memref",
    "scf",
]

# Passes and code generation run one at a time: they gain nothing from sharing the context's thread pool.
COMPILE_LOCK = RLock()
_CREATION_LOCK = RLock()


@lru_cache(maxsize=1)
def _create() -> ir.Context:
    return ir.Context()


def context() -> ir.Context:
    """Return the process's one context; safe from several threads at once."""
    with _CREATION_LOCK:
        return _create()


@contextmanager
def in_context(location: ir.Location | None = None) -> Iterator[ir.Context]:
    """Make the context, and a default location, current in this thread for the length of a `with`."""
    shared = context()
    with shared, location or ir.Location.unknown(shared):
        yield shared
