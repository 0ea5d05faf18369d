"""What a reuse buffer needs, proven with isl: the window that slides over an array, and that nobody writes under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.coverage import unfed_part
from allo_studio.analysis.dependences import Dependence, happens_before
from allo_studio.analysis.domains import domain_of, domain_set
from allo_studio.analysis.legality import Violation
from allo_studio.analysis.sets import IslMap, common_domain, isl_map, loop_bounds, points, tuple_text
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR, LinearExpr, Loop
from allo_studio.ir.attributes import flag
from allo_studio.ir.rewrite import is_inside
from allo_studio.primitives.base import fault
from allo_studio.primitives.footprint import Footprint, find_footprint
from allo_studio.primitives.promises import PARALLEL

__all__ = ["ReusePlan", "may_reuse", "plan_reuse"]

_CHOOSE = "choose the loop that moves over the array"


@dataclass(frozen=True, eq=False)
class ReusePlan:
    """How to keep what iterations of `axis` read of `buffer` more than once.

    In one iteration they read the box `footprint`, which the next one finds `shift` elements further along dimension
    `dim` (from 0; backwards where it is negative). `first` is the loop's first value, an expression of the loops
    outside. `reads` are the accesses that go to the reuse buffer.
    """

    buffer: Buffer
    axis: Loop
    footprint: Footprint
    dim: int
    shift: int
    first: LinearExpr
    reads: tuple[Access, ...]

    @property
    def kept(self) -> tuple[int, ...]:
        """The dimensions of the array that the reuse buffer has."""
        return tuple(sorted({*self.footprint.kept, self.dim}))

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the reuse buffer."""
        return tuple(self.footprint.extents[d] for d in self.kept)

    @property
    def fresh(self) -> int:
        """How many elements along `dim` an iteration adds."""
        return abs(self.shift)


def plan_reuse(kernel: KernelIR, buffer: Buffer, axis: Loop, known: Sequence[Access] = ()) -> ReusePlan:
    """Return the plan of a reuse buffer; raises AlloError (code `step`) where there can be none.

    `known` are the kernel's accesses where the caller has them already.
    """
    found = [a for a in known or accesses(kernel) if a.buffer == buffer.name]
    inside = [a for a in found if len(a.loops) > axis.depth and a.loops[axis.depth].op == axis.op]
    reads = tuple(a for a in inside if not a.is_write)
    first = _first_value(axis)
    _require_reads(buffer, axis, found, reads)
    outside = [*axis.ancestors(), axis]
    footprint = _footprint(buffer, axis, reads, outside)
    dim, shift = _movement(buffer, axis, footprint)
    box = footprint.elements(outside)
    _require_no_write_under(buffer, axis, [a for a in inside if a.is_write], reads, box)
    entry = common_domain(box, axis.depth)
    # A loop of constant bounds runs wherever it stands, under a condition too.
    if not axis.trip and not domain_set(outside[:-1]).is_subset(entry.domain()):
        message = f"loop {axis.id} may have no iteration, and there would be nothing to start the reuse with"
        raise AlloError(fault(message, axis.span, "choose a loop that always runs"))
    if buffer.kind == "local" or buffer.direction == "out":
        _require_contents(buffer, axis, found, _entry_of(reads[0], axis), entry)
    return ReusePlan(buffer, axis, footprint, dim, shift, first, reads)


def may_reuse(axis: Loop, reads: Sequence[Access]) -> bool:
    """Tell by a look at the subscripts whether iterations can read the same; `plan_reuse` proves it.

    Along the dimension that the loop moves over, an iteration reads several elements: at several subscripts, or at one
    that a loop inside moves too.
    """
    if axis.kind != "affine":
        return False
    inside = [a for a in reads if len(a.loops) > axis.depth and a.loops[axis.depth].op == axis.op and a.linear]
    variable = axis.induction_variable
    for subscripts in zip(*(a.subscripts for a in inside), strict=True):
        moving = {s for s in subscripts if s is not None and s.coefficient(variable)}
        within = any(_moves_inside(s, a, axis) for s, a in zip(subscripts, inside, strict=True))
        if len(moving) > 1 or (moving and within):
            return True
    return False


def _moves_inside(subscript: LinearExpr | None, access: Access, axis: Loop) -> bool:
    inner = {loop.induction_variable for loop in access.loops[axis.depth + 1 :] if loop.kind != "while"}
    return subscript is not None and not inner.isdisjoint(subscript.variables)


def _first_value(axis: Loop) -> LinearExpr:
    """Return the first value of a loop's variable as an expression of the loops outside."""
    if axis.kind != "affine":
        message = f"the bounds of loop {axis.id} are computed, so what it reads is not known to move evenly"
        raise AlloError(fault(message, axis.span, _CHOOSE))
    if flag(axis.op, PARALLEL):
        message = f"loop {axis.id} is parallel; with reuse each iteration needs the one before"
        raise AlloError(fault(message, axis.span, f"make a loop inside {axis.id} parallel instead"))
    lower = loop_bounds(axis)[0]
    if len(lower) != 1 or lower[0] is None:
        message = f"loop {axis.id} starts at no single linear bound"
        raise AlloError(fault(message, axis.span, _CHOOSE))
    return lower[0]


