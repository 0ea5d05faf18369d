"""The report of a sized design: every figure in it comes from the schedule, the sizing or the simulation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from allo_studio.design.model import GraphNode, Project
from allo_studio.design.region import Channel, IpProcess, KernelProcess, LeafProcess, Region, RegionProcess
from allo_studio.design.timing import ProcessTiming, SizedDesign
from allo_studio.hardware.cycles import Undetermined
from allo_studio.hardware.devices import RESOURCE_KINDS, Device
from allo_studio.hardware.resources import Resources, array_resources, fifo_resources
from allo_studio.hardware.view import Piece
from allo_studio.report.model import (
    ADAPTERS,
    ChannelRow,
    LoopRow,
    OccupancyRow,
    PortRow,
    ProcessRow,
    Report,
    ResourceRow,
    SimulationRow,
)
from allo_studio.simulate.cycle.design import CycleRun

__all__ = ["assemble_report"]

# The most steps of a FIFO's occupancy over time.
_STEPS = 240


def assemble_report(
    project: Project,
    sized: SizedDesign,
    device: Device,
    simulation: SimulationRow | None,
    others: Sequence[SizedDesign] = (),
    cycles: CycleRun | None = None,
) -> Report:
    """Return the report of a build. Cycles and resources are predictions of the library's profile.

    `others` are the same design in other operator libraries: of these it says the cycles and FIFO depths. `cycles` is
    what a cycle simulation of the design found.
    """
    total = _total(sized)
    all_sized = (sized, *others)
    return Report(
        project=project.name,
        top=project.top,
        device=device.name,
        clock_ns=project.target.clock_ns,
        cycles={found.library.profile: _cycles(found, sized, cycles) for found in all_sized},
        interval=sized.interval,
        processes=tuple(_process(timing) for timing in sized.processes.values()),
        loops=tuple(row for timing in sized.processes.values() for row in _loops(timing)),
        resources=tuple(ResourceRow(k, total.counts[k], device.resources[k]) for k in RESOURCE_KINDS),
        channels=tuple(
            replace(row, asked=_asked(project, row.id))
            for region in _regions(sized.region)
            for row in _channels(region, all_sized, cycles)
        ),
        fifos={
            found.library.profile: {"bits": found.fifo_bits, "bound": found.fifo_bound}
            for found in all_sized
            if found.fifos
        },
        pieces=tuple(piece for timing in sized.processes.values() for piece in _pieces(timing)),
        occupancy=tuple(_occupancy(cycles)) if cycles else (),
        simulation=simulation,
        notes=_notes(total, sized),
        profile=sized.library.profile,
        ports=tuple(_ports(sized.region)),
        interface=project.target.interface,
        estimated_ns=max((timing.schedule.chain_ns for timing in sized.processes.values()), default=0.0),
        uncertainty_ns=round(sized.library.clock_ns - sized.library.usable_ns, 6),
    )


def _asked(project: Project, id: str) -> int | None:
    """Return the depth that a wire of the design asks for, None where it asks for none."""
    path, _, edge = id.rpartition("/")
    graph = project.graphs.get(project.top)
    for name in path.split("/")[1:]:
        node = graph.nodes.get(name) if graph else None
        graph = project.graphs.get(node.graph) if isinstance(node, GraphNode) else None
    return next((each.depth for each in graph.edges if each.id == edge), None) if graph else None


def _ports(region: Region) -> Iterator[PortRow]:
    """Yield the ports of the top, which is where the hardware meets its surroundings."""
    channels = {channel.name: channel for channel in region.channels}
    for port in region.ports:
        channel = channels.get(port.name)
        kind: str = channel.kind if channel else "memory" if port.type.shape else "value"
        elements, banks = channel.width if channel else 1, 1
        if channel and kind == "memory":
            elements = channel.layout.word(port.type.shape)
            banks = channel.layout.memories.banks(port.type.shape)
        yield PortRow(
            path=f"{region.path}.{port.name}",
            direction=port.direction,
            type=str(port.type),
            kind="stream" if kind == "fifo" else kind,
            bits=elements * port.type.element.bits,
            words=port.type.size // elements,
            banks=banks,
        )


def _cycles(found: SizedDesign, sized: SizedDesign, run: CycleRun | None) -> dict[str, int]:
    """Return the cycles of a design in one library, and what the simulation of the one that was built took."""
    counts = {"predicted": found.latency}
    if run is not None and found is sized:
        counts["simulated"] = run.cycles[0]
        if len(run.cycles) > 1:
            counts["simulated_interval"] = run.cycles[-1]
    return counts


def _occupancy(run: CycleRun) -> Iterator[OccupancyRow]:
    """Yield how full each FIFO was over all invocations of a run, in some hundred steps."""
    for channel, held in run.held.items():
        if held.size:
            step = -(-held.size // _STEPS)
            starts = np.arange(0, held.size, step)
            least, most = (tuple(pick.reduceat(held, starts).tolist()) for pick in (np.minimum, np.maximum))
            yield OccupancyRow(channel, step, least, most)


def _notes(total: Resources, sized: SizedDesign) -> tuple[str, ...]:
    notes = [
        "Resources count operators, pipeline registers, memories and FIFOs; control and the multiplexers of shared "
        "operators come on top."
    ]
    if total.unreported:
        names = ", ".join(sorted(total.unreported))
        notes.append(f"No source gives all of DSP, LUT and FF of {names}: what is missing is counted as 0.")
    if total.estimated:
        notes.append(f"Figures of these operators are estimates: {', '.join(sorted(total.estimated))}.")
    if total.calibrated:
        names = ", ".join(sorted(total.calibrated))
        notes.append(f"Figures of these operators are calibrated from the vendor's reports of the project: {names}.")
    known = sized.library.calibration
    if known and known.memory:
        cycles = known.memory.read_latency
        notes.append(f"That a read of a memory takes {cycles} cycles is from the vendor's reports of the project.")
    depends = [timing.process.path for timing in sized.processes.values() if timing.schedule.depends_on]
    if depends:
        notes.append(f"The cycles of {', '.join(depends)} depend on data: they are those of the test data.")
    declared = [timing.process for timing in sized.processes.values() if isinstance(timing.process, IpProcess)]
    if declared:
        told = ", ".join(f"{process.path} ({process.block.path})" for process in declared)
        notes.append(f"Cycles, tokens and resources of {told} are those that the descriptors declare, not found here.")
    return tuple(notes)


def _total(sized: SizedDesign) -> Resources:
    total = Resources()
    for timing in sized.processes.values():
        total += timing.schedule.resources
    for region in _regions(sized.region):
        for channel in region.channels:
            total += _channel_resources(channel, sized.library.family)
    return total


def _channel_resources(channel: Channel, family: str) -> Resources:
    """Return what a channel takes: a port's memory is outside of the design, ping-pong is two copies."""
    if channel.kind == "fifo":
        return fifo_resources(channel.token_bits, channel.depth, family) if channel.depth else Resources()
    if channel.kind not in ("pingpong", "shared"):
        return Resources()
    return array_resources(channel.type, channel.layout, family) * (2 if channel.kind == "pingpong" else 1)


