"""Edits that give things other names, or put another block in the place of one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from allo_studio.design.edit_base import (
    Edit,
    checked_name,
    find_graph,
    find_node,
    find_schedule,
    refuse,
    renamed_key,
    require_known,
    with_graph,
    without,
)
from allo_studio.design.edit_instance import with_renamed_schedule
from allo_studio.design.edit_project import graph_users
from allo_studio.design.model import Endpoint, Graph, KernelNode, Node, Project
from allo_studio.design.sizes import renamed_size

__all__ = ["RenameGraphPort", "RenameSchedule", "SetNode"]


@dataclass(frozen=True)
class RenameSchedule(Edit):
    """Rename a schedule; the blocks that use it follow."""

    old: str
    new: str

    def apply(self, project: Project) -> Project:
        """Return the project with the new name; refused where it is taken or no name."""
        find_schedule(project, self.old)
        if self.new == self.old:
            return project
        checked_name(self.new, project.schedules, "schedule", self.old)
        graphs = {name: self._followed(graph) for name, graph in project.graphs.items()}
        changed = replace(project, schedules=renamed_key(project.schedules, self.old, self.new), graphs=graphs)
        return with_renamed_schedule(changed, self.old, self.new)

    def _followed(self, graph: Graph) -> Graph:
        nodes = {
            name: replace(node, schedule=self.new)
            for name, node in graph.nodes.items()
            if isinstance(node, KernelNode) and node.schedule == self.old
        }
        return replace(graph, nodes={**graph.nodes, **nodes}) if nodes else graph

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Rename schedule {self.old} to {self.new}"


@dataclass(frozen=True)
class RenameGraphPort(Edit):
    """Rename a port of a graph's boundary; its wires inside, those at the graph's instances and its place follow.

    So do the types of the graph's ports that have it as a size.
    """

    graph: str
    old: str
    new: str

    def apply(self, project: Project) -> Project:
        """Return the project with the new name; refused for an unknown port, or a name that is taken or none."""
        graph = find_graph(project, self.graph)
        if self.old not in graph.inputs and self.old not in graph.outputs:
            raise refuse(f"graph {self.graph!r} has no port {self.old!r}", self.graph, "name a port that it has")
        if self.new == self.old:
            return project
        checked_name(self.new, {*graph.inputs, *graph.outputs}, "port", f"{self.graph}.{self.old}")
        inputs, outputs = (
            {name: renamed_size(text, self.old, self.new) for name, text in ports.items()}
            for ports in (renamed_key(side, self.old, self.new) for side in (graph.inputs, graph.outputs))
        )
        changed = with_graph(project, replace(graph, inputs=inputs, outputs=outputs))
        changed = self._follow(changed, self.graph, "")
        for user in graph_users(project, self.graph):
            holder, _, node = user.partition("/")
            changed = self._follow(changed, holder, node)
        if self.graph not in project.view:
            return changed
        places = renamed_key(without(project.view[self.graph], f"@{self.new}"), f"@{self.old}", f"@{self.new}")
        return replace(changed, view={**project.view, self.graph: places})

    def _follow(self, project: Project, graph: str, node: str) -> Project:
        old, new = Endpoint(node, self.old), Endpoint(node, self.new)
        edges = tuple(
            replace(e, source=new if e.source == old else e.source, target=new if e.target == old else e.target)
            if old in (e.source, e.target)
            else e
            for e in project.graphs[graph].edges
        )
        return with_graph(project, replace(project.graphs[graph], edges=edges))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Rename port {self.old} to {self.new}"


@dataclass(frozen=True)
class SetNode(Edit):
    """Put another block in the place of one; its name, its wires and its position stay."""

    graph: str
    name: str
    node: Node

    def apply(self, project: Project) -> Project:
        """Return the project with the block; refused for an unknown block, graph or schedule."""
        graph = find_graph(project, self.graph)
        find_node(graph, self.name)
        require_known(project, self.node)
        return with_graph(project, replace(graph, nodes={**graph.nodes, self.name: self.node}))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Replace {self.name}"
