"""Invocations of a design one after another, each process run as a whole on whole arrays.

A FIFO that holds elements at reset gives them first, and keeps as many of its producer's last ones for the next
invocation. Processes in a loop run side by side where the engine can do that. Else they are run again and again: what
they make is right as far as what they took was right and, as they run in hardware, a little further each time, until
nothing changes any more (G. Kahn, "The semantics of a simple language for parallel programming", 1974).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from allo_studio.design.loops import Loop, groups
from allo_studio.design.region import Channel, IpProcess, KernelProcess, Process, Region, RegionProcess, RelayoutProcess
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.simulate.model import run_model
from allo_studio.values import to_bits
from allo_studio.words import bits_dtype, from_bits

__all__ = ["Array", "Engine", "Invocations", "Queue"]

Array = NDArray[Any]
# A channel, and the elements that lie in it.
Queue = tuple[Channel, Array]


class Engine(Protocol):
    """What runs one kernel. An engine may also run several together; what is here leaves that to others."""

    def run(self, process: KernelProcess | RelayoutProcess, held: Mapping[str, Array]) -> Mapping[str, Array]:
        """Return what a process puts on its channels, by channel, from what they hold."""
        ...

    def whole(self, region: Region, given: Mapping[str, Array]) -> Mapping[str, Array] | None:
        """Return the outputs by port of a region that this engine runs as one kernel; None of others."""
        return None

    def keep(self) -> Callable[[], None]:
        """Return what brings back the present state of all kernels."""
        ...

    def together(
        self, processes: Sequence[Process], held: Mapping[str, Array], queues: Mapping[str, Queue]
    ) -> Mapping[str, Array] | None:
        """Return what processes put on their channels that run side by side, or None where they cannot.

        They take each other's elements from `queues`, by channel.
        """
        return None


@dataclass
class Invocations:
    """A region in one engine. `kept` are the elements that FIFOs hold between invocations, by channel id."""

    region: Region
    engine: Engine
    cancel: Callable[[], bool] | None = None
    kept: dict[str, Array] = field(default_factory=dict)

    def run(self, inputs: Mapping[str, Array], invocations: int = 1) -> dict[str, Array]:
        """Return the outputs of the last of several invocations on the same inputs.

        Raises AlloError (code `deadlock`) where a loop does not hold enough elements to tell what it makes.
        """
        outputs: dict[str, Array] = {}
        for _ in range(invocations):
            outputs = self._region(self.region, inputs)
        return outputs

    def _region(self, region: Region, inputs: Mapping[str, Array]) -> dict[str, Array]:
        # A port's channel has the port's name.
        held: dict[str, Array] = dict(inputs)
        channels = {channel.name: channel for channel in region.channels}
        for processes, kept in groups(region):
            if kept:
                self._loop((processes, kept), held, channels)
            else:
                self._process(processes[0], held)
                self._delay([c for c in _written(processes[0], channels) if c.initial], held)
        return {port.name: held[port.name] for port in region.ports if port.direction == "out"}

    def _process(self, process: Process, held: dict[str, Array]) -> None:
        if isinstance(process, IpProcess):
            taken = [port.name for port in process.block.ports if port.direction == "in"]
            given = {name: held[process.bindings[name]] for name in taken}
            results = run_model(process.block, given, process.firings, self.cancel)
            held.update((process.bindings[name], array) for name, array in results.items() if name in process.bindings)
            return
        if not isinstance(process, RegionProcess):
            held.update(self.engine.run(process, held))
            return
        ports = process.region.ports
        given = {p.name: held[process.bindings[p.name]] for p in ports if p.direction == "in"}
        made = self.engine.whole(process.region, given) or self._region(process.region, given)
        held.update((process.bindings[name], array) for name, array in made.items() if name in process.bindings)

    def _delay(self, channels: Sequence[Channel], held: dict[str, Array]) -> None:
        """Let FIFOs give what they held, and keep as much of what their producers made."""
        for channel in channels:
            made = held[channel.name]
            held[channel.name], self.kept[channel.id] = _passed(self._kept(channel), made)

    def _kept(self, channel: Channel) -> Array:
        return self.kept[channel.id] if channel.id in self.kept else _initial(channel)

    def _loop(self, loop: Loop, held: dict[str, Array], channels: Mapping[str, Channel]) -> None:
        processes, back = loop
        if self._together(processes, held, channels):
            return
        before, restore = dict(self.kept), self.engine.keep()
        own = {channel.name: self._kept(channel) for channel in back}
        # Before anything is known, what the FIFOs hold stands for all that will be.
        made = {c.name: np.resize(own[c.name], c.type.shape) for c in back}
        most = sum(channel.type.size for channel in back) + 1
        for _ in range(most + 1):
            self.kept = dict(before)
            restore()
            for name, array in made.items():
                held[name] = _passed(own[name], array)[0]
            new: dict[str, Array] = {}
            for process in processes:
                self._process(process, held)
                for channel in _written(process, channels):
                    if channel.name in own:
                        # A reader that comes later takes what was made in the round before, as the others do.
                        new[channel.name] = held[channel.name]
                        held[channel.name] = _passed(own[channel.name], made[channel.name])[0]
                    elif channel.initial:
                        self._delay([channel], held)
            if all(_same(new[name], made[name]) for name in made):
                for channel in back:
                    self.kept[channel.id] = _passed(own[channel.name], new[channel.name])[1]
                return
            made = new
        names = ", ".join(channel.id for channel in back)
        message = f"the elements that {names} hold at reset do not tell what the loop makes"
        raise AlloError(Diagnostic("deadlock", message, where=self.region.path, hint="give more `initial` elements"))

    def _together(self, processes: Sequence[Process], held: dict[str, Array], channels: Mapping[str, Channel]) -> bool:
        """Run processes side by side; return whether that was possible."""
        written = [channel for process in processes for channel in _written(process, channels)]
        names = {process.name for process in processes}
        inner = [channel for channel in written if any(target in names for target, _ in channel.targets)]
        empty = {c.name: np.empty(0, c.type.element.dtype) for c in inner}
        queues = {c.name: (c, self._kept(c) if c.initial else empty[c.name]) for c in inner}
        made = self.engine.together(processes, held, queues)
        if made is None:
            return False
        held.update(made)
        self._delay([channel for channel in written if channel.initial], held)
        return True


def _written(process: Process, channels: Mapping[str, Channel]) -> list[Channel]:
    names = dict.fromkeys(process.bindings.values())
    return [channels[name] for name in names if channels[name].source[0] == process.name]


def _passed(kept: Array, made: Array) -> tuple[Array, Array]:
    """Return what a FIFO gives that holds some elements and gets others, and what it holds then."""
    both = np.concatenate([kept, made.reshape(-1)])
    return both[: made.size].reshape(made.shape), both[made.size :]


def _same(one: Array, other: Array) -> bool:
    # What is no number equals itself here.
    return (one.dtype == object and np.array_equal(one, other)) or one.tobytes() == other.tobytes()


def _initial(channel: Channel) -> Array:
    """Return the elements that a FIFO holds at reset."""
    kind = channel.type.element
    bits = np.array([to_bits(number, kind) for number in channel.initial], bits_dtype(kind.bits))
    return from_bits(bits, kind)
