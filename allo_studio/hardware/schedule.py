"""`HardwareSchedule`: the one value from which latency, interval, resources and stream traces of a kernel come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from allo_studio.hardware.chaining import longest_chain
from allo_studio.hardware.counters import Integers
from allo_studio.hardware.cycles import Control, Run, Undetermined, arguments_needed, total_cycles, undetermined
from allo_studio.hardware.explain import LoopRow, loop_rows
from allo_studio.hardware.extract import extract
from allo_studio.hardware.formula import formula
from allo_studio.hardware.indices import unsigned_name
from allo_studio.hardware.nest import Item, Pipeline, Segment, WhilePipeline, held_buffers, walk
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.resources import Resources, memory_resources, operator_resources
from allo_studio.hardware.storage import Storage
from allo_studio.hardware.traces import Traces
from allo_studio.hardware.view import Piece, piece_text, pieces
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import integer_map

__all__ = ["FunctionSchedule", "HardwareSchedule", "Run", "schedule_kernel"]

# The traces of so many tokens at most are remembered.
_MOST_KEPT = 1 << 16


@dataclass(frozen=True)
class FunctionSchedule:
    """One function: its control, and the buffers that it has or is given.

    `origin` is the name that the function has in the kernel's module: one that is called with memories of several
    layouts has a schedule for each.
    """

    name: str
    origin: str
    items: tuple[Item, ...]
    storages: tuple[Storage, ...]
    resources: Resources


@dataclass(frozen=True)
class HardwareSchedule:
    """A kernel's schedule in one operator library. Cycles are of the library's clock.

    `functions` are the kernel's own function, under the kernel's name, and all that it calls. `arguments` are the whole
    scalar arguments of the kernel with the greatest value of each named size. Where cycles depend on data, `run` tells
    which are meant.
    """

    kernel: str
    functions: Mapping[str, FunctionSchedule]
    library: OperatorLibrary
    sizes: Mapping[str, int] = field(default_factory=dict)
    run: Run | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        """The control of the kernel's own function."""
        return self.functions[self.kernel].items

    @cached_property
    def control(self) -> Control:
        """The items of each function."""
        return {name: function.items for name, function in self.functions.items()}

    @cached_property
    def depends_on(self) -> tuple[Undetermined, ...]:
        """What makes the cycles differ between runs, in program order; named sizes are taken as their greatest."""
        return tuple(need for need in undetermined(self.control, self.kernel) if need.data or not self._sizes_suffice)

    @cached_property
    def _sizes_suffice(self) -> bool:
        return arguments_needed(self.control, self.kernel) <= set(self._known_sizes)

    @cached_property
    def _known_sizes(self) -> dict[str, int]:
        return {spelling: n for name, n in self.sizes.items() for spelling in (name, unsigned_name(name))}

    def of_run(self, run: Run) -> HardwareSchedule:
        """Return the schedule with the cycles of a run."""
        names = {name: function.origin for name, function in self.functions.items()}
        return replace(self, run=replace(run, functions=names))

    @cached_property
    def latency(self) -> int:
        """Cycles from the first cycle to the cycle of done, inclusive.

        Raises AlloError (code `hardware`) where they depend on data and no run was given.
        """
        return total_cycles(self.control, self.kernel, self.run or Run(self._known_sizes))

    @property
    def interval(self) -> int:
        """Cycles between starts: a kernel takes its next invocation when it is done with the last.

        One that is nothing but a pipelined loop that rewinds takes it an interval after the last iteration's start, if
        that is earlier.
        """
        if len(self.items) == 1 and isinstance(self.items[0], Pipeline) and self.items[0].rewind:
            place = self.items[0].placement
            return self.latency - place.depth + min(place.interval, place.depth)
        return self.latency

    @cached_property
    def ordered_latency(self) -> int:
        """Cycles if no two iterations of a pipeline overlapped."""
        return self._traces(overlap=False).cycles()

    def trace(self, stream: str, overlap: bool = True) -> Integers:
        """Return the cycles at which a stream argument moves its tokens, ascending.

        Raises AlloError (code `hardware`) where that depends on data.
        """
        known = self._known_traces.get((stream, overlap))
        if known is None:
            known = self._traces(overlap).tokens(stream)
            if known.size <= _MOST_KEPT:
                known.flags.writeable = False
                self._known_traces[stream, overlap] = known
        return known

    @cached_property
    def _known_traces(self) -> dict[tuple[str, bool], Integers]:
        return {}

    def _traces(self, overlap: bool) -> Traces:
        return Traces(self.control, self.kernel, self.run.arguments if self.run else self._known_sizes, overlap)

    @property
    def formula(self) -> str:
        """The latency as a formula in the trip counts (see `formula.formula`)."""
        return formula(self.control, self.items)

    @cached_property
    def resources(self) -> Resources:
        """What all functions take together."""
        return sum((function.resources for function in self.functions.values()), Resources())

    @property
    def chain_ns(self) -> float:
        """The longest chain of logic in a cycle in ns, of all functions; 0 where nothing is known of them."""
        items = (item for function in self.functions.values() for item, _ in walk(function.items))
        scheduled = (item for item in items if isinstance(item, Segment | Pipeline | WhilePipeline))
        return max((longest_chain(item.graph, item.placement.starts) for item in scheduled), default=0.0)

    def loops(self) -> tuple[LoopRow, ...]:
        """Return a row for each loop that is not just lanes: trip count, II and why, latencies, resources."""
        return loop_rows(self.control, self.kernel, self.library)

    def pieces(self) -> tuple[Piece, ...]:
        """Return the schedule view: what runs as one pipeline or at once, with its operations by cycle."""
        found = (pieces(name, function.items) for name, function in self.functions.items())
        return tuple(piece for part in found for piece in part)

    def text(self) -> str:
        """Return the schedule view as text."""
        cycles = f"{self.latency} cycles" if self.run or not self.depends_on else "cycles that depend on data"
        lines = [f"{self.kernel}: {cycles} at {self.library.clock_ns:g} ns ({self.library.profile})"]
        lines.append(f"latency = {self.formula}")
        for piece in self.pieces():
            where = "" if piece.function == self.kernel else f"{piece.function}: "
            lines += ["", where + piece_text(piece)]
        return "\n".join(lines)


def schedule_kernel(kernel: KernelIR, library: OperatorLibrary) -> HardwareSchedule:
    """Schedule a kernel's final IR.

    Raises AlloError (codes `hardware`, `target`) with the operation, its place in the source and what to change, where
    no hardware of ours does what it asks for.
    """
    functions = {}
    for name, found in extract(kernel, library).items():
        used = held_buffers(found.items)
        memories = memory_resources((s for s in found.storages if s.key in used), library.family)
        resources = operator_resources(found.items, library) + memories
        functions[name] = FunctionSchedule(name, found.kernel.name, found.items, found.storages, resources)
    return HardwareSchedule(kernel.name, functions, library, integer_map(kernel.function, "allo.sizes"))
