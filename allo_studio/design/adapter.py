"""The kernel between two blocks of which one moves more elements in a cycle than the other: tokens of another width.

A wide token is taken apart into narrow ones, or put together of them, a narrow one a cycle.
"""

from __future__ import annotations

from math import prod

from allo_studio.design.relayout import copying_kernel
from allo_studio.ir import KernelIR, LinearExpr, in_context
from allo_studio.ir.build import for_loop, load, store
from allo_studio.ir.rewrite import at_end, at_start
from allo_studio.types import ArrayType

__all__ = ["adapter_kernel", "can_adapt"]


def can_adapt(shape: tuple[int, ...], given: int, taken: int) -> bool:
    """Tell whether tokens of so many elements can become tokens of another number.

    One must be a multiple of the other, and each a part of a row, or so many whole rows.
    """
    wide, narrow = max(given, taken), min(given, taken)
    return wide > narrow and not wide % narrow and all(_run(shape, width) is not None for width in (wide, narrow))


def adapter_kernel(name: str, kind: ArrayType, given: int, taken: int) -> KernelIR:
    """Return a kernel of that name with a stream `source` of tokens of `given` elements, and `target` of `taken`.

    rewrite:
        for i, j.outer:                            # a token of the wider kind
            for j.narrow:                          # unrolled: a token of the narrower kind
                for j.lane:                        # unrolled
                    target[i, j] = source[i, j]
    """
    kernel = copying_kernel(name, kind)
    block, first = kernel.body, True
    memories = list(block.arguments)
    subscripts = [LinearExpr.number(0) for _ in kind.shape]
    with in_context():
        for dimension, trip, step, lanes in _loops(kind.shape, max(given, taken), min(given, taken)):
            at = at_start(block) if first else at_end(block)
            label = f"d{dimension}.{step}" if lanes else f"d{dimension}"
            loop = for_loop(label, 0, trip, at=at, band=name if first else None, unroll=0 if lanes else None)
            block, first = loop.regions[0].blocks[0], False
            subscripts[dimension] = subscripts[dimension] + LinearExpr.of(block.arguments[0]) * step
        value = load(memories[0], subscripts, at_end(block))
        store(value, memories[1], subscripts, at_end(block))
    return kernel.with_streams({"source": given, "target": taken})


def _run(shape: tuple[int, ...], width: int) -> tuple[int, int] | None:
    """Return a dimension, and how many of its subscripts with all that is inside of them make a token; None if none."""
    for dimension in range(len(shape) - 1, -1, -1):
        inside = prod(shape[dimension + 1 :])
        count = width // inside
        if count * inside == width and count and shape[dimension] % count == 0:
            return dimension, count
    return None


def _loops(shape: tuple[int, ...], wide: int, narrow: int) -> list[tuple[int, int, int, bool]]:
    """Return loops from the outside: the dimension, the trips, what a trip adds to its subscript, and if lanes."""
    outer, inner = _run(shape, wide), _run(shape, narrow)
    assert outer is not None
    assert inner is not None
    (dimension, count), (within, part) = outer, inner
    found = [(d, shape[d], 1, False) for d in range(dimension)]
    found.append((dimension, shape[dimension] // count, count, False))
    lanes = [(d, shape[d] if d > dimension else count, 1) for d in range(dimension, len(shape))]
    for d, trips, step in lanes:
        if d == within:
            found += [(d, trips // part, part, True), (d, part, step, True)]
        else:
            found.append((d, trips, step, True))
    # A loop that runs once would be no more than a name.
    return [loop for loop in found if loop[1] > 1 or not loop[3]]
