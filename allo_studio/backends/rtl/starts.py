"""When the processes of a dataflow region start: each by itself, as soon as what it needs is there.

Each start of the region is one invocation of every process. A process starts its next one when it is done with the
last, when the producers of its ping-pong buffers are done with theirs, and when the readers of those that it fills are
done with the invocation before the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allo_studio.backends.rtl.circuit import Circuit, Signal

__all__ = ["Member", "Starts"]

# The copies of a ping-pong buffer.
_COPIES = 2


@dataclass(frozen=True)
class Member:
    """A process: its name, what it drives (whether it takes a start, whether it is done), and whom it waits for.

    `start` is what it is driven by; `parity` is set in every other of its invocations.
    """

    name: str
    ready: Signal
    done: Signal
    after: tuple[str, ...]
    start: Signal
    parity: Signal


@dataclass
class Starts:
    """The counters of a region. `most` is how many invocations one process may be ahead of another."""

    circuit: Circuit
    members: Sequence[Member]
    most: int

    def build(self, start: Signal) -> tuple[Signal, Signal]:
        """Drive every member's start and parity; return when the region takes a start, and when one is done."""
        circuit = self.circuit
        bits = self.most.bit_length()
        pending = {m.name: circuit.later(bits) for m in self.members}
        hungry = circuit.or_(*(circuit.is_zero(count) for count in pending.values()))
        room = circuit.and_(*(circuit.not_(circuit.equals(count, self.most)) for count in pending.values()))
        ready = circuit.and_(hungry, room)
        go = circuit.and_(start, ready)
        begins = {}
        for member in self.members:
            waiting = circuit.or_(go, circuit.nonzero(pending[member.name]))
            working = circuit.later(1)
            wanted = circuit.and_(waiting, circuit.not_(working), *self._conditions(member))
            circuit.drive(member.start, wanted)
            begin = begins[member.name] = circuit.and_(wanted, member.ready)
            goes_on = circuit.and_(circuit.or_(begin, working), circuit.not_(member.done))
            circuit.drive(working, circuit.register(goes_on, reset=0, hint=f"{member.name}_works"))
            self._count(pending[member.name], go, begin)
            flipped = circuit.later(1)
            # It is what it is from the start of an invocation to the start of the next.
            circuit.drive(flipped, circuit.register(circuit.not_(flipped), enable=begin, reset=1, hint="parity"))
            circuit.drive(member.parity, circuit.xor(flipped, begin))
        return ready, self._finished()

    def _conditions(self, member: Member) -> list[Signal]:
        """Return what must hold for a member to start, but for its own work."""
        circuit, found = self.circuit, []
        by_name = {other.name: other for other in self.members}
        for name in member.after:
            full = circuit.later(_COPIES.bit_length())
            begin = circuit.and_(member.start, member.ready)
            self._count(full, by_name[name].done, begin)
            found.append(circuit.nonzero(full))
        for other in self.members:
            if member.name in other.after:
                taken = circuit.later(_COPIES.bit_length())
                self._count(taken, circuit.and_(member.start, member.ready), other.done)
                found.append(circuit.not_(circuit.equals(taken, _COPIES)))
        return found

    def _count(self, count: Signal, more: Signal, less: Signal) -> None:
        circuit = self.circuit
        step = circuit.mux(more, circuit.constant(1, count.width), circuit.constant(-1, count.width))
        changed = circuit.add(count, step)
        circuit.drive(count, circuit.register(changed, enable=circuit.xor(more, less), reset=0, hint="count"))

    def _finished(self) -> Signal:
        """Return when all members are done with an invocation."""
        circuit = self.circuit
        bits = (self.most + 1).bit_length()
        whole = circuit.later(1)
        found = []
        for member in self.members:
            ended = circuit.later(bits)
            self._count(ended, member.done, whole)
            found.append(circuit.or_(member.done, circuit.nonzero(ended)))
        circuit.drive(whole, circuit.and_(*found))
        return whole
