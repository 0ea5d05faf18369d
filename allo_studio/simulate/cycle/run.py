"""A design's RTL run cycle by cycle by whichever simulator takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from allo_studio.backends.rtl.emit import RtlDesign
from allo_studio.simulate.cycle.design import CycleRun, RunningDesign
from allo_studio.simulate.cycle.outside import OutsideDesign
from allo_studio.simulate.cycle.waves import write_waves

__all__ = ["run_rtl"]


def run_rtl(
    design: RtlDesign,
    inputs: Mapping[str, Any],
    invocations: int,
    watch: Sequence[str] = (),
    cancel: Callable[[], bool] | None = None,
    waves: Path | None = None,
) -> CycleRun:
    """Run invocations back to back by CIRCT's simulator, or by one for Verilog where an external block has some.

    `waves` is where to write the waveform of one invocation. Raises as `RunningDesign` and `OutsideDesign`.
    """
    if design.foreign:
        outside = OutsideDesign(design)
        if waves is not None:
            outside.run(inputs, 1, (), cancel, waves)
        return outside.run(inputs, invocations, watch, cancel)
    running = RunningDesign(design)
    if waves is not None:
        write_waves(running, inputs, waves)
    return running.run(inputs, invocations, watch, cancel)
