"""A kernel's or design's module with memories around it, and the other ends of streams: what a simulation runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from allo_studio.backends.rtl.buffers import bank_ports, element_ports, port_base, port_names
from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.functions import KernelModules
from allo_studio.backends.rtl.places import bank_words
from allo_studio.backends.rtl.regions import Modules
from allo_studio.hardware.storage import Storage

__all__ = ["memory_names", "surround"]


_COUNT_BITS = 16


def memory_names(storage: Storage) -> list[str]:
    """Return the names of a buffer's memories in a surrounded kernel: of each bank, or of each element's register.

    A stream has one, of its tokens.
    """
    if storage.stream:
        return [port_base(storage.key)]
    if storage.register:
        return element_ports(storage, storage.key)
    return [ports.base for ports in bank_ports(storage, storage.key)]


def surround(modules: KernelModules | Modules, name: str, stalls: bool = False) -> Circuit:
    """Return a module with a memory for each bank of each array argument, and a word for each register.

    What the kernel never accesses has none. It starts the kernel as often as its input `invocations` says, as early as
    the kernel takes it. Scalar arguments, `ready` and `done` are its own ports. A stream of a design has a memory of
    the tokens that an invocation gives or takes, which is always ready; with `stalls` it is held while the input
    `NAME_stall` is set. Streams of a kernel alone are ports.
    """
    kernel = modules.top
    circuit = Circuit(name, public=True)
    outputs = {port: circuit.later(width) for port, width in kernel.outputs}
    inputs: dict[str, Signal] = {}
    names = port_names(kernel)
    inner: set[str] = set()
    for storage in modules.storages:
        if storage.stream and isinstance(modules, Modules):
            inner |= _tokens(circuit, storage, outputs, inputs, stalls)
        elif storage.argument and not storage.stream:
            inner |= _memories(circuit, storage, names, outputs, inputs)
    inputs["start"] = _starts(circuit, outputs["ready"])
    for wanted in kernel.inputs:
        if wanted.name not in inputs:
            inputs[wanted.name] = circuit.input(wanted.name, wanted.width)
    found = circuit.instance(kernel.name, kernel, inputs)
    for port, signal in outputs.items():
        circuit.drive(signal, found[port])
        if port not in inner:
            circuit.output(port, signal)
    return circuit


def _starts(circuit: Circuit, ready: Signal) -> Signal:
    """Return a start that is set until it was taken so often as `invocations` says."""
    wanted = circuit.input("invocations", _COUNT_BITS)
    taken = circuit.later(_COUNT_BITS)
    start = circuit.compare("ult", taken, wanted)
    onward = circuit.add(taken, circuit.constant(1, _COUNT_BITS))
    circuit.drive(taken, circuit.register(onward, enable=circuit.and_(start, ready), reset=0, hint="taken"))
    return start


def _tokens(
    circuit: Circuit, storage: Storage, outputs: Mapping[str, Signal], inputs: dict[str, Signal], stalls: bool
) -> set[str]:
    """Make the other end of a stream; return the outputs of the design that it takes."""
    (name,) = memory_names(storage)
    words = storage.type.size // storage.stream
    memory = circuit.memory(name, words, storage.stream * storage.type.element.bits)
    free = circuit.not_(circuit.input(f"{name}_stall", 1)) if stalls else circuit.constant(1, 1)
    taken = {f"{name}_{part}" for part in ("valid", "ready", "data")} & outputs.keys()
    gives = f"{name}_ready" in taken
    moves = circuit.and_(free, outputs[f"{name}_{'ready' if gives else 'valid'}"])
    at = circuit.counter(words, moves, f"{name}_at")
    if gives:
        inputs[f"{name}_valid"], inputs[f"{name}_data"] = free, circuit.read(memory, at)
    else:
        inputs[f"{name}_ready"] = free
        circuit.write(memory, at, outputs[f"{name}_data"], moves)
    return taken


def _memories(
    circuit: Circuit, storage: Storage, ports: Sequence[str], outputs: Mapping[str, Signal], inputs: dict[str, Signal]
) -> set[str]:
    """Make the memories of a buffer; return the outputs of the kernel that they take."""
    taken: set[str] = set()
    width = storage.type.element.bits
    if storage.register:
        for port in element_ports(storage, storage.key):
            if port not in ports and f"{port}_we" not in ports:
                continue
            memory = circuit.memory(port, 1, width)
            zero = circuit.constant(0, 1)
            if port in ports:
                inputs[port] = circuit.read(memory, zero)
            if f"{port}_we" in ports:
                circuit.write(memory, zero, outputs[f"{port}_wd"], outputs[f"{port}_we"])
                taken |= {f"{port}_we", f"{port}_wd"}
        return taken
    for bank in bank_ports(storage, storage.key):
        if bank.read[0] not in ports and bank.write[0] not in ports:
            continue
        memory = circuit.memory(bank.base, bank_words(storage), width)
        enable, address, data = bank.read
        if enable in ports:
            word = circuit.read(memory, outputs[address])
            inputs[data] = circuit.register(word, enable=outputs[enable], hint=data)
            taken |= {enable, address}
        enable, address, data = bank.write
        if enable in ports:
            circuit.write(memory, outputs[address], outputs[data], outputs[enable])
            taken |= {enable, address, data}
    return taken
