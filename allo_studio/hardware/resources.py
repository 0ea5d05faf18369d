"""Resources of operators, memories and FIFOs: DSP, LUT, FF and 18-Kb BRAM.

Operators come from the library's table. Block memories are counted by the shapes that an 18-Kb block of the vendor's
7-series to UltraScale+ devices can take; memories of at most 1024 bits a bank, and FIFOs of at most 32 tokens, go into
LUTs as Vitis HLS does by default (64 bits a LUT as memory, 32 as shift register).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

from allo_studio.hardware.nest import Item, Nested, walk
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.storage import Storage

__all__ = ["Resources", "bram_blocks", "fifo_resources", "memory_resources", "operator_resources"]

_BLOCK_SHAPES = ((1, 16384), (2, 8192), (4, 4096), (9, 2048), (18, 1024), (36, 512))
_LUT_MEMORY_BITS = 1024
_SHIFT_REGISTER_DEPTH = 32


@dataclass(frozen=True)
class Resources:
    """Counts by resource kind. `unreported` names operators whose table lacks a figure: the counts are without them."""

    counts: Counter[str] = field(default_factory=Counter)
    unreported: frozenset[str] = frozenset()

    def __add__(self, other: Resources) -> Resources:
        return Resources(self.counts + other.counts, self.unreported | other.unreported)

    def __mul__(self, copies: int) -> Resources:
        return Resources(Counter({kind: n * copies for kind, n in self.counts.items()}), self.unreported)


def bram_blocks(width: int, depth: int) -> int:
    """Return the 18-Kb blocks that a memory of `depth` words of `width` bits takes, in the best block shape."""
    return min(-(-width // bits) * -(-depth // words) for bits, words in _BLOCK_SHAPES)


def operator_resources(items: Sequence[Item], library: OperatorLibrary) -> Resources:
    """Return what the operators take: in a pipeline of interval II, an operator serves II operations."""
    total = Resources()
    for item, outer in walk(items):
        if isinstance(item, Nested):
            continue
        counts = Counter(op.operator for op in item.graph.operations if op.operator)
        copies = prod(loop.copies for loop in outer)
        for name in sorted(counts):
            instances = -(-counts[name] // max(item.placement.interval, 1))
            total += _operator(library, name, instances * copies)
    return total


def _operator(library: OperatorLibrary, name: str, instances: int) -> Resources:
    found = library.operator(name).resources
    counts = Counter({kind: value * instances for kind, value in found.items() if value})
    missing = any(value is None for value in found.values())
    return Resources(counts, frozenset({name}) if missing else frozenset())


def memory_resources(storages: Iterable[Storage]) -> Resources:
    """Return what local buffers take; arguments live outside of the kernel."""
    total = Resources()
    for storage in storages:
        if storage.argument:
            continue
        total += Resources(_memory(storage))
    return total


def _memory(storage: Storage) -> Counter[str]:
    if storage.register:
        return Counter(FF=storage.type.bits)
    shape, width = storage.type.shape, storage.type.element.bits
    banks = storage.layout.banks(shape)
    words = prod(
        1 if entry.kind == "complete" else -(-extent // entry.banks(extent))
        for entry, extent in zip(storage.layout.normal(shape).dims, shape, strict=True)
    )
    if width * words <= _LUT_MEMORY_BITS:
        return Counter(LUT=banks * -(-width * words // 64))
    return Counter(BRAM_18K=banks * bram_blocks(width, words))


def fifo_resources(width: int, depth: int) -> Resources:
    """Return what a FIFO of `depth` tokens of `width` bits takes."""
    if depth <= _SHIFT_REGISTER_DEPTH:
        return Resources(Counter(LUT=width))
    return Resources(Counter(BRAM_18K=bram_blocks(width, depth)))
