"""Interface unification: one layout for both ends of each wire, from the demands of the schedules.

Most wires join blocks of one graph, so that nothing outside of the graph has a say: their layouts are found once for
all instances, and stay from check to check until one of these blocks or wires changes. The rest is unified over the
whole hierarchy (`unifier.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from allo_studio.design.check_kernels import KernelResult
from allo_studio.design.check_notes import Notes
from allo_studio.design.check_structure import ResolvedEdge
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
) -> tuple[dict[str, Layout], set[tuple[str, int]]]:
    """Return the layout of each array port by instance path, and the wires (graph, index) that need a re-layout.

    `wires` holds the sound wires of each graph. Conflicts are noted, and where an external block's memory would have
    other banks than its code has.
    """
    parts: dict[str, _Part] = {}
    layouts: dict[str, Layout] = {}
    unifier = Unifier(notes)
    for path, graph in _instances(project):
        if graph.name not in parts:
            blocks = [f"{graph.name}/{name}" for name in graph.nodes]
            known = [kernels.get(block) or external.get(block) for block in blocks]
            make = partial(_part, graph, path == project.top, known, wires[graph.name], notes, turn)
            about = ("layouts", path == project.top)
            parts[graph.name] = turn.recall(about, (graph, wires[graph.name], *known), make)
        part = parts[graph.name]
        layouts |= {path + key: layout for key, layout in part.settled.items()}
        _open(unifier, path, part)
    unifier.run()
    unifier.check_rows()
    unifier.check_fixed()
    unifier.check_banks()
    layouts |= unifier.layouts()
    return {key: layouts[key] for key in sorted(layouts)}, unifier.relayouts()


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


def _part(
    graph: Graph,
    top: bool,
    known: Sequence[KernelResult | IpBlock | None],
    wires: Sequence[ResolvedEdge],
    notes: Notes,
    turn: Turn,
) -> _Part:
    """Return what a graph says, which is the top or not, with what is `known` of its blocks."""
    settling = _Settling(graph, top, notes, turn)
    before, table = turn.table(("blocks", graph.name))
    for (name, node), found in zip(graph.nodes.items(), known, strict=True):
        if found is None:
            continue
        known_block = before.get(name)
        function = node.function if isinstance(node, KernelNode) else ""
        if known_block is None or known_block[0] is not found or known_block[1] != function:
            known_block = found, function, _block(graph.name, name, function, found)
        table[name] = known_block
        settling.add(name, known_block[2])
    return settling.part(wires)


def _block(graph: str, name: str, function: str, found: KernelResult | IpBlock) -> _Block:
    if isinstance(found, IpBlock):
        return _external_block(graph, name, found)
    return _kernel_block(graph, name, function, found)


def _kernel_block(graph: str, name: str, function: str, result: KernelResult) -> _Block:
    shapes = {f"/{name}.{port.name}": port.type.shape for port in result.ports if port.type and port.type.shape}
    entries: dict[str, list[Entry]] = {}
    for demand in result.demands:
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

    def __init__(self, graph: Graph, top: bool, notes: Notes, turn: Turn) -> None:
        self.graph = graph
        self.notes = notes
        self.turn = turn
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.demands: dict[str, Entries] = {}
        self.fixed: dict[str, tuple[str, str, Layout]] = {}
        self.settled: dict[str, Layout] = {}
        self.unified: set[str] = set()
        # Ends with another side, or with banks that cannot change; the top's own ports have none.
        self.outer = {name for name, node in graph.nodes.items() if not isinstance(node, KernelNode)}
        self.outer |= set() if top else {""}
        # The blocks whose wires must be looked at: layouts of all others are plain.
        self.special = {*self.outer, ""}

    def add(self, name: str, block: _Block) -> None:
        """Add what is known of a block."""
        self.settled |= block.plain
        if block.demands:
            self.special.add(name)
            self.shapes |= block.shapes
            self.demands |= block.demands
            self.fixed |= block.fixed

    def part(self, wires: Sequence[ResolvedEdge]) -> _Part:
        """Return what the graph says with these wires."""
        constants = {name for name, node in self.graph.nodes.items() if isinstance(node, ConstantNode)}
        special = self.special
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
        if group[0].edge.source.node in self.outer or any(wire.edge.target.node in self.outer for wire in group):
            return False
        shapes = dict(pair for wire in group for pair in _ends(wire))
        demands = [self.demands.get(key) for key in shapes]
        if not any(demands):
            for key, shape in shapes.items():
                if key not in self.settled:
                    self.settled[key] = _plain(len(shape))
            return True
        values = group[0].source, *(value for wire in group for value in (wire.edge, wire.target)), *demands
        found = self.turn.recall(("unified", self.graph.name), values, partial(self._unified, group, shapes))
        # What is wrong must be told again, in the order in which the whole design is looked through.
        if found is None:
            return False
        self.settled |= found
        self.unified.update(shapes)
        return True

    def _unified(self, group: list[ResolvedEdge], shapes: Shapes) -> dict[str, Layout] | None:
        """Return the layouts of a producer and its readers; None where something is wrong with them."""
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
            yield PortWire(source, target, self.graph.name, wire.index, joins, edge.channel == "fifo", common)


def _key(end: Endpoint) -> str:
    return f"/{end.text}" if end.node else f".{end.text}"


def _shapes(wire: ResolvedEdge) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the extents at both ends."""
    source, target = (end.type.shape if end and end.type else () for end in (wire.source, wire.target))
    return source, target


def _ends(wire: ResolvedEdge) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the keys of both ends with their extents."""
    yield from zip((_key(wire.edge.source), _key(wire.edge.target)), _shapes(wire), strict=True)


@lru_cache
def _plain(rank: int) -> Layout:
    # The same value each time, so that what is kept of it is found.
    return Layout.plain(rank)
