"""Arrays whose banks are joined into words: what a port moves in a cycle, and what writing a part of a word costs.

- Reads of one word in one cycle of one iteration take one port.
- Writes that make up a whole word in every iteration are one write, as late as the last of them; what follows one of
  them follows that.
- Any other write is taken as a read of the word and a write in the cycle after: it takes a port in both, what it
  wrote can be read two cycles after it starts, and writes of one word keep their order. That is no less than
  what a memory with byte enables would need.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from allo_studio.hardware.accesses import Access, dependences
from allo_studio.hardware.counters import Affine
from allo_studio.hardware.iterations import Iterations, Space
from allo_studio.hardware.operations import Dependence
from allo_studio.layout import DimLayout, Layout

__all__ = ["JoinedAccesses"]

_Key: TypeAlias = "tuple[Affine, ...]"
# Cycles from the start of a write of a part of a word to when it can be read.
_REWRITTEN = 2


@dataclass(frozen=True)
class _Dim:
    """A dimension of the array: its entry in normal form, its extent."""

    entry: DimLayout
    extent: int

    def split(self, subscript: Affine) -> tuple[Affine, Affine]:
        """Return which word an element is in, and which element of it, along this dimension."""
        if not self.entry.joined:
            return subscript, Affine()
        if self.entry.kind == "cyclic":
            return subscript.floordiv(self.entry.factor), subscript.mod(self.entry.factor)
        if self.entry.kind == "block":
            size = -(-self.extent // self.entry.factor)
            return subscript.mod(size), subscript.floordiv(size)
        return Affine(), subscript


class JoinedAccesses:
    """The accesses of a graph to one array of words, in program order."""

    def __init__(self, shape: tuple[int, ...], layout: Layout, accesses: Sequence[Access], space: Space) -> None:
        """Take the array, its accesses, and the loop that they are in (see `Iterations`)."""
        self._dims = [_Dim(*pair) for pair in zip(layout.normal(shape).dims, shape, strict=True)]
        self._word = layout.word(shape)
        self._accesses, self._space = accesses, space
        self._iterations = Iterations(space)
        self._places = {access.operation: self._place(access) for access in accesses}

    def _place(self, access: Access) -> tuple[_Key, _Key] | None:
        """Return the word of an access and the element of it; None where they are computed from data."""
        normal = [None if s is None else self._iterations.normal(s) for s in access.subscripts]
        pairs = [dim.split(s) for dim, s in zip(self._dims, normal, strict=True) if s is not None]
        if len(pairs) < len(normal):
            return None
        return tuple(word for word, _ in pairs), tuple(element for _, element in pairs)

    def same_word(self, a: int, b: int) -> bool:
        """Tell whether two accesses are of one word in every iteration."""
        one, two = self._places[a], self._places[b]
        return one is not None and two is not None and one[0] == two[0]

    def whole(self, links: Iterable[Dependence]) -> dict[int, int]:
        """Return, for each store that is part of the write of a whole word, the last store of that word.

        `links` are all dependences of the graph: where something in the same iteration waits for a part before the
        last one is there, it is no write of a whole word.
        """
        groups: dict[object, list[Access]] = defaultdict(list)
        for access in self._accesses:
            place = self._places[access.operation]
            if access.write and place is not None:
                groups[place[0], access.guards].append(access)
        soon = {(d.source, d.target) for d in links if d.distance == 0}
        found: dict[int, int] = {}
        for group in groups.values():
            members = [access.operation for access in group]
            waits = any(s in members and t not in members and t < members[-1] for s, t in soon)
            if self._complete(members) and not waits:
                found |= dict.fromkeys(members, members[-1])
        return found

    def _complete(self, members: Sequence[int]) -> bool:
        elements = [place[1] for member in members if (place := self._places[member]) is not None]
        constant = all(entry.is_constant for element in elements for entry in element)
        return constant and len(set(elements)) == len(elements) == self._word

    def reordered(self, links: Sequence[Dependence], whole: Mapping[int, int]) -> Iterator[Dependence]:
        """Yield all dependences of the graph, with what writes of words, whole and in part, need beyond `links`."""
        partial = {a.operation for a in self._accesses if a.write and a.operation not in whole}
        for link in links:
            wait = link.weight == 1 and link.source in partial
            yield replace(link, weight=_REWRITTEN) if wait else link
            last = whole.get(link.source, link.source)
            if last != link.source and whole.get(link.target) != last:
                yield replace(link, source=last)
        for member, last in whole.items():
            if member != last:
                yield Dependence(member, last, 0, 0)
        if partial:
            yield from self._in_order(partial)

    def _in_order(self, partial: set[int]) -> Iterator[Dependence]:
        """Yield what keeps writes of one word in order, where one of two is of a part."""
        stores = [self._of_words(access) for access in self._accesses if access.write]
        for link in dependences(stores, self._space):
            if link.source in partial or link.target in partial:
                yield replace(link, weight=_REWRITTEN if link.source in partial else 1)

    def _of_words(self, access: Access) -> Access:
        """Return an access as one of the words of the array."""
        place = self._places[access.operation]
        shape = tuple(-(-d.extent // d.entry.banks(d.extent)) if d.entry.joined else d.extent for d in self._dims)
        return replace(access, subscripts=(None,) * len(shape) if place is None else place[0], shape=shape)
