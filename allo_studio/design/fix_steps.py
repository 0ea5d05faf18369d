"""Fixes of steps that do not apply: the step goes, or it goes with all that come after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from allo_studio.design.check_kernels import kernel_result
from allo_studio.design.edit_base import Edit, Several
from allo_studio.design.edit_schedule import ForkSchedule, RemoveStep, TruncateSteps, schedule_users
from allo_studio.design.fix_base import At, Fix, Rule
from allo_studio.design.model import KernelNode, StepSpec
from allo_studio.design.names import fresh_name

__all__ = ["STEP_RULES", "own_schedule"]


def own_schedule(at: At, graph: str, node: str, schedule: str, make: Callable[[str], Edit]) -> Edit:
    """Return an edit of a block's own copy of a schedule; other blocks keep theirs."""
    own = fresh_name(f"{schedule}_{node}", set(at.project.schedules))
    edit = make(own)
    return Several((ForkSchedule(graph, node, own), edit), edit.describe())


def _step(at: At) -> Iterator[Fix]:
    """Take the step away, or cut the schedule off before it."""
    node = at.graph.nodes.get(at.node)
    index = int(at.diagnostic.where.rpartition("#")[2])
    schedule = node.schedule if isinstance(node, KernelNode) else None
    steps = at.project.schedules.get(schedule or "", ())
    if not isinstance(node, KernelNode) or schedule is None or index >= len(steps):
        return
    name = f"step {index + 1} of {schedule}"
    if not _still_wrong(at, node, index, (*steps[:index], *steps[index + 1 :])):
        yield Fix(f"remove {name} ({steps[index].name})", _edited(at, schedule, index, RemoveStep))
    if index < len(steps) - 1:
        yield Fix(f"cut {schedule} off before step {index + 1}", _edited(at, schedule, index, TruncateSteps))


def _still_wrong(at: At, node: KernelNode, index: int, steps: tuple[StepSpec, ...]) -> bool:
    """Tell whether the step that comes to the same place is wrong in the same way."""
    kernel = at.checked.kernels.get(f"{at.graph.name}/{at.node}")
    if kernel is None or kernel.base is None:
        return True
    faults = kernel_result(kernel.base.source, node, steps).step_faults
    return any(at_step == index and fault.message == at.diagnostic.message for at_step, fault in faults)


def _edited(at: At, schedule: str, index: int, edit: Callable[[str, int], Edit]) -> Edit:
    """Return an edit of the schedule, or of a copy where the step is right for another block."""
    wrong = {diagnostic.where for diagnostic in at.checked.diagnostics}
    if all(f"{user}#{index}" in wrong for user in schedule_users(at.project, schedule)):
        return edit(schedule, index)
    return own_schedule(at, at.graph.name, at.node, schedule, lambda name: edit(name, index))


STEP_RULES: dict[str, Rule] = {"step": _step}
