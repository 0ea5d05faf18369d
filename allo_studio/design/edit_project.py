"""Edits of the project as a whole: its graphs, their boundaries and ways of execution, and the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Literal, get_args

from allo_studio.design.edit_base import (
    Edit,
    checked_name,
    find_graph,
    refuse,
    renamed_key,
    with_graph,
    without,
    without_graph,
)
from allo_studio.design.instances import with_params
from allo_studio.design.model import Endpoint, Execution, Graph, GraphNode, Interface, Project, Target
from allo_studio.types import parse_type

__all__ = [
    "AddGraph",
    "AddGraphPort",
    "RemoveGraph",
    "RemoveGraphPort",
    "RenameGraph",
    "ReplaceProject",
    "SetExecution",
    "SetGraphPortType",
    "SetTarget",
    "SetTop",
    "SetUnify",
    "graph_users",
]


def graph_users(project: Project, graph: str) -> tuple[str, ...]:
    """Return the paths (`top/sub`) of the blocks that are instances of `graph`."""
    return tuple(
        f"{holder.name}/{name}"
        for holder in project.graphs.values()
        for name, node in holder.nodes.items()
        if isinstance(node, GraphNode) and node.graph == graph
    )


@dataclass(frozen=True)
class AddGraph(Edit):
    """Add an empty graph with the given boundary ports (names to type texts)."""

    name: str
    execution: Execution = "dataflow"
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    def apply(self, project: Project) -> Project:
        """Return the project with the graph; refused for a taken name or an ill-formed port."""
        checked_name(self.name, project.graphs, "graph", self.name)
        changed = with_graph(project, Graph(self.name, self.execution))
        for name, type_text in self.inputs.items():
            changed = AddGraphPort(self.name, name, "in", type_text).apply(changed)
        for name, type_text in self.outputs.items():
            changed = AddGraphPort(self.name, name, "out", type_text).apply(changed)
        return changed

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Add graph {self.name}"


@dataclass(frozen=True)
class RemoveGraph(Edit):
    """Remove a graph that is not the top and that no block is an instance of."""

    name: str

    def apply(self, project: Project) -> Project:
        """Return the project without the graph; refused while it is in use."""
        find_graph(project, self.name)
        users = graph_users(project, self.name)
        if users:
            raise refuse(f"graph {self.name!r} is used by {', '.join(users)}", users[0], "remove those blocks first")
        if project.top == self.name:
            raise refuse(f"graph {self.name!r} is the top of the design", self.name, "make another graph the top first")
        return without_graph(project, self.name)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Remove graph {self.name}"


@dataclass(frozen=True)
class RenameGraph(Edit):
    """Rename a graph; its instances, its positions and the choice of top follow."""

    old: str
    new: str

    def apply(self, project: Project) -> Project:
        """Return the project with the new name; refused where it is taken or no name."""
        find_graph(project, self.old)
        if self.new == self.old:
            return project
        checked_name(self.new, project.graphs, "graph", self.old)
        graphs = {
            (self.new if name == self.old else name): replace(
                graph,
                name=self.new if name == self.old else name,
                nodes={
                    n: replace(node, graph=self.new) if isinstance(node, GraphNode) and node.graph == self.old else node
                    for n, node in graph.nodes.items()
                },
            )
            for name, graph in project.graphs.items()
        }
        view = renamed_key(without(project.view, self.new), self.old, self.new)
        notes = renamed_key(without(project.notes, self.new), self.old, self.new)
        top = self.new if project.top == self.old else project.top
        return replace(project, graphs=graphs, view=view, notes=notes, top=top)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Rename graph {self.old} to {self.new}"


@dataclass(frozen=True)
class AddGraphPort(Edit):
    """Add an input or output to a graph's boundary; `type` is a text such as `float32[64, 64]`."""

    graph: str
    name: str
    direction: Literal["in", "out"]
    type: str
    position: tuple[float, float] | None = None

    def apply(self, project: Project) -> Project:
        """Return the project with the port; refused for a taken name or a text that is no type."""
        graph = find_graph(project, self.graph)
        checked_name(self.name, {*graph.inputs, *graph.outputs}, "port", f"{self.graph}.{self.name}")
        _require_type(self.type, find_graph(project, self.graph), self.name)
        if self.direction == "in":
            graph = replace(graph, inputs={**graph.inputs, self.name: self.type})
        else:
            graph = replace(graph, outputs={**graph.outputs, self.name: self.type})
        changed = with_graph(project, graph)
        if self.position is None:
            return changed
        places = {**project.view.get(self.graph, {}), f"@{self.name}": self.position}
        return replace(changed, view={**project.view, self.graph: places})

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Add {'input' if self.direction == 'in' else 'output'} {self.name}"


