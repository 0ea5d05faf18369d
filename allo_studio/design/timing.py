"""Latency, interval and FIFO depths of an elaborated design: `SizedDesign`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from allo_studio.design.deadlock import deadlock_fault
from allo_studio.design.feedback import wished_tokens
from allo_studio.design.fifo import FifoRequest, FifoSize, OverBudget, Sizing, size_fifos
from allo_studio.design.flat import flatten
from allo_studio.design.recurrence import Deadlock, ProcessTrace, run
from allo_studio.design.region import IpProcess, LeafProcess, Process, Region, RegionProcess
from allo_studio.design.variants import scheduled
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.schedule import HardwareSchedule, Run
from allo_studio.ip.declared import declared_schedule

__all__ = [
    "ProcessTiming",
    "SizedDesign",
    "fifo_requests",
    "leaf_processes",
    "process_traces",
    "size_design",
    "unbounded_latency",
]

# Back-to-back invocations from which the interval in the steady state is taken.
_INVOCATIONS = 4


@dataclass(frozen=True)
class ProcessTiming:
    """A leaf process: its schedule, and in a dataflow region the cycles that it holds for its channels."""

    process: LeafProcess
    schedule: HardwareSchedule
    stall: int = 0


@dataclass(frozen=True)
class SizedDesign:
    """An elaborated design with its FIFOs sized. `latency` and `interval` are in cycles of the library's clock.

    `processes` are the leaf processes by instance path, `fifos` the sizes by channel id. `fifo_bits` is what the FIFOs
    hold without margins, and `fifo_bound` what no depths that keep the latency are below.
    """

    region: Region
    library: OperatorLibrary
    latency: int
    interval: int
    processes: Mapping[str, ProcessTiming]
    fifos: Mapping[str, FifoSize]
    fifo_bits: int = 0
    fifo_bound: int = 0


def leaf_processes(region: Region) -> Iterator[LeafProcess]:
    """Yield the leaf processes of a region and of those inside it, in order."""
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from leaf_processes(process.region)
        else:
            yield process


def size_design(
    region: Region,
    library: OperatorLibrary,
    margin: int = 0,
    runs: Mapping[str, Run] | None = None,
    budget: int | None = None,
) -> SizedDesign:
    """Schedule every kernel, size the FIFOs and time the design; raises AlloError.

    Its codes are `deadlock`, `hardware`, and `fifo` where the FIFOs of a dataflow graph, to be free of deadlock, must
    hold more than a `budget` of bits, which may cost latency.

    Where hardware has the schedule's own timing (`open`), depths are the least for that, without `margin`; else they
    are also free of deadlock under any timing, and `margin` is added. `runs` are the runs that tell the cycles of
    kernels whose control depends on data, by instance path.
    """
    sizer = _Sizer(library, margin, runs=runs or {}, budget=budget)
    timed = sizer.time(region)
    return SizedDesign(
        _with_depths(region, sizer.fifos),
        library,
        timed.latency,
        timed.interval,
        sizer.processes,
        sizer.fifos,
        sum(sizing.bits for sizing in sizer.sizings.values()),
        sum(sizing.bound for sizing in sizer.sizings.values()),
    )


def unbounded_latency(region: Region, library: OperatorLibrary) -> int | None:
    """Return the latency in cycles if no FIFO were ever full: what the channels' kinds alone give.

    It is None where even so the design deadlocks.
    """
    try:
        return _Sizer(library, 0, sized=False).time(region).latency
    except AlloError as error:
        if any(fault.code != "deadlock" for fault in error.diagnostics):
            raise
        return None


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
    budget: int | None = None
    processes: dict[str, ProcessTiming] = field(default_factory=dict)
    fifos: dict[str, FifoSize] = field(default_factory=dict)
    sizings: dict[str, Sizing] = field(default_factory=dict)

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

    def _schedule(self, process: LeafProcess) -> HardwareSchedule:
        if process.path not in self.processes and isinstance(process, IpProcess):
            declared = declared_schedule(process.block, self.library, process.firings)
            self.processes[process.path] = ProcessTiming(process, declared)
        elif process.path not in self.processes:
            try:
                schedule = scheduled(process.ir, self.library)
                if process.path in self.runs:
                    schedule = schedule.of_run(self.runs[process.path])
            except AlloError as error:
                faults = [replace(fault, where=fault.where or process.path) for fault in error.diagnostics]
                raise AlloError(faults) from None
            self.processes[process.path] = ProcessTiming(process, schedule)
        return self.processes[process.path].schedule

    def _dataflow(self, region: Region) -> _Timed:
        traces = self._traces(region)
        requests = fifo_requests(region)
        initial = {request.channel: request.initial for request in requests}
        if not self.sized:
            free = run(traces, {}, self.library.fifo_latency, initial)
            if isinstance(free, Deadlock):
                raise AlloError(deadlock_fault(region, free))
            return _Timed(free.latency, free.latency)
        exact = self.library.profile == "open"
        orders, margin = (None, 0) if exact else (self._traces(region, overlap=False), self.margin)
        sizing = size_fifos(traces, orders, requests, self.library.fifo_latency, margin, self.budget)
        if isinstance(sizing, Deadlock):
            wish = wished_tokens(traces, orders, requests, self.library.fifo_latency)
            raise AlloError(deadlock_fault(region, sizing, wish))
        if isinstance(sizing, OverBudget):
            raise AlloError(_over_budget(region, sizing))
        self.sizings[region.path] = sizing
        self.fifos |= sizing.sizes
        for trace in traces:
            if trace.name in self.processes:
                took = sizing.timing.done[trace.name] - sizing.timing.start[trace.name] + 1
                stall = max(took - trace.latency, 0)
                self.processes[trace.name] = replace(self.processes[trace.name], stall=stall)
        depths = {channel: size.depth for channel, size in sizing.sizes.items()}
        return _Timed(sizing.timing.latency, self._interval(traces, depths, initial, sizing.timing.latency))

    def _traces(self, region: Region, overlap: bool = True) -> list[ProcessTrace]:
        return process_traces(region, self._schedule, lambda inner: self.time(inner).latency, overlap)

    def _interval(
        self, traces: list[ProcessTrace], depths: Mapping[str, int], initial: Mapping[str, int], latency: int
    ) -> int:
        """Return the cycles between the ends of the last two of several invocations back to back."""
        again = run(_repeated(traces, _INVOCATIONS), depths, self.library.fifo_latency, initial)
        if isinstance(again, Deadlock):
            return latency
        ends = [
            max(again.done[f"{trace.name}#{number}"] for trace in traces)
            for number in (_INVOCATIONS - 2, _INVOCATIONS - 1)
        ]
        return ends[1] - ends[0]


def process_traces(
    region: Region,
    schedule: Callable[[LeafProcess], HardwareSchedule],
    latency: Callable[[Region], int],
    overlap: bool = True,
) -> list[ProcessTrace]:
    """Return when each process of a dataflow region uses its channels, if nothing holds it.

    `latency` is asked of sequential regions, which are processes as a whole. Without `overlap` the iterations of
    pipelines are one after another.
    """
    found = []
    for flat in flatten(region).processes:
        process = flat.process
        if isinstance(process, RegionProcess):
            found.append(ProcessTrace(process.path, latency(process.region), after=flat.after))
            continue
        made = schedule(process)
        moves = {port: (channel.id, made.trace(port, overlap)) for port, channel in flat.fifos.items()}
        written = {port for port in moves if process.ir.directions[port] == "out"}
        found.append(
            ProcessTrace(
                process.path,
                made.latency if overlap or made.depends_on else made.ordered_latency,
                dict(moved for port, moved in moves.items() if port not in written),
                dict(moves[port] for port in moves if port in written),
                flat.after,
            )
        )
    return found


def fifo_requests(region: Region) -> list[FifoRequest]:
    """Return the FIFOs of a dataflow region, and of those inside it; a depth that a channel has is forced."""
    return [
        FifoRequest(channel.id, channel.token_bits, channel.depth or None, channel.initial_tokens)
        for channel in flatten(region).channels
        if channel.kind == "fifo" and not channel.outside
    ]


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


def _over_budget(region: Region, over: OverBudget) -> Diagnostic:
    return Diagnostic(
        "fifo",
        f"the FIFOs must hold {over.bits:,} bits to be free of deadlock, and may hold {over.budget:,}",
        where=region.path,
        hint=f"set fifo_bits of the target to {over.bits} or more, or make edges ping-pong buffers",
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
