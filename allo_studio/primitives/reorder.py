"""`reorder`: loops of a nest change places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

from allo_studio.analysis.dependences import Dependence, Witness, dependences, sample_of
from allo_studio.analysis.sets import IslMap, isl_map
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.ir.rewrite import operations
from allo_studio.primitives.base import LoopRef, Step, argument, fault
from allo_studio.primitives.rewrite import bounds_of, is_pure, permute

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
    axes: tuple[LoopRef, ...] = field(metadata=argument("loops", "the loops in their new order, the outermost first"))

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        yield from self.faults_given(ir, dependences(ir))

    def faults_given(self, ir: KernelIR, found: Sequence[Dependence]) -> Iterator[Diagnostic]:
        """Yield why the step does not apply to a kernel with these dependences."""
        chain, order = _nest(ir, self.axes)
        yield from _bound_faults(chain, order)
        wrong = [(d, part) for d, part in _reversed(found, chain, order) if not d.accumulation]
        if wrong:
            # One counterexample is enough; a value that would not arrive is the easiest to follow.
            dependence, part = min(wrong, key=lambda entry: list(_ENDS).index(entry[0].kind))
            yield _order_fault(dependence, sample_of(dependence, part), chain, order)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Permute the nest."""
        chain, order = _nest(ir, self.axes)
        with in_context():
            permute(chain, order)
        return ir

    def reassociates(self, ir: KernelIR) -> bool:
        """Tell whether a floating-point accumulation adds up in another order afterwards."""
        chain, order = _nest(ir, self.axes)
        found = [d for d, _ in _reversed(dependences(ir), chain, order) if d.accumulation]
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
    _require_perfect(ir, chain)
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


def _require_perfect(ir: KernelIR, chain: Sequence[Loop]) -> None:
    for loop, inside in pairwise(chain):
        for op in operations(loop.body):
            if op == inside.op or is_pure(op):
                continue
            kind = (
                "another loop" if op.name == "affine.for" else "a local array" if "alloc" in op.name else "a statement"
            )
            message = f"loops {loop.id} and {inside.id} are no perfect nest: {kind} stands beside {inside.id}"
            hint = f"only loops that directly contain each other can change places; reorder those inside {inside.id}"
            raise AlloError(fault(message, ir.span(op) or inside.span, hint))


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


def _reversed(
    found: Sequence[Dependence], chain: Sequence[Loop], order: Sequence[Loop]
) -> Iterator[tuple[Dependence, IslMap]]:
    """Yield the dependences whose ends change places, with the part that does."""
    start, last = chain[0].depth, chain[-1]
    levels = [loop.depth for loop in order]
    for dependence in found:
        ends = (dependence.source, dependence.sink)
        if any(len(a.loops) <= last.depth or a.loops[last.depth].op != last.op for a in ends):
            continue
        part = dependence.relation.intersect(_swapped(dependence, start, levels))
        if not part.is_empty():
            yield dependence, part


def _swapped(dependence: Dependence, start: int, levels: Sequence[int]) -> IslMap:
    """Return the pairs of iterations that agree outside the nest and come in opposite order in the new nest."""
    outside = [f"i{n} = o{n}" for n in range(start)]
    cases = []
    for n, level in enumerate(levels):
        equal = [f"i{known} = o{known}" for known in levels[:n]]
        cases.append(f"({' and '.join([*outside, *equal, f'i{level} > o{level}'])})")
    source = ", ".join(f"i{n}" for n in range(len(dependence.source.loops)))
    sink = ", ".join(f"o{n}" for n in range(len(dependence.sink.loops)))
    return isl_map(f"{{ [{source}] -> [{sink}] : {' or '.join(cases)} }}")


_ENDS = {"flow": ("written", "read"), "output": ("written", "overwritten"), "anti": ("read", "overwritten")}


def _order_fault(dependence: Dependence, witness: Witness, chain: Sequence[Loop], order: Sequence[Loop]) -> Diagnostic:
    first, second = _ENDS[dependence.kind]
    message = (
        f"the order {_names(order)} would change the result: {witness.place} is {first} at ({witness.source_text}) "
        f"and {second} at ({witness.sink_text}), and these two iterations would change places"
    )
    return fault(message, dependence.sink.span or chain[0].span, f"the order now is {_names(chain)}")
