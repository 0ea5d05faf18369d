"""The waveform of a design's first invocation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allo_studio.backends.rtl.emit import BENCH
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.simulate.cycle.design import RunningDesign
from allo_studio.simulate.cycle.vcd import write_vcd

__all__ = ["write_waves"]

_MOST_BYTES = 1 << 30
# Cycles after the last one of the invocation, so that its end can be seen.
_AFTER = 4


def write_waves(running: RunningDesign, inputs: Mapping[str, Any], path: Path) -> None:
    """Run one invocation and write what every port and register was in each cycle to a VCD file.

    The clock's period is drawn as 10 ns. Raises AlloError (code `simulation`) where that is more than a gigabyte.
    """
    sized, places = running.design.sized, running.model.simulation
    cycles = sized.latency + _AFTER
    signals = {place.name: place for place in (*places.inputs, *places.outputs, *places.states)}
    signals.pop("clk", None)
    if cycles * sum(place.size for place in signals.values()) > _MOST_BYTES:
        hint = "write the waveform of a design of smaller sizes"
        message = f"{len(signals):,} signals over {cycles:,} cycles are too much for a waveform"
        raise AlloError(Diagnostic("simulation", message, where=sized.region.path, hint=hint))
    running.begin(inputs, 1)
    samples = running.model.trace(cycles, signals)
    write_vcd(path, samples, {name: place.width for name, place in signals.items()}, top=BENCH)
