"""What every test of a schedule asks: the JIT's results, the predicted cycles, and no more cycles than are needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cycle_executor import Execution, execute
from random_engines import difference
from schedule_bounds import cycle_bound

from allo_studio.execute.recording import Recorder
from allo_studio.hardware.cycles import Run
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.schedule import HardwareSchedule, schedule_kernel
from allo_studio.hardware.traces import Traces
from allo_studio.ir import KernelIR
from allo_studio.simulate.jit import whole_arguments

__all__ = ["Checked", "assert_runs", "assert_short"]

_MOST_ITERATIONS = 100_000
_MOST = 1.05


@dataclass(frozen=True)
class Checked:
    """A schedule, as it is and for the run, and what its execution did."""

    schedule: HardwareSchedule
    of_run: HardwareSchedule
    execution: Execution


def assert_runs(kernel: KernelIR, library: OperatorLibrary, *cases: Mapping[str, Any]) -> Checked:
    """Check that a kernel's schedule computes the JIT's bits, in exactly the predicted cycles, on some inputs.

    What is returned is of the last.
    """
    schedule, recorder = schedule_kernel(kernel, library), Recorder.of(kernel, _MOST_ITERATIONS)
    if not schedule.depends_on:
        # The closed form is that of the greatest sizes; it is the same as counting one by one.
        assert schedule.latency == Traces(schedule.control, schedule.kernel, schedule._known_sizes).cycles()
    for inputs in cases:
        recorder.reset()
        checked = _checked(kernel, schedule, recorder, inputs)
    return checked


def _checked(kernel: KernelIR, schedule: HardwareSchedule, recorder: Recorder, inputs: Mapping[str, Any]) -> Checked:
    outputs, recording = recorder.run(inputs)
    execution = execute(schedule, kernel, inputs)
    assert difference(kernel, outputs, execution.outputs) == ""
    arguments = whole_arguments(kernel, {**_sizes(kernel, inputs), **inputs})
    of_run = schedule.of_run(Run(arguments, recording))
    assert execution.cycles == of_run.latency
    if not any(need.data for need in schedule.depends_on):
        assert execution.cycles == Traces(schedule.control, schedule.kernel, arguments).cycles()
        assert execution.cycles == schedule.of_run(Run(arguments)).latency
    return Checked(schedule, of_run, execution)


def _sizes(kernel: KernelIR, inputs: Mapping[str, Any]) -> dict[str, int]:
    """Return the named sizes that inputs have."""
    found: dict[str, int] = {}
    for argument in kernel.arguments():
        if argument.name in inputs:
            extents = zip(argument.type.sizes, getattr(inputs[argument.name], "shape", ()), strict=False)
            found |= {name: extent for name, extent in extents if name}
    return found


def assert_short(checked: Checked, most: float = _MOST) -> None:
    """Check that a run takes at most so many times the cycles of the bound, which none is below."""
    bound = cycle_bound(checked.schedule, checked.execution)
    assert bound <= checked.execution.cycles, "the bound is none"
    assert checked.execution.cycles <= most * bound, f"{checked.execution.cycles} cycles, at least {bound} are needed"
