"""Latency, interval and FIFO depths of an elaborated design: `SizedDesign`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from allo_studio.design.fifo import FifoRequest, FifoSize, size_fifos
from allo_studio.design.flat import FlatProcess, flatten
from allo_studio.design.recurrence import Deadlock, ProcessTrace, run
from allo_studio.design.region import KernelProcess, Process, Region, RegionProcess, RelayoutProcess
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.schedule import HardwareSchedule, Run, schedule_kernel

__all__ = ["ProcessTiming", "SizedDesign", "leaf_processes", "size_design", "unbounded_latency"]

# Back-to-back invocations from which the interval in the steady state is taken.
_INVOCATIONS = 4


@dataclass(frozen=True)
class ProcessTiming:
    """A leaf process: its schedule, and in a dataflow region the cycles that it holds for its channels."""

    process: KernelProcess | RelayoutProcess
    schedule: HardwareSchedule
    stall: int = 0


@dataclass(frozen=True)
class SizedDesign:
    """An elaborated design with its FIFOs sized. `latency` and `interval` are in cycles of the library's clock.

    `processes` are the leaf processes by instance path, `fifos` the sizes by channel id.
    """

    region: Region
    library: OperatorLibrary
    latency: int
    interval: int
    processes: Mapping[str, ProcessTiming]
    fifos: Mapping[str, FifoSize]


def leaf_processes(region: Region) -> Iterator[KernelProcess | RelayoutProcess]:
    """Yield the leaf processes of a region and of those inside it, in order."""
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from leaf_processes(process.region)
        else:
            yield process


def size_design(
    region: Region, library: OperatorLibrary, margin: int = 0, runs: Mapping[str, Run] | None = None
) -> SizedDesign:
    """Schedule every kernel, size the FIFOs and time the design; raises AlloError (code `deadlock`, `hardware`).

    `runs` are the runs that tell the cycles of kernels whose control depends on data, by instance path.
    """
    sizer = _Sizer(library, margin, runs=runs or {})
    timed = sizer.time(region)
    return SizedDesign(
        _with_depths(region, sizer.fifos), library, timed.latency, timed.interval, sizer.processes, sizer.fifos
    )


def unbounded_latency(region: Region, library: OperatorLibrary) -> int:
    """Return the latency in cycles if no FIFO were ever full: what the channels' kinds alone give."""
    return _Sizer(library, 0, sized=False).time(region).latency


@dataclass(frozen=True)
class _Timed:
    latency: int
    interval: int


@dataclass
class _Sizer:
    library: OperatorLibrary
    margin: int
    sized: bool = True
    runs: Mapping[str, Run] = field(default_factory=dict)
    processes: dict[str, ProcessTiming] = field(default_factory=dict)
    fifos: dict[str, FifoSize] = field(default_factory=dict)

    def time(self, region: Region) -> _Timed:
        """Return a region's latency and interval."""
        if region.execution == "dataflow":
            return self._dataflow(region)
        latency = sum(self._process(process).latency for process in region.processes)
        return _Timed(latency, latency)

    def _process(self, process: Process) -> _Timed:
        if isinstance(process, RegionProcess):
            return self.time(process.region)
        schedule = self._schedule(process)
        return _Timed(schedule.latency, schedule.interval)

    def _schedule(self, process: KernelProcess | RelayoutProcess) -> HardwareSchedule:
        if process.path not in self.processes:
            try:
                schedule = schedule_kernel(process.ir, self.library)
                if process.path in self.runs:
                    schedule = schedule.of_run(self.runs[process.path])
            except AlloError as error:
                faults = [replace(fault, where=fault.where or process.path) for fault in error.diagnostics]
                raise AlloError(faults) from None
            self.processes[process.path] = ProcessTiming(process, schedule)
        return self.processes[process.path].schedule

    def _dataflow(self, region: Region) -> _Timed:
        flat = _Flat(self, region)
        if not self.sized:
            free = run(flat.traces, {}, self.library.fifo_latency)
            if isinstance(free, Deadlock):
                raise AlloError(_deadlock(region, free))
            return _Timed(free.latency, free.latency)
        sizing = size_fifos(flat.traces, flat.orders, flat.requests, self.library.fifo_latency, self.margin)
        if isinstance(sizing, Deadlock):
            raise AlloError(_deadlock(region, sizing))
        self.fifos |= sizing.sizes
        for trace in flat.traces:
            if trace.name in self.processes:
                took = sizing.timing.done[trace.name] - sizing.timing.start[trace.name] + 1
                stall = max(took - trace.latency, 0)
                self.processes[trace.name] = replace(self.processes[trace.name], stall=stall)
        depths = {channel: size.depth for channel, size in sizing.sizes.items()}
        return _Timed(sizing.timing.latency, self._interval(flat.traces, depths, sizing.timing.latency))

    def _interval(self, traces: list[ProcessTrace], depths: Mapping[str, int], latency: int) -> int:
        """Return the cycles between the ends of the last two of several invocations back to back."""
        again = run(_repeated(traces, _INVOCATIONS), depths, self.library.fifo_latency)
        if isinstance(again, Deadlock):
            return latency
        ends = [
            max(again.done[f"{trace.name}#{number}"] for trace in traces)
            for number in (_INVOCATIONS - 2, _INVOCATIONS - 1)
        ]
        return ends[1] - ends[0]


