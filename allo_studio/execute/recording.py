"""How often a kernel's control flow goes where, found by running it: counts of its loops, branches and calls.

The JIT runs a clone of the kernel that counts. Each function of the clone takes the counters as one more argument: a
memory of 64-bit numbers, in which it has a range of its own. The operations that count stand beside those of the kernel
and change none of them, so what the kernel computes stays the same bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from allo_studio.execute.executable import Executable, jit
from allo_studio.ir import KernelIR, LinearExpr, Loop, in_context, walk
from allo_studio.ir.arithmetic import Arithmetic
from allo_studio.ir.attributes import set_strings, strings, symbol
from allo_studio.ir.binding import ir
from allo_studio.ir.build import load, memref_type, store
from allo_studio.ir.rewrite import after, at_start, before, erase, fresh_buffer_name
from allo_studio.types import ArrayType, integer

__all__ = ["LoopCount", "Recorder", "Recording", "record"]

_BITS = 64


@dataclass(frozen=True)
class LoopCount:
    """How often a loop was reached and its body ran, over the whole run.

    `entries` is how often the loop was reached, `nonempty` how many of these ran the body at least once, `iterations`
    how often the body ran. `groups` is the sum over the entries of their iterations divided by the lanes, each rounded
    up; the lanes are the factor of a loop that is partly unrolled (`allo.unroll` above 1), else 1.
    """

    entries: int
    nonempty: int
    iterations: int
    groups: int


@dataclass(frozen=True)
class Recording:
    """The counts of one run, for the kernel's function and all that it can call, also where a count is 0.

    `loops`: by function and number of the loop in `kernel.at(function).loops()`.
    `branches`: how often the condition was true and false, where it was evaluated, by function and number of the
    `scf.if` among those of `walk(kernel.at(function).body)`.
    `calls`: how often each function ran, by name; the kernel itself once.
    """

    loops: Mapping[tuple[str, int], LoopCount]
    branches: Mapping[tuple[str, int], tuple[int, int]]
    calls: Mapping[str, int]


def record(
    kernel: KernelIR, inputs: Mapping[str, object], most_iterations: int | None = None
) -> tuple[dict[str, npt.NDArray[Any]], Recording]:
    """Run a kernel once, as `jit(kernel, most_iterations).run(inputs)` does, and return its outputs and the counts.

    Inputs, outputs and errors are those of the plain run: AlloError of code `run`, with all faults. State starts at its
    initial value; use a `Recorder` for several calls.
    """
    return Recorder.of(kernel, most_iterations).run(inputs)


@dataclass(frozen=True)
class Recorder:
    """A compiled kernel whose calls are counted, each on its own; state is kept from call to call."""

    _executable: Executable
    _counters: str
    _ranges: tuple[_Range, ...] = field(repr=False)

    @classmethod
    def of(cls, kernel: KernelIR, most_iterations: int | None = None) -> Recorder:
        """Compile a kernel; raises ValueError where the IR is not in a kernel's form, as `jit` does."""
        kernel.verify()
        counting = kernel.clone()
        functions = _reachable(counting)
        for name in set(counting.functions) - set(functions):
            counting.at(name).function.erase()
        ranges = tuple(_ranges(counting, functions))
        with in_context():
            for place in ranges:
                _instrument(counting.at(place.function), place, ranges[-1].end)
        name = counting.arguments()[-1].name
        return cls(jit(counting, most_iterations), name, ranges)

    def run(self, inputs: Mapping[str, object], whole: bool = False) -> tuple[dict[str, npt.NDArray[Any]], Recording]:
        """Run on inputs by name and return the outputs by name and the counts of this call; errors as `record`."""
        outputs = self._executable.run(inputs, whole)
        counts = outputs.pop(self._counters)
        return outputs, _recording(self._ranges, [int(count) for count in counts])

    def reset(self) -> None:
        """Give all state its initial value."""
        self._executable.reset()


@dataclass(frozen=True)
class _Range:
    """Where a function's counters are: how often it ran, then those of its loops, then those of its branches.

    A loop has its iterations since it was last reached, and the four of `LoopCount` in their order. That the first is
    in one place for all calls is enough, because a function is never inside itself. A branch has true and false.
    """

    function: str
    start: int
    loops: int
    branches: int

    @property
    def end(self) -> int:
        """The place after the last."""
        return self.branch(self.branches)

    def loop(self, number: int) -> int:
        """Return the place of a loop's first counter."""
        return self.start + 1 + 5 * number

    def branch(self, number: int) -> int:
        """Return the place of a branch's first counter."""
        return self.loop(self.loops) + 2 * number


def _ranges(kernel: KernelIR, functions: Iterable[str]) -> Iterator[_Range]:
    start = 0
    for name in functions:
        seen = kernel.at(name)
        place = _Range(name, start, len(seen.loops()), len(_operations(seen, "scf.if")))
        yield place
        start = place.end


