"""Changes of loop nests in place that several steps share; all need the context to be current."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from allo_studio.analysis.sets import loop_bounds
from allo_studio.ir import KernelIR, LinearExpr, Loop
from allo_studio.ir.attributes import remove, set_flag, set_integer
from allo_studio.ir.binding import ir
from allo_studio.ir.build import Bounds, apply, empty_loop
from allo_studio.ir.rewrite import at_start, before, erase, move_body, operations, replace_uses

__all__ = ["between", "bounds_of", "is_pure", "loop_like", "loop_of", "mark", "permute", "split_loop"]

_BOUND_ATTRIBUTES = ("lowerBoundMap", "upperBoundMap", "step", "operandSegmentSizes")
_PURE_DIALECTS = ("arith.", "affine.apply")


def is_pure(op: ir.Operation) -> bool:
    """Tell whether an operation only computes values: it may be done again, or elsewhere."""
    return str(op.name).startswith(_PURE_DIALECTS)


def bounds_of(loop: Loop) -> Bounds | None:
    """Return the lower bounds (the greatest counts) and upper bounds (the least counts), None where not linear."""
    lower, upper = loop_bounds(loop)
    known = [b for b in (*lower, *upper) if b is not None]
    if len(known) < len(lower) + len(upper):
        return None
    return known[: len(lower)], known[len(lower) :]


def loop_like(like: Loop, bounds: Bounds, step: int, at: ir.InsertionPoint, name: str) -> ir.Operation:
    """Make an empty loop with the `allo` attributes and the location of another, but its own name."""
    made = empty_loop(bounds, step, at, like.op.location, name)
    for entry in like.op.attributes:
        key = entry if isinstance(entry, str) else entry.name
        if key not in (*_BOUND_ATTRIBUTES, "allo.name"):
            made.attributes[key] = like.op.attributes[key]
    return made


def split_loop(loop: Loop, factor: int) -> tuple[ir.Operation, ir.Operation]:
    """Split a loop with constant bounds into `<name>.outer` and `<name>.inner`, the inner one of `factor` iterations.

    Where `factor` does not divide the trip count, the inner loop's upper bound is a minimum.
    """
    trip = loop.trip
    if trip is None or loop.lower is None:
        raise ValueError(f"loop {loop.id} has no constant bounds")
    zero = [LinearExpr.number(0)]
    rounds = LinearExpr.number(-(-trip // factor))
    outer = loop_like(loop, (zero, [rounds]), 1, before(loop.op), f"{loop.name}.outer")
    block = outer.regions[0].blocks[0]
    start = LinearExpr.of(block.arguments[0]) * factor
    upper = [LinearExpr.number(factor)]
    if trip % factor:
        upper.append(-start + trip)
    inner = loop_like(loop, (zero, upper), 1, at_start(block), f"{loop.name}.inner")
    remove(inner, "allo.band")
    remove(outer, "allo.pipeline")
    body = inner.regions[0].blocks[0]
    move_body(loop.body, body)
    if next(iter(loop.induction_variable.uses), None) is not None:
        value = (start + LinearExpr.of(body.arguments[0])) * loop.step + loop.lower
        replace_uses(loop.induction_variable, apply(value, at_start(body), loop.op.location))
    erase(loop.op)
    return outer, inner


def between(chain: Sequence[Loop]) -> list[ir.Operation]:
    """Return the operations that stand in a chain of loops beside the next one, in order."""
    found = []
    for loop, inside in pairwise(chain):
        found += [op for op in operations(loop.body) if op != inside.op]
    return found


def permute(chain: Sequence[Loop], order: Sequence[Loop]) -> list[ir.Operation]:
    """Rebuild a chain of loops, each directly in the one before, in another order; return the new loops.

    What stands between them must be pure; it moves into the innermost body. Bounds must be linear and depend only on
    loops that are further out in the new order.
    """
    at, made = before(chain[0].op), []
    renamed: dict[ir.Value, ir.Value] = {}
    for loop in order:
        bounds = bounds_of(loop)
        if bounds is None:
            raise ValueError(f"loop {loop.id} has bounds that are not linear")
        lower, upper = ([_renamed(b, renamed) for b in side] for side in bounds)
        op = loop_like(loop, (lower, upper), loop.step, at, loop.name)
        remove(op, "allo.band")
        block = op.regions[0].blocks[0]
        renamed[loop.induction_variable] = block.arguments[0]
        made.append(op)
        at = at_start(block)
    _keep_band(chain[0].op, made[0])
    for old, new in renamed.items():
        replace_uses(old, new)
    computed = between(chain)
    _move_inside(chain, made[-1])
    erase(chain[0].op)
    _erase_unused(computed)
    return made


def _keep_band(old: ir.Operation, new: ir.Operation) -> None:
    if "allo.band" in old.attributes:
        new.attributes["allo.band"] = old.attributes["allo.band"]


def _renamed(bound: LinearExpr, renamed: dict[ir.Value, ir.Value]) -> LinearExpr:
    return LinearExpr.collect(((renamed.get(value, value), factor) for value, factor in bound.terms), bound.constant)


def _move_inside(chain: Sequence[Loop], target: ir.Operation) -> None:
    block, moved = target.regions[0].blocks[0], between(chain)
    end = block.operations[len(block.operations) - 1].operation
    for op in moved:
        op.move_before(end)
    move_body(chain[-1].body, block)


def _erase_unused(computed: Sequence[ir.Operation]) -> None:
    """Erase what computed only the bounds of loops that are gone."""
    for op in reversed(computed):
        if all(next(iter(result.uses), None) is None for result in op.results):
            erase(op)


def mark(loop: ir.Operation, *, pipeline: int | None = None, unroll: int | None = None, rewind: bool = False) -> None:
    """Set the directives of a loop; None leaves one as it is."""
    if pipeline is not None:
        set_integer(loop, "allo.pipeline", pipeline)
    if unroll is not None:
        set_integer(loop, "allo.unroll", unroll)
    if rewind:
        set_flag(loop, "allo.rewind")


def loop_of(kernel: KernelIR, op: ir.Operation) -> Loop:
    """Return the view of a loop by its operation."""
    return next(loop for loop in kernel.loops() if loop.op == op)
