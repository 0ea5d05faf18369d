"""What is written before it is read: the proofs behind the directions of ports and the checks of local arrays.

Only what surely happens covers anything. A write in a region that may not run covers the reads of the same run of the
region, and what both branches of an `if` write is written after it, whichever ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from allo_studio.analysis.access import Access, relation_of
from allo_studio.analysis.domains import Frame
from allo_studio.analysis.order import before
from allo_studio.analysis.sets import IslMap, IslSet, box_set, common_domain, isl_map, per_thread

__all__ = ["uncovered", "unfed", "unfed_part", "unwritten", "written"]


@dataclass(frozen=True, eq=False)
class _Cover:
    """Elements that are surely written wherever the regions `vague` run; see `Access` for the other fields."""

    position: tuple[int, ...]
    scope: int
    vague: tuple[Frame, ...]
    key: tuple[str, str]


def unfed(read: Access, writes: Iterable[Access], within: int = 0) -> IslMap:
    """Return the iterations of `read` and their elements that none of `writes` has surely written before.

    With `within`, before in the same iteration of the outermost so many loops.
    """
    return unfed_part(read.relation, read, writes, within)


def unfed_part(left: IslMap, read: Access, writes: Iterable[Access], within: int = 0) -> IslMap:
    """Return what is unfed of some iterations of `read` and elements, in the place of those that it touches."""
    for cover in _covers(writes):
        level = _together(cover, read)
        order = None if level is None else before(cover, read, max(within, level))
        if order is not None:
            left = left.subtract(_fed(cover.key, order))
    return left


def uncovered(read: Access, writes: Iterable[Access], within: int = 0) -> IslSet:
    """Return the iterations of `read` with an element that none of `writes` has surely written before (see `unfed`)."""
    return unfed(read, writes, within).domain()


def unwritten(shape: Sequence[int], writes: Sequence[Access], sizes: Sequence[str] = ()) -> IslSet:
    """Return the elements of an array that none of `writes` surely writes.

    `sizes` are the array's named sizes (see `ArrayType`): only what is within them counts.
    """
    return reduce(lambda left, part: left.subtract(part), written(writes), _all_elements(shape, writes, sizes))


def written(writes: Iterable[Access]) -> list[IslSet]:
    """Return the elements that are surely written, in parts; a part may depend on the symbols."""
    return [relation_of(cover.key).range() for cover in _covers(writes) if not cover.vague]


def _all_elements(shape: Sequence[int], writes: Sequence[Access], sizes: Sequence[str]) -> IslSet:
    if not writes:
        return box_set(shape)
    notation = writes[0].when.notation
    names = sizes or [""] * len(shape)
    extents = [notation.sizes.get(name, extent) for name, extent in zip(names, shape, strict=True)]
    return box_set(extents, notation.parameters, notation.context)


@per_thread
def _fed(key: tuple[str, str], order: str) -> IslMap:
    return isl_map(order).reverse().apply_range(relation_of(key))


def _together(cover: _Cover, read: Access) -> int | None:
    """Return in how many loops both must be in one iteration for the cover to be sure; None where it never is."""
    around = read.when.vague
    if len(cover.vague) > len(around):
        return None
    if not all(one.same(other) for one, other in zip(cover.vague, around, strict=False)):
        return None
    return cover.vague[-1].level if cover.vague else 0


def _covers(writes: Iterable[Access]) -> list[_Cover]:
    """Return what the writes surely cover: each as far as it is known, and what both branches of an `if` write."""
    known = [_Cover(w.position, w.scope, w.when.vague, w.key) for w in writes if w.pinned]
    for depth in range(max((len(cover.vague) for cover in known), default=0), 0, -1):
        inner = [cover for cover in known if len(cover.vague) == depth and cover.vague[-1].op.name == "scf.if"]
        for op in dict.fromkeys(cover.vague[-1].op for cover in inner):
            branches = [[c for c in inner if c.vague[-1].op == op and c.vague[-1].region == n] for n in (0, 1)]
            if all(branches):
                known.append(_joint(*branches))
    return known


def _joint(one: Sequence[_Cover], two: Sequence[_Cover]) -> _Cover:
    """Return what is written after an `if` whichever of its branches ran."""
    frame = two[0].vague[-1]
    both = _reach(one, frame.level).intersect(_reach(two, frame.level))
    # After the last of the second branch, which stands after the first.
    place = max(cover.position[frame.level] for cover in two)
    position = (*two[0].position[: frame.level], place)
    return _Cover(position, two[0].scope, two[0].vague[:-1], (str(both), str(both.domain())))


def _reach(covers: Sequence[_Cover], level: int) -> IslMap:
    maps = [common_domain(relation_of(cover.key), level) for cover in covers]
    return reduce(lambda one, other: one.union(other), maps)
