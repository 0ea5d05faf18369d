"""The module of ours around an external block's: with our names for its signals, and started for each firing.

The next firing starts in the cycle after one is done. Its part of a memory lies behind those before it: its number
times the words of a part is added to each address. What the block has in registers, and each firing has anew, is
fetched before the firing starts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allo_studio.backends.rtl.buffers import bank_ports, element_ports, port_base
from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.clocked import Clocked
from allo_studio.backends.rtl.external import CONTROL, module_ports, port_signals
from allo_studio.backends.rtl.foreign import Foreign
from allo_studio.backends.rtl.places import bank_words
from allo_studio.ip.block import IpBlock, IpPort
from allo_studio.ip.firings import ONCE, Firings

__all__ = ["external_circuit"]


def external_circuit(block: IpBlock, firings: Firings, name: str, foreign: Foreign) -> Circuit:
    """Return a module of ours of that name around a block's `foreign` one, which does all its firings."""
    code = block.verilog
    assert code is not None, f"{block.name} has no Verilog"
    circuit = Circuit(name, comment=f"External block {block.name} ({block.path})")
    signals = [s for s in module_ports(block) if s.name not in ("clk", "rst")]
    spelled = {s.name: code.signals.get(s.name, s.name) for s in signals}
    control = [s for s in CONTROL if s.name not in ("clk", "rst")]
    around = [*control, *(s for port in firings.ports(block) for s in port_signals(port))]
    # Inputs come first, as they have the names that they must have.
    outside = {s.name: circuit.input(s.name, s.width) for s in around if s.direction == "in"}
    once = firings == ONCE
    given = outside if once else {s.name: circuit.later(s.width) for s in signals if s.direction == "in"}
    found = circuit.instance(port_base(block.name), foreign, {spelled[s]: signal for s, signal in given.items()})
    made = {s.name: found[spelled[s.name]] for s in signals if s.direction == "out"}
    if once:
        for signal, driven in made.items():
            circuit.output(signal, driven)
    else:
        _Around(circuit, block, firings, outside, given, made).build()
    return circuit


@dataclass(frozen=True)
class _Counter:
    """The round that a loop is in, and the one that it is in from the next cycle on."""

    now: Signal
    next: Signal


