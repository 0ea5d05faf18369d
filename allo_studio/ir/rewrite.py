"""Changes to a module in place; only for the clone that a step is making. All need the context to be current."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from allo_studio.ir.binding import ir
from allo_studio.ir.kernel import KernelIR
from allo_studio.ir.views import walk

__all__ = [
    "after",
    "at_end",
    "at_start",
    "before",
    "erase",
    "fresh_buffer_name",
    "fresh_loop_name",
    "fresh_name",
    "is_inside",
    "move_before",
    "move_body",
    "operations",
    "replace_uses",
]

_TERMINATORS = ("affine.yield", "func.return")


def at_start(block: ir.Block) -> ir.InsertionPoint:
    """Return the point before everything in a block."""
    return ir.InsertionPoint.at_block_begin(block)


def at_end(block: ir.Block) -> ir.InsertionPoint:
    """Return the point after everything in a block, before its terminator where it has one."""
    inside = list(block.operations)
    if inside and inside[-1].operation.name in _TERMINATORS:
        return ir.InsertionPoint(inside[-1].operation)
    return ir.InsertionPoint(block)


def before(op: ir.Operation) -> ir.InsertionPoint:
    """Return the point just before an operation."""
    return ir.InsertionPoint(op.operation)


def after(op: ir.Operation) -> ir.InsertionPoint:
    """Return the point just after an operation."""
    return ir.InsertionPoint.after(op.operation)


def operations(block: ir.Block) -> tuple[ir.Operation, ...]:
    """Return the operations directly in a block, without its terminator."""
    return tuple(op.operation for op in block.operations if op.operation.name not in _TERMINATORS)


def move_before(moved: Iterable[ir.Operation], anchor: ir.Operation) -> None:
    """Move operations, in their order, to just before `anchor`."""
    for op in tuple(moved):
        op.operation.move_before(anchor.operation)


def move_body(source: ir.Block, target: ir.Block) -> None:
    """Move all operations of a block but its terminator to the end of another, before that one's terminator."""
    moved, inside = operations(source), list(target.operations)
    if inside and inside[-1].operation.name in _TERMINATORS:
        move_before(moved, inside[-1].operation)
        return
    for op in moved:
        op.detach_from_parent()
        target.append(op)


def replace_uses(value: ir.Value, new: ir.Value, within: ir.Block | None = None) -> None:
    """Use `new` in the place of `value` everywhere, or only in `within` and the blocks inside it."""
    if within is None:
        value.replace_all_uses_with(new)
        return
    for op in walk(within):
        for number, operand in enumerate(op.operands):
            if operand == value:
                op.operands[number] = new


def erase(op: ir.Operation) -> None:
    """Remove an operation, whose results must be unused."""
    op.operation.erase()


def is_inside(op: ir.Operation, outer: ir.Operation) -> bool:
    """Tell whether `op` is in `outer`, at any depth."""
    parent = op.operation.parent
    while parent is not None:
        if parent.operation == outer.operation:
            return True
        parent = parent.operation.parent
    return False


def fresh_buffer_name(kernel: KernelIR, wanted: str) -> str:
    """Return `wanted`, or it with the least number that makes it a name of no buffer or argument yet."""
    return fresh_name(wanted, {b.name for b in kernel.buffers()} | {a.name for a in kernel.arguments()})


def fresh_loop_name(kernel: KernelIR, wanted: str, band: str | None = None) -> str:
    """Return `wanted`, or it with the least number that makes it the name of no loop (of the nest `band`) yet."""
    return fresh_name(wanted, {loop.name for loop in kernel.loops() if band is None or loop.band == band})


def fresh_name(wanted: str, taken: Collection[str]) -> str:
    """Return `wanted`, or it with the least number that is not taken."""
    candidate, number = wanted, 1
    while candidate in taken:
        candidate, number = f"{wanted}_{number}", number + 1
    return candidate
