"""Edits of what a graph contains: blocks, wires, and where they lie on the canvas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite

from allo_studio.design.blocks import is_generated
from allo_studio.design.edit_base import (
    Edit,
    checked_name,
    did_you_mean,
    find_graph,
    find_node,
    refuse,
    renamed_key,
    require_known,
    with_graph,
    without,
)
from allo_studio.design.edit_instance import require_value, with_renamed_block
from allo_studio.design.model import (
    ChannelChoice,
    Edge,
    Endpoint,
    Graph,
    GraphNode,
    KernelNode,
    Node,
    ParamValue,
    Project,
    Rate,
)
from allo_studio.types import parse_type

__all__ = [
    "AddNode",
    "Connect",
    "Disconnect",
    "MoveNodes",
    "RemoveNodes",
    "RenameNode",
    "Reroute",
    "SetChannel",
    "SetInitial",
    "SetParam",
    "SetRate",
]


@dataclass(frozen=True)
class AddNode(Edit):
    """Add a block to a graph, and its position where given."""

    graph: str
    name: str
    node: Node
    position: tuple[float, float] | None = None

    def apply(self, project: Project) -> Project:
        """Return the project with the block; refused for a taken name or an unknown graph or schedule."""
        graph = find_graph(project, self.graph)
        checked_name(self.name, graph.nodes, "block", f"{self.graph}/{self.name}")
        require_known(project, self.node)
        changed = with_graph(project, replace(graph, nodes={**graph.nodes, self.name: self.node}))
        return changed if self.position is None else _placed(changed, self.graph, {self.name: self.position})

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Add {self.name}"


@dataclass(frozen=True)
class RemoveNodes(Edit):
    """Remove blocks of a graph together with their wires and positions."""

    graph: str
    names: tuple[str, ...]

    def apply(self, project: Project) -> Project:
        """Return the project without the blocks; refused where one does not exist."""
        graph = find_graph(project, self.graph)
        for name in self.names:
            find_node(graph, name)
        gone = set(self.names)
        edges = tuple(e for e in graph.edges if e.source.node not in gone and e.target.node not in gone)
        changed = with_graph(project, replace(graph, nodes=without(graph.nodes, *gone), edges=edges))
        return _forget_positions(changed, self.graph, gone)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Remove {self.names[0] if len(self.names) == 1 else f'{len(self.names)} blocks'}"


@dataclass(frozen=True)
class RenameNode(Edit):
    """Rename a block; its wires and its position follow."""

    graph: str
    old: str
    new: str

    def apply(self, project: Project) -> Project:
        """Return the project with the new name; refused where it is taken or no name."""
        graph = find_graph(project, self.graph)
        find_node(graph, self.old)
        if self.new == self.old:
            return project
        checked_name(self.new, graph.nodes, "block", f"{self.graph}/{self.old}")
        edges = tuple(
            replace(e, source=self._follow(e.source), target=self._follow(e.target))
            if self.old in (e.source.node, e.target.node)
            else e
            for e in graph.edges
        )
        changed = with_renamed_block(project, self.graph, self.old, self.new)
        nodes = renamed_key(changed.graphs[self.graph].nodes, self.old, self.new)
        changed = with_graph(changed, replace(graph, nodes=nodes, edges=edges))
        if self.graph not in project.view:
            return changed
        places = renamed_key(without(project.view[self.graph], self.new), self.old, self.new)
        return replace(changed, view={**project.view, self.graph: places})

    def _follow(self, end: Endpoint) -> Endpoint:
        return Endpoint(self.new, end.port) if end.node == self.old else end

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Rename {self.old} to {self.new}"


@dataclass(frozen=True)
class Connect(Edit):
    """Draw a wire. With `replace_producer` a wire that already ends at `target` gives way, else it is an error."""

    graph: str
    source: Endpoint
    target: Endpoint
    channel: ChannelChoice | None = None
    depth: int | None = None
    replace_producer: bool = False

    def apply(self, project: Project) -> Project:
        """Return the project with the wire; refused for a missing end, a duplicate, or a second producer."""
        graph = find_graph(project, self.graph)
        edge = Edge(self.source, self.target, self.channel, _legal_depth(self.depth, self.graph))
        kept = graph.edges
        if self.replace_producer:
            kept = tuple(e for e in kept if e.target != self.target)
        _require_legal_edge(graph, edge, kept)
        return with_graph(project, replace(graph, edges=(*kept, edge)))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Connect {self.source} to {self.target}"


@dataclass(frozen=True)
class Disconnect(Edit):
    """Remove the wire with the id `edge` (`mm1.C->mm2.A`)."""

    graph: str
    edge: str

    def apply(self, project: Project) -> Project:
        """Return the project without the wire; refused where there is none."""
        graph = find_graph(project, self.graph)
        gone = _find_edge(graph, self.edge)
        return with_graph(project, replace(graph, edges=graph.edges[:gone] + graph.edges[gone + 1 :]))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Remove wire {self.edge.replace('->', ' to ')}"


@dataclass(frozen=True)
class Reroute(Edit):
    """Move one or both ends of a wire; the wire keeps its place in the file and what was asked of its channel."""

    graph: str
    edge: str
    source: Endpoint | None = None
    target: Endpoint | None = None
    replace_producer: bool = False

    def apply(self, project: Project) -> Project:
        """Return the project with the moved wire; refused as in Connect."""
        graph = find_graph(project, self.graph)
        at = _find_edge(graph, self.edge)
        old = graph.edges[at]
        edge = replace(old, source=self.source or old.source, target=self.target or old.target)
        if edge == old:
            return project
        before, after = graph.edges[:at], graph.edges[at + 1 :]
        if self.replace_producer:
            before, after = (tuple(e for e in part if e.target != edge.target) for part in (before, after))
        _require_legal_edge(graph, edge, (*before, *after))
        return with_graph(project, replace(graph, edges=(*before, edge, *after)))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Re-route wire {self.edge.replace('->', ' to ')}"


@dataclass(frozen=True)
class SetChannel(Edit):
    """Force an edge's kind of channel and its depth in tokens, or leave them to the compiler with None."""

    graph: str
    edge: str
    channel: ChannelChoice | None
    depth: int | None = None

    def apply(self, project: Project) -> Project:
        """Return the project with the choice; refused for a depth below 1 or one on a channel that is no FIFO."""
        graph = find_graph(project, self.graph)
        at = _find_edge(graph, self.edge)
        depth = _legal_depth(self.depth, self.graph)
        if depth is not None and self.channel in ("pingpong", "shared"):
            raise refuse(f"a {self.channel} channel has no depth", f"{self.graph}/{self.edge}", "leave the depth out")
        edge = replace(graph.edges[at], channel=self.channel, depth=depth)
        return with_graph(project, replace(graph, edges=(*graph.edges[:at], edge, *graph.edges[at + 1 :])))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Set channel of {self.edge.replace('->', ' to ')}"