@dataclass
class _Around:
    """The firings of a block, with inputs from `outside`; `given` drives its own, and `made` is what it drives.

    All signals are by our names.
    """

    circuit: Circuit
    block: IpBlock
    firings: Firings
    outside: Mapping[str, Signal]
    given: Mapping[str, Signal]
    made: Mapping[str, Signal]

    def build(self) -> None:
        """Make all ports of the module."""
        self.counters, last = self._count(self.made["done"])
        # Whether no invocation has begun, and when registers are fetched for the next firing.
        self.idle, self.fetch = self._control(self.outside["start"], last)
        for port in self.block.ports:
            whole = self.firings.whole(port)
            if port.moves == "stream":
                self._stream(port)
            elif not port.storage.register:
                self._memory(port, whole)
            elif whole.storage.register:
                self._registers(port, whole)
            else:
                self._parts(port, whole)

    # Control

    def _count(self, done: Signal) -> tuple[list[_Counter], Signal]:
        """Return the counters of the loops, and whether this is the last firing."""
        circuit, moves, found = self.circuit, done, list[_Counter]()
        last = circuit.constant(1, 1)
        for count in reversed(self.firings.counts):
            width = max(1, (count - 1).bit_length())
            now = circuit.later(width)
            ended = circuit.equals(now, count - 1)
            onward = circuit.mux(ended, circuit.constant(0, width), circuit.add(now, circuit.constant(1, width)))
            circuit.drive(now, circuit.register(onward, enable=moves, reset=0, hint="firing"))
            found.append(_Counter(now, circuit.mux(moves, onward, now)))
            moves, last = circuit.and_(moves, ended), circuit.and_(last, ended)
        return found[::-1], last

    def _control(self, start: Signal, last: Signal) -> tuple[Signal, Signal]:
        """Start each firing, and tell when the whole takes a start and is done."""
        circuit, ready, done = self.circuit, self.made["ready"], self.made["done"]
        works, active = circuit.later(1), circuit.later(1)
        idle = circuit.not_(active)
        # Without anything to fetch, the first firing starts in the cycle in which the whole does.
        lead = self.firings.lead(self.block) > 0
        takes = idle if lead else circuit.and_(ready, idle)
        begins = circuit.and_(start, takes)
        starts = circuit.and_(active if lead else circuit.or_(active, start), circuit.not_(works))
        begun = circuit.or_(circuit.and_(starts, ready), works)
        circuit.drive(works, circuit.register(circuit.and_(begun, circuit.not_(done)), reset=0, hint="fires"))
        goes_on = circuit.and_(circuit.or_(begins, active), circuit.not_(circuit.and_(done, last)))
        circuit.drive(active, circuit.register(goes_on, reset=0, hint="active"))
        circuit.drive(self.given["start"], starts)
        circuit.output("ready", takes)
        circuit.output("done", circuit.and_(done, last))
        return idle, circuit.or_(begins, circuit.and_(done, circuit.not_(last)))

    # Ports

    def _stream(self, port: IpPort) -> None:
        """Let a stream pass: the tokens of one firing come after those of another."""
        for signal in port_signals(port):
            if signal.direction == "in":
                self.circuit.drive(self.given[signal.name], self.outside[signal.name])
            else:
                self.circuit.output(signal.name, self.made[signal.name])

    def _registers(self, port: IpPort, whole: IpPort) -> None:
        """Join registers to as many outside: the same ones at all firings."""
        circuit = self.circuit
        names = zip(element_ports(port.storage, port.name), element_ports(whole.storage, port.name), strict=True)
        for inside, outside in names:
            if port.direction == "out":
                circuit.output(f"{outside}_we", self.made[f"{inside}_we"])
                circuit.output(f"{outside}_wd", self.made[f"{inside}_wd"])
                continue
            value = self.outside[outside]
            if port.moves == "value":
                # It comes with the start, and may be another afterwards.
                value = Clocked(circuit).held(value, self.idle, hint=outside)
            circuit.drive(self.given[inside], value)

    def _memory(self, port: IpPort, whole: IpPort) -> None:
        """Join memories: a firing's addresses are in its part."""
        circuit = self.circuit
        banks = zip(bank_ports(port.storage, port.name), bank_ports(whole.storage, port.name), strict=True)
        for inside, outside in banks:
            ends = (inside.read, outside.read) if port.direction == "in" else (inside.write, outside.write)
            (enable, where, data), (outer_enable, outer_where, outer_data) = ends
            circuit.output(outer_enable, self.made[enable])
            circuit.output(outer_where, self._address(port, whole, [c.now for c in self.counters], self.made[where]))
            if port.direction == "in":
                circuit.drive(self.given[data], self.outside[outer_data])
            else:
                circuit.output(outer_data, self.made[data])

    def _parts(self, port: IpPort, whole: IpPort) -> None:
        """Join registers to memories of those of all firings: fetch one firing's, or put them where they belong."""
        circuit = self.circuit
        elements = element_ports(port.storage, port.name)
        for element, bank in zip(elements, bank_ports(whole.storage, port.name), strict=True):
            enable, where, data = bank.read if port.direction == "in" else bank.write
            zero = circuit.constant(0, 1)
            if port.direction == "out":
                circuit.output(enable, self.made[f"{element}_we"])
                circuit.output(where, self._address(port, whole, [c.now for c in self.counters], zero))
                circuit.output(data, self.made[f"{element}_wd"])
                continue
            circuit.output(enable, self.fetch)
            circuit.output(where, self._address(port, whole, [c.next for c in self.counters], zero))
            came = circuit.register(self.fetch, reset=0, hint="came")
            value = Clocked(circuit).held(self.outside[data], came, hint=element)
            circuit.drive(self.given[element], value)

    def _address(self, port: IpPort, whole: IpPort, rounds: Sequence[Signal], inner: Signal) -> Signal:
        """Return where in a bank outside a part's word is, at rounds of the loops."""
        circuit = self.circuit
        words, all_words = bank_words(port.storage), bank_words(whole.storage)
        width = max(1, (all_words - 1).bit_length())
        number = circuit.constant(0, width)
        for loop in self.firings.loops(port.name):
            count = circuit.constant(self.firings.counts[loop], width)
            number = circuit.add(circuit.mul(number, count), circuit.resize(rounds[loop], width, signed=False))
        first = circuit.mul(number, circuit.constant(words, width))
        return circuit.add(first, circuit.resize(inner, width, signed=False))
