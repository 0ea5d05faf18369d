"""Regions as modules: processes with the channels between them.

A dataflow region that is a process of another one is taken apart into it, since its processes start and wait each for
itself; any other process is a module of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from allo_studio.backends.rtl.buffers import Buffer, bank_ports, buffer_of, port_base, port_names
from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.clocked import Clocked
from allo_studio.backends.rtl.external import external_processes, foreign_module
from allo_studio.backends.rtl.external_circuit import external_circuit
from allo_studio.backends.rtl.fifo import fifo
from allo_studio.backends.rtl.foreign import Foreign
from allo_studio.backends.rtl.functions import build_kernel
from allo_studio.backends.rtl.reserved import claim
from allo_studio.backends.rtl.starts import Member, Starts
from allo_studio.collection import no_collection
from allo_studio.design.flat import FlatProcess, flatten
from allo_studio.design.region import Channel, IpProcess, Process, Region, RegionProcess
from allo_studio.design.timing import SizedDesign
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.storage import Storage
from allo_studio.values import to_bits

__all__ = ["Modules", "build_design"]


@dataclass(frozen=True)
class Modules:
    """A design's modules, users last: the last is the top. `storages` are its array ports and streams, with the port.

    Several equal memories may stand for one port of the design. `files` are those of initial contents by name,
    `contents` the paths in the top of the memories that each is of, and `fifos` the outputs that tell how full a FIFO
    is, by channel id. `foreign` are the modules of external blocks, which are written elsewhere.
    """

    circuits: tuple[Circuit, ...]
    storages: Mapping[Storage, str]
    files: Mapping[str, str]
    contents: Mapping[str, tuple[str, ...]]
    fifos: Mapping[str, str] = field(default_factory=dict)
    foreign: tuple[Foreign, ...] = ()

    @property
    def top(self) -> Circuit:
        """The design's own module."""
        return self.circuits[-1]


@no_collection()
def build_design(sized: SizedDesign, probes: bool = False, stalls: bool = False) -> Modules:
    """Build the modules of a sized design, all of whose operations must have circuits.

    For simulation: with `probes` the top tells how full each FIFO is, and with `stalls` it has two inputs for each, by
    which tokens are held back.
    """
    builder = _Builder(sized, probes, stalls)
    for process in external_processes(sized.region):
        builder.names |= set(process.block.verilog.names) if process.block.verilog else set()
    outside = set(builder.names)
    top = builder.region(sized.region)
    storages = {
        builder.storage(channel, lane): channel.name
        for channel in sized.region.channels
        if channel.outside and (channel.kind != "value" or channel.source[0])
        for lane in range(builder.copies.get((sized.region.name, channel.name), 1))
    }
    contents, fifos = builder.contents[top.name], builder.fifos[top.name]
    foreign = tuple(builder.foreign.values())
    circuits = (*builder.circuits.values(), top)
    _require_apart(outside, circuits)
    return Modules(circuits, storages, builder.files, contents, fifos, foreign)


def _require_apart(outside: set[str], circuits: Sequence[Circuit]) -> None:
    """Raise AlloError (code `ip`) where a module of ours of a fixed name, a FIFO, is called like an outside one."""
    for circuit in circuits:
        if circuit.name in outside:
            message = f"an external block has a module {circuit.name}, as the generated Verilog has"
            raise AlloError(Diagnostic("ip", message, hint="rename that module in its file"))


