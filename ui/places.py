"""Where in the hierarchy something is: levels that a person enters and leaves, and the place that a path names.

Nothing here touches Qt.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from allo_studio.design.model import Graph, GraphNode, Project

__all__ = ["Level", "Place", "block_paths", "graph_at", "locate", "reach", "size_text", "valid"]

_MOST_PATHS = 5000


def size_text(graph: Graph) -> str:
    """Return how large a graph is, `1 block, 2 wires`."""
    blocks, wires = len(graph.nodes), len(graph.edges)
    return f"{blocks} block{'s' * (blocks != 1)}, {wires} wire{'s' * (wires != 1)}"


@dataclass(frozen=True)
class Level:
    """A graph as it was entered: from the graph `top` through graph blocks."""

    top: str
    nodes: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The instance path, `cascade/sub`."""
        return "/".join((self.top, *self.nodes))

    def enter(self, node: str) -> Level:
        """Return the level inside a graph block."""
        return Level(self.top, (*self.nodes, node))

    def leave(self) -> Level:
        """Return the level around this one; the outermost is its own."""
        return Level(self.top, self.nodes[:-1])


@dataclass(frozen=True)
class Place:
    """A place in the design: a level, and in it a block, a wire, a note, or none; `step` counts from 0."""

    level: Level
    block: str | None = None
    wire: str | None = None
    step: int | None = None
    note: str | None = None


def graph_at(project: Project, level: Level) -> Graph | None:
    """Return the graph of a level, or None where the project has no such level."""
    graph = project.graphs.get(level.top)
    for name in level.nodes:
        node = graph.nodes.get(name) if graph else None
        graph = project.graphs.get(node.graph) if isinstance(node, GraphNode) else None
    return graph


def valid(project: Project, level: Level) -> Level:
    """Return the level, or the nearest one around it that still exists (an undo can take a graph away)."""
    while level.nodes and graph_at(project, level) is None:
        level = level.leave()
    if graph_at(project, level) is None:
        return Level(project.top if project.top in project.graphs else next(iter(project.graphs), project.top))
    return level


def reach(project: Project, graph: str) -> Level:
    """Return a shortest level at which a graph is shown: through the top if it is used there, else by itself."""
    waiting = deque([Level(project.top)])
    seen = {project.top}
    while waiting:
        level = waiting.popleft()
        found = graph_at(project, level)
        if found is None:
            continue
        if found.name == graph:
            return level
        for name, node in found.nodes.items():
            if isinstance(node, GraphNode) and node.graph not in seen:
                seen.add(node.graph)
                waiting.append(level.enter(name))
    return Level(graph)


def locate(project: Project, where: str, near: Level | None = None) -> Place | None:
    """Return the place that a diagnostic's `where` names, or None where it names none.

    Understands `cascade`, `cascade/mm1`, `cascade/mm1#2`, `cascade/mm1.C`, `cascade.A`, `cascade/mm1.C->mm2.A`, and
    instance paths through graph blocks. Where a graph is used several times, a level `near` it is taken.
    """
    path, _, number = where.partition("#")
    step = int(number) if number.isdecimal() else None
    head, _, last = path.rpartition("/")
    if not head:
        return _graph_place(project, last, near)
    level = _walk(project, head.split("/"), near)
    graph = graph_at(project, level) if level else None
    if level is None or graph is None:
        return None
    if "->" in last:
        return Place(level, wire=last) if any(edge.id == last for edge in graph.edges) else Place(level)
    block = last.partition(".")[0] if not last.startswith("@") else last
    port = block.removeprefix("@")
    if block in graph.nodes or (port != block and (port in graph.inputs or port in graph.outputs)):
        return Place(level, block=block, step=step)
    return Place(level)


def _graph_place(project: Project, text: str, near: Level | None) -> Place | None:
    name, _, port = text.partition(".")
    if name not in project.graphs:
        return None
    graph = project.graphs[name]
    level = _level_of(project, name, near)
    known = port in graph.inputs or port in graph.outputs
    return Place(level, block=f"@{port}" if known else None)


def _walk(project: Project, names: list[str], near: Level | None) -> Level | None:
    if names[0] not in project.graphs:
        return None
    level = _level_of(project, names[0], near)
    for name in names[1:]:
        level = level.enter(name)
    return level if graph_at(project, level) else None


def _level_of(project: Project, graph: str, near: Level | None) -> Level:
    while near is not None:
        found = graph_at(project, near)
        if found is not None and found.name == graph:
            return near
        near = near.leave() if near.nodes else None
    return reach(project, graph)


def block_paths(project: Project) -> Iterator[str]:
    """Yield the paths of the blocks of the top graph and of all graphs in it, outer ones first.

    Graphs that contain themselves have no end: the first paths are told, some thousands.
    """
    waiting, told = deque([Level(project.top)]), 0
    while waiting and told < _MOST_PATHS:
        level = waiting.popleft()
        graph = graph_at(project, level)
        for block, node in graph.nodes.items() if graph else ():
            yield f"{level.path}/{block}"
            told += 1
            if isinstance(node, GraphNode):
                waiting.append(level.enter(block))
