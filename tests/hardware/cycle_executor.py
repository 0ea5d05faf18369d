"""Runs a kernel's scheduled control cycle by cycle with real values: what the hardware would do, or an AssertionError.

A load that starts in cycle t sees the stores of cycles before t; a register's read also sees a store of its own
iteration in the same cycle. Values must be there when they are used, no bank may serve more accesses in a cycle than
it has ports, and nothing may be going on after the cycle of done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from allo_studio.analysis.sets import loop_bounds
from allo_studio.hardware.nest import Item, Nested, Pipeline, Segment
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.ir import KernelIR, LinearExpr, Loop, access_of
from allo_studio.ir.binding import ir as mlir
from allo_studio.ir.linear import linear_of

__all__ = ["Execution", "execute"]

_ARITHMETIC = {"addf": "+", "subf": "-", "mulf": "*", "divf": "/", "addi": "+", "subi": "-", "muli": "*", "divsi": "/"}
_POISON = {"float32": np.float32(np.nan), "int32": np.int32(-987654321)}


@dataclass(frozen=True)
class Execution:
    """The final contents of outputs, the cycles that the control took, and those that the schedule predicts.

    `accesses` has the cycles in which each buffer was accessed.
    """

    outputs: Mapping[str, Any]
    cycles: int
    predicted: int
    accesses: Mapping[str, list[int]]


@dataclass(frozen=True)
class _Entry:
    """One operation of one lane: fixed values of lanes' induction variables, offsets of a partly unrolled one.

    `own` numbers the buffers that were declared on the way to it: each lane's variables are its own.
    """

    op: mlir.Operation
    fixed: Mapping[mlir.Value, int]
    offset: Mapping[mlir.Value, int]
    inputs: Mapping[mlir.Value, int]
    own: Mapping[mlir.Value, int]


def execute(kernel: KernelIR, library: OperatorLibrary, inputs: Mapping[str, Any]) -> Execution:
    """Schedule a kernel and run it."""
    schedule = schedule_kernel(kernel, library)
    machine = _Machine(kernel, library, inputs)
    cycles = machine.block(kernel.body, list(schedule.items), {}, 0)
    outputs = {}
    for argument in kernel.arguments():
        if not argument.scalar and argument.direction != "in":
            name = argument.name + ("_out" if argument.direction == "inout" else "")
            outputs[name] = machine.memory[argument.value]
    return Execution(outputs, cycles, schedule.latency, machine.accesses)


class _Machine:
    def __init__(self, kernel: KernelIR, library: OperatorLibrary, inputs: Mapping[str, Any]) -> None:
        self.kernel = kernel
        self.ports = library.memory.ports
        self.loops = {loop.op: loop for loop in kernel.loops()}
        self.accesses: dict[str, list[int]] = defaultdict(list)
        self.memory: dict[Any, Any] = {}
        self.scalars: dict[mlir.Value, Any] = {}
        self.outside: dict[mlir.Value, Any] = {}
        self.buffers = {buffer.value: buffer for buffer in kernel.buffers()}
        for argument in kernel.arguments():
            if argument.scalar:
                self.scalars[argument.value] = argument.type.element.dtype.type(inputs[argument.name])
            elif argument.direction == "out":
                self.memory[argument.value] = self._poisoned(argument.value)
            else:
                self.memory[argument.value] = np.array(inputs[argument.name], argument.type.element.dtype)

    def _poisoned(self, buffer: mlir.Value) -> Any:
        kind = self.buffers[buffer].type
        return np.full(kind.shape, _POISON[kind.element.name], kind.element.dtype)

    def registers(self, buffer: mlir.Value) -> bool:
        known = self.buffers[buffer]
        return known.layout.banks(known.type.shape) == known.type.size

    def block(self, block: mlir.Block, items: list[Item], env: Mapping[mlir.Value, int], now: int) -> int:
        """Run a block's items from cycle `now` and return the first cycle after them."""
        straight: list[mlir.Operation] = []
        for view in block.operations:
            op = view.operation
            loop = self.loops.get(op)
            if op.name == "memref.alloc":
                self.memory[op.result] = self._poisoned(op.result)
            elif loop is None or self._lanes_only(loop):
                straight.append(op)
            else:
                now = self._straight(straight, items, env, now)
                straight = []
                now = self._loop(loop, items.pop(0), env, now)
        now = self._straight(straight, items, env, now)
        assert not items, "the schedule has more items than the code"
        return now

    def _lanes_only(self, loop: Loop) -> bool:
        return loop.unroll == 0 and all(inner.unroll == 0 for inner in loop.descendants())

    def _straight(
        self, ops: Sequence[mlir.Operation], items: list[Item], env: Mapping[mlir.Value, int], now: int
    ) -> int:
        entries = self._expand(ops, {}, {}, {}, {})
        if not entries:
            return now
        item = items.pop(0)
        assert isinstance(item, Segment)
        return self._run(item, entries, [dict(env)], [[True] * len(entries)], 0, now)

    def _loop(self, loop: Loop, item: Item, env: Mapping[mlir.Value, int], now: int) -> int:
        if isinstance(item, Nested):
            for value in self._values(loop, env):
                now = self.block(loop.body, list(item.body), {**env, loop.induction_variable: value}, now)
            return now
        assert isinstance(item, Pipeline)
        band = [loop]
        while len(band) < len(item.counters):
            band.append(band[-1].children[0])
        last = band[-1]
        lanes = last.unroll or 1
        ops = [view.operation for view in last.body.operations]
        own: dict[mlir.Value, int] = {}
        entries: list[_Entry] = []
        owners: list[int] = []
        for lane in range(lanes):
            offset = {last.induction_variable: lane * last.step}
            entries += self._expand(ops, {}, offset, {}, own, len(entries))
            owners += [lane] * (len(entries) - len(owners))
        iterations, enabled = [], []
        for outer in self._tuples(band[:-1], env):
            values = list(self._values(last, outer))
            for first in range(0, len(values), lanes):
                iterations.append({**outer, last.induction_variable: values[first]})
                enabled.append([first + lane < len(values) for lane in owners])
        return self._run(item, entries, iterations, enabled, item.placement.interval, now)

    def _tuples(self, loops: Sequence[Loop], env: Mapping[mlir.Value, int]) -> list[dict[mlir.Value, int]]:
        found = [dict(env)]
        for loop in loops:
            found = [{**outer, loop.induction_variable: v} for outer in found for v in self._values(loop, outer)]
        return found

    def _values(self, loop: Loop, env: Mapping[mlir.Value, int]) -> range:
        lower, upper = loop_bounds(loop)
        return range(max(b.evaluate(env) for b in lower), min(b.evaluate(env) for b in upper), loop.step)

    def _expand(
        self,
        ops: Sequence[mlir.Operation],
        fixed: Mapping[mlir.Value, int],
        offset: Mapping[mlir.Value, int],
        made: dict[mlir.Value, int],
        own: dict[mlir.Value, int],
        base: int = 0,
    ) -> list[_Entry]:
        """Return the operations in the order of the program; `inputs` are entries by the values that they make."""
        entries: list[_Entry] = []
        for op in ops:
            loop = self.loops.get(op)
            if loop is not None:
                for value in self._values(loop, dict(fixed)):
                    inner = [view.operation for view in loop.body.operations]
                    lane = {**fixed, loop.induction_variable: value}
                    entries += self._expand(inner, lane, offset, made, own, base + len(entries))
            elif op.name == "memref.alloc":
                own[op.result] = own.get(op.result, -1) + 1
            elif op.name in ("affine.load", "affine.store") or op.name.removeprefix("arith.") in (*_ARITHMETIC, "negf"):
                inputs = {value: made[value] for value in op.operands if value in made}
                if op.name != "affine.store":
                    made[op.results[0]] = base + len(entries)
                entries.append(_Entry(op, fixed, offset, inputs, dict(own)))
        return entries

    def _run(
        self,
        item: Segment | Pipeline,
        entries: Sequence[_Entry],
        iterations: Sequence[Mapping[mlir.Value, int]],
        enabled: Sequence[Sequence[bool]],
        interval: int,
        now: int,
    ) -> int:
        graph, place = item.graph, item.placement
        assert len(graph.operations) == len(entries) == len(place.starts)
        latencies = [operation.latency for operation in graph.operations]
        end = now + (interval * (len(iterations) - 1) + place.depth if iterations else 0)
        run = _PipelineRun(self, entries, latencies, iterations)
        events: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for n in range(len(iterations)):
            for index, start in enumerate(place.starts):
                assert start >= 0
                if enabled[n][index]:
                    events[now + n * interval + start].append((n, index))
        for cycle in sorted(events):
            run.cycle(cycle, sorted(events[cycle]))
        assert run.last < end or not iterations, "work is going on after the cycle of done"
        if isinstance(item, Segment):
            self.outside.update({entry.op.results[0]: run.value(0, i) for i, entry in run.results()})
        return end


