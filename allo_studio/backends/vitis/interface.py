"""The top as a Vitis kernel or with AXI streams: a function around the design's, with a function for each port's copy.

Arrays are copied into local memories before the design runs, in its layouts, and out of them after it. All moves go
over consecutive addresses, an element a cycle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from allo_studio.backends.vitis.calls import Call, Held, write_calls
from allo_studio.backends.vitis.kernel import Function
from allo_studio.backends.vitis.memories import Memory, declare_local, memory_pragmas, parameter
from allo_studio.backends.vitis.names import Names
from allo_studio.backends.vitis.outer_port import OuterPort, array_loops, put_lanes, take_lanes
from allo_studio.backends.vitis.text import Lines
from allo_studio.design.model import Execution, Interface

__all__ = ["Part", "interface_functions"]

_CONTROL = {"kernel": "ap_ctrl_chain", "stream": "ap_ctrl_hs"}
# What a FIFO between packets and the design holds.
_TOKENS = 2
# What a copy is called, by way and whether it goes out.
_VERBS = {
    ("buffer", False): "load",
    ("buffer", True): "store",
    ("packets", False): "receive",
    ("packets", True): "send",
}


@dataclass(frozen=True)
class Part:
    """A function of the program: its name, what it is in words, and the function."""

    name: str
    note: str
    function: Function


def interface_functions(
    ports: Sequence[OuterPort], core: str, execution: Execution, interface: Interface, top: Part, names: Names
) -> list[Part]:
    """Return the functions around the design's function `core`, the one that is the top last.

    `top` has the name and the note that it is to have (its function is not looked at). `names` gives the others names
    that no port has.
    """
    copies = {port.memory.name: _copy(port, names) for port in ports if port.way != "as_is"}
    lines = Lines(1)
    # What turns packets into tokens runs beside the design, whatever the design's own blocks do.
    streams = any(port.way == "packets" and port.memory.stream_width for port in ports)
    overlap = execution == "dataflow" or streams
    for port in ports:
        for pragma in port.pragmas():
            lines.pragma(pragma)
    lines.pragma("interface mode=s_axilite port=return bundle=control")
    lines.pragma(f"interface mode={_CONTROL[interface]} port=return")
    if overlap:
        lines.pragma("dataflow")
    local_names = Names((core, *(part.name for part in copies.values()), *(port.memory.name for port in ports)))
    inside = {port.memory.name: _declare(lines, port, local_names, overlap) for port in ports}
    calls = _calls(ports, core, {name: part.name for name, part in copies.items()}, inside)
    if streams:
        held = [
            Held(inside[port.memory.name].name, port.memory.source, _TOKENS)
            for port in ports
            if port.way == "packets" and port.memory.stream_width
        ]
        write_calls(lines, calls, held, False)
    else:
        for call in calls:
            lines.add(f"{call.text};")
    parameters = tuple(port.parameter(port.memory.name) for port in ports)
    function = Function(parameters, lines.text(), c_linkage=interface == "kernel")
    return [*copies.values(), replace(top, function=function)]


def _calls(
    ports: Sequence[OuterPort], core: str, copies: Mapping[str, str], inside: Mapping[str, Memory]
) -> list[Call]:
    """Return the copies in, the design and the copies out as calls, each after those of which it takes arrays."""
    ways = [[port for port in ports if port.way != "as_is" and port.memory.writable == out] for out in (False, True)]
    before = tuple(number for number, port in enumerate(ways[0]) if not port.memory.stream_width)
    design = len(ways[0])
    calls = [Call(_copied(port, copies, inside), port.memory.source) for port in ways[0]]
    calls.append(Call(f"{core}({', '.join(memory.name for memory in inside.values())})", core, before))
    for port in ways[1]:
        after = () if port.memory.stream_width else (design,)
        calls.append(Call(_copied(port, copies, inside), port.memory.source, after))
    return calls


def _copied(port: OuterPort, copies: Mapping[str, str], inside: Mapping[str, Memory]) -> str:
    """Return the call that moves a port's elements in or out."""
    name, local = port.memory.name, inside[port.memory.name].name
    ends = [name, local] if not port.memory.writable else [local, name]
    passed = [ends[0], *(teller.name for teller in port.tellers.values()), ends[1]]
    return f"{copies[name]}({', '.join(passed)})"


def _declare(lines: Lines, port: OuterPort, names: Names, overlap: bool) -> Memory:
    """Declare what the design has in place of a port, and return it."""
    memory = port.memory
    if port.way == "as_is":
        return memory
    suffix = "tokens" if memory.stream_width else "local" if memory.type.shape else "value"
    local = replace(memory, name=names.unique(f"{memory.name}_{suffix}"))
    if memory.stream_width:
        lines.add(f'hls::stream<{local.token_type}> {local.name}("{local.name}");')
        lines.pragma(f"stream variable={local.name} type=fifo depth={_TOKENS}")
        return local
    declare_local(lines, local)
    if overlap and memory.type.shape:
        lines.pragma(f"stream variable={local.name} type=pipo depth=2")
    return local


