"""Memories as data: what a bank or a FIFO takes of a family's memory blocks, from `resources/memories.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.devices import read_resource
from allo_studio.hardware.figures import data_error

__all__ = [
    "FamilyMemories",
    "MemoryKind",
    "family_names",
    "fifo_blocks",
    "find_memories",
    "memory_blocks",
    "read_memories",
]

# What a memory is made of: LUTs, a kind of block, or (`auto`) LUTs where it is small and BRAM where it is not.
MemoryKind: TypeAlias = Literal["auto", "LUTRAM", "BRAM_18K", "URAM"]
_BLOCKS = ("BRAM_18K", "URAM")
_COUNTS = ("lutram_bits", "lutram_bits_a_lut", "shift_register_depth", "shift_register_bits_a_lut")


@dataclass(frozen=True)
class FamilyMemories:
    """The memories of a family.

    A bank of at most `lutram_bits` goes into LUTs, `lutram_bits_a_lut` to each; a FIFO of at most
    `shift_register_depth` tokens into shift registers, a LUT holding `shift_register_bits_a_lut` bits in a column.
    `shapes` are what one block of each kind can be: pairs of a width in bits and a depth in words.
    """

    family: str
    shapes: Mapping[str, tuple[tuple[int, int], ...]]
    lutram_bits: int
    lutram_bits_a_lut: int
    shift_register_depth: int
    shift_register_bits_a_lut: int


def memory_blocks(width: int, depth: int, family: str, kind: MemoryKind = "auto") -> Mapping[str, int]:
    """Return the resources of one bank of `depth` words of `width` bits, by resource kind.

    Blocks are all of one shape, that of which the fewest are needed. Raises AlloError (code `target`) for an unknown
    family and for a kind that the family lacks, and ValueError where width or depth is below 1.
    """
    _require_size(width, depth)
    memories = find_memories(family)
    chosen = kind
    if kind == "auto":
        chosen = "LUTRAM" if width * depth <= memories.lutram_bits else "BRAM_18K"
    if chosen == "LUTRAM":
        return {"LUT": -(-width * depth // memories.lutram_bits_a_lut)}
    if chosen not in memories.shapes:
        known = ", ".join(("LUTRAM", *sorted(memories.shapes)))
        message = f"devices of the family {family} have no memory of kind {chosen}"
        raise AlloError(Diagnostic("target", message, where="target.device", hint=f"choose one of {known}"))
    return {chosen: min(-(-width // bits) * -(-depth // words) for bits, words in memories.shapes[chosen])}


def fifo_blocks(width: int, depth: int, family: str) -> Mapping[str, int]:
    """Return the resources of a FIFO of `depth` tokens of `width` bits, by resource kind; raises as `memory_blocks`."""
    _require_size(width, depth)
    memories = find_memories(family)
    if depth > memories.shift_register_depth:
        return memory_blocks(width, depth, family, "BRAM_18K")
    return {"LUT": width * -(-depth // memories.shift_register_bits_a_lut)}


def family_names() -> tuple[str, ...]:
    """Return the names of all families, sorted."""
    return tuple(sorted(_families()))


def find_memories(family: str) -> FamilyMemories:
    """Return the memories of a family; raises AlloError (code `target`) naming those that are known."""
    if family not in _families():
        known = ", ".join(family_names())
        message = f"unknown family of devices {family!r}"
        raise AlloError(Diagnostic("target", message, where="target.device", hint=f"known: {known}"))
    return _families()[family]


@cache
def _families() -> Mapping[str, FamilyMemories]:
    return read_memories(read_resource("memories.yaml"), "memories.yaml")


def read_memories(data: Any, where: str) -> Mapping[str, FamilyMemories]:
    """Return the memories by family that a parsed data file says; raises AlloError where it is malformed."""
    if not isinstance(data, Mapping) or not data:
        raise data_error(where, "expected a table of families")
    return {family: _family(family, entry, f"{where}: {family}") for family, entry in data.items()}


def _family(family: str, entry: Any, where: str) -> FamilyMemories:
    if not isinstance(entry, Mapping):
        raise data_error(where, "expected a table")
    for key in (*_COUNTS, "BRAM_18K"):
        if key not in entry:
            raise data_error(where, f"{key} is missing")
    for key in entry:
        if key not in (*_COUNTS, *_BLOCKS):
            raise data_error(where, f"unknown kind {key!r}; known are {', '.join((*_COUNTS, *_BLOCKS))}")
    shapes = {kind: _shapes(entry[kind], f"{where}.{kind}") for kind in _BLOCKS if kind in entry}
    return FamilyMemories(family, shapes, **{key: _count(entry[key], f"{where}.{key}") for key in _COUNTS})


def _shapes(data: Any, where: str) -> tuple[tuple[int, int], ...]:
    if not isinstance(data, list) or not data or any(not isinstance(pair, list) or len(pair) != 2 for pair in data):
        raise data_error(where, "expected a list of pairs of a width and a depth")
    return tuple((_count(bits, where), _count(words, where)) for bits, words in data)


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise data_error(where, f"expected a whole number above 0, found {value!r}")
    return value


def _require_size(width: int, depth: int) -> None:
    if width < 1 or depth < 1:
        raise ValueError(f"a memory has at least one word of one bit, not {depth} of {width}")
