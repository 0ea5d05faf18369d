"""All floats of a function as fixed-point numbers of one type: what stands against it, and the change itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import frexp

from allo_studio.diagnostics import Diagnostic
from allo_studio.frontend.typing import Untyped
from allo_studio.ir import KernelIR, walk
from allo_studio.ir.binding import ir
from allo_studio.ir.build import scalar_type
from allo_studio.ir.rewrite import erase, replace_uses
from allo_studio.primitives.base import fault
from allo_studio.primitives.fixed_arithmetic import MADE, exact_type, made_fixed, order_of
from allo_studio.primitives.floats import float_faults
from allo_studio.primitives.retype import fit_function_type, retype, set_declared
from allo_studio.types import FLOAT32, FLOAT64, ScalarType
from allo_studio.values import fits

__all__ = ["fix_floats", "fixed_faults"]

_FLOATS = ("f16", "bf16", "f32", "f64")
# Operations that hold a float, or pass it on, whatever it is.
_CARRIERS = (
    "affine.for",
    "affine.if",
    "affine.load",
    "affine.store",
    "affine.yield",
    "arith.select",
    "memref.alloc",
    "memref.load",
    "memref.store",
    "scf.condition",
    "scf.for",
    "scf.if",
    "scf.while",
    "scf.yield",
)
_CONVERSIONS = ("arith.sitofp", "arith.uitofp", "arith.fptosi", "arith.fptoui")
_WORDS = {"arith.remf": "%", "math.powf": "**"}


def fixed_faults(kernel: KernelIR, kind: ScalarType) -> Iterator[Diagnostic]:
    """Yield why the floats of a function cannot become fixed-point numbers of a type."""
    found = {_float_name(value) for op in walk(kernel.body) for value in op.results}
    found |= {_float_name(value) for value in kernel.body.arguments}
    found.discard("")
    if not found:
        yield fault(f"{kernel.name} has no floats", hint="leave the step out")
        return
    # What stands against another float type stands against this one too.
    faults = [*float_faults(kernel, FLOAT32 if found == {"f64"} else FLOAT64), *_mixture_faults(kernel)]
    yield from faults or _operation_faults(kernel, kind)


def _float_name(value: ir.Value) -> str:
    """Return the float type of a value, or of a memory's elements, as MLIR spells it; empty where it is none."""
    name = str(value.type.element_type if isinstance(value.type, ir.MemRefType) else value.type)
    return name if name in _FLOATS else ""


def _operation_faults(kernel: KernelIR, kind: ScalarType) -> Iterator[Diagnostic]:
    for op in walk(kernel.body):
        if any(_float_name(value) for value in (*op.operands, *op.results)):
            yield from _operation_fault(kernel, op, kind)


def _operation_fault(kernel: KernelIR, op: ir.Operation, kind: ScalarType) -> Iterator[Diagnostic]:
    span = kernel.span(op)
    if op.name in _CARRIERS:
        return
    if op.name not in MADE or (op.name == "arith.cmpf" and order_of(op) is None):
        word = _WORDS.get(op.name, op.name.partition(".")[2])
        message = f"{kernel.name} computes `{word}` of floats, which has no meaning in fixed point"
        yield fault(message, span, "compute it another way, or quantize arrays one by one")
        return
    if op.name == "arith.constant":
        number = ir.FloatAttr(op.attributes["value"]).value
        if not fits(number, kind):
            message = f"the number {number:g} of {kernel.name} is out of the range of {kind}"
            yield fault(message, span, "choose a type with more bits before the point")
        return
    try:
        exact_type(op, kind)
    except Untyped as found:
        yield fault(f"{kernel.name} computes with {kind}: {found.message}", span, "choose a narrower type")


def _mixture_faults(kernel: KernelIR) -> Iterator[Diagnostic]:
    """Yield where floats may be exchanged with fixed-point numbers that the kernel has already.

    Such a conversion is made of operations on floats, each of which would be rounded and overflow.
    """
    memories = [(buffer.name, buffer.type.element) for buffer in kernel.buffers()]
    scalars = [(argument.name, argument.type.element) for argument in kernel.arguments()]
    name = next((name for name, kind in (*memories, *scalars) if _has_fixed(kind)), "")
    for op in walk(kernel.body):
        if op.name in _CONVERSIONS and (name or _is_part(op)):
            place, hint = "", "leave the fixed-point type out"
            if name:
                place, hint = f", in {name}", "quantize the function first, then its arrays one by one"
            message = f"{kernel.name} has fixed-point numbers already{place}, and may convert them here"
            yield fault(message, kernel.span(op), hint)
            return


def _is_part(op: ir.Operation) -> bool:
    """Tell whether a conversion has the form of a part of one between a float and a fixed-point number.

    The number is limited to a power of two by its range, or divided by the power of two that it was multiplied by.
    """
    if op.name in ("arith.fptosi", "arith.fptoui"):
        limited, bits = _maker(op.operands[0]), int(ir.IntegerType(op.result.type).width) - 2
        if limited is None or limited.name not in ("arith.select", "arith.remf") or bits < 1:
            return False
        return abs(_number(limited.operands[1])) == (1 << bits)
    scaled = (use.owner.operation for use in op.result.uses if use.owner.operation.name == "arith.mulf")
    numbers = [abs(_number(operand)) for product in scaled for operand in product.operands]
    return any(frexp(number)[0] == 0.5 and number != 1.0 for number in numbers) and _is_shifted(op.operands[0])


def _maker(value: ir.Value) -> ir.Operation | None:
    """Return the operation that a value is the result of; None where it is an argument of a block."""
    return None if isinstance(value.owner, ir.Block) else value.owner.operation


def _number(value: ir.Value) -> float:
    """Return what a constant float is, and 0 for anything else."""
    op = _maker(value)
    if op is None or op.name != "arith.constant" or not _float_name(value):
        return 0.0
    return float(ir.FloatAttr(op.attributes["value"]).value)


def _is_shifted(value: ir.Value) -> bool:
    """Tell whether an integer is computed with a shift."""
    ways, seen = [value], {hash(value)}
    while ways:
        op = _maker(ways.pop())
        if op is None or not op.name.startswith("arith."):
            continue
        if op.name in ("arith.shli", "arith.shrsi", "arith.shrui"):
            return True
        ways += [operand for operand in op.operands if hash(operand) not in seen]
        seen.update(hash(operand) for operand in op.operands)
    return False


def _has_fixed(kind: ScalarType) -> bool:
    return kind.kind == "fixed" or any(_has_fixed(part) for _, part in kind.fields)


def fix_floats(kernel: KernelIR, kind: ScalarType) -> None:
    """Make every float of a function a fixed-point number; in place, with the context current."""
    made = scalar_type(kind)
    for buffer in kernel.buffers():
        if buffer.type.element.is_float:
            retype(kernel, buffer, replace(buffer.type, element=kind))
    for argument in kernel.arguments():
        if argument.scalar and argument.type.element.is_float:
            argument.value.set_type(made)
            set_declared(kernel, argument.name, replace(argument.type, element=kind))
    fit_function_type(kernel)
    ops = list(walk(kernel.body))
    for op in ops:
        inside = (value for region in op.regions for block in region.blocks for value in block.arguments)
        for value in (*(op.results if op.name in _CARRIERS else ()), *inside):
            if _float_name(value):
                value.set_type(made)
    for op in ops:
        if op.name in MADE and (op.name != "arith.constant" or _float_name(op.result)):
            replace_uses(op.result, made_fixed(op, kind))
            erase(op)
