"""Another type for a memory: what stands against it, and the change itself."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import Buffer, KernelIR, array_type, walk
from allo_studio.ir.attributes import remove, set_text, set_text_map, symbol, text_map
from allo_studio.ir.binding import ir
from allo_studio.ir.build import memref_type
from allo_studio.primitives.base import fault
from allo_studio.primitives.tiles import tiles_of
from allo_studio.types import ArrayType

__all__ = ["LOADS", "STORES", "fit_function_type", "forget_tiles", "retype", "retype_faults", "set_declared", "uses_of"]

LOADS = ("affine.load", "memref.load")
STORES = ("affine.store", "memref.store")


def uses_of(kernel: KernelIR, buffer: Buffer) -> tuple[ir.Operation, ...]:
    """Return the operations that use a memory, in program order."""
    return tuple(op for op in walk(kernel.body) if buffer.value in list(op.operands))


def retype_faults(kernel: KernelIR, buffer: Buffer, done: str) -> Iterator[Diagnostic]:
    """Yield why a memory cannot have another type; `done` is what is done to it, such as `reshaped`."""
    name = buffer.name
    if buffer.kind in ("constant", "state"):
        what = "a table of constants" if buffer.kind == "constant" else "state, which outlives a call"
        yield fault(f"{name} is {what}, so it cannot be {done}", buffer.span, "choose an argument or a local array")
    if buffer.type.sizes:
        message = f"{name} is {buffer.type}: an array of a named size cannot be {done}"
        yield fault(message, buffer.span, "give it constant extents")
    if name in kernel.streams:
        yield fault(f"{name} is streamed, so it cannot be {done}", buffer.span, f"{name} is to be {done} first")
    if any(use.owner.operation.name == "func.call" for use in buffer.value.uses):
        op = next(op for op in uses_of(kernel, buffer) if op.name == "func.call")
        callee = symbol(op, "callee")
        message = f"{name} is given to {callee}, which would have to change too"
        yield fault(message, kernel.span(op) or buffer.span, f"inline {callee} first, or choose another array")
        return
    if buffer.kind != "argument":
        return
    others = (other for other in kernel.functions if other != kernel.name)
    callers = [other for other in others if _calls(kernel.at(other), kernel.name)]
    if callers:
        message = f"{name} is an argument of {kernel.name}, which {callers[0]} calls"
        yield fault(message, buffer.span, f"inline {kernel.name} first, or choose a local array")


def _calls(kernel: KernelIR, callee: str) -> bool:
    return any(op.name == "func.call" and symbol(op, "callee") == callee for op in walk(kernel.body))


def retype(kernel: KernelIR, buffer: Buffer, kind: ArrayType) -> None:
    """Give a memory another type in place; its accesses are left as they are. Needs the context to be current."""
    buffer.value.set_type(memref_type(kind))
    if buffer.kind == "argument":
        set_declared(kernel, buffer.name, kind)
        fit_function_type(kernel)
        return
    alloc = buffer.value.owner.operation
    if array_type(buffer.value.type) == kind:
        remove(alloc, "allo.type")
    else:
        set_text(alloc, "allo.type", str(kind))


def set_declared(kernel: KernelIR, argument: str, kind: ArrayType) -> None:
    """Note what an argument is declared as, where its type in MLIR, which it has already, does not say it all."""
    value = next(known.value for known in kernel.arguments() if known.name == argument)
    others = {name: entry for name, entry in text_map(kernel.function, "allo.types").items() if name != argument}
    plain = array_type(value.type) == kind
    set_text_map(kernel.function, "allo.types", others if plain else {**others, argument: str(kind)})


def fit_function_type(kernel: KernelIR) -> None:
    """Let the function's type say what its arguments are."""
    inputs = [value.type for value in kernel.body.arguments]
    kernel.function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(inputs, []))


def forget_tiles(kernel: KernelIR, buffer: Buffer) -> None:
    """End the relation of a memory to its tiles, and to the one that it is a tile of: their layouts differ now."""
    ops = [op for _, _, op in tiles_of(kernel, buffer.name)]
    if buffer.kind == "local":
        ops.append(buffer.value.owner.operation)
    for op in ops:
        remove(op, "allo.tile_of")
        remove(op, "allo.tile_dims")