@dataclass(frozen=True)
class SetGraphPortType(Edit):
    """Change the type of a port of a graph's boundary."""

    graph: str
    name: str
    type: str

    def apply(self, project: Project) -> Project:
        """Return the project with the type; refused for an unknown port or a text that is no type."""
        graph = find_graph(project, self.graph)
        _require_port(graph, self.name)
        _require_type(self.type, find_graph(project, self.graph), self.name)
        if self.name in graph.inputs:
            return with_graph(project, replace(graph, inputs={**graph.inputs, self.name: self.type}))
        return with_graph(project, replace(graph, outputs={**graph.outputs, self.name: self.type}))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Set type of {self.name}"


@dataclass(frozen=True)
class RemoveGraphPort(Edit):
    """Remove a port of a graph's boundary with its wires inside, and those at the graph's instances."""

    graph: str
    name: str

    def apply(self, project: Project) -> Project:
        """Return the project without the port; refused where there is none."""
        graph = find_graph(project, self.graph)
        _require_port(graph, self.name)
        graph = replace(graph, inputs=without(graph.inputs, self.name), outputs=without(graph.outputs, self.name))
        changed = with_graph(project, graph)
        ends = {self.graph: {Endpoint("", self.name)}}
        for user in graph_users(project, self.graph):
            holder, _, node = user.partition("/")
            ends.setdefault(holder, set()).add(Endpoint(node, self.name))
        for holder, gone in ends.items():
            inside = changed.graphs[holder]
            edges = tuple(e for e in inside.edges if e.source not in gone and e.target not in gone)
            changed = with_graph(changed, replace(inside, edges=edges))
        if self.graph not in project.view:
            return changed
        places = without(project.view[self.graph], f"@{self.name}")
        return replace(changed, view={**project.view, self.graph: places})

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Remove port {self.name}"


@dataclass(frozen=True)
class SetExecution(Edit):
    """Choose whether a graph's blocks run concurrently or one after the other."""

    graph: str
    execution: Execution

    def apply(self, project: Project) -> Project:
        """Return the project with the choice."""
        if self.execution not in ("dataflow", "sequential"):
            raise refuse(f"{self.execution!r} is no way of execution", self.graph, "use dataflow or sequential")
        return with_graph(project, replace(find_graph(project, self.graph), execution=self.execution))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Run {self.graph} as {self.execution}"


@dataclass(frozen=True)
class SetUnify(Edit):
    """Choose whether the layouts of a graph's interfaces are unified."""

    graph: str
    unify: bool

    def apply(self, project: Project) -> Project:
        """Return the project with the choice."""
        return with_graph(project, replace(find_graph(project, self.graph), unify=self.unify))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"{'Unify' if self.unify else 'Do not unify'} the interfaces of {self.graph}"


@dataclass(frozen=True)
class SetTarget(Edit):
    """Choose device, clock period (ns), FIFO margin (tokens), the most bits of FIFOs, and the top's interface."""

    target: Target

    def apply(self, project: Project) -> Project:
        """Return the project with the target; refused for a period or bits not above 0, a negative margin, or an
        interface that is none of the three.
        """
        if not (isfinite(self.target.clock_ns) and self.target.clock_ns > 0):
            raise refuse(
                f"a clock period of {self.target.clock_ns} ns is not possible", "target", "give a period above 0"
            )
        if self.target.fifo_margin < 0:
            raise refuse(f"a FIFO margin of {self.target.fifo_margin} is not possible", "target", "give 0 or more")
        if self.target.fifo_bits is not None and self.target.fifo_bits < 1:
            raise refuse(f"{self.target.fifo_bits} bits for all FIFOs are not possible", "target", "give 1 or more")
        if self.target.interface not in get_args(Interface):
            known = ", ".join(get_args(Interface))
            raise refuse(f"there is no interface {self.target.interface!r}", "target", f"choose one of {known}")
        return replace(project, target=self.target)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return "Set target"


@dataclass(frozen=True)
class SetTop(Edit):
    """Choose the graph that is built."""

    graph: str

    def apply(self, project: Project) -> Project:
        """Return the project with the choice; refused for an unknown graph."""
        find_graph(project, self.graph)
        return replace(project, top=self.graph)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Make {self.graph} the top"


@dataclass(frozen=True)
class ReplaceProject(Edit):
    """Put a whole project in place of the present one, as when an autosave is recovered."""

    project: Project
    text: str = "Replace project"

    def apply(self, project: Project) -> Project:
        """Return the new project."""
        return self.project

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return self.text


def _require_port(graph: Graph, name: str) -> None:
    if name not in graph.inputs and name not in graph.outputs:
        raise refuse(f"graph {graph.name!r} has no port {name!r}", graph.name, "name a port that it has")


def _require_type(text: str, graph: Graph, port: str) -> None:
    try:
        parse_type(with_params(text, graph.params))
    except ValueError as fault:
        raise refuse(str(fault), f"{graph.name}.{port}") from fault
