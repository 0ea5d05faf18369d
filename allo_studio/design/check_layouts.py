"""Interface unification: one layout for both ends of each wire, from the demands of the schedules.

A worklist goes over the ports of all instances. A port's layout is the meet of the demands that reach it; when it
changes, the ports that it is wired to are looked at again. The work is linear in the wires, as an entry can only go
down.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from allo_studio.design.check_kernels import KernelResult
from allo_studio.design.check_notes import Notes
from allo_studio.design.check_structure import ResolvedEdge
from allo_studio.design.model import ConstantNode, Endpoint, Graph, GraphNode, KernelNode, Project
from allo_studio.design.rates import common_end
from allo_studio.diagnostics import Diagnostic
from allo_studio.ip.block import IpBlock
from allo_studio.layout import DimLayout, Layout

__all__ = ["MOST_BANKS", "unify_layouts"]

MOST_BANKS = 1024


@dataclass(frozen=True)
class _Demand:
    """What a block's schedule demands of one dimension, in words for messages. An external block has no `step`."""

    block: str
    port: str
    kernel: str
    step: int | None
    entry: DimLayout
    dim: int

    def __str__(self) -> str:
        if self.step is None:
            return f"{self.block} has {self.entry} in dimension {self.dim + 1} of {self.port}, fixed by {self.kernel}"
        return (
            f"{self.block} demands {self.entry} in dimension {self.dim + 1} of {self.port}"
            f" (step {self.step + 1} of its schedule, kernel {self.kernel})"
        )


@dataclass(frozen=True)
class _Wire:
    """A wire of one instance: the keys of its ends, its graph and its index there.

    `common` is how many dimensions both ends have in common, the last ones: all, unless rows go over it.
    """

    source: str
    target: str
    graph: str
    index: int
    joins: bool
    is_fifo: bool
    common: int


@dataclass(frozen=True)
class _Entry:
    layout: DimLayout
    demands: tuple[_Demand, ...] = ()


# What nothing is demanded of.
_FREE = _Entry(DimLayout())


def _demanding(entries: list[_Entry]) -> bool:
    return any(entry is not _FREE for entry in entries)


def unify_layouts(
    project: Project,
    kernels: Mapping[str, KernelResult],
    wires: Mapping[str, list[ResolvedEdge]],
    notes: Notes,
    external: Mapping[str, IpBlock] | None = None,
) -> tuple[dict[str, Layout], set[tuple[str, int]]]:
    """Return the layout of each array port by instance path, and the wires (graph, index) that need a re-layout.

    `wires` holds the sound wires of each graph. Conflicts are noted, and where an external block's memory would have
    other banks than its code has.
    """
    unifier = _Unifier(project, notes)
    for path, graph in _instances(project):
        unifier.add_instance(path, graph, kernels, wires.get(graph.name, []))
        unifier.add_external(path, graph, external or {})
    unifier.run()
    unifier.check_rows()
    unifier.check_fixed()
    unifier.check_banks()
    return unifier.layouts(), unifier.relayouts()


def _instances(project: Project) -> Iterator[tuple[str, Graph]]:
    waiting = [(project.top, project.graphs[project.top])]
    while waiting:
        path, graph = waiting.pop()
        yield path, graph
        for name, node in reversed(list(graph.nodes.items())):
            if isinstance(node, GraphNode) and node.graph in project.graphs:
                waiting.append((f"{path}/{name}", project.graphs[node.graph]))


def _key(path: str, end: Endpoint) -> str:
    return f"{path}/{end}" if end.node else f"{path}.{end}"


