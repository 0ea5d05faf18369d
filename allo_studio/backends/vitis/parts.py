"""Where a part of an array is, as C++ text: the part that one firing of a block has of the array of all firings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from allo_studio.primitives.reshape import groups

__all__ = ["Part"]


@dataclass(frozen=True)
class Part:
    """A part of extents `shape` of an array of extents `whole`, for the rounds of loops by their variables."""

    shape: tuple[int, ...]
    whole: tuple[int, ...]
    variables: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()

    def element(self, subscripts: Sequence[str]) -> str:
        """Return the subscripts in the whole array of an element of the part, `[4 * firing_0 + i][j]`."""
        return _bracketed(self._subscripts(subscripts))

    def first(self) -> str:
        """Return the subscripts of the part's first element."""
        return self.element(["0"] * len(self.shape))

    def rows(self, name: str) -> str | None:
        """Return the part as an argument for a parameter that is an array of its extents, of the array of a name.

        It is None where C++ has none: the array would have to have other extents.
        """
        if self.shape == self.whole:
            return name
        rank = len(self.shape)
        if rank > len(self.whole) or self.shape[1:] != self.whole[len(self.whole) - rank + 1 :]:
            return None
        found = self._subscripts(["0"] * rank)
        before = len(self.whole) - rank
        if self.whole[before] == self.shape[0]:
            return f"{name}{_bracketed(found[:before])}"
        if before and self.whole[before] % self.shape[0]:
            return None
        return f"&{name}{_bracketed(found[: before + 1])}"

    def _subscripts(self, inner: Sequence[str]) -> list[str]:
        extents, terms = (*self.counts, *self.shape), (*self.variables, *inner)
        found = ["0"] * len(self.whole)
        for before, after in groups(extents, self.whole):
            place = ""
            for dim in before:
                place = _plus(_times(place, extents[dim]), terms[dim])
            for number, dim in enumerate(after):
                stride, more = prod(self.whole[n] for n in after[number + 1 :]), number > 0
                found[dim] = _digit(place, stride, self.whole[dim] if more else 0) if before else "0"
        return found


def _bracketed(subscripts: Sequence[str]) -> str:
    return "".join(f"[{subscript}]" for subscript in subscripts)


def _times(text: str, factor: int) -> str:
    if text in ("", "0") or factor == 1:
        return text
    return f"{factor} * {text}" if text.isidentifier() else f"{factor} * ({text})"


def _plus(one: str, other: str) -> str:
    if other == "0":
        return one or "0"
    return other if one in ("", "0") else f"{one} + {other}"


def _digit(place: str, stride: int, extent: int) -> str:
    """Return a number divided by a stride, and the rest by an extent, if that is not 0."""
    if place == "0":
        return place
    found = place if stride == 1 else f"({place}) / {stride}"
    return f"({found}) % {extent}" if extent else found
