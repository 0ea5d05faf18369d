"""What has no circuit yet, told before anything is generated."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.backends.rtl.operators.build import unsupported
from allo_studio.diagnostics import Diagnostic
from allo_studio.hardware.nest import Pipeline, Segment, WhilePipeline, walk
from allo_studio.hardware.netlist import BIT
from allo_studio.hardware.operations import Enabled, Operand, Operation, OperationGraph, Result
from allo_studio.hardware.schedule import HardwareSchedule
from allo_studio.types import ScalarType

__all__ = ["operand_type", "refusals"]


def operand_type(graph: OperationGraph, operand: Operand) -> ScalarType:
    """Return the type of a value that an operation takes."""
    if isinstance(operand, Result):
        return graph.operations[operand.operation].type
    return BIT if isinstance(operand, Enabled) else operand.type


def refusals(schedule: HardwareSchedule, where: str = "") -> Iterator[Diagnostic]:
    """Yield a diagnostic (code `rtl`) for each operation of a kernel that has no circuit, once for each place."""
    seen = set()
    for function in schedule.functions.values():
        for item, _ in walk(function.items):
            if not isinstance(item, Segment | Pipeline | WhilePipeline):
                continue
            for op in item.graph.operations:
                fault = _fault(item.graph, op)
                if fault and (fault, op.span) not in seen:
                    seen.add((fault, op.span))
                    hint = "write it with operators that have one, or build the block with --target hls"
                    yield Diagnostic("rtl", fault, op.span, where, hint)


def _fault(graph: OperationGraph, op: Operation) -> str:
    if op.kind != "compute":
        return ""
    return unsupported(op, [operand_type(graph, operand) for operand in op.inputs])
