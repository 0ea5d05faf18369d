"""A kernel's ports as host programs have them: how elements lie in files of data and in buffers.

In a file an element takes as many whole bytes as its bits need, the bits above being 0; in a buffer a word (`storage`),
a signed integer with its sign carried on. Both have the least significant byte first, in row-major order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from allo_studio.backends.vitis.cpp_types import CppType
from allo_studio.backends.vitis.memories import Memory
from allo_studio.backends.vitis.storage import Storage

__all__ = ["HostPort"]

_FLOATS: dict[str, Literal["half", "bfloat16", "single", "double"]] = {
    "half": "half",
    "bfloat16": "bfloat16",
    "float": "single",
    "double": "double",
}


@dataclass(frozen=True)
class HostPort:
    """A port by the name of its files. `scalar` is an input that is passed by value; all else lies in a buffer.

    `kind` is `integer` (whose bits count up to `bits`) or the kind of a float.
    """

    name: str
    output: bool
    scalar: bool
    count: int
    bits: int
    storage_bits: int
    signed: bool
    kind: Literal["integer", "half", "bfloat16", "single", "double"]

    @classmethod
    def of(cls, memory: Memory) -> HostPort:
        """Return a port of the design as a host has it; an output that is a scalar is a buffer of one element."""
        cpp: CppType = memory.cpp
        scalar = not memory.type.shape and not memory.writable
        kind = _FLOATS[cpp.name] if cpp.kind == "float" else "integer"
        signed = cpp.kind != "float" and cpp.signed
        return cls(
            memory.source, memory.writable, scalar, memory.type.size, cpp.bits, Storage.of(cpp).bits, signed, kind
        )

    @property
    def file_bytes(self) -> int:
        """The bytes of an element in a file."""
        return -(-self.bits // 8)

    @property
    def bytes(self) -> int:
        """The bytes of an element in a buffer."""
        return self.storage_bits // 8
