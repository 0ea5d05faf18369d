"""The named sizes of a function's memories as values of it."""

from __future__ import annotations

from collections.abc import Mapping

from allo_studio.ir.attributes import integer_map
from allo_studio.ir.binding import ir
from allo_studio.ir.kernel import KernelIR

__all__ = ["named_extents"]


def named_extents(kernel: KernelIR) -> Mapping[ir.Value, tuple[ir.Value | None, ...]]:
    """Return the arguments that tell the extents of each memory that has named sizes; None for a plain extent."""
    if not integer_map(kernel.function, "allo.sizes"):
        return {}
    scalars = {argument.name: argument.value for argument in kernel.arguments() if argument.scalar}
    sized = (buffer for buffer in kernel.buffers() if any(buffer.type.sizes))
    return {buffer.value: tuple(scalars.get(name) for name in buffer.type.names) for buffer in sized}
