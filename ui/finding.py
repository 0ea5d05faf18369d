"""What a text is found in: the blocks, wires, ports and notes of all graphs. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from allo_studio.design.blocks import described, is_generated
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import ConstantNode, Edge, Graph, GraphNode, IpNode, KernelNode, Node, Override, Project
from ui.places import Level, Place, graph_at, reach

__all__ = ["Found", "find"]


@dataclass(frozen=True)
class Found:
    """A place where a text was found, and what stands there."""

    place: Place
    says: str


def find(project: Project, checked: CheckedDesign | None, text: str, near: Level) -> tuple[Found, ...]:
    """Return where all words of `text` are found, in any order and case: first in the level `near`, then elsewhere.

    A block is found by its name, kernel, schedule, parameters, and its ports and their types; a wire by its ends, its
    type and what is asked of its channel; a port of a graph by its name and type; a note by its text.
    """
    words = text.casefold().split()
    if not words:
        return ()
    shown = graph_at(project, near)
    graphs = [(near, shown)] if shown else []
    graphs += [(reach(project, g.name), g) for g in project.graphs.values() if shown is None or g.name != shown.name]
    return tuple(
        replace(found, place=replace(found.place, level=level))
        for level, graph in graphs
        for found in _things(project, graph, checked)
        if all(word in found.says.casefold() for word in words)
    )


def _things(project: Project, graph: Graph, checked: CheckedDesign | None) -> Iterator[Found]:
    level = Level(graph.name)
    for name, kind in (*graph.inputs.items(), *graph.outputs.items()):
        word = "input" if name in graph.inputs else "output"
        yield Found(Place(level, block=f"@{name}"), f"{name} {kind} {word}")
    for name, node in graph.nodes.items():
        ports = checked.ports.get(f"{graph.name}/{name}", ()) if checked else ()
        yield Found(Place(level, block=name), " ".join((name, *_said(node), *map(str, ports))))
    for edge in graph.edges:
        info = checked.edges.get(f"{graph.name}/{edge.id}") if checked else None
        kind = str(info.type) if info and info.type else ""
        yield Found(Place(level, wire=edge.id), " ".join((edge.id, kind, *_asked(edge))))
    for name, note in project.notes.get(graph.name, {}).items():
        yield Found(Place(level, note=name), note.text)


def _said(node: Node) -> Iterator[str]:
    if node.disabled:
        yield "bypassed" if node.disabled == "bypass" else "disabled"
    if isinstance(node, KernelNode):
        yield described(node) if is_generated(node.path) else f"{node.path}:{node.function}"
    elif isinstance(node, GraphNode):
        yield f"graph {node.graph}"
    elif isinstance(node, ConstantNode):
        yield f"constant {node.file} {node.type}"
    elif isinstance(node, IpNode):
        yield f"IP {node.path}"
    if isinstance(node, KernelNode | GraphNode):
        own = Override(node.params, getattr(node, "schedule", None) or "")
        for override in (own, *(node.inside.values() if isinstance(node, GraphNode) else ())):
            yield override.schedule
            yield from (f"{param}={value}" for param, value in override.params.items())


def _asked(edge: Edge) -> Iterator[str]:
    yield from (str(asked) for asked in (edge.channel, edge.rate) if asked)
    if edge.depth is not None:
        yield f"depth {edge.depth}"
