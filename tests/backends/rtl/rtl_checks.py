"""What every test of the circuits of a kernel asks: the JIT's bits, in exactly the predicted cycles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from random_engines import difference

from allo_studio.backends.rtl.bench import surround
from allo_studio.backends.rtl.buffers import port_base
from allo_studio.backends.rtl.functions import build_kernel
from allo_studio.backends.rtl.refusals import refusals
from allo_studio.backends.rtl.worker import shared
from allo_studio.diagnostics import AlloError
from allo_studio.execute.recording import Recorder, Recording
from allo_studio.hardware.cycles import Run
from allo_studio.hardware.operators import OperatorLibrary, load_operators
from allo_studio.hardware.schedule import HardwareSchedule, schedule_kernel
from allo_studio.hardware.storage import Storage
from allo_studio.ir import KernelIR
from allo_studio.ir.views import Argument
from allo_studio.simulate.cycle.contents import load, store
from allo_studio.simulate.cycle.model import Model
from allo_studio.simulate.jit import whole_arguments
from allo_studio.words import from_bits, to_bits

__all__ = [
    "BENCH",
    "CLOCKS",
    "OPEN",
    "Exact",
    "RunningKernel",
    "Script",
    "assert_exact",
    "assert_exact_stalled",
    "has_circuits",
    "stalled_cycles",
]

BENCH = "bench"
CLOCKS = (3.33, 4.0, 10.0)
# The operators that the circuits have, at each clock.
OPEN = {clock: load_operators("open", clock) for clock in CLOCKS}
_MOST_ITERATIONS = 100_000
_RESET_CYCLES = 2
# Cycles after the last invocation in which nothing may happen any more.
_QUIET = 40
_GRACE = 200

Arrays = Mapping[str, Any]
# Whether a stream can move a token in a cycle, counted from that of the first start.
Script = Callable[[int], bool]


@dataclass(frozen=True)
class Exact:
    """A run that was as it should be: the schedule, the cycles of each invocation, and the last one's outputs."""

    schedule: HardwareSchedule
    cycles: tuple[int, ...]
    outputs: Arrays


def has_circuits(schedule: HardwareSchedule) -> bool:
    """Return whether all operations of a kernel have circuits."""
    return not list(refusals(schedule))


class RunningKernel:
    """A kernel's circuits with memories around them, as a program that can run many times."""

    def __init__(self, kernel: KernelIR, library: OperatorLibrary, schedule: HardwareSchedule | None = None) -> None:
        """Raises AlloError (code `rtl`) with all operations that have no circuit."""
        self.kernel = kernel
        self.schedule = schedule or schedule_kernel(kernel, library)
        faults = list(refusals(self.schedule))
        if faults:
            raise AlloError(faults)
        self.modules = build_kernel(self.schedule, kernel, port_base(kernel.name))
        bench = surround(self.modules, BENCH)
        self.inside = bench.instances[self.modules.top.name]
        text = "".join(circuit.text() for circuit in (*self.modules.circuits, bench))
        self.model = Model(shared().simulation(text, BENCH, kernel.name))

    @cached_property
    def storages(self) -> Mapping[str, Storage]:
        """The array arguments, by name."""
        return {storage.name: storage for storage in self.modules.storages if storage.argument}

    @cached_property
    def recorder(self) -> Recorder:
        """The kernel compiled for this machine, which counts as it runs."""
        return Recorder.of(self.kernel, _MOST_ITERATIONS)

    def memories(self) -> Iterator[tuple[Argument, Storage]]:
        """Yield the array arguments that have memories."""
        for argument in self.kernel.arguments():
            if not argument.scalar and argument.name not in self.kernel.streams:
                yield argument, self.storages[argument.name]

    def begin(self, inputs: Arrays, invocations: int) -> None:
        """Reset the circuits, fill the memories, and let them start so often. Outputs begin as ones, bit by bit."""
        model = self.model
        model.reset()
        for argument, storage in self.memories():
            kind = argument.type
            filled = ones(storage)
            if argument.direction != "out":
                array = np.asarray(inputs[argument.name], kind.element.dtype)
                filled[tuple(map(slice, array.shape))] = array
            load(model, storage, filled)
        for name, text in self.modules.files.items():
            for path in self.modules.contents[name]:
                self._fill(f"{self.inside}/{path}", [int(line, 16) for line in text.split()])
        known = {place.name for place in model.simulation.inputs}
        for argument in self.kernel.arguments():
            # A scalar that nothing depends on has no input.
            if argument.scalar and port_base(argument.name) in known:
                kind = argument.type.element
                bits = to_bits(np.asarray(inputs[argument.name], kind.dtype), kind)
                model.poke(port_base(argument.name), int(bits))
        model.poke("rst", 1)
        model.run(_RESET_CYCLES)
        model.poke("rst", 0)
        model.poke("invocations", invocations)

    def _fill(self, path: str, words: Sequence[int]) -> None:
        if path not in self.model.memories:
            return
        memory = self.model.memory(path)
        for number, word in enumerate(words):
            if memory.ndim == 1:
                memory[number] = word
            else:
                memory[number] = np.frombuffer(word.to_bytes(memory.shape[1], "little"), np.uint8)

    def outputs(self, sizes: Mapping[str, int]) -> dict[str, Any]:
        """Return what the memories of outputs hold, within the named sizes."""
        found = {}
        for argument, storage in self.memories():
            if argument.direction != "in":
                kind = argument.type
                extents = zip(kind.names, kind.shape, strict=True)
                within = tuple(slice(sizes.get(name, extent)) for name, extent in extents)
                array = store(self.model, storage)
                found[_result(argument)] = array[within] if within else array
        return found


