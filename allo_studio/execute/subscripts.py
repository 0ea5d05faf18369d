"""Computed subscripts checked where the kernel runs: one out of range is recorded, and an element in range taken.

Affine subscripts of loops with known bounds were proven when the kernel was read; those that depend on a scalar
argument or on data are checked like computed ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from allo_studio.execute.library import Library, check_text
from allo_studio.ir import KernelIR
from allo_studio.ir.binding import affine, ir, memref
from allo_studio.source import Span

__all__ = ["ENDLESS", "Checks", "Memories", "Place"]

_ACCESSES = {"memref.load": 0, "memref.store": 1, "affine.load": 0, "affine.store": 1}
# Recorded in the place of a subscript where the `while` loops did not end.
ENDLESS = -1
# Whether nothing is recorded and the `while` loops of this call may go on: their iterations are counted.
_GOES_ON = f"""func.func private @goes_on(%record: memref<4xi64>) -> i1
    attributes {{llvm.linkage = #llvm.linkage<internal>}} {{
  %i0 = arith.constant 0 : index
  %i1 = arith.constant 1 : index
  %i2 = arith.constant 2 : index
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %most = arith.constant MOST : i64
  %endless = arith.constant {ENDLESS} : i64
  %place = memref.load %record[%i0] : memref<4xi64>
  %good = arith.cmpi eq, %place, %zero : i64
  %done = memref.load %record[%i2] : memref<4xi64>
  %over = arith.cmpi eq, %done, %most : i64
  %stop = arith.andi %good, %over : i1
  scf.if %stop {{
    memref.store %endless, %record[%i0] : memref<4xi64>
    memref.store %done, %record[%i1] : memref<4xi64>
  }}
  %next = arith.addi %done, %one : i64
  memref.store %next, %record[%i2] : memref<4xi64>
  %true = arith.constant true
  %go = arith.xori %over, %true : i1
  %r = arith.andi %good, %go : i1
  return %r : i1
}}
"""


@dataclass(frozen=True)
class Place:
    """A subscript that is checked: whose it is, which dimension from 0, what is in range, and where it is written.

    Of a `sized` dimension `extent` is the most that it may have, and a run tells what it has.
    """

    buffer: str
    dimension: int
    extent: int
    span: Span | None
    sized: bool = False


@dataclass(frozen=True)
class Memories:
    """The names of a function's memories, and the arguments that tell the extents of those with named sizes."""

    names: Mapping[ir.Value, str]
    sizes: Mapping[ir.Value, tuple[ir.Value | None, ...]]


class Checks:
    """Puts checks into functions and knows their places; place n is recorded as n + 1. Needs the context."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[ir.Value, bool] = {}
        self.places: list[Place] = []

    def wants(self, op: ir.Operation) -> bool:
        """Tell whether an access has subscripts that are not proven to be in range."""
        if op.name not in _ACCESSES:
            return False
        skip = _ACCESSES[op.name] + 1
        if op.name.startswith("memref."):
            return len(op.operands) > skip
        return any(not self._proven(value) for value in list(op.operands)[skip:])

    def check(self, op: ir.Operation, kernel: KernelIR, memories: Memories, record: ir.Value) -> None:
        """Replace an access by one whose subscripts are checked."""
        skip, at = _ACCESSES[op.name], ir.InsertionPoint(op)
        memory = op.operands[skip]
        subscripts = self._subscripts(op, at)
        extents = list(ir.MemRefType(memory.type).shape)
        name, span = memories.names.get(memory, ""), kernel.span(op)
        sizes = memories.sizes.get(memory, (None,) * len(extents))
        safe = [
            self._safe(value, Place(name, number, extent, span, size is not None), size, op, record)
            for number, (value, extent, size) in enumerate(zip(subscripts, extents, sizes, strict=True))
        ]
        if skip:
            memref.StoreOp(op.operands[0], memory, safe, loc=op.location, ip=at)
        else:
            made = memref.LoadOp(memory, safe, loc=op.location, ip=at)
            op.results[0].replace_all_uses_with(made.result)
        op.erase()

    def stop(self, op: ir.Operation, record: ir.Value, most_iterations: int | None) -> None:
        """Let a `while` end where a subscript was out of range: its condition may never become false then.

        It ends after `most_iterations` of all loops of a call too, where there is such a number.
        """
        at, flag = ir.InsertionPoint(op), ir.IntegerType.get_signless(1)
        text = _GOES_ON.replace("MOST", str(-1 if most_iterations is None else most_iterations))
        good = self._library.call(text, [record], flag, at, op.location)
        both = ir.Operation.create("arith.andi", [flag], [op.operands[0], good], loc=op.location, ip=at).results[0]
        op.operands[0] = both

    def _subscripts(self, op: ir.Operation, at: ir.InsertionPoint) -> list[ir.Value]:
        operands = list(op.operands)[_ACCESSES[op.name] + 1 :]
        if op.name.startswith("memref."):
            return operands
        mapping = ir.AffineMapAttr(op.attributes["map"]).value
        maps = [ir.AffineMap.get(mapping.n_dims, mapping.n_symbols, [result]) for result in mapping.results]
        return [
            affine.AffineApplyOp(ir.AffineMapAttr.get(one), operands, loc=op.location, ip=at).result for one in maps
        ]

    def _safe(
        self, value: ir.Value, place: Place, size: ir.Value | None, op: ir.Operation, record: ir.Value
    ) -> ir.Value:
        at, index = ir.InsertionPoint(op), ir.IndexType.get()
        self.places.append(place)
        extent = _constant(index, place.extent, at)
        if size is not None:
            extent = ir.Operation.create("arith.index_cast", [index], [size], ip=at).results[0]
        number = _constant(ir.IntegerType.get_signless(64), len(self.places), at)
        return self._library.call(check_text(), [record, value, extent, number], value.type, at, op.location)

    def _proven(self, value: ir.Value) -> bool:
        """Tell whether an index depends on nothing but loops with known bounds and constants."""
        if value not in self._known:
            self._known[value] = self._derive(value)
        return self._known[value]

    def _derive(self, value: ir.Value) -> bool:
        owner = value.owner
        if isinstance(owner, ir.Block):
            owner = owner.owner
            return bool(owner.operation.name == "affine.for") and all(map(self._proven, owner.operation.operands))
        if owner.name == "affine.apply":
            return all(map(self._proven, owner.operands))
        return bool(owner.name == "arith.constant")


def _constant(kind: ir.Type, value: int, at: ir.InsertionPoint) -> ir.Value:
    attributes = {"value": ir.IntegerAttr.get(kind, value)}
    return ir.Operation.create("arith.constant", [kind], [], attributes, ip=at).results[0]
