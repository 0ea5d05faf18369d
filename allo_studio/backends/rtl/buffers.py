"""Buffers of a function as hardware: banked memories with shared ports, and registers.

A function gathers its accesses here, and those of functions that it calls; at the end each buffer becomes a memory of
its own, or ports to one outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.clocked import Clocked
from allo_studio.backends.rtl.expressions import Number
from allo_studio.backends.rtl.places import bank_words
from allo_studio.backends.rtl.reserved import RESERVED
from allo_studio.hardware.storage import Storage

__all__ = ["BankPorts", "Banked", "Buffer", "Registers", "bank_ports", "buffer_of", "element_ports", "port_base"]


def port_base(name: str) -> str:
    """Return a name as one that ports can have."""
    found = "".join(c if c.isalnum() else "_" for c in name)
    return f"{found}_x" if found in RESERVED else found


@dataclass(frozen=True)
class BankPorts:
    """The names of a bank's ports, as the memory's user has them. `read` and `write` tell which there are."""

    base: str

    @property
    def read(self) -> tuple[str, str, str]:
        """Enable and address (out), data (in), which comes in the cycle after."""
        return f"{self.base}_re", f"{self.base}_ra", f"{self.base}_rd"

    @property
    def write(self) -> tuple[str, str, str]:
        """Enable, address and data (out)."""
        return f"{self.base}_we", f"{self.base}_wa", f"{self.base}_wd"


def bank_ports(storage: Storage, name: str) -> list[BankPorts]:
    """Return the ports of each bank of a memory that goes by a name."""
    base = port_base(name)
    return [BankPorts(f"{base}_{n}" if storage.banks > 1 else base) for n in range(storage.banks)]


def element_ports(storage: Storage, name: str) -> list[str]:
    """Return the name of each element of a buffer of registers."""
    base = port_base(name)
    return [f"{base}_{n}" if storage.type.size > 1 else base for n in range(storage.type.size)]


@dataclass(frozen=True)
class _Request:
    """One access's use of a memory: `bank` is a number where it is always the same."""

    enable: Signal
    bank: int | Number
    offset: Signal
    data: Signal


