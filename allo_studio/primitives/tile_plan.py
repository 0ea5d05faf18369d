"""What a tile needs, proven with isl: its box, whether earlier contents are read, and where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from allo_studio.analysis.access import start_of
from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.coverage import uncovered, unfed_part, unwritten
from allo_studio.analysis.dependences import happens_before
from allo_studio.analysis.domains import Domain, domain_of
from allo_studio.analysis.sets import IslMap, common_domain, points
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR, Loop
from allo_studio.ir.binding import ir
from allo_studio.ir.rewrite import erase, is_inside
from allo_studio.primitives.base import fault
from allo_studio.primitives.footprint import Footprint, find_footprint
from allo_studio.primitives.tiles import tiles_of

__all__ = ["TilePlan", "dead_initialiser", "erase_initialiser", "plan_tile"]


@dataclass(frozen=True, eq=False)
class TilePlan:
    """How to make a tile of `buffer` in the body of `axis`.

    `inside` are the accesses that go to the tile. `fills` says whether it starts with the buffer's contents;
    `initial` is a constant (an `arith.constant`) that it starts with instead, where the contents are proven to be
    just that. `writes_back` says whether the body writes.
    """

    buffer: Buffer
    axis: Loop
    footprint: Footprint
    inside: tuple[Access, ...]
    fills: bool
    initial: ir.Operation | None
    writes_back: bool


def plan_tile(kernel: KernelIR, buffer: Buffer, axis: Loop, known: Sequence[Access] = ()) -> TilePlan:
    """Return the plan of a tile; raises AlloError (code `step`) where there can be none.

    `known` are the kernel's accesses where the caller has them already.
    """
    found = [a for a in known or accesses(kernel) if a.buffer == buffer.name]
    outside = [*axis.ancestors(), axis]
    inside = tuple(a for a in found if len(a.loops) > axis.depth and a.loops[axis.depth].op == axis.op)
    _require_accesses(kernel, buffer, axis, found, inside)
    footprint = find_footprint(inside, outside, buffer.type.shape)
    try:
        return _plan(buffer, axis, found, inside, outside, footprint)
    except AlloError as error:
        # A box that is cut at the end of the array can follow what is touched more closely.
        other = find_footprint(inside, outside, buffer.type.shape, cut=True)
        if other == footprint:
            raise
        try:
            return _plan(buffer, axis, found, inside, outside, other)
        except AlloError:
            raise error from None


def _plan(
    buffer: Buffer,
    axis: Loop,
    found: Sequence[Access],
    inside: tuple[Access, ...],
    outside: Sequence[Loop],
    footprint: Footprint | int,
) -> TilePlan:
    around = domain_of(inside[0].when.notation, outside)
    if isinstance(footprint, int):
        message = f"what one iteration of {axis.id} touches in dimension {footprint + 1} of {buffer.name} is no box"
        raise AlloError(fault(message, axis.span, "choose a loop further out"))
    writes_back = any(a.is_write for a in inside)
    box = footprint.elements(outside)
    fills = _reads_earlier(inside, len(outside)) or (
        writes_back and not _unwritten_part(box, inside, around).is_empty()
    )
    initial = _require_contents(buffer, axis, found, inside, box, around) if fills else None
    return TilePlan(buffer, axis, footprint, inside, fills, initial, writes_back)


def _require_accesses(
    kernel: KernelIR, buffer: Buffer, axis: Loop, found: Sequence[Access], inside: Sequence[Access]
) -> None:
    if buffer.kind == "local" and is_inside(buffer.value.owner.operation, axis.op):
        message = f"{buffer.name} is declared inside loop {axis.id}, so it lives there already"
        raise AlloError(fault(message, axis.span, "choose a loop inside the one that declares it"))
    if not inside:
        users = sorted({a.loops[0].id for a in found if a.loops})
        hint = f"{buffer.name} is used in {', '.join(users)}" if users else f"{buffer.name} is not used in any loop"
        raise AlloError(fault(f"{buffer.name} is not used inside loop {axis.id}", axis.span, hint))
    for name, _, op in tiles_of(kernel, buffer.name):
        if is_inside(op, axis.op):
            raise AlloError(fault(f"{buffer.name} has a tile {name} there already", axis.span, f"make one of {name}"))
    called = next((a for a in inside if a.callee), None)
    if called:
        message = f"{buffer.name} is passed to {called.callee} inside loop {axis.id}, which uses the array itself"
        hint = f"choose a loop without that call, or inline {called.callee}"
        raise AlloError(fault(message, called.span or axis.span, hint))
    vague = next((a for a in inside if not a.linear or not a.op.name.startswith("affine.")), None)
    if vague:
        message = f"a subscript of {buffer.name} is not a linear expression of loop variables"
        raise AlloError(fault(message, vague.span or axis.span, "choose another array"))


def _reads_earlier(inside: Sequence[Access], within: int) -> bool:
    """Tell whether an iteration reads an element before it writes it."""
    writes = [a for a in inside if a.is_write]
    return any(not uncovered(a, writes, within).is_empty() for a in inside if not a.is_write)


def _unwritten_part(box: IslMap, inside: Sequence[Access], around: Domain) -> IslMap:
    """Return what an iteration of the loops around does not surely write of its box."""
    sure = (a for a in inside if a.is_write and a.pinned and len(a.when.vague) <= len(around.vague))
    writes = (common_domain(a.relation, around.depth) for a in sure)
    return reduce(lambda rest, written: rest.subtract(written), writes, box)


def _require_contents(
    buffer: Buffer, axis: Loop, found: Sequence[Access], inside: Sequence[Access], box: IslMap, around: Domain
) -> ir.Operation | None:
    """Return the constant that a tile's earlier contents are proven to be, or None; raises where there are none."""
    if buffer.direction in ("in", "inout") or buffer.kind in ("constant", "state"):
        return None
    start = start_of(inside[0], axis.depth)
    known = [a for a in found if a.is_write and _may_have_written(a, start, box)]
    missing = unfed_part(box, start, known)
    if not missing.is_empty():
        # An element that the iteration itself never writes is the clearer example.
        kept = _unwritten_part(missing, inside, around)
        raise AlloError(_contents_fault(buffer, axis, missing if kept.is_empty() else kept))
    return _constant_of(known[0]) if len(known) == 1 else None


