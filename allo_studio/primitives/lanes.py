"""Iterations of a reduction side by side, and their sum as a tree, in place; needs the context to be current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allo_studio.ir import KernelIR, LinearExpr, Loop
from allo_studio.ir.attributes import set_text, set_text_map, text, text_map
from allo_studio.ir.binding import ir
from allo_studio.ir.build import apply, index_constant
from allo_studio.ir.implementations import bind, implementation_of, operation_name
from allo_studio.ir.rewrite import at_start, before, erase, move_before, operations, replace_uses
from allo_studio.primitives.reduction_plan import Reduction

__all__ = ["sum_lanes"]

_TAKEN = {"arith.addf": "arith.subf", "arith.addi": "arith.subi"}


@dataclass(frozen=True)
class _Lane:
    """One iteration's operations in the order of the body, and the block that holds them."""

    block: ir.Block
    operations: tuple[ir.Operation, ...]


def sum_lanes(kernel: KernelIR, found: Reduction, count: int) -> None:
    """Make a loop go on by `count` iterations at once, and sum these as a tree; with all of them the loop is gone."""
    loop = found.loop
    gone = count == loop.trip
    copies = [loop.op.clone(ip=before(loop.op)).operation for _ in range(1, count)]
    _name_buffers(kernel, copies)
    blocks = [op.regions[0].blocks[0] for op in (loop.op, *copies)]
    lanes = [_Lane(block, operations(block)) for block in blocks]
    for number, lane in enumerate(lanes):
        _set_variable(loop, lane, number, gone)
    inside = list(loop.body.operations)
    _Sum(found, loop.op if gone else inside[-1].operation).write(lanes)
    for copy in copies:
        erase(copy)
    if gone:
        erase(loop.op)
    else:
        loop.op.attributes["step"] = ir.IntegerAttr.get(ir.IndexType.get(), loop.step * count)


def _name_buffers(kernel: KernelIR, copies: Sequence[ir.Operation]) -> None:
    """Give the buffers of the copies names of their own, with the layouts of what they are copies of."""
    taken = {b.name for b in kernel.buffers()} | {a.name for a in kernel.arguments()}
    layouts = text_map(kernel.function, "allo.layouts")
    for number, copy in enumerate(copies, 1):
        for op in operations(copy.regions[0].blocks[0]):
            if op.name != "memref.alloc":
                continue
            known = text(op, "allo.name") or ""
            name = _fresh(f"{known}_{number}", taken)
            taken.add(name)
            set_text(op, "allo.name", name)
            if known in layouts:
                layouts[name] = layouts[known]
    if layouts:
        set_text_map(kernel.function, "allo.layouts", dict(sorted(layouts.items())))


def _fresh(wanted: str, taken: set[str]) -> str:
    candidate, number = wanted, 1
    while candidate in taken:
        candidate, number = f"{wanted}_{number}", number + 1
    return candidate


def _set_variable(loop: Loop, lane: _Lane, number: int, gone: bool) -> None:
    """Put the value that the loop's variable has in a lane in the variable's place."""
    variable = lane.block.arguments[0]
    if next(iter(variable.uses), None) is None or not (gone or number):
        return
    at, location = at_start(lane.block), loop.op.location
    if gone:
        value = index_constant((loop.lower or 0) + number * loop.step, at, location)
    else:
        value = apply(LinearExpr.of(loop.induction_variable) + number * loop.step, at, location)
    replace_uses(variable, value, lane.block)


class _Sum:
    """Writes the lanes' values, their sum and the one update before an operation."""

    def __init__(self, found: Reduction, anchor: ir.Operation) -> None:
        self._found = found
        self._anchor = anchor
        self._type = found.load.op.result.type
        # Links of the tree are done by what the links of the chain are.
        self._bound = {operation_name(op): implementation_of(op) for op in found.chain}

    def write(self, lanes: Sequence[_Lane]) -> None:
        """Move what the lanes hold, and replace their updates by one."""
        found = self._found
        updates = [lanes[0].operations.index(op) for op in (found.load.op, *found.chain, found.store.op)]
        for lane in lanes:
            replaced = [lane.operations[n] for n in updates]
            move_before([op for op in operations(lane.block) if op not in replaced], self._anchor)
        move_before([found.load.op], self._anchor)
        found.store.op.operands[0] = self._updated(self._tree([self._value(lane, lanes[0]) for lane in lanes]))
        move_before([found.store.op], self._anchor)
        for lane in lanes[1:]:
            for n in reversed(updates):
                erase(lane.operations[n])
        for op in reversed(found.chain):
            erase(op)

    def _value(self, lane: _Lane, first: _Lane) -> ir.Value:
        """Make what one lane brings in: its terms joined, the first of those that are added at the front."""
        terms = sorted(self._found.terms, key=lambda term: term.taken)
        total: ir.Value | None = None
        for term in terms:
            operand = lane.operations[first.operations.index(term.op)].operands[term.operand]
            # Wrapping and bitwise operators give the same low bits in fewer bits.
            value = operand if operand.type == self._type else self._operation("arith.trunci", operand)
            taken = term.taken and not terms[0].taken
            total = value if total is None else self._join(total, value, taken)
        return total

    def _tree(self, values: Sequence[ir.Value]) -> ir.Value:
        """Make the sum of values in pairs, of these in pairs, and so on; one that is left over waits a level."""
        while len(values) > 1:
            pairs = [self._join(*values[n : n + 2]) for n in range(0, len(values) - 1, 2)]
            values = [*pairs, *values[len(pairs) * 2 :]]
        return values[0]

    def _updated(self, total: ir.Value) -> ir.Value:
        all_taken = all(term.taken for term in self._found.terms)
        return self._join(self._found.load.op.result, total, all_taken)

    def _join(self, one: ir.Value, other: ir.Value, taken: bool = False) -> ir.Value:
        return self._operation(_TAKEN[self._found.join] if taken else self._found.join, one, other)

    def _operation(self, name: str, *operands: ir.Value) -> ir.Value:
        location = self._found.chain[-1].location
        at = before(self._anchor)
        made = ir.Operation.create(name, results=[self._type], operands=operands, loc=location, ip=at)
        bound = self._bound.get(operation_name(made))
        if bound:
            bind(made, bound)
        return made.result
