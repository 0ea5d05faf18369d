"""Do the accesses of one array together move every element once, in row-major order, token by token?

The lanes of the fully unrolled loops around an access make a token of contiguous elements, which moves when the
outermost of these loops is reached. What is left of the loops, and the places in their bodies, is the token's time. The
proof is over all pairs of accesses: whatever moves later is further on in the array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeAlias

from allo_studio.analysis.access import Access
from allo_studio.analysis.binding import isl
from allo_studio.analysis.domains import enclosing
from allo_studio.analysis.order import before
from allo_studio.analysis.sets import IslMap, box_set, common_domain, isl_map, isl_set, points, tuple_text
from allo_studio.ir import KernelIR
from allo_studio.source import Span

__all__ = ["Refusal", "out_of_order", "token_order"]

# Two elements of an array.
_Pair: TypeAlias = "tuple[tuple[int, ...], tuple[int, ...]]"
# The proof takes each pair of places; code with more is not written for a FIFO.
_MOST_PLACES = 64


@dataclass(frozen=True)
class Refusal:
    """Why an argument cannot be a FIFO, where, and what would mend it. `repeated`: an element is moved again."""

    reason: str
    hint: str
    span: Span | None = None
    repeated: bool = False


@dataclass(frozen=True, eq=False)
class _Tokens:
    """The tokens of one access: their place in time (see `order.Timed`), and the elements of each."""

    access: Access
    position: tuple[int, ...]
    elements: IslMap
    scope: int = 0

    @classmethod
    def of(cls, access: Access) -> _Tokens:
        """Return those of an access whose lanes are fit."""
        levels = len(access.loops) - _lanes(access)
        return cls(access, access.position[: levels + 1], common_domain(access.relation, levels))


def token_order(kernel: KernelIR, moves: Sequence[Access], verb: str) -> int | Refusal:
    """Return the elements of a token where accesses of one array move all of it in order, or why they do not.

    `moves` are all its reads or all its writes (at least one), and `verb` is `reads` or `writes`.
    """
    name = moves[0].buffer
    shape = kernel.find_buffer(name).type.shape
    if len(moves) > _MOST_PLACES:
        return Refusal(f"it {verb} {name} at {len(moves)} places", f"access {name} in a loop", moves[-1].span)
    widths = []
    for access in moves:
        width = _width(access, shape, verb)
        if isinstance(width, Refusal):
            return width
        widths.append(width)
    if len(set(widths)) > 1:
        other = next(n for n, width in enumerate(widths) if width != widths[0])
        reason = f"it {verb} {widths[0]} elements of {name} at a time in one place and {widths[other]} in another"
        return Refusal(reason, "let all loops that access it have as many lanes", moves[other].span)
    return _whole_order([_Tokens.of(access) for access in moves], shape, verb) or widths[0]


def _width(access: Access, shape: tuple[int, ...], verb: str) -> int | Refusal:
    """Return how many elements an access moves at a time, or why it makes no tokens."""
    name = access.buffer
    if access.callee:
        return Refusal(f"{name} is passed to {access.callee}", f"inline {access.callee}", access.span)
    if not access.pinned or (_lanes(access) and not (access.linear and access.op.name.startswith("affine."))):
        return Refusal(f"the subscripts of {name} are not linear in the loops", "", access.span)
    if not access.exact or _depends_on_arguments(access):
        return Refusal(f"it does not always {verb.removesuffix('s')} {name}", "", access.span)
    unfit = _unfit_lanes(access)
    if unfit:
        return unfit
    width = _contiguous(access, shape)
    return Refusal(f"what one cycle {verb} of {name} is not contiguous", "", access.span) if width is None else width


def _whole_order(tokens: Sequence[_Tokens], shape: tuple[int, ...], verb: str) -> Refusal | None:
    """Return where the tokens of several accesses are out of order, come again, or leave something out."""
    name = tokens[0].access.buffer
    hint = f"buffer_at({name}, ...) or a reorder of the loops brings it in order"
    for one, two in product(tokens, repeat=2):
        if one is not two and one.position == two.position:
            # Their elements would take turns, so that neither token is complete before the other begins.
            return Refusal(f"it {verb} {name} at two places among the same lanes", hint, two.access.span)
    # That an element comes again says more than what its second time is too late for.
    for wrong in (_again, _swapped):
        for one, two in product(tokens, repeat=2):
            broken = wrong(one, two, len(shape))
            if broken:
                first, second = (f"{name}[{', '.join(map(str, point))}]" for point in broken)
                repeated = first == second
                how = "more than once" if repeated else f"before {second}, which is not row-major order"
                return Refusal(f"it {verb} {first} {how}", hint, two.access.span, repeated)
    covered = tokens[0].elements.range()
    for other in tokens[1:]:
        covered = covered.union(other.elements.range())
    whole = box_set(shape).is_subset(covered)
    return None if whole else Refusal(f"it {verb} only a part of {name}", hint, tokens[-1].access.span)


def _swapped(one: _Tokens, two: _Tokens, rank: int) -> _Pair | None:
    """Return an element that moves by `one` and another by `two` later, where they are not in row-major order."""
    pairs = _pairs(one, two)
    return None if pairs is None else _least(pairs.subtract(_lexicographic(rank)))


def _again(one: _Tokens, two: _Tokens, rank: int) -> _Pair | None:
    """Return an element that moves by `one`, and by `two` later, twice."""
    pairs = _pairs(one, two)
    same = tuple_text(f"e{d}" for d in range(rank))
    return None if pairs is None else _least(pairs.intersect(isl_map(f"{{ {same} -> {same} }}")))


def _pairs(one: _Tokens, two: _Tokens) -> IslMap | None:
    """Return which elements move by `two` later than which by `one`; None where none can."""
    later = before(one, two)
    return None if later is None else one.elements.reverse().apply_range(isl_map(later)).apply_range(two.elements)


def out_of_order(footprint: IslMap, levels: int, rank: int) -> _Pair | None:
    """Return two elements, of an earlier and a later iteration of so many loops, that are not in row-major order."""
    pairs = footprint.reverse().apply_range(_lexicographic(levels)).apply_range(footprint)
    return _least(pairs.subtract(_lexicographic(rank)))


def _least(wrong: IslMap) -> _Pair | None:
    return None if wrong.is_empty() else points(wrong)


def _lexicographic(dimensions: int) -> IslMap:
    """Return the relation from each point to all that come after it."""
    a = [f"a{d}" for d in range(dimensions)]
    b = [f"b{d}" for d in range(dimensions)]
    cases = [
        " and ".join([*(f"{x} = {y}" for x, y in zip(a[:d], b[:d], strict=True)), f"{a[d]} < {b[d]}"])
        for d in range(dimensions)
    ]
    return isl_map(f"{{ {tuple_text(a)} -> {tuple_text(b)} : {' or '.join(f'({c})' for c in cases) or 'false'} }}")


# Lanes


def _lanes(access: Access) -> int:
    """Return how many of the access's loops, counted from the inside, are nothing but lanes.

    An unrolled loop around one that is not runs that one's copies one after another.
    """
    count = 0
    for loop in reversed(access.loops):
        if loop.unroll != 0 or any(inside.unroll != 0 for inside in loop.descendants()):
            break
        count += 1
    return count


def _unfit_lanes(access: Access) -> Refusal | None:
    """Return why the unrolled loops around an access make no tokens, if so."""
    lanes = len(access.loops) - _lanes(access)
    pipelined = ""
    for level, loop in enumerate(access.loops):
        if pipelined and loop.unroll != 0:
            reason = f"loop {loop.id} is inside of pipelined loop {pipelined}, which makes lanes of it"
            return Refusal(reason, f"unroll {loop.id} too, so that its elements make a token", access.span)
        pipelined = loop.id if loop.pipeline else pipelined
        if loop.unroll:
            return Refusal(
                f"loop {loop.id} is unrolled partly", f"split {loop.id} and unroll the inner loop", access.span
            )
        if loop.unroll == 0 and level < lanes:
            reason = f"loop {loop.id} is unrolled, but not what is inside of it"
            return Refusal(reason, f"unroll only loops that have no other loop inside, not {loop.id}", access.span)
        if loop.unroll == 0 and loop.lower != 0:
            reason = f"the unrolled loop {loop.id} does not begin at 0"
            return Refusal(reason, f"let {loop.id} begin at 0, or do not unroll it", access.span)
    return _conditional_lanes(access, lanes)


def _conditional_lanes(access: Access, lanes: int) -> Refusal | None:
    """Return that lanes are under a condition of their own, if so: a token moves as a whole or not at all."""
    if lanes == len(access.loops):
        return None
    outermost = access.loops[lanes]
    around = [op for op, _ in enclosing(access.op)]
    if len(around) - around.index(outermost.op) == len(access.loops) - lanes:
        return None
    reason = f"lanes of the unrolled loop {outermost.id} take part under a condition"
    return Refusal(reason, f"put the condition around {outermost.id}, or do not unroll it", access.span)


def _depends_on_arguments(access: Access) -> bool:
    """Tell whether conditions around an access compare with arguments: then its tokens move when these say."""
    if len(enclosing(access.op)) == len(access.loops) + 1:
        return False
    notation, parameter = access.when.notation, isl.dim_type.param
    known = isl_set(f"{notation.parameters}{{ {access.when.tuple} : {' and '.join(notation.context) or 'true'} }}")
    said = access.domain.gist(known)
    return bool(said.involves_dims(parameter, 0, said.dim(parameter)))


def _contiguous(access: Access, shape: tuple[int, ...]) -> int | None:
    """Return the elements that the lanes move together, or None where they are not a contiguous run upwards."""
    lanes = access.loops[len(access.loops) - _lanes(access) :]
    if any(loop.trip is None for loop in lanes):
        return None
    strides = [prod(shape[d + 1 :]) for d in range(len(shape))]
    factors = []
    for loop in lanes:
        moves = sum(
            s.coefficient(loop.induction_variable) * stride
            for s, stride in zip(access.subscripts, strides, strict=True)
            if s is not None
        )
        factors.append([moves * loop.step * n for n in range(loop.trip or 0)])
    offsets = sorted(sum(choice) for choice in product(*factors))
    return len(offsets) if offsets == list(range(len(offsets))) else None
