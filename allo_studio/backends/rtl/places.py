"""Where an element of a banked buffer is: its bank, and its number in the bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allo_studio.hardware.counters import Affine
from allo_studio.hardware.storage import Storage
from allo_studio.layout import DimLayout

__all__ = ["Place", "bank_words", "locate", "row_major"]


@dataclass(frozen=True)
class Place:
    """An element's bank and its number in the bank, as expressions. Both count row by row."""

    bank: Affine
    offset: Affine


def _entries(storage: Storage) -> list[tuple[DimLayout, int]]:
    return list(zip(storage.layout.normal(storage.type.shape).dims, storage.type.shape, strict=True))


def _split(subscript: Affine, entry: DimLayout, extent: int) -> tuple[Affine, int, Affine, int]:
    """Return the bank along a dimension and how many there are, and the number in the bank and how many there are."""
    if entry.kind == "complete":
        return subscript, extent, Affine(), 1
    if entry.kind == "cyclic":
        size = -(-extent // entry.factor)
        return subscript.mod(entry.factor), entry.factor, subscript.floordiv(entry.factor), size
    if entry.kind == "block":
        size = -(-extent // entry.factor)
        return subscript.floordiv(size), entry.factor, subscript.mod(size), size
    return Affine(), 1, subscript, extent


def locate(storage: Storage, subscripts: Sequence[Affine]) -> Place:
    """Return where an element is."""
    bank, offset = Affine(), Affine()
    for subscript, (entry, extent) in zip(subscripts, _entries(storage), strict=True):
        own_bank, banks, own_offset, words = _split(subscript, entry, extent)
        bank, offset = bank * banks + own_bank, offset * words + own_offset
    return Place(bank, offset)


def bank_words(storage: Storage) -> int:
    """Return the words of each bank."""
    words = 1
    for entry, extent in _entries(storage):
        words *= _split(Affine(), entry, extent)[3]
    return words


def row_major(shape: Sequence[int], subscripts: Sequence[Affine]) -> Affine:
    """Return an element's number, row by row."""
    total = Affine()
    for subscript, extent in zip(subscripts, shape, strict=True):
        total = total * extent + subscript
    return total