def _recording(ranges: Iterable[_Range], counts: list[int]) -> Recording:
    loops, branches, calls = dict[tuple[str, int], LoopCount](), dict[tuple[str, int], tuple[int, int]](), {}
    for place in ranges:
        calls[place.function] = counts[place.start]
        for number in range(place.loops):
            first = place.loop(number) + 1
            loops[place.function, number] = LoopCount(*counts[first : first + 4])
        for number in range(place.branches):
            first = place.branch(number)
            branches[place.function, number] = (counts[first], counts[first + 1])
    return Recording(loops, branches, calls)


def _reachable(kernel: KernelIR) -> tuple[str, ...]:
    """Return the kernel's function and all that it can call, in the order in which they are met."""
    found, waiting = list[str](), [kernel.name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            waiting += reversed([symbol(op, "callee") for op in _operations(kernel.at(name), "func.call")])
    return tuple(found)


def _operations(kernel: KernelIR, name: str) -> list[ir.Operation]:
    return [op for op in walk(kernel.body) if op.name == name]


def _instrument(kernel: KernelIR, place: _Range, size: int) -> None:
    """Let a function count, in place. Needs the context to be current."""
    loops, branches = kernel.loops(), _operations(kernel, "scf.if")
    counters = _Counters(_add_argument(kernel, size))
    for op in _operations(kernel, "func.call"):
        _pass_on(op, counters.memory)
    for number, loop in enumerate(loops):
        _count_loop(counters, loop, place.loop(number))
    for number, op in enumerate(branches):
        _count_branch(counters, op, place.branch(number))
    counters.add(place.start, 1, at_start(kernel.body))


def _add_argument(kernel: KernelIR, size: int) -> ir.Value:
    """Add the counters as the last argument, an output, which therefore starts as zeros, and return it."""
    function, body = kernel.function, kernel.body
    name = fresh_buffer_name(kernel, "times")
    set_strings(function, "allo.args", [*strings(function, "allo.args"), name])
    set_strings(function, "allo.directions", [*strings(function, "allo.directions"), "out"])
    added = body.add_argument(memref_type(ArrayType(integer(_BITS), (size,))), function.location)
    kinds = [argument.type for argument in body.arguments]
    function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(kinds, []))
    return added


def _pass_on(op: ir.Operation, memory: ir.Value) -> None:
    """Replace a call by one that takes the counters too."""
    attributes = {str(name): op.attributes[name] for name in op.attributes}
    ir.Operation.create("func.call", [], [*op.operands, memory], attributes, loc=op.location, ip=before(op))
    erase(op)


@dataclass(frozen=True)
class _Counters:
    """The counters of one function, and makers of the operations that change them."""

    memory: ir.Value

    def get(self, place: int, at: ir.InsertionPoint) -> ir.Value:
        """Make a load of a counter."""
        return load(self.memory, [LinearExpr.number(place)], at)

    def set(self, place: int, value: int, at: ir.InsertionPoint) -> None:
        """Make a store of a number to a counter."""
        store(_arithmetic(at).whole(value, _BITS), self.memory, [LinearExpr.number(place)], at)

    def add(self, place: int, value: int | ir.Value, at: ir.InsertionPoint) -> None:
        """Add a number to a counter."""
        work, held = _arithmetic(at), self.get(place, at)
        added = work.whole(value, _BITS) if isinstance(value, int) else value
        store(work.integers("+", held, added), self.memory, [LinearExpr.number(place)], at)


def _count_loop(counters: _Counters, loop: Loop, first: int) -> None:
    """Count the iterations of an entry in the body, and add them up behind the loop."""
    counters.set(first, 0, before(loop.op))
    counters.add(first, 1, at_start(loop.body))
    at = after(loop.op)
    work, lanes = _arithmetic(at), max(loop.unroll or 1, 1)
    iterations = counters.get(first, at)
    ran = work.resize(work.compare("!=", iterations, work.whole(0, _BITS)), _BITS, signed=False)
    groups = iterations
    if lanes > 1:
        filled = work.integers("+", iterations, work.whole(lanes - 1, _BITS))
        groups = work.integers("/", filled, work.whole(lanes, _BITS), signed=False)
    for number, value in enumerate((1, ran, iterations, groups), first + 1):
        counters.add(number, value, at)


def _count_branch(counters: _Counters, op: ir.Operation, first: int) -> None:
    """Count the condition's values before the branch: it may have no else."""
    at = before(op)
    work, condition = _arithmetic(at), op.operands[0]
    opposite = work.integers("^", condition, work.whole(1, 1))
    for number, value in enumerate((condition, opposite), first):
        counters.add(number, work.resize(value, _BITS, signed=False), at)


def _arithmetic(at: ir.InsertionPoint) -> Arithmetic:
    """Return a maker of operations that stand for no text of the source."""
    return Arithmetic(at, ir.Location.unknown())