def ones(storage: Storage) -> Any:
    """Return an array for a buffer with all bits of each element set."""
    kind = storage.type.element
    bits = (1 << kind.bits) - 1
    one = from_bits(np.asarray(bits, object if kind.bits > 64 else _unsigned(kind.bits)), kind)
    filled = np.empty(storage.type.shape, kind.dtype)
    filled[...] = one
    return filled


def _unsigned(width: int) -> np.dtype[Any]:
    return np.dtype(f"uint{next(w for w in (8, 16, 32, 64) if width <= w)}")


def _result(argument: Argument) -> str:
    return argument.name + ("_out" if argument.direction == "inout" else "")


def assert_exact(
    kernel: KernelIR,
    library: OperatorLibrary,
    inputs: Arrays,
    invocations: int = 1,
    running: RunningKernel | None = None,
) -> Exact:
    """Check that a kernel's circuits compute the JIT's bits, in exactly the predicted cycles.

    Invocations follow each other as closely as the kernel takes them; what it changes in one the next finds. `running`
    are the kernel's circuits, where they are there already. Raises AlloError as `RunningKernel`.
    """
    running = running or RunningKernel(kernel, library)
    sizes = sizes_of(kernel, inputs)
    inputs = {**sizes, **inputs}
    expected = list(_expected(running, inputs, invocations))
    running.begin(inputs, invocations)
    found, now, cycles = 0, 0, []
    for number, (done, _) in enumerate(expected):
        found += running.model.run(2 * (done - now) + _GRACE, stop="done")
        assert running.model.stopped, f"invocation {number} is not done in cycle {found}; {done} were predicted"
        assert found == done, f"invocation {number} was done in cycle {found}, not in {done}"
        cycles.append(done - now)
        now = done
    outputs = running.outputs(sizes)
    _assert_same(kernel, expected[-1][1], outputs)
    running.model.run(_QUIET, stop="done")
    assert not running.model.stopped, "the kernel went on after the last invocation"
    _assert_same(kernel, outputs, running.outputs(sizes))
    return Exact(running.schedule, tuple(cycles), outputs)


def _assert_same(kernel: KernelIR, want: Arrays, got: Arrays) -> None:
    wrong = difference(kernel, want, got)
    assert not wrong, wrong


def _expected(running: RunningKernel, inputs: Arrays, invocations: int) -> Iterator[tuple[int, Arrays]]:
    """Yield the cycles up to the end of each invocation, and what the JIT computes in it."""
    kernel, recorder = running.kernel, running.recorder
    recorder.reset()
    start, given = 0, dict(inputs)
    for _ in range(invocations):
        outputs, recording = recorder.run(_tell(kernel, given))
        of_run = running.schedule.of_run(_run(kernel, given, recording))
        yield start + of_run.latency, outputs
        start += of_run.interval
        given |= {a.name: outputs[_result(a)] for a in kernel.arguments() if a.direction == "inout"}


def _run(kernel: KernelIR, given: Arrays, recording: Recording) -> Run:
    return Run(whole_arguments(kernel, given), recording)


def _tell(kernel: KernelIR, given: Arrays) -> dict[str, Any]:
    """Return the inputs that the JIT takes: it finds out by itself what sizes have that its arrays have."""
    told = sizes_of(kernel, given)
    return {name: array for name, array in given.items() if name not in told}


def sizes_of(kernel: KernelIR, inputs: Arrays) -> dict[str, int]:
    """Return the named sizes that inputs have."""
    found: dict[str, int] = {}
    for argument in kernel.arguments():
        if argument.name in inputs:
            extents = zip(argument.type.sizes, np.shape(inputs[argument.name]), strict=False)
            found |= {name: extent for name, extent in extents if name}
    return found


