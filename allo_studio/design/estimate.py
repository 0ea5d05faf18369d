"""The cycles of a design as Vitis HLS counts them (see `hardware.estimate`): its synthesis' estimate, and its RTL.

In the estimate a process of a dataflow region starts with the producers of its FIFOs, and after those of its buffers
are done, and the region takes as long as the last of them: how long a process waits for a FIFO's tokens is not counted.
So the report of atax in the Allo paper's artifact has 4912 cycles, as many as the first of two processes, for whose
last tokens the second one waits; that of gemm has the sum of two processes with a buffer between them. In the RTL a
process holds for each token.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias, get_args

from allo_studio.design.flat import FlatProcess, flatten
from allo_studio.design.recurrence import Deadlock, ProcessTrace, run
from allo_studio.design.region import IpProcess, LeafProcess, Process, Region, RegionProcess
from allo_studio.design.timing import leaf_processes
from allo_studio.design.variants import scheduled
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.committed import committed
from allo_studio.hardware.estimate import Estimate, Timing, estimate
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.schedule import HardwareSchedule
from allo_studio.ip.declared import declared_schedule

__all__ = ["DesignEstimate", "PartEstimates", "estimate_design", "estimate_parts"]

_NO_LOOPS: Mapping[str, Collection[str]] = {}
_Timings: TypeAlias = Callable[[LeafProcess], Timing]


@dataclass(frozen=True)
class DesignEstimate:
    """Latencies in cycles: what the report of the synthesis says, and what the co-simulated RTL takes."""

    csynth: int
    cosim: int


@dataclass(frozen=True)
class PartEstimates:
    """The latencies in cycles that the report of the synthesis has of blocks and regions, by instance path.

    One that depends on data is not there. `schedules` are those of the blocks, as the tool makes them, and `cosim` is
    what the RTL of the whole takes, None where that is not known.
    """

    latencies: Mapping[str, int]
    schedules: Mapping[str, HardwareSchedule]
    cosim: int | None


def estimate_design(
    region: Region,
    library: OperatorLibrary,
    loops: Mapping[str, Collection[str]] = _NO_LOOPS,
    streams: Collection[str] = (),
) -> DesignEstimate:
    """Return a design's latencies by the tool's rules.

    `loops` names, by instance path, loops whose bodies are dataflow regions. `streams` are the ids of buffers that are
    declared as streams although what goes over them is not in order: the estimate takes that at its word, while the RTL
    is that of a buffer.

    Raises AlloError (codes `hardware`, `target`) where a kernel cannot be scheduled or the cycles depend on data, and
    (code `deadlock`) where FIFOs of a depth that was asked for are too small.
    """
    schedules: dict[str, HardwareSchedule] = {}
    times = {kind: _timings(kind, library, schedules, loops) for kind in get_args(Estimate)}
    estimated = _Design("csynth", times["csynth"], frozenset(streams), library.fifo_latency)
    simulated = _Design("cosim", times["cosim"], frozenset(), library.fifo_latency)
    return DesignEstimate(estimated.latency(region), simulated.latency(region))


def estimate_parts(region: Region, library: OperatorLibrary) -> PartEstimates:
    """Return what the report of the synthesis has of each region and block, by the tool's rules.

    Raises AlloError (codes `hardware`, `target`) where a kernel cannot be scheduled.
    """
    blocks = list(leaf_processes(region))
    schedules = {process.path: _schedule(process, library) for process in blocks}
    timing = _timings("csynth", library, schedules, _NO_LOOPS)
    design = _Design("csynth", timing, frozenset(), library.fifo_latency)
    found: dict[str, int] = {}
    for process in blocks:
        with suppress(AlloError):
            found[process.path] = timing(process).latency
    for inner in _regions(region):
        with suppress(AlloError):
            found[inner.path] = design.latency(inner)
    cosim: int | None = None
    with suppress(AlloError):
        times = _timings("cosim", library, schedules, _NO_LOOPS)
        cosim = _Design("cosim", times, frozenset(), library.fifo_latency).latency(region)
    return PartEstimates(found, schedules, cosim)


def _regions(region: Region) -> Iterator[Region]:
    yield region
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from _regions(process.region)


def _timings(
    kind: Estimate,
    library: OperatorLibrary,
    schedules: dict[str, HardwareSchedule],
    loops: Mapping[str, Collection[str]],
) -> _Timings:
    """Return what tells the timing of a block; the schedules that it makes are kept in `schedules`."""

    def timing(process: LeafProcess) -> Timing:
        if process.path not in schedules:
            schedules[process.path] = _schedule(process, library)
        schedule = schedules[process.path]
        if isinstance(process, IpProcess):
            # Of an external block nothing is estimated: it takes what its descriptor declares.
            return Timing(schedule.latency, {port: schedule.trace(port) for port in process.ir.streams})
        return estimate(schedule, kind, loops.get(process.path, ()))

    return timing


def _schedule(process: LeafProcess, library: OperatorLibrary) -> HardwareSchedule:
    if isinstance(process, IpProcess):
        return declared_schedule(process.block, library, process.firings)
    return committed(scheduled(process.ir, library))


@dataclass(frozen=True)
class _Design:
    """One of the two figures: how long the leaf processes take, and from that their regions."""

    kind: Estimate
    timing: _Timings
    streams: frozenset[str]
    fifo_latency: int

    def latency(self, region: Region) -> int:
        """Return the latency of a region."""
        if region.execution == "sequential":
            # A module that calls the others one after another.
            return sum(self._process(process) + 2 for process in region.processes) - 1
        flat = flatten(region)
        if self.kind == "csynth":
            return self._estimated(flat.processes)
        fifos = [channel for channel in flat.channels if channel.kind == "fifo" and not channel.outside]
        depths = {channel.id: channel.depth for channel in fifos if channel.depth}
        initial = {channel.id: channel.initial_tokens for channel in fifos}
        found = run([self._trace(process) for process in flat.processes], depths, self.fifo_latency, initial)
        if isinstance(found, Deadlock):
            hint = "give its FIFOs more depth"
            raise AlloError(Diagnostic("deadlock", "the design deadlocks", where=region.path, hint=hint))
        return found.latency

    def _process(self, process: Process) -> int:
        if isinstance(process, RegionProcess):
            return self.latency(process.region)
        return self.timing(process).latency

    def _estimated(self, processes: Sequence[FlatProcess]) -> int:
        """Return when the last process is done if those with FIFOs between them start together."""
        makers = {c.id: flat for flat in processes for port, c in flat.bindings.items() if _made(flat, port)}
        starts: dict[str, int] = {}
        ends: dict[str, int] = {}
        for flat in processes:
            taken = [c for port, c in flat.bindings.items() if c.id in makers and not _made(flat, port)]
            fed = {makers[c.id].process.path for c in taken if c.kind == "fifo" or c.id in self.streams}
            # The producers of what a loop of processes takes may come after it.
            begun = [starts[path] for path in fed if path in starts]
            done = [ends[path] for path in flat.after if path not in fed]
            path = flat.process.path
            starts[path] = max([0, *begun, *done])
            ends[path] = starts[path] + self._process(flat.process)
        return max(ends.values(), default=1)

    def _trace(self, flat: FlatProcess) -> ProcessTrace:
        process = flat.process
        if isinstance(process, RegionProcess):
            return ProcessTrace(process.path, self.latency(process.region), after=flat.after)
        found = self.timing(process)
        moves = {channel.id: (_made(flat, port), found.tokens[port]) for port, channel in flat.fifos.items()}
        reads = {channel: cycles for channel, (made, cycles) in moves.items() if not made}
        writes = {channel: cycles for channel, (made, cycles) in moves.items() if made}
        return ProcessTrace(process.path, found.latency, reads, writes, flat.after)


def _made(flat: FlatProcess, port: str) -> bool:
    """Return whether a port is an output."""
    process = flat.process
    if isinstance(process, RegionProcess):
        return any(p.name == port and p.direction == "out" for p in process.region.ports)
    return process.ir.directions[port] == "out"
