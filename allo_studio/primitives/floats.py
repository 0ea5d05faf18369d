"""All floats of a function as ones of another type; in place, with the context current."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import KernelIR, walk
from allo_studio.ir.attributes import symbol
from allo_studio.ir.binding import ir
from allo_studio.ir.build import scalar_type
from allo_studio.ir.rewrite import erase, replace_uses
from allo_studio.primitives.base import fault
from allo_studio.primitives.retype import fit_function_type, retype, set_declared
from allo_studio.types import ScalarType

__all__ = ["float_faults", "retype_floats"]

_CASTS = ("arith.extf", "arith.truncf")


def float_faults(kernel: KernelIR, kind: ScalarType) -> Iterator[Diagnostic]:
    """Yield why the floats of a function cannot have another type."""
    if not kind.is_float:
        message = f"all floats of {kernel.name} cannot become {kind}: what is computed with them needs a float type"
        yield fault(message, hint="choose float16, bfloat16, float32 or float64, or quantize its arrays one by one")
        return
    if not _has_other(kernel, kind):
        yield fault(f"{kernel.name} has no floats but {kind}", hint="leave the step out")
        return
    for buffer in kernel.buffers():
        if buffer.kind in ("constant", "state") and buffer.type.element.is_float:
            what = "a table of constants" if buffer.kind == "constant" else "state, which outlives a call"
            yield fault(f"{buffer.name} is {what}, so it stays {buffer.type}", buffer.span, "make it an argument")
        if buffer.name in kernel.streams and buffer.type.element.is_float:
            yield fault(f"{buffer.name} is streamed, so it stays {buffer.type}", buffer.span, "quantize first")
    yield from _operation_faults(kernel)
    yield from _caller_faults(kernel)


def _has_other(kernel: KernelIR, kind: ScalarType) -> bool:
    wanted = kind.mlir
    held = (_float_of(value.type) for op in walk(kernel.body) for value in op.results)
    given = (_float_of(value.type) for value in kernel.body.arguments)
    return any(found is not None and str(found) != wanted for found in (*held, *given))


def _float_of(kind: ir.Type) -> ir.Type | None:
    """Return the float type that a value has, or the elements of a memory; None where it is none."""
    element = kind.element_type if isinstance(kind, ir.MemRefType) else kind
    return None if isinstance(element, ir.IntegerType | ir.IndexType) else element


def _operation_faults(kernel: KernelIR) -> Iterator[Diagnostic]:
    for op in walk(kernel.body):
        values = [*op.operands, *op.results]
        if not any(_float_of(value.type) is not None for value in values):
            continue
        if op.name == "arith.bitcast":
            message = f"{kernel.name} reinterprets the bits of a float, which another type does not have"
            yield fault(message, kernel.span(op), "convert the value instead, or quantize arrays one by one")
            return
        if op.name == "func.call":
            callee = symbol(op, "callee")
            yield fault(f"{kernel.name} gives floats to {callee}", kernel.span(op), f"inline {callee} first")
            return


def _caller_faults(kernel: KernelIR) -> Iterator[Diagnostic]:
    if all(_float_of(value.type) is None for value in kernel.body.arguments):
        return
    for name in kernel.functions:
        calls = (op for op in walk(kernel.at(name).body) if op.name == "func.call")
        place = next((op for op in calls if symbol(op, "callee") == kernel.name), None)
        if place is not None:
            message = f"{name} calls {kernel.name} and exchanges floats with it"
            yield fault(message, kernel.span(place), f"inline {kernel.name} first")
            return


def retype_floats(kernel: KernelIR, kind: ScalarType) -> None:
    """Give every float of a function a type: arrays, arguments, numbers and what is computed with them."""
    made = scalar_type(kind)
    for buffer in kernel.buffers():
        if buffer.type.element.is_float:
            retype(kernel, buffer, replace(buffer.type, element=kind))
    for argument in kernel.arguments():
        if argument.scalar and argument.type.element.is_float:
            argument.value.set_type(made)
            set_declared(kernel, argument.name, replace(argument.type, element=kind))
    fit_function_type(kernel)
    for op in list(walk(kernel.body)):
        for value in op.results:
            if not isinstance(value.type, ir.MemRefType) and _float_of(value.type) is not None:
                value.set_type(made)
        if op.name == "arith.constant" and op.results[0].type == made:
            number = ir.FloatAttr(op.attributes["value"]).value
            op.attributes["value"] = ir.FloatAttr.get(made, number)
    for op in [op for op in walk(kernel.body) if op.name in _CASTS]:
        replace_uses(op.result, op.operands[0])
        erase(op)
