"""Functions of a kernel as modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from allo_studio.backends.rtl.buffers import Buffer, Registers, buffer_of, port_base
from allo_studio.backends.rtl.calls import Callee, Calls
from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.clocked import Clocked
from allo_studio.backends.rtl.contents import Contents
from allo_studio.backends.rtl.control import Control
from allo_studio.backends.rtl.expressions import Number, Range
from allo_studio.backends.rtl.reserved import claim
from allo_studio.backends.rtl.scope import Scope, Stream
from allo_studio.backends.rtl.values import width_of
from allo_studio.hardware.indices import unsigned_name
from allo_studio.hardware.nest import Call, Pipeline, walk
from allo_studio.hardware.schedule import FunctionSchedule, HardwareSchedule
from allo_studio.hardware.storage import Storage
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import integer_map

__all__ = ["KernelModules", "build_kernel"]


@dataclass(frozen=True)
class KernelModules:
    """A kernel's modules, callees first, the kernel's own last.

    `files` are the files of initial contents by name, and `contents` the paths of the memories that each is of.
    """

    circuits: tuple[Circuit, ...]
    storages: tuple[Storage, ...]
    files: Mapping[str, str]
    contents: Mapping[str, tuple[str, ...]]

    @property
    def top(self) -> Circuit:
        """The kernel's own module."""
        return self.circuits[-1]


def build_kernel(
    schedule: HardwareSchedule, kernel: KernelIR, name: str, taken: set[str] | None = None
) -> KernelModules:
    """Build the modules of a kernel from its schedule; modules and files are called `name` and after it.

    `taken` are names that others have, to which those of the modules inside are added. Raises AlloError (code `rtl`)
    where an operator has no circuit.
    """
    builder = _Builder(schedule, kernel, name, {name} if taken is None else taken)
    circuit = builder.function(schedule.kernel)
    storages = schedule.functions[schedule.kernel].storages
    contents = {file: (memory,) for file, memory in builder.contents.memories.items()}
    return KernelModules((*builder.circuits, circuit), storages, builder.contents.files, contents)


@dataclass
class _Builder:
    schedule: HardwareSchedule
    kernel: KernelIR
    name: str
    taken: set[str]
    circuits: list[Circuit] = field(default_factory=list)
    done: dict[str, Callee] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.contents = Contents(self.kernel, self.name)
        # Only the kernel itself has streams, and may have to wait for them.
        self.stalls = any(s.stream for s in self.schedule.functions[self.schedule.kernel].storages)

    def function(self, name: str) -> Circuit:
        """Return a function's module; those of functions that it calls are made before."""
        found = self.schedule.functions[name]
        for item, _ in walk(found.items):
            if isinstance(item, Call) and item.function not in self.done:
                callee = self.function(item.function)
                self.circuits.append(callee)
                self.done[item.function] = Callee(callee, tuple(self.shared(item.function)))
        top = name == self.schedule.kernel
        circuit = Circuit(self.name if top else claim(f"{self.name}_{name}", self.taken), public=top)
        return _Function(self, found, circuit, top).build()

    def shared(self, name: str) -> dict[str, Storage]:
        """Return the tables and state that a function, or one that it calls, uses."""
        found = {s.key: s for s in self.schedule.functions[name].storages if s.symbol}
        for item, _ in walk(self.schedule.functions[name].items):
            if isinstance(item, Call):
                found |= self.shared(item.function)
        return found


