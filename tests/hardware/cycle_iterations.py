"""The iterations of one pipeline as hardware does them, cycle by cycle, with real values and all checks.

A load that starts in cycle t sees the stores of cycles before t; a register's read also sees a store of its own
iteration in the same cycle. Values must be there when they are used, what is chained in a cycle must fit the period,
and no bank may serve more accesses in a cycle than it has ports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, TypeAlias

import numpy as np
from element_values import POISON, compute, wrap

from allo_studio.hardware.counters import Affine
from allo_studio.hardware.nest import Pipeline, Segment, WhilePipeline
from allo_studio.hardware.operations import Constant, Enabled, Index, Live, Operand, Operation, Result
from allo_studio.hardware.storage import Storage

__all__ = ["Frame", "Hardware", "Iterations", "Memory", "Work"]


@dataclass
class Memory:
    storage: Storage
    elements: list[Any]


@dataclass
class Frame:
    """A function that runs: its memories by name, scalar arguments, counters, and values that items left."""

    function: str
    memories: dict[str, Memory]
    scalars: dict[str, Any]
    counters: dict[int | str, int] = field(default_factory=dict)
    live: dict[int, Any] = field(default_factory=dict)

    def index(self, expression: Affine) -> int:
        return expression.evaluate(self.counters)


Work: TypeAlias = "tuple[str, Segment | Pipeline | WhilePipeline, list[dict[int | str, int]]]"


@dataclass(frozen=True)
class Hardware:
    """What all pipelines have in common: the usable period in ns, a bank's ports by kind, the buffers by function.

    `tokens` gathers the cycles in which each stream's tokens move, `work` each execution of a pipeline or segment: the
    function, the item, and the counters' values in each iteration.
    """

    usable: float
    ports: Mapping[str, int]
    storages: Mapping[str, Mapping[str, Storage]]
    tokens: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    work: list[Work] = field(default_factory=list)


@dataclass(frozen=True)
class _Made:
    """A value: the cycle in which it is there, how far into it in ns, and what it is."""

    cycle: int
    offset: float
    value: Any


class Iterations:
    """The iterations of one pipeline, or the one of a segment, in the order of cycles."""

    def __init__(self, hardware: Hardware, frame: Frame, item: Segment | Pipeline | WhilePipeline, now: int) -> None:
        self.hardware, self.frame, self.now = hardware, frame, now
        self.item, self.graph, self.place = item, item.graph, item.placement
        self.made: dict[tuple[int, int], _Made] = {}
        self.counters: dict[int, tuple[dict[int | str, int], int]] = {}
        self.queue: list[tuple[int, int, int]] = []
        self.fresh: dict[tuple[str, int], list[Any]] = {}
        # The last cycles of each iteration's operations, of those that write and of the others.
        self.last: dict[tuple[int, bool], int] = defaultdict(lambda: -1)

    def start(self, iteration: int, counters: dict[int | str, int], there: int = 1 << 60) -> None:
        """Let an iteration begin, of whose lanes so many have one."""
        self.counters[iteration] = ({**self.frame.counters, **counters}, there)
        for op, start in zip(self.graph.operations, self.place.starts, strict=True):
            assert start >= 0
            heappush(self.queue, (self.now + iteration * self.place.interval + start, iteration, op.index))

    def value_of(self, iteration: int, operation: int, cycle: int) -> Any:
        """Run up to the end of a cycle and return a result, which must be there."""
        self._until(cycle)
        made = self.made[iteration, operation]
        assert made.cycle <= cycle
        assert made.value is not POISON, "control depends on a value that nothing wrote"
        return made.value

    def value(self, iteration: int, operand: Operand) -> Any:
        """Return a value of an iteration that is done."""
        if isinstance(operand, Result):
            return self.made[iteration, operand.operation].value
        if isinstance(operand, Index | Enabled):
            return self._operand(iteration, operand, 1 << 60).value
        return self._outside(operand)

    def _outside(self, operand: Operand) -> Any:
        if isinstance(operand, Live):
            return self.frame.live[operand.number]
        return operand.value if isinstance(operand, Constant) else self.frame.scalars[operand.name]  # type: ignore[union-attr]

    def finish(self, end: int, squashed: int = -1) -> int:
        """Run to the end, by which all must be done but what an iteration that is none still computes in vain."""
        self._until(1 << 60)
        last = max((last for key, last in self.last.items() if key != (squashed, False)), default=-1)
        assert last < end, "work is going on after the cycle of done"
        self.hardware.work.append((self.frame.function, self.item, [env for env, _ in self.counters.values()]))
        return end

    def _until(self, cycle: int) -> None:
        while self.queue and self.queue[0][0] <= cycle:
            now = self.queue[0][0]
            together = []
            while self.queue and self.queue[0][0] == now:
                together.append(heappop(self.queue)[1:])
            self._cycle(now, together)

    def _cycle(self, cycle: int, events: Sequence[tuple[int, int]]) -> None:
        """Do all that starts in a cycle; stores take effect at its end."""
        stored: dict[tuple[str, int, int], tuple[int, int, _Made]] = {}
        served: dict[tuple[str, str, tuple[int, ...]], list[Operation]] = defaultdict(list)
        moved: dict[str, int] = defaultdict(int)
        for iteration, index in events:
            op = self.graph.operations[index]
            if op.kind == "compute":
                self._compute(cycle, iteration, op)
            elif op.kind in ("read", "write", "element"):
                self._token(cycle, iteration, op, moved)
            else:
                self._access(cycle, iteration, op, stored, served)
            if not op.wire and (not op.write or self._happens(cycle, iteration, op)):
                self.last[iteration, op.write] = max(self.last[iteration, op.write], cycle + op.latency)
        for (name, kind, bank), ops in served.items():
            ports = self.hardware.ports[kind]
            assert len(ops) <= ports, f"{len(ops)} accesses of bank {bank} of {name} in a cycle: {ops}"
        assert all(count == 1 for count in moved.values()), "two tokens of a stream in a cycle"
        for (name, iteration, address), (_, _, made) in stored.items():
            self._elements(name, iteration)[address] = made.value

    # Operations

    def _compute(self, cycle: int, iteration: int, op: Operation) -> None:
        taken = [self._operand(iteration, operand, cycle) for operand in op.inputs]
        offset = self._arrival(cycle, taken, op)
        kinds = [self._type(operand) for operand in op.inputs]
        value = compute(op, [entry.value for entry in taken], kinds)
        self._done(cycle, iteration, op, offset, value)

    def _done(self, cycle: int, iteration: int, op: Operation, offset: float, value: Any) -> None:
        late = op.delay_out if op.latency else offset + op.delay_out
        self.made[iteration, op.index] = _Made(cycle + op.latency, late, value)

    def _arrival(self, cycle: int, taken: Sequence[_Made], op: Operation) -> float:
        """Return how far into the cycle all inputs are there; the operation must still fit in."""
        late = max((entry.offset for entry in taken if entry.cycle == cycle), default=0.0)
        assert late == 0 or late + op.delay_in <= self.hardware.usable + 1e-6, f"{op.label} is chained too late"
        return late

    def _operand(self, iteration: int, operand: Operand, cycle: int) -> _Made:
        match operand:
            case Result():
                found = self.made[iteration, operand.operation]
                assert found.cycle <= cycle, f"a value is taken in cycle {cycle} and there in {found.cycle}"
                return found
            case Index():
                counters, _ = self.counters[iteration]
                return _Made(-1, 0.0, wrap(operand.expression.evaluate(counters), operand.type))
            case Enabled():
                return _Made(-1, 0.0, -1 if operand.lane < self.counters[iteration][1] else 0)
        return _Made(-1, 0.0, self._outside(operand))

    def _type(self, operand: Operand) -> Any:
        return (
            self.graph.operations[operand.operation].type
            if isinstance(operand, Result)
            else getattr(operand, "type", None)
        )

    def _happens(self, cycle: int, iteration: int, op: Operation) -> bool:
        for guard in op.guards:
            value = self._operand(iteration, guard.operand, cycle).value
            assert value is not POISON, "a store depends on a value that nothing wrote"
            if bool(value) != guard.truth:
                return False
        return True

    # Memory

    def _address(self, iteration: int, op: Operation, cycle: int) -> tuple[tuple[int, ...] | None, list[_Made]]:
        counters, _ = self.counters[iteration]
        taken, subscripts = [], []
        for subscript in op.subscripts:
            if isinstance(subscript, Affine):
                subscripts.append(subscript.evaluate(counters))
            else:
                taken.append(self._operand(iteration, subscript, cycle))
                subscripts.append(taken[-1].value)
        return (None if POISON in subscripts else tuple(subscripts)), taken

    def _access(self, cycle: int, iteration: int, op: Operation, stored: Any, served: Any) -> None:
        memory = self._memory(op.buffer)
        address, taken = self._address(iteration, op, cycle)
        taken += [self._operand(iteration, operand, cycle) for operand in op.inputs]
        taken += [self._operand(iteration, guard.operand, cycle) for guard in op.guards]
        offset = self._arrival(cycle, taken, op)
        shape = memory.storage.type.shape
        inside = address is not None and all(0 <= a < n for a, n in zip(address, shape, strict=True))
        if op.write and not self._happens(cycle, iteration, op):
            return
        if address is not None and not memory.storage.register:
            kind = "any" if "any" in self.hardware.ports else "write" if op.write else "read"
            served[op.buffer, kind, self._bank(memory, address)].append(op)
        if not inside:
            assert not op.write, f"{op.label} is out of range at {address}"
            # Read in vain, before it was known that the branch is not taken.
            self._done(cycle, iteration, op, offset, POISON)
            return
        assert address is not None
        place = int(np.ravel_multi_index(address, shape)) if shape else 0
        key = (op.buffer, iteration if "#" in op.buffer else -1, place)
        if op.write:
            assert key not in stored, f"two stores of {op.buffer}{list(address)} in cycle {cycle}"
            put = self._operand(iteration, op.inputs[0], cycle).value
            stored[key] = (iteration, op.index, _Made(cycle, offset + op.delay_out, put))
            return
        value = self._elements(op.buffer, key[1])[place]
        if memory.storage.register and key in stored and stored[key][0] == iteration and stored[key][1] < op.index:
            # What was put into a register is a wire in the rest of the cycle.
            offset, value = self._arrival(cycle, [*taken, stored[key][2]], op), stored[key][2].value
        self._done(cycle, iteration, op, offset, value)

    def _bank(self, memory: Memory, address: tuple[int, ...]) -> tuple[int, ...]:
        shape = memory.storage.type.shape
        dims = memory.storage.layout.normal(shape).dims
        return tuple(dim.bank(a, n) for dim, a, n in zip(dims, address, shape, strict=True))

    def _memory(self, name: str) -> Memory:
        if "#" in name:
            key = name.rpartition("#")[0]
            return Memory(self.hardware.storages[self.frame.function][key], [])
        return self.frame.memories[name]

    def _elements(self, name: str, iteration: int) -> list[Any]:
        if iteration < 0:
            return self.frame.memories[name].elements
        if (name, iteration) not in self.fresh:
            self.fresh[name, iteration] = [POISON] * self._memory(name).storage.type.size
        return self.fresh[name, iteration]

    # Streams

    def _token(self, cycle: int, iteration: int, op: Operation, moved: dict[str, int]) -> None:
        memory = self._memory(op.buffer)
        if op.kind == "element":
            token = self._operand(iteration, op.inputs[0], cycle)
            if token.value is POISON:
                self.made[iteration, op.index] = token
                return
            address, _ = self._address(iteration, op, cycle)
            place = int(np.ravel_multi_index(address, memory.storage.type.shape))  # type: ignore[arg-type]
            self.made[iteration, op.index] = _Made(token.cycle, token.offset, memory.elements[place])
            return
        if not self._happens(cycle, iteration, op):
            self._done(cycle, iteration, op, 0.0, POISON)
            return
        moved[op.buffer] += 1
        self.hardware.tokens[op.buffer].append(cycle)
        if op.kind == "read":
            self._done(cycle, iteration, op, 0.0, None)
            return
        taken = [self._operand(iteration, operand, cycle) for operand in op.inputs]
        self._arrival(cycle, taken, op)
        address, _ = self._address(iteration, op, cycle)
        place = int(np.ravel_multi_index(address, memory.storage.type.shape))  # type: ignore[arg-type]
        for number, entry in enumerate(taken):
            memory.elements[place + number] = entry.value
