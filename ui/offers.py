"""What fits a wire that was let go in empty space. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allo_studio.diagnostics import AlloError
from allo_studio.frontend import list_kernels
from allo_studio.source import Source
from allo_studio.types import ArrayType

__all__ = ["Offer", "wire_offers"]


@dataclass(frozen=True)
class Offer:
    """A block to add and the port of it that the wire would end at."""

    text: str
    payload: Mapping[str, Any]
    port: str


def wire_offers(
    files: Sequence[str], read: Callable[[str], Source], kind: ArrayType | None, held_source: bool
) -> list[Offer]:
    """Return what could be at the other end of a wire of type `kind`; `held_source` tells that an output is held."""
    found = []
    for path in files:
        try:
            kernels = list_kernels(read(path))
        except AlloError:
            continue
        for kernel in kernels:
            for port in kernel.arguments if held_source else kernel.results:
                if kind is None or port.type == kind:
                    payload = {"kind": "kernel", "path": path, "function": kernel.name}
                    found.append(Offer(f"{kernel.name}.{port.name}", payload, port.name))
    text = str(kind) if kind else ""
    name = "output" if held_source else "input"
    found.append(Offer(f"new {name} of this graph", {"kind": name, "type": text}, ""))
    if held_source and kind and kind.element.kind != "struct":
        found.append(Offer("a conversion", {"kind": "convert", "type": text}, "x"))
    if held_source and kind and kind.shape:
        found.append(Offer("a duplicator", {"kind": "duplicate", "type": text}, "x"))
    return found
