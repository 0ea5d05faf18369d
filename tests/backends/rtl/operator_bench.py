"""Operators under test: a circuit that reads operands from memories, one set a cycle, and writes results to others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.operators.build import operate
from allo_studio.backends.rtl.values import width_of
from allo_studio.backends.rtl.worker import shared
from allo_studio.hardware.operations import Operation
from allo_studio.simulate.cycle.model import Model
from allo_studio.types import ScalarType

__all__ = ["Bench", "numbers", "operation", "patterns"]

# With stalls, at least every third cycle counts.
_STALLED = 3


def operation(function: str, kind: ScalarType, latency: int = 0, predicate: int = 0) -> Operation:
    """Return an operation with a result of a type."""
    return Operation(0, "compute", function, function, (), kind, latency, 0.0, 0.0, predicate=predicate)


class Bench:
    """Operations of the same operands. `words` is how many sets of operands there are, a power of two.

    With `stalls`, the enable of all registers is low in many cycles, and nothing may change in those.
    """

    def __init__(
        self, operations: Sequence[Operation], kinds: Sequence[ScalarType], words: int, stalls: bool = False
    ) -> None:
        self.operations = operations
        self.words = words
        self.circuit = _circuit(operations, kinds, words, stalls)
        self._model = Model(shared().simulation(self.circuit.text(), self.circuit.name, "bench"))
        self._cycles = (words + max(op.latency for op in operations)) * (_STALLED if stalls else 1)
        self._model.poke("rst", 1)
        self._model.run(1)
        self._model.poke("rst", 0)

    def run(self, *operands: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the results of each operation, as the operands are: a bit pattern each, numbers or bytes."""
        for place, given in enumerate(operands):
            self._model.memory(f"operand{place}")[:] = given
        self._model.run(self._cycles)
        return [self._model.memory(f"result{place}").copy() for place in range(len(self.operations))]


def patterns(values: Sequence[int], bits: int) -> NDArray[Any]:
    """Return numbers as a memory of words of so many bits has them."""
    size = next((n for n in (1, 2, 4, 8) if 8 * n >= bits), (bits + 7) // 8)
    raw = b"".join((value % (1 << bits)).to_bytes(size, "little") for value in values)
    if size > 8:
        return np.frombuffer(raw, np.uint8).reshape(len(values), size)
    return np.frombuffer(raw, f"<u{size}")


def numbers(words: NDArray[Any]) -> list[int]:
    """Return the words of a memory as numbers without a sign."""
    if words.ndim == 1:
        return [int(word) for word in words]
    return [int.from_bytes(word.tobytes(), "little") for word in words]


def _circuit(operations: Sequence[Operation], kinds: Sequence[ScalarType], words: int, stalls: bool) -> Circuit:
    """Return the circuit, which takes the sets of operands over and over: a later round writes the same again."""
    circuit = Circuit("bench", public=True)
    enable = _now_and_then(circuit) if stalls else None
    bits = (words - 1).bit_length()
    assert words == 1 << bits
    number = circuit.later(bits)
    circuit.drive(number, circuit.register(circuit.add(number, circuit.constant(1, bits)), enable=enable, reset=0))
    inputs = [
        circuit.read(circuit.memory(f"operand{place}", words, width_of(kind)), number)
        for place, kind in enumerate(kinds)
    ]
    for place, op in enumerate(operations):
        made = operate(circuit, op, inputs, kinds, enable)
        memory = circuit.memory(f"result{place}", words, width_of(op.type))
        circuit.write(memory, circuit.delay(number, op.latency, enable), made, enable or circuit.constant(1, 1))
    return circuit


def _now_and_then(circuit: Circuit) -> Signal:
    """Return a bit that is set in some cycles only, in an order that looks random: never more than two are left out."""
    state = circuit.later(7)
    feedback = circuit.xor(circuit.bit(state, 6), circuit.bit(state, 5))
    circuit.drive(state, circuit.register(circuit.concat(circuit.extract(state, 0, 6), feedback), reset=1))
    before = circuit.later(2)
    on = circuit.or_(circuit.bit(state, 0), circuit.is_zero(before))
    circuit.drive(before, circuit.register(circuit.concat(circuit.bit(before, 0), on), reset=0))
    return on
