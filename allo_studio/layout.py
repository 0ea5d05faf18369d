"""Memory-layout types: how an array is spread over banks, with subtyping and meet.

The layout of an N-dimensional array has one entry a dimension: `-` (not partitioned), `cyclic F`, `block F`, or
`complete`. With `word` after it (`cyclic 4 word`) the banks are not memories of their own: elements at one place of
each make a wide word of one memory.

τ ≤ σ ("an array of layout τ may be used where σ is expected") exactly when τ's bank determines σ's bank, dimension by
dimension. Separate banks do for words of the same ones; words do for no other banks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd, lcm, prod
from typing import Literal

__all__ = ["DimLayout", "Layout", "PartitionKind"]

PartitionKind = Literal["none", "complete", "cyclic", "block"]


@dataclass(frozen=True)
class DimLayout:
    """One dimension's entry; `factor` counts the banks of cyclic and block, and is 0 otherwise.

    `joined` says that the banks are parts of words.
    """

    kind: PartitionKind = "none"
    factor: int = 0
    joined: bool = False

    @property
    def separate(self) -> DimLayout:
        """The entry with the same banks, each a memory of its own."""
        return replace(self, joined=False)

    def normal(self, extent: int) -> DimLayout:
        """Return the entry of the same meaning in its simplest form for a dimension of `extent` elements."""
        if self.kind == "none" or extent == 1:
            return DimLayout()
        if self.kind == "complete":
            return self
        if self.factor == 1:
            return DimLayout()
        if self.factor >= extent or (self.kind == "block" and -(-extent // self.factor) == 1):
            return DimLayout("complete", joined=self.joined)
        if self.kind == "block" and -(-extent // -(-extent // self.factor)) < self.factor:
            # Blocks are rounded up, so the last ones can be empty: count those that hold an element.
            return replace(self, factor=-(-extent // -(-extent // self.factor)))
        return self

    def banks(self, extent: int) -> int:
        """Return how many banks hold at least one element."""
        entry = self.normal(extent)
        return {"none": 1, "complete": extent}.get(entry.kind, entry.factor)

    def bank(self, index: int, extent: int) -> int:
        """Return the bank of `index`."""
        if self.kind == "cyclic":
            return index % self.factor
        if self.kind == "block":
            return index // -(-extent // self.factor)
        return index if self.kind == "complete" else 0

    def fits(self, expected: DimLayout, extent: int) -> bool:
        """Tell whether this entry's bank determines `expected`'s bank (this ≤ expected)."""
        mine, other = self.normal(extent), expected.normal(extent)
        if other.joined and not mine.joined:
            return mine.fits(other.separate, extent)
        if mine.joined:
            return other.kind == "none" or mine == other
        if other.kind == "none" or mine.kind == "complete" or mine == other:
            return True
        if mine.kind == "none" or other.kind == "complete":
            return False
        if mine.kind == other.kind == "cyclic":
            return mine.factor % other.factor == 0
        if mine.kind == other.kind == "block":
            size, wanted = -(-extent // mine.factor), -(-extent // other.factor)
            return wanted % size == 0
        # Neighbours share a block but no cyclic bank; elements a cycle apart lie on both sides of a block's end.
        return False

    def meet(self, other: DimLayout, extent: int) -> DimLayout:
        """Return the greatest entry below both (complete is below every entry)."""
        if self.fits(other, extent):
            return self.normal(extent)
        if other.fits(self, extent):
            return other.normal(extent)
        if self.joined or other.joined:
            return self.separate.meet(other.separate, extent)
        return _common(self.normal(extent), other.normal(extent), extent)

    def __str__(self) -> str:
        text = {"none": "-", "complete": "complete"}.get(self.kind, f"{self.kind} {self.factor}")
        return f"{text} word" if self.joined else text


def _common(one: DimLayout, two: DimLayout, extent: int) -> DimLayout:
    """Return the greatest entry below two in normal form, neither of which fits the other."""
    if one.kind != two.kind:
        return DimLayout("complete")
    if one.kind == "cyclic":
        return DimLayout("cyclic", lcm(one.factor, two.factor)).normal(extent)
    shared = gcd(-(-extent // one.factor), -(-extent // two.factor))
    # Blocks of a size that divides another's come of a multiple of its factor, so this size is always one.
    return DimLayout("block", -(-extent // shared)).normal(extent)


@dataclass(frozen=True)
class Layout:
    """The layout of an array: one entry a dimension. Prints and parses as `(-, cyclic 32)`."""

    dims: tuple[DimLayout, ...]

    @classmethod
    def plain(cls, rank: int) -> Layout:
        """Return the layout of an array that is not partitioned."""
        return cls((DimLayout(),) * rank)

    @classmethod
    def parse(cls, text: str) -> Layout:
        """Parse the printed form; raises ValueError."""
        body = text.strip()
        if not (body.startswith("(") and body.endswith(")")):
            raise ValueError(f"{text!r} is no layout; write it like (-, cyclic 32)")
        entries = [e.strip() for e in body[1:-1].split(",")] if body != "()" else []
        return cls(tuple(_parse_entry(e) for e in entries))

    def normal(self, shape: tuple[int, ...]) -> Layout:
        """Return the layout of the same meaning in its simplest form."""
        return Layout(tuple(d.normal(n) for d, n in zip(self.dims, shape, strict=True)))

    def banks(self, shape: tuple[int, ...]) -> int:
        """Return the number of banks."""
        return prod(d.banks(n) for d, n in zip(self.dims, shape, strict=True))

    def bank(self, index: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the bank of an element, one number a dimension."""
        return tuple(d.bank(i, n) for d, i, n in zip(self.dims, index, shape, strict=True))

    @property
    def joined(self) -> bool:
        """Whether banks along some dimension are parts of words."""
        return any(d.joined for d in self.dims)

    @property
    def memories(self) -> Layout:
        """The layout of the memories that there are: what is joined into words is not spread."""
        return Layout(tuple(DimLayout() if d.joined else d for d in self.dims))

    def word(self, shape: tuple[int, ...]) -> int:
        """Return the elements of a word."""
        return prod(d.banks(n) for d, n in zip(self.dims, shape, strict=True) if d.joined)

    def fits(self, expected: Layout, shape: tuple[int, ...]) -> bool:
        """Tell whether this layout may be used where `expected` is (this ≤ expected)."""
        return all(m.fits(e, n) for m, e, n in zip(self.dims, expected.dims, shape, strict=True))

    def meet(self, other: Layout, shape: tuple[int, ...]) -> Layout:
        """Return the greatest layout below both."""
        return Layout(tuple(a.meet(b, n) for a, b, n in zip(self.dims, other.dims, shape, strict=True)))

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.dims))})"


def _parse_entry(text: str) -> DimLayout:
    words = text.split()
    joined = words[-1:] == ["word"]
    match words[:-1] if joined else words:
        case ["-"] if not joined:
            return DimLayout()
        case ["complete"]:
            return DimLayout("complete", joined=joined)
        case ["cyclic" | "block" as kind, factor] if factor.isdecimal() and int(factor) > 0:
            return DimLayout(kind, int(factor), joined)
    raise ValueError(f"{text!r} is no layout entry; write -, complete, cyclic F or block F, perhaps with word after it")