# Streams


def stalled_cycles(schedule: HardwareSchedule, scripts: Mapping[str, Script], invocations: int) -> tuple[int, ...]:
    """Return the cycle in which each invocation is done, by the rule of stalls alone.

    A local cycle happens only when all tokens that move in it can move.
    """
    moves = {name: set(schedule.trace(name).tolist()) for name in scripts}
    found, now = [], 0
    for _ in range(invocations):
        for local in range(schedule.latency):
            while not all(scripts[name](now) for name, cycles in moves.items() if local in cycles):
                now += 1
            now += 1
        found.append(now)
    return tuple(found)


def assert_exact_stalled(
    kernel: KernelIR,
    library: OperatorLibrary,
    inputs: Arrays,
    scripts: Mapping[str, Script],
    invocations: int = 1,
    running: RunningKernel | None = None,
) -> Exact:
    """Check a kernel with streams between sources and sinks that follow scripts.

    Its tokens and outputs must be the JIT's, and its cycles those that the rule of stalls gives.
    """
    running = running or RunningKernel(kernel, library)
    running.recorder.reset()
    outputs, _ = running.recorder.run(inputs)
    expected = stalled_cycles(running.schedule, scripts, invocations)
    running.begin(inputs, invocations)
    ends = {
        name: _end(kernel, name, width, inputs, invocations, scripts[name]) for name, width in kernel.streams.items()
    }
    found = []
    for cycle in range(2 * expected[-1] + _GRACE):
        for end in ends.values():
            end.offer(running.model, cycle)
        for end in ends.values():
            end.take(running.model)
        if running.model.peek("done"):
            found.append(cycle + 1)
        running.model.run(1)
        if len(found) == invocations:
            break
    assert tuple(found) == expected, f"invocations were done in the cycles {found}, not in {expected}"
    for name, end in ends.items():
        end.check(outputs.get(name), name)
    memories = running.outputs({})
    streamed = {name: outputs[name] for name in kernel.streams if name in outputs}
    _assert_same(kernel, outputs, {**streamed, **memories})
    return Exact(running.schedule, expected, outputs)


@dataclass
class _End:
    """The other end of a stream: what it gives, or what it got, and when it does."""

    kernel: KernelIR
    name: str
    width: int
    bits: int
    script: Script
    tokens: list[int]
    gives: bool
    invocations: int
    open: bool = False

    def offer(self, model: Model, cycle: int) -> None:
        """Set the stream's inputs for a cycle."""
        self.open = self.script(cycle) and bool(self.tokens or not self.gives)
        if not self.gives:
            model.poke(f"{port_base(self.name)}_ready", self.open)
            return
        model.poke(f"{port_base(self.name)}_valid", self.open)
        # What is no token must not matter.
        garbage = (0x5A5A << cycle % 7) % (1 << self.bits)
        model.poke(f"{port_base(self.name)}_data", self.tokens[0] if self.open else garbage)

    def take(self, model: Model) -> None:
        """Let a token move where both ends are for it."""
        if self.gives:
            if self.open and model.peek(f"{port_base(self.name)}_ready"):
                self.tokens.pop(0)
        elif self.open and model.peek(f"{port_base(self.name)}_valid"):
            self.tokens.append(model.peek(f"{port_base(self.name)}_data"))

    def check(self, output: Any, name: str) -> None:
        """Check that all tokens were taken, or that those that came are the output's, once an invocation."""
        if self.gives:
            assert self.tokens == [], f"{len(self.tokens)} tokens of {name} were left"
            return
        kind = next(a.type.element for a in self.kernel.arguments() if a.name == name)
        assert self.tokens == tokens_of(output, kind, self.width) * self.invocations, f"other tokens of {name}"


def _end(kernel: KernelIR, name: str, width: int, inputs: Arrays, invocations: int, script: Script) -> _End:
    kind = next(a.type.element for a in kernel.arguments() if a.name == name)
    gives = name in inputs
    tokens = tokens_of(np.asarray(inputs[name], kind.dtype), kind, width) * invocations if gives else []
    return _End(kernel, name, width, width * kind.bits, script, tokens, gives, invocations)


def tokens_of(array: Any, kind: Any, width: int) -> list[int]:
    """Return an array as tokens of so many elements, the first of them in the lowest bits."""
    bits = [int(each) for each in to_bits(np.asarray(array), kind).ravel().tolist()]
    groups = [bits[n : n + width] for n in range(0, len(bits), width)]
    return [sum(element << (n * kind.bits) for n, element in enumerate(group)) for group in groups]
