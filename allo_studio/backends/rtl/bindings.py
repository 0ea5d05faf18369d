"""What a kernel asks of operators that our own library has one implementation of: told, since it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.design.timing import SizedDesign
from allo_studio.diagnostics import Diagnostic
from allo_studio.hardware.nest import Pipeline, Segment, WhilePipeline, walk
from allo_studio.hardware.operations import Operation
from allo_studio.hardware.schedule import HardwareSchedule

__all__ = ["unused_bindings"]


def unused_bindings(sized: SizedDesign) -> tuple[Diagnostic, ...]:
    """Return a note (code `rtl`) for each process with operations that `bind_op` binds, where nothing follows of it."""
    if sized.library.tells_implementations:
        return ()
    found = ((path, list(_bound(timing.schedule))) for path, timing in sized.processes.items())
    return tuple(_note(path, operations) for path, operations in found if operations)


def _bound(schedule: HardwareSchedule) -> Iterator[Operation]:
    for function in schedule.functions.values():
        for item, _ in walk(function.items):
            if isinstance(item, Segment | Pipeline | WhilePipeline):
                yield from (op for op in item.graph.operations if op.bound)


def _note(path: str, operations: list[Operation]) -> Diagnostic:
    names = ", ".join(sorted({op.operator for op in operations}))
    message = f"bind_op asks for implementations of {names}, of which RTL has one each: it changes nothing here"
    hint = "it is for --target hls"
    return Diagnostic("rtl", message, operations[0].span, path, hint, severity="note")