def _require_reads(buffer: Buffer, axis: Loop, found: Sequence[Access], reads: Sequence[Access]) -> None:
    if buffer.kind == "local" and is_inside(buffer.value.owner.operation, axis.op):
        message = f"{buffer.name} is declared inside loop {axis.id}, so no iteration reads what another one did"
        raise AlloError(fault(message, axis.span, "choose a loop inside the one that declares it"))
    if not buffer.type.shape:
        raise AlloError(fault(f"{buffer.name} is one element, over which nothing moves", axis.span, "choose an array"))
    if not reads:
        users = sorted({a.loops[0].id for a in found if a.loops and not a.is_write})
        hint = f"{buffer.name} is read in {', '.join(users)}" if users else f"{buffer.name} is not read in any loop"
        raise AlloError(fault(f"{buffer.name} is not read inside loop {axis.id}", axis.span, hint))
    called = next((a for a in reads if a.callee), None)
    if called:
        message = f"{buffer.name} is passed whole to {called.callee} in loop {axis.id}"
        raise AlloError(fault(message, called.span or axis.span, "choose an array that the loop reads itself"))
    vague = next((a for a in reads if not a.linear or not a.op.name.startswith("affine.")), None)
    if vague:
        message = f"a subscript of {buffer.name} is not a linear expression of loop variables"
        raise AlloError(fault(message, vague.span or axis.span, "choose another array"))


def _require_no_write_under(
    buffer: Buffer, axis: Loop, writes: Sequence[Access], reads: Sequence[Access], box: IslMap
) -> None:
    """Raise where an element is written while the window holds it, and read later in the run: it would be stale."""
    for write in writes:
        names = [f"i{depth}" for depth in range(len(write.loops))]
        held = isl_map(f"{{ {tuple_text(names)} -> {tuple_text(names[: axis.depth + 1])} }}").apply_range(box)
        for read in reads:
            order = happens_before(write, read, axis.depth)
            if order is None:
                continue
            stale = write.relation.intersect(held).apply_range(read.relation.reverse()).intersect(order)
            if not stale.is_empty():
                violation = Violation(Dependence("flow", write, read, stale), stale)
                message = f"a copy of {buffer.name} kept over {axis.id} would be out of date: {violation}"
                raise AlloError(fault(message, read.span or axis.span, "choose an array that the loop only reads"))


def _footprint(buffer: Buffer, axis: Loop, reads: Sequence[Access], outside: Sequence[Loop]) -> Footprint:
    found = find_footprint(reads, outside, buffer.type.shape)
    if isinstance(found, int):
        # A box that is cut at the end of the array can follow what is touched more closely.
        found = find_footprint(reads, outside, buffer.type.shape, cut=True)
    if isinstance(found, int):
        message = f"what one iteration of {axis.id} reads in dimension {found + 1} of {buffer.name} is no box"
        raise AlloError(fault(message, axis.span, _CHOOSE))
    return found


def _movement(buffer: Buffer, axis: Loop, footprint: Footprint) -> tuple[int, int]:
    """Return the dimension along which the window moves, and by how many elements an iteration."""
    factors = {d: low.coefficient(axis.induction_variable) for d, low in enumerate(footprint.lows)}
    moving = {d: factor for d, factor in factors.items() if factor}
    if not moving:
        message = f"every iteration of {axis.id} reads the same part of {buffer.name}"
        hint = f"choose the loop that moves over {buffer.name}, or make a tile with buffer_at"
        raise AlloError(fault(message, axis.span, hint))
    if len(moving) > 1:
        dims = " and ".join(str(d + 1) for d in moving)
        message = f"loop {axis.id} moves over dimensions {dims} of {buffer.name} at once"
        raise AlloError(fault(message, axis.span, "choose a loop that moves along one dimension"))
    ((dim, factor),) = moving.items()
    shift, extent = factor * axis.step, footprint.extents[dim]
    if abs(shift) >= extent:
        message = (
            f"no iteration of {axis.id} reads what the one before did: each reads {_count(extent)} of dimension "
            f"{dim + 1} of {buffer.name}, {abs(shift)} further along"
        )
        raise AlloError(fault(message, axis.span, "choose an array that is read at several offsets"))
    if shift < 0 and dim in footprint.guarded:
        message = f"loop {axis.id} moves backwards over {buffer.name} from beyond its end"
        raise AlloError(fault(message, axis.span, _CHOOSE))
    return dim, shift


def _count(number: int) -> str:
    return f"{number} element{'s' if number != 1 else ''}"


def _entry_of(access: Access, axis: Loop) -> Access:
    """Return a stand-in for an access just before a loop around `access` starts."""
    loops, position = access.loops[: axis.depth], access.position[: axis.depth + 1]
    return replace(access, kind="read", loops=loops, when=domain_of(access.when.notation, loops), position=position)


def _require_contents(buffer: Buffer, axis: Loop, found: Sequence[Access], start: Access, needed: IslMap) -> None:
    """Raise where an element of the window is not surely written before the loop starts."""
    missing = unfed_part(needed, start, [a for a in found if a.is_write])
    if not missing.is_empty():
        raise AlloError(_contents_fault(buffer, axis, missing))


def _contents_fault(buffer: Buffer, axis: Loop, missing: IslMap) -> Diagnostic:
    iteration, element = points(missing)
    place = f"{buffer.name}[{', '.join(map(str, element))}]"
    around = ", ".join(f"{loop.name}={v}" for loop, v in zip(axis.ancestors(), iteration, strict=True))
    message = f"the window over {buffer.name} would hold {place}, which is not written before loop {axis.id}"
    return fault(f"{message}{f' at ({around})' if around else ''}", axis.span, f"give {buffer.name} a first value")
