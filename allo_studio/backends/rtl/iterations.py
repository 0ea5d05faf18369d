"""The operations of a segment or of a pipelined iteration as circuits, a stage a cycle.

A value that is there in stage t of an iteration is delayed to the stage in which it is taken. Stage 0 is the cycle in
which an iteration is issued; counters are known in it, and functions of them are computed in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from allo_studio.backends.rtl.buffers import Banked, Registers
from allo_studio.backends.rtl.circuit import Signal
from allo_studio.backends.rtl.expressions import Number, Range, bits_for, evaluate
from allo_studio.backends.rtl.operators.build import operate
from allo_studio.backends.rtl.places import locate, row_major
from allo_studio.backends.rtl.refusals import operand_type
from allo_studio.backends.rtl.scope import Scope
from allo_studio.backends.rtl.values import constant_bits, width_of
from allo_studio.hardware.counters import Affine, variables
from allo_studio.hardware.modulo import Placement
from allo_studio.hardware.operations import (
    Argument,
    Constant,
    Enabled,
    Index,
    Live,
    Operand,
    Operation,
    OperationGraph,
    Result,
)

__all__ = ["Issue", "Iterations"]

# A value, and the stage in which it is there.
_Element: TypeAlias = "tuple[Signal, int]"


@dataclass(frozen=True)
class Issue:
    """When iterations are issued, and what each knows: the numbers of counters and arguments in stage 0.

    `lanes` tells whether each lane of a partly unrolled loop has an iteration. What depends on `own` differs between
    iterations in flight. `squash` is the stage at whose end it is known that an iteration is one, and the condition.
    """

    valid: Signal
    numbers: Mapping[int | str, Number]
    own: frozenset[int | str] = frozenset()
    lanes: Mapping[int, Signal] = field(default_factory=dict)
    squash: tuple[int, Operand] | None = None


class Iterations:
    """The circuits of one graph."""

    def __init__(self, scope: Scope, graph: OperationGraph, placement: Placement, issue: Issue) -> None:
        self.scope, self.graph, self.placement, self.issue = scope, graph, placement, issue
        self.circuit, self.clocked = scope.clocked.circuit, scope.clocked
        self._made: dict[int, _Element] = {}
        self._valid: list[Signal] = [issue.valid]
        self._fresh: dict[str, list[tuple[tuple[int, int], list[_Element]]]] = {}

    def build(self) -> None:
        """Make everything that has an effect."""
        for op in self.graph.operations:
            with self.circuit.at(op.span):
                if op.kind == "store":
                    self._store(op)
                elif op.kind == "read":
                    self._read_token(op)
                elif op.kind == "write":
                    self._write_token(op)

    def valid(self, stage: int) -> Signal:
        """Return whether an iteration is in a stage."""
        while len(self._valid) <= stage:
            before = self._valid[-1]
            if self.issue.squash is not None and self.issue.squash[0] == len(self._valid) - 1:
                before = self.circuit.and_(before, self.value(self.issue.squash[1], len(self._valid) - 1))
            self._valid.append(self.clocked.delay(before, 1, reset=0))
        return self._valid[stage]

    # Values

    def value(self, operand: Operand, stage: int) -> Signal:
        """Return an operand as it is in a stage."""
        match operand:
            case Result():
                signal, made = self._result(self.graph.operations[operand.operation])
                assert made <= stage, f"a value of stage {made} is taken in stage {stage}"
                return self.clocked.delay(signal, stage - made)
            case Constant():
                return self.circuit.constant(constant_bits(operand), width_of(operand.type))
            case Index():
                number = self.number(self.scope.normal(operand.expression), stage)
                return number.resized(self.circuit, width_of(operand.type))
            case Enabled():
                return self.clocked.delay(self.issue.lanes[operand.lane], stage)
            case Argument():
                signal = self.scope.argument(operand.name)
                return self.clocked.delay(signal, stage) if operand.name in self.issue.own else signal
            case Live():
                return self.scope.live(operand.number)

    def number(self, expression: Affine, stage: int) -> Number:
        """Return a function of iterations' numbers and of arguments as it is in a stage."""
        if expression.is_constant:
            return evaluate(self.circuit, expression, {})
        found = evaluate(self.circuit, expression, self.issue.numbers)
        if not self.issue.own.isdisjoint(variables(expression)):
            return replace(found, signal=self.clocked.delay(found.signal, stage))
        return found

    def _result(self, op: Operation) -> _Element:
        """Return an operation's result and the stage in which it is there."""
        if op.index not in self._made:
            start = self.placement.starts[op.index]
            if op.wire:
                # What only later items take may be put into the cycle after the last, in which it is no other.
                start = min(start, self.placement.depth - 1)
            with self.circuit.at(op.span):
                if op.kind == "compute":
                    inputs = [self.value(operand, start) for operand in op.inputs]
                    made = operate(
                        self.circuit, op, inputs, [operand_type(self.graph, o) for o in op.inputs], self.clocked.run
                    )
                    self._made[op.index] = made, start + op.latency
                elif op.kind == "load":
                    self._made[op.index] = self._load(op, start)
                else:
                    self._made[op.index] = self._element(op), start
        return self._made[op.index]

    def happens(self, op: Operation, stage: int) -> Signal:
        """Return whether an operation with guards happens in its stage."""
        conditions = [self.valid(stage)]
        squash = self.issue.squash
        for guard in op.guards:
            if squash is not None and stage > squash[0] and guard.operand == squash[1]:
                # Beyond that stage only iterations that are some are valid.
                continue
            held = self.value(guard.operand, stage)
            conditions.append(held if guard.truth else self.circuit.not_(held))
        return self.circuit.and_(*conditions)

    # Memory

    def _load(self, op: Operation, start: int) -> _Element:
        if "#" in op.buffer:
            return self._load_fresh(op, start)
        buffer = self.scope.buffer(op.buffer)
        if isinstance(buffer, Registers):
            found = self._forwarded(op, buffer, start)
            return self.clocked.delay(found, op.latency), start + op.latency
        bank, offset = self._place(op, buffer, start)
        data = buffer.read(self.valid(start), bank, offset)
        return self.clocked.delay(data, op.latency - 1), start + op.latency

    def _store(self, op: Operation) -> None:
        if "#" in op.buffer:
            return
        start = self.placement.starts[op.index]
        buffer, data = self.scope.buffer(op.buffer), self.value(op.inputs[0], start)
        if isinstance(buffer, Registers):
            buffer.write(self.happens(op, start), self._element_number(op, start), data)
        else:
            buffer.write(self.happens(op, start), *self._place(op, buffer, start), data)

    def _forwarded(self, op: Operation, buffer: Registers, start: int) -> Signal:
        """Return what a register holds, or what the same iteration puts into it earlier in the cycle."""
        number = self._element_number(op, start)
        found = buffer.read(number)
        for store in self.graph.operations[: op.index]:
            same = store.kind == "store" and store.buffer == op.buffer and self.placement.starts[store.index] == start
            if not same:
                continue
            meant = self._alike(number, self._element_number(store, start))
            if meant is not None:
                happens = self.circuit.and_(self.happens(store, start), meant)
                found = self.circuit.mux(happens, self.value(store.inputs[0], start), found)
        return found

    def _alike(self, one: int | Number, two: int | Number) -> Signal | None:
        """Return whether two numbers of elements are the same; None where they never are."""
        if isinstance(one, int) and isinstance(two, int):
            return self.circuit.constant(1, 1) if one == two else None
        sides = [self._as_number(side) for side in (one, two)]
        bits = (sides[0].range | sides[1].range).bits
        return self.circuit.compare("eq", *(side.resized(self.circuit, bits) for side in sides))

    def _as_number(self, value: int | Number) -> Number:
        if isinstance(value, Number):
            return value
        return Number(self.circuit.constant(value, bits_for(value, value)), Range(value, value))

    def _place(self, op: Operation, buffer: Banked, stage: int) -> tuple[int | Number, Signal]:
        """Return the bank and the number in it that an access means, in a stage."""
        subscripts, computed = self._subscripts(op, stage, buffer.storage.type.shape)
        place = locate(buffer.storage, subscripts)
        bank = self._fixed(self._with(place.bank, computed, stage))
        return bank, self._with(place.offset, computed, stage).resized(self.circuit, buffer.address_width)

    def _element_number(self, op: Operation, stage: int) -> int | Number:
        shape = self.scope.storage(op.buffer.partition("#")[0]).type.shape
        subscripts, computed = self._subscripts(op, stage, shape)
        return self._fixed(self._with(row_major(shape, subscripts), computed, stage))

    def _fixed(self, number: Number) -> int | Number:
        return number.range.least if number.range.least == number.range.most else number

    def _subscripts(
        self, op: Operation, stage: int, shape: Sequence[int]
    ) -> tuple[list[Affine], dict[int | str, Number]]:
        """Return an access's subscripts; those that are computed from data as variables, with their numbers."""
        found: list[Affine] = []
        computed: dict[int | str, Number] = {}
        for dimension, (subscript, extent) in enumerate(zip(op.subscripts, shape, strict=True)):
            if isinstance(subscript, Affine):
                found.append(self.scope.normal(subscript))
                continue
            name = f"subscript {dimension}"
            bits = bits_for(0, extent - 1)
            # A number beyond the extent is of an access in vain.
            signal = self.circuit.resize(self.value(subscript, stage), bits, signed=True)
            computed[name] = Number(signal, Range.of_bits(bits, signed=False))
            found.append(Affine.of(name))
        return found, computed

    def _with(self, expression: Affine, computed: Mapping[int | str, Number], stage: int) -> Number:
        """Return an expression in which there may be computed subscripts."""
        if computed.keys().isdisjoint(variables(expression)):
            return self.number(expression, stage)
        numbers = dict(computed)
        for key in set(variables(expression)) - computed.keys():
            numbers[key] = self.number(Affine.of(key), stage)
        return evaluate(self.circuit, expression, numbers)

    # Buffers that each iteration makes anew: their elements go with the iteration

    def _load_fresh(self, op: Operation, start: int) -> _Element:
        number = self._element_number(op, start)
        elements = [self.clocked.delay(s, start - made) for s, made in self._version(op.buffer, (start, op.index))]
        found = elements[number] if isinstance(number, int) else self.circuit.select(number.signal, elements)
        return self.clocked.delay(found, op.latency), start + op.latency

    def _version(self, buffer: str, before: tuple[int, int]) -> list[_Element]:
        """Return a buffer's elements as an access with that start and number sees them."""
        known = self._fresh.get(buffer)
        if known is None:
            storage = self.scope.storage(buffer.partition("#")[0])
            zero = self.circuit.constant(0, storage.type.element.bits)
            known = self._fresh[buffer] = [((-1, -1), [(zero, 0)] * storage.type.size)]
        stores = sorted(
            (self.placement.starts[op.index], op.index)
            for op in self.graph.operations
            if op.kind == "store" and op.buffer == buffer
        )
        for start, index in stores:
            if known[-1][0] < (start, index) < before:
                known.append(((start, index), self._stored(self.graph.operations[index], start, known[-1][1])))
        return next(elements for at, elements in reversed(known) if at < before)

    def _stored(self, op: Operation, start: int, elements: Sequence[_Element]) -> list[_Element]:
        number, data, happens = (
            self._element_number(op, start),
            self.value(op.inputs[0], start),
            self._guarded(op, start),
        )
        found = list(elements)
        for n, (signal, made) in enumerate(elements):
            meant = self._alike(number, n)
            if meant is not None:
                old = self.clocked.delay(signal, start - made)
                found[n] = self.circuit.mux(self.circuit.and_(happens, meant), data, old), start
        return found

    def _guarded(self, op: Operation, stage: int) -> Signal:
        held = [self.value(guard.operand, stage) for guard in op.guards]
        truths = [h if g.truth else self.circuit.not_(h) for g, h in zip(op.guards, held, strict=True)]
        return self.circuit.and_(*truths) if truths else self.circuit.constant(1, 1)

    # Streams

    def _read_token(self, op: Operation) -> None:
        self.scope.stream(op.buffer).moves.append((self.happens(op, self.placement.starts[op.index]), None))

    def _write_token(self, op: Operation) -> None:
        start = self.placement.starts[op.index]
        elements = [self.value(operand, start) for operand in op.inputs]
        self.scope.stream(op.buffer).moves.append((self.happens(op, start), self.circuit.concat(*reversed(elements))))

    def _element(self, op: Operation) -> Signal:
        """Return an element of the token at hand, or the token itself."""
        if op.kind == "read":
            return self.scope.stream(op.buffer).token
        (operand,) = op.inputs
        assert isinstance(operand, Result)
        token = self.graph.operations[operand.operation]
        shape = self.scope.storage(op.buffer).type.shape
        first, own = (row_major(shape, [s for s in o.subscripts if isinstance(s, Affine)]) for o in (token, op))
        apart = own - first
        assert apart.is_constant, "an element's place in its token differs between iterations"
        signal, _ = self._result(token)
        return self.circuit.extract(signal, apart.constant * op.type.bits, op.type.bits)
