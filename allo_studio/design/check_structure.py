"""What holds of a design's graphs whatever flows in them: ends, one producer an input, no cycle empty at reset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from operator import lt
from typing import NamedTuple

from allo_studio.design.check_notes import Notes
from allo_studio.design.checked import PortInfo
from allo_studio.design.edit_base import did_you_mean
from allo_studio.design.kept import Turn
from allo_studio.design.model import ConstantNode, Edge, Endpoint, Graph, GraphNode, KernelNode, Project
from allo_studio.design.sizes import SIZE, Sizes
from allo_studio.diagnostics import Diagnostic

__all__ = ["MOST_INSTANCES", "Ports", "ResolvedEdge", "check_graph", "check_hierarchy", "cycles", "resolve"]

MOST_INSTANCES = 10_000
Ports = Mapping[str, tuple[PortInfo, ...]]


class ResolvedEdge(NamedTuple):
    """A wire with what its ends are; None where an end does not exist or cannot be known."""

    edge: Edge
    source: PortInfo | None
    target: PortInfo | None


def check_hierarchy(project: Project, notes: Notes) -> bool:
    """Note faults of the top and of graphs in graphs; return whether the hierarchy can be walked from the top."""
    if project.top not in project.graphs:
        hint = did_you_mean(project.top, project.graphs)
        message = f"there is no graph {project.top!r} to be the top"
        notes.project(Diagnostic("structure", message, hint=hint, about=("no top",)), "top")
        return False
    if not project.graphs[project.top].nodes:
        notes.graph(project.top, Diagnostic("structure", "the top graph has no blocks", hint="add a kernel block"))
    links = {name: list(_subgraphs(graph, project)) for name, graph in project.graphs.items()}
    found = cycles(links)
    for path in found:
        chain = " contains ".join([*path, path[0]])
        hint = "hardware cannot contain itself; remove one of these blocks"
        notes.graph(path[0], Diagnostic("structure", f"graph {chain}", hint=hint, about=("contains", *path)))
    if found:
        return False
    count = _instances(project.top, links, {}, project)
    if count > MOST_INSTANCES:
        message = f"the design has {count} blocks when its graphs are opened up; at most {MOST_INSTANCES} are possible"
        notes.graph(project.top, Diagnostic("structure", message, hint="use fewer blocks"))
    return count <= MOST_INSTANCES


def check_graph(graph: Graph, wires: Sequence[ResolvedEdge], ports: Ports, notes: Notes, turn: Turn) -> None:
    """Note what is wrong with the wires of a graph together; `ports` as in `resolve`."""
    _check_producers(graph, notes)
    _check_consumers(graph, wires, notes)
    _check_connected(graph, ports, notes, turn)
    for path in _cycles_of(graph, turn):
        message = f"the blocks {' → '.join([*path, path[0]])} wait for each other in a cycle"
        inside = _edge_between(graph, path[-1], path[0])
        hint = f"remove one of the wires, such as {inside.id}, or give it `initial` elements, which it holds at reset"
        notes.edge(graph.name, inside, Diagnostic("structure", message, hint=hint, about=("cycle", *path)))


def resolve(graph: Graph, edge: Edge, ports: Ports, notes: Notes) -> ResolvedEdge:
    """Return a wire of a graph with what its ends are; ends that are not there are noted.

    `ports` are by block, the graph's own under the empty name; those of some blocks may not be known.
    """
    ends = _Ends(graph, edge, ports, notes)
    return ResolvedEdge(edge, ends.find(edge.source, "source"), ends.find(edge.target, "target"))


class _Ends:
    def __init__(self, graph: Graph, edge: Edge, ports: Ports, notes: Notes) -> None:
        self.graph = graph
        self.edge = edge
        self.ports = ports
        self.notes = notes

    def find(self, end: Endpoint, side: str) -> PortInfo | None:
        if end.node and end.node not in self.graph.nodes:
            hint = did_you_mean(end.node, self.graph.nodes)
            self._note(f"there is no block {end.node!r} in {self.graph.name!r}", hint, ("no block", side))
            return None
        known = self.ports.get(end.node)
        if known is None:
            return None
        port = next((p for p in known if p.name == end.port), None)
        if port is None:
            owner = f"block {end.node!r}" if end.node else f"graph {self.graph.name!r}"
            names = [p.name for p in known] if end.node else [*(p.name for p in known), *self.graph.nodes]
            self._note(f"{owner} has no port {end.port!r}", did_you_mean(end.port, names), ("no port", side))
            return None
        # Seen from inside, a graph's input is what produces.
        produces = (port.direction == "out") == bool(end.node)
        if produces == (side == "source"):
            return port
        kind = f"{'an input' if port.direction == 'in' else 'an output'} of {end.node or 'the graph'}"
        verb = "begin" if side == "source" else "end"
        others = [str(Endpoint(end.node, p.name)) for p in known if p.direction != port.direction]
        hint = f"a wire can {verb} at: {', '.join(others)}" if others else ""
        self._note(f"{end} is {kind}; no wire can {verb} there", hint, ("wrong way", side))
        return None

    def _note(self, message: str, hint: str, about: tuple[str, ...]) -> None:
        self.notes.edge(self.graph.name, self.edge, Diagnostic("structure", message, hint=hint, about=about))


def _check_producers(graph: Graph, notes: Notes) -> None:
    if len({edge.target.text for edge in graph.edges}) == len(graph.edges):
        return
    first: dict[Endpoint, Edge] = {}
    for edge in graph.edges:
        other = first.setdefault(edge.target, edge)
        if other is edge:
            continue
        if other.id == edge.id:
            message, about = f"the wire {edge.id} is drawn twice", ("twice",)
            fault = Diagnostic("structure", message, hint="remove one of them", about=about)
        else:
            message = f"{edge.target} has two producers: {other.source} and {edge.source}"
            hint = "an input has one producer; remove one wire"
            fault = Diagnostic("structure", message, hint=hint, about=("producers", other.id))
        notes.edge(graph.name, edge, fault)


def _check_consumers(graph: Graph, wires: Sequence[ResolvedEdge], notes: Notes) -> None:
    """An array that streams has one reader; blocks that run one after the other can share one."""
    constants = {name for name, node in graph.nodes.items() if isinstance(node, ConstantNode)}
    for wire in wires:
        if not wire.edge.target.node and (not wire.edge.source.node or wire.edge.source.node in constants):
            notes.edge(graph.name, wire.edge, _nothing_between(wire, wire.edge.source.node in constants))
    # Each reader of a constant has a table of its own.
    others = [wire for wire in wires if wire.edge.source.node not in constants]
    if graph.execution != "dataflow" or len({wire.edge.source.text for wire in others}) == len(others):
        return
    readers: dict[str, list[ResolvedEdge]] = {}
    for wire in others:
        readers.setdefault(wire.edge.source.text, []).append(wire)
    for source_text, group in readers.items():
        if len(group) < 2:
            continue
        targets = list(dict.fromkeys(str(w.edge.target) for w in group))
        if len(targets) < 2 or (group[0].source and group[0].source.type and not group[0].source.type.shape):
            continue
        message = f"{source_text} feeds {', '.join(targets)}, but in a dataflow graph an array has one reader"
        kind = group[0].source.type if group[0].source else None
        block = f'a block {{duplicate: "{kind}", copies: {len(targets)}}}' if kind else "a block that duplicates it"
        hint = f"use execution: sequential, or {block}"
        fault = Diagnostic("structure", message, hint=hint, about=("readers",))
        for wire in group[1:]:
            notes.edge(graph.name, wire.edge, fault)


def _nothing_between(wire: ResolvedEdge, constant: bool) -> Diagnostic:
    message = f"the wire {wire.edge.id} leads from {'a constant' if constant else 'an input'} straight to an output"
    kind = wire.source.type if wire.source else None
    copy = f' {{convert: "{kind}", to: "{kind.element}"}}' if kind else ""
    hint = f"put a block between, such as{copy or ' a copy'}, or remove the wire"
    return Diagnostic("structure", message, hint=hint, about=("straight",))


def _check_connected(graph: Graph, ports: Ports, notes: Notes, turn: Turn) -> None:
    fed = {edge.target.text for edge in graph.edges}
    used = {edge.source.text for edge in graph.edges}
    names = tuple(graph.nodes)
    blocks = [ports.get(name, ()) for name in names]

    def make(number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        ends = [(p.direction, f"{names[number]}.{p.name}") for p in blocks[number]]
        return tuple(e for side, e in ends if side == "in"), tuple(e for side, e in ends if side == "out")

    ends = turn.each(("ends", graph.name), (names, blocks), make)
    takes, gives = ([end[side] for end in ends] for side in (0, 1))
    if not (fed.issuperset(chain.from_iterable(takes)) and used.issuperset(chain.from_iterable(gives))):
        for name, taken, given in zip(names, takes, gives, strict=True):
            if not (fed.issuperset(taken) and used.issuperset(given)):
                _tell_unconnected(graph, name, ports, fed, used, notes)
    for port_name in graph.outputs:
        if port_name not in fed:
            fault = Diagnostic("structure", f"nothing feeds the output {port_name}", hint=f"draw a wire to {port_name}")
            notes.graph(graph.name, replace(fault, about=("not fed", port_name)), "outputs", port_name)
    for port_name in graph.inputs:
        if port_name not in used:
            fault = Diagnostic("structure", f"the input {port_name} is not used", severity="warning")
            notes.graph(graph.name, replace(fault, about=("not read", port_name)), "inputs", port_name)


def _tell_unconnected(graph: Graph, name: str, ports: Ports, fed: set[str], used: set[str], notes: Notes) -> None:
    for port in ports.get(name, ()):
        end = Endpoint(name, port.name)
        if port.direction == "in" and end.text not in fed:
            hint = _missing(graph, ports, end, port)
            fault = Diagnostic("structure", f"the input {end} is not connected", hint=hint)
            notes.node(graph.name, name, replace(fault, about=("not connected", port.name)))
        elif port.direction == "out" and end.text not in used:
            fault = Diagnostic("structure", f"the output {end} is not used", severity="warning")
            notes.node(graph.name, name, replace(fault, about=("not used", port.name)))


def _missing(graph: Graph, ports: Ports, end: Endpoint, port: PortInfo) -> str:
    """Return what to do about an input without a wire: where it is a size, its block's arrays say what it must be."""
    sizes = Sizes(graph, ports) if port.type == SIZE else None
    wanted = sizes.wanted(end) if sizes is not None and sizes.is_size(end) else None
    if isinstance(wanted, int):
        kernel = isinstance(graph.nodes[end.node], KernelNode)
        where = f" in {end.node}" if kernel else f" of a block inside of {end.node}"
        return f"its arrays have {wanted} elements: set `params: {{{end.port}: {wanted}}}`{where}"
    if wanted is not None:
        return f"its arrays have {wanted} elements: draw a wire from {wanted} to {end}"
    return f"draw a wire to {end}, of type {port.type}" if port.type else f"draw a wire to {end}"


