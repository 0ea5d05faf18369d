"""Resources of operators, memories, registers and FIFOs, by loop and by function.

An operator of a pipeline serves operations that start in different cycles of its interval; those that are worth sharing
serve all loops of a function, which run one after another. A function has one copy of its hardware for all its calls.
Pipeline registers are counted as flip-flops: a value takes its bits in each cycle from when it is there until it was
last used. Multiplexers of shared operators and the control's state machine are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from allo_studio.hardware.memories import MemoryKind, fifo_blocks, memory_blocks
from allo_studio.hardware.modulo import Placement
from allo_studio.hardware.nest import Item, Nested, Pipeline, Segment, WhilePipeline, walk
from allo_studio.hardware.operations import OperationGraph, Result
from allo_studio.hardware.operators import Operator, OperatorLibrary
from allo_studio.hardware.storage import Storage
from allo_studio.layout import Layout
from allo_studio.types import ArrayType

__all__ = [
    "Resources",
    "array_resources",
    "fifo_resources",
    "item_resources",
    "memory_resources",
    "operator_resources",
    "register_bits",
]


@dataclass(frozen=True)
class Resources:
    """Counts by resource kind.

    `unreported` names operators whose table lacks a figure: the counts are without them. `estimated` names those whose
    figures are estimates and not from published reports, `calibrated` those whose figures are
    from a vendor's reports of the project.
    """

    counts: Counter[str] = field(default_factory=Counter)
    unreported: frozenset[str] = frozenset()
    estimated: frozenset[str] = frozenset()
    calibrated: frozenset[str] = frozenset()

    def __add__(self, other: Resources) -> Resources:
        return Resources(
            self.counts + other.counts,
            self.unreported | other.unreported,
            self.estimated | other.estimated,
            self.calibrated | other.calibrated,
        )

    def __mul__(self, copies: int) -> Resources:
        counts = Counter({kind: n * copies for kind, n in self.counts.items()})
        return replace(self, counts=counts)


def needed(graph: OperationGraph, placement: Placement) -> Counter[str]:
    """Return how many of each operator are busy at once: operations that start in different cycles share one."""
    slots: Counter[tuple[str, int]] = Counter()
    for op, start in zip(graph.operations, placement.starts, strict=True):
        if op.operator:
            slots[op.operator, start % max(placement.interval, 1)] += op.units
    most: Counter[str] = Counter()
    for (name, _), count in slots.items():
        most[name] = max(most[name], count)
    return most


def register_bits(graph: OperationGraph, placement: Placement) -> int:
    """Return the bits of pipeline registers: of each value, for each cycle from its first to its last use."""
    last: dict[int, int] = {}
    for op, start in zip(graph.operations, placement.starts, strict=True):
        for operand in op.operands:
            if isinstance(operand, Result):
                last[operand.operation] = max(last.get(operand.operation, 0), start)
    total = 0
    for number, end in last.items():
        op = graph.operations[number]
        total += op.type.bits * max(end - placement.starts[number] - op.latency, 0)
    return total


def item_resources(item: Item, library: OperatorLibrary) -> Resources:
    """Return what one loop or segment takes for itself: operators and pipeline registers."""
    if not isinstance(item, Segment | Pipeline | WhilePipeline):
        return Resources()
    total = Resources(Counter({"FF": register_bits(item.graph, item.placement)}))
    for name, count in sorted(needed(item.graph, item.placement).items()):
        total += _operator(library, name, count)
    return total


def operator_resources(items: Sequence[Item], library: OperatorLibrary) -> Resources:
    """Return what the operators and pipeline registers of a function take."""
    own: Counter[str] = Counter()
    shared: Counter[str] = Counter()
    bits = 0
    for item, copies in _pieces(items):
        bits += register_bits(item.graph, item.placement) * copies
        for name, count in needed(item.graph, item.placement).items():
            if _named(library, name).shared:
                # Copies of an unrolled loop's body run one after another too.
                shared[name] = max(shared[name], count)
            else:
                own[name] += count * copies
    total = Resources(Counter({"FF": bits}))
    for name, count in sorted((own + shared).items()):
        total += _operator(library, name, count)
    return total


def _pieces(items: Sequence[Item]) -> Iterator[tuple[Segment | Pipeline | WhilePipeline, int]]:
    for item, outer in walk(items):
        if isinstance(item, Segment | Pipeline | WhilePipeline):
            copies = 1
            for around in outer:
                copies *= around.copies if isinstance(around, Nested) else 1
            yield item, copies


def _named(library: OperatorLibrary, name: str) -> Operator:
    base, _, kind = name.partition(".")
    return library.operator(base, int(kind) if kind.isdecimal() else kind)


def _operator(library: OperatorLibrary, name: str, instances: int) -> Resources:
    known = _named(library, name)
    counts = Counter({kind: value * instances for kind, value in known.resources.items() if value})
    missing = any(value is None for value in known.resources.values())
    one, none = frozenset({name}), frozenset[str]()
    sources = (one if known.source == source else none for source in ("estimated", "calibrated"))
    return Resources(counts, one if missing else none, *sources)


def memory_resources(storages: Iterable[Storage], family: str) -> Resources:
    """Return what a function's own buffers take; arguments live outside of it."""
    total = Resources()
    for storage in storages:
        if not storage.argument:
            total += array_resources(storage.type, storage.layout, family, _kind(storage), storage.kind == "constant")
    return total


_KINDS: dict[str, MemoryKind] = {"BRAM": "BRAM_18K", "URAM": "URAM", "LUTRAM": "LUTRAM", "LUT": "LUTRAM"}


def _kind(storage: Storage) -> MemoryKind:
    return _KINDS.get(str(storage.asked.get("resource", "AUTO")).upper(), "auto")


def array_resources(
    type: ArrayType, layout: Layout, family: str, kind: MemoryKind = "auto", constant: bool = False
) -> Resources:
    """Return what an array takes: flip-flops where each element is a register (none for constants), else its banks.

    Banks that are joined are one memory of wide words.
    """
    banks, width = layout.memories.banks(type.shape), type.element.bits * layout.word(type.shape)
    words = 1
    for entry, extent in zip(layout.normal(type.shape).dims, type.shape, strict=True):
        words *= 1 if entry.kind == "complete" else -(-extent // entry.banks(extent))
    if words == 1 and banks == type.size:
        return Resources(Counter() if constant else Counter(FF=type.bits))
    return Resources(Counter(dict(memory_blocks(width, words, family, kind)))) * banks


def fifo_resources(width: int, depth: int, family: str) -> Resources:
    """Return what a FIFO of `depth` tokens of `width` bits takes."""
    return Resources(Counter(dict(fifo_blocks(width, depth, family))))