def _copy(port: OuterPort, names: Names) -> Part:
    """Return the function that moves a port's elements in or out."""
    memory, own = port.memory, Names(teller.name for teller in port.tellers.values())
    outside = own.unique(memory.name)
    suffix = "tokens" if memory.stream_width else "local" if memory.type.shape else "value"
    # A scalar is passed by value where it is only read.
    inside = replace(memory, name=own.unique(f"{memory.name}_{suffix}"), writable=not memory.writable)
    lines = Lines(1)
    lines.pragma("inline off")
    for pragma in memory_pragmas(inside):
        lines.pragma(pragma)
    if memory.stream_width:
        _move_tokens(lines, port, outside, inside.name, own)
    elif port.way == "packets":
        _move_packets(lines, port, outside, inside.name, own)
    else:
        _move_words(lines, port, outside, inside.name, own)
    ends = [parameter(inside), port.parameter(outside)]
    tellers = [parameter(teller) for teller in port.tellers.values()]
    first, last = ends if memory.writable else reversed(ends)
    verb = _VERBS[port.way, memory.writable]
    what = "memory" if port.way == "buffer" else "an AXI stream"
    note = f"port {memory.source}: {memory.type} {'to' if memory.writable else 'from'} {what}"
    return Part(names.unique(f"{verb}_{memory.name}"), note, Function((first, *tellers, last), lines.text()))


def _variables(port: OuterPort, own: Names) -> list[str]:
    rank = len(port.memory.type.shape)
    return [own.unique(letter) for letter in ("ijkl"[:rank] if rank <= 4 else [f"i{dim}" for dim in range(rank)])]


def _move_words(lines: Lines, port: OuterPort, outside: str, inside: str, own: Names) -> None:
    memory, storage = port.memory, port.storage
    if not memory.type.shape:
        lines.add(f"*{outside} = {storage.packed(inside)};")
        return
    variables = _variables(port, own)
    with array_loops(lines, port.extents(), memory.type.shape, variables, True):
        element = inside + "".join(f"[{variable}]" for variable in variables)
        word = f"{outside}[{_place(variables, memory.type.shape)}]"
        if memory.writable:
            lines.add(f"{word} = {storage.packed(element)};")
        else:
            lines.add(f"{element} = {storage.unpacked(word)};")


def _place(variables: Sequence[str], shape: Sequence[int]) -> str:
    """Return the place of an element in row-major order, `64 * i + j`."""
    strides = [1]
    for extent in reversed(shape[1:]):
        strides.insert(0, strides[0] * extent)
    pairs = zip(strides, variables, strict=True)
    return " + ".join(variable if stride == 1 else f"{stride} * {variable}" for stride, variable in pairs)


def _move_packets(lines: Lines, port: OuterPort, outside: str, inside: str, own: Names) -> None:
    variables = _variables(port, own)
    packet = own.unique("packet")
    with array_loops(lines, port.extents(), port.memory.type.shape, variables, True) as last:
        element = inside + "".join(f"[{variable}]" for variable in variables)
        if port.memory.writable:
            lines.add(f"{port.packet} {packet};")
            lines.add(f"{packet}.data = {port.storage.to_bits(element)};")
            _send(lines, packet, last, outside)
        else:
            lines.add(f"const {port.packet} {packet} = {outside}.read();")
            lines.add(f"{element} = {port.storage.of_bits(f'{packet}.data')};")


def _send(lines: Lines, packet: str, last: str, outside: str) -> None:
    lines.add(f"{packet}.keep = -1;")
    lines.add(f"{packet}.strb = -1;")
    lines.add(f"{packet}.last = {last};")
    lines.add(f"{outside}.write({packet});")


def _move_tokens(lines: Lines, port: OuterPort, outside: str, inside: str, own: Names) -> None:
    """Write the copy between packets and the tokens of a stream inside, one for one."""
    memory, count = port.memory, port.memory.type.size // port.lanes
    token, packet, elements, lane = (own.unique(word) for word in ("token", "packet", "elements", "lane"))
    single = port.lanes == 1
    with array_loops(lines, [str(count)], [count], [token], True) as last:
        if memory.writable:
            if not single:
                lines.add(f"const {memory.token_type} {elements} = {inside}.read();")
            lines.add(f"{port.packet} {packet};")
            put_lanes(lines, port, packet, f"{inside}.read()" if single else f"{elements}[{lane}]", lane, True)
            _send(lines, packet, last, outside)
        else:
            lines.add(f"const {port.packet} {packet} = {outside}.read();")
            if single:
                lines.add(f"{inside}.write({port.storage.of_bits(f'{packet}.data')});")
            else:
                lines.add(f"{memory.token_type} {elements};")
                take_lanes(lines, port, packet, f"{elements}[{lane}]", lane, True)
                lines.add(f"{inside}.write({elements});")