def cycles(links: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    """Return a cycle for each link that closes one in a depth-first walk, told once for each set of names."""
    if _in_order(links) is not None:
        return []
    found: dict[frozenset[str], tuple[str, ...]] = {}
    done: set[str] = set()
    for root in links:
        path: list[str] = []
        place: dict[str, int] = {}
        stack = [] if root in done else [(root, iter(links[root]))]
        while stack:
            name, rest = stack[-1]
            if name not in place:
                place[name] = len(path)
                path.append(name)
            target = next(rest, None)
            if target is None:
                stack.pop()
                path.pop()
                del place[name]
                done.add(name)
            elif target in place:
                found.setdefault(frozenset(path[place[target] :]), tuple(path[place[target] :]))
            elif target not in done:
                stack.append((target, iter(links[target])))
    return list(found.values())


def _in_order(links: Mapping[str, list[str]]) -> list[str] | None:
    """Return the names in an order in which all links lead forward, which is soon found; None where there is none."""
    waiting = Counter(target for targets in links.values() for target in targets)
    ready = [name for name in links if name not in waiting]
    for name in ready:
        for target in links[name]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return ready if len(ready) == len(links) else None


def _cycles_of(graph: Graph, turn: Turn) -> list[tuple[str, ...]]:
    """Return the cycles of a graph's wires that are empty at reset."""
    edges = [edge for edge in graph.edges if edge.source.node and edge.target.node and not edge.initial]
    # Most edits leave all wires leading forward in the order that there was.
    order: dict[str, int] = turn.last(("order", graph.name), {})
    place = order.get
    sources = [place(edge.source.node, -1) for edge in edges]
    targets = [place(edge.target.node, -1) for edge in edges]
    if -1 in sources or -1 in targets or not all(map(lt, sources, targets)):
        links: dict[str, list[str]] = {name: [] for name in graph.nodes}
        for edge in edges:
            if edge.source.node in links and edge.target.node in links:
                links[edge.source.node].append(edge.target.node)
        found = _in_order(links)
        if found is None:
            return cycles(links)
        order = {name: number for number, name in enumerate(found)}
    turn.keep(("order", graph.name), order)
    return []


def _edge_between(graph: Graph, source: str, target: str) -> Edge:
    ends = source, target
    return next(e for e in graph.edges if (e.source.node, e.target.node) == ends and not e.initial)


def _subgraphs(graph: Graph, project: Project) -> Iterator[str]:
    for node in graph.nodes.values():
        if isinstance(node, GraphNode) and node.graph in project.graphs:
            yield node.graph


def _instances(graph: str, links: Mapping[str, list[str]], known: dict[str, int], project: Project) -> int:
    """Return how many blocks an instance of the graph has in all, its graphs' own included."""
    stack = [graph]
    while stack:
        name = stack[-1]
        waiting = [sub for sub in links[name] if sub not in known]
        if waiting:
            stack += waiting
            continue
        known[name] = len(project.graphs[name].nodes) + sum(known[sub] for sub in links[name])
        stack.pop()
    return known[graph]