@dataclass
class Banked:
    """A memory of banks, each with one read port and one write port, used by the accesses of a function."""

    storage: Storage
    clocked: Clocked
    reads: list[_Request] = field(default_factory=list)
    writes: list[_Request] = field(default_factory=list)
    # The memory that each file of contents is of, once they are made.
    contents: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> int:
        """The words of a bank."""
        return bank_words(self.storage)

    @property
    def width(self) -> int:
        """The bits of an element."""
        return self.storage.type.element.bits

    @property
    def address_width(self) -> int:
        """The bits of an address in a bank."""
        return max(1, (self.words - 1).bit_length())

    def read(self, enable: Signal, bank: int | Number, offset: Signal) -> Signal:
        """Return the element, which comes in the cycle after `enable` was set."""
        data = self.clocked.circuit.later(self.width)
        self.reads.append(_Request(enable, bank, self._address(offset), data))
        return data

    def write(self, enable: Signal, bank: int | Number, offset: Signal, data: Signal) -> None:
        """Put an element at the end of each cycle in which `enable` is set."""
        self.writes.append(_Request(enable, bank, self._address(offset), data))

    def _address(self, offset: Signal) -> Signal:
        return self.clocked.circuit.resize(offset, self.address_width, signed=False)

    def _meant(self, requests: Sequence[_Request], bank: int) -> Iterator[tuple[Signal, _Request]]:
        """Yield the requests that may want a bank, with whether they do."""
        circuit = self.clocked.circuit
        for request in requests:
            wanted = _meant(circuit, request.enable, request.bank, bank)
            if wanted is not None:
                yield wanted, request

    def _port(self, requests: Sequence[_Request], bank: int) -> tuple[Signal, Signal, Signal] | None:
        """Return enable, address and data of a port; None where nothing uses it."""
        circuit = self.clocked.circuit
        meant = list(self._meant(requests, bank))
        if not meant:
            return None
        enable = circuit.or_(*(wanted for wanted, _ in meant))
        address, data = (
            circuit.one_of([(wanted, getattr(request, part)) for wanted, request in meant])
            for part in ("offset", "data")
        )
        return self.clocked.when(enable) or enable, address, data

    def read_port(self, bank: int) -> tuple[Signal, Signal] | None:
        """Return enable and address of a bank's read port; None where nothing reads."""
        reads = [replace(request, data=request.offset) for request in self.reads]
        found = self._port(reads, bank)
        return None if found is None else found[:2]

    def write_port(self, bank: int) -> tuple[Signal, Signal, Signal] | None:
        """Return enable, address and data of a bank's write port; None where nothing writes."""
        return self._port(self.writes, bank)

    def answer(self, data: Mapping[int, Signal]) -> None:
        """Give each read what its bank gives. A bank that is not there is one that no read means."""
        circuit = self.clocked.circuit
        nothing = circuit.constant(0, self.width)
        for request in self.reads:
            if isinstance(request.bank, Number):
                before = self.clocked.register(request.bank.signal, hint=f"{port_base(self.storage.name)}_bank")
                choices = [data.get(bank, nothing) for bank in range(self.storage.banks)]
                circuit.drive(request.data, circuit.select(before, choices))
            else:
                circuit.drive(request.data, data[request.bank])

    # What becomes of it

    def make(self, initial: Sequence[str] = ()) -> None:
        """Make the memories in the function itself. `initial` names a file of contents for each bank."""
        circuit = self.clocked.circuit
        found: dict[int, Signal] = {}
        hint = port_base(self.storage.name)
        for bank in range(self.storage.banks):
            read, write = self.read_port(bank), self.write_port(bank)
            if read is None:
                # What nobody reads need not be there.
                continue
            name = f"{hint}_{bank}" if self.storage.banks > 1 else hint
            memory = circuit.memory(name, self.words, self.width, initial[bank] if initial else "")
            if initial:
                self.contents[initial[bank]] = memory.name
            if write is not None:
                circuit.write(memory, write[1], write[2], write[0])
            enable, address = read
            found[bank] = circuit.register(circuit.read(memory, address), enable=enable, hint=f"{name}_q")
        self.answer(found)

    def expose(self, name: str) -> None:
        """Make ports to a memory outside."""
        circuit = self.clocked.circuit
        found: dict[int, Signal] = {}
        for bank, ports in enumerate(bank_ports(self.storage, name)):
            read, write = self.read_port(bank), self.write_port(bank)
            if read is not None:
                for port, signal in zip(ports.read, read, strict=False):
                    circuit.output(port, signal)
                found[bank] = circuit.input(ports.read[2], self.width)
            if write is not None:
                for port, signal in zip(ports.write, write, strict=True):
                    circuit.output(port, signal)
        self.answer(found)

    def connect(self, name: str) -> None:
        """Make the inputs that anything depends on, when all outputs are there."""

    def serve(
        self, name: str, ports: Sequence[str], active: Signal, outputs: Callable[[str], Signal], reads: bool = True
    ) -> dict[str, Signal]:
        """Let a module inside use the memory, in the cycles in which it is `active`.

        `ports` are the ports that it has, `outputs` returns what it drives. Returns what its inputs are; without
        `reads` it only writes.
        """
        circuit, found = self.clocked.circuit, {}
        for bank, known in enumerate(bank_ports(self.storage, name)):
            enable, address, data = known.read
            if enable in ports and reads:
                wanted = circuit.and_(outputs(enable), active)
                found[data] = self.read(wanted, bank, outputs(address))
            enable, address, data = known.write
            if enable in ports:
                self.write(circuit.and_(outputs(enable), active), bank, outputs(address), outputs(data))
        return found


