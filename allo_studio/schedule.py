"""A kernel with a list of schedule steps: apply, replay, truncate, and what applies next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step
from allo_studio.primitives.menu import Applicable, applicable
from allo_studio.primitives.registry import parse_step, step_to_dict

__all__ = ["Applicable", "ScheduledKernel", "SpecLike", "applicable", "from_specs", "schedule"]


class SpecLike(Protocol):
    """A step as a project file has it: a name and arguments."""

    @property
    def name(self) -> str:
        """The primitive."""

    @property
    def args(self) -> Mapping[str, Any]:
        """Its arguments."""


Spec = SpecLike | tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class ScheduledKernel:
    """A kernel and its schedule. `irs[0]` is the base, `irs[n]` the kernel after the first n steps.

    `reassociating[n]` says that step n changes the order of a floating-point accumulation.
    """

    base: KernelIR
    steps: tuple[Step, ...]
    irs: tuple[KernelIR, ...]
    reassociating: tuple[bool, ...]

    @property
    def ir(self) -> KernelIR:
        """The kernel after all steps."""
        return self.irs[-1]

    @property
    def reassociates(self) -> bool:
        """Whether results can differ from the base's by rounding."""
        return any(self.reassociating)

    def apply(self, step: Step) -> ScheduledKernel:
        """Return the schedule with one more step; raises AlloError whose diagnostics' `where` is `#<index>`."""
        index = len(self.steps)
        found = step.check(self.ir)
        if found:
            raise AlloError(_placed(found, index))
        seen, placed = step.placed(self.ir)
        reassociates = placed.reassociates(seen)
        try:
            irs = (*self.irs, step.perform(self.ir))
        except AlloError as error:
            raise AlloError(_placed(error.diagnostics, index)) from None
        return ScheduledKernel(self.base, (*self.steps, step), irs, (*self.reassociating, reassociates))

    def truncate(self, count: int) -> ScheduledKernel:
        """Return the schedule of the first `count` steps; raises ValueError where there are not so many."""
        if not 0 <= count <= len(self.steps):
            raise ValueError(f"there are {len(self.steps)} steps, not {count}")
        return ScheduledKernel(self.base, self.steps[:count], self.irs[: count + 1], self.reassociating[:count])

    def to_specs(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Return the steps as (name, arguments), as a project file has them."""
        return tuple(item for step in self.steps for item in step_to_dict(step).items())


def schedule(base: KernelIR, steps: Iterable[Step] = ()) -> ScheduledKernel:
    """Return the kernel with all steps applied in order; raises AlloError at the first that does not apply.

    The diagnostics' `where` is `#<index>`, from 0.
    """
    scheduled = ScheduledKernel(base, (), (base if base.frozen else base.freeze(),), ())
    for step in steps:
        scheduled = scheduled.apply(step)
    return scheduled


def from_specs(base: KernelIR, specs: Sequence[Spec]) -> ScheduledKernel:
    """Return the kernel with steps as a project file has them, (name, arguments) or values with these attributes.

    Raises AlloError with the faults of every step that cannot be understood and of the first that does not apply.
    """
    steps: list[Step] = []
    faults: list[Diagnostic] = []
    for index, spec in enumerate(specs):
        name, args = spec if isinstance(spec, tuple) else (spec.name, spec.args)
        try:
            step = parse_step(name, args)
        except AlloError as error:
            faults += _placed(error.diagnostics, index)
            continue
        if not faults:
            steps.append(step)
    try:
        scheduled = schedule(base, steps)
    except AlloError as error:
        faults = [*error.diagnostics, *faults]
    if faults:
        raise AlloError(faults)
    return scheduled


def _placed(found: Iterable[Diagnostic], index: int) -> list[Diagnostic]:
    return [replace(diagnostic, where=f"#{index}") for diagnostic in found]