@dataclass
class _Builder:
    sized: SizedDesign
    probes: bool
    stalls: bool
    circuits: dict[str, Circuit] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    # The modules of external blocks, by what their declarations say.
    foreign: dict[tuple[object, ...], Foreign] = field(default_factory=dict)
    # The outputs of each region's module that tell how full its FIFOs are, and those inside it, by channel id.
    fifos: dict[str, dict[str, str]] = field(default_factory=dict)
    # The names of modules: of two paths that are the same as names, one gets a number.
    names: set[str] = field(default_factory=set)
    # The paths of memories with contents in each module, by file.
    contents: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    # How many equal memories an array port of a region has, if more than one, by the region's name and the port.
    copies: dict[tuple[str, str], int] = field(default_factory=dict)
    # The names of FIFOs that are not empty at reset, by width, depth and tokens.
    held: dict[tuple[int, int, tuple[int, ...]], str] = field(default_factory=dict)

    def region(self, region: Region) -> Circuit:
        """Return a region's module; those inside it are made before."""
        return _RegionModule(self, region).build()

    def process(self, process: Process) -> Circuit:
        """Return a process's module, and remember it and those inside it."""
        if isinstance(process, RegionProcess):
            made = self.region(process.region)
        elif isinstance(process, IpProcess):
            made = self._external(process)
        else:
            name = claim(port_base(process.path.replace("/", "_")), self.names)
            modules = build_kernel(self.sized.processes[process.path].schedule, process.ir, name, self.names)
            for circuit in modules.circuits[:-1]:
                self.circuits[circuit.name] = circuit
            self.files |= modules.files
            made = modules.top
            self.contents[made.name] = dict(modules.contents)
        self.circuits[made.name] = made
        return made

    def fifo(self, channel: Channel) -> Circuit:
        """Return a FIFO's module; those that begin with the same tokens share it."""
        tokens = _tokens(channel)
        name = ""
        if tokens:
            key = channel.token_bits, channel.depth, tokens
            wish = f"fifo_{channel.token_bits}x{channel.depth}_holds_{len(tokens)}"
            name = self.held.get(key) or claim(wish, self.names)
            self.held[key] = name
        module = fifo(channel.token_bits, channel.depth, self.probes, self.stalls, tokens, name)
        self.circuits[module.name] = module
        return module

    def _external(self, process: IpProcess) -> Circuit:
        foreign = foreign_module(process.block)
        known = self.foreign.setdefault(foreign.shape, foreign)
        if known is foreign:
            # The first has the module's own name, which nothing of ours has.
            first = all(other is foreign or other.name != foreign.name for other in self.foreign.values())
            known.symbol = foreign.name if first else claim(foreign.name, self.names)
        foreign.symbol = known.symbol
        name = claim(port_base(process.path.replace("/", "_")), self.names)
        made = external_circuit(process.block, process.firings, name, foreign)
        self.contents[made.name] = {}
        return made

    def storage(self, channel: Channel, lane: int = 0) -> Storage:
        """Return what a buffer is made of, or one of its copies for several readers."""
        tokens = channel.width if channel.kind == "fifo" else 0
        return Storage(_copy(channel.name, lane), channel.type, channel.layout, "argument", tokens)


def _tokens(channel: Channel) -> tuple[int, ...]:
    """Return the tokens that lie in a FIFO at reset as bits, the first element of each lowest."""
    kind = channel.type.element
    words = [to_bits(number, kind) for number in channel.initial]
    tokens = [words[at : at + channel.width] for at in range(0, len(words), channel.width)]
    return tuple(sum(word << (place * kind.bits) for place, word in enumerate(token)) for token in tokens)


def _copy(name: str, number: int) -> str:
    """Return the name of one of several equal memories."""
    return f"{name}_copy{number}" if number else name