class _PipelineRun:
    def __init__(
        self,
        machine: _Machine,
        entries: Sequence[_Entry],
        latencies: Sequence[int],
        iterations: Sequence[Mapping[mlir.Value, int]],
    ) -> None:
        self.machine, self.entries, self.latencies = machine, entries, latencies
        self.iterations = iterations
        self.values: dict[tuple[int, int], tuple[int, Any]] = {}
        self.own: dict[tuple[mlir.Value, int, int], Any] = {}
        self.last = -1

    def results(self) -> list[tuple[int, _Entry]]:
        return [(i, entry) for i, entry in enumerate(self.entries) if entry.op.name != "affine.store"]

    def value(self, iteration: int, index: int) -> Any:
        return self.values[iteration, index][1]

    def cycle(self, cycle: int, events: Sequence[tuple[int, int]]) -> None:
        """Do all that starts in a cycle; stores take effect at its end."""
        stored: dict[tuple[Any, tuple[int, ...]], tuple[int, int, Any]] = {}
        served: dict[tuple[Any, Any], set[Any]] = defaultdict(set)
        for n, index in events:
            entry = self.entries[index]
            name = entry.op.name.removeprefix("arith.").removeprefix("affine.")
            if name in ("load", "store"):
                self._access(cycle, n, index, name == "store", stored, served)
            else:
                operands = [self._operand(cycle, n, entry, value) for value in entry.op.operands]
                self.values[n, index] = (cycle + self.latencies[index], _compute(name, operands))
            if not (name == "load" and self.latencies[index] == 0):
                self.last = max(self.last, cycle + self.latencies[index])
        for (buffer, bank), users in served.items():
            assert len(users) <= self.machine.ports, f"{len(users)} accesses of bank {bank} of {buffer} in a cycle"
        for (memory, address), (_, _, value) in stored.items():
            self._memory(memory)[address] = value

    def _access(
        self, cycle: int, n: int, index: int, write: bool, stored: dict[Any, Any], served: dict[Any, Any]
    ) -> None:
        entry = self.entries[index]
        buffer = entry.op.operands[1 if write else 0]
        address = tuple(self._linear(n, entry, e) for e in access_of(entry.op) or ())
        known = self.machine.buffers[buffer]
        self.machine.accesses[known.name].append(cycle)
        assert all(0 <= a < extent for a, extent in zip(address, known.type.shape, strict=True))
        registers = self.machine.registers(buffer)
        if not registers:
            bank = known.layout.bank(address, known.type.shape)
            served[known.name, bank].add(index if write else (n, address))
        # A memory declared inside is one for each iteration and lane.
        key = ((buffer, n, entry.own[buffer]) if buffer in entry.own else buffer, address)
        if write:
            assert key not in stored, f"two stores to {known.name}{list(address)} in cycle {cycle}"
            stored[key] = (n, index, self._operand(cycle, n, entry, entry.op.operands[0]))
            return
        value = self._memory(key[0])[address]
        if registers and key in stored and stored[key][0] == n and stored[key][1] < index:
            value = stored[key][2]
        self.values[n, index] = (cycle + self.latencies[index], value)

    def _memory(self, key: Any) -> Any:
        if isinstance(key, tuple):
            if key not in self.own:
                self.own[key] = self.machine._poisoned(key[0])
            return self.own[key]
        return self.machine.memory[key]

    def _operand(self, cycle: int, n: int, entry: _Entry, value: mlir.Value) -> Any:
        if value in entry.inputs:
            ready, found = self.values[n, entry.inputs[value]]
            assert ready <= cycle, f"{entry.op.name} starts in cycle {cycle}, its input is there in {ready}"
            return found
        if value in self.machine.outside:
            return self.machine.outside[value]
        if value in self.machine.scalars:
            return self.machine.scalars[value]
        op = value.owner.operation
        if op.name == "arith.index_cast":
            linear = linear_of(op.operands[0])
            assert linear is not None
            return np.int32(self._linear(n, entry, linear))
        assert op.name == "arith.constant", op.name
        attribute = op.attributes["value"]
        if isinstance(attribute, mlir.FloatAttr):
            return np.float32(mlir.FloatAttr(attribute).value)
        return np.int32(mlir.IntegerAttr(attribute).value)

    def _linear(self, n: int, entry: _Entry, expression: LinearExpr) -> int:
        env = dict(self.iterations[n])
        for value, offset in entry.offset.items():
            env[value] += offset
        return expression.evaluate({**env, **entry.fixed})


def _compute(name: str, operands: Sequence[Any]) -> Any:
    with np.errstate(all="ignore"):
        if name == "negf":
            return -operands[0]
        left, right = operands
        match _ARITHMETIC[name]:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
    if name == "divf":
        with np.errstate(all="ignore"):
            return left / right
    return _divide(int(left), int(right))


def _divide(left: int, right: int) -> Any:
    if right == 0:
        return np.int32(-1)
    quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    return np.array(quotient & 0xFFFFFFFF, np.uint32).astype(np.int32)[()]
