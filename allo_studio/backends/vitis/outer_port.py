"""A port of the top as a Vitis kernel, or a top with AXI streams, has it: its parameter, its pragmas, its words.

Inside, the design has the memories and streams that it would have as a plain IP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Literal

from allo_studio.backends.vitis.cpp_types import INT_TYPE
from allo_studio.backends.vitis.memories import Memory, parameter
from allo_studio.backends.vitis.storage import MOST_BITS, Storage
from allo_studio.backends.vitis.text import Lines
from allo_studio.design.model import Interface
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["OuterPort", "array_loops", "outer_ports", "put_lanes", "take_lanes"]

# `as_is`: as inside; `buffer`: words in memory, over AXI; `packets`: an AXI stream with TLAST.
Way = Literal["as_is", "buffer", "packets"]
# A memory port's data are widened to at most 512 bits, and a burst is at most 4 KiB, 64 of those; what is asked for by
# default is 16 (UG1399, M_AXI interfaces).
_WIDENED_BITS, _LONGEST_BURST, _DEFAULT_BURST = 512, 64, 16


@dataclass(frozen=True)
class OuterPort:
    """A port outside. `memory` is what it is inside, of the same name; `tellers` are the scalar inputs that tell its
    named sizes, by size.
    """

    memory: Memory
    interface: Interface
    tellers: Mapping[str, Memory] = field(default_factory=dict)

    @property
    def way(self) -> Way:
        """How it moves."""
        if self.interface == "ip":
            return "as_is"
        if not self.memory.type.shape:
            return "buffer" if self.interface == "kernel" and self.memory.writable else "as_is"
        if self.interface == "stream":
            return "packets"
        return "as_is" if self.memory.stream_width else "buffer"

    @property
    def storage(self) -> Storage:
        """How its elements are kept outside."""
        return Storage.of(self.memory.cpp)

    @property
    def lanes(self) -> int:
        """The elements of a packet."""
        return max(1, self.memory.stream_width)

    @property
    def packet(self) -> str:
        """The C++ type of a packet: data, and what goes with it, without TUSER, TID and TDEST."""
        return f"ap_axiu<{self.storage.bits * self.lanes}, 0, 0, 0>"

    def parameter(self, name: str) -> str:
        """Return it as a parameter of a function."""
        if self.way == "packets":
            return f"hls::stream<{self.packet}> &{name}"
        if self.way == "buffer":
            return f"{'' if self.memory.writable else 'const '}{self.storage.word.name} *{name}"
        return parameter(self.memory)

    def pragmas(self) -> list[str]:
        """Return the pragmas of its interface."""
        name = self.memory.name
        control = f"interface mode=s_axilite port={name} bundle=control"
        if self.way == "buffer":
            length = self._burst()
            options = f"bundle=gmem_{name} offset=slave depth={self.memory.type.size}"
            return [f"interface mode=m_axi port={name} {options}{length}", control]
        return [f"interface mode=axis port={name}"] if self.memory.type.shape else [control]

    def _burst(self) -> str:
        beats = min(_LONGEST_BURST, -(-self.memory.type.size * self.storage.bits // _WIDENED_BITS))
        way = "write" if self.memory.writable else "read"
        return f" max_{way}_burst_length={beats}" if beats > _DEFAULT_BURST else ""

    def fault(self, where: str) -> Diagnostic | None:
        """Return what stands in its way."""
        bits = self.storage.bits * (self.lanes if self.way == "packets" else 1)
        if self.way == "as_is" or bits <= MOST_BITS:
            return None
        what = f"tokens of {self.lanes} elements" if self.lanes > 1 else "elements"
        return Diagnostic(
            "hls",
            f"{what} of {self.memory.type.element} take {bits} bits at the interface {self.interface}, which carries "
            f"{MOST_BITS} at once",
            where=where,
            hint="take fewer elements a token, or `interface: ip`" if self.lanes > 1 else "use `interface: ip`",
        )

    def extents(self, prefix: str = "") -> list[str]:
        """Return how many elements of each dimension mean something, as C++ where names of ports have a prefix."""
        sizes = self.memory.type.sizes or ("",) * len(self.memory.type.shape)
        pairs = zip(sizes, self.memory.type.shape, strict=True)
        return [_bound(self.tellers[s], prefix) if s in self.tellers else str(extent) for s, extent in pairs]


def outer_ports(ports: Sequence[Memory], interface: Interface, path: str) -> list[OuterPort]:
    """Return the ports of a top of that path outside; raises AlloError (code `hls`) with all that cannot be."""
    tellers = {p.source: p for p in ports if not (p.type.shape or p.writable) and p.cpp.kind != "float"}
    found = []
    for port in ports:
        own = {size: tellers[size] for size in port.type.sizes if size in tellers}
        found.append(OuterPort(port, interface, own))
    faults = [fault for port in found if (fault := port.fault(f"{path}.{port.memory.source}"))]
    if faults:
        raise AlloError(faults)
    return found


def _bound(teller: Memory, prefix: str) -> str:
    name = f"{prefix}{teller.name}"
    return name if teller.cpp == INT_TYPE else f"static_cast<{INT_TYPE.name}>({name})"


@contextmanager
def array_loops(
    lines: Lines, extents: Sequence[str], shape: Sequence[int], variables: Sequence[str], synthesised: bool
) -> Iterator[str]:
    """Write loops over an array's elements in row-major order, one a cycle; what is added within is their body.

    Gives the condition of the last element. `extents` are the bounds as C++, `shape` the most that they can be.
    """
    with ExitStack() as opened:
        for number, (variable, extent, most) in enumerate(zip(variables, extents, shape, strict=True), start=1):
            label = f"{variable}: " if synthesised else ""
            lines.add(f"{label}for (int {variable} = 0; {variable} < {extent}; ++{variable}) {{")
            opened.callback(lines.add, "}")
            opened.enter_context(lines.indented())
            if synthesised and not extent.isdigit():
                lines.pragma(f"loop_tripcount min=1 max={most}")
            if synthesised and number == len(shape):
                lines.pragma("pipeline II=1")
                if number > 1 and extent.isdigit():
                    lines.pragma("loop_flatten")
        yield " && ".join(f"{v} == {_last(e)}" for v, e in zip(variables, extents, strict=True))


def put_lanes(lines: Lines, port: OuterPort, packet: str, element: str, lane: str, synthesised: bool) -> None:
    """Put elements into the data of a packet, the first lowest; `element` is one as C++, of the lane `lane`."""
    bits = port.storage.to_bits(element)
    if port.lanes == 1:
        lines.add(f"{packet}.data = {bits};")
        return
    with _lanes(lines, port, lane, synthesised) as (high, low):
        lines.add(f"{packet}.data.range({high}, {low}) = {bits};")


def take_lanes(lines: Lines, port: OuterPort, packet: str, element: str, lane: str, synthesised: bool) -> None:
    """Take elements from the data of a packet into `element`, which is a place as C++, of the lane `lane`."""
    if port.lanes == 1:
        lines.add(f"{element} = {port.storage.of_bits(f'{packet}.data')};")
        return
    with _lanes(lines, port, lane, synthesised) as (high, low):
        lines.add(f"const ap_uint<{port.storage.bits}> bits = {packet}.data.range({high}, {low});")
        lines.add(f"{element} = {port.storage.of_bits('bits')};")


@contextmanager
def _lanes(lines: Lines, port: OuterPort, lane: str, synthesised: bool) -> Iterator[tuple[str, str]]:
    """Write a loop over the lanes of a packet; gives the highest and the lowest bit of one."""
    label, bits = f"{lane}: " if synthesised else "", port.storage.bits
    lines.add(f"{label}for (int {lane} = 0; {lane} < {port.lanes}; ++{lane}) {{")
    with lines.indented():
        if synthesised:
            lines.pragma("unroll")
        yield f"{bits} * {lane} + {bits - 1}", f"{bits} * {lane}"
    lines.add("}")


def _last(extent: str) -> str:
    return str(int(extent) - 1) if extent.isdigit() else f"{extent} - 1"
