"""What fits a wire that was let go in empty space. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allo_studio.diagnostics import AlloError
from allo_studio.library.catalogue import library
from allo_studio.library.files import library_source
from allo_studio.library.fitting import fitting_params
from allo_studio.source import Source
from allo_studio.types import ArrayType

__all__ = ["Offer", "library_offers", "wire_offers"]


@dataclass(frozen=True)
class Offer:
    """A block to add and the port of it that the wire would end at; those of a `group` are shown together."""

    text: str
    payload: Mapping[str, Any]
    port: str
    group: str = ""


def wire_offers(
    files: Sequence[str], read: Callable[[str], Source], kind: ArrayType | None, held_source: bool
) -> list[Offer]:
    """Return what could be at the other end of a wire of type `kind`; `held_source` tells that an output is held."""
    # Loaded where it is needed: a start does without it.
    from allo_studio.frontend import list_kernels

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
    return [*found, *library_offers(kind, held_source)] if kind else found


def library_offers(kind: ArrayType, held_source: bool) -> list[Offer]:
    """Return the ready-made blocks with a port of type `kind`, with parameters such that it has this type."""
    # Loaded where it is needed: a start does without it.
    from allo_studio.frontend import list_kernels

    found = []
    for block in library():
        signature = next(kernel for kernel in list_kernels(library_source(block.path)) if kernel.name == block.name)
        for port in signature.arguments if held_source else signature.results:
            params = fitting_params(block, port.name, kind)
            if params is not None:
                payload = {"kind": "library", "block": block.name, "params": params}
                found.append(Offer(f"{block.title}: {port.name}", payload, port.name, "Library"))
    return found
