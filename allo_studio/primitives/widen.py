"""Copy loops that the compiler made move as many elements a cycle as the arrays have banks."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.ir import KernelIR, Loop, in_context
from allo_studio.ir.binding import ir
from allo_studio.layout import DimLayout
from allo_studio.primitives.replication import copies_around
from allo_studio.primitives.rewrite import loop_of, mark, permute, split_loop

__all__ = ["COPY_ROLES", "widen_copies"]

COPY_ROLES = ("init", "fill", "write_back", "copy_in")
# A wider copy would be more wires than a device has memory ports.
_MOST_LANES = 1024


def widen_copies(kernel: KernelIR, buffers: Sequence[str]) -> None:
    """Unroll, in place, the innermost loop of each copy nest over one of `buffers` as far as the layouts allow."""
    with in_context():
        # Each change makes the views stale, so look again after it.
        while (found := _next(kernel.steady(), buffers)) is not None:
            _widen(kernel, *found)


def _next(kernel: KernelIR, buffers: Sequence[str]) -> tuple[Loop, int, bool] | None:
    known = accesses(kernel)
    for loop in kernel.loops():
        if loop.role not in COPY_ROLES or loop.children or loop.unroll is not None or loop.trip is None:
            continue
        inside = [a for a in known if a.loops and a.loops[-1].op == loop.op]
        if not any(a.buffer in buffers for a in inside):
            continue
        lanes, blocked = _lanes(kernel, loop, inside)
        if 1 < lanes <= _MOST_LANES and lanes * copies_around(loop) <= _MOST_LANES:
            return loop, lanes, blocked
    return None


def _lanes(kernel: KernelIR, loop: Loop, inside: Sequence[Access]) -> tuple[int, bool]:
    """Return how many iterations may run in one cycle, and whether they are the same offset of several blocks."""
    entries = [_entry(kernel, loop, access) for access in inside]
    known = [(entry, extent) for entry, extent in (e for e in entries if e is not None) if entry.kind != "complete"]
    trip = loop.trip or 0
    if None in entries or not entries:
        return 1, False
    if all(entry.kind == "cyclic" for entry, _ in known):
        return gcd(trip, *(entry.factor for entry, _ in known)), False
    sizes = {(entry.kind, -(-extent // entry.factor) if entry.factor else 0, extent) for entry, extent in known}
    kind, size, extent = min(sizes)
    if len(sizes) == 1 and kind == "block" and extent == trip and trip % size == 0:
        return trip // size, True
    return 1, False


def _entry(kernel: KernelIR, loop: Loop, access: Access) -> tuple[DimLayout, int] | None:
    """Return the layout and extent of the one dimension that the loop runs along; None where it does not so."""
    factors = [s.coefficient(loop.induction_variable) if s is not None else 2 for s in access.subscripts]
    if sorted(factors, reverse=True)[:1] != [1] or sum(f != 0 for f in factors) != 1:
        return None
    dim = factors.index(1)
    buffer = kernel.find_buffer(access.buffer)
    return buffer.layout.dims[dim], buffer.type.shape[dim]


def _widen(kernel: KernelIR, loop: Loop, lanes: int, blocked: bool) -> None:
    if lanes == loop.trip:
        mark(loop.op, unroll=0)
        return
    if not blocked:
        _, inner = split_loop(loop, lanes)
        mark(inner, unroll=0)
        return
    # The elements of one cycle lie one in each block, so the loop over the blocks goes inside.
    outer, inner = _pair(kernel, *split_loop(loop, (loop.trip or 0) // lanes))
    made = permute([outer, inner], [inner, outer])
    mark(made[1], unroll=0)


def _pair(kernel: KernelIR, outer: ir.Operation, inner: ir.Operation) -> tuple[Loop, Loop]:
    return loop_of(kernel, outer), loop_of(kernel, inner)
