"""`unfold`: every iteration of some loops becomes a function of its own, a processing element."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import ClassVar

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.build import index_constant
from allo_studio.ir.rewrite import at_start, before, erase, move_before, operations, replace_uses
from allo_studio.primitives.base import LoopRef, Option, Step, argument, fault
from allo_studio.primitives.elements import mark_element
from allo_studio.primitives.outlining import outline
from allo_studio.primitives.replication import pipelined_around
from allo_studio.primitives.rewrite import between, is_pure
from allo_studio.primitives.settled import settle_branches

__all__ = ["MOST_ELEMENTS", "Unfold"]

# Beyond this no device holds the processing elements; it is a mistake in the schedule.
MOST_ELEMENTS = 1024
# More are legal, but seldom what is wanted, and make long lists of functions.
_MOST_OFFERED = 64


@dataclass(frozen=True)
class Unfold(Step):
    """Make every iteration of some loops of a nest a processing element: a function of its own, called in order.

    args:
        band: the nest, or one of its loops.
        axes: which of its loops, the outermost being 0; neighbours.

    rewrite:
        for i in range(2):             nest_pe_0(A, B)
            B[i] = A[i] + 1      ->    nest_pe_1(A, B)

                                       def nest_pe_0(A, B):
                                           B[0] = A[0] + 1

        Branches that the loops' variables decide are decided. The calls stand in the order of the iterations, so the
        order of the work stays. What an element does alone is
        scheduled in its function.

    fails:
        where the loops are not neighbours of one perfect nest, their trip counts are not constant, they are pipelined
        or in a pipelined loop, or the elements are more than 1024.
    """

    name: ClassVar[str] = "unfold"
    band: LoopRef = field(metadata=argument("loop", "the nest, or one of its loops"))
    axes: tuple[int, ...] = field(metadata=argument("ints", "its loops to unfold, the outermost being 0"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the nests, with the loops, and pairs of neighbours, that make a moderate number of elements."""
        for first in ir.top_loops():
            nest = _nest(first)
            pairs = [(axis,) for axis in range(len(nest))] + [(axis, axis + 1) for axis in range(len(nest) - 1)]
            few = (axes for axes in pairs if prod(nest[axis].trip or 0 for axis in axes) <= _MOST_OFFERED)
            fitting = tuple(list(axes) for axes in few if cls(LoopRef(first.id), axes).fits(ir))
            if fitting and first.role is None:
                yield Option({"band": first.id}, {"axes": fitting})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        chain = self._chain(ir)
        yield from _loop_faults(chain)
        around = pipelined_around(chain[0])
        if around:
            message = f"loop {chain[0].id} is inside pipelined loop {around.id}, which unrolls it"
            yield fault(message, chain[0].span, f"unfold before {around.id} is pipelined")
        count = prod(1 if loop.trip is None else loop.trip for loop in chain)
        if count > MOST_ELEMENTS:
            message = f"unfolding {_names(chain)} makes {count} processing elements, more than {MOST_ELEMENTS}"
            yield fault(message, chain[0].span, "split the loops first, and unfold the outer parts")
        if not count:
            yield fault(
                f"{_names(chain)} run 0 times, so there is nothing to unfold", chain[0].span, "leave the step out"
            )

    def _chain(self, ir: KernelIR) -> tuple[Loop, ...]:
        """Return the loops to unfold, each directly in the one before; raises AlloError."""
        first = _outermost(ir, self.band)
        wanted = tuple(sorted(self.axes))
        if not wanted or wanted != tuple(range(wanted[0], wanted[0] + len(wanted))):
            message = f"axes {_listing(self.axes)} are not neighbours"
            raise AlloError(fault(message, first.span, "write axes: [0, 1]; reorder the nest so that they are"))
        nest = _nest(first)
        if wanted[0] < 0 or wanted[-1] >= len(nest):
            band = first.band or first.id
            loops = f"loop {nest[0].id} only" if len(nest) == 1 else f"loops {_names(nest)}"
            message = f"all the work of nest {band} is in {loops}, so there are no axes {_listing(wanted)}"
            raise AlloError(fault(message, first.span, f"axes of {_names(nest)} count from 0 to {len(nest) - 1}"))
        return tuple(nest[wanted[0] : wanted[-1] + 1])

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Make the functions and their calls."""
        chain = self._chain(ir)
        with in_context():
            _unfold(ir, chain)
        return ir


def _unfold(kernel: KernelIR, chain: Sequence[Loop]) -> None:
    last = chain[-1]
    # What computes index values between the loops goes with every element.
    inside = list(last.body.operations)
    move_before(between(chain), inside[0].operation)
    base, taken = _plain(chain[0].band or chain[0].name), set(kernel.functions)
    for point in product(*(range(loop.lower or 0, loop.upper or 0, loop.step) for loop in chain)):
        name = _fresh(f"{base}_pe_{'_'.join(map(str, point))}", taken)
        taken.add(name)
        outline(kernel, _element(chain, point), name, chain[0].band, proven=False)
        mark_element(kernel.at(name).function, chain[0].band, point)
    erase(chain[0].op)


def _element(chain: Sequence[Loop], point: Sequence[int]) -> tuple[mlir.Operation, ...]:
    """Make a copy of one iteration's operations before the loops, and return them."""
    copy = chain[-1].op.clone(ip=before(chain[0].op)).operation
    body = copy.regions[0].blocks[0]
    variables = [*(loop.induction_variable for loop in chain[:-1]), body.arguments[0]]
    for variable, value in zip(variables, point, strict=True):
        replace_uses(variable, index_constant(value, at_start(body)), body)
    settle_branches(body)
    moved = operations(body)
    move_before(moved, copy)
    erase(copy)
    return moved


def _fresh(wanted: str, taken: set[str]) -> str:
    candidate, number = wanted, 1
    while candidate in taken:
        candidate, number = f"{wanted}_{number}", number + 1
    return candidate


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _outermost(kernel: KernelIR, band: str) -> Loop:
    """Return the outermost loop of a nest, by the nest's name or that of one of its loops; raises AlloError."""
    found = [loop for loop in kernel.top_loops() if loop.band == band]
    if len(found) == 1:
        return found[0]
    loop = kernel.find_loop(band)
    return (*loop.ancestors(), loop)[0]


def _nest(first: Loop) -> list[Loop]:
    """Return the loops from the outermost in, as long as each holds nothing but the next and index values."""
    found = [first]
    while len(found[-1].children) == 1:
        inner = found[-1].children[0]
        if any(op != inner.op and not is_pure(op) for op in operations(found[-1].body)):
            break
        found.append(inner)
    return found


def _loop_faults(chain: Sequence[Loop]) -> Iterator[Diagnostic]:
    for loop in chain:
        if loop.kind != "affine" or loop.trip is None:
            message = f"loop {loop.id} has no constant trip count, so it cannot be unfolded"
            yield fault(message, loop.span, "unfold loops with constant bounds")
        elif loop.pipeline:
            message = f"loop {loop.id} is pipelined; unfolded it would have no iterations to pipeline"
            yield fault(message, loop.span, "unfold first, and pipeline inside the processing elements")


def _names(loops: Sequence[Loop]) -> str:
    return ", ".join(loop.id for loop in loops)


def _listing(numbers: Sequence[int]) -> str:
    return f"[{', '.join(map(str, numbers))}]"
