"""Loops over parts of an array as one copy of their body for each part; in place, with the context current."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from allo_studio.analysis.accesses import Access
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR, Loop, walk
from allo_studio.ir.attributes import set_text, set_text_map, text, text_map
from allo_studio.ir.binding import ir
from allo_studio.ir.build import index_constant
from allo_studio.ir.rewrite import (
    at_start,
    before,
    erase,
    fresh_buffer_name,
    fresh_loop_name,
    move_before,
    operations,
    replace_uses,
)
from allo_studio.ir.views import LOOP_KINDS
from allo_studio.primitives.base import fault
from allo_studio.primitives.settled import settle_branches

__all__ = ["loops_to_peel", "peel"]

# Beyond this the copies are no hardware that anybody wants.
MOST_COPIES = 1024


def loops_to_peel(buffer: Buffer, touched: Sequence[Access], dims: Sequence[int]) -> tuple[Loop, ...]:
    """Return the loops, the outermost first, without which accesses have constant subscripts in some dimensions.

    Raises AlloError (code `step`) where that cannot be.
    """
    found: dict[ir.Operation, Loop] = {}
    for access in touched:
        for d in dims:
            for loop in _loops_in(buffer, access, d):
                found.setdefault(loop.op, loop)
    loops = sorted(found.values(), key=lambda loop: loop.depth)
    for loop in loops:
        if loop.kind != "affine" or loop.trip is None:
            message = f"loop {loop.id} goes over the parts of {buffer.name}, and has no constant trip count"
            raise AlloError(fault(message, loop.span, "give it constant bounds"))
    copies = prod(loop.trip or 1 for loop in loops)
    if copies > MOST_COPIES:
        message = f"the loops over the parts of {buffer.name} would have {copies} copies, more than {MOST_COPIES}"
        raise AlloError(fault(message, loops[0].span, "use fewer processing elements"))
    return tuple(loops)


def _loops_in(buffer: Buffer, access: Access, d: int) -> Iterator[Loop]:
    """Yield the loops that the subscript of an access in dimension `d` depends on."""
    subscript = access.subscripts[d]
    if access.callee:
        message = f"{buffer.name} is passed to {access.callee}, so that its parts are not known there"
        raise AlloError(fault(message, access.span, f"inline {access.callee} first"))
    if subscript is None:
        raise AlloError(_computed(buffer, access, d))
    for variable in subscript.variables:
        loop = next((known for known in access.loops if _drives(known, variable)), None)
        if loop is None:
            raise AlloError(_computed(buffer, access, d))
        yield loop


def _drives(loop: Loop, variable: ir.Value) -> bool:
    return loop.kind != "while" and bool(loop.induction_variable == variable)


def _computed(buffer: Buffer, access: Access, d: int) -> Diagnostic:
    verb = "writes" if access.is_write else "reads"
    message = f"this {verb} {buffer.name} with a subscript in dimension {d + 1} that is no sum of loop variables"
    return fault(message, access.span, "let loops with constant bounds go over the parts")


def peel(kernel: KernelIR, loops: Sequence[Loop]) -> None:
    """Put a copy of the body of each loop for each of its values in its place; `loops` are of one nest."""
    band = loops[0].band
    for loop in sorted(loops, key=lambda loop: -loop.depth):
        for value in range(loop.lower or 0, loop.upper or 0, loop.step):
            copy = loop.op.clone(ip=before(loop.op)).operation
            body = copy.regions[0].blocks[0]
            replace_uses(body.arguments[0], index_constant(value, at_start(body)), body)
            settle_branches(body)
            move_before(operations(body), copy)
            erase(copy)
        erase(loop.op)
    _rename(kernel, band)


def _rename(kernel: KernelIR, band: str) -> None:
    """Give the arrays and loops that there are several of now names of their own."""
    layouts, names, loops = text_map(kernel.function, "allo.layouts"), set(), set()
    for op in walk(kernel.body):
        name = text(op, "allo.name") or ""
        if op.name in ("memref.alloc", "memref.get_global"):
            if name in names:
                fresh = fresh_buffer_name(kernel, name)
                set_text(op, "allo.name", fresh)
                layouts |= {fresh: layouts[name]} if name in layouts else {}
                name = fresh
            names.add(name)
        elif op.name in LOOP_KINDS and band == _band_of(op):
            if name in loops:
                name = fresh_loop_name(kernel, name, band)
                set_text(op, "allo.name", name)
            loops.add(name)
    set_text_map(kernel.function, "allo.layouts", dict(sorted(layouts.items())))


def _band_of(op: ir.Operation) -> str:
    """Return the nest of a loop."""
    outer = op
    while outer.parent is not None and outer.parent.operation.name != "func.func":
        outer = outer.parent.operation
    return text(outer, "allo.band") or ""
