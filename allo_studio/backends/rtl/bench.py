"""A kernel's module with memories around it: what a simulation runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from allo_studio.backends.rtl.buffers import bank_ports, element_ports, port_names
from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.functions import KernelModules
from allo_studio.backends.rtl.places import bank_words
from allo_studio.backends.rtl.regions import Modules
from allo_studio.hardware.storage import Storage

__all__ = ["memory_names", "surround"]


_COUNT_BITS = 16


def memory_names(storage: Storage) -> list[str]:
    """Return the names of a buffer's memories in a surrounded kernel: of each bank, or of each element's register."""
    if storage.register:
        return element_ports(storage, storage.key)
    return [ports.base for ports in bank_ports(storage, storage.key)]


def surround(modules: KernelModules | Modules, name: str) -> Circuit:
    """Return a module with a memory for each bank of each array argument, and a word for each register.

    What the kernel never accesses has none. It starts the kernel as often as its input `invocations` says, as early as
    the kernel takes it. Ports of streams, scalar arguments, `ready` and `done` are its own.
    """
    kernel = modules.top
    circuit = Circuit(name, public=True)
    outputs = {port: circuit.later(width) for port, width in kernel.outputs}
    inputs: dict[str, Signal] = {}
    names = port_names(kernel)
    inner: set[str] = set()
    for storage in modules.storages:
        if storage.argument and not storage.stream:
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
