"""Counts of a kernel's control flow by the interpreter, which shares nothing with the JIT."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from allo_studio.execute.arguments import Signature
from allo_studio.execute.recording import LoopCount, Recording
from allo_studio.ir import Argument, KernelIR, walk
from allo_studio.ir.attributes import symbol
from allo_studio.ir.binding import ir
from allo_studio.simulate import sequential

__all__ = ["counted", "same"]

LOOPS = ("affine.for", "scf.for", "scf.while")


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether outputs have the same names, in order, with the same types, shapes and bits."""

    def parts(outputs: Mapping[str, Any]) -> list[Any]:
        arrays = [(name, np.asarray(value)) for name, value in outputs.items()]
        return [(n, a.dtype, a.shape, a.tolist() if a.dtype.hasobject else a.tobytes()) for n, a in arrays]

    return parts(one) == parts(other)


class Tally:
    """Counts by function, kind and number, as the interpreter meets them."""

    def __init__(self) -> None:
        self.loops: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self.branches: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
        self.calls: Counter[str] = Counter()


class CountingMachine(sequential._Machine):
    def __init__(self, kernel: KernelIR, tally: Tally, globals_: dict[str, Any] | None = None) -> None:
        super().__init__(kernel, globals_)
        self.tally, operations = tally, list(walk(kernel.body))
        self.loops = {op: number for number, op in enumerate(op for op in operations if op.name in LOOPS)}
        self.branches = {op: number for number, op in enumerate(op for op in operations if op.name == "scf.if")}

    def block(self, block: ir.Block) -> list[Callable[[], None]]:
        steps, owner = super().block(block), block.owner.operation
        if owner not in self.loops or block != owner.regions[len(owner.regions) - 1].blocks[0]:
            return steps
        count = self.tally.loops[self._kernel.name, self.loops[owner]]

        def ran() -> None:
            count[2] += 1

        return [ran, *steps]

    def _step(self, op: ir.Operation) -> Callable[[], None]:
        step = super()._step(op)
        if op in self.loops:
            return self._counted_loop(op, step)
        return self._counted_branch(op, step) if op in self.branches else step

    def _counted_loop(self, op: ir.Operation, step: Callable[[], None]) -> Callable[[], None]:
        count = self.tally.loops[self._kernel.name, self.loops[op]]
        unroll = int(op.attributes["allo.unroll"]) if "allo.unroll" in op.attributes else 1

        def counted() -> None:
            before = count[2]
            step()
            trips = count[2] - before
            count[0] += 1
            count[1] += trips > 0
            count[3] += -(-trips // max(unroll, 1))

        return counted

    def _counted_branch(self, op: ir.Operation, step: Callable[[], None]) -> Callable[[], None]:
        count = self.tally.branches[self._kernel.name, self.branches[op]]

        def counted() -> None:
            count[0 if self.values[op.operands[0]] else 1] += 1
            step()

        return counted

    def _call(self, op: ir.Operation) -> Callable[[], None]:
        callee = self._kernel.at(symbol(op, "callee"))
        machine = CountingMachine(callee, self.tally, self._globals)
        body = machine.block(callee.body)
        self.tally.calls[callee.name] += 0

        def step() -> None:
            self.tally.calls[callee.name] += 1
            values = [self.values[operand] for operand in op.operands]
            machine.values.update(zip(callee.body.arguments, values, strict=True))
            sequential._run(body)

        return step


def _memory(argument: Argument, given: Any) -> Any:
    """Return a memory of an argument's full extents that starts with what is given."""
    dtype, shape = argument.type.element.dtype, argument.type.shape
    if given is not None and np.shape(given) == shape:
        return np.array(given, dtype)
    made = np.zeros(shape, dtype)
    if given is not None:
        made[tuple(map(slice, np.shape(given)))] = given
    return made


def counted(kernel: KernelIR, inputs: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Return the counts of the interpreter."""
    tally = Tally()
    tally.calls[kernel.name] += 1
    sizes, memories = Signature.of(kernel).check(kernel.name, inputs).sizes, dict[str, Any]()
    for argument in kernel.arguments():
        given = sizes[argument.name] if argument.name in sizes else inputs.get(argument.name)
        memories[argument.name] = _memory(argument, given)
    with monkeypatch.context() as patch:
        patch.setattr(sequential, "_Machine", lambda k: CountingMachine(k, tally))
        sequential.interpret_sequentially(kernel, memories)
    loops = {key: LoopCount(*count) for key, count in tally.loops.items()}
    return Recording(loops, {key: (yes, no) for key, (yes, no) in tally.branches.items()}, dict(tally.calls))
