"""A design's RTL run cycle by cycle by whichever simulator takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from allo_studio.backends.rtl.emit import RtlDesign
from allo_studio.simulate.cycle.design import CycleRun, RunningDesign
from allo_studio.simulate.cycle.outside import OutsideDesign
from allo_studio.simulate.cycle.waves import Waves, cut_short, write_waves

__all__ = ["run_rtl"]


def run_rtl(
    design: RtlDesign,
    inputs: Mapping[str, Any],
    invocations: int,
    watch: Sequence[str] = (),
    cancel: Callable[[], bool] | None = None,
    waves: Waves | None = None,
) -> CycleRun:
    """Run invocations back to back by CIRCT's simulator, or by one for Verilog where an external block has some.

    `waves` asks for a waveform, of a run of its own. Raises as `RunningDesign` and `OutsideDesign`.
    """
    if design.foreign:
        outside = OutsideDesign(design)
        said = ""
        if waves is not None:
            outside.run(inputs, waves.invocations, (), cancel, waves.path)
            said = cut_short(waves.path, waves.most_bytes) if waves.most_bytes else ""
        return replace(outside.run(inputs, invocations, watch, cancel), waves=said)
    running = RunningDesign(design)
    said = write_waves(running, inputs, waves) if waves is not None else ""
    return replace(running.run(inputs, invocations, watch, cancel), waves=said)
