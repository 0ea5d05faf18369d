"""Two nests in a row become one: which loops merge, when everything then happens, and the change itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.legality import Time, old_time
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR, LinearExpr, Loop
from allo_studio.ir.attributes import remove, set_text
from allo_studio.ir.binding import ir
from allo_studio.ir.build import Bounds
from allo_studio.ir.rewrite import erase, fresh_loop_name, move_before, operations, replace_uses
from allo_studio.primitives.base import fault
from allo_studio.primitives.nests import directive_of, require_perfect
from allo_studio.primitives.rewrite import between, bounds_of

__all__ = ["Fusion", "fuse_nests", "new_time", "plan_fusion", "shape_faults"]

# A mark of the consumer's loop stays on the merged one only where the producer's loop has it too.
_SHARED = ("allo.reduction", "allo.role")


@dataclass(frozen=True, eq=False)
class Fusion:
    """The loops of `producer` merge with those of `consumer`, pair by pair from the outermost.

    `places` are the positions of the consumer's loops in the text, each in the body of the one before, as accesses
    have them.
    """

    kernel: KernelIR
    producer: tuple[Loop, ...]
    consumer: tuple[Loop, ...]
    places: tuple[int, ...]

    @property
    def target(self) -> Loop:
        """The loop in whose body the producer's work is done."""
        return self.consumer[-1]


def plan_fusion(kernel: KernelIR, origin: Loop, target: Loop) -> Fusion:
    """Return how the nest of `origin` would merge with the loops around `target`, down to it.

    Raises AlloError (code `step`) where the nests are not in a row, or the producer has too few loops.
    """
    source, sink = [*origin.ancestors(), origin], [*target.ancestors(), target]
    shared = next((n for n, (a, b) in enumerate(zip(source, sink, strict=False)) if a.op != b.op), None)
    if shared is None:
        message = f"loops {origin.id} and {target.id} are in one nest, so there is nothing to move"
        raise AlloError(fault(message, target.span, "name a loop of the producer's nest, then one of the consumer's"))
    consumer = sink[shared:]
    _require_in_a_row(kernel, source[shared], consumer[0])
    producer = _chain(source[shared], consumer)
    require_perfect(kernel, producer)
    _require_direct(consumer)
    places = next((a.position for a in accesses(kernel) if target.op in [loop.op for loop in a.loops]), None)
    if places is None:
        raise AlloError(fault(f"loop {target.id} does not use any array", target.span, "choose a loop that does"))
    return Fusion(kernel, tuple(producer), tuple(consumer), tuple(places[shared : len(sink)]))


def _require_in_a_row(kernel: KernelIR, first: Loop, second: Loop) -> None:
    if first.op.block != second.op.block:
        message = f"loops {first.id} and {second.id} are not in one block"
        raise AlloError(fault(message, first.span, "nests can be merged that stand one after the other"))
    if not first.op.is_before_in_block(second.op):
        message = f"loop {first.id} runs after {second.id}, so it cannot be computed there"
        raise AlloError(fault(message, first.span, "name the producer's loop first, then the consumer's"))


def _chain(outermost: Loop, consumer: Sequence[Loop]) -> list[Loop]:
    """Return as many loops of the producer as the consumer has down to the target."""
    chain = [outermost]
    while len(chain) < len(consumer):
        inside = chain[-1].children
        if len(inside) != 1:
            what = "has no loop" if not inside else "has several loops"
            message = f"loop {chain[-1].id} of the producer {what} inside to merge with {consumer[len(chain)].id}"
            raise AlloError(fault(message, chain[-1].span, f"compute at {consumer[len(chain) - 1].id}"))
        chain.append(inside[0])
    return chain


def _require_direct(consumer: Sequence[Loop]) -> None:
    for outer, inner in pairwise(consumer):
        if inner.op not in operations(outer.body):
            message = f"loop {inner.id} runs under a condition in {outer.id}"
            raise AlloError(fault(message, inner.span, f"compute at {outer.id}"))


