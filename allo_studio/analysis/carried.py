"""What a loop carries from one iteration to later ones where the loops around it are made one with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Literal, TypeAlias

from allo_studio.analysis.dependences import Dependence
from allo_studio.analysis.sets import common_part, least_value
from allo_studio.ir import Loop

__all__ = ["Distances", "Kind", "carried_distances"]

Kind: TypeAlias = Literal["flow", "anti", "output"]
# The least distance in iterations, 1 at least, of each kind of dependence that there is.
Distances: TypeAlias = dict[Kind, int]


def carried_distances(found: Iterable[Dependence], loops: Sequence[Loop]) -> dict[str, Distances]:
    """Return, by array, what one execution of a nest carries between two of its iterations.

    `loops` are the nest, the outermost first, each the parent of the next; its iterations are those of the innermost,
    counted on through all the others. A distance is never more than that of any two iterations that touch one element:
    1 is said where trip counts are not constant, so that nothing tells how far apart iterations are. It holds as well
    where only the inner ones of the loops are one. Dependences within an iteration, and between executions of the
    nest, are left out; those of arrays that are declared inside of the nest are not between their iterations, because
    each has an array of its own.
    """
    distances: dict[str, Distances] = {}
    for dependence in found:
        if not (_inside(dependence.source.loops, loops) and _inside(dependence.sink.loops, loops)):
            continue
        for position, loop in enumerate(loops):
            distance = _distance(dependence, loop.depth, loops[position:])
            if distance is not None:
                kinds = distances.setdefault(dependence.buffer, {})
                kinds[dependence.kind] = min(distance, kinds.get(dependence.kind, distance))
    return distances


def _inside(around: Sequence[Loop], loops: Sequence[Loop]) -> bool:
    last = loops[-1]
    return len(around) > last.depth and bool(around[last.depth].op == last.op)


def _distance(dependence: Dependence, level: int, loops: Sequence[Loop]) -> int | None:
    """Return the least distance of the part that the first of `loops` carries; None where it carries none."""
    part = dependence.carried_by(level)
    if part.is_empty():
        return None
    trips = [loop.trip for loop in loops[1:]]
    if None in trips or any(loop.kind != "affine" for loop in loops):
        return 1
    counts = [trip or 0 for trip in trips]
    moved = (f"{prod(counts[number:])} * floor(i{level + number}/{loop.step})" for number, loop in enumerate(loops))
    least = least_value(common_part(part, level + len(loops)).deltas(), " + ".join(moved))
    return 1 if least is None else max(1, least)
