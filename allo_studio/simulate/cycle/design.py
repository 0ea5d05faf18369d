"""A design's RTL run on data, cycle by cycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.backends.rtl.buffers import port_base
from allo_studio.backends.rtl.emit import BENCH, RtlDesign
from allo_studio.backends.rtl.worker import Worker, shared
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.simulate.child import SimulationCancelled
from allo_studio.simulate.cycle.contents import load, store
from allo_studio.simulate.cycle.model import Model
from allo_studio.types import ScalarType
from allo_studio.words import to_bits

__all__ = ["CycleRun", "RunningDesign"]

# A design that takes this many times the predicted cycles, and some more, will never be done.
_PATIENCE = 4
_GRACE = 1000
_CHUNK = 1 << 22
_RESET_CYCLES = 2


@dataclass(frozen=True)
class CycleRun:
    """What a run did. `cycles` are from the first cycle to that of done, inclusive, and from one done to the next.

    `outputs` are the arrays after the last invocation; `held` is how many tokens each FIFO held in each cycle, by
    channel id, where it was asked for. `waves` says how the waveform was cut short, empty where it was not.
    """

    cycles: tuple[int, ...]
    outputs: Mapping[str, Any]
    held: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    waves: str = ""


class RunningDesign:
    """A design's RTL as a program. Making it takes CIRCT and LLVM; it can then run many times."""

    def __init__(self, design: RtlDesign, worker: Worker | None = None) -> None:
        """Compile a design; raises AlloError (code `rtl`), and WorkerCancelled."""
        self.design = design
        self.model = Model((worker or shared()).simulation(design.bench_text, BENCH, design.name))
        self._inputs = {place.name: place for place in self.model.simulation.inputs}

    def run(
        self,
        inputs: Mapping[str, Any],
        invocations: int = 1,
        watch: Sequence[str] = (),
        cancel: Callable[[], bool] | None = None,
    ) -> CycleRun:
        """Run invocations back to back on the same inputs, by port; of FIFOs to `watch` it keeps how full they are.

        Raises AlloError (code `simulation`) where the design is not done in four times the predicted cycles, and
        SimulationCancelled.
        """
        self.begin(inputs, invocations)
        ports = {self.design.probed.fifos[channel]: channel for channel in watch}
        parts: dict[str, list[NDArray[Any]]] = {channel: [] for channel in watch}
        cycles = []
        for _ in range(invocations):
            cycles.append(self._invocation(ports, parts, cancel))
        held = {channel: np.concatenate(found) for channel, found in parts.items()}
        return CycleRun(tuple(cycles), self.outputs(), held)

    def begin(self, inputs: Mapping[str, Any], invocations: int) -> None:
        """Reset the design, put the inputs into its memories, and let it start so often."""
        model = self.model
        model.reset()
        for port in self.design.sized.region.ports:
            if port.direction == "in":
                self._give(port.name, np.asarray(inputs[port.name], port.type.element.dtype), port.type.element)
        for name, text in self.design.probed.files.items():
            self._fill(name, text)
        model.poke("rst", 1)
        model.run(_RESET_CYCLES)
        model.poke("rst", 0)
        model.poke("invocations", invocations)

    def outputs(self) -> dict[str, Any]:
        """Return what the memories of the output ports hold."""
        outputs = {port.name for port in self.design.sized.region.ports if port.direction == "out"}
        found = {}
        for storage, port in self.design.probed.storages.items():
            if port in outputs and port not in found:
                found[port] = store(self.model, storage)
        return found

    def _give(self, port: str, values: NDArray[Any], kind: ScalarType) -> None:
        for storage, name in self.design.probed.storages.items():
            if name == port:
                load(self.model, storage, values)
        # A scalar that nothing depends on has no input.
        if port_base(port) in self._inputs:
            self.model.poke(port_base(port), int(to_bits(values, kind)))

    def _fill(self, file: str, text: str) -> None:
        """Give a memory inside of the design the contents that it starts with."""
        words = [int(line, 16) for line in text.split()]
        design = self.design.bench.instances[self.design.name]
        for path in self.design.probed.contents[file]:
            memory = self.model.memory(f"{design}/{path}")
            for number, word in enumerate(words):
                if memory.ndim == 1:
                    memory[number] = word
                else:
                    memory[number] = np.frombuffer(word.to_bytes(memory.shape[1], "little"), np.uint8)

    def _invocation(
        self, ports: Mapping[str, str], parts: dict[str, list[NDArray[Any]]], cancel: Callable[[], bool] | None
    ) -> int:
        """Run up to the next done and return the cycles."""
        sized = self.design.sized
        most = _PATIENCE * max(sized.latency, sized.interval) + _GRACE
        made = 0
        while made < most:
            if cancel is not None and cancel():
                raise SimulationCancelled
            asked = min(_CHUNK, most - made)
            if ports:
                found = self.model.trace(asked, ports, stop="done")
                for port, channel in ports.items():
                    parts[channel].append(found[port])
                made += len(next(iter(found.values())))
            else:
                made += self.model.run(asked, stop="done")
            if self.model.stopped:
                return made
        raise AlloError(
            Diagnostic(
                "simulation",
                f"the RTL is not done after {made} cycles; {sized.latency} were predicted",
                where=sized.region.path,
                hint="this is a defect of the compiler, not of the design: please report it with the project",
            )
        )
