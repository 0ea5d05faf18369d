"""What has no circuit yet, told before anything is generated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from allo_studio.backends.rtl.operators.build import unsupported
from allo_studio.diagnostics import Diagnostic
from allo_studio.hardware.nest import Call, Pipeline, Segment, WhilePipeline, walk
from allo_studio.hardware.netlist import BIT
from allo_studio.hardware.operations import Enabled, Operand, OperationGraph, Result
from allo_studio.hardware.schedule import HardwareSchedule
from allo_studio.source import Span
from allo_studio.types import ScalarType

__all__ = ["operand_type", "refusals"]


def operand_type(graph: OperationGraph, operand: Operand) -> ScalarType:
    """Return the type of a value that an operation takes."""
    if isinstance(operand, Result):
        return graph.operations[operand.operation].type
    return BIT if isinstance(operand, Enabled) else operand.type


def refusals(schedule: HardwareSchedule, where: str = "") -> Iterator[Diagnostic]:
    """Yield a diagnostic (code `rtl`) for each operation, call and memory that has no circuit, once for each place."""
    seen: set[tuple[str, Span | None]] = set()
    for fault in chain(_memories(schedule, where), _operations(schedule, where), _calls(schedule, where)):
        if (fault.message, fault.span) not in seen:
            seen.add((fault.message, fault.span))
            yield fault


def _memories(schedule: HardwareSchedule, where: str) -> Iterator[Diagnostic]:
    for function in schedule.functions.values():
        for storage in function.storages:
            if storage.layout.joined:
                message = f"{storage.name} of {function.name} has words of several elements, which no memory here has"
                yield Diagnostic("rtl", message, None, where, "leave `words` out of its partition")


def _operations(schedule: HardwareSchedule, where: str) -> Iterator[Diagnostic]:
    hint = "write it with operators that have one, or build the block with --target hls"
    for function in schedule.functions.values():
        for item, _ in walk(function.items):
            if isinstance(item, Segment | Pipeline | WhilePipeline):
                for op in item.graph.operations:
                    if op.kind == "compute":
                        kinds = [operand_type(item.graph, operand) for operand in op.inputs]
                        if fault := unsupported(op, kinds):
                            yield Diagnostic("rtl", fault, op.span, where, hint)


def _calls(schedule: HardwareSchedule, where: str) -> Iterator[Diagnostic]:
    """Yield the calls that give a function one memory for several arguments that may want its one port at once."""
    hint = "give it a copy of the array for one of them, or inline the function"
    for function in schedule.functions.values():
        registers = {storage.key for storage in function.storages if storage.register}
        for item, _ in walk(function.items):
            if not isinstance(item, Call):
                continue
            for kind in ("load", "store"):
                used = _used(schedule, item.function, kind)
                keys = Counter(key for name, key in item.arrays if name in used and key not in registers)
                for key in (key for key, count in keys.items() if count > 1):
                    names = " and ".join(name for name, given in item.arrays if given == key and name in used)
                    does = "reads" if kind == "load" else "writes"
                    message = f"{item.function} {does} {names}, which are one memory here, and may do so at once"
                    yield Diagnostic("rtl", message, item.span, where, hint)


def _used(schedule: HardwareSchedule, name: str, kind: str) -> set[str]:
    """Return the buffers that a function, or one that it calls, loads from or stores to."""
    found: set[str] = set()
    for item, _ in walk(schedule.functions[name].items):
        if isinstance(item, Segment | Pipeline | WhilePipeline):
            found |= {op.buffer for op in item.graph.operations if op.kind == kind}
        elif isinstance(item, Call):
            inside = _used(schedule, item.function, kind)
            found |= {key for argument, key in item.arrays if argument in inside}
    return found
