"""A block of the library put into a design: with its default schedule, as one edit."""

from __future__ import annotations

from collections.abc import Mapping

from allo_studio.design.edits import AddNode, AddSchedule, Edit, Several, fresh_name
from allo_studio.design.model import KernelNode, Project, StepSpec
from allo_studio.library.catalogue import LibraryBlock

__all__ = ["add_block"]


def add_block(
    project: Project,
    graph: str,
    block: LibraryBlock,
    position: tuple[float, float] | None = None,
    params: Mapping[str, int] | None = None,
) -> tuple[str, Edit]:
    """Return the name that a new block gets in a graph of the project, and the edit that adds it.

    `params` are the parameters that it sets. The block has its default schedule, or another one where only that suits
    the parameters. One of that name and with the same steps that the project has already is used; where that name
    stands for other steps, the schedule gets another one.
    """
    known = project.graphs.get(graph)
    name = fresh_name(block.name, {*known.nodes, *known.inputs, *known.outputs} if known else set())
    given = dict(params or {})
    found = block.schedule_for(given)
    schedule = _schedule_name(project, found.name, found.steps) if found else None
    add = AddNode(graph, name, KernelNode(block.path, block.name, given, schedule), position)
    if found is None or schedule is None or schedule in project.schedules:
        return name, add
    return name, Several((AddSchedule(schedule, found.steps), add), add.describe())


def _schedule_name(project: Project, wish: str, steps: tuple[StepSpec, ...]) -> str:
    """Return a name like `wish` (`wish_2`, …) that stands for the steps already, or is free."""
    others = {name for name, known in project.schedules.items() if known != steps}
    return fresh_name(wish, others)
