"""The form of a kernel in MLIR: the one door to the MLIR bindings, and `KernelIR`."""

from allo_studio.ir.binding import context, in_context
from allo_studio.ir.kernel import KernelIR
from allo_studio.ir.linear import LinearExpr, access_of, affine_map, linear_of, map_results
from allo_studio.ir.views import Argument, Buffer, Direction, Loop, array_type, walk

__all__ = [
    "Argument",
    "Buffer",
    "Direction",
    "KernelIR",
    "LinearExpr",
    "Loop",
    "access_of",
    "affine_map",
    "array_type",
    "context",
    "in_context",
    "linear_of",
    "map_results",
    "walk",
]
