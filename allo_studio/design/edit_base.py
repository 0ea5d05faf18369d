"""What all edits share: the protocol, look-ups that explain themselves, and replacing one graph of a project."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TypeVar

from allo_studio.design.model import Graph, GraphNode, KernelNode, Node, Project, StepSpec, UnknownNode
from allo_studio.design.names import name_fault
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = [
    "Edit",
    "Several",
    "checked_name",
    "did_you_mean",
    "find_graph",
    "find_node",
    "find_schedule",
    "refuse",
    "renamed_key",
    "require_inside",
    "require_known",
    "unknown_kind",
    "with_graph",
    "without",
    "without_graph",
]

V = TypeVar("V")
_MOST_COMPARED, _LONGEST_COMPARED = 500, 100
_KINDS = ("kernel", "graph", "ip", "constant", "convert", "duplicate", "relayout")


class Edit(ABC):
    """A change of a project as a value: it applies as a whole or raises AlloError and changes nothing."""

    @abstractmethod
    def apply(self, project: Project) -> Project:
        """Return the changed project; raises AlloError (code `edit`) where the edit does not apply."""

    @abstractmethod
    def describe(self) -> str:
        """Return a short text for the undo menu, such as `Move mm1`."""


@dataclass(frozen=True)
class Several(Edit):
    """Applies edits in order, all or none. `text` is what the undo menu says."""

    edits: tuple[Edit, ...]
    text: str

    def apply(self, project: Project) -> Project:
        """Return the project after all edits; raises AlloError where one does not apply."""
        for edit in self.edits:
            project = edit.apply(project)
        return project

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return self.text


def refuse(message: str, where: str = "", hint: str = "", fixes: tuple[str, ...] = ()) -> AlloError:
    """Return the error of an edit that does not apply."""
    return AlloError(Diagnostic("edit", message, where=where, hint=hint, fixes=fixes))


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return a hint that names the nearest of `known`, or all of them where none is near."""
    # Of very many names, or with a very long one, looking for what is alike takes too long.
    if len(known) > _MOST_COMPARED:
        return f"there are {len(known)}: look for a slip in the name"
    near = get_close_matches(name, list(known), n=1) if len(name) <= _LONGEST_COMPARED else []
    if near:
        return f"did you mean {near[0]}?"
    return f"there are: {', '.join(sorted(known)[:12])}" if known else "there are none yet"


def checked_name(name: str, taken: Collection[str], kind: str, where: str) -> str:
    """Return `name` where it is legal and free, else raise AlloError."""
    fault = name_fault(name)
    if fault:
        raise refuse(fault, where)
    if name in taken:
        raise refuse(f"there is already a {kind} called {name!r}", where, "choose another name")
    return name


def find_graph(project: Project, name: str) -> Graph:
    """Return the graph of that name; raises AlloError."""
    if name not in project.graphs:
        raise refuse(f"there is no graph {name!r}", name, did_you_mean(name, project.graphs))
    return project.graphs[name]


def find_node(graph: Graph, name: str) -> Node:
    """Return the node of that name; raises AlloError."""
    if name not in graph.nodes:
        raise refuse(f"there is no block {name!r} in {graph.name!r}", graph.name, did_you_mean(name, graph.nodes))
    return graph.nodes[name]


def find_schedule(project: Project, name: str) -> tuple[StepSpec, ...]:
    """Return the steps of the named schedule; raises AlloError."""
    if name not in project.schedules:
        raise refuse(f"there is no schedule {name!r}", name, did_you_mean(name, project.schedules))
    return project.schedules[name]


def require_known(project: Project, node: Node) -> None:
    """Raise AlloError where a block is an instance of an unknown graph, or has or sets what is not there."""
    if isinstance(node, GraphNode):
        known = find_graph(project, node.graph).params
        for param in node.params.keys() - known.keys():
            message = f"graph {node.graph} has no parameter {param!r}"
            raise refuse(message, node.graph, did_you_mean(param, known))
        for path, override in node.inside.items():
            require_inside(project, node.graph, path)
            if override.schedule:
                find_schedule(project, override.schedule)
    if isinstance(node, KernelNode) and node.schedule is not None:
        find_schedule(project, node.schedule)


def require_inside(project: Project, graph: str, path: str) -> None:
    """Raise AlloError where a graph has no block at a path (`left/mm`)."""
    for name in path.split("/"):
        node = find_node(find_graph(project, graph), name)
        graph = node.graph if isinstance(node, GraphNode) else ""


def with_graph(project: Project, graph: Graph) -> Project:
    """Return the project with `graph` in place of the one of its name (or added)."""
    return replace(project, graphs={**project.graphs, graph.name: graph})


def without(mapping: Mapping[str, V], *names: str) -> dict[str, V]:
    """Return a copy of the mapping that lacks `names`."""
    return {key: value for key, value in mapping.items() if key not in names}


def unknown_kind(graph: str, name: str, node: UnknownNode) -> Diagnostic:
    """Return the fault of a block whose kind this version does not know."""
    kind = next(iter(node.raw), "")
    near = get_close_matches(kind, _KINDS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"this version knows {', '.join(_KINDS)}; the block is kept as it is"
    message = f"unknown kind of block {kind!r}" if kind else "the block does not say what it is"
    return Diagnostic("structure", message, where=f"{graph}/{name}", hint=hint)


def without_graph(project: Project, name: str) -> Project:
    """Return the project without a graph and all that is drawn of it."""
    graphs, view, notes = without(project.graphs, name), without(project.view, name), without(project.notes, name)
    return replace(project, graphs=graphs, view=view, notes=notes)


def renamed_key(mapping: Mapping[str, V], old: str, new: str) -> dict[str, V]:
    """Return a copy of the mapping in the same order with one key renamed."""
    return {new if key == old else key: value for key, value in mapping.items()}
