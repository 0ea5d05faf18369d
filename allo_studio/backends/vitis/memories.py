"""Memories and streams as C++ declarations: parameters of functions, local arrays, partition pragmas."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.backends.vitis.expressions import CPP_TYPES
from allo_studio.backends.vitis.text import Lines
from allo_studio.layout import Layout
from allo_studio.types import ArrayType

__all__ = ["LARGE_LOCAL", "Memory", "declare_local", "parameter", "partition_pragmas"]

# A local array beyond this many bits would not fit the stack of a C simulation: `ALLO_LOCAL` makes it static there.
_STACK_BITS = 8 * 64 * 1024
LARGE_LOCAL = "ALLO_LOCAL"


@dataclass(frozen=True)
class Memory:
    """A memory by its name in C++ (`source`: in the kernel or the design). `stream_width` is 0 for arrays and scalars.

    `writable` says whether the function that has it as a parameter may write it.
    """

    name: str
    source: str
    type: ArrayType
    layout: Layout
    stream_width: int = 0
    writable: bool = True

    @property
    def element_type(self) -> str:
        """The C++ type of one element."""
        return CPP_TYPES[self.type.element.name]

    @property
    def token_type(self) -> str:
        """The C++ type of one token of a stream."""
        if self.stream_width <= 1:
            return self.element_type
        return f"hls::vector<{self.element_type}, {self.stream_width}>"

    @property
    def declarator(self) -> str:
        """The name with its extents, `A[64][32]`."""
        return self.name + "".join(f"[{extent}]" for extent in self.type.shape)


def parameter(memory: Memory) -> str:
    """Return the memory as a function's parameter."""
    if memory.stream_width:
        return f"hls::stream<{memory.token_type}> &{memory.name}"
    if not memory.type.shape:
        return f"{memory.element_type} {'&' if memory.writable else ''}{memory.name}"
    return f"{'' if memory.writable else 'const '}{memory.element_type} {memory.declarator}"


def declare_local(lines: Lines, memory: Memory, note: str = "") -> None:
    """Write the declaration of an array or scalar inside a function, with its partitioning."""
    storage = f"{LARGE_LOCAL} " if memory.type.bits > _STACK_BITS else ""
    lines.add(f"{storage}{memory.element_type} {memory.declarator};", note)
    for pragma in partition_pragmas(memory):
        lines.pragma(pragma)


def partition_pragmas(memory: Memory) -> list[str]:
    """Return an `array_partition` for each dimension that is in more than one bank; dimensions count from 1."""
    if memory.stream_width:
        return []
    pragmas = []
    for dim, entry in enumerate(memory.layout.normal(memory.type.shape).dims, start=1):
        if entry.kind == "none":
            continue
        factor = f" factor={entry.factor}" if entry.factor else ""
        pragmas.append(f"array_partition variable={memory.name} type={entry.kind}{factor} dim={dim}")
    return pragmas
