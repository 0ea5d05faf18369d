"""Edits of schedules: the steps of a named schedule, and which block uses which."""

from __future__ import annotations

from dataclasses import dataclass, replace

from allo_studio.design.edit_base import (
    Edit,
    checked_name,
    find_graph,
    find_node,
    find_schedule,
    refuse,
    with_graph,
    without,
)
from allo_studio.design.edit_instance import schedule_inside
from allo_studio.design.model import KernelNode, Project, StepSpec
from allo_studio.design.names import fresh_name

__all__ = [
    "AddSchedule",
    "AddStep",
    "DisableStep",
    "ForkSchedule",
    "MoveStep",
    "RemoveSchedule",
    "RemoveStep",
    "ReplaceStep",
    "SetSchedule",
    "TruncateSteps",
    "schedule_users",
]


def schedule_users(project: Project, schedule: str) -> tuple[str, ...]:
    """Return the paths (`cascade/mm1`) of the blocks that use the named schedule."""
    return tuple(
        f"{graph.name}/{name}"
        for graph in project.graphs.values()
        for name, node in graph.nodes.items()
        if isinstance(node, KernelNode) and node.schedule == schedule
    )


@dataclass(frozen=True)
class SetSchedule(Edit):
    """Give a block a named schedule, or none."""

    graph: str
    node: str
    schedule: str | None

    def apply(self, project: Project) -> Project:
        """Return the project with the choice; refused for a block that is no kernel or an unknown schedule."""
        if self.schedule is not None:
            find_schedule(project, self.schedule)
        return _assigned(project, self.graph, self.node, self.schedule)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Use schedule {self.schedule} for {self.node}" if self.schedule else f"Remove schedule of {self.node}"


@dataclass(frozen=True)
class AddSchedule(Edit):
    """Add a named schedule, and give it to a block where `graph` and `node` are given."""

    name: str
    steps: tuple[StepSpec, ...] = ()
    graph: str = ""
    node: str = ""

    def apply(self, project: Project) -> Project:
        """Return the project with the schedule; refused for a taken name."""
        checked_name(self.name, project.schedules, "schedule", self.name)
        changed = _with_steps(project, self.name, self.steps)
        return _assigned(changed, self.graph, self.node, self.name) if self.node else changed

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Add schedule {self.name}"


@dataclass(frozen=True)
class RemoveSchedule(Edit):
    """Remove a named schedule that no block uses."""

    name: str

    def apply(self, project: Project) -> Project:
        """Return the project without the schedule; refused while a block uses it."""
        find_schedule(project, self.name)
        users = (*schedule_users(project, self.name), *schedule_inside(project, self.name))
        if users:
            hint = "give those blocks another schedule first"
            raise refuse(f"schedule {self.name!r} is used by {', '.join(users)}", users[0], hint)
        return replace(project, schedules=without(project.schedules, self.name))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Remove schedule {self.name}"


@dataclass(frozen=True)
class ForkSchedule(Edit):
    """Give a block its own copy of the schedule that it shares, named after both unless `name` is given."""

    graph: str
    node: str
    name: str | None = None

    def apply(self, project: Project) -> Project:
        """Return the project with the copy; refused where the block has no schedule or the name is taken."""
        node = find_node(find_graph(project, self.graph), self.node)
        where = f"{self.graph}/{self.node}"
        if not isinstance(node, KernelNode) or node.schedule is None:
            raise refuse(f"block {self.node!r} has no schedule to copy", where, "add a step to give it one")
        steps = find_schedule(project, node.schedule)
        name = self.name or fresh_name(f"{node.schedule}_{self.node}", set(project.schedules))
        checked_name(name, project.schedules, "schedule", where)
        return _assigned(_with_steps(project, name, steps), self.graph, self.node, name)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Give {self.node} its own schedule"


@dataclass(frozen=True)
class AddStep(Edit):
    """Add a step to a named schedule at `index` (from 0), or at its end."""

    schedule: str
    step: StepSpec
    index: int | None = None

    def apply(self, project: Project) -> Project:
        """Return the project with the step; refused for an unknown schedule or a place outside it."""
        steps = find_schedule(project, self.schedule)
        at = len(steps) if self.index is None else self.index
        if not 0 <= at <= len(steps):
            raise refuse(
                f"schedule {self.schedule!r} has no place {at}", self.schedule, f"0 to {len(steps)} are possible"
            )
        return _with_steps(project, self.schedule, (*steps[:at], self.step, *steps[at:]))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Add step {self.step.name}"


