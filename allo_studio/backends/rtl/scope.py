"""What the code of a function refers to: buffers, streams, scalar arguments, counters, values of earlier items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from allo_studio.backends.rtl.buffers import Buffer
from allo_studio.backends.rtl.circuit import Signal
from allo_studio.backends.rtl.clocked import Clocked
from allo_studio.backends.rtl.expressions import Number, evaluate
from allo_studio.backends.rtl.values import constant_bits, width_of
from allo_studio.hardware.counters import Affine
from allo_studio.hardware.operations import Argument as ArgumentOperand
from allo_studio.hardware.operations import Constant, Index, Operand
from allo_studio.hardware.operations import Live as LiveOperand
from allo_studio.hardware.storage import Storage

__all__ = ["Scope", "Stream"]


@dataclass
class Stream:
    """A stream argument: when tokens move and, of those that are put, what they are.

    `token` is the token at the head of one that is read.
    """

    token: Signal
    width: int
    moves: list[tuple[Signal, Signal | None]] = field(default_factory=list)

    @property
    def puts(self) -> bool:
        """Whether tokens are put, not got."""
        return any(token is not None for _, token in self.moves)


@dataclass
class Scope:
    """The names of one function.

    `known` are the values of counters in terms of their iterations' numbers, under the counters' own keys; `numbers`
    are the signals of what is the same during a whole item: counters of the loops around it, and whole arguments.
    """

    clocked: Clocked
    storages: Mapping[str, Storage]
    buffers: Mapping[str, Buffer]
    streams: Mapping[str, Stream]
    arguments: Mapping[str, Signal]
    known: dict[int | str, Affine] = field(default_factory=dict)
    numbers: dict[int | str, Number] = field(default_factory=dict)
    # Values of earlier items: what they are once the item is done, and in the cycle in which it is.
    _live: dict[int, tuple[Callable[[], Signal], Callable[[], Signal]]] = field(default_factory=dict)

    def storage(self, key: str) -> Storage:
        """Return a buffer's storage."""
        return self.storages[key]

    def buffer(self, key: str) -> Buffer:
        """Return a buffer."""
        return self.buffers[key]

    def stream(self, name: str) -> Stream:
        """Return a stream argument."""
        return self.streams[name]

    def argument(self, name: str) -> Signal:
        """Return a scalar argument, as it was at the start."""
        return self.arguments[name]

    def normal(self, expression: Affine) -> Affine:
        """Return an expression in terms of the numbers of iterations."""
        return expression.substitute(self.known)

    # Values of earlier items

    def leave(self, number: int, after: Callable[[], Signal], now: Callable[[], Signal]) -> None:
        """Say what a value is after its item, and in the item's last cycle."""
        self._live[number] = after, now

    def live(self, number: int) -> Signal:
        """Return a value of an earlier item."""
        return self._live[number][0]()

    def outside(self, operand: Operand, now: bool = False) -> Signal:
        """Return a value that control takes; `now`: in the last cycle of the item that makes it."""
        circuit = self.clocked.circuit
        match operand:
            case Constant():
                return circuit.constant(constant_bits(operand), width_of(operand.type))
            case Index():
                found = evaluate(circuit, self.normal(operand.expression), self.numbers)
                return found.resized(circuit, width_of(operand.type))
            case ArgumentOperand():
                return self.argument(operand.name)
            case LiveOperand():
                return self._live[operand.number][now]()
        raise AssertionError(f"control cannot take {operand}")