def shape_faults(plan: Fusion) -> Iterator[Diagnostic]:
    """Yield why the loops cannot merge, whatever the arrays."""
    renamed: dict[ir.Value, ir.Value] = {}
    for loop, into in zip(plan.producer, plan.consumer, strict=True):
        odd = next((each for each in (loop, into) if each.kind != "affine"), None)
        if odd:
            message = f"how often loop {odd.id} runs is computed, so it merges with no other loop"
            yield fault(message, odd.span, "merge loops whose bounds are known")
            return
        renamed[loop.induction_variable] = into.induction_variable
        known, wanted = bounds_of(loop), bounds_of(into)
        if known is None or wanted is None:
            which = loop if known is None else into
            yield fault(f"loop {which.id} has bounds that are not linear", which.span, "leave it where it is")
        elif loop.step != into.step or not _equal(_renamed(known, renamed), wanted):
            message = f"loop {loop.id} ({_range(loop)}) does not run as loop {into.id} ({_range(into)}) does"
            yield fault(message, loop.span, "loops merge that have the same bounds and step")
        done = directive_of(loop)
        if done:
            yield fault(f"loop {loop.id} is already {done}", loop.span, f"move it before it is {done}")
    yield from _body_faults(plan)


def _body_faults(plan: Fusion) -> Iterator[Diagnostic]:
    last, target = plan.producer[-1], plan.target
    marked = next((loop for loop in (*target.ancestors(), target) if directive_of(loop)), None)
    if last.children and marked:
        message = f"loop {marked.id} is already {directive_of(marked)}, and {last.children[0].id} would come inside"
        yield fault(message, marked.span, f"compute at {target.id} before {marked.id} is {directive_of(marked)}")


def _renamed(bounds: Bounds, names: dict[ir.Value, ir.Value]) -> Bounds:
    def rename(expression: LinearExpr) -> LinearExpr:
        return LinearExpr.collect(((names.get(v, v), factor) for v, factor in expression.terms), expression.constant)

    return [rename(e) for e in bounds[0]], [rename(e) for e in bounds[1]]


def _equal(one: Bounds, other: Bounds) -> bool:
    """Tell whether two loops have the same bounds, in any order of their terms."""
    sides = zip(one, other, strict=True)
    return all(all(_among(a, right) for a in left) and all(_among(b, left) for b in right) for left, right in sides)


def _among(expression: LinearExpr, others: Sequence[LinearExpr]) -> bool:
    return any(expression - other == LinearExpr.number(0) for other in others)


def _range(loop: Loop) -> str:
    if loop.lower is None or loop.upper is None:
        return "bounds that depend on other loops"
    return f"{loop.lower} to {loop.upper}" + (f" by {loop.step}" if loop.step != 1 else "")


def new_time(plan: Fusion, access: Access) -> Time | None:
    """Return when an access of the producer happens after the change; None for every other."""
    depth, count = plan.producer[0].depth, len(plan.producer)
    if len(access.loops) <= depth or access.loops[depth].op != plan.producer[0].op:
        return None
    old = old_time(access)
    merged = [entry for n, place in enumerate(plan.places) for entry in (place, f"i{depth + n}")]
    # In the target's body it comes before everything else, which stands at positions from 0.
    return (*old[: 2 * depth], *merged, -1, *old[2 * (depth + count) :])


def fuse_nests(plan: Fusion) -> None:
    """Move the producer into the target, in place; needs the context to be current."""
    _rename_inside(plan)
    for loop, into in zip(plan.producer, plan.consumer, strict=True):
        replace_uses(loop.induction_variable, into.induction_variable)
        for mark in _SHARED:
            if mark not in loop.op.attributes:
                remove(into.op, mark)
    first = plan.target.body.operations[0].operation
    computed = between(plan.producer)
    move_before([*computed, *operations(plan.producer[-1].body)], first)
    erase(plan.producer[0].op)
    for op in reversed(computed):
        # What computed only the bounds of loops that are gone.
        if all(next(iter(result.uses), None) is None for result in op.results):
            erase(op)


def _rename_inside(plan: Fusion) -> None:
    """Give loops that come inside a name of their own where the consumer's nest has it already."""
    top = plan.consumer[0]
    band = [loop for loop in plan.kernel.loops() if loop.band == top.band and loop.op != plan.producer[0].op]
    moved = plan.producer[-1].descendants()
    taken = {loop.name for loop in band} - {loop.name for loop in moved if loop.band == top.band}
    for loop in moved:
        if loop.name in taken:
            set_text(loop.op, "allo.name", fresh_loop_name(plan.kernel, loop.name))
