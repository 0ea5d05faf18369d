"""The edit that puts a block on wires: a conversion on one, a duplicator on all that begin at one end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from allo_studio.design.edit_base import Edit, did_you_mean, find_graph, find_schedule, refuse, with_graph
from allo_studio.design.model import Edge, Endpoint, KernelNode, Project
from allo_studio.design.names import fresh_name

__all__ = ["InsertBlock"]


@dataclass(frozen=True)
class InsertBlock(Edit):
    """Put a block on wires that begin at one end: it takes what that end gives, and each wire begins at a port of it.

    `outputs` are the block's ports by the ids of the wires, `input` is its input. What was asked of a wire's channel
    stays at the graph's own port where the wire begins at one, else with the wire's target.
    """

    graph: str
    name: str
    node: KernelNode
    input: str
    outputs: Mapping[str, str]

    def apply(self, project: Project) -> Project:
        """Return the project with the block; refused where a wire is missing, or they begin at different ends."""
        graph = find_graph(project, self.graph)
        if self.node.schedule is not None:
            find_schedule(project, self.node.schedule)
        wires = {edge.id: edge for edge in graph.edges if edge.id in self.outputs}
        for missing in sorted(self.outputs.keys() - wires.keys()):
            hint = did_you_mean(missing, [edge.id for edge in graph.edges])
            raise refuse(f"there is no wire {missing!r}", graph.name, hint)
        sources = {edge.source for edge in wires.values()}
        if len(sources) != 1:
            raise refuse("the wires do not begin at one end", graph.name, "choose wires of one producer")
        name = fresh_name(self.name, {*graph.nodes, *graph.inputs, *graph.outputs})
        source, first = sources.pop(), next(iter(wires.values()))
        into = Edge(source, Endpoint(name, self.input))
        if not source.node:
            into = replace(first, target=into.target, rate=None)
        edges: list[Edge] = []
        for edge in graph.edges:
            if edge.id not in wires:
                edges.append(edge)
                continue
            edges += [into] if edge.id == first.id else []
            begin = Endpoint(name, self.outputs[edge.id])
            keeps = source.node or not edge.target.node
            edges.append(replace(edge, source=begin) if keeps else Edge(begin, edge.target, rate=edge.rate))
        changed = with_graph(project, replace(graph, nodes={**graph.nodes, name: self.node}, edges=tuple(edges)))
        return self._placed(changed, name, [source, *(edge.target for edge in wires.values())])

    def _placed(self, project: Project, name: str, ends: list[Endpoint]) -> Project:
        """Put the block in the middle of those that it stands between, where all of them have places."""
        places = project.view.get(self.graph, {})
        known = [places.get(end.node or f"@{end.port}") for end in ends]
        if any(place is None for place in known):
            return project
        points = [place for place in known if place is not None]
        (x0, y0), rest = points[0], points[1:]
        x1, y1 = (sum(p[axis] for p in rest) / len(rest) for axis in (0, 1))
        middle = (float(round((x0 + x1) / 8) * 4), float(round((y0 + y1) / 8) * 4))
        return replace(project, view={**project.view, self.graph: {**places, name: middle}})

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Insert {self.name}"
