"""What is written before it is read: the proofs behind the directions of ports and the checks of local arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from allo_studio.analysis.accesses import Access
from allo_studio.analysis.dependences import happens_before
from allo_studio.analysis.sets import IslSet, box_set

__all__ = ["fed_by", "uncovered", "unwritten"]


def fed_by(write: Access, read: Access, within: int = 0) -> IslSet:
    """Return the iterations of `read` whose element `write` has written before.

    With `within`, before in the same iteration of the outermost so many loops.
    """
    order = happens_before(write, read, within)
    if order is None or not write.exact or not read.exact:
        return read.domain.subtract(read.domain)
    return write.relation.apply_range(read.relation.reverse()).intersect(order).range()


def uncovered(read: Access, writes: Iterable[Access], within: int = 0) -> IslSet:
    """Return the iterations of `read` whose element none of `writes` has written before (see `fed_by`)."""
    return reduce(lambda left, write: left.subtract(fed_by(write, read, within)), writes, read.domain)


def unwritten(shape: Sequence[int], writes: Iterable[Access]) -> IslSet:
    """Return the elements of an array that none of `writes` writes."""
    exact = (write for write in writes if write.exact)
    return reduce(lambda left, write: left.subtract(write.relation.range()), exact, box_set(shape))