def _regions(region: Region) -> Iterator[Region]:
    yield region
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from _regions(process.region)


def _process(timing: ProcessTiming) -> ProcessRow:
    counts = timing.schedule.resources.counts
    return ProcessRow(
        path=timing.process.path,
        kernel=_kernel(timing.process),
        latency=timing.schedule.latency,
        interval=timing.schedule.interval,
        dsp=counts["DSP"],
        lut=counts["LUT"],
        ff=counts["FF"],
        bram=counts["BRAM_18K"],
        uram=counts["URAM"],
        stall=timing.stall,
        formula=timing.schedule.formula,
        depends="; ".join(dict.fromkeys(_depends(need) for need in timing.schedule.depends_on)),
    )


def _kernel(process: LeafProcess) -> str:
    if isinstance(process, IpProcess):
        return f"IP {process.block.name}"
    if isinstance(process, KernelProcess):
        return process.ir.name
    return ADAPTERS[0] if process.ir.streams else ADAPTERS[1]


def _depends(need: Undetermined) -> str:
    return f"{need.what} ({need.span})" if need.span else need.what


def _pieces(timing: ProcessTiming) -> Iterator[Piece]:
    for piece in timing.schedule.pieces():
        yield replace(piece, path=timing.process.path)


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
            function=row.function,
            least=row.least,
            dsp=row.resources.counts["DSP"],
            lut=row.resources.counts["LUT"],
            ff=row.resources.counts["FF"],
            chain_ns=row.chain_ns,
        )


def _channels(region: Region, all_sized: Sequence[SizedDesign], run: CycleRun | None) -> Iterator[ChannelRow]:
    """Yield the channels between blocks. Of a graph's ports only the streams of the design are channels of it."""
    held = run.held if run else {}
    ports = {port.name for port in region.ports}
    top = region is all_sized[0].region
    for channel in region.channels:
        stream = top and channel.outside and channel.kind == "fifo"
        if channel.name in ports and not stream:
            continue
        sizes = {found.library.profile: found.fifos.get(channel.id) for found in all_sized}
        size = sizes[all_sized[0].library.profile]
        yield ChannelRow(
            id=channel.id,
            kind="stream" if stream else channel.kind,
            type=str(channel.type),
            width=channel.token_bits,
            elements=channel.width,
            depth={profile: found.depth for profile, found in sizes.items() if found},
            observed=int(held[channel.id].max()) if channel.id in held else size.observed if size else None,
            reason=channel.reason,
            source=_end(region, channel.source),
            target=", ".join(_end(region, target) for target in channel.targets),
        )


def _end(region: Region, end: tuple[str, str]) -> str:
    process, port = end
    return f"{region.path}/{process}.{port}" if process else f"{region.path}.{port}"