class _Flat:
    """A dataflow region as traces. `orders` are those of the processes with their iterations one after another."""

    def __init__(self, sizer: _Sizer, region: Region) -> None:
        self.sizer = sizer
        self.traces: list[ProcessTrace] = []
        self.orders: list[ProcessTrace] = []
        flat = flatten(region)
        self.requests = [
            FifoRequest(channel.id, channel.token_bits, channel.depth or None)
            for channel in flat.channels
            if channel.kind == "fifo" and not channel.outside
        ]
        for each in flat.processes:
            self._add(each)

    def _add(self, flat: FlatProcess) -> None:
        process = flat.process
        if isinstance(process, RegionProcess):
            whole = ProcessTrace(process.path, self.sizer.time(process.region).latency, after=flat.after)
            self.traces.append(whole)
            self.orders.append(whole)
            return
        schedule = self.sizer._schedule(process)
        directions = process.ir.directions
        for overlap, target in ((True, self.traces), (False, self.orders)):
            streams = {port: (channel.id, schedule.trace(port, overlap)) for port, channel in flat.fifos.items()}
            target.append(
                ProcessTrace(
                    process.path,
                    schedule.latency if overlap or schedule.depends_on else schedule.ordered_latency,
                    {fifo: times for port, (fifo, times) in streams.items() if directions[port] == "in"},
                    {fifo: times for port, (fifo, times) in streams.items() if directions[port] == "out"},
                    flat.after,
                )
            )


def _repeated(traces: list[ProcessTrace], times: int) -> list[ProcessTrace]:
    """Return the traces of several invocations back to back: a process starts anew when it is done.

    A ping-pong buffer has two copies, so its writer waits for the reader of the invocation before the last.
    """
    readers: dict[str, list[str]] = {}
    for trace in traces:
        for name in trace.after:
            readers.setdefault(name, []).append(trace.name)
    found = []
    for number in range(times):
        for trace in traces:
            after = [f"{name}#{number}" for name in trace.after]
            if number:
                after.append(f"{trace.name}#{number - 1}")
            if number > 1:
                after += [f"{name}#{number - 2}" for name in readers.get(trace.name, ())]
            found.append(replace(trace, name=f"{trace.name}#{number}", after=tuple(after)))
    return found


def _deadlock(region: Region, deadlock: Deadlock) -> Diagnostic:
    waits = "; ".join(map(str, deadlock.waits))
    return Diagnostic(
        "deadlock",
        f"the design deadlocks: {waits}",
        where=region.path,
        hint="give the full channels more depth, or leave their depths to the compiler",
    )


def _with_depths(region: Region, sizes: Mapping[str, FifoSize]) -> Region:
    """Return the region with the chosen depths in its channels, and the reasons for them."""
    channels = tuple(
        replace(c, depth=sizes[c.id].depth, reason=f"{sizes[c.id].reason}; {c.reason}") if c.id in sizes else c
        for c in region.channels
    )
    processes = tuple(
        replace(p, region=_with_depths(p.region, sizes)) if isinstance(p, RegionProcess) else p
        for p in region.processes
    )
    return replace(region, channels=channels, processes=processes)
