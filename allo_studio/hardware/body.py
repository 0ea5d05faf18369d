"""Straight code as operations: the body of a pipelined loop with all its lanes, or what stands between loops.

Fully unrolled loops are expanded, branches become choices and guards, and functions are put in where they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.folding import folded
from allo_studio.hardware.indices import ADDITIVE, apply_map, product, unsigned_name
from allo_studio.hardware.netlist import Netlist, Subscripts, constant_of
from allo_studio.hardware.operations import Argument, Constant, Enabled, Index, Live, Operand
from allo_studio.hardware.operators import OPERATORS
from allo_studio.hardware.reading import constant_range, constant_value, expression_of, operator_of, operator_type
from allo_studio.hardware.storage import Bound, Storage, storages
from allo_studio.ir import KernelIR, Loop, array_type
from allo_studio.ir.attributes import strings
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.implementations import implementation_of
from allo_studio.ir.views import LOOP_KINDS
from allo_studio.source import Span
from allo_studio.types import INDEX, ScalarType

__all__ = ["MOST_OPERATIONS", "Body", "Scope", "fault"]

# More operations in one pipelined iteration than this is no design but a slip (a huge loop unrolled).
MOST_OPERATIONS = 20_000
_ENDINGS = ("affine.yield", "scf.yield", "scf.condition", "func.return")
_CASTS = ("arith.index_cast", "arith.index_castui")


class Scope(Protocol):
    """What a body must know of the function that it is in."""

    kernel: KernelIR
    storages: Mapping[mlir.Value, Storage]
    loops: Mapping[mlir.Operation, Loop]
    # Each loop's variable as a counter.
    counters: Mapping[mlir.Value, Affine]

    def live(self, value: mlir.Value) -> int:
        """Return the number of a value that an earlier item computes."""

    def remade(self, value: mlir.Value) -> bool:
        """Tell whether a value is made where it is needed: a constant, or a function of counters and arguments."""

    def adopt(self, storage: Storage) -> None:
        """Take over a buffer of a function that was put in."""


def fault(kernel: KernelIR, op: mlir.Operation, message: str, hint: str = "") -> AlloError:
    """Return the error that an operation cannot be scheduled."""
    text = f"{kernel.name}: {message}"
    return AlloError(Diagnostic("hardware", text, kernel.span(op), hint=hint))


class Body:
    """Collects the operations of one piece of code in `netlist`."""

    def __init__(self, scope: Scope, repeated: bool) -> None:
        self.netlist = Netlist()
        self._repeated = repeated
        self._made: dict[mlir.Value, Operand] = {}
        self._buffers: dict[mlir.Value, Bound] = {}
        self._copies: dict[str, int] = {}
        self._scope = scope
        self._kernel = scope.kernel
        self._storages: Mapping[mlir.Value, Storage] = scope.storages
        self._loops = scope.loops
        self._label = ""

    # Pieces of code

    def lanes(self, ops: Sequence[mlir.Operation], variable: mlir.Value, counter: Counter, all_there: bool) -> None:
        """Add the lanes of a partly unrolled loop; unless `all_there`, the last iteration may have fewer of them."""
        for lane in range(counter.lanes):
            self._made[variable] = Index(Affine.of(counter.key) + lane * counter.step, INDEX)
            if lane == 0 or all_there:
                self.add(ops)
            else:
                self.netlist.branch(Enabled(lane), lambda: self.add(ops), _nothing)

    def add(self, ops: Sequence[mlir.Operation]) -> None:
        """Add operations in program order."""
        for op in ops:
            self._add(op)
            if len(self.netlist.made) > MOST_OPERATIONS:
                message = f"an iteration has more than {MOST_OPERATIONS} operations"
                raise fault(self._kernel, op, message, "unroll less, or pipeline a loop further inside")

    def _add(self, op: mlir.Operation) -> None:
        if op.name in LOOP_KINDS:
            self._unrolled(self._loops[op])
        elif op.name in ("affine.load", "memref.load"):
            buffer, subscripts = self._place(op, 1)
            self._made[op.results[0]] = self.netlist.load(buffer, subscripts, self._span(op))
        elif op.name in ("affine.store", "memref.store"):
            buffer, subscripts = self._place(op, 2)
            self.netlist.store(buffer, subscripts, self.operand(op.operands[0]), self._span(op))
        elif op.name == "memref.alloc":
            self._alloc(op)
        elif op.name == "scf.if":
            self._if(op)
        elif op.name == "func.call":
            self._call(op)
        elif op.name not in (*_ENDINGS, "memref.get_global"):
            self._value(op)

    def _unrolled(self, loop: Loop) -> None:
        counter = None if loop.kind == "while" else constant_range(loop, self._index)
        if counter is None:
            message = f"loop {loop.id} has no constant trip count and cannot be unrolled"
            raise fault(self._kernel, loop.op, message, f"pipeline {loop.id} itself, or give it constant bounds")
        inside = [view.operation for view in loop.body.operations]
        for value in counter:
            self._made[loop.induction_variable] = Constant(value, INDEX)
            self.add(inside)

    def _alloc(self, op: mlir.Operation) -> None:
        storage = self._storages[op.results[0]]
        copy = self._copies[storage.name] = self._copies.get(storage.name, -1) + 1
        # Lanes have registers of their own; a memory is shared by all, since it could not be told apart in time.
        fresh = self._repeated and storage.register
        name = f"{self._label}{storage.name}"
        self._buffers[op.results[0]] = self._adopted(Bound(f"{name}#{copy}" if fresh else name, storage, fresh))

    def _if(self, op: mlir.Operation) -> None:
        yielded: list[list[Operand]] = []

        def side(region: mlir.Region) -> Callable[[], None]:
            blocks = list(region.blocks)

            def collect() -> None:
                inside = [view.operation for view in blocks[0].operations] if blocks else []
                self.add(inside)
                yielded.append([self.operand(value) for value in inside[-1].operands] if inside else [])

            return collect

        condition = self.operand(op.operands[0])
        self.netlist.branch(condition, *(side(region) for region in op.regions))
        for number, result in enumerate(op.results):
            values = [entry[number] for entry in yielded]
            kind = array_type(result.type).element
            if len(values) == 1:
                # The condition is known, so only one side is there.
                self._made[result] = values[0]
            else:
                self._made[result] = self.netlist.choose(condition, values[0], values[1], kind, self._span(op))

    def _call(self, op: mlir.Operation) -> None:
        """Put a called function in the place of the call."""
        callee = self._kernel.at(str(mlir.FlatSymbolRefAttr(op.attributes["callee"]).value))
        formal = list(callee.body.arguments)
        given: list[Bound | Operand] = [
            self._buffer(value) if isinstance(value.type, mlir.MemRefType) else self.operand(value)
            for value in op.operands
        ]
        outside = self._kernel, self._storages, self._loops, self._label
        self._kernel, self._label = callee, f"{self._label}{callee.name}."
        self._storages = storages(callee, streams=False)
        self._loops = {loop.op: loop for loop in callee.loops()}
        for argument, value in zip(formal, given, strict=True):
            if isinstance(value, Bound):
                self._buffers[argument] = value
            else:
                self._made[argument] = value
        self.add([view.operation for view in callee.body.operations])
        self._kernel, self._storages, self._loops, self._label = outside

    # Values

    def operand(self, value: mlir.Value) -> Operand:
        """Return what a value is: made here, a function of counters, an argument, or left by an earlier item."""
        if value in self._made:
            return self._made[value]
        if value in self._scope.counters:
            return Index(self._scope.counters[value], INDEX)
        owner = value.owner
        if isinstance(owner, mlir.Block):
            names = strings(self._scope.kernel.function, "allo.args")
            return Argument(names[mlir.BlockArgument(value).arg_number], array_type(value.type).element)
        op = owner.operation
        if self._scope.remade(value):
            self._value(op)
            return self._made[value]
        return Live(self._scope.live(value), array_type(value.type).element)

    def _value(self, op: mlir.Operation) -> None:
        kind = array_type(op.results[0].type).element
        if op.name == "arith.constant":
            made: Operand | None = constant_value(op, kind)
        elif op.name == "affine.apply":
            mapping = mlir.AffineMapAttr(op.attributes["map"]).value
            (expression,) = apply_map(mapping, list(op.operands), self._index)
            if expression is None:
                raise fault(self._kernel, op, "an index is computed from data in an affine expression")
            made = constant_of(Index(expression, kind))
        elif op.name in _CASTS:
            made = self._cast(op, kind)
        else:
            made = self._index_arithmetic(op) if kind == INDEX else None
        self._made[op.results[0]] = made if made is not None else self._compute(op, kind)

    def _cast(self, op: mlir.Operation, kind: ScalarType) -> Operand:
        value = self.operand(op.operands[0])
        if kind != INDEX:
            # The low bits of an index. What is computed is no wider than 32 bits, or it would be out of range.
            if isinstance(value, Index | Constant):
                return constant_of(Index(expression_of(value), kind))
            return self._resized(op, value, kind)
        if isinstance(value, Argument):
            name = value.name if op.name == "arith.index_cast" else unsigned_name(value.name)
            return Index(Affine.of(name), INDEX)
        source = array_type(op.operands[0].type).element
        if isinstance(value, Index) and value.type.bits >= INDEX.bits and op.name == "arith.index_cast":
            return Index(value.expression, INDEX)
        if isinstance(value, Constant):
            number = int(value.value)
            return Constant(number if op.name == "arith.index_cast" else number % (1 << source.bits), INDEX)
        return self._resized(op, value, INDEX)

    def _resized(self, op: mlir.Operation, value: Operand, kind: ScalarType) -> Operand:
        return self.netlist.compute(op.name, op.name.partition(".")[2], [value], kind, span=self._span(op))

    def _index(self, value: mlir.Value) -> Affine | None:
        """Return an index value as a function of counters and arguments, None where it is computed from data."""
        found = self.operand(value)
        return expression_of(found) if isinstance(found, Index | Constant) else None

    def _index_arithmetic(self, op: mlir.Operation) -> Operand | None:
        if op.name not in ADDITIVE:
            return None
        left, right = (self._index(operand) for operand in op.operands)
        if left is None or right is None:
            return None
        made = product(left, right) if op.name == "arith.muli" else left + right * (1 if op.name == ADDITIVE[0] else -1)
        return None if made is None else constant_of(Index(made, INDEX))

    def _compute(self, op: mlir.Operation, kind: ScalarType) -> Operand:
        inputs = [constant_of(self.operand(value)) for value in op.operands]
        predicate = int(op.attributes["predicate"]) if "predicate" in op.attributes else 0
        if op.name == "arith.select":
            return self.netlist.choose(inputs[0], inputs[1], inputs[2], kind, self._span(op))
        known = folded(op.name, inputs, predicate)
        if known is not None:
            return known
        if op.name not in OPERATORS:
            raise fault(self._kernel, op, f"no operator of hardware does {op.name}", "compute it from other operations")
        base = operator_of(op.name, inputs)
        operator = (base, operator_type(op)) if base else None
        label = base or op.name.partition(".")[2]
        bound = implementation_of(op) if base else ""
        return self.netlist.compute(op.name, label, inputs, kind, operator, predicate, self._span(op), bound)

    # Places

    def _place(self, op: mlir.Operation, skip: int) -> tuple[Bound, Subscripts]:
        operands = list(op.operands)
        buffer = self._buffer(operands[skip - 1])
        if op.name.startswith("affine."):
            mapping = mlir.AffineMapAttr(op.attributes["map"]).value
            found = apply_map(mapping, operands[skip:], self._index)
            if None in found:
                raise fault(self._kernel, op, "an affine subscript is computed from data")
            return buffer, tuple(entry for entry in found if entry is not None)
        subscripts: list[Affine | Operand] = []
        for value in operands[skip:]:
            known = self._index(value)
            subscripts.append(known if known is not None else self.operand(value))
        return buffer, tuple(subscripts)

    def _buffer(self, value: mlir.Value) -> Bound:
        if value not in self._buffers:
            storage = self._storages[value]
            name = storage.symbol or f"{self._label}{storage.name}"
            self._buffers[value] = self._adopted(Bound(name, storage))
        return self._buffers[value]

    def _adopted(self, buffer: Bound) -> Bound:
        if self._label:
            self._scope.adopt(replace(buffer.storage, name=buffer.name.partition("#")[0]))
        return buffer

    def _span(self, op: mlir.Operation) -> Span | None:
        return self._kernel.span(op)


def _nothing() -> None:
    """What happens on a side of a branch that is empty."""
