"""What the loops and branches of a function become, told by its form: pipelines, flattened nests, lanes, control."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from allo_studio.ir import KernelIR, Loop, walk
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.views import LOOP_KINDS

__all__ = ["Structure", "is_spatial"]

# What a perfect nest may have between its loops, beside functions of its counters.
_FREE = ("affine.yield", "scf.yield", "memref.get_global")


@dataclass(frozen=True, eq=False)
class Structure:
    """The loops of a function by their operations. `remade` tells whether a value is made where it is needed."""

    kernel: KernelIR
    loops: Mapping[mlir.Operation, Loop]
    remade: Callable[[mlir.Value], bool]

    def straight(self, op: mlir.Operation) -> bool:
        """Tell whether an operation has no loops or calls inside but those that are expanded."""
        return all(
            inner.name != "func.call" and (inner.name not in LOOP_KINDS or is_spatial(self.loops[inner]))
            for region in op.regions
            for block in region.blocks
            for inner in walk(block)
        )

    def perfect_band(self, loop: Loop) -> tuple[Loop, ...]:
        """Return the loops from `loop` to a pipelined one, where nothing but loops is between; else nothing."""
        band = [loop]
        while not self.pipelined(band[-1]):
            ops = [view.operation for view in band[-1].body.operations]
            inner = [self.loops[op] for op in ops if op.name in LOOP_KINDS]
            if len(inner) != 1 or not all(self._free(op) for op in ops if op.name not in LOOP_KINDS):
                return ()
            if band[-1].unroll is not None or inner[0].trip is None:
                return ()
            band.append(inner[0])
        return tuple(band) if band[-1].pipeline != 0 else ()

    def _free(self, op: mlir.Operation) -> bool:
        """Tell whether an operation makes no hardware of its own, so that a perfect nest may have it between loops."""
        return op.name in _FREE or (len(op.results) == 1 and self.remade(op.results[0]))

    def pipelined(self, loop: Loop) -> bool:
        """Tell whether a loop ends a nest: pipelined by request, or innermost but for what is expanded."""
        if loop.pipeline:
            return True
        inside = all(inner.unroll == 0 for inner in loop.descendants())
        return inside and all(self._expanded(name) for name in _called(loop.op))

    def _expanded(self, function: str) -> bool:
        """Tell whether a function is put in where it is called in a loop: it has no loops but unrolled ones."""
        callee = self.kernel.at(function)
        unrolled = all(loop.unroll == 0 for loop in callee.loops())
        return unrolled and all(self._expanded(name) for name in _called(callee.function))


def is_spatial(loop: Loop) -> bool:
    """Tell whether a loop is nothing but lanes: fully unrolled, with all that is inside."""
    return loop.unroll == 0 and all(inner.unroll == 0 for inner in loop.descendants())


def _called(op: mlir.Operation) -> list[str]:
    return [
        str(mlir.FlatSymbolRefAttr(inner.attributes["callee"]).value)
        for region in op.regions
        for block in region.blocks
        for inner in walk(block)
        if inner.name == "func.call"
    ]
