"""Whether a kernel's timing depends on its data, told by its form alone."""

from __future__ import annotations

from collections.abc import Mapping

from allo_studio.hardware.cycles import Undetermined
from allo_studio.hardware.structure import is_spatial
from allo_studio.ir import KernelIR, Loop, walk
from allo_studio.ir.attributes import integer_map, symbol
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.linear import is_symbol
from allo_studio.ir.views import LOOP_KINDS

__all__ = ["timing_depends"]


def timing_depends(kernel: KernelIR) -> Undetermined | None:
    """Return the first thing in a kernel that makes its cycles depend on its inputs, or None.

    Named sizes are taken as their greatest. Where branches take equally long this says that they matter all the same.
    """
    sizes = set(integer_map(kernel.function, "allo.sizes"))
    return kernel.kept("timing depends", lambda: _depends(kernel, sizes))


def _depends(kernel: KernelIR, sizes: set[str]) -> Undetermined | None:
    loops = {loop.op: loop for loop in kernel.loops()}
    for op in walk(kernel.body):
        if op.name in LOOP_KINDS:
            found = _loop(kernel, loops[op], sizes)
            if found is not None:
                return found
        elif op.name == "scf.if" and _has_control(op, loops):
            return Undetermined("a branch", kernel.span(op), True)
        elif op.name == "func.call":
            found = _depends(kernel.at(symbol(op, "callee")), set())
            if found is not None:
                return found
    return None


def _loop(kernel: KernelIR, loop: Loop, sizes: set[str]) -> Undetermined | None:
    if loop.kind == "while":
        return Undetermined(f"the while loop {loop.id}", loop.span, True)
    if loop.trip is not None:
        return None
    if loop.kind == "for" or any(
        is_symbol(value) and _argument(kernel, value) not in sizes for value in loop.op.operands
    ):
        return Undetermined(f"the bounds of loop {loop.id}", loop.span, loop.kind == "for")
    return None


def _argument(kernel: KernelIR, value: mlir.Value) -> str:
    """Return the name of the scalar argument that a symbol is, empty where it is none."""
    source = value.owner.operation.operands[0]
    if not isinstance(source.owner, mlir.Block):
        return ""
    return str(kernel.arguments()[mlir.BlockArgument(source).arg_number].name)


def _has_control(op: mlir.Operation, loops: Mapping[mlir.Operation, Loop]) -> bool:
    """Tell whether a branch is more than a choice of values: it has calls, or loops that are not only lanes."""
    inside = (inner for region in op.regions for block in region.blocks for inner in walk(block))
    return any(
        inner.name == "func.call" or (inner.name in LOOP_KINDS and not is_spatial(loops[inner])) for inner in inside
    )
