"""Streams that are not empty at reset, and processes in loops, as C++.

A stream of Vitis HLS is empty at reset. The function that reads it therefore takes its first tokens from constants, by
a counter that it keeps, as the user guide of Vitis HLS (UG1399) does it: the stream keeps one reader and one writer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from allo_studio.backends.vitis.constants import literal
from allo_studio.backends.vitis.memories import Memory
from allo_studio.backends.vitis.names import Names
from allo_studio.backends.vitis.text import Lines
from allo_studio.design.loops import groups
from allo_studio.design.region import Channel, LeafProcess, Region, RegionProcess
from allo_studio.values import Number

__all__ = ["INITIALLY", "Place", "declare_initial", "places", "regions_in_loops"]

# The function of the support that generated code calls.
INITIALLY = "initially"
_LONGEST = 100


@dataclass(frozen=True)
class Place:
    """Where a kernel stands: the elements at reset of the streams that it reads, by argument."""

    process: LeafProcess
    initial: Mapping[str, tuple[Number, ...]] = field(default_factory=dict)


def places(region: Region, outside: Mapping[str, Channel] | None = None) -> Iterator[Place]:
    """Yield the kernels of a region and of those inside it; `outside` are the channels around it by port."""
    known = {channel.name: (outside or {}).get(channel.name, channel) for channel in region.channels}
    for process in region.processes:
        bound = {port: known[name] for port, name in process.bindings.items()}
        if isinstance(process, RegionProcess):
            yield from places(process.region, bound)
            continue
        reads = {port: c for port, c in bound.items() if process.ir.directions[port] == "in" and c.initial}
        yield Place(process, {port: channel.initial for port, channel in reads.items()})


def regions_in_loops(region: Region, in_loop: bool = False) -> Iterator[str]:
    """Yield the names of regions in loops: while one of their processes runs, others outside wait for what it makes."""
    if in_loop:
        yield region.name
    for members, kept in groups(region):
        for process in members:
            if isinstance(process, RegionProcess):
                yield from regions_in_loops(process.region, in_loop or bool(kept))


def declare_initial(lines: Lines, memory: Memory, initial: tuple[Number, ...], names: Names) -> str:
    """Declare what a stream holds at reset, and return the expression that takes its next token."""
    kind = memory.type.element
    units = [float(n) if kind.is_float else int(Fraction(n) * Fraction(2) ** kind.fraction) for n in initial]
    texts = [literal(unit, memory) for unit in units]
    taken = names.unique(f"{memory.name}_taken")
    tokens = len(texts) // memory.stream_width
    lines.add(f"static int {taken} = 0;", f"tokens at reset that were taken of {tokens}")
    if len(set(texts)) == 1:
        value = f"static_cast<{memory.element_type}>({texts[0]})"
        return f"{INITIALLY}<{tokens}>({memory.name}, {value}, {taken})"
    first = names.unique(f"{memory.name}_first")
    lines.add(f"static const {memory.element_type} {first}[{len(texts)}] = {{")
    line = ""
    with lines.indented():
        for text in texts:
            if line and len(line) + len(text) > _LONGEST:
                lines.add(line.rstrip())
                line = ""
            line += f"{text}, "
        lines.add(line.removesuffix(", "))
    lines.add("};")
    return f"{INITIALLY}({memory.name}, {first}, {taken})"