@dataclass
class Registers:
    """A buffer each of whose elements is a register."""

    storage: Storage
    clocked: Clocked
    elements: list[Signal]
    writes: list[tuple[Signal, int | Number, Signal]] = field(default_factory=list)

    @classmethod
    def of(cls, storage: Storage, clocked: Clocked) -> Registers:
        """Return the registers of a buffer, which `make` or `expose` makes."""
        names, width = element_ports(storage, storage.name), storage.type.element.bits
        return cls(storage, clocked, [clocked.circuit.later(width) for name in names])

    def read(self, element: int | Number) -> Signal:
        """Return an element, or that with a computed number."""
        if isinstance(element, int):
            return self.elements[element]
        return self.clocked.circuit.select(element.signal, self.elements)

    def write(self, enable: Signal, element: int | Number, data: Signal) -> None:
        """Put an element at the end of each cycle in which `enable` is set."""
        self.writes.append((enable, element, data))

    def changes(self, element: int) -> tuple[Signal, Signal] | None:
        """Return when an element is written, and what; None where it never is."""
        circuit = self.clocked.circuit
        meant = []
        for enable, number, data in self.writes:
            wanted = _meant(circuit, enable, number, element)
            if wanted is not None:
                meant.append((wanted, data))
        if not meant:
            return None
        enable = circuit.or_(*(wanted for wanted, _ in meant))
        return self.clocked.when(enable) or enable, circuit.one_of(meant)

    def make(self, initial: Sequence[int] = ()) -> None:
        """Make the registers in the function itself, with values after reset where they matter."""
        circuit = self.clocked.circuit
        for number, (element, name) in enumerate(
            zip(self.elements, element_ports(self.storage, self.storage.name), strict=True)
        ):
            changed = self.changes(number)
            reset = initial[number] if initial else None
            if changed is None:
                circuit.drive(element, circuit.constant(reset or 0, element.width))
                continue
            circuit.drive(element, circuit.register(changed[1], enable=changed[0], reset=reset, hint=name))

    def expose(self, name: str) -> None:
        """Make ports to registers outside."""
        circuit = self.clocked.circuit
        for number, port in enumerate(element_ports(self.storage, name)):
            changed = self.changes(number)
            if changed is not None:
                circuit.output(f"{port}_we", changed[0])
                circuit.output(f"{port}_wd", changed[1])

    def connect(self, name: str) -> None:
        """Make the inputs that anything depends on, when all outputs are there."""
        circuit = self.clocked.circuit
        live = circuit.live()
        for element, port in zip(self.elements, element_ports(self.storage, name), strict=True):
            if element.name in live:
                circuit.drive(element, circuit.input(port, element.width))

    def serve(
        self, name: str, ports: Sequence[str], active: Signal, outputs: Callable[[str], Signal], reads: bool = True
    ) -> dict[str, Signal]:
        """Let a module inside use the registers, as `Banked.serve` does."""
        circuit, found = self.clocked.circuit, {}
        for number, port in enumerate(element_ports(self.storage, name)):
            if port in ports and reads:
                found[port] = self.elements[number]
            if f"{port}_we" in ports:
                self.write(circuit.and_(outputs(f"{port}_we"), active), number, outputs(f"{port}_wd"))
        return found


def _meant(circuit: Circuit, enable: Signal, number: int | Number, wanted: int) -> Signal | None:
    """Return whether an access happens and means a bank or an element; None where it never does."""
    if isinstance(number, int):
        return enable if number == wanted else None
    if not number.range.least <= wanted <= number.range.most:
        return None
    return circuit.and_(enable, circuit.equals(number.signal, wanted))


Buffer = Banked | Registers


def buffer_of(storage: Storage, clocked: Clocked) -> Buffer:
    """Return a buffer that has no accesses yet."""
    return Registers.of(storage, clocked) if storage.register else Banked(storage, clocked)


def port_names(circuit: Circuit) -> list[str]:
    """Return the names of all ports of a module."""
    return [*(s.name for s in circuit.inputs), *(name for name, _ in circuit.outputs)]
