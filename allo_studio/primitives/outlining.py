"""Operations that become a function of their own; in place, with the context current."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from allo_studio.analysis.accesses import accesses
from allo_studio.analysis.coverage import uncovered, unwritten
from allo_studio.ir import Buffer, Direction, KernelIR, array_type, walk
from allo_studio.ir.attributes import set_strings, set_text, set_text_map, symbol, text, text_map
from allo_studio.ir.binding import arith, func, ir
from allo_studio.ir.build import load
from allo_studio.ir.rewrite import at_end, before, erase, replace_uses
from allo_studio.ir.views import LOOP_KINDS
from allo_studio.primitives.affine_maps import without_symbols
from allo_studio.primitives.rewrite import is_pure
from allo_studio.types import BOOL, INT32, ArrayType

__all__ = ["outline"]

_LOADS = ("affine.load", "memref.load")
_STORES = ("affine.store", "memref.store")


@dataclass(frozen=True)
class _Parameter:
    """An argument of the new function: what it is called there, and what the call gives for it."""

    name: str
    type: ArrayType
    given: ir.Value
    value: ir.Value
    buffer: Buffer | None = None


def outline(
    kernel: KernelIR, moved: Sequence[ir.Operation], name: str, band: str, *, proven: bool = True
) -> ir.Operation:
    """Move operations that stand one after the other into a new function; return the call that is in their place.

    The first of them is no load, and nothing after them may use their results. Arrays become arguments, single values
    that are only read are given by value, and loop variables as 32-bit integers, which are symbols of the new
    function. Its nests are named `band`. Where a direction is not `proven`, what is written is `inout`.
    """
    return _Outline(kernel, _read_before(kernel, moved), name, proven).run(band)


def _read_before(kernel: KernelIR, moved: Sequence[ir.Operation]) -> list[ir.Operation]:
    """Load single values that `moved` only reads once before it; return what is left of it."""
    inside = _with_all_inside(moved)
    defined = {value for op in inside for value in op.results}
    anchor, left = moved[0], list(moved)
    for buffer in kernel.buffers():
        users = [op for op in inside if buffer.value in list(op.operands)]
        if buffer.type.shape or not users or buffer.value in defined or any(op.name not in _LOADS for op in users):
            continue
        value = load(buffer.value, [], before(anchor), anchor.location)
        left = [op for op in left if op not in users]
        inside = [op for op in inside if op not in users]
        for op in users:
            replace_uses(op.result, value)
        for op in users:
            erase(op)
    return left


def _with_all_inside(moved: Iterable[ir.Operation]) -> list[ir.Operation]:
    found = []
    for op in moved:
        found.append(op)
        found += [inner for region in op.regions for block in region.blocks for inner in walk(block)]
    return found


class _Outline:
    def __init__(self, kernel: KernelIR, moved: Sequence[ir.Operation], name: str, proven: bool) -> None:
        self._kernel = kernel
        self._moved = moved
        self._name = name
        self._proven = proven
        self._inside = _with_all_inside(moved)
        self._buffers = {buffer.value: buffer for buffer in kernel.buffers()}
        self._scalars = {argument.value: argument for argument in kernel.arguments() if argument.scalar}
        self._parameters: list[_Parameter] = []
        self._known: dict[ir.Value, ir.Value] = {}
        self._taken = {text(op, "allo.name") or "" for op in self._inside if op.name == "memref.alloc"}

    def run(self, band: str) -> ir.Operation:
        location = self._moved[0].location
        made = func.FuncOp(self._name, ([], []), ip=before(self._kernel.function), loc=location)
        self._block = made.add_entry_block()
        func.ReturnOp([], ip=ir.InsertionPoint(self._block), loc=location)
        self._take_values()
        at = before(self._moved[0])
        given = [self._given(parameter, at) for parameter in self._parameters]
        call = func.CallOp([], ir.FlatSymbolRefAttr.get(self._name), given, ip=at, loc=location).operation
        end = list(self._block.operations)[-1].operation
        for op in self._moved:
            op.move_before(end)
        inputs = [value.type for value in self._block.arguments]
        made.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(inputs, []))
        self._describe(made.operation, band)
        return call

    def _take_values(self) -> None:
        """Make an argument, or a copy, of every value that comes from outside."""
        own = {value for op in self._inside for value in op.results}
        own |= {value for op in self._inside for r in op.regions for block in r.blocks for value in block.arguments}
        for op in self._inside:
            without_symbols(op)
            for number, operand in enumerate(op.operands):
                if operand not in own:
                    op.operands[number] = self._within(operand)

    def _within(self, value: ir.Value) -> ir.Value:
        """Return what stands for an outer value in the new function."""
        if value not in self._known:
            self._known[value] = self._made(value)
        return self._known[value]

    def _made(self, value: ir.Value) -> ir.Value:
        owner = value.owner
        buffer = self._buffers.get(value)
        if buffer is not None and buffer.kind != "constant":
            return self._parameter(buffer.name, buffer.type, value, value.type, buffer)
        if isinstance(owner, ir.Block):
            return self._of_block(value)
        op = owner.operation
        computed = is_pure(op) and isinstance(value.type, ir.IndexType)
        if computed or op.name in ("arith.constant", "memref.get_global"):
            return self._copied(op)
        loaded = self._buffers.get(op.operands[0]) if op.name in _LOADS else None
        if loaded is not None:
            return self._parameter(loaded.name, ArrayType(loaded.type.element), value, value.type)
        kind = ArrayType(BOOL) if str(value.type) == "i1" else array_type(value.type)
        return self._parameter("value", kind, value, value.type)

    def _of_block(self, value: ir.Value) -> ir.Value:
        argument = self._scalars.get(value)
        if argument is not None:
            return self._parameter(argument.name, argument.type, value, value.type)
        # A loop's variable fits 32 bits.
        wanted = text(value.owner.owner.operation, "allo.name") or "i"
        name = wanted.replace(".", "_")
        passed = self._parameter(name, ArrayType(INT32), value, ir.IntegerType.get_signless(32))
        return arith.IndexCastOp(ir.IndexType.get(), passed, ip=at_end(self._block)).result

    def _copied(self, op: ir.Operation) -> ir.Value:
        operands = [self._within(operand) for operand in op.operands]
        made = op.clone(ip=at_end(self._block)).operation
        without_symbols(made)
        for number, operand in enumerate(operands):
            made.operands[number] = operand
        if op.name == "memref.get_global":
            self._taken.add(text(op, "allo.name") or "")
        return made.result

    def _parameter(
        self, wanted: str, kind: ArrayType, given: ir.Value, held: ir.Type, buffer: Buffer | None = None
    ) -> ir.Value:
        name, number = wanted, 1
        while name in self._taken:
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add(name)
        value = self._block.add_argument(held, self._moved[0].location)
        self._parameters.append(_Parameter(name, kind, given, value, buffer))
        return value

    def _given(self, parameter: _Parameter, at: ir.InsertionPoint) -> ir.Value:
        if isinstance(parameter.given.type, ir.IndexType):
            return arith.IndexCastOp(parameter.value.type, parameter.given, ip=at).result
        return parameter.given

    def _describe(self, function: ir.Operation, band: str) -> None:
        """Write the attributes of the new function, and take those of its own arrays from the old one."""
        parameters, old = self._parameters, self._kernel.function
        set_strings(function, "allo.args", [p.name for p in parameters])
        set_strings(function, "allo.directions", ["in"] * len(parameters))
        set_text(function, "allo.origin", self._name)
        said = {p.name: str(p.type) for p in parameters if p.type != array_type(p.value.type)}
        set_text_map(function, "allo.types", said)
        set_text_map(
            function, "allo.memories", {p.name: p.buffer.memory for p in parameters if p.buffer and p.buffer.memory}
        )
        if "llvm.emit_c_interface" in old.attributes:
            function.attributes["llvm.emit_c_interface"] = ir.UnitAttr.get()
        layouts = text_map(old, "allo.layouts")
        own = {text(op, "allo.name") or "" for op in self._inside if op.name == "memref.alloc"}
        moved = {name: entry for name, entry in layouts.items() if name in own}
        given = {p.name: layouts[p.buffer.name] for p in parameters if p.buffer and p.buffer.name in layouts}
        set_text_map(function, "allo.layouts", dict(sorted({**moved, **given}.items())))
        set_text_map(old, "allo.layouts", {name: entry for name, entry in layouts.items() if name not in moved})
        self._rename_tiles({p.buffer.name: p.name for p in parameters if p.buffer})
        self._name_bands(band)
        made = self._kernel.at(self._name)
        set_strings(function, "allo.directions", [_direction(made, p, self._proven) for p in parameters])

    def _rename_tiles(self, names: dict[str, str]) -> None:
        for op in self._inside:
            tile_of = text(op, "allo.tile_of") if op.name == "memref.alloc" else None
            if tile_of in names:
                set_text(op, "allo.tile_of", names[tile_of])

    def _name_bands(self, band: str) -> None:
        for number, op in enumerate(_outermost_loops(self._block)):
            set_text(op, "allo.band", f"{band}_{number}" if number else band)


def _outermost_loops(block: ir.Block) -> list[ir.Operation]:
    found = []
    for view in block.operations:
        op = view.operation
        if op.name in LOOP_KINDS:
            found.append(op)
            continue
        found += [inner for region in op.regions for b in region.blocks for inner in _outermost_loops(b)]
    return found


def _direction(kernel: KernelIR, parameter: _Parameter, proven: bool) -> Direction:
    """Return `out` where every element is proven to be written before it is read."""
    if parameter.buffer is None or not _may_write(kernel, parameter.value):
        return "in"
    if not proven:
        return "inout"
    found = [a for a in accesses(kernel) if a.buffer == parameter.name]
    writes = [a for a in found if a.is_write]
    reads = [a for a in found if not a.is_write]
    if not unwritten(parameter.type.shape, writes, parameter.type.sizes).is_empty():
        return "inout"
    return "inout" if any(not uncovered(read, writes).is_empty() for read in reads) else "out"


def _may_write(kernel: KernelIR, value: ir.Value) -> bool:
    """Tell whether an array is stored to, or given to a function that may write it."""
    for use in value.uses:
        op = use.owner.operation
        if op.name in _STORES:
            return True
        if op.name == "func.call":
            directions = list(kernel.at(symbol(op, "callee")).directions.values())
            numbers = [n for n, operand in enumerate(op.operands) if operand == value]
            if any(directions[n] != "in" for n in numbers):
                return True
    return False
