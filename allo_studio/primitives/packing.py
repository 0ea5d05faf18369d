"""The accesses of an array whose elements share words; in place, with the context current."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from allo_studio.analysis.accesses import accesses
from allo_studio.analysis.coverage import uncovered
from allo_studio.ir import Buffer, KernelIR, LinearExpr, Loop, access_of
from allo_studio.ir.arithmetic import Arithmetic
from allo_studio.ir.binding import arith, ir
from allo_studio.ir.build import apply, for_loop, store
from allo_studio.ir.rewrite import (
    after,
    at_end,
    at_start,
    before,
    erase,
    fresh_loop_name,
    is_inside,
    move_before,
    operations,
    replace_uses,
)
from allo_studio.primitives.replication import pipelined_around
from allo_studio.primitives.retype import LOADS, STORES, uses_of
from allo_studio.primitives.rewrite import is_pure, loop_like, mark
from allo_studio.primitives.subscripts import Subscripts, Term
from allo_studio.types import ArrayType, ScalarType, integer

__all__ = ["packed_type", "rewrite_accesses"]


def packed_type(kind: ArrayType, factor: int) -> ArrayType:
    """Return the type of an array whose words hold `factor` elements of the last dimension."""
    word = integer(kind.element.bits * factor, signed=False)
    return ArrayType(word, (*kind.shape[:-1], kind.shape[-1] // factor))


def rewrite_accesses(kernel: KernelIR, buffer: Buffer, factor: int) -> None:
    """Rewrite the accesses of `buffer`, a view from before its memory got the packed type."""
    words = _Words(buffer.type.element, factor)
    groups = [group for loop in kernel.loops() for group in _groups_in(buffer, loop, factor)]
    for loop, written in groups:
        _write_words(words, loop, written)
    for op in uses_of(kernel, buffer):
        if op.name in LOADS and op.result.type != words.type:
            words.read(op)
        elif op.name in STORES and op.operands[0].type != words.type:
            words.write(op)
    _fill(kernel, buffer, packed_type(buffer.type, factor))


class _Words:
    """Words of `factor` elements: where an element lies, and how it gets there."""

    def __init__(self, element: ScalarType, factor: int) -> None:
        self.element = element
        self.factor = factor
        self.kind = integer(element.bits * factor, signed=False)
        self.type: ir.Type = ir.IntegerType.get_signless(self.kind.bits)
        self._bits: ir.Type = ir.IntegerType.get_signless(element.bits)

    def read(self, op: ir.Operation) -> None:
        """Let a load take its element from a word."""
        access, at = Subscripts(op), before(op)
        terms, lane = self.place(access)
        word = access.load(op.operands[0], terms)
        shift = self._shift(access, lane)
        shifted = word if shift is None else arith.shrui(word, shift, ip=at, loc=op.location)
        value = arith.trunci(self._bits, shifted, ip=at, loc=op.location)
        if self.element.is_float:
            value = arith.bitcast(op.result.type, value, ip=at, loc=op.location)
        replace_uses(op.result, value)
        erase(op)

    def write(self, op: ir.Operation) -> None:
        """Let a store replace its element in a word."""
        access, at, memory = Subscripts(op), before(op), op.operands[1]
        terms, lane = self.place(access)
        shift = self._shift(access, lane)
        made = Arithmetic(at, op.location)
        mask = made.whole((1 << self.element.bits) - 1, self.kind.bits)
        ones = made.whole(-1, self.kind.bits)
        if shift is not None:
            mask = arith.shli(mask, shift, ip=at, loc=op.location)
        others = arith.andi(
            access.load(memory, terms), arith.xori(mask, ones, ip=at, loc=op.location), ip=at, loc=op.location
        )
        value = self._placed(op.operands[0], shift, at, op.location)
        access.store(arith.ori(others, value, ip=at, loc=op.location), memory, terms)
        erase(op)

    def write_all(self, op: ir.Operation, values: Sequence[ir.Value]) -> None:
        """Let a store to any element of a word write all of them instead."""
        access, at = Subscripts(op), before(op)
        total = self._placed(values[0], None, at, op.location)
        for number, value in enumerate(values[1:], 1):
            shift = Arithmetic(at, op.location).whole(number * self.element.bits, self.kind.bits)
            total = arith.ori(total, self._placed(value, shift, at, op.location), ip=at, loc=op.location)
        access.store(total, op.operands[1], self.place(access)[0])
        erase(op)

    def place(self, access: Subscripts) -> tuple[list[Term], Term]:
        """Return the subscripts of an element's word, and its number there."""
        last = access.terms[-1]
        return [*access.terms[:-1], access.quotient(last, self.factor)], access.modulo(last, self.factor)

    def _shift(self, access: Subscripts, lane: Term) -> ir.Value | None:
        """Return how far an element is from the end of its word in bits; None for the lowest."""
        at = before(access.op)
        if lane.linear is not None and lane.linear.is_constant:
            bits = lane.linear.constant * self.element.bits
            return Arithmetic(at, access.op.location).whole(bits, self.kind.bits) if bits else None
        place = access.value(access.scaled(lane, self.element.bits))
        return arith.index_cast(self.type, place, ip=at, loc=access.op.location)

    def _placed(
        self, value: ir.Value, shift: ir.Value | None, at: ir.InsertionPoint, location: ir.Location
    ) -> ir.Value:
        if self.element.is_float:
            value = arith.bitcast(self._bits, value, ip=at, loc=location)
        value = arith.extui(self.type, value, ip=at, loc=location)
        return value if shift is None else arith.shli(value, shift, ip=at, loc=location)


