"""The code of a reuse buffer: its fill, the shift and the new elements in the loop, the reads from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

from allo_studio.analysis.accesses import Access
from allo_studio.ir import KernelIR, LinearExpr, Loop
from allo_studio.ir.attributes import flag, set_text
from allo_studio.ir.binding import ir
from allo_studio.ir.build import alloc, constant, empty_loop, load, store
from allo_studio.ir.rewrite import at_end, at_start, before, erase, operations, replace_uses
from allo_studio.ir.views import array_type
from allo_studio.primitives.late_body import delay_body
from allo_studio.primitives.promises import PARALLEL
from allo_studio.primitives.replication import pipelined_around
from allo_studio.primitives.reuse_plan import ReusePlan
from allo_studio.primitives.rewrite import is_pure, mark
from allo_studio.types import ArrayType

__all__ = ["build_window"]

# Where an element of the window is, by dimension of the array.
_Place = Mapping[int, LinearExpr]


def build_window(kernel: KernelIR, plan: ReusePlan, name: str, inside: bool = False) -> None:
    """Make the planned reuse buffer, named `name`, in place; needs the context to be current.

    `inside` lets the loop fill it, by iterations before the others.
    """
    _Builder(kernel, plan, name, inside).build()


@dataclass
class _Nest:
    """One copy nest to make: its loops are named `<stem>_<number>`, over `counts` elements of each dimension.

    `room` is, for each dimension that may reach beyond the array, how many elements are left to its end.
    """

    stem: str
    counts: Mapping[int, int]
    room: Mapping[int, LinearExpr]
    innermost: int | None
    unrolled: bool
    band: str | None = None
    role: str = "fill"


class _Builder:
    def __init__(self, kernel: KernelIR, plan: ReusePlan, name: str, inside: bool) -> None:
        # Looked up once: each name that is made here differs from the others.
        self._taken = {loop.name for loop in kernel.loops()}
        self._plan = plan
        self._name = name
        self._inside = inside
        self._location = plan.axis.op.location
        kind = ArrayType(plan.buffer.type.element, plan.shape)
        self._outermost = _outermost(plan.axis) if inside else plan.axis
        self._window = alloc(name, kind, before(self._outermost.op), self._location)
        if array_type(self._window.type) != kind:
            set_text(self._window.owner.operation, "allo.type", str(kind))
        # What one iteration reads along the dimension that moves, less what it reads for the first time.
        self._old = plan.footprint.extents[plan.dim] - plan.fresh

    def build(self) -> None:
        """Make everything."""
        plan, variable = self._plan, self._plan.axis.induction_variable
        start = tuple(low.substitute(variable, plan.first) for low in plan.footprint.lows)
        if self._inside:
            self._clear()
        else:
            self._fill(start)
        before_it = len(operations(plan.axis.body))
        at = at_start(plan.axis.body)
        self._shift(at)
        self._add(at)
        ahead = len(operations(plan.axis.body)) - before_it
        for access in plan.reads:
            self._redirect(access)
        if self._inside:
            delay_body(plan.axis, ahead, self._old // plan.fresh)

    def _fill(self, start: tuple[LinearExpr, ...]) -> None:
        """Before the loop: what the first iteration reads but for what it adds itself, one shift ahead."""
        plan = self._plan
        counts = {**self._counts(), plan.dim: self._old}
        unrolled = pipelined_around(plan.axis) is not None
        band = None if plan.axis.parent else f"{self._name}_fill"
        nest = _Nest(f"{self._name}_fill", counts, self._room(start), None, unrolled, band)

        def copy(place: _Place, at: ir.InsertionPoint) -> None:
            ahead = {**place, plan.dim: place[plan.dim] + plan.fresh}
            self._copy(self._array(place, start), ahead, at)

        self._make(nest, before(plan.axis.op), copy)

    def _clear(self) -> None:
        """Before the nest: a first value, which the first iterations move on and nothing else takes."""
        unrolled = pipelined_around(self._outermost) is not None
        band = None if self._outermost.parent else f"{self._name}_init"
        nest = _Nest(f"{self._name}_init", self._counts(), {}, None, unrolled, band, "init")

        def put(place: _Place, at: ir.InsertionPoint) -> None:
            zero = constant(0, self._plan.buffer.type.element, at, self._location)
            store(zero, self._window, self._subscripts(place), at, self._location)

        self._make(nest, before(self._outermost.op), put)

    def _shift(self, at: ir.InsertionPoint) -> None:
        """In the loop: every element moves on by what an iteration adds."""
        plan = self._plan
        counts = {**self._counts(), plan.dim: self._old}
        nest = _Nest(f"{self._name}_shift", counts, self._room(plan.footprint.lows), plan.dim, self._in_pipeline)

        def copy(place: _Place, at: ir.InsertionPoint) -> None:
            ahead = {**place, plan.dim: place[plan.dim] + plan.fresh}
            value = load(self._window, self._subscripts(ahead), at, self._location)
            store(value, self._window, self._subscripts(place), at, self._location)

        self._make(nest, at, copy)

    def _add(self, at: ir.InsertionPoint) -> None:
        """In the loop: the elements that no iteration read before."""
        plan = self._plan
        counts = {**self._counts(), plan.dim: plan.fresh}
        room = self._room(plan.footprint.lows)
        if plan.dim in room:
            room[plan.dim] = room[plan.dim] - self._old
        nest = _Nest(f"{self._name}_next", counts, room, None, self._in_pipeline)

        def copy(place: _Place, at: ir.InsertionPoint) -> None:
            last = {**place, plan.dim: place[plan.dim] + self._old}
            self._copy(self._array(last, plan.footprint.lows), last, at)

        self._make(nest, at, copy)

    @property
    def _in_pipeline(self) -> bool:
        # Inside a pipelined loop there are no loops any more, only copies.
        return bool(self._plan.axis.pipeline or pipelined_around(self._plan.axis))

    def _counts(self) -> dict[int, int]:
        return {d: self._plan.footprint.extents[d] for d in self._plan.kept}

    def _room(self, lows: tuple[LinearExpr, ...]) -> dict[int, LinearExpr]:
        footprint = self._plan.footprint
        return {d: -lows[d] + footprint.shape[d] for d in footprint.guarded}

    def _subscripts(self, place: _Place) -> list[LinearExpr]:
        return [place[d] for d in self._plan.kept]

    def _array(self, place: _Place, lows: tuple[LinearExpr, ...]) -> list[LinearExpr]:
        """Return the element of the array that a place of the window stands for, where its box starts at `lows`."""
        zero = LinearExpr.number(0)
        found = [low + place.get(d, zero) for d, low in enumerate(lows)]
        if self._plan.shift < 0:
            # The newest elements are the last of the window, also where it moves towards the array's start.
            d = self._plan.dim
            found[d] = lows[d] + (self._plan.footprint.extents[d] - 1) - place[d]
        return found

    def _copy(self, element: list[LinearExpr], place: _Place, at: ir.InsertionPoint) -> None:
        value = load(self._plan.buffer.value, element, at, self._location)
        store(value, self._window, self._subscripts(place), at, self._location)

    def _redirect(self, access: Access) -> None:
        plan, op = self._plan, access.op
        offsets = {d: s - plan.footprint.lows[d] for d, s in enumerate(access.subscripts) if s is not None}
        if plan.shift < 0:
            offsets[plan.dim] = -offsets[plan.dim] + (plan.footprint.extents[plan.dim] - 1)
        replace_uses(op.result, load(self._window, self._subscripts(offsets), before(op), op.location))
        erase(op)

    def _make(self, nest: _Nest, at: ir.InsertionPoint, body: Callable[[_Place, ir.InsertionPoint], None]) -> None:
        """Make the loops of a nest and let `body` fill them; a count of one needs no loop."""
        place: dict[int, LinearExpr] = {}
        dims = sorted(nest.counts, key=lambda d: (d == nest.innermost, d))
        for number, d in enumerate(dims):
            if nest.counts[d] == 1 and d not in nest.room:
                place[d] = LinearExpr.number(0)
                continue
            op = self._loop(nest, f"{nest.stem}_{number}", d, at)
            if nest.band is not None and not any(not e.is_constant for e in place.values()):
                set_text(op, "allo.band", nest.band)
            block = op.regions[0].blocks[0]
            place[d] = LinearExpr.of(block.arguments[0])
            at = at_end(block)
        body(place, at)

    def _fresh(self, name: str) -> str:
        numbered = (f"{name}_{number}" for number in count(1))
        return name if name not in self._taken else next(n for n in numbered if n not in self._taken)

    def _loop(self, nest: _Nest, name: str, d: int, at: ir.InsertionPoint) -> ir.Operation:
        upper = [LinearExpr.number(nest.counts[d])]
        if d in nest.room:
            upper.append(nest.room[d])
        made = empty_loop(([LinearExpr.number(0)], upper), 1, at, self._location, self._fresh(name))
        set_text(made, "allo.role", nest.role)
        if nest.unrolled:
            mark(made, unroll=0)
        return made


def _outermost(axis: Loop) -> Loop:
    """Return the outermost loop of the perfect nest of one iteration after another that a loop is the innermost of.

    A window that the loop itself fills needs no fresh memory in each run of it, which would keep the nest from being
    one pipeline.
    """
    while axis.parent is not None:
        others = (op for op in operations(axis.parent.body) if op != axis.op)
        if axis.parent.unroll is not None or flag(axis.parent.op, PARALLEL) or not all(map(is_pure, others)):
            break
        axis = axis.parent
    return axis
