"""Runs a hardware schedule cycle by cycle with real values: what the hardware would do, or an AssertionError.

It knows nothing of the kernel but the schedule: operations with their operands, start cycles, guards, memories and
control. What the iterations of a pipeline do and what is checked is in `cycle_iterations`; here is the control.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from cycle_iterations import Frame, Hardware, Iterations, Memory, Work
from element_values import POISON, elements_of, numbers_of, wrap

from allo_studio.hardware.counters import Counter
from allo_studio.hardware.indices import unsigned_name
from allo_studio.hardware.nest import (
    Bounds,
    Branch,
    Call,
    Item,
    Nested,
    Pipeline,
    Segment,
    WhileLoop,
    WhilePipeline,
)
from allo_studio.hardware.operations import Argument, Constant, Index, Live, Operand, Result
from allo_studio.hardware.schedule import HardwareSchedule
from allo_studio.hardware.storage import Storage
from allo_studio.ir import KernelIR
from allo_studio.ir.tables import initial_elements
from allo_studio.types import ArrayType

__all__ = ["Execution", "execute"]


@dataclass(frozen=True)
class Execution:
    """The final contents of outputs, the cycles that the control took, and those in which each stream's tokens moved.

    `work` is each execution of a pipeline or segment (see `cycle_iterations.Hardware`).
    """

    outputs: Mapping[str, Any]
    cycles: int
    accesses: Mapping[str, list[int]]
    work: Sequence[Work]


def execute(schedule: HardwareSchedule, kernel: KernelIR, inputs: Mapping[str, Any]) -> Execution:
    """Run a schedule on inputs by argument."""
    machine = _Machine(schedule, kernel)
    scalars: dict[str, Any] = {}
    given: dict[str, Memory] = {}
    sizes = sizes_of(kernel, inputs)
    inputs = {**sizes, **inputs}
    storages = {s.name: s for s in schedule.functions[schedule.kernel].storages if s.argument}
    for argument in kernel.arguments():
        kind = argument.type
        if argument.direction == "out":
            given[argument.name] = Memory(storages[argument.name], [POISON] * kind.size)
            continue
        array = np.asarray(inputs[argument.name], kind.element.dtype)
        numbers = _padded(numbers_of(array, kind.element), array.shape, kind)
        if argument.scalar:
            scalars[argument.name] = numbers[0]
        else:
            given[argument.name] = Memory(storages[argument.name], numbers)
    frame = machine.frame(schedule.kernel, given, scalars)
    cycles = machine.items(schedule.items, frame, 0)
    outputs = {}
    for argument in kernel.arguments():
        if not argument.scalar and argument.direction != "in":
            name = argument.name + ("_out" if argument.direction == "inout" else "")
            outputs[name] = _cropped(name, given[argument.name].elements, argument.type, sizes)
    return Execution(outputs, cycles, machine.hardware.tokens, machine.hardware.work)


def sizes_of(kernel: KernelIR, inputs: Mapping[str, Any]) -> dict[str, int]:
    """Return the named sizes that inputs have."""
    found: dict[str, int] = {}
    for argument in kernel.arguments():
        if argument.name in inputs:
            extents = zip(argument.type.sizes, np.shape(inputs[argument.name]), strict=False)
            found |= {name: extent for name, extent in extents if name}
    return found


def _padded(numbers: list[Any], shape: tuple[int, ...], kind: ArrayType) -> list[Any]:
    """Return the elements of a memory of the greatest extents; beyond what is given nothing was ever written."""
    if shape == kind.shape:
        return numbers
    memory = np.full(kind.shape, POISON, object)
    held = np.empty(len(numbers), object)
    held[:] = numbers
    memory[(*map(slice, shape), ...)] = held.reshape(shape)
    return memory.ravel().tolist()


def _cropped(name: str, numbers: list[Any], kind: ArrayType, sizes: Mapping[str, int]) -> Any:
    """Return what a memory holds within the sizes; all of it must have been written."""
    extents = zip(kind.names, kind.shape, strict=True)
    shape = tuple(sizes.get(size, extent) for size, extent in extents)
    memory = np.empty(len(numbers), object)
    memory[:] = numbers
    inside = memory.reshape(kind.shape)[(*map(slice, shape), ...)].ravel().tolist()
    assert POISON not in inside, f"{name} has elements that nothing wrote"
    return elements_of(inside, kind.element, shape)


class _Machine:
    def __init__(self, schedule: HardwareSchedule, kernel: KernelIR) -> None:
        self.schedule = schedule
        self.kernel = kernel
        storages = {name: {s.key: s for s in found.storages} for name, found in schedule.functions.items()}
        self.hardware = Hardware(schedule.library.usable_ns, schedule.library.memory.ports, storages)
        self._kept: dict[str, dict[str, Memory]] = {}
        self._shared: dict[str, Memory] = {}

    def frame(self, name: str, given: Mapping[str, Memory], scalars: Mapping[str, Any]) -> Frame:
        """Return a function ready to run. Its own memories are what the last run left in them."""
        storages = self.schedule.functions[name].storages
        if name not in self._kept:
            self._kept[name] = {s.key: self._own(s) for s in storages if not s.argument}
        frame = Frame(name, {**self._kept[name], **given}, dict(scalars))
        for argument in self.kernel.at(self.schedule.functions[name].origin).arguments():
            value = scalars.get(argument.name)
            if isinstance(value, int):
                frame.counters[argument.name] = value
                frame.counters[unsigned_name(argument.name)] = value % (1 << argument.type.element.bits)
        return frame

    def _own(self, storage: Storage) -> Memory:
        if not storage.symbol:
            return Memory(storage, [POISON] * storage.type.size)
        if storage.symbol not in self._shared:
            _, elements = initial_elements(self.kernel.module, storage.symbol)
            self._shared[storage.symbol] = Memory(storage, elements)
        return self._shared[storage.symbol]

    # Control: each returns the first cycle after what it ran.

    def items(self, items: Sequence[Item], frame: Frame, now: int) -> int:
        for item in items:
            now = self._item(item, frame, now)
        return now if items else now + 1

    def _item(self, item: Item, frame: Frame, now: int) -> int:
        match item:
            case Segment():
                run = Iterations(self.hardware, frame, item, now)
                run.start(0, {})
                end = run.finish(now + item.placement.depth)
                frame.live.update({number: run.value(0, operand) for number, operand in item.graph.exports.items()})
                return end
            case Pipeline():
                return self._pipeline(item, frame, now)
            case WhilePipeline():
                return self._while_pipeline(item, frame, now)
            case Nested():
                values = self._values(item.counter, item.bounds, frame)
                for value in values:
                    frame.counters[item.counter.key] = value
                    now = self.items(item.body, frame, now)
                return now if values else now + 1
            case WhileLoop():
                now = self.items(item.test, frame, now)
                while self.outside(item.condition, frame):
                    now = self.items(item.body, frame, now)
                    now = self.items(item.test, frame, now)
                return now
            case Branch():
                taken = bool(self.outside(item.condition, frame))
                now = self.items(item.then if taken else item.other, frame, now)
                for number, then, other in item.results:
                    frame.live[number] = self.outside(then if taken else other, frame)
                return now
            case Call():
                given = {name: frame.memories[key] for name, key in item.arrays}
                scalars = {name: self.outside(operand, frame) for name, operand in item.scalars}
                for name, size in item.sizes:
                    assert scalars[name] == frame.index(size)
                return self.items(self.schedule.control[item.function], self.frame(item.function, given, scalars), now)

    def outside(self, operand: Operand, frame: Frame) -> Any:
        """Return a value that control takes."""
        match operand:
            case Constant():
                found: Any = operand.value
            case Index():
                found = wrap(frame.index(operand.expression), operand.type)
            case Argument():
                found = frame.scalars[operand.name]
            case Live():
                found = frame.live[operand.number]
            case _:
                raise AssertionError(f"control cannot take {operand}")
        assert found is not POISON, "control depends on a value that nothing wrote"
        return found

    def _values(self, counter: Counter, bounds: Bounds | None, frame: Frame) -> range:
        if bounds is None:
            low = max(frame.index(bound) for bound in counter.lower)
            high = min(frame.index(bound) for bound in counter.upper)
        else:
            low, high = self.outside(bounds.lower, frame), self.outside(bounds.upper, frame)
        return range(low, high, counter.step)

    def _pipeline(self, item: Pipeline, frame: Frame, now: int) -> int:
        run = Iterations(self.hardware, frame, item, now)
        last = item.counters[-1]
        number = 0
        for outer in self._tuples(item, frame, 0, {}):
            frame.counters.update(outer)
            values = list(self._values(last, item.bounds if len(item.counters) == 1 else None, frame))
            for first in range(0, len(values), last.lanes):
                there = len(values) - first
                run.start(number, {**outer, last.key: values[first]}, there)
                number += 1
        if not number:
            return now + 1
        return run.finish(now + item.placement.interval * (number - 1) + item.placement.depth)

    def _tuples(
        self, item: Pipeline, frame: Frame, level: int, outer: dict[int | str, int]
    ) -> Iterator[dict[int | str, int]]:
        if level == len(item.counters) - 1:
            yield outer
            return
        counter = item.counters[level]
        frame.counters.update(outer)
        for value in self._values(counter, item.bounds if level == 0 else None, frame):
            yield from self._tuples(item, frame, level + 1, {**outer, counter.key: value})

    def _while_pipeline(self, item: WhilePipeline, frame: Frame, now: int) -> int:
        run = Iterations(self.hardware, frame, item, now)
        run.start(0, {})
        rounds = 0
        if isinstance(item.condition, Result):
            assert item.exit < item.placement.interval, "an iteration starts before it is known whether it does"
            while run.value_of(rounds, item.condition.operation, now + rounds * item.placement.interval + item.exit):
                rounds += 1
                run.start(rounds, {})
        else:
            assert not self.outside(item.condition, frame), "the loop has no end"
        return run.finish(now + item.cycles(rounds), squashed=rounds)