@dataclass
class _Function:
    builder: _Builder
    schedule: FunctionSchedule
    circuit: Circuit
    top: bool

    def build(self) -> Circuit:
        circuit = self.circuit
        start = circuit.input("start", 1)
        storages = {s.key: s for s in self.schedule.storages} | self.builder.shared(self.schedule.name)
        streams = {key: self._stream(s) for key, s in storages.items() if s.stream}
        run = None
        if self.builder.stalls:
            run = circuit.later(1) if self.top else circuit.input("run", 1)
        clocked = Clocked(circuit, run)
        working = circuit.later(1)
        go = circuit.and_(start, circuit.not_(working)) if self.top else start
        buffers = {key: buffer_of(s, clocked) for key, s in storages.items() if not s.stream}
        arguments = _Arguments(self, clocked, go)
        scope = Scope(clocked, storages, buffers, streams, arguments.signals, numbers=arguments.numbers())
        items = self.schedule.items
        rewinds = self.top and len(items) == 1 and isinstance(items[0], Pipeline) and items[0].rewind
        control = Control(scope, Calls(self.builder.done), rewinds)
        done = control.items(items, go)
        control.calls.build(scope)
        circuit.output("done", clocked.when(done) or done)
        if self.top:
            self._accept(clocked, working, go, done if control.accepts is None else control.accepts)
            self._join(run, streams)
        for key, buffer in buffers.items():
            self._settle(storages[key], buffer)
        for key, buffer in buffers.items():
            if self._outside(storages[key]):
                buffer.connect(key)
        arguments.connect()
        return circuit

    def _accept(self, clocked: Clocked, working: Signal, go: Signal, accepts: Signal) -> None:
        """Make what tells whether the kernel is at work, and whether it takes a start."""
        circuit = self.circuit
        goes_on = circuit.and_(circuit.or_(go, working), circuit.not_(accepts))
        circuit.drive(working, clocked.register(goes_on, reset=0, hint="busy"))
        idle = circuit.not_(working)
        circuit.output("ready", clocked.when(idle) or idle)

    # Buffers

    def _outside(self, storage: Storage) -> bool:
        """Tell whether a buffer lives outside of the module."""
        return storage.argument or (bool(storage.symbol) and not self.top)

    def _settle(self, storage: Storage, buffer: Buffer) -> None:
        """Make a buffer, or ports to it."""
        if self._outside(storage):
            buffer.expose(storage.key)
        elif isinstance(buffer, Registers):
            buffer.make(self.builder.contents.elements(storage) if storage.symbol else ())
        elif storage.symbol and buffer.reads:
            banks = self.builder.contents.banks(storage)
            buffer.make(list(banks))
            self.builder.contents.keep(banks, buffer.contents)
        else:
            buffer.make()

    # Streams

    def _stream(self, storage: Storage) -> Stream:
        width = storage.stream * storage.type.element.bits
        return Stream(self.circuit.later(width), width)

    def _join(self, run: Signal | None, streams: Mapping[str, Stream]) -> None:
        """Make the ports of streams. A local cycle happens when all tokens that move in it can move."""
        circuit = self.circuit
        ready: dict[str, Signal] = {}
        active = {}
        for name, stream in streams.items():
            active[name] = circuit.or_(*(valid for valid, _ in stream.moves))
            there = circuit.input(f"{port_base(name)}_{'ready' if stream.puts else 'valid'}", 1)
            ready[name] = circuit.or_(circuit.not_(active[name]), there)
        for name, stream in streams.items():
            others = [held for other, held in ready.items() if other != name]
            moves = circuit.and_(active[name], *others)
            if stream.puts:
                circuit.output(f"{port_base(name)}_valid", moves)
                data = [(valid, token) for valid, token in stream.moves if token is not None]
                circuit.output(f"{port_base(name)}_data", circuit.one_of(data))
            else:
                circuit.output(f"{port_base(name)}_ready", moves)
                circuit.drive(stream.token, circuit.input(f"{port_base(name)}_data", stream.width))
        if run is not None:
            circuit.drive(run, circuit.and_(*ready.values()))


class _Arguments:
    """The scalar arguments of a function, as they were at its start."""

    def __init__(self, function: _Function, clocked: Clocked, go: Signal) -> None:
        self.clocked, self.go = clocked, go
        kernel = function.builder.kernel.at(function.schedule.origin)
        self._sizes = integer_map(kernel.function, "allo.sizes")
        self._types = {argument.name: argument.type.element for argument in kernel.arguments() if argument.scalar}
        self.signals = {name: clocked.circuit.later(width_of(kind)) for name, kind in self._types.items()}

    def numbers(self) -> dict[int | str, Number]:
        """Return the whole arguments as numbers, and their bits without a sign."""
        found: dict[int | str, Number] = {}
        for name, kind in self._types.items():
            if kind.is_float:
                continue
            most = Range(1, self._sizes[name]) if name in self._sizes else Range.of_bits(kind.bits, signed=True)
            found[name] = Number(self.signals[name], most)
            found[unsigned_name(name)] = Number(self.signals[name], Range.of_bits(kind.bits, signed=False))
        return found

    def connect(self) -> None:
        """Make the inputs that anything depends on, when all else is there."""
        live = self.clocked.circuit.live()
        for name, signal in self.signals.items():
            if signal.name in live:
                given = self.clocked.circuit.input(port_base(name), signal.width)
                self.clocked.circuit.drive(signal, self.clocked.held(given, self.go, hint=name))
