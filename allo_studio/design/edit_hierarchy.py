"""Edits that move a level of the hierarchy: blocks become a graph of their own, and a graph's blocks come out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from allo_studio.design.edit_base import (
    Edit,
    checked_name,
    find_graph,
    find_node,
    refuse,
    with_graph,
    without,
    without_graph,
)
from allo_studio.design.edit_instance import with_moved_blocks
from allo_studio.design.edit_notes import find_note, note_name, with_notes
from allo_studio.design.edit_project import graph_users
from allo_studio.design.end_types import EndTypes, TypeTexts
from allo_studio.design.instances import opened, used_params
from allo_studio.design.model import ConstantNode, Edge, Endpoint, Graph, GraphNode, Node, Note, Project, Rate
from allo_studio.design.names import fresh_name
from allo_studio.design.sizes import with_sizes

__all__ = ["CollapseNodes", "ExpandNode", "centre"]

Point = tuple[float, float]
# Places stay on the canvas's grid when blocks change their level.
_GRID = 4
_NOWHERE = Endpoint("", "")


def centre(places: Iterable[Point]) -> Point:
    """Return the middle of some places, on the grid; (0, 0) of none."""
    known = tuple(places)
    middle = (sum(p[axis] for p in known) / max(len(known), 1) for axis in (0, 1))
    x, y = (float(round(value / _GRID) * _GRID) for value in middle)
    return x, y


@dataclass(frozen=True)
class CollapseNodes(Edit):
    """Make a graph `name` of some blocks of a graph, and put one block in their place.

    Wires that cross become ports of the new graph: one for each producer outside, one for each producer inside (two
    where its wires ask for different channels). What was asked of a wire's channel stays on the wire outside. The new
    graph has those parameters of the graph around it that its blocks and ports name, and the new block hands them on.
    `known` tells what the ends of wires that cross are, first in the graph as it is drawn and then at other values of
    its parameters; `collapsing` finds it out. `notes` are those of the canvas that go with the blocks.
    """

    graph: str
    nodes: tuple[str, ...]
    name: str
    known: tuple[EndTypes, ...] = ()
    notes: tuple[str, ...] = ()

    def apply(self, project: Project) -> Project:
        """Return the project with the new graph.

        Refused for a taken name, a cycle, and a type that is not known or that no names of parameters can say.
        """
        graph = find_graph(project, self.graph)
        if not self.nodes:
            raise refuse("no blocks are selected", self.graph, "select the blocks that are to become a graph")
        for name in self.nodes:
            find_node(graph, name)
        checked_name(self.name, project.graphs, "graph", self.graph)
        inside = set(self.nodes)
        _require_no_cycle(graph, inside)
        firings = [each.firings for each in self.known if each.firings is not None]
        types = TypeTexts(project, graph, self.known)
        return self._placed(project, _Collapse(graph, inside, self.name, types, _rates_outside(graph, inside, firings)))

    def _placed(self, project: Project, made: _Collapse) -> Project:
        changed = with_graph(with_graph(project, made.outer), made.inner)
        changed = with_moved_blocks(changed, self.graph, {name: f"{made.block}/{name}" for name in made.inner.nodes})
        going = {name: find_note(project, self.graph, name) for name in self.notes}
        if going:
            changed = with_notes(changed, self.graph, without(project.notes[self.graph], *going))
            changed = with_notes(changed, self.name, going)
        places = project.view.get(self.graph, {})
        moved = {name: places[name] for name in made.inner.nodes if name in places}
        if not moved:
            return changed
        stay = {**without(places, *moved), made.block: centre(moved.values())}
        return replace(changed, view={**project.view, self.graph: stay, self.name: moved})

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Collapse {len(self.nodes)} block{'s' * (len(self.nodes) != 1)} into {self.name}"


class _Collapse:
    """The graph around and the graph inside; `block` is the name of the new block.

    The rates of wires that cross stay `rates_outside`, where the block fires as those in it, or go inside.
    """

    def __init__(self, graph: Graph, inside: set[str], name: str, types: TypeTexts, rates_outside: bool) -> None:
        self._inside, self._types, self._rates_outside = inside, types, rates_outside
        nodes = {n: node for n, node in graph.nodes.items() if n in inside}
        # In the type of a port a parameter's name is the parameter, and never the port that tells a size.
        self._taken = {*nodes, *graph.params}
        stay = without(graph.nodes, *inside)
        self.block = fresh_name(name, set(stay))
        self._ports: dict[tuple[str, Endpoint, Edge], str] = {}
        self._inputs: dict[str, str] = {}
        self._outputs: dict[str, str] = {}
        self._inner: list[Edge] = []
        self._outer: list[Edge] = []
        for edge in graph.edges:
            self._wire(edge)
        self._inputs, self._outputs = self._with_sizes(self._inputs), self._with_sizes(self._outputs)
        params = used_params(graph, nodes.values(), (*self._inputs.values(), *self._outputs.values()))
        self.inner = Graph(
            name, graph.execution, self._inputs, self._outputs, nodes, tuple(self._inner), graph.unify, params
        )
        block = GraphNode(name, {param: param for param in params})
        self.outer = replace(graph, nodes=_in_place(graph.nodes, inside, self.block, block), edges=tuple(self._outer))

    def _wire(self, edge: Edge) -> None:
        enters, leaves = edge.target.node in self._inside, edge.source.node in self._inside
        if enters and leaves:
            self._inner.append(edge)
        elif enters:
            port = self._port(edge, self._inputs)
            self._inner.append(Edge(Endpoint("", port), edge.target, rate=self._rate_inside(edge)))
        elif leaves:
            port = self._port(edge, self._outputs)
            self._outer.append(replace(edge, source=Endpoint(self.block, port), rate=self._rate_outside(edge)))
        else:
            self._outer.append(edge)

    def _port(self, edge: Edge, ports: dict[str, str]) -> str:
        """Return the port of the new graph for a wire that crosses; a new one brings its wire from the producer."""
        entering = ports is self._inputs
        # Readers of one producer share a port, unless they ask for different channels.
        asked = replace(edge, source=_NOWHERE, target=_NOWHERE) if entering else Edge(_NOWHERE, _NOWHERE)
        kind = self._type(edge, entering)
        key = (kind, edge.source, asked if entering else replace(asked, rate=self._rate_inside(edge)))
        if key not in self._ports:
            # An input that a block outside feeds is called after what it is for.
            wish = edge.target if entering and edge.source.node else edge.source
            name = fresh_name(wish.port, self._taken)
            self._ports[key] = name
            self._taken.add(name)
            ports[name] = kind
            if entering:
                self._outer.append(replace(edge, target=Endpoint(self.block, name), rate=self._rate_outside(edge)))
            else:
                self._inner.append(Edge(edge.source, Endpoint("", name), rate=self._rate_inside(edge)))
        return self._ports[key]

    def _with_sizes(self, ports: Mapping[str, str]) -> dict[str, str]:
        """Return the types of ports with the names of their sizes at the new graph, where each has one there."""
        found = dict(ports)
        for name, text in ports.items():
            own = Endpoint("", name)
            end = next(e.target if e.source == own else e.source for e in self._inner if own in (e.source, e.target))
            sizes = [self._size(end, size) if size else "" for size in self._types.sizes(end)]
            if any(sizes) and None not in sizes:
                found[name] = with_sizes(text, [size or "" for size in sizes])
        return found

    def _size(self, end: Endpoint, size: str) -> str | None:
        """Return the port of the new graph that tells a size of an end of a block in it."""
        port = Endpoint(end.node, size)
        told = next((edge.source for edge in self._inner if edge.target == port), port)
        if not told.node:
            return told.port
        return next((e.target.port for e in self._inner if e.source == told and not e.target.node), None)

    def _rate_inside(self, edge: Edge) -> Rate | None:
        return None if self._rates_outside else edge.rate

    def _rate_outside(self, edge: Edge) -> Rate | None:
        return edge.rate if self._rates_outside else None

    def _type(self, edge: Edge, entering: bool) -> str:
        """Return the type of a port: of a wire over which rows go, that of the end where it has no rate any more."""
        inside = edge.rate == "rows" and entering == self._rates_outside
        return self._types.text(edge.target if inside else edge.source)


def _rates_outside(graph: Graph, inside: set[str], firings: Sequence[Mapping[str, int]]) -> bool:
    """Tell whether a block of some blocks can fire as those do that wires from outside lead to, in each instance.

    `firings` are those of each. Else it fires as those outside. Refused where it can be neither.
    """
    known = firings or [{}]
    for side in (True, False):
        if all(_fires_as(graph, inside, each, side) for each in known):
            return side
    message = "the blocks fire differently often, and so do those around them"
    raise refuse(message, graph.name, "select blocks that fire equally often")


def _fires_as(graph: Graph, inside: set[str], firings: Mapping[str, int], side: bool) -> bool:
    """Tell whether the blocks of a side at wires that cross fire equally often, and those inside a multiple of it."""
    often: set[int] = set()
    for edge in graph.edges:
        ends = [end.node for end in (edge.source, edge.target)]
        if (ends[0] in inside) != (ends[1] in inside) and not isinstance(graph.nodes.get(ends[0]), ConstantNode):
            often |= {firings.get(name, 1) for name in ends if (name in inside) == side}
    known = often or {1}
    return len(known) == 1 and all(firings.get(name, 1) % next(iter(known)) == 0 for name in inside)


def _in_place(nodes: Mapping[str, Node], gone: set[str], name: str, node: Node) -> dict[str, Node]:
    """Return the blocks with one in the place of the first of those that go."""
    found: dict[str, Node] = {}
    for known, value in nodes.items():
        if known not in gone:
            found[known] = value
        elif name not in found:
            found[name] = node
    return found


def _require_no_cycle(graph: Graph, inside: set[str]) -> None:
    """Refuse a selection that a path leaves and enters again: its block would wait for itself."""
    after: dict[str, list[str]] = {}
    for edge in graph.edges:
        if edge.source.node and edge.target.node:
            after.setdefault(edge.source.node, []).append(edge.target.node)
    came: dict[str, str] = {}
    waiting: list[str] = []
    for name in graph.nodes:
        for target in after.get(name, ()) if name in inside else ():
            if target not in inside and target not in came:
                came[target] = name
                waiting.append(target)
    while waiting:
        name = waiting.pop()
        for target in after.get(name, ()):
            if target in inside:
                path = [target, name]
                while path[-1] not in inside:
                    path.append(came[path[-1]])
                between = path[1:-1][::-1]
                message = f"the new block would wait for itself: {' → '.join(path[::-1])}"
                hint = f"select {', '.join(between)} as well, or fewer blocks"
                raise refuse(message, f"{graph.name}/{between[0]}", hint)
            if target not in came:
                came[target] = name
                waiting.append(target)


@dataclass(frozen=True)
class ExpandNode(Edit):
    """Put the blocks of a graph in place of a block that is an instance of it.

    The graph itself goes where nothing else is an instance of it. Blocks whose names are taken get fresh ones.
    """

    graph: str
    node: str

    def apply(self, project: Project) -> Project:
        """Return the project with the blocks; refused for a block that is no graph, or one that runs differently."""
        outer = find_graph(project, self.graph)
        node = find_node(outer, self.node)
        where = f"{self.graph}/{self.node}"
        if not isinstance(node, GraphNode):
            raise refuse(f"block {self.node!r} is no graph", where, "select a block that is a graph")
        inner = find_graph(project, node.graph)
        if inner.name == outer.name:
            raise refuse(f"graph {inner.name!r} contains itself", where, "remove the block")
        _require_alike(outer, inner, where)
        names = self._names(outer, inner)
        nodes: dict[str, Node] = {}
        for known, value in outer.nodes.items():
            if known == self.node:
                nodes |= {names[n]: v for n, v in opened(inner, node.params, node.inside).items()}
            else:
                nodes[known] = value
        edges = _Expand(self.node, outer, inner, names).edges()
        changed = self._placed(with_graph(project, replace(outer, nodes=nodes, edges=edges)), inner, names)
        changed = with_moved_blocks(changed, self.graph, {f"{self.node}/{n}": new for n, new in names.items()})
        if graph_users(changed, inner.name) or changed.top == inner.name:
            return changed
        return without_graph(changed, inner.name)

    def _names(self, outer: Graph, inner: Graph) -> dict[str, str]:
        taken = set(outer.nodes) - {self.node}
        names: dict[str, str] = {}
        for name in inner.nodes:
            names[name] = fresh_name(name, taken)
            taken.add(names[name])
        return names

    def _placed(self, project: Project, inner: Graph, names: Mapping[str, str]) -> Project:
        places = project.view.get(self.graph, {})
        if self.node not in places:
            return project
        inside = {n: p for n, p in project.view.get(inner.name, {}).items() if n in names}
        (x, y), (cx, cy) = places[self.node], centre(inside.values())
        moved = {names[n]: (px + x - cx, py + y - cy) for n, (px, py) in inside.items()}
        for note in project.notes.get(inner.name, {}).items():
            project = self._with_note(project, *note, (x - cx, y - cy))
        kept = without(places, self.node)
        return replace(project, view={**project.view, self.graph: {**kept, **moved}})

    def _with_note(self, project: Project, name: str, note: Note, offset: Point) -> Project:
        placed = replace(note, place=(note.place[0] + offset[0], note.place[1] + offset[1]))
        known = project.notes.get(self.graph, {})
        return with_notes(project, self.graph, {**known, note_name(project, self.graph, name): placed})

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Expand {self.node}"


class _Expand:
    """The wires of a graph with those of one of its blocks joined to them."""

    def __init__(self, node: str, outer: Graph, inner: Graph, names: Mapping[str, str]) -> None:
        self._node, self._outer, self._inner, self._names = node, outer, inner, names

    def edges(self) -> tuple[Edge, ...]:
        """Return the wires, those that come out of the block at the place of the first that ended at it."""
        found: list[Edge] = []
        joined = self._joined()
        for edge in self._outer.edges:
            if self._node not in (edge.source.node, edge.target.node):
                found.append(edge)
            else:
                found += joined
                joined = []
        return tuple(dict.fromkeys([*found, *joined]))

    def _joined(self) -> list[Edge]:
        found = []
        for edge in self._inner.edges:
            for source in self._sources(edge):
                found += [self._one(edge, source, target) for target in self._targets(edge)]
        return found

    def _sources(self, edge: Edge) -> list[Edge]:
        if edge.source.node:
            return [replace(edge, source=self._out(edge.source))]
        end = Endpoint(self._node, edge.source.port)
        return [outside for outside in self._outer.edges if outside.target == end]

    def _targets(self, edge: Edge) -> list[Edge]:
        if edge.target.node:
            return [replace(edge, target=self._out(edge.target))]
        end = Endpoint(self._node, edge.target.port)
        return [outside for outside in self._outer.edges if outside.source == end]

    def _out(self, end: Endpoint) -> Endpoint:
        return Endpoint(self._names.get(end.node, end.node), end.port)

    def _one(self, edge: Edge, source: Edge, target: Edge) -> Edge:
        """Return one wire of up to three in a row; what is asked of the outermost counts."""
        plain = Edge(_NOWHERE, _NOWHERE)
        asked = (replace(e, source=_NOWHERE, target=_NOWHERE, rate=None) for e in (target, source, edge))
        choice = next((a for a in asked if a != plain), plain)
        rate = self._rate(edge, [e for e, end in ((source, edge.source), (target, edge.target)) if not end.node])
        return replace(choice, source=source.source, target=target.target, rate=rate)

    def _rate(self, edge: Edge, outside: list[Edge]) -> Rate | None:
        found = {e.rate for e in (edge, *outside)} - {None}
        if len(found) > 1:
            message = f"rows go over a wire at {self._node}, and what comes of it is held there, or the other way round"
            raise refuse(message, f"{self._outer.name}/{self._node}", "leave the graph as it is")
        return next(iter(found), None)


def _require_alike(outer: Graph, inner: Graph, where: str) -> None:
    if inner.execution != outer.execution:
        message = f"the blocks of {inner.name} run as {inner.execution}, those of {outer.name} as {outer.execution}"
        raise refuse(message, where, f"set the execution of {inner.name} to {outer.execution} first")
    if inner.execution == "sequential" and inner.unify != outer.unify:
        message = f"only one of {inner.name} and {outer.name} unifies the layouts of its interfaces"
        raise refuse(message, where, f"set `unify: {'true' if outer.unify else 'false'}` in {inner.name} first")
