"""`HardwareSchedule`: the one value from which latency, interval, resources and stream traces of a kernel come."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass
from functools import cached_property

from allo_studio.hardware.counters import Integers
from allo_studio.hardware.explain import LoopRow, loop_rows
from allo_studio.hardware.extract import build_items
from allo_studio.hardware.nest import Item, Nested, latency, trace, walk
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.resources import Resources, memory_resources, operator_resources
from allo_studio.hardware.storage import storages
from allo_studio.ir import KernelIR

__all__ = ["HardwareSchedule", "schedule_kernel"]


@dataclass(frozen=True)
class HardwareSchedule:
    """A kernel's schedule in one operator library. Cycles are of the library's clock."""

    kernel: str
    items: tuple[Item, ...]
    library: OperatorLibrary
    resources: Resources

    @cached_property
    def latency(self) -> int:
        """Cycles from the first cycle to the cycle of done, inclusive."""
        return int(latency(self.items, {}, 1)[0])

    @property
    def interval(self) -> int:
        """Cycles between starts: a kernel takes its next invocation when it is done with the last."""
        return self.latency

    @cached_property
    def ordered_latency(self) -> int:
        """Cycles if no two iterations of a pipeline overlapped."""
        return int(latency(self.items, {}, 1, overlap=False)[0])

    def trace(self, stream: str, overlap: bool = True) -> Integers:
        """Return the cycles at which a stream argument moves its tokens, ascending."""
        return trace(self.items, stream, overlap)

    def loops(self) -> tuple[LoopRow, ...]:
        """Return a row for each loop that is not just lanes: trip count, II and why, latencies."""
        return loop_rows(self.items)

    def text(self) -> str:
        """Return the schedule view: for each pipeline and segment, its operations and the cycles they take."""
        lines = [f"{self.kernel}: {self.latency} cycles at {self.library.clock_ns:g} ns ({self.library.profile})"]
        for item, outer in walk(self.items):
            if isinstance(item, Nested):
                continue
            names = [loop.counter.name for loop in outer] + [c.name for c in getattr(item, "counters", ())]
            place = item.placement
            lines.append(f"{'/'.join(names) or 'body'}: II={place.interval}, depth {place.depth}")
            # Lanes that do the same in the same cycles share a line.
            lanes = Tally(
                (start, start + op.latency, op.label)
                for start, op in zip(place.starts, item.graph.operations, strict=True)
            )
            for (start, end, label), count in sorted(lanes.items()):
                lines.append(f"  {start:>4}..{end:<4} {f'{count} x ' if count > 1 else ''}{label}")
        return "\n".join(lines)


def schedule_kernel(kernel: KernelIR, library: OperatorLibrary) -> HardwareSchedule:
    """Schedule a kernel's final IR; raises AlloError where no hardware of ours does what it asks for."""
    items = build_items(kernel, library)
    resources = operator_resources(items, library) + memory_resources(storages(kernel, library).values())
    return HardwareSchedule(kernel.name, items, library, resources)
