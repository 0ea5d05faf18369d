"""How a testbench moves a port's elements where the top has them in buffers or in packets of AXI streams."""

from __future__ import annotations

from allo_studio.backends.vitis.outer_port import OuterPort, array_loops, put_lanes, take_lanes
from allo_studio.backends.vitis.text import Lines

__all__ = ["CHECK_PACKET", "after", "before", "buffer", "passed"]

CHECK_PACKET = """
// All bytes of a packet mean something, and the last packet of an array, and no other, has TLAST.
template <typename P> void check_packet(const char *port, const P &packet, bool last, Totals &totals) {
    const decltype(packet.keep) all = -1;
    if (packet.keep != all || packet.strb != all) {
        std::fprintf(stderr, "csim: packet: a packet of stream '%s' leaves out bytes\\n", port);
        ++totals.mismatches;
    }
    if ((packet.last != 0) != last) {
        std::fprintf(stderr, "csim: packet: TLAST of stream '%s' is %s the last packet\\n", port,
                     last ? "not set in" : "set before");
        ++totals.mismatches;
    }
}
"""


def buffer(port: OuterPort) -> str:
    """Return the declaration of a port's buffer, where its words are not its elements as they are."""
    if port.way != "buffer" or port.storage.plain:
        return ""
    return f"{port.storage.word.name} buffer_{port.memory.name}[{port.memory.type.size}];\n"


def passed(port: OuterPort) -> str:
    """Return what is passed to the top for a port that is not there as it is inside."""
    name = port.memory.name
    if port.way == "packets":
        return f"stream_{name}"
    return f"buffer_{name}" if buffer(port) else _first(port)


def before(port: OuterPort) -> str:
    """Return what makes the elements of a port ready for the top."""
    name, lines = port.memory.name, Lines(1)
    if port.way == "packets":
        lines.add(f'hls::stream<{port.packet}> stream_{name}("{port.memory.source}");')
        if not port.memory.writable:
            _feed(lines, port)
    elif buffer(port) and not port.memory.writable:
        with array_loops(lines, [str(port.memory.type.size)], [port.memory.type.size], ["at"], False):
            lines.add(f"buffer_{name}[at] = {port.storage.packed(f'({_first(port)})[at]')};")
    return lines.text()


def after(port: OuterPort) -> str:
    """Return what takes the elements of an output from where the top put them."""
    name, lines = port.memory.name, Lines(1)
    if port.way == "packets":
        _drain(lines, port)
    elif buffer(port):
        with array_loops(lines, [str(port.memory.type.size)], [port.memory.type.size], ["at"], False):
            lines.add(f"({_first(port)})[at] = {port.storage.unpacked(f'buffer_{name}[at]')};")
    return lines.text()


def _first(port: OuterPort) -> str:
    return f"&port_{port.memory.name}{'[0]' * len(port.memory.type.shape)}"


def _loops(port: OuterPort) -> tuple[list[str], list[int], list[str], str]:
    """Return the loops over a port's packets (bounds, extents, variables), and an element of one as C++."""
    memory = port.memory
    if memory.stream_width:
        count = memory.type.size // port.lanes
        place = "token" if port.lanes == 1 else f"{port.lanes} * token + lane"
        return [str(count)], [count], ["token"], f"({_first(port)})[{place}]"
    variables = [f"i{dim}" for dim in range(len(memory.type.shape))]
    element = f"port_{memory.name}" + "".join(f"[{variable}]" for variable in variables)
    return port.extents("port_"), list(memory.type.shape), variables, element


def _feed(lines: Lines, port: OuterPort) -> None:
    extents, shape, variables, element = _loops(port)
    with array_loops(lines, extents, shape, variables, False) as last:
        lines.add(f"{port.packet} packet;")
        put_lanes(lines, port, "packet", element, "lane", False)
        for text in ("keep = -1", "strb = -1", f"last = {last}"):
            lines.add(f"packet.{text};")
        lines.add(f"stream_{port.memory.name}.write(packet);")


def _drain(lines: Lines, port: OuterPort) -> None:
    extents, shape, variables, element = _loops(port)
    with array_loops(lines, extents, shape, variables, False) as last:
        lines.add(f"const {port.packet} packet = stream_{port.memory.name}.read();")
        take_lanes(lines, port, "packet", element, "lane", False)
        lines.add(f'check_packet("{port.memory.source}", packet, {last}, totals);')
