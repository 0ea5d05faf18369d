"""Memory-layout types: how an array is spread over banks, with subtyping and meet.

The layout of an N-dimensional array has one entry a dimension: `-` (not partitioned), `cyclic F`, `block F`, or
`complete`. τ ≤ σ ("an array of layout τ may be used where σ is expected") exactly when τ's bank determines
σ's bank, dimension by dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, lcm, prod
from typing import Literal

__all__ = ["DimLayout", "Layout", "PartitionKind"]

PartitionKind = Literal["none", "complete", "cyclic", "block"]


@dataclass(frozen=True)
class DimLayout:
    """One dimension's entry; `factor` counts the banks of cyclic and block, and is 0 otherwise."""

    kind: PartitionKind = "none"
    factor: int = 0

    def normal(self, extent: int) -> DimLayout:
        """Return the entry of the same meaning in its simplest form for a dimension of `extent` elements."""
        if self.kind == "none" or extent == 1:
            return DimLayout()
        if self.kind == "complete":
            return self
        if self.factor == 1:
            return DimLayout()
        if self.factor >= extent or (self.kind == "block" and -(-extent // self.factor) == 1):
            return DimLayout("complete")
        if self.kind == "block" and -(-extent // -(-extent // self.factor)) < self.factor:
            # Blocks are rounded up, so the last ones can be empty: count those that hold an element.
            return DimLayout("block", -(-extent // -(-extent // self.factor)))
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
        return _common(self.normal(extent), other.normal(extent), extent)

    def __str__(self) -> str:
        return {"none": "-", "complete": "complete"}.get(self.kind, f"{self.kind} {self.factor}")


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
    match words:
        case ["-"]:
            return DimLayout()
        case ["complete"]:
            return DimLayout("complete")
        case ["cyclic" | "block" as kind, factor] if factor.isdecimal() and int(factor) > 0:
            return DimLayout(kind, int(factor))
    raise ValueError(f"{text!r} is no layout entry; write -, complete, cyclic F or block F")
