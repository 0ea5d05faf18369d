"""What a kernel's buffers are made of: registers, banked memories or streams, and which port an access takes."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.hardware.counters import Affine
from allo_studio.hardware.operations import PortUse
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.ir import KernelIR
from allo_studio.ir.binding import ir as mlir
from allo_studio.layout import DimLayout, Layout
from allo_studio.types import ArrayType

__all__ = ["Storage", "storages"]


@dataclass(frozen=True)
class Storage:
    """A buffer: `stream` is the elements of a token for a stream, else 0."""

    name: str
    type: ArrayType
    layout: Layout
    argument: bool
    stream: int
    ports: int

    @property
    def register(self) -> bool:
        """Whether every element is a register of its own (a variable, or an array partitioned completely)."""
        dims = self.layout.normal(self.type.shape).dims
        whole = all(d.kind == "complete" or n == 1 for d, n in zip(dims, self.type.shape, strict=True))
        return not self.stream and whole

    def port_use(self, subscripts: tuple[Affine, ...], write: bool) -> PortUse | None:
        """Return the port that an access takes, or None for registers."""
        if self.register:
            return None
        if self.stream:
            return PortUse(self.name, 1, None, (), (), write)
        banks, known = [], True
        for subscript, entry, extent in zip(subscripts, self.layout.dims, self.type.shape, strict=True):
            bank, absolute = _bank(subscript, entry.normal(extent), extent)
            banks.append(bank)
            known = known and absolute
        terms = tuple(subscript.terms for subscript in subscripts)
        address = tuple(subscript.constant for subscript in subscripts)
        return PortUse(self.name, self.ports, None if known else terms, tuple(banks), (terms, address), write)


def _bank(subscript: Affine, entry: DimLayout, extent: int) -> tuple[int, bool]:
    """Return the bank along one dimension, and whether it is absolute or only relative to the same terms."""
    if entry.kind == "none":
        return 0, True
    if entry.kind == "cyclic":
        return subscript.constant % entry.factor, all(f % entry.factor == 0 for _, f in subscript.terms)
    if entry.kind == "complete":
        return subscript.constant, not subscript.terms
    size = -(-extent // entry.factor)
    if all(f % size == 0 for _, f in subscript.terms):
        return subscript.constant // size, not subscript.terms
    # Where in its block the access is, is not known: all lanes may meet in one bank.
    return 0, False


def storages(kernel: KernelIR, library: OperatorLibrary) -> dict[mlir.Value, Storage]:
    """Return the storage of every buffer, by its MLIR value."""
    found = {}
    for buffer in kernel.buffers():
        found[buffer.value] = Storage(
            buffer.name,
            buffer.type,
            buffer.layout,
            buffer.kind == "argument",
            kernel.streams.get(buffer.name, 0),
            library.memory.ports,
        )
    return found
