"""Where a kernel's own memories are: one block of bytes that each call brings, the arena, and the stack.

The arena starts with the record of the first subscript out of range, then comes what is kept between calls, then the
large local arrays. So nothing is allocated while a kernel runs, nothing leaks, and several calls can run at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from allo_studio.ir import array_type
from allo_studio.ir.binding import ir, memref

__all__ = ["RECORD_BYTES", "Arena", "element_bytes"]

RECORD_BYTES = 32
# So that vector instructions may assume what the allocator of MLIR gives.
_ALIGNMENT = 64
# Small locals live on the stack, where LLVM turns scalars into registers; a thread has little of it.
_STACK_BYTES_A_BUFFER = 4096
_STACK_BYTES = 65536


def element_bytes(bits: int) -> int:
    """Return the distance of elements of a width in memory, as LLVM lays arrays out on 64-bit machines."""
    for size in (1, 2, 4, 8):
        if bits <= 8 * size:
            return size
    return -(-bits // 128) * 16


@dataclass
class Arena:
    """Hands out places in the arena while a module is lowered. Needs the context to be current."""

    state_end: int = _ALIGNMENT
    size: int = _ALIGNMENT
    _stack: int = 0
    _states: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def type() -> ir.Type:
        """The type of the argument that every function takes as its last."""
        return ir.Type.parse("memref<?xi8>")

    def place_states(self, module: ir.Module) -> tuple[ir.Operation, ...]:
        """Give each memory that is kept between calls its place; return their declarations, made constant."""
        found = []
        for op in [entry.operation for entry in module.body.operations]:
            if op.name != "memref.global" or "constant" in op.attributes:
                continue
            kind = ir.MemRefType(ir.TypeAttr(op.attributes["type"]).value)
            self._states[str(ir.StringAttr(op.attributes["sym_name"]).value)] = self._take(kind)
            found.append(op)
        self.state_end = self.size
        return tuple(found)

    def place(self, op: ir.Operation, arena: ir.Value) -> None:
        """Replace a `memref.alloc`, or a `memref.get_global` of a state, by its memory."""
        at, kind = ir.InsertionPoint.at_block_begin(arena.owner), op.results[0].type
        if op.name == "memref.get_global":
            name = str(ir.FlatSymbolRefAttr(op.attributes["name"]).value)
            if name not in self._states:
                return
            memory = self.view(kind, self._states[name], arena)
        elif self._fits_stack(kind):
            memory = memref.AllocaOp(kind, [], [], loc=op.location, ip=at).result
        else:
            memory = self.view(kind, self._take(kind), arena)
        op.results[0].replace_all_uses_with(memory)
        op.erase()

    def view(self, kind: ir.Type, offset: int, arena: ir.Value) -> ir.Value:
        """Make the memory of a type at an offset of the arena, at the start of a function."""
        at = ir.InsertionPoint.at_block_begin(arena.owner)
        attributes = {"value": ir.IntegerAttr.get(ir.IndexType.get(), offset)}
        shift = ir.Operation.create("arith.constant", [ir.IndexType.get()], [], attributes, ip=at).results[0]
        return ir.Operation.create("memref.view", [kind], [arena, shift], ip=at).results[0]

    def state(self, name: str, kind: ir.Type, arena: ir.Value) -> ir.Value:
        """Make the memory of a state at the start of a function."""
        return self.view(kind, self._states[name], arena)

    def _take(self, kind: ir.Type) -> int:
        offset = self.size
        self.size += -(-_bytes(kind) // _ALIGNMENT) * _ALIGNMENT
        return offset

    def _fits_stack(self, kind: ir.Type) -> bool:
        size = _bytes(kind)
        if size > _STACK_BYTES_A_BUFFER or self._stack + size > _STACK_BYTES:
            return False
        self._stack += size
        return True


def _bytes(kind: ir.Type) -> int:
    shape = array_type(kind)
    return shape.size * element_bytes(shape.element.bits)