def _groups_in(buffer: Buffer, loop: Loop, factor: int) -> Iterator[tuple[Loop, ir.Operation]]:
    """Yield a loop with its store where it does nothing but store whole words, one element an iteration."""
    side_by_side = loop.unroll == 0 or loop.role is not None
    if loop.kind != "affine" or not side_by_side or loop.step != 1 or loop.lower is None or not loop.trip:
        return
    inside = operations(loop.body)
    stores = [op for op in inside if op.name in STORES]
    allowed = all(is_pure(op) or op.name in LOADS for op in inside if op not in stores)
    if len(stores) != 1 or stores[0].name != "affine.store" or not allowed or loop.trip % factor:
        return
    (written,) = stores
    if written.operands[1] != buffer.value:
        return
    place = access_of(written)
    if place is None or not _is_aligned(place, loop, factor):
        return
    own = [op for op in inside if op.name in LOADS and op.operands[0] == buffer.value]
    # An iteration that reads another element of the array may need what an earlier one has stored.
    if all(op.name == "affine.load" and _is_same(access_of(op), place) for op in own):
        yield loop, written


def _is_same(one: Sequence[LinearExpr] | None, other: Sequence[LinearExpr]) -> bool:
    return one is not None and all(a - b == LinearExpr.number(0) for a, b in zip(one, other, strict=True))


def _is_aligned(place: Sequence[LinearExpr], loop: Loop, factor: int) -> bool:
    """Tell whether iterations store neighbours, and `factor` of them from a word's start on."""
    *others, last = place
    variable = loop.induction_variable
    if any(subscript.coefficient(variable) for subscript in others) or last.coefficient(variable) != 1:
        return False
    first = last.without(variable) + (loop.lower or 0)
    return first.constant % factor == 0 and all(f % factor == 0 for _, f in first.terms)


def _write_words(words: _Words, loop: Loop, written: ir.Operation) -> None:
    """Let a loop run once a word, with an iteration of the old one for each of its elements."""
    number = operations(loop.body).index(written)
    bounds = ([LinearExpr.number(0)], [LinearExpr.number((loop.trip or 0) // words.factor)])
    made = loop_like(loop, bounds, 1, before(loop.op), loop.name)
    body = made.regions[0].blocks[0]
    end = list(body.operations)[-1].operation
    stores = []
    for lane in range(words.factor):
        copy = loop.op.clone(ip=before(loop.op)).operation
        block = copy.regions[0].blocks[0]
        place = LinearExpr.of(body.arguments[0]) * words.factor + ((loop.lower or 0) + lane)
        replace_uses(block.arguments[0], apply(place, at_end(body), loop.op.location))
        moved = operations(block)
        move_before(moved, end)
        stores.append(moved[number])
        erase(copy)
    values = [op.operands[0] for op in stores]
    for op in stores[:-1]:
        erase(op)
    words.write_all(stores[-1], values)
    erase(loop.op)


def _fill(kernel: KernelIR, buffer: Buffer, kind: ArrayType) -> None:
    """Give the words zeros where one may be read before anything is in it."""
    if buffer.direction in ("in", "inout"):
        return
    found = [a for a in accesses(kernel) if a.buffer == buffer.name]
    writes = [a for a in found if a.is_write]
    if all(uncovered(a, writes).is_empty() for a in found if not a.is_write):
        return
    location = buffer.value.location
    at = at_start(kernel.body) if buffer.direction else after(buffer.value.owner.operation)
    inside = None if buffer.direction else next(_loops_around(kernel, buffer), None)
    variables = []
    for dim, extent in enumerate(kind.shape):
        wanted = fresh_loop_name(kernel, f"{buffer.name}_init_{dim}")
        band = _fresh_band(kernel, f"{buffer.name}_init") if dim == 0 and inside is None else None
        made = for_loop(wanted, 0, extent, at=at, location=location, band=band, role="init")
        if inside is not None and (inside.pipeline or pipelined_around(inside)):
            mark(made, unroll=0)
        block = made.regions[0].blocks[0]
        variables.append(LinearExpr.of(block.arguments[0]))
        at = at_end(block)
    store(Arithmetic(at, location).whole(0, kind.element.bits), buffer.value, variables, at, location)


def _loops_around(kernel: KernelIR, buffer: Buffer) -> Iterator[Loop]:
    """Yield the loops in which a local array is declared, the innermost first."""
    alloc = buffer.value.owner.operation
    yield from (loop for loop in reversed(kernel.loops()) if is_inside(alloc, loop.op))


def _fresh_band(kernel: KernelIR, wanted: str) -> str:
    taken, candidate, number = {loop.band for loop in kernel.loops()}, wanted, 1
    while candidate in taken:
        candidate, number = f"{wanted}_{number}", number + 1
    return candidate
