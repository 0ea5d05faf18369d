"""`reshape`: an array of another shape with the same elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import Buffer, KernelIR, in_context
from allo_studio.ir.attributes import set_text_map
from allo_studio.layout import DimLayout, Layout
from allo_studio.primitives.base import BufferRef, Option, Step, argument, fault
from allo_studio.primitives.retype import forget_tiles, retype, retype_faults, uses_of
from allo_studio.primitives.subscripts import Subscripts, Term
from allo_studio.types import ArrayType

__all__ = ["Reshape", "carried", "groups", "regrouped"]


@dataclass(frozen=True)
class Reshape(Step):
    """Give an array another shape; its elements stay the same in row-major order, and every access follows.

    args:
        buffer: the array, an argument or a local one.
        shape: the extents of the new shape; as many elements as before.

    rewrite:
        C: float32[8, 4]               C: float32[32]
        for i in range(8):       ->    for i in range(8):
            for j in range(4):             for j in range(4):
                C[i, j] = S(i, j)              C[4 * i + j] = S(i, j)

        Where one dimension becomes several, subscripts are divided; they stay linear where the ranges of the loops
        prove it. An argument changes the kernel's interface: the same elements come and go in the new shape.

    fails:
        where the numbers of elements differ, a dimension that does not stay as it is is partitioned, the array is
        given to a function, has a named size or is a scalar, a table of constants or state.
    """

    name: ClassVar[str] = "reshape"
    buffer: BufferRef = field(metadata=argument("buffer", "the array to give another shape"))
    shape: tuple[int, ...] = field(metadata=argument("ints", "the new extents; as many elements as before"))

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield the local arrays as rows: those of arguments change the kernel's interface, which a person decides."""
        for buffer in ir.buffers():
            several = sum(extent > 1 for extent in buffer.type.shape) > 1
            if buffer.kind == "local" and several and cls(BufferRef(buffer.name), (buffer.type.size,)).fits(ir):
                yield Option({"buffer": buffer.name, "shape": [buffer.type.size]})

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        buffer = ir.find_buffer(self.buffer)
        if not buffer.type.shape:
            yield fault(f"{buffer.name} is a scalar, so it has no shape", buffer.span, "name an array")
            return
        if not self.shape or any(extent < 1 for extent in self.shape):
            yield fault(f"{_text(self.shape)} is no shape", buffer.span, "give at least one extent, each from 1")
            return
        if prod(self.shape) != buffer.type.size:
            size = buffer.type.size
            message = (
                f"{buffer.name} is {buffer.type}: it has {size} elements, {_text(self.shape)} has {prod(self.shape)}"
            )
            yield fault(message, buffer.span, f"extents whose product is {size}")
            return
        yield from retype_faults(ir, buffer, "reshaped")
        yield from self._layout_faults(buffer)

    def _layout_faults(self, buffer: Buffer) -> Iterator[Diagnostic]:
        for old, new in groups(buffer.type.shape, self.shape):
            for dim in old:
                entry = buffer.layout.dims[dim]
                if (len(old), len(new)) != (1, 1) and entry.kind != "none":
                    message = (
                        f"dimension {dim + 1} of {buffer.name} is partitioned ({entry}) and does not stay as it is"
                    )
                    yield fault(message, buffer.span, "reshape before the partition")

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Change the type and every subscript."""
        buffer = ir.find_buffer(self.buffer)
        with in_context():
            for op in uses_of(ir, buffer):
                access = Subscripts(op)
                access.replace(regrouped(access, access.terms, buffer.type.shape, self.shape))
            forget_tiles(ir, buffer)
            retype(ir, buffer, ArrayType(buffer.type.element, self.shape))
            layouts = {name: str(layout) for name, layout in ir.layouts().items()}
            if buffer.name in layouts:
                layouts[buffer.name] = str(carried(buffer.layout, buffer.type.shape, self.shape))
                set_text_map(ir.function, "allo.layouts", layouts)
        return ir


def _text(shape: Sequence[int]) -> str:
    return f"[{', '.join(map(str, shape))}]"


# Dimensions of the old shape and of the new one that hold the same elements.
_Group = tuple[tuple[int, ...], tuple[int, ...]]


def groups(old: Sequence[int], new: Sequence[int]) -> list[_Group]:
    """Return the least groups of dimensions with equal products; those of extent 1 stand alone."""
    found: list[_Group] = [((d,), ()) for d, extent in enumerate(old) if extent == 1]
    found += [((), (d,)) for d, extent in enumerate(new) if extent == 1]
    left = [d for d, extent in enumerate(old) if extent > 1]
    right = [d for d, extent in enumerate(new) if extent > 1]
    while left:
        one, two = [left.pop(0)], [right.pop(0)]
        while prod(old[d] for d in one) != prod(new[d] for d in two):
            smaller = prod(old[d] for d in one) < prod(new[d] for d in two)
            (one if smaller else two).append((left if smaller else right).pop(0))
        found.append((tuple(one), tuple(two)))
    return found


def carried(layout: Layout, old: Sequence[int], new: Sequence[int]) -> Layout:
    """Return a layout of an array of extents `old` in extents `new`: that of the dimensions that stay as they are."""
    entries = [DimLayout()] * len(new)
    for before, after in groups(old, new):
        if (len(before), len(after)) == (1, 1):
            entries[after[0]] = layout.dims[before[0]]
    return Layout(tuple(entries))


def regrouped(access: Subscripts, terms: Sequence[Term], old: Sequence[int], new: Sequence[int]) -> list[Term]:
    """Return the subscripts in extents `new` of the element that has `terms` in extents `old`, in row-major order."""
    found = [access.number(0)] * len(new)
    for before, after in groups(old, new):
        if not before or not after:
            continue
        # The place within the group, counted in row-major order.
        place = access.number(0)
        for dim in before:
            place = access.add(access.scaled(place, old[dim]), terms[dim])
        for number, dim in enumerate(after):
            stride = prod(new[d] for d in after[number + 1 :])
            rest = place if number == 0 else access.modulo(place, stride * new[dim])
            found[dim] = access.quotient(rest, stride)
    return found
