"""A circuit that runs: inputs are poked, cycles are made, outputs and memories are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.backends.rtl.simulation import Place, Simulation
from allo_studio.simulate.cycle.program import compiled

__all__ = ["Model"]

_ALIGNMENT = 64
_SPARE_BYTES = 64
_TRACE_BYTES = 1 << 24
_WORDS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


class Model:
    """A circuit and its state, which is zero at first: registers, memories and inputs.

    A cycle is the time up to a rising edge of the clock, with that edge: outputs follow from the inputs and from the
    state that the cycle began with, and at its end registers and memories take their new values. An object belongs to
    one thread at a time; several may run at once.

    `stopped` says whether the last `run` or `trace` ended because of its `stop`.
    """

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.stopped = False
        self._program = compiled(simulation)
        raw = np.zeros(simulation.size + _ALIGNMENT + _SPARE_BYTES, np.uint8)
        # The program takes it that wide values lie at multiples of 16.
        self._state = raw[-raw.ctypes.data % _ALIGNMENT :][: simulation.size + _SPARE_BYTES]
        self._address = self._state.ctypes.data
        self._inputs = {place.name: place for place in simulation.inputs}
        self._outputs = {place.name: place for place in simulation.outputs}
        self._states = {place.name: place for place in simulation.states}
        self._memories = {place.name: place for place in simulation.memories}
        self.reset()

    def reset(self) -> None:
        """Make all of the state as it was at first. Views of memories stay valid."""
        self._state[:] = 0
        if self._program.start is not None:
            self._program.start(self._address)

    def poke(self, name: str, value: int) -> None:
        """Set an input, to a number modulo 2 to the power of its width; it holds until it is set again."""
        place = self._inputs[name]
        value &= (1 << place.width) - 1
        raw = np.frombuffer(value.to_bytes(place.size, "little"), np.uint8)
        self._state[place.offset : place.offset + place.size] = raw

    def peek(self, name: str) -> int:
        """Return an output, a register or an input as a number without a sign, as it is in the cycle to come."""
        place = self._place(name)
        self._program.settle(self._address)
        return int.from_bytes(self._state[place.offset : place.offset + place.size].tobytes(), "little")

    @property
    def memories(self) -> tuple[str, ...]:
        """The memories' names, sorted."""
        return tuple(sorted(self._memories))

    def words(self, name: str) -> int:
        """Return how many words a memory has."""
        return self._memories[name].words

    def memory(self, name: str) -> NDArray[Any]:
        """Return a memory's words, to read and to write.

        A word is a number without a sign up to 64 bits, and bytes, little endian, above: the array's shape is then
        (words, bytes). Bits above the width of a word must be written as zeros.
        """
        place = self._memories[name]
        raw = self._state[place.offset : place.offset + place.words * place.stride]
        return raw.view(_WORDS[place.stride]) if place.stride in _WORDS else raw.reshape(place.words, place.stride)

    def run(self, most: int, stop: str | None = None) -> int:
        """Make cycles, at most so many, and return how many were made.

        `stop` is an output or a register of one bit: the first cycle in which it is one, as seen just before the edge
        at the cycle's end, is the last. So where it is one in the first cycle, the result is 1.
        """
        made = self._program.run(self._address, most, self._watched(stop), self._address, 0)
        self.stopped = made < 0
        return abs(made)

    def trace(self, most: int, names: Iterable[str], stop: str | None = None) -> dict[str, NDArray[Any]]:
        """Make cycles as `run` does; return what outputs, registers and inputs were just before each cycle's end.

        Each array has an element a cycle, as `memory` has them: a number, or bytes above 64 bits.
        """
        places = [self._place(name) for name in dict.fromkeys(names)]
        parts: dict[str, list[NDArray[np.uint8]]] = {place.name: [] for place in places}
        bytes_a_cycle = max(1, sum(_padded(place) for place in places))
        left = most
        self.stopped = False
        while left and not self.stopped:
            asked = min(left, max(1, _TRACE_BYTES // bytes_a_cycle))
            for name, part in self._trace(asked, places, stop).items():
                parts[name].append(part)
            left -= asked
        return {place.name: _numbers(parts[place.name], place) for place in places}

    def _trace(self, most: int, places: Sequence[Place], stop: str | None) -> dict[str, NDArray[np.uint8]]:
        found = {place.name: np.zeros((most, place.size), np.uint8) for place in places}
        rows = [(place.offset, place.size, found[place.name].ctypes.data) for place in places]
        entries = np.array(rows, np.int64).reshape(-1, 3)
        made = self._program.run(self._address, most, self._watched(stop), entries.ctypes.data, len(entries))
        self.stopped = made < 0
        return {name: array[: abs(made)] for name, array in found.items()}

    def _place(self, name: str) -> Place:
        for places in (self._outputs, self._states, self._inputs):
            if name in places:
                return places[name]
        raise KeyError(name)

    def _watched(self, stop: str | None) -> int:
        if stop is None:
            # A byte beyond the program's, which is always zero.
            return self.simulation.size
        place = self._place(stop)
        if place.width != 1:
            raise ValueError(f"{stop} has {place.width} bits, and what stops a run must have one")
        return place.offset


def _padded(place: Place) -> int:
    """Return the bytes of an element of a trace: those of the least type of numbers that holds the value."""
    return next((size for size in _WORDS if size >= place.size), place.size)


def _numbers(parts: Sequence[NDArray[np.uint8]], place: Place) -> NDArray[Any]:
    raw = np.concatenate(parts) if parts else np.zeros((0, place.size), np.uint8)
    size = _padded(place)
    if size not in _WORDS:
        return raw
    wide = np.zeros((len(raw), size), np.uint8)
    wide[:, : place.size] = raw
    return wide.view(_WORDS[size])[:, 0]
