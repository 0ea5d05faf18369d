"""What a kernel's buffers are made of: registers, banked memories or streams."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from allo_studio.ir import KernelIR
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.views import BufferKind
from allo_studio.layout import Layout
from allo_studio.types import ArrayType

__all__ = ["Bound", "Storage", "storages"]


@dataclass(frozen=True)
class Storage:
    """A buffer of a function. `stream` is the elements of a token for a stream, else 0.

    `symbol` is the module's global that a table or state is, `memory` the text of a `Memory(...)` that asks for a kind.
    """

    name: str
    type: ArrayType
    layout: Layout
    kind: BufferKind = "local"
    stream: int = 0
    symbol: str = ""
    memory: str = ""

    @property
    def key(self) -> str:
        """What accesses call it: the symbol, which all functions share, or the name."""
        return self.symbol or self.name

    @property
    def argument(self) -> bool:
        """Whether it lives outside of the function."""
        return self.kind == "argument"

    @property
    def register(self) -> bool:
        """Whether every element is a register of its own (a variable, or an array partitioned completely)."""
        dims = self.layout.memories.normal(self.type.shape).dims
        whole = all(d.kind == "complete" or n == 1 for d, n in zip(dims, self.type.shape, strict=True))
        return not self.stream and whole

    @cached_property
    def asked(self) -> Mapping[str, object]:
        """What its `Memory(...)` asks for, by keyword."""
        if not self.memory:
            return {}
        call = ast.parse(self.memory, mode="eval").body
        assert isinstance(call, ast.Call)
        return {str(entry.arg): ast.literal_eval(entry.value) for entry in call.keywords}

    def read_latency(self, usual: int) -> int:
        """Return the cycles from a read to its data."""
        asked = self.asked.get("latency")
        return asked if isinstance(asked, int) and asked > 0 else usual

    @property
    def banks(self) -> int:
        """How many memories hold an element."""
        return self.layout.memories.banks(self.type.shape)


@dataclass(frozen=True)
class Bound:
    """A buffer as a piece of code sees it: its storage, and a name that tells the copies of fresh ones apart.

    `fresh` says that each iteration makes it anew, and that it is made of registers: then each iteration in flight has
    its own.
    """

    name: str
    storage: Storage
    fresh: bool = False

    @property
    def variable(self) -> bool:
        """Whether it is one register."""
        return self.storage.register and self.storage.type.size == 1


def storages(
    kernel: KernelIR, layouts: Mapping[str, Layout] | None = None, streams: bool = True
) -> dict[mlir.Value, Storage]:
    """Return the storage of every buffer of a function, by its MLIR value.

    `layouts` are those of the memories that arguments are bound to, where they differ from the declared ones.
    """
    known, tokens = layouts or {}, kernel.streams if streams else {}
    return {
        buffer.value: Storage(
            buffer.name,
            buffer.type,
            known.get(buffer.name, buffer.layout),
            buffer.kind,
            tokens.get(buffer.name, 0),
            _symbol(buffer.value),
            buffer.memory,
        )
        for buffer in kernel.buffers()
    }


def _symbol(value: mlir.Value) -> str:
    if isinstance(value.owner, mlir.Block) or value.owner.operation.name != "memref.get_global":
        return ""
    return str(mlir.FlatSymbolRefAttr(value.owner.operation.attributes["name"]).value)