@dataclass(frozen=True)
class SetInitial(Edit):
    """Set the elements that lie in an edge's channel at reset; none where it begins empty."""

    graph: str
    edge: str
    initial: tuple[int | float, ...] = ()

    def apply(self, project: Project) -> Project:
        """Return the project with the elements; refused where one is no finite number."""
        graph = find_graph(project, self.graph)
        at = _find_edge(graph, self.edge)
        for number in self.initial:
            if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number):
                where = f"{self.graph}/{self.edge}"
                raise refuse(f"{number!r} is no initial element", where, "give finite numbers")
        edge = replace(graph.edges[at], initial=tuple(self.initial))
        return with_graph(project, replace(graph, edges=(*graph.edges[:at], edge, *graph.edges[at + 1 :])))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Set initial elements of {self.edge.replace('->', ' to ')}"


@dataclass(frozen=True)
class SetRate(Edit):
    """Set how an edge's array goes over where its ends fire differently often (see `rates`); None where they do not."""

    graph: str
    edge: str
    rate: Rate | None = None

    def apply(self, project: Project) -> Project:
        """Return the project with the rate; refused where there is no such wire."""
        graph = find_graph(project, self.graph)
        at = _find_edge(graph, self.edge)
        edge = replace(graph.edges[at], rate=self.rate)
        return with_graph(project, replace(graph, edges=(*graph.edges[:at], edge, *graph.edges[at + 1 :])))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Set rate of {self.edge.replace('->', ' to ')}"


@dataclass(frozen=True)
class MoveNodes(Edit):
    """Place blocks on the canvas; `positions` by name, `@A` being the graph's own port A."""

    graph: str
    positions: Mapping[str, tuple[float, float]]

    def apply(self, project: Project) -> Project:
        """Return the project with the positions; refused for a block or port that does not exist."""
        graph = find_graph(project, self.graph)
        for name in self.positions:
            if not name.startswith("@"):
                find_node(graph, name)
            elif name[1:] not in graph.inputs and name[1:] not in graph.outputs:
                raise refuse(f"graph {self.graph!r} has no port {name[1:]!r}", self.graph, "move a port that it has")
        return _placed(project, self.graph, self.positions)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Move {next(iter(self.positions)) if len(self.positions) == 1 else f'{len(self.positions)} blocks'}"