def _may_have_written(write: Access, start: Access, box: IslMap) -> bool:
    """Tell whether `write` may have written elements of an iteration's box before it starts."""
    order = happens_before(write, start)
    if order is None:
        return False
    part = order.intersect_domain(write.domain).reverse().apply_range(write.relation).intersect(box)
    return not part.is_empty()


def _constant_of(write: Access) -> ir.Operation | None:
    if not write.is_store:
        return None
    value = write.op.operands[0]
    if isinstance(value.owner, ir.Block) or value.owner.operation.name != "arith.constant":
        return None
    return value.owner.operation


def _contents_fault(buffer: Buffer, axis: Loop, missing: IslMap) -> Diagnostic:
    iteration, element = points(missing)
    place = f"{buffer.name}[{', '.join(map(str, element))}]" if element else buffer.name
    names = ", ".join(f"{loop.name}={v}" for loop, v in zip([*axis.ancestors(), axis], iteration, strict=True))
    message = f"the tile of {buffer.name} at ({names}) would hold {place}, which is not written until then"
    return fault(message, axis.span, f"give {buffer.name} a first value, or choose another loop")


def dead_initialiser(kernel: KernelIR, name: str) -> tuple[ir.Operation, ir.Operation] | None:
    """Return the nest (or store) that gives `name` a constant first value which nothing ever sees, and the constant."""
    buffer = kernel.find_buffer(name)
    found = [a for a in accesses(kernel) if a.buffer == name]
    first = next((a for a in found if a.is_write), None)
    value = _constant_of(first) if first is not None else None
    if first is None or value is None or any(loop.role != "init" for loop in first.loops) or buffer.kind == "state":
        return None
    others = [a for a in found if a is not first]
    if any(happens_before(a, first) is not None for a in others):
        return None
    writes = [a for a in others if a.is_write]
    if any(not uncovered(a, writes).is_empty() for a in others if not a.is_write):
        return None
    if buffer.kind == "argument" and not unwritten(buffer.type.shape, writes, buffer.type.sizes).is_empty():
        return None
    nest = first.loops[0].op if first.loops else first.op
    alone = [a for a in accesses(kernel) if is_inside(a.op, nest)]
    return (nest, value) if len(alone) <= 1 else None


def erase_initialiser(nest: ir.Operation, value: ir.Operation) -> None:
    """Take what `dead_initialiser` returned away, in place."""
    outside = not is_inside(value, nest)
    erase(nest)
    if outside and next(iter(value.result.uses), None) is None:
        erase(value)
