"""Which elements a function touches of the arrays that it is given, and what those are where it is called.

A footprint is a set of elements in the symbols of the function: in its scalar arguments. At a call these have values
that may be quasi-affine in the loops around, and the footprint becomes a relation from iterations to elements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from allo_studio.analysis.access import Access
from allo_studio.analysis.binding import isl
from allo_studio.analysis.coverage import unfed, written
from allo_studio.analysis.notation import Notation
from allo_studio.analysis.sets import IslSet, box_set, isl_map, isl_set, per_thread, tuple_text

__all__ = ["Footprint", "footprints", "relation_at", "whole"]


@dataclass(frozen=True)
class Footprint:
    """Elements that a function reads before it has written them, or that it writes; a set in isl's notation.

    `sure` says that it touches all of them, `symbols` which isl parameters the set depends on.
    """

    kind: Literal["read", "write"]
    text: str
    sure: bool
    symbols: frozenset[str] = frozenset()


def whole(kind: Literal["read", "write"], shape: Sequence[int], sure: bool) -> Footprint:
    """Return the footprint that is all of an array."""
    return Footprint(kind, str(box_set(shape)), sure)


def footprints(found: Sequence[Access], shape: Sequence[int]) -> Iterator[Footprint]:
    """Yield what the accesses of one array are to a caller: reads first, and what is sure apart from the rest."""
    reads = [access for access in found if not access.is_write]
    writes = [access for access in found if access.is_write]
    notation = found[0].when.notation
    sure = all(access.exact for access in found)
    early = [unfed(read, writes).range() for read in reads]
    yield from _footprint("read", early, sure, notation, shape)
    covered = written(writes)
    yield from _footprint("write", covered, True, notation, shape)
    rest = [write.relation.range() for write in writes]
    if covered:
        known = reduce(lambda one, other: one.union(other), covered)
        rest = [elements.subtract(known) for elements in rest]
    yield from _footprint("write", rest, False, notation, shape)


def _footprint(
    kind: Literal["read", "write"], parts: Sequence[IslSet], sure: bool, notation: Notation, shape: Sequence[int]
) -> Iterator[Footprint]:
    if not parts:
        return
    elements = reduce(lambda one, other: one.union(other), parts).intersect(box_set(shape)).coalesce()
    if elements.is_empty():
        return
    context = isl_set(f"{notation.parameters}{{ : {' and '.join(notation.context)} }}")
    depends = elements.gist_params(context.params())
    count = depends.dim(isl.dim_type.param)
    names = (depends.get_dim_name(isl.dim_type.param, n) for n in range(count) if _involved(depends, n))
    yield Footprint(kind, str(elements), sure, frozenset(names))


def _involved(elements: IslSet, number: int) -> bool:
    return bool(elements.involves_dims(isl.dim_type.param, number, 1))


@per_thread
def relation_at(text: str, given: tuple[tuple[str, str], ...], parameters: str, iterations: str) -> str:
    """Return the relation from the iterations of a call to the elements of a footprint, in isl's notation.

    `given` are the values of the function's symbols in the caller's notation, `parameters` the caller's own symbols
    (`[n_n] -> `), `iterations` the tuple of its loops. A symbol without a value may have any.
    """
    elements, values = isl_set(text), dict(given)
    conditions, inner = [], []
    for number in range(elements.dim(isl.dim_type.param)):
        name = elements.get_dim_name(isl.dim_type.param, number)
        inner.append(f"called_{number}")
        elements = elements.set_dim_name(isl.dim_type.param, number, inner[-1])
        if name in values:
            conditions.append(f"{inner[-1]} = {values[name]}")
    outer = [name for name in parameters.removesuffix(" -> ").strip("[]").split(", ") if name]
    symbols = f"{tuple_text([*outer, *inner])} -> " if outer or inner else ""
    touched = tuple_text(f"e{d}" for d in range(elements.dim(isl.dim_type.set)))
    said = f" : {' and '.join(conditions)}" if conditions else ""
    relation = isl_map(f"{symbols}{{ {iterations} -> {touched}{said} }}").intersect_range(elements)
    for name in inner:
        place = relation.find_dim_by_name(isl.dim_type.param, name)
        relation = relation.project_out(isl.dim_type.param, place, 1)
    return str(relation)
