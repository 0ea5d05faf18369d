"""Edits of graph blocks' settings: parameters of graphs, and what an instance sets of the blocks inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite

from allo_studio.design.edit_base import (
    Edit,
    find_graph,
    find_node,
    find_schedule,
    refuse,
    require_inside,
    with_graph,
    without,
)
from allo_studio.design.model import GraphNode, Override, ParamValue, Project

__all__ = [
    "SetGraphParam",
    "SetInside",
    "require_value",
    "schedule_inside",
    "with_moved_blocks",
    "with_renamed_block",
    "with_renamed_schedule",
]


@dataclass(frozen=True)
class SetGraphParam(Edit):
    """Give a graph a parameter with the value that it has where no instance sets another; None takes it away."""

    graph: str
    param: str
    value: ParamValue | None

    def apply(self, project: Project) -> Project:
        """Return the project with the parameter; refused where its name is none or its value no number or text."""
        graph = find_graph(project, self.graph)
        require_value(self.param, self.value, self.graph)
        params = without(graph.params, self.param) if self.value is None else {**graph.params, self.param: self.value}
        return with_graph(project, replace(graph, params=params))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Set {self.param} of graph {self.graph}"


@dataclass(frozen=True)
class SetInside(Edit):
    """Set parameters and the schedule of a block (`left/mm`) inside one instance; None takes back what was set."""

    graph: str
    node: str
    block: str
    override: Override | None

    def apply(self, project: Project) -> Project:
        """Return the project with the settings; refused where there is no such block, graph block or schedule."""
        graph = find_graph(project, self.graph)
        node, where = find_node(graph, self.node), f"{self.graph}/{self.node}"
        if not isinstance(node, GraphNode):
            raise refuse(f"block {self.node!r} is no graph and has no blocks inside", where, "select a graph block")
        if self.override is None:
            inside = without(node.inside, self.block)
        else:
            require_inside(project, node.graph, self.block)
            if self.override.schedule:
                find_schedule(project, self.override.schedule)
            for param, value in self.override.params.items():
                require_value(param, value, where)
            inside = {**node.inside, self.block: self.override}
        return with_graph(project, replace(graph, nodes={**graph.nodes, self.node: replace(node, inside=inside)}))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Set {self.block} in {self.node}"


def require_value(param: str, value: ParamValue | None, where: str) -> None:
    """Raise AlloError where a parameter has no name, or a value that is no finite number or text."""
    if not param.isidentifier():
        raise refuse(f"{param!r} is no parameter name", where, "use letters, digits and _")
    if isinstance(value, bool) or (isinstance(value, float) and not isfinite(value)):
        raise refuse(f"{param} must be a finite number, not {value}", where, "give a number such as 64")


def schedule_inside(project: Project, schedule: str) -> tuple[str, ...]:
    """Return the graph blocks (`cascade/left`) that give a schedule to a block inside them."""
    return tuple(
        f"{graph.name}/{name}"
        for graph in project.graphs.values()
        for name, node in graph.nodes.items()
        if isinstance(node, GraphNode) and any(o.schedule == schedule for o in node.inside.values())
    )


def with_renamed_schedule(project: Project, old: str, new: str) -> Project:
    """Return the project with a schedule's new name wherever an instance sets it."""

    def renamed(inside: Mapping[str, Override]) -> dict[str, Override]:
        return {p: replace(o, schedule=new) if o.schedule == old else o for p, o in inside.items()}

    return _with_inside(project, lambda node: renamed(node.inside))


def with_renamed_block(project: Project, graph: str, old: str, new: str) -> Project:
    """Return the project with a block's new name in the paths of what instances set."""
    return _with_inside(
        project, lambda node: {_followed(project, node.graph, p, graph, old, new): o for p, o in node.inside.items()}
    )


def with_moved_blocks(project: Project, graph: str, moved: Mapping[str, str]) -> Project:
    """Return the project with other paths of blocks of a graph (`mm` to `sub/mm`) in what instances of it set."""
    return _with_inside(project, lambda node: _moved(node, graph, moved))


def _moved(node: GraphNode, graph: str, moved: Mapping[str, str]) -> dict[str, Override]:
    if node.graph != graph:
        return dict(node.inside)
    found = {}
    for path, override in node.inside.items():
        # The longest part that moved counts.
        part = max((p for p in moved if path == p or path.startswith(f"{p}/")), key=len, default="")
        found[f"{moved[part]}{path.removeprefix(part)}" if part else path] = override
    return found


def _followed(project: Project, graph: str, path: str, holder: str, old: str, new: str) -> str:
    """Return a path with the name `old` of a block of the graph `holder` replaced; `graph` is what it begins in."""
    names = path.split("/")
    for number, name in enumerate(names):
        if graph == holder and name == old:
            names[number] = new
        node = project.graphs[graph].nodes.get(name) if graph in project.graphs else None
        graph = node.graph if isinstance(node, GraphNode) else ""
    return "/".join(names)


def _with_inside(project: Project, change: Callable[[GraphNode], dict[str, Override]]) -> Project:
    """Return the project with other settings of blocks inside."""
    for graph in tuple(project.graphs.values()):
        changed = {
            name: replace(node, inside=made)
            for name, node in graph.nodes.items()
            if isinstance(node, GraphNode) and (made := change(node)) != node.inside
        }
        if changed:
            project = with_graph(project, replace(graph, nodes={**graph.nodes, **changed}))
    return project