@dataclass(frozen=True)
class RemoveStep(Edit):
    """Remove step `index` (from 0) of a named schedule."""

    schedule: str
    index: int

    def apply(self, project: Project) -> Project:
        """Return the project without the step; refused where there is none."""
        steps = _steps_with(project, self.schedule, self.index)
        return _with_steps(project, self.schedule, steps[: self.index] + steps[self.index + 1 :])

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Remove step {self.index + 1} of {self.schedule}"


@dataclass(frozen=True)
class ReplaceStep(Edit):
    """Put another step in place of step `index` (from 0)."""

    schedule: str
    index: int
    step: StepSpec

    def apply(self, project: Project) -> Project:
        """Return the project with the step; refused where there is none at `index`."""
        steps = _steps_with(project, self.schedule, self.index)
        return _with_steps(project, self.schedule, (*steps[: self.index], self.step, *steps[self.index + 1 :]))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Change step {self.index + 1} of {self.schedule}"


@dataclass(frozen=True)
class DisableStep(Edit):
    """Let step `index` (from 0) do nothing, or something again."""

    schedule: str
    index: int
    disabled: bool = True

    def apply(self, project: Project) -> Project:
        """Return the project with the step in its place; refused where there is none at `index`."""
        steps = _steps_with(project, self.schedule, self.index)
        changed = replace(steps[self.index], disabled=self.disabled)
        return _with_steps(project, self.schedule, (*steps[: self.index], changed, *steps[self.index + 1 :]))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"{'Disable' if self.disabled else 'Enable'} step {self.index + 1} of {self.schedule}"


@dataclass(frozen=True)
class MoveStep(Edit):
    """Move step `index` so that it becomes step `to` (both from 0)."""

    schedule: str
    index: int
    to: int

    def apply(self, project: Project) -> Project:
        """Return the project with the new order; refused where either place does not exist."""
        steps = _steps_with(project, self.schedule, self.index)
        _steps_with(project, self.schedule, self.to)
        rest = steps[: self.index] + steps[self.index + 1 :]
        return _with_steps(project, self.schedule, (*rest[: self.to], steps[self.index], *rest[self.to :]))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Move step {self.index + 1} of {self.schedule}"


@dataclass(frozen=True)
class TruncateSteps(Edit):
    """Keep the first `length` steps of a named schedule."""

    schedule: str
    length: int

    def apply(self, project: Project) -> Project:
        """Return the project with the shorter schedule; refused for a length outside 0 to what it has."""
        steps = find_schedule(project, self.schedule)
        if not 0 <= self.length <= len(steps):
            raise refuse(
                f"schedule {self.schedule!r} has {len(steps)} steps, not {self.length}",
                self.schedule,
                "keep at most as many as there are",
            )
        return _with_steps(project, self.schedule, steps[: self.length])

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Truncate {self.schedule} to {self.length} steps"


def _with_steps(project: Project, schedule: str, steps: tuple[StepSpec, ...]) -> Project:
    return replace(project, schedules={**project.schedules, schedule: steps})


def _steps_with(project: Project, schedule: str, index: int) -> tuple[StepSpec, ...]:
    steps = find_schedule(project, schedule)
    if not 0 <= index < len(steps):
        raise refuse(f"schedule {schedule!r} has no step {index}", schedule, f"it has {len(steps)} steps, from 0")
    return steps


def _assigned(project: Project, graph_name: str, node_name: str, schedule: str | None) -> Project:
    graph = find_graph(project, graph_name)
    node = find_node(graph, node_name)
    if not isinstance(node, KernelNode):
        raise refuse(
            f"block {node_name!r} is no kernel and has no schedule",
            f"{graph_name}/{node_name}",
            "select a kernel block",
        )
    return with_graph(project, replace(graph, nodes={**graph.nodes, node_name: replace(node, schedule=schedule)}))