class _RegionModule:
    def __init__(self, builder: _Builder, region: Region) -> None:
        self.builder, self.region = builder, region
        self.circuit = Circuit(claim(port_base(region.name), builder.names))
        self.fifos: dict[str, str] = {}
        self.clocked = Clocked(self.circuit)
        if region.execution == "dataflow":
            flat = flatten(region)
            self.leaves, self.channels = flat.processes, flat.channels
        else:
            known = {channel.name: channel for channel in region.channels}
            self.channels = list(region.channels)
            self.leaves = [
                FlatProcess(p, {port: known[n] for port, n in p.bindings.items()}, ()) for p in region.processes
            ]
        self.modules = {leaf.process.path: builder.process(leaf.process) for leaf in self.leaves}
        # What each instance drives and is driven by, by path and port.
        self.outputs = {
            path: {name: self.circuit.later(width) for name, width in module.outputs}
            for path, module in self.modules.items()
        }
        self.inputs: dict[str, dict[str, Signal]] = {path: {} for path in self.modules}
        self.exposed: dict[str, Buffer] = {}

    def _short(self, path: str) -> str:
        """Return a process's path in the region as a name."""
        return port_base(path.removeprefix(f"{self.region.path}/").replace("/", "_"))

    def build(self) -> Circuit:
        circuit = self.circuit
        start = circuit.input("start", 1)
        parities: dict[str, Signal] = {}
        go = self._dataflow(start, parities) if self.region.execution == "dataflow" else self._sequential(start)
        self._values(go)
        for channel in self.channels:
            if channel.kind == "fifo" and channel.outside:
                self._stream(channel)
            elif channel.kind == "fifo":
                self._fifo(channel)
            elif channel.kind != "value" or channel.source[0]:
                self._memory(channel, parities)
        contents: dict[str, tuple[str, ...]] = {}
        for path, module in self.modules.items():
            self._inner_fifos(path)
            found = circuit.instance(self._short(path), module, self.inputs[path])
            name = circuit.instances[self._short(path)]
            for file, inside in self.builder.contents[module.name].items():
                contents[file] = tuple(f"{name}/{memory}" for memory in inside)
            for name, signal in self.outputs[path].items():
                circuit.drive(signal, found[name])
        self.builder.contents[circuit.name] = contents
        self.builder.fifos[circuit.name] = self.fifos
        for name, buffer in self.exposed.items():
            buffer.connect(name)
        return circuit

    # Control

    def _sequential(self, start: Signal) -> Signal:
        """Let one process start in the cycle after the one before it is done; return when the region starts."""
        circuit = self.circuit
        busy = circuit.later(1)
        idle = circuit.not_(busy)
        go = last = circuit.and_(start, idle)
        for number, leaf in enumerate(self.leaves):
            path = leaf.process.path
            self.inputs[path]["start"] = go if not number else circuit.register(last, reset=0, hint="go")
            last = self.outputs[path]["done"]
        goes_on = circuit.and_(circuit.or_(go, busy), circuit.not_(last))
        circuit.drive(busy, circuit.register(goes_on, reset=0, hint="busy"))
        circuit.output("ready", idle)
        circuit.output("done", last)
        return go

    def _dataflow(self, start: Signal, parities: dict[str, Signal]) -> Signal:
        circuit = self.circuit
        members = []
        for leaf in self.leaves:
            path = leaf.process.path
            self.inputs[path]["start"] = circuit.later(1)
            parities[path] = circuit.later(1)
            ready, done = (self.outputs[path][port] for port in ("ready", "done"))
            members.append(Member(path, ready, done, leaf.after, self.inputs[path]["start"], parities[path]))
        ready, done = Starts(circuit, members, self._most_ahead()).build(start)
        circuit.output("ready", ready)
        circuit.output("done", done)
        return circuit.and_(start, ready)

    def _most_ahead(self) -> int:
        """Return how many invocations one process can be ahead of another: what all channels can hold of them."""
        ahead = 2
        for channel in self.channels:
            tokens = max(channel.type.size // channel.width, 1)
            ahead += 2 if channel.kind != "fifo" else 1 + -(-channel.depth // tokens)
        return (1 << ahead.bit_length()) - 1

    # Channels

    def _ends(self, channel: Channel) -> Iterator[tuple[FlatProcess, str]]:
        """Yield the processes that are bound to a channel, and the port; of a region each copy of it."""
        for leaf in self.leaves:
            name = leaf.process.region.name if isinstance(leaf.process, RegionProcess) else ""
            for port, bound in leaf.bindings.items():
                if bound is channel:
                    yield from ((leaf, _copy(port, n)) for n in range(self.builder.copies.get((name, port), 1)))

    def _values(self, go: Signal) -> None:
        """Give each process the scalars of its invocation."""
        for leaf in self.leaves:
            path = leaf.process.path
            wanted = {signal.name: signal.width for signal in self.modules[path].inputs}
            for port, channel in leaf.bindings.items():
                name = port_base(port)
                if channel.kind == "value" and not channel.source[0] and name in wanted:
                    self.inputs[path][name] = self._value(channel, wanted[name], path, go)

    def _value(self, channel: Channel, width: int, path: str, go: Signal) -> Signal:
        circuit = self.circuit
        name = port_base(channel.name)
        known = {signal.name: signal for signal in circuit.inputs}
        given = known.get(name) or circuit.input(name, width)
        if self.region.execution != "dataflow":
            return self.clocked.held(given, go, hint=name)
        # A process may start an invocation after the region has taken several more.
        queue = fifo(width, self._most_ahead() + 1)
        self.builder.circuits[queue.name] = queue
        begins = circuit.and_(self.inputs[path]["start"], self.outputs[path]["ready"])
        found = circuit.instance(
            f"{self._short(path)}_{name}", queue, {"in_data": given, "in_valid": go, "out_ready": begins}
        )
        return circuit.mux(found["out_valid"], found["out_data"], given)

    def _fifo(self, channel: Channel) -> None:
        circuit = self.circuit
        module = self.builder.fifo(channel)
        writer, reader = self._stream_ends(channel)
        # Regions that were taken apart may have channels of the same name.
        inside = channel.id.rpartition("/")[0].removeprefix(self.region.path).replace("/", "_")
        name = port_base(f"{inside}_{channel.name}".lstrip("_"))
        inputs = {
            "in_data": self.outputs[writer[0]][f"{writer[1]}_data"],
            "in_valid": self.outputs[writer[0]][f"{writer[1]}_valid"],
            "out_ready": self.outputs[reader[0]][f"{reader[1]}_ready"],
        }
        if self.builder.stalls:
            for end in ("in", "out"):
                inputs[f"{end}_stall"] = circuit.input(f"{name}_{end}_stall", 1)
        found = circuit.instance(f"{name}_fifo", module, inputs)
        self.inputs[writer[0]][f"{writer[1]}_ready"] = found["in_ready"]
        self.inputs[reader[0]][f"{reader[1]}_valid"] = found["out_valid"]
        self.inputs[reader[0]][f"{reader[1]}_data"] = found["out_data"]
        if self.builder.probes:
            circuit.output(f"{name}_held", found["held"])
            self.fifos[channel.id] = f"{name}_held"

    def _stream(self, channel: Channel) -> None:
        """Bring out the end of a process that is a stream of the design."""
        circuit, name = self.circuit, port_base(channel.name)
        ((leaf, port),) = self._ends(channel)
        outputs, inputs, end = self.outputs[leaf.process.path], self.inputs[leaf.process.path], port_base(port)
        for part in ("valid", "ready", "data"):
            if f"{end}_{part}" in outputs:
                circuit.output(f"{name}_{part}", outputs[f"{end}_{part}"])
        if not channel.source[0]:
            inputs[f"{end}_valid"] = circuit.input(f"{name}_valid", 1)
            inputs[f"{end}_data"] = circuit.input(f"{name}_data", channel.token_bits)
        else:
            inputs[f"{end}_ready"] = circuit.input(f"{name}_ready", 1)

    def _inner_fifos(self, path: str) -> None:
        """Bring out what tells of the FIFOs inside a process that is a region, and what holds them."""
        known = self.builder.fifos.get(self.modules[path].name, {})
        for channel, held in known.items():
            name = f"{self._short(path)}_{held}"
            self.circuit.output(name, self.outputs[path][held])
            self.fifos[channel] = name
            if self.builder.stalls:
                for end in ("in", "out"):
                    port = f"{held.removesuffix('_held')}_{end}_stall"
                    self.inputs[path][port] = self.circuit.input(f"{self._short(path)}_{port}", 1)

    def _stream_ends(self, channel: Channel) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return the writer and the reader of a FIFO, each as path and port."""
        writer = reader = ("", "")
        for leaf, port in self._ends(channel):
            end = leaf.process.path, port_base(port)
            if f"{end[1]}_valid" in self.outputs[end[0]]:
                writer = end
            else:
                reader = end
        return writer, reader

    def _memory(self, channel: Channel, parities: Mapping[str, Signal]) -> None:
        """Make a buffer, or ports to one outside."""
        ends = list(self._ends(channel))
        lanes = self._lanes(channel, ends)
        count = max(lanes, default=0) + 1
        if count > 1:
            self.builder.copies[self.region.name, channel.name] = count
        for lane in range(count):
            storage = self.builder.storage(channel, lane)
            copies = [buffer_of(storage, self.clocked)]
            if channel.kind == "pingpong":
                copies = [buffer_of(replace(storage, name=f"{storage.name}{n}"), self.clocked) for n in ("_a", "_b")]
            for (leaf, port), own in zip(ends, lanes, strict=True):
                self._serve(copies, leaf, port, parities, reads=own == lane)
            for copy in copies:
                if channel.kind in ("memory", "value"):
                    copy.expose(storage.name)
                    self.exposed[storage.name] = copy
                else:
                    copy.make()

    def _lanes(self, channel: Channel, ends: Sequence[tuple[FlatProcess, str]]) -> list[int]:
        """Return which copy of a memory each end reads: those that may read at once need one each."""
        storage = self.builder.storage(channel)
        if storage.register:
            return [0] * len(ends)
        found: list[int] = []
        seen: dict[str, int] = {}
        for leaf, port in ends:
            path = leaf.process.path
            reads = any(bank.read[0] in self.outputs[path] for bank in bank_ports(storage, port))
            group = "" if self.region.execution == "dataflow" else path
            found.append(seen.get(group, 0) if reads else 0)
            seen[group] = seen.get(group, 0) + reads
        return found

    def _serve(
        self, copies: Sequence[Buffer], leaf: FlatProcess, port: str, parities: Mapping[str, Signal], reads: bool
    ) -> None:
        """Let a process use the copies of a buffer, one in every other of its invocations."""
        circuit, path = self.circuit, leaf.process.path
        ports, drives = port_names(self.modules[path]), self.outputs[path].__getitem__
        found: dict[str, list[Signal]] = {}
        for number, copy in enumerate(copies):
            active = circuit.constant(1, 1)
            if len(copies) > 1:
                active = parities[path] if number else circuit.not_(parities[path])
            for name, signal in copy.serve(port, ports, active, drives, reads).items():
                found.setdefault(name, []).append(signal)
        for name, signals in found.items():
            chosen = signals[0] if len(signals) == 1 else circuit.mux(parities[path], signals[1], signals[0])
            self.inputs[path][name] = chosen
