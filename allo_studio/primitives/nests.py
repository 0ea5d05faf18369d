"""Nests of loops that a step names: which loops they are, and whether anything stands between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from allo_studio.diagnostics import AlloError
from allo_studio.ir import KernelIR, Loop
from allo_studio.ir.rewrite import operations
from allo_studio.primitives.base import fault
from allo_studio.primitives.rewrite import is_pure

__all__ = ["adjacent_nest", "directive_of", "require_perfect"]

_WORDS = {
    "affine.for": "another loop",
    "scf.for": "another loop",
    "scf.while": "another loop",
    "scf.if": "an if",
    "memref.alloc": "a local array",
    "func.call": "a call",
}


def adjacent_nest(kernel: KernelIR, axes: Sequence[str], step: str) -> list[Loop]:
    """Return the named loops, each directly in the one before with only pure operations beside it.

    Raises AlloError of code `step` where they are not so, or are fewer than two; `step` is the name to tell it by.
    """
    named = [kernel.find_loop(axis) for axis in axes]
    if len(named) < 2:
        raise AlloError(fault(f"{step} needs at least two loops", hint="name them from the outermost, like [i, j]"))
    ids = [loop.id for loop in named]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise AlloError(fault(f"{step} names {', '.join(twice)} more than once", named[0].span, "name each loop once"))
    for outer, inner in pairwise(named):
        _require_adjacent(outer, inner, step)
    require_perfect(kernel, named)
    return named


def _require_adjacent(outer: Loop, inner: Loop, step: str) -> None:
    around = [loop.op for loop in inner.ancestors()]
    if outer.op in around:
        between = inner.ancestors()[outer.depth + 1 :]
        if not between:
            return
        message = f"loop {between[0].id} stands between {outer.id} and {inner.id}"
        raise AlloError(fault(message, between[0].span, f"{step} takes loops directly inside each other"))
    if inner.op in [loop.op for loop in outer.ancestors()]:
        message = f"loop {outer.id} is inside {inner.id}, but is named before it"
        raise AlloError(fault(message, outer.span, f"name the loops from the outermost: {inner.id}, {outer.id}"))
    message = f"loops {outer.id} and {inner.id} are not in one nest: neither is inside the other"
    known = ", ".join(loop.id for loop in inner.ancestors()) or "none"
    raise AlloError(fault(message, outer.span, f"the loops around {inner.id}: {known}"))


def require_perfect(kernel: KernelIR, chain: Sequence[Loop]) -> None:
    """Raise AlloError of code `step` where more than pure operations stand between loops of a chain."""
    for loop, inside in pairwise(chain):
        for op in operations(loop.body):
            if op == inside.op or is_pure(op):
                continue
            kind = _WORDS.get(op.name, "a statement")
            message = f"loops {loop.id} and {inside.id} are no perfect nest: {kind} stands beside {inside.id}"
            if inside.op.parent.operation == op:
                message = f"loops {loop.id} and {inside.id} are no perfect nest: {inside.id} is in {kind}"
            hint = f"only loops that directly contain each other can go together; look at those inside {inside.id}"
            raise AlloError(fault(message, kernel.span(op) or inside.span, hint))


def directive_of(loop: Loop) -> str:
    """Return `pipelined` or `unrolled` where the loop is, else nothing."""
    return "pipelined" if loop.pipeline else "unrolled" if loop.unroll is not None else ""
