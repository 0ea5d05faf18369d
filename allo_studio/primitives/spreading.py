"""What loads links from an array, and collects them into it; in place, with the context current.

Elements move in the array's row-major order, so that it may come or go through a FIFO; where the parts are partitioned
into banks of their own, those of all parts move at the same time instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from allo_studio.ir import Buffer, KernelIR, LinearExpr
from allo_studio.ir.binding import ir
from allo_studio.ir.build import for_loop, index_constant, load, store
from allo_studio.ir.rewrite import at_end, before, erase, fresh_name
from allo_studio.primitives.outlining import outline
from allo_studio.primitives.relay_plan import Link

__all__ = ["collect_links", "fresh_function", "gathered", "load_links"]


def load_links(
    kernel: KernelIR, buffer: Buffer, dims: Sequence[int], links: Mapping[Link, ir.Value], anchor: ir.Operation
) -> None:
    """Fill links with their parts of an array, each element read once, before an operation of the kernel's block."""
    _Spread(kernel, buffer, dims, links, f"{buffer.name}_load", True).make(anchor)


def collect_links(
    kernel: KernelIR, buffer: Buffer, dims: Sequence[int], links: Mapping[Link, ir.Value], anchor: ir.Operation
) -> None:
    """Write what links hold into their parts of an array, before an operation of the kernel's block."""
    _Spread(kernel, buffer, dims, links, f"{buffer.name}_drain", False).make(anchor)


class _Spread:
    def __init__(
        self,
        kernel: KernelIR,
        buffer: Buffer,
        dims: Sequence[int],
        links: Mapping[Link, ir.Value],
        name: str,
        loads: bool,
    ) -> None:
        self._kernel = kernel
        self._memory = buffer.value
        self._shape = buffer.type.shape
        self._dims = tuple(dims)
        self._links = links
        self._loads = loads
        self._name = fresh_function(kernel, name)
        rank = len(self._shape)
        # Where each part has banks of its own, all of them move at the same time; else elements come in their order.
        apart = bool(dims) and all(buffer.layout.dims[d].kind == "complete" for d in dims)
        self._order = sorted(range(rank), key=lambda d: (apart and d in dims, d))
        self._loops = [0] * rank

    def make(self, anchor: ir.Operation) -> None:
        """Make the loops, as a function where they are several or none."""
        start = index_constant(0, before(anchor)).owner.operation
        self._visit({}, list(self._links), before(anchor))
        listed = [view.operation for view in self._kernel.body.operations]
        made = listed[listed.index(start) : listed.index(anchor)]
        gathered(self._kernel, made, self._name)

    def _visit(self, place: Mapping[int, LinearExpr], links: Sequence[Link], at: ir.InsertionPoint) -> None:
        """Make what moves the elements of some links that are at `place` in the dimensions that it has."""
        if len(place) == len(self._order):
            self._move([place[d] for d in sorted(place)], links, at)
            return
        d = self._order[len(place)]
        if d in self._dims:
            number = self._dims.index(d)
            for value in sorted({link.key[number] for link in links}):
                chosen = [link for link in links if link.key[number] == value]
                self._visit({**place, d: LinearExpr.number(value)}, chosen, at)
        else:
            name = f"{self._name}_{d}"
            name, self._loops[d] = f"{name}_{self._loops[d]}" if self._loops[d] else name, self._loops[d] + 1
            outermost = all(known.is_constant for known in place.values())
            made = for_loop(name, 0, self._shape[d], at=at, band=self._name if outermost else None)
            body = made.regions[0].blocks[0]
            self._visit({**place, d: LinearExpr.of(body.arguments[0])}, links, at_end(body))

    def _move(self, place: Sequence[LinearExpr], links: Sequence[Link], at: ir.InsertionPoint) -> None:
        inside = [place[d] for d in range(len(place)) if d not in self._dims] or [LinearExpr.number(0)]
        if self._loads:
            value = load(self._memory, place, at)
            for link in links:
                store(value, self._links[link], inside, at)
        else:
            for link in links:
                store(load(self._links[link], inside, at), self._memory, place, at)


def gathered(kernel: KernelIR, made: Sequence[ir.Operation], name: str) -> None:
    """Let operations that stand one after another be one stage: a function, where they are more than one.

    The first is a constant that nothing uses, which goes with them.
    """
    if len(made) == 2:
        erase(made[0])
    else:
        outline(kernel, made, name, name, proven=False)


def fresh_function(kernel: KernelIR, wanted: str) -> str:
    """Return a name that no function has, and no nest."""
    return fresh_name(wanted, {*kernel.functions, *(loop.band for loop in kernel.loops())})
