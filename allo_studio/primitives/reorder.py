"""`reorder`: loops of a nest change places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.dependences import Dependence, dependences
from allo_studio.analysis.legality import Time, Violation, clearest, old_time, order_violations, private_buffers
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.primitives.base import LoopRef, Option, Step, argument, fault
from allo_studio.primitives.nests import require_perfect
from allo_studio.primitives.rewrite import bounds_of, permute

__all__ = ["Reorder"]


@dataclass(frozen=True)
class Reorder(Step):
    """Give loops of one perfect nest another order; the named loops share the places that they hold now.

    args:
        axes: the loops, the outermost first, as they shall stand.

    rewrite:
        for j in range(8):             for k in range(4):
            for k in range(4):   ->        for j in range(8):
                S(j, k)                        S(j, k)

    fails:
        where a statement or another loop stands between the loops, a bound would come to depend on a loop further
        in, or two iterations that touch one element would change places. The last is allowed for an accumulation
        `x = x + e`: it is exact for integers, and marked as reassociating for floats.
    """

    name: ClassVar[str] = "reorder"
    keeps_stages: ClassVar[bool] = True
    axes: tuple[LoopRef, ...] = field(metadata=argument("loops", "the loops in their new order, the outermost first"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the exchanges of two neighbours."""
        for loop in ir.loops():
            if loop.parent is not None and cls((LoopRef(loop.id), LoopRef(loop.parent.id))).fits(ir):
                yield Option({"axes": [loop.id, loop.parent.id]})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        chain, order = _nest(ir, self.axes)
        yield from _bound_faults(chain, order)
        wrong = clearest(_breaking(ir, chain, order))
        if wrong:
            yield _order_fault(wrong, chain, order)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Permute the nest."""
        chain, order = _nest(ir, self.axes)
        with in_context():
            permute(chain, order)
        return ir

    def reassociates(self, ir: KernelIR) -> bool:
        """Tell whether a floating-point accumulation adds up in another order afterwards."""
        chain, order = _nest(ir, self.axes)
        found = [v.dependence for v in _reversed(dependences(ir), chain, order) if v.accumulation]
        return any(ir.find_buffer(d.buffer).type.element.kind == "float" for d in found)


def _nest(ir: KernelIR, axes: Sequence[str]) -> tuple[list[Loop], list[Loop]]:
    """Return the chain of loops from the outermost to the innermost named one, and the same in the new order."""
    if len(axes) < 2:
        raise AlloError(fault("reorder needs at least two loops", hint="axes: [k, j]"))
    named = [ir.find_loop(axis) for axis in axes]
    ids = [loop.id for loop in named]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise AlloError(fault(f"reorder names {', '.join(twice)} more than once", named[0].span, "name each loop once"))
    chain = _chain(named)
    require_perfect(ir, chain)
    queue = iter(named)
    order = [next(queue) if loop.id in ids else loop for loop in chain]
    return chain, order


def _chain(named: Sequence[Loop]) -> list[Loop]:
    inner = max(named, key=lambda loop: loop.depth)
    path = [*inner.ancestors(), inner]
    inside = {loop.id for loop in path}
    apart = [loop for loop in named if loop.id not in inside]
    if apart:
        message = f"loops {apart[0].id} and {inner.id} are not in one nest: neither is inside the other"
        raise AlloError(fault(message, apart[0].span, f"the loops around {inner.id}: {_names(path[:-1]) or 'none'}"))
    outer = min(loop.depth for loop in named)
    return path[outer:]


def _names(loops: Sequence[Loop]) -> str:
    return ", ".join(loop.id for loop in loops)


def _bound_faults(chain: Sequence[Loop], order: Sequence[Loop]) -> Iterator[Diagnostic]:
    place = {loop.induction_variable: n for n, loop in enumerate(order)}
    names = {loop.induction_variable: loop.id for loop in chain}
    for n, loop in enumerate(order):
        bounds = bounds_of(loop)
        if bounds is None:
            yield fault(f"loop {loop.id} has bounds that are not linear", loop.span, "leave it where it is")
            continue
        used = {v for bound in (*bounds[0], *bounds[1]) for v in bound.variables}
        for variable in sorted((v for v in used if place.get(v, -1) > n), key=lambda v: place[v]):
            other = names[variable]
            hint = f"keep {other} outside {loop.id}"
            yield fault(f"the bounds of loop {loop.id} depend on {other}, which would be inside it", loop.span, hint)


def _breaking(ir: KernelIR, chain: Sequence[Loop], order: Sequence[Loop]) -> list[Violation]:
    """Return the dependences whose exchange would change a result."""
    found = [v for v in _reversed(dependences(ir), chain, order) if not v.accumulation]
    if not found:
        return []
    # An iteration of the innermost loop moves as a whole, so what only lives within one may be exchanged.
    private = private_buffers(accesses(ir), chain[-1])
    return [v for v in found if v.dependence.buffer not in private]


def _reversed(found: Sequence[Dependence], chain: Sequence[Loop], order: Sequence[Loop]) -> Iterator[Violation]:
    """Yield the dependences whose ends change places."""
    start, last = chain[0].depth, chain[-1]
    levels = [loop.depth for loop in order]

    def time(access: Access) -> Time:
        now = list(old_time(access))
        for depth, level in enumerate(levels, start):
            now[2 * depth + 1] = f"i{level}"
        return tuple(now)

    def inside(access: Access) -> bool:
        return len(access.loops) > last.depth and access.loops[last.depth].op == last.op

    yield from order_violations((d for d in found if inside(d.source) and inside(d.sink)), time)


def _order_fault(violation: Violation, chain: Sequence[Loop], order: Sequence[Loop]) -> Diagnostic:
    message = (
        f"the order {_names(order)} would change the result: {violation}, and these two iterations would change places"
    )
    return fault(message, violation.span or chain[0].span, f"the order now is {_names(chain)}")
