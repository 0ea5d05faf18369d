"""Memories and streams as C++ declarations: parameters of functions, local arrays, their pragmas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from allo_studio.backends.vitis.cpp_types import CppType, cpp_type
from allo_studio.backends.vitis.text import Lines
from allo_studio.layout import Layout
from allo_studio.types import ArrayType

__all__ = ["LARGE_LOCAL", "Memory", "declare_local", "memory_pragmas", "parameter", "partition_pragmas", "type_note"]

# A local array beyond this many bits would not fit the stack of a C simulation: `ALLO_LOCAL` allocates it there.
_STACK_BITS = 8 * 64 * 1024
LARGE_LOCAL = "ALLO_LOCAL"


@dataclass(frozen=True)
class Memory:
    """A memory by its name in C++ (`source`: in the kernel or the design). `stream_width` is 0 for arrays and scalars.

    `writable` says whether the function that has it as a parameter may write it, `storage` is the text of its
    declaration's `Memory(...)`.
    """

    name: str
    source: str
    type: ArrayType
    layout: Layout
    stream_width: int = 0
    writable: bool = True
    storage: str = ""

    @cached_property
    def cpp(self) -> CppType:
        """The C++ type of one element."""
        return cpp_type(self.type.element)

    @property
    def element_type(self) -> str:
        """The name of the C++ type of one element."""
        return self.cpp.name

    @property
    def token_type(self) -> str:
        """The C++ type of one token of a stream."""
        if self.stream_width <= 1:
            return self.element_type
        return f"hls::vector<{self.element_type}, {self.stream_width}>"

    @property
    def extents(self) -> str:
        """The extents, `[64][32]`."""
        return "".join(f"[{extent}]" for extent in self.type.shape)

    @property
    def declarator(self) -> str:
        """The name with its extents, `A[64][32]`."""
        return self.name + self.extents


def parameter(memory: Memory) -> str:
    """Return the memory as a function's parameter."""
    if memory.stream_width:
        return f"hls::stream<{memory.token_type}> &{memory.name}"
    if not memory.type.shape:
        return f"{memory.element_type} {'&' if memory.writable else ''}{memory.name}"
    return f"{'' if memory.writable else 'const '}{memory.element_type} {memory.declarator}"


def declare_local(lines: Lines, memory: Memory) -> None:
    """Write the declaration of an array or scalar inside a function, with its partitioning."""
    declared = f"{memory.element_type} {memory.declarator}"
    if memory.type.bits > _STACK_BITS:
        declared = f"{LARGE_LOCAL}({memory.name}, {memory.extents}, {memory.element_type})"
    lines.add(f"{declared};", type_note(memory))
    for pragma in memory_pragmas(memory):
        lines.pragma(pragma)


def type_note(memory: Memory) -> str:
    """Return the declared type where the C++ type does not say it: that of fixed-point numbers and structs."""
    return str(memory.type) if memory.type.element.kind in ("fixed", "struct") else ""


def memory_pragmas(memory: Memory) -> list[str]:
    """Return the pragmas of a memory: what it is made of, and its partitioning."""
    return [*_storage_pragmas(memory), *partition_pragmas(memory)]


_OPTION = re.compile(r"""(\w+)\s*=\s*["']?(\w+)["']?""")


def _storage_pragmas(memory: Memory) -> list[str]:
    """Return the `bind_storage` that the declaration's `Memory(...)` asks for; a scalar is a register."""
    if not memory.storage or memory.stream_width or not memory.type.shape:
        return []
    options = dict(_OPTION.findall(memory.storage))
    resource, kind, latency = (options.get(name, "") for name in ("resource", "storage_type", "latency"))
    named = resource.upper() not in ("", "AUTO", "NONE")
    parts = [f"type={kind.lower()}" if kind not in ("", "None") else "type=ram_2p" if named else ""]
    parts += [f"impl={resource.lower()}" if named else "", f"latency={latency}" if latency.isdigit() else ""]
    chosen = " ".join(part for part in parts if part)
    return [f"bind_storage variable={memory.name} {chosen}"] if parts[0] else []


def partition_pragmas(memory: Memory) -> list[str]:
    """Return an `array_partition` for each dimension that is in more than one bank; dimensions count from 1.

    Banks that are joined into words are an `array_reshape`.
    """
    if memory.stream_width:
        return []
    pragmas = []
    for dim, entry in enumerate(memory.layout.normal(memory.type.shape).dims, start=1):
        if entry.kind == "none":
            continue
        factor = f" factor={entry.factor}" if entry.factor else ""
        word = "reshape" if entry.joined else "partition"
        pragmas.append(f"array_{word} variable={memory.name} type={entry.kind}{factor} dim={dim}")
    return pragmas
