"""The report of a sized design: every figure in it comes from the schedule, the sizing or the simulation."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.design.model import Project
from allo_studio.design.region import Channel, KernelProcess, Region, RegionProcess
from allo_studio.design.timing import ProcessTiming, SizedDesign
from allo_studio.hardware.devices import RESOURCE_KINDS, Device
from allo_studio.hardware.resources import Resources, fifo_resources, memory_resources
from allo_studio.hardware.storage import Storage
from allo_studio.report.model import ChannelRow, LoopRow, ProcessRow, Report, ResourceRow, SimulationRow

__all__ = ["assemble_report"]


def assemble_report(project: Project, sized: SizedDesign, device: Device, simulation: SimulationRow | None) -> Report:
    """Return the report of a build. Cycles and resources are predictions of the library's profile."""
    total = _total(sized)
    return Report(
        project=project.name,
        top=project.top,
        device=device.name,
        clock_ns=project.target.clock_ns,
        cycles={sized.library.profile: {"predicted": sized.latency}},
        interval=sized.interval,
        processes=tuple(_process(timing) for timing in sized.processes.values()),
        loops=tuple(row for timing in sized.processes.values() for row in _loops(timing)),
        resources=tuple(ResourceRow(k, total.counts[k], device.resources[k]) for k in RESOURCE_KINDS),
        channels=tuple(row for region in _regions(sized.region) for row in _channels(region, sized)),
        simulation=simulation,
        notes=_notes(total),
    )


def _notes(total: Resources) -> tuple[str, ...]:
    notes = ["Resources count operators, memories and FIFOs; control, multiplexers and pipeline registers come on top."]
    if total.unreported:
        names = ", ".join(sorted(total.unreported))
        notes.append(f"No source gives the LUT and FF of {names}: they are counted as 0.")
    return tuple(notes)


def _total(sized: SizedDesign) -> Resources:
    total = Resources()
    for timing in sized.processes.values():
        total += timing.schedule.resources
    for region in _regions(sized.region):
        for channel in region.channels:
            total += _channel_resources(channel)
    return total


def _channel_resources(channel: Channel) -> Resources:
    """Return what a channel takes: a port's memory is outside of the design, ping-pong is two copies."""
    if channel.kind == "fifo":
        return fifo_resources(channel.token_bits, channel.depth) if channel.depth else Resources()
    if channel.kind not in ("pingpong", "shared"):
        return Resources()
    memory = Storage(channel.name, channel.type, channel.layout, False, 0, 2)
    return memory_resources([memory]) * (2 if channel.kind == "pingpong" else 1)


def _regions(region: Region) -> Iterator[Region]:
    yield region
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from _regions(process.region)


def _process(timing: ProcessTiming) -> ProcessRow:
    counts = timing.schedule.resources.counts
    return ProcessRow(
        path=timing.process.path,
        kernel=timing.process.ir.name if isinstance(timing.process, KernelProcess) else "re-layout",
        latency=timing.schedule.latency,
        interval=timing.schedule.interval,
        dsp=counts["DSP"],
        lut=counts["LUT"],
        ff=counts["FF"],
        bram=counts["BRAM_18K"],
        uram=counts["URAM"],
        stall=timing.stall,
    )


def _loops(timing: ProcessTiming) -> Iterator[LoopRow]:
    for row in timing.schedule.loops():
        yield LoopRow(
            path=timing.process.path,
            loop=row.loop,
            depth=row.depth,
            trip_count=row.trip_count,
            latency=row.latency,
            iteration_latency=row.iteration_latency,
            ii=row.interval,
            ii_asked=row.interval_asked,
            pipelined=row.pipelined,
            unroll=row.lanes,
            reason=row.reason,
            source=str(row.span) if row.span else "",
        )


def _channels(region: Region, sized: SizedDesign) -> Iterator[ChannelRow]:
    """Yield the channels between blocks; the ports of a graph are no channels of it."""
    ports = {port.name for port in region.ports}
    for channel in region.channels:
        if channel.name in ports:
            continue
        size = sized.fifos.get(channel.id)
        yield ChannelRow(
            id=channel.id,
            kind=channel.kind,
            type=str(channel.type),
            width=channel.token_bits,
            elements=channel.width,
            depth={sized.library.profile: channel.depth} if size else {},
            observed=size.observed if size else None,
            reason=channel.reason,
            source=_end(region, channel.source),
            target=", ".join(_end(region, target) for target in channel.targets),
        )


def _end(region: Region, end: tuple[str, str]) -> str:
    process, port = end
    return f"{region.path}/{process}.{port}" if process else f"{region.path}.{port}"
