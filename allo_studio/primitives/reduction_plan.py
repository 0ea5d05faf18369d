"""The accumulation of a loop that `reduce_tree` sums as a tree: what it is made of, and the proof that it may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.dependences import dependences
from allo_studio.analysis.legality import Time, clearest, old_time, order_violations
from allo_studio.analysis.sets import isl_map, points, tuple_text
from allo_studio.analysis.updates import updates
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR, Loop
from allo_studio.ir.binding import ir
from allo_studio.ir.rewrite import operations
from allo_studio.primitives.base import fault
from allo_studio.primitives.rewrite import is_pure
from allo_studio.source import Span

__all__ = ["Reduction", "Term", "find_reduction", "group_faults"]

_MEMORY = ("affine.load", "affine.store", "memref.load", "memref.store", "memref.alloc")
_CASTS = ("arith.extsi", "arith.extui", "arith.trunci")
# What joins two values of an accumulation by each operator. A difference adds up what it takes away.
_JOINS = {
    "arith.addf": "arith.addf", "arith.subf": "arith.addf", "arith.addi": "arith.addi", "arith.subi": "arith.addi",
} | {
    name: name
    for name in (
        "arith.mulf", "arith.muli", "arith.andi", "arith.ori", "arith.xori", "arith.maximumf", "arith.minimumf",
        "arith.maxsi", "arith.minsi", "arith.maxui", "arith.minui",
    )
}  # fmt: skip
_DIFFERENCES = ("arith.subf", "arith.subi")
_FORM = "write it as x = x + e, with -, *, min, max, &, | or ^ in the place of +"


@dataclass(frozen=True)
class Term:
    """A value that an iteration brings in, an operand of an operation of the chain.

    `taken` says that it is taken away.
    """

    op: ir.Operation
    operand: int
    taken: bool


@dataclass(frozen=True)
class Reduction:
    """The one accumulation of a loop's body.

    `chain` has the operations from the load of the old value to the store of the new one, without these two. They
    serve nothing else. `join` is the operator that joins two values.
    """

    loop: Loop
    buffer: Buffer
    load: Access = field(repr=False)
    store: Access = field(repr=False)
    chain: tuple[ir.Operation, ...] = field(repr=False)
    terms: tuple[Term, ...] = field(repr=False)
    join: str


def find_reduction(kernel: KernelIR, loop: Loop) -> Reduction:
    """Return the accumulation of an innermost loop; raises AlloError where there is none, or something else besides."""
    _require_straight(kernel, loop)
    inside = [a for a in accesses(kernel) if _is_in(a, loop)]
    # A buffer that lives in the body is fresh in each iteration.
    written = [a for a in inside if a.is_write and a.scope <= loop.depth]
    if not written:
        message = f"loop {loop.id} accumulates nothing: all that it writes is gone after each iteration"
        raise AlloError(fault(message, loop.span, _FORM))
    if len(written) > 1:
        raise AlloError(_several(loop, written))
    store, buffer = written[0], kernel.find_buffer(written[0].buffer)
    loads = [a for a in inside if not a.is_write and a.buffer == store.buffer and updates((a, store))]
    found = _chain(loads[0].op, store.op) if loads else None
    if found is None:
        raise AlloError(_no_accumulation(loop, buffer, store.span))
    chain, terms, join = found
    return Reduction(loop, buffer, loads[0], store, chain, terms, join)


def _is_in(access: Access, loop: Loop) -> bool:
    return len(access.loops) > loop.depth and access.loops[loop.depth].op == loop.op


def _require_straight(kernel: KernelIR, loop: Loop) -> None:
    if loop.children:
        inner = loop.children[0]
        message = f"loop {loop.id} has loop {inner.id} inside: only an innermost loop is summed as a tree"
        raise AlloError(fault(message, inner.span or loop.span, f"name {inner.id}, or reorder the nest"))
    for op in operations(loop.body):
        what = _obstacle(op)
        if what:
            message = f"loop {loop.id} has {what} inside, and only straight code is summed as a tree"
            hint = "inline the call" if op.name == "func.call" else "choose the value to add: x += a if c else b"
            raise AlloError(fault(message, kernel.span(op) or loop.span, hint))


def _obstacle(op: ir.Operation) -> str:
    """Return what an operation is that cannot be copied for each lane; empty where it can."""
    if is_pure(op) or op.name in _MEMORY or op.name.startswith("math."):
        return ""
    if op.name == "func.call":
        return f"a call of {ir.FlatSymbolRefAttr(op.attributes['callee']).value}"
    if op.name == "scf.if":
        # A value that is chosen lazily is computed in its branches, and nothing else happens there.
        chosen = [o for region in op.regions for block in region.blocks for o in operations(block)]
        plain = all(not _obstacle(o) and "store" not in o.name and o.name != "memref.alloc" for o in chosen)
        return "" if plain and len(op.results) else "a branch"
    return "" if op.name == "scf.yield" else f"an operation {op.name}"


def _several(loop: Loop, written: Sequence[Access]) -> Diagnostic:
    first, second = written[:2]
    if first.buffer == second.buffer:
        message = f"loop {loop.id} writes {first.buffer} in two places"
        return fault(message, second.span or loop.span, "leave one update in the loop, and the rest in another")
    message = f"loop {loop.id} writes {second.buffer} besides {first.buffer}: only one accumulation becomes a tree"
    return fault(message, second.span or loop.span, "write them in loops of their own")


def _no_accumulation(loop: Loop, buffer: Buffer, span: Span | None) -> Diagnostic:
    if buffer.type.element.overflow != "wrap":
        message = (
            f"{buffer.name} is {buffer.type.element}: each sum of loop {loop.id} saturates, so their grouping counts"
        )
        return fault(message, span or loop.span, f"accumulate in a wider type that wraps, and assign to {buffer.name}")
    message = f"loop {loop.id} writes {buffer.name}, but not as an accumulation x = x + e of one element"
    return fault(message, span or loop.span, f"{_FORM}, where e has the type of x and does not use x")


def _chain(load: ir.Operation, store: ir.Operation) -> tuple[tuple[ir.Operation, ...], tuple[Term, ...], str] | None:
    """Follow the old value to the store; None where something else than operators and casts is on the way.

    `updates` has proven that each value on the way serves the next operation only, and that the operators go together.
    """
    chain: list[ir.Operation] = []
    terms: list[Term] = []
    value = load.result
    while True:
        op = next(iter(value.uses)).owner.operation
        if op == store:
            return tuple(chain), tuple(terms), _JOINS[terms[0].op.name]
        if op.name in _JOINS:
            other = 1 if op.operands[0] == value else 0
            terms.append(Term(op, other, op.name in _DIFFERENCES))
        elif op.name not in _CASTS:
            return None
        chain.append(op)
        value = op.result


def group_faults(kernel: KernelIR, found: Reduction, lanes: int) -> Iterator[Diagnostic]:
    """Yield why the iterations of a loop cannot be summed in groups of `lanes`, the first from its lower bound on."""
    spread = _spread(found, lanes)
    if spread:
        one, other = spread
        name = found.buffer.name
        message = f"iterations of loop {found.loop.id} that would be summed add to {name}{one} and to {name}{other}"
        yield fault(message, found.store.span or found.loop.span, "choose a loop that adds to one element")
        return
    inside = [
        d for d in dependences(kernel)
        if d.buffer == found.buffer.name and _is_in(d.source, found.loop) and _is_in(d.sink, found.loop)
    ]  # fmt: skip
    wrong = clearest(order_violations(inside, lambda access: _new_time(access, found, lanes)))
    if wrong:
        message = f"summing loop {found.loop.id} as a tree would change the result: {wrong}, and a tree reads it before"
        hint = f"add values that do not come from {found.buffer.name}"
        yield fault(message, wrong.span or found.loop.span, hint)


def _group(loop: Loop, lanes: int, variable: str) -> str:
    """Return the number of the group that an iteration is in, in isl's notation."""
    return f"floor(({variable} - ({loop.lower or 0}))/{loop.step * lanes})"


