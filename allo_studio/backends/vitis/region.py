"""A region as a C++ function: its channels, and a call for each of its processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import wrap

from allo_studio.backends.vitis.calls import Call, Held, write_calls
from allo_studio.backends.vitis.kernel import Function
from allo_studio.backends.vitis.memories import Memory, declare_local, parameter, partition_pragmas
from allo_studio.backends.vitis.names import Names, comment
from allo_studio.backends.vitis.text import Lines
from allo_studio.design.loops import groups
from allo_studio.design.region import Channel, Process, Region, RegionPort, RegionProcess
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.layout import Layout

__all__ = ["channel_names", "port_memory", "region_function"]

_LONGEST_NOTE = 110


def port_memory(region: Region, port: RegionPort, name: str) -> Memory:
    """Return how a port of a region is passed to its function, under the C++ name `name`."""
    channel = next((c for c in region.channels if c.name == port.name), None)
    layout = channel.layout if channel else Layout.plain(len(port.type.shape))
    return Memory(name, port.name, port.type, layout, _stream_width(channel), port.direction == "out")


def channel_names(region: Region, functions: Iterable[str]) -> dict[str, str]:
    """Return the C++ name of each channel of a region, whose `functions` have other names."""
    names = Names(functions)
    order = dict.fromkeys((*(port.name for port in region.ports), *(channel.name for channel in region.channels)))
    return {name: names.unique(name) for name in order}


def region_function(region: Region, functions: Mapping[str, str], interface: bool, in_loop: bool = False) -> Function:
    """Return the function of a region; `functions` maps each process's name to its C++ function.

    `interface` adds the ports' pragmas of a top function; `in_loop` tells that it is itself in a loop. Raises AlloError
    (code `hls`) where a channel and its ends disagree.
    """
    faults = _channel_faults(region)
    if faults:
        raise AlloError(faults)
    names = channel_names(region, functions.values())
    memories = {port.name: port_memory(region, port, names[port.name]) for port in region.ports}
    ports = list(memories.values())
    lines = Lines(1)
    if region.execution == "dataflow":
        lines.pragma("dataflow")
    for memory in ports:
        _port_pragmas(lines, memory, interface)
    if interface:
        lines.pragma("interface mode=ap_ctrl_hs port=return")
    inside = [channel for channel in region.channels if channel.name not in memories]
    for channel in inside:
        memories[channel.name] = _declare(region, channel, names[channel.name], lines)
    used = {channel for process in region.processes for channel in _in_order(process)}
    for port in region.ports:
        if port.name not in used:
            lines.add(f"(void){memories[port.name].name};")
    calls = _calls(region, functions, memories)
    loop = in_loop or any(kept for _, kept in groups(region))
    if loop or (region.execution == "dataflow" and len(calls) > 1 and any(map(_stream_width, region.channels))):
        held = [
            Held(memories[channel.name].name, channel.id, channel.depth, channel.initial_tokens)
            for channel in inside
            if _stream_width(channel)
        ]
        write_calls(lines, calls, held, loop)
    else:
        for call in calls:
            lines.add(f"{call.text};", call.path)
    return Function(tuple(map(parameter, ports)), lines.text())


def _calls(region: Region, functions: Mapping[str, str], memories: Mapping[str, Memory]) -> list[Call]:
    """Return the processes as calls, each after those of which it takes whole arrays."""
    numbers = {process.name: number for number, process in enumerate(region.processes)}
    writers = {c.name: numbers[c.source[0]] for c in region.channels if c.source[0] and not _stream_width(c)}
    calls = []
    for number, process in enumerate(region.processes):
        passed = ", ".join(memories[channel].name for channel in _in_order(process))
        after = sorted({writers[name] for name in process.bindings.values() if name in writers} - {number})
        calls.append(Call(f"{functions[process.name]}({passed})", process.path, tuple(after)))
    return calls


def _in_order(process: Process) -> list[str]:
    """Return the channels of a process in the order of its function's parameters."""
    if isinstance(process, RegionProcess):
        return [process.bindings[port.name] for port in process.region.ports]
    return [process.bindings[argument.name] for argument in process.ir.arguments()]


def _port_pragmas(lines: Lines, memory: Memory, interface: bool) -> None:
    if interface:
        arrays = "axis" if memory.stream_width else "ap_memory"
        mode = arrays if memory.type.shape else "ap_vld" if memory.writable else "ap_none"
        lines.pragma(f"interface mode={mode} port={memory.name}")
    for pragma in partition_pragmas(memory):
        lines.pragma(pragma)


def _declare(region: Region, channel: Channel, name: str, lines: Lines) -> Memory:
    width = _stream_width(channel)
    memory = Memory(name, channel.name, channel.type, channel.layout, width)
    note = f"{channel.id}: {channel.reason}" if channel.reason else channel.id
    for line in wrap(comment(note), _LONGEST_NOTE, break_long_words=False, break_on_hyphens=False):
        lines.add(f"// {line}")
    if width:
        # Tokens stay in it from one call to the next.
        storage = "static " if channel.initial else ""
        lines.add(f'{storage}hls::stream<{memory.token_type}> {memory.name}("{memory.name}");')
        lines.pragma(f"stream variable={memory.name} type=fifo depth={channel.depth}")
        return memory
    declare_local(lines, memory)
    if region.execution == "dataflow" and channel.kind == "pingpong" and channel.type.shape:
        lines.pragma(f"stream variable={memory.name} type=pipo depth=2")
    return memory


def _stream_width(channel: Channel | None) -> int:
    return channel.width if channel and channel.kind == "fifo" else 0


def _channel_faults(region: Region) -> list[Diagnostic]:
    faults = []
    for process in region.processes:
        for name, width in _ends(process).items():
            channel = region.channel(process.bindings[name])
            wanted = _stream_width(channel)
            if width != wanted:
                message = (
                    f"{comment(process.path)}.{name} moves {_tokens(width)}, its channel carries {_tokens(wanted)}"
                )
                faults.append(Diagnostic("hls", message, where=channel.id))
    ports = {port.name for port in region.ports}
    for channel in region.channels:
        if channel.kind == "fifo" and len(channel.targets) > 1:
            hint = "give each consumer an output of its own, or use execution: sequential"
            faults.append(Diagnostic("hls", "a FIFO has one reader", where=channel.id, hint=hint))
        if channel.kind == "fifo" and channel.depth < 1 and channel.name not in ports:
            faults.append(Diagnostic("hls", "a FIFO holds at least one token", where=channel.id))
    return faults


def _ends(process: Process) -> dict[str, int]:
    """Return the elements a token that each end of a process moves, 0 for what is no stream."""
    if isinstance(process, RegionProcess):
        return {p.name: port_memory(process.region, p, p.name).stream_width for p in process.region.ports}
    streams = process.ir.streams
    return {argument.name: streams.get(argument.name, 0) for argument in process.ir.arguments()}


def _tokens(width: int) -> str:
    return f"tokens of {width}" if width else "a whole array"
