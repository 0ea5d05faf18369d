"""Interface unification: one layout for both ends of each wire, from the demands of the schedules.

Most wires join blocks of one graph, so that nothing outside of the graph has a say: their layouts are found once for
all instances, and stay from check to check until one of these blocks or wires changes. The rest is unified over the
whole hierarchy (`unifier.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import NamedTuple

from allo_studio.design.check_kernels import KernelResult, PortDemand
from allo_studio.design.check_notes import Notes
from allo_studio.design.check_structure import ResolvedEdge
from allo_studio.design.checked import PortInfo
from allo_studio.design.kept import Turn
from allo_studio.design.model import ConstantNode, Endpoint, Graph, GraphNode, KernelNode, Project
from allo_studio.design.rates import common_end
from allo_studio.design.unifier import FREE, MOST_BANKS, Demand, Entries, Entry, PortWire, Unifier
from allo_studio.ip.block import IpBlock
from allo_studio.layout import Layout

__all__ = ["MOST_BANKS", "unify_layouts"]

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class _Block:
    """The array ports of a block by their keys in its graph (`/mm.C`), with its demands.

    `fixed` are the memories of an external block.
    """

    shapes: Shapes
    plain: Mapping[str, Layout]
    demands: Mapping[str, Entries]
    fixed: Mapping[str, tuple[str, str, Layout]] = field(default_factory=dict)


_NO_BLOCK = _Block({}, {}, {})


@dataclass(frozen=True)
class _Part:
    """What one graph says, in whatever instance: the layouts that are settled, and the ports and wires that are not.

    Ports are by their keys in the graph: `/mm.C` of a block, `.C` of the graph itself. `fixed` are the memories of
    external blocks, with these.
    """

    settled: Mapping[str, Layout]
    shapes: Shapes
    demands: Mapping[str, Entries]
    wires: tuple[PortWire, ...]
    fixed: Mapping[str, tuple[str, str, Layout]]


def unify_layouts(
    project: Project,
    kernels: Mapping[str, KernelResult],
    external: Mapping[str, IpBlock],
    wires: Mapping[str, Sequence[ResolvedEdge]],
    notes: Notes,
    turn: Turn,
) -> tuple[dict[str, Layout], set[str]]:
    """Return the layout of each array port by instance path, and the paths of the wires that need a re-layout.

    `wires` holds the sound wires of each graph. Conflicts are noted, and where an external block's memory would have
    other banks than its code has.
    """
    parts: dict[str, _Part] = {}
    layouts: dict[str, Layout] = {}
    unifier = Unifier(notes)
    for path, graph in _instances(project):
        if graph.name not in parts:
            known = _known(graph, kernels, external)
            make = partial(_part, graph, path == project.top, known, wires[graph.name], notes, turn)
            about = ("layouts", path == project.top)
            parts[graph.name] = turn.recall(about, (graph, wires[graph.name], *known.ports, *known.demands), make)
        part = parts[graph.name]
        layouts |= {path + key: layout for key, layout in part.settled.items()}
        _open(unifier, path, part)
    unifier.run()
    unifier.check_rows()
    unifier.check_fixed()
    unifier.check_banks()
    return layouts | unifier.layouts(), unifier.relayouts()


def _instances(project: Project) -> Iterator[tuple[str, Graph]]:
    waiting = [(project.top, project.graphs[project.top])]
    while waiting:
        path, graph = waiting.pop()
        yield path, graph
        for name, node in reversed(list(graph.nodes.items())):
            if isinstance(node, GraphNode) and node.graph in project.graphs:
                waiting.append((f"{path}/{name}", project.graphs[node.graph]))


def _open(unifier: Unifier, path: str, part: _Part) -> None:
    """Add what is not settled of a graph for the instance at a path."""
    demands = {path + key: entries for key, entries in part.demands.items()}
    unifier.add_ports({path + key: shape for key, shape in part.shapes.items()}, demands)
    unifier.add_wires(replace(w, source=path + w.source, target=path + w.target) for w in part.wires)
    for key, (graph, block, layout) in part.fixed.items():
        unifier.add_fixed(path + key, graph, block, layout)


class _Known(NamedTuple):
    """The blocks of a graph: the ports of kernels, or an external block, or nothing; and the demands of schedules."""

    ports: list[tuple[PortInfo, ...] | IpBlock | None]
    demands: list[tuple[PortDemand, ...]]


def _known(graph: Graph, kernels: Mapping[str, KernelResult], external: Mapping[str, IpBlock]) -> _Known:
    results = [kernels.get(f"{graph.name}/{name}") for name in graph.nodes]
    ports: list[tuple[PortInfo, ...] | IpBlock | None] = [result.ports if result else None for result in results]
    if external:
        ports = [own or external.get(f"{graph.name}/{name}") for name, own in zip(graph.nodes, ports, strict=True)]
    return _Known(ports, [result.demands if result else () for result in results])


def _part(graph: Graph, top: bool, known: _Known, wires: Sequence[ResolvedEdge], notes: Notes, turn: Turn) -> _Part:
    """Return what a graph says, which is the top or not, with what is `known` of its blocks."""
    names, nodes = tuple(graph.nodes), tuple(graph.nodes.values())

    def make(number: int) -> _Block:
        name, node, own = names[number], nodes[number], known.ports[number]
        if isinstance(own, IpBlock):
            return _external_block(graph.name, name, own)
        if own is None or not isinstance(node, KernelNode):
            return _NO_BLOCK
        return _kernel_block(graph.name, name, node.function, own, known.demands[number])

    blocks = turn.each(("blocks", graph.name), (names, nodes, *known), make)
    return _Settling(graph, top, blocks, notes, turn).part(wires)


def _kernel_block(
    graph: str, name: str, function: str, ports: Sequence[PortInfo], demands: Sequence[PortDemand]
) -> _Block:
    shapes = {f"/{name}.{port.name}": port.type.shape for port in ports if port.type and port.type.shape}
    entries: dict[str, list[Entry]] = {}
    for demand in demands:
        key = f"/{name}.{demand.port}"
        origin = Demand(f"{graph}/{name}", demand.port, function, demand.step, demand.entry, demand.dim)
        entries.setdefault(key, [FREE] * len(shapes[key]))[demand.dim] = Entry(demand.entry, (origin,))
    return _Block(shapes, _plain_layouts(shapes), {key: tuple(found) for key, found in entries.items()})


def _external_block(graph: str, name: str, block: IpBlock) -> _Block:
    shapes = {f"/{name}.{port.name}": port.type.shape for port in block.ports if port.type.shape}
    demands: dict[str, Entries] = {}
    fixed: dict[str, tuple[str, str, Layout]] = {}
    for port in block.ports:
        key = f"/{name}.{port.name}"
        if key in shapes and port.moves == "memory":
            fixed[key] = graph, name, port.layout
            demands[key] = tuple(
                FREE
                if entry.kind == "none"
                else Entry(entry, (Demand(f"{graph}/{name}", port.name, block.path, None, entry, dim),))
                for dim, entry in enumerate(port.layout.dims)
            )
    return _Block(shapes, _plain_layouts(shapes), demands, fixed)


def _plain_layouts(shapes: Shapes) -> dict[str, Layout]:
    return {key: _plain(len(shape)) for key, shape in shapes.items()}


class _Settling:
    """Finds the layouts of a graph's ports in which nothing outside of the graph has a say."""

    def __init__(self, graph: Graph, top: bool, blocks: Sequence[_Block], notes: Notes, turn: Turn) -> None:
        self.graph = graph
        self.notes = notes
        self.turn = turn
        self.settled = dict(turn.recall("plain", (blocks,), partial(_all_plain, blocks)))
        special = [(name, block) for name, block in zip(graph.nodes, blocks, strict=True) if block.demands]
        self.blocks = dict(special)
        self.shapes = {key: shape for block in self.blocks.values() for key, shape in block.shapes.items()}
        self.demands = {key: entries for block in self.blocks.values() for key, entries in block.demands.items()}
        self.fixed = {key: found for block in self.blocks.values() for key, found in block.fixed.items()}
        self.unified: set[str] = set()
        # Ends with another side, or with banks that cannot change; the top's own ports have none.
        self.outer = {name for name, node in graph.nodes.items() if isinstance(node, GraphNode)}
        self.outer |= {name for name, block in special if block.fixed}
        self.outer |= set() if top else {""}

    def part(self, wires: Sequence[ResolvedEdge]) -> _Part:
        """Return what the graph says with these wires."""
        constants = {name for name, node in self.graph.nodes.items() if isinstance(node, ConstantNode)}
        # The blocks whose wires must be looked at: layouts of all others are plain.
        special = {*self.outer, *self.blocks, ""}
        ends = {w.edge.source.text for w in wires if w.edge.source.node in special or w.edge.target.node in special}
        # Each reader of a constant has a table of its own, in its own layout.
        rest = [
            w for w in wires if w.edge.source.text in ends and w.edge.source.node not in constants and any(_shapes(w))
        ]
        if self.graph.unify or self.graph.execution == "dataflow":
            readers: dict[str, list[ResolvedEdge]] = {}
            for wire in rest:
                readers.setdefault(wire.edge.source.text, []).append(wire)
            rest = [wire for group in readers.values() if not self._settle(group) for wire in group]
        opened = tuple(self._port_wires(rest))
        shapes = dict(pair for wire in rest for pair in _ends(wire))
        # Those that are wired to nothing are among them.
        shapes |= {key: self.shapes[key] for key in self.demands if key not in self.unified and key not in shapes}
        for key in shapes:
            self.settled.pop(key, None)
        demands = {key: entries for key, entries in self.demands.items() if key in shapes}
        return _Part(self.settled, shapes, demands, opened, self.fixed)

    def _settle(self, group: list[ResolvedEdge]) -> bool:
        """Settle the layout of a producer with its readers; return whether it is the same for all instances."""
        around = group[0].edge.source.node, *[wire.edge.target.node for wire in group]
        if not self.outer.isdisjoint(around):
            return False
        blocks = [self.blocks.get(name) for name in around]
        if not any(blocks):
            for wire in group:
                for key, shape in _ends(wire):
                    if key not in self.settled:
                        self.settled[key] = _plain(len(shape))
            return True
        found = self.turn.recall(("unified", self.graph.name), (*group, *blocks), partial(self._unified, group))
        # What is wrong must be told again, in the order in which the whole design is looked through.
        if found is None:
            return False
        self.settled |= found
        self.unified.update(found)
        return True

    def _unified(self, group: list[ResolvedEdge]) -> dict[str, Layout] | None:
        """Return the layouts of a producer and its readers; None where something is wrong with them."""
        shapes = dict(pair for wire in group for pair in _ends(wire))
        apart = self.notes.apart()
        unifier = Unifier(apart)
        demands = {key: self.demands[key] for key in shapes if key in self.demands}
        unifier.add_ports(shapes, demands)
        unifier.add_wires(self._port_wires(group))
        unifier.run()
        unifier.check_rows()
        unifier.check_banks()
        return None if apart.noted() else unifier.layouts()

    def _port_wires(self, wires: Sequence[ResolvedEdge]) -> Iterator[PortWire]:
        joins_all = self.graph.unify or self.graph.execution == "dataflow"
        adopted: set[str] = set()
        for wire in wires:
            edge = wire.edge
            ends = {_key(end): end for end in (edge.source, edge.target)}
            # A graph's own port has no demand of its own: it takes that of the first block it is wired to.
            boundary = [key for key, end in ends.items() if not end.node]
            joins = joins_all or any(key not in adopted for key in boundary)
            adopted.update(boundary)
            given, taken = _shapes(wire)
            common = len(given) if given == taken else len(common_end(given, taken))
            source, target = ends
            yield PortWire(source, target, self.graph.name, edge, joins, edge.channel == "fifo", common)


def _key(end: Endpoint) -> str:
    return f"/{end.text}" if end.node else f".{end.text}"


def _shapes(wire: ResolvedEdge) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the extents at both ends."""
    source, target = (end.type.shape if end and end.type else () for end in (wire.source, wire.target))
    return source, target


def _ends(wire: ResolvedEdge) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the keys of both ends with their extents."""
    yield from zip((_key(wire.edge.source), _key(wire.edge.target)), _shapes(wire), strict=True)


def _all_plain(blocks: Sequence[_Block]) -> dict[str, Layout]:
    return {key: layout for block in blocks for key, layout in block.plain.items()}


@lru_cache
def _plain(rank: int) -> Layout:
    # The same value each time, so that what is kept of it is found.
    return Layout.plain(rank)
