"""How much hardware a nest of unrolled loops stands for, in copies of its operations."""

from __future__ import annotations

from math import isqrt, prod

from allo_studio.ir import Loop
from allo_studio.ir.binding import ir

__all__ = ["MOST_COPIES", "copies_around", "copies_inside", "divisors", "operations_unrolled", "pipelined_around"]

# Beyond this neither a device holds the operators nor a tool finishes; it is a mistake in the schedule.
MOST_COPIES = 4096
# A menu of more factors than this helps nobody; any legal one may still be typed.
_MOST_FACTORS = 16
_FREE = ("affine.apply", "affine.yield", "arith.constant", "arith.index_cast", "memref.alloc")


def divisors(number: int) -> tuple[int, ...]:
    """Return the divisors of a number but 1 and itself, the least first, as many as help a person to choose."""
    found = [d for d in range(2, isqrt(number) + 1) if number % d == 0]
    return tuple(sorted({*found, *(number // d for d in found)}))[:_MOST_FACTORS]


def lanes(loop: Loop) -> int:
    """Return how many iterations of a loop stand side by side."""
    if loop.unroll is None:
        return 1
    return loop.unroll or (loop.trip if loop.trip is not None else 1)


def copies_around(loop: Loop) -> int:
    """Return how many copies of a loop the unrolled loops around it make."""
    return prod(lanes(outer) for outer in loop.ancestors())


def copies_inside(loop: Loop) -> int:
    """Return how many copies the unrolled loops inside make of what they hold, along the largest path."""
    return max((lanes(child) * copies_inside(child) for child in loop.children), default=1)


def operations_unrolled(loop: Loop) -> int:
    """Return the operations of one iteration with every loop inside fully unrolled."""
    inside = {child.induction_variable.owner: child for child in loop.children}
    return _count(loop.body, inside)


def _count(block: ir.Block, inside: dict[ir.Block, Loop]) -> int:
    total = 0
    for view in block.operations:
        op = view.operation
        if op.name == "affine.for":
            child = next(c for b, c in inside.items() if b == op.regions[0].blocks[0])
            total += (child.trip or 0) * operations_unrolled(child)
        elif op.name not in _FREE:
            total += 1
    return total


def pipelined_around(loop: Loop) -> Loop | None:
    """Return the loop around this one that is pipelined, or None."""
    return next((outer for outer in loop.ancestors() if outer.pipeline), None)