@dataclass(frozen=True)
class SetParam(Edit):
    """Override a constant of a block's kernel file, or a graph's parameter; None goes back to the own value."""

    graph: str
    node: str
    param: str
    value: ParamValue | None

    def apply(self, project: Project) -> Project:
        """Return the project with the value; refused where the block has none, or it is none that can be."""
        graph = find_graph(project, self.graph)
        node = find_node(graph, self.node)
        where = f"{self.graph}/{self.node}"
        if not isinstance(node, KernelNode | GraphNode):
            raise refuse(f"block {self.node!r} is no kernel and has no parameters", where, "select a kernel block")
        if isinstance(node, KernelNode) and is_generated(node.path):
            raise refuse(f"block {self.node!r} has no kernel file and no parameters", where, "select a kernel block")
        if isinstance(node, GraphNode) and self.value is not None:
            known = find_graph(project, node.graph).params
            if self.param not in known:
                raise refuse(
                    f"graph {node.graph} has no parameter {self.param!r}", where, did_you_mean(self.param, known)
                )
        require_value(self.param, self.value, where)
        if isinstance(self.value, str) and self.value not in graph.params:
            _require_type(self.param, self.value, where)
        params = without(node.params, self.param) if self.value is None else {**node.params, self.param: self.value}
        return with_graph(project, replace(graph, nodes={**graph.nodes, self.node: replace(node, params=params)}))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Set {self.param} of {self.node}"


def _require_type(param: str, text: str, where: str) -> None:
    try:
        parse_type(text)
    except ValueError as fault:
        raise refuse(f"{param} must be a number or a type: {fault}", where, "give 64 or int8") from None


def _placed(project: Project, graph: str, positions: Mapping[str, tuple[float, float]]) -> Project:
    for name, place in positions.items():
        if not all(isfinite(c) for c in place):
            raise refuse(f"{name!r} cannot lie at {place}", graph, "a position is two finite numbers")
    places = {**project.view.get(graph, {}), **{n: (float(x), float(y)) for n, (x, y) in positions.items()}}
    return replace(project, view={**project.view, graph: places})


def _forget_positions(project: Project, graph: str, names: set[str]) -> Project:
    if graph not in project.view:
        return project
    return replace(project, view={**project.view, graph: without(project.view[graph], *names)})


def _find_edge(graph: Graph, edge: str) -> int:
    for index, candidate in enumerate(graph.edges):
        if candidate.id == edge:
            return index
    raise refuse(f"there is no wire {edge!r}", graph.name, did_you_mean(edge, [e.id for e in graph.edges]))


def _legal_depth(depth: int | None, where: str) -> int | None:
    if depth is not None and (isinstance(depth, bool) or depth < 1):
        raise refuse(f"a depth of {depth} is not possible", where, "a FIFO holds at least 1 token")
    return depth


def _require_legal_edge(graph: Graph, edge: Edge, others: tuple[Edge, ...]) -> None:
    where = f"{graph.name}/{edge.id}"
    if edge.source == edge.target:
        raise refuse(f"{edge.source} cannot feed itself", where, "lead the wire to an input")
    _require_end(graph, edge.source, graph.inputs, graph.outputs, "source")
    _require_end(graph, edge.target, graph.outputs, graph.inputs, "target")
    target = edge.target.text
    for other in others:
        if other.target.text == target:
            if other.id == edge.id:
                raise refuse(f"there is already a wire {edge.id}", where, "change that wire, or take it away first")
            fix = f"replace the wire {other.id}"
            raise refuse(f"{edge.target} is already fed by {other.source}", where, "an input has one producer", (fix,))


def _require_end(graph: Graph, end: Endpoint, fits: Mapping[str, str], wrong: Mapping[str, str], side: str) -> None:
    if end.node:
        find_node(graph, end.node)
    elif end.port in wrong:
        kind = "an output" if side == "source" else "an input"
        raise refuse(f"{end.port} is {kind} of the graph and cannot be the {side} of a wire", f"{graph.name}/{end}")
    elif end.port not in fits:
        known = [*fits, *graph.nodes]
        raise refuse(f"graph {graph.name!r} has no port {end.port!r}", graph.name, did_you_mean(end.port, known))
