"""A part of an array in a processing element's own memory: taken at first, handed on at last, each in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from allo_studio.ir import Buffer, KernelIR, LinearExpr, array_type, in_context
from allo_studio.ir.attributes import set_text, set_text_map, text_map
from allo_studio.ir.binding import arith, ir
from allo_studio.ir.build import alloc, for_loop, load, store
from allo_studio.ir.rewrite import after, at_end, at_start, erase, fresh_buffer_name, fresh_loop_name, fresh_name
from allo_studio.primitives.retype import uses_of
from allo_studio.primitives.subscripts import Subscripts
from allo_studio.types import ArrayType

__all__ = ["declare", "of_link", "through_copy", "visit_elements"]

_Place: TypeAlias = "tuple[LinearExpr, ...]"


def declare(kernel: KernelIR, name: str, kind: ArrayType, at: ir.InsertionPoint) -> ir.Value:
    """Make a local array of a declared type; needs the context to be current."""
    value = alloc(name, kind, at)
    if array_type(value.type) != kind:
        set_text(value.owner.operation, "allo.type", str(kind))
    return value


def of_link(op: ir.Operation, link: ir.Value | None, rest: Sequence[int]) -> None:
    """Let a load or store be of another memory, which has the dimensions `rest`; a store to none goes away.

    A memory of no such dimension is one value, or an array of one element.
    """
    if link is None:
        assert not op.results
        erase(op)
        return
    access = Subscripts(op)
    rank = len(ir.MemRefType(link.type).shape)
    access.replace([access.terms[d] for d in rest] or [access.number(0)] * rank, link)


def through_copy(kernel: KernelIR, taken: str, handed: str, start: ir.Attribute | None) -> None:
    """Let an element work on a copy of its part, in place.

    The copy is filled from the link `taken`, or with the value `start`, and goes to the link `handed` after the work;
    where nothing is written, already when it is filled. A name may be empty.

    rewrite:
        for j, k: ... A[k] ...                  for n: A_local[n] = A[n]
                                       ->       for j, k: ... A_local[k] ...
                                                for n: A_out[n] = A_local[n]
    """
    ends = [kernel.find_buffer(name) for name in (taken, handed) if name]
    with in_context():
        _Copy(kernel, ends, bool(taken), bool(handed), start).make()


class _Copy:
    def __init__(
        self, kernel: KernelIR, ends: Sequence[Buffer], taken: bool, handed: bool, start: ir.Attribute | None
    ) -> None:
        self._kernel = kernel
        self._taken = ends[0].value if taken else None
        self._handed = ends[-1].value if handed else None
        self._start = start
        self._like = ends[0]
        # One element is a register.
        self._shape = () if ends[0].type.size == 1 else ends[0].type.shape
        self._users = [op for end in ends for op in uses_of(kernel, end)]
        self._writes = any(len(op.results) == 0 for op in self._users)

    def make(self) -> None:
        """Make the copy, and its loops."""
        like, kernel = self._like, self._kernel
        name = fresh_buffer_name(kernel, f"{like.name}_local")
        at = at_start(kernel.body)
        local = declare(kernel, name, ArrayType(like.type.element, self._shape), at)
        layouts = text_map(kernel.function, "allo.layouts")
        if self._shape and like.name in layouts:
            set_text_map(kernel.function, "allo.layouts", dict(sorted({**layouts, name: layouts[like.name]}.items())))
        for op in self._users:
            of_link(op, local, range(len(self._shape)))
        start = after(local.owner.operation)
        if self._taken is not None:
            self._visit("fill", start, lambda place, at: self._take(local, place, at))
        elif self._start is not None:
            self._visit("fill", start, lambda place, at: self._begin(local, place, at))
        if self._handed is not None and self._writes:
            self._visit("write_back", at_end(kernel.body), lambda place, at: self._hand(local, place, at))

    def _visit(self, role: str, at: ir.InsertionPoint, visit: Callable[[_Place, ir.InsertionPoint], None]) -> None:
        name = f"{self._like.name}_{'out' if role == 'write_back' else 'in'}"
        visit_elements(self._kernel, name, role, self._shape, at, visit)

    def _element(self, place: _Place) -> _Place:
        """Return the subscripts of an element in a link, which has one dimension at least."""
        return place or (LinearExpr.number(0),) * len(self._like.type.shape)

    def _take(self, local: ir.Value, place: _Place, at: ir.InsertionPoint) -> None:
        assert self._taken is not None
        value = load(self._taken, self._element(place), at)
        store(value, local, place, at)
        if self._handed is not None and not self._writes:
            store(value, self._handed, self._element(place), at)

    def _begin(self, local: ir.Value, place: _Place, at: ir.InsertionPoint) -> None:
        element = ir.MemRefType(local.type).element_type
        store(arith.ConstantOp(element, self._start, ip=at).result, local, place, at)

    def _hand(self, local: ir.Value, place: _Place, at: ir.InsertionPoint) -> None:
        assert self._handed is not None
        store(load(local, place, at), self._handed, self._element(place), at)


def visit_elements(
    kernel: KernelIR,
    name: str,
    role: str | None,
    shape: Sequence[int],
    at: ir.InsertionPoint,
    visit: Callable[[_Place, ir.InsertionPoint], None],
) -> None:
    """Make loops over all elements of an array in row-major order, and what `visit` makes for each in their body."""
    place: list[LinearExpr] = []
    band = fresh_name(name, {loop.band for loop in kernel.loops()})
    for d, extent in enumerate(shape):
        loop = fresh_loop_name(kernel, f"{name}_{d}")
        made = for_loop(loop, 0, extent, at=at, role=role, band=None if d else band)
        body = made.regions[0].blocks[0]
        place.append(LinearExpr.of(body.arguments[0]))
        at = at_end(body)
    visit(tuple(place), at)