def _new_time(access: Access, found: Reduction, lanes: int) -> Time:
    """Return when an access happens: in each group all values first, then the updates in their order.

    That is the order that is proven. The updates of a group then follow each other with nothing between them that
    touches their element, so that the operator's law alone lets them be grouped.
    """
    old, place = old_time(access), 2 * found.loop.depth + 1
    late = access.op in (found.load.op, found.store.op)
    return (*old[:place], _group(found.loop, lanes, f"i{found.loop.depth}"), int(late), *old[place:])


def _spread(found: Reduction, lanes: int) -> tuple[str, str] | None:
    """Return two elements that iterations of one group update, as subscripts; None where each group has one."""
    depth = found.loop.depth
    one, other = ([f"{letter}{level}" for level in range(depth + 1)] for letter in "ij")
    same = [f"{a} = {b}" for a, b in zip(one[:-1], other[:-1], strict=True)]
    same.append(f"{_group(found.loop, lanes, one[-1])} = {_group(found.loop, lanes, other[-1])}")
    relation = found.store.relation
    pairs = isl_map(f"{{ {tuple_text(one)} -> {tuple_text(other)} : {' and '.join(same)} }}")
    touched = relation.reverse().apply_range(pairs).apply_range(relation)
    rank = len(found.buffer.type.shape)
    if not rank:
        return None
    element = [f"e{d}" for d in range(rank)]
    apart = touched.subtract(isl_map(f"{{ {tuple_text(element)} -> {tuple_text(element)} }}"))
    if apart.is_empty():
        return None
    first, second = points(apart)
    return str(list(first)), str(list(second))