class _Unifier:
    def __init__(self, project: Project, notes: Notes) -> None:
        self.project = project
        self.notes = notes
        self.state: dict[str, list[_Entry]] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.wires: list[_Wire] = []
        self.told: set[object] = set()
        self.fixed: dict[str, tuple[Graph, str, Layout]] = {}

    def add_instance(
        self, path: str, graph: Graph, kernels: Mapping[str, KernelResult], wires: list[ResolvedEdge]
    ) -> None:
        """Add the ports, demands and wires of one instance of a graph."""
        adopted: set[str] = set()
        joins_all = graph.unify or graph.execution == "dataflow"
        for wire in wires:
            shape = wire.source.type.shape if wire.source and wire.source.type else ()
            taken = wire.target.type.shape if wire.target and wire.target.type else ()
            edge = wire.edge
            if not (shape or taken) or isinstance(graph.nodes.get(edge.source.node), ConstantNode):
                # Each reader of a constant has a table of its own, in its own layout.
                continue
            source, target = _key(path, edge.source), _key(path, edge.target)
            boundary = [k for k, end in ((source, edge.source), (target, edge.target)) if not end.node]
            self._add_port(source, shape)
            self._add_port(target, taken)
            # A graph's own port has no demand of its own: it takes that of the first block it is wired to.
            joins = joins_all or any(key not in adopted for key in boundary)
            adopted.update(boundary)
            common = len(shape) if shape == taken else len(common_end(shape, taken))
            self.wires.append(_Wire(source, target, graph.name, wire.index, joins, edge.channel == "fifo", common))
        for name, node in graph.nodes.items():
            result = kernels.get(f"{graph.name}/{name}")
            if isinstance(node, KernelNode) and result:
                self._add_block(path, graph.name, name, node, result)

    def _add_port(self, key: str, shape: tuple[int, ...]) -> None:
        if key not in self.state:
            self.shapes[key] = shape
            self.state[key] = [_FREE] * len(shape)

    def _add_block(self, path: str, graph: str, name: str, node: KernelNode, result: KernelResult) -> None:
        for port in result.ports:
            if port.type and port.type.shape:
                self._add_port(f"{path}/{name}.{port.name}", port.type.shape)
        for demand in result.demands:
            origin = _Demand(f"{graph}/{name}", demand.port, node.function, demand.step, demand.entry, demand.dim)
            self.state[f"{path}/{name}.{demand.port}"][demand.dim] = _Entry(demand.entry, (origin,))

    def add_external(self, path: str, graph: Graph, external: Mapping[str, IpBlock]) -> None:
        """Add the memories of external blocks, whose layouts are fixed."""
        for name in graph.nodes:
            block = external.get(f"{graph.name}/{name}")
            for port in block.ports if block else ():
                if block is None or not port.type.shape:
                    continue
                key = f"{path}/{name}.{port.name}"
                self._add_port(key, port.type.shape)
                if port.moves != "memory":
                    continue
                self.fixed[key] = (graph, name, port.layout)
                for dim, entry in enumerate(port.layout.dims):
                    if entry.kind != "none":
                        origin = _Demand(f"{graph.name}/{name}", port.name, block.path, None, entry, dim)
                        self.state[key][dim] = _Entry(entry, (origin,))

    def check_fixed(self) -> None:
        """Note the memories of external blocks that would have other banks than they are built for."""
        for key, (graph, name, layout) in self.fixed.items():
            shape = self.shapes[key]
            for dim, (entry, wanted) in enumerate(zip(self.state[key], layout.dims, strict=True)):
                if entry.layout.normal(shape[dim]) == wanted.normal(shape[dim]):
                    continue
                demands = [d for d in entry.demands if d.block != f"{graph.name}/{name}"] or list(entry.demands)
                said = "; ".join(map(str, demands))
                found = (graph.name, name, dim, said)
                if found in self.told:
                    continue
                self.told.add(found)
                port = key.rpartition(".")[2]
                message = f"the banks of {name}.{port} are fixed at {wanted} in dimension {dim + 1}, but {said}"
                about = ("fixed", str(wanted.normal(shape[dim])), *(word for d in demands for word in _told(d)))
                hint = "an external block's memory has the banks that its descriptor declares, no others"
                self.notes.node(graph.name, name, Diagnostic("layout", message, hint=hint, about=about))

    def run(self) -> None:
        """Bring the layouts of wired ports together until nothing changes.

        Ports without a demand change no neighbour: the work begins at the others.
        """
        around: dict[str, list[tuple[str, _Wire]]] = {key: [] for key in self.state}
        for wire in self.wires:
            if wire.joins:
                around[wire.source].append((wire.target, wire))
                around[wire.target].append((wire.source, wire))
        waiting = deque(key for key, entries in self.state.items() if _demanding(entries))
        queued = set(waiting)
        while waiting:
            current = waiting.popleft()
            queued.discard(current)
            for neighbour, wire in around[current]:
                if self._meet(neighbour, current, wire) and neighbour not in queued:
                    waiting.append(neighbour)
                    queued.add(neighbour)

    def _meet(self, neighbour: str, current: str, wire: _Wire) -> bool:
        """Bring `neighbour` down to the meet of both ends; return whether it changed."""
        changed = False
        for dim in range(-wire.common, 0):
            mine, other = self.state[neighbour][dim], self.state[current][dim]
            if mine.layout is other.layout:
                continue
            met = _meet_entries(mine.layout, other.layout, self.shapes[neighbour][dim])
            if met == mine.layout:
                continue
            if met.kind == "complete" and "complete" not in (mine.layout.kind, other.layout.kind):
                if not wire.is_fifo:
                    # The ends of a FIFO may differ: tokens have no layout.
                    self._tell_conflict(wire, mine, other)
                continue
            both = tuple(dict.fromkeys((*mine.demands, *other.demands)))
            self.state[neighbour][dim] = _Entry(met, other.demands if met == other.layout else both)
            changed = True
        return changed

    def _tell_conflict(self, wire: _Wire, mine: _Entry, other: _Entry) -> None:
        demands = sorted({*mine.demands[:1], *other.demands[:1]}, key=str)
        key = (wire.graph, wire.index, tuple(demands))
        if key in self.told:
            return
        self.told.add(key)
        one, two = demands[0], demands[-1]
        message = f"the layouts conflict: {one}, and {two}; together they need an array in single registers"
        about = ("conflict", *_told(one), *_told(two))
        hint = "partition both ends in the same kind, with factors of which one divides the other"
        self.notes.edge(wire.graph, wire.index, Diagnostic("layout", message, hint=hint, about=about))

    def check_rows(self) -> None:
        """Note demands of dimensions that are not the same at both ends of a wire, over which rows go."""
        for wire in self.wires:
            for key in (wire.source, wire.target):
                entries = self.state[key]
                for dim, entry in enumerate(entries[: len(entries) - wire.common]):
                    found = (wire.graph, wire.index, entry.demands)
                    if entry is _FREE or found in self.told:
                        continue
                    self.told.add(found)
                    said = "; ".join(map(str, entry.demands))
                    message = f"rows go over this wire, so that dimension {dim + 1} of {key} has no banks, but {said}"
                    hint = "partition only dimensions that both ends of the wire have, or none"
                    about = ("row banks", *(word for demand in entry.demands for word in _told(demand)))
                    self.notes.edge(wire.graph, wire.index, Diagnostic("layout", message, hint=hint, about=about))

    def check_banks(self) -> None:
        """Note arrays with more banks than a device can make use of, once for each set of demands."""
        for key, entries in self.state.items():
            if not _demanding(entries):
                continue
            shape = self.shapes[key]
            banks = Layout(tuple(e.layout for e in entries)).banks(shape)
            demands = tuple(dict.fromkeys(d for e in entries for d in e.demands))
            if banks <= MOST_BANKS or demands in self.told:
                continue
            self.told.add(demands)
            reasons = "; ".join(map(str, demands))
            message = f"{key} would have {banks} banks; at most {MOST_BANKS} are possible: {reasons}"
            graph, _, node = demands[0].block.partition("/")
            hint = "use smaller factors, or fewer partitioned dimensions"
            about = ("banks", *(told for demand in demands for told in _told(demand)))
            self.notes.node(graph, node, Diagnostic("layout", message, hint=hint, about=about))

    def layouts(self) -> dict[str, Layout]:
        """Return the layouts by instance path and port, sorted."""
        plain = {rank: Layout.plain(rank) for rank in {len(entries) for entries in self.state.values()}}
        return {
            key: Layout(tuple(e.layout for e in entries)) if _demanding(entries) else plain[len(entries)]
            for key, entries in sorted(self.state.items())
        }

    def relayouts(self) -> set[tuple[str, int]]:
        """Return the wires that do not join their ends' layouts and whose ends differ in some instance."""
        return {
            (w.graph, w.index)
            for w in self.wires
            if not w.joins
            and any(self.state[w.source][d].layout != self.state[w.target][d].layout for d in range(-w.common, 0))
        }


def _told(demand: _Demand) -> tuple[str, str, int, int, str]:
    """Return a demand for programs: block, port, dimension and step (both from 0; -1: no step's), entry."""
    return demand.block, demand.port, demand.dim, -1 if demand.step is None else demand.step, str(demand.entry)


@lru_cache(maxsize=4096)
def _meet_entries(one: DimLayout, two: DimLayout, extent: int) -> DimLayout:
    # A meet of a cyclic and a block entry looks through many factors, and the same ones come up at every check.
    return one.meet(two, extent)
