"""Tiles in the IR: which local array stands for which buffer, and the layouts that they share with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from allo_studio.ir import KernelIR, in_context
from allo_studio.ir.attributes import integer, set_integer, set_text, text
from allo_studio.ir.binding import ir
from allo_studio.layout import DimLayout, Layout

__all__ = ["follow", "inherited_layout", "set_tile", "tiles_of"]

_OF = "allo.tile_of"
_DIMS = "allo.tile_dims"


def set_tile(alloc: ir.Operation, buffer: str, dims: Sequence[int]) -> None:
    """Note on a tile's `memref.alloc` which buffer, and which of its dimensions (from 0), it stands for."""
    set_text(alloc, _OF, buffer)
    # One bit a dimension: they stay in order.
    set_integer(alloc, _DIMS, sum(1 << d for d in dims))


def tiles_of(kernel: KernelIR, name: str) -> Iterator[tuple[str, tuple[int, ...], ir.Operation]]:
    """Yield the tiles of a buffer: name, the buffer's dimensions that it keeps (from 0), the `memref.alloc`."""
    for buffer in kernel.buffers():
        if buffer.kind == "local" and text(buffer.value.owner.operation, _OF) == name:
            op = buffer.value.owner.operation
            bits = integer(op, _DIMS) or 0
            yield buffer.name, tuple(d for d in range(bits.bit_length()) if bits >> d & 1), op


def inherited_layout(layout: Layout, dims: Sequence[int], shape: Sequence[int]) -> Layout:
    """Return the layout that a tile of extents `shape` has from its buffer's."""
    return Layout(tuple(_entry(layout.dims[d], extent) for d, extent in zip(dims, shape, strict=True)))


def _entry(entry: DimLayout, extent: int) -> DimLayout:
    if entry.kind in ("none", "complete"):
        return entry
    return DimLayout(entry.kind, min(entry.factor, extent), entry.joined).normal(extent)


def follow(kernel: KernelIR, name: str) -> KernelIR:
    """Return the kernel with the tiles of a buffer, and theirs, partitioned as it is where they were not yet."""
    parent = kernel.layout(name)
    with in_context():
        found = [(tile, dims) for tile, dims, _ in tiles_of(kernel, name)]
    for tile, dims in found:
        buffer = kernel.find_buffer(tile)
        wanted = inherited_layout(parent, dims, buffer.type.shape)
        pairs = zip(buffer.layout.dims, wanted.dims, strict=True)
        kernel = kernel.with_layout(tile, Layout(tuple(old if old.kind != "none" else new for old, new in pairs)))
        kernel = follow(kernel, tile)
    return kernel
