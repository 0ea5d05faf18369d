"""The worklist of interface unification: the layouts of ports that are wired together, brought down to their meets.

A port's layout is the meet of the demands that reach it; when it changes, the ports that it is wired to are looked at
again. The work is linear in the wires, as an entry can only go down.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from allo_studio.design.check_notes import Notes
from allo_studio.design.model import Edge
from allo_studio.diagnostics import Diagnostic
from allo_studio.layout import DimLayout, Layout

__all__ = ["FREE", "MOST_BANKS", "Demand", "Entries", "Entry", "PortWire", "Unifier", "layout_of"]

MOST_BANKS = 1024


@dataclass(frozen=True)
class Demand:
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
class PortWire:
    """A wire between two ports, by their keys; its graph, and what it is there.

    `common` is how many dimensions both have in common, the last ones: all, unless rows go over it.
    """

    source: str
    target: str
    graph: str
    edge: Edge
    joins: bool
    is_fifo: bool
    common: int


@dataclass(frozen=True)
class Entry:
    """The layout of one dimension of a port, and the demands that it comes of."""

    layout: DimLayout
    demands: tuple[Demand, ...] = ()


# Of a port, by dimension.
Entries = tuple[Entry, ...]
# What nothing is demanded of.
FREE = Entry(DimLayout())


class Unifier:
    """Ports by keys (`cascade/sub/mm.C`), with what is known of their layouts so far, and the wires between them."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.state: dict[str, list[Entry]] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.wires: list[PortWire] = []
        self.told: set[object] = set()
        self.fixed: dict[str, tuple[str, str, Layout]] = {}

    def add_ports(self, shapes: Mapping[str, tuple[int, ...]], demands: Mapping[str, Entries]) -> None:
        """Add ports, with the demands that some of them have; those that are there already stay."""
        for key, shape in shapes.items():
            if key not in self.state:
                self.shapes[key] = shape
                self.state[key] = [FREE] * len(shape)
        for key, entries in demands.items():
            self.state[key] = list(entries)

    def add_wires(self, wires: Iterable[PortWire]) -> None:
        """Add wires between ports that were added."""
        self.wires += wires

    def add_fixed(self, key: str, graph: str, block: str, layout: Layout) -> None:
        """Let a port be the memory of an external block, whose layout is fixed."""
        self.fixed[key] = graph, block, layout

    def check_fixed(self) -> None:
        """Note the memories of external blocks that would have other banks than they are built for."""
        for key, (graph, name, layout) in self.fixed.items():
            shape = self.shapes[key]
            for dim, (entry, wanted) in enumerate(zip(self.state[key], layout.dims, strict=True)):
                if entry.layout.normal(shape[dim]) == wanted.normal(shape[dim]):
                    continue
                demands = [d for d in entry.demands if d.block != f"{graph}/{name}"] or list(entry.demands)
                said = "; ".join(map(str, demands))
                found = (graph, name, dim, said)
                if found in self.told:
                    continue
                self.told.add(found)
                port = key.rpartition(".")[2]
                message = f"the banks of {name}.{port} are fixed at {wanted} in dimension {dim + 1}, but {said}"
                about = ("fixed", str(wanted.normal(shape[dim])), *(word for d in demands for word in _told(d)))
                hint = "an external block's memory has the banks that its descriptor declares, no others"
                self.notes.node(graph, name, Diagnostic("layout", message, hint=hint, about=about))

    def run(self) -> None:
        """Bring the layouts of wired ports together until nothing changes.

        Ports without a demand change no neighbour: the work begins at the others.
        """
        around: dict[str, list[tuple[str, PortWire]]] = {key: [] for key in self.state}
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

    def _meet(self, neighbour: str, current: str, wire: PortWire) -> bool:
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
            self.state[neighbour][dim] = Entry(met, other.demands if met == other.layout else both)
            changed = True
        return changed

    def _tell_conflict(self, wire: PortWire, mine: Entry, other: Entry) -> None:
        demands = sorted({*mine.demands[:1], *other.demands[:1]}, key=str)
        key = (wire.graph, wire.edge.id, tuple(demands))
        if key in self.told:
            return
        self.told.add(key)
        one, two = demands[0], demands[-1]
        message = f"the layouts conflict: {one}, and {two}; together they need an array in single registers"
        about = ("conflict", *_told(one), *_told(two))
        hint = "partition both ends in the same kind, with factors of which one divides the other"
        self.notes.edge(wire.graph, wire.edge, Diagnostic("layout", message, hint=hint, about=about))

    def check_rows(self) -> None:
        """Note demands of dimensions that are not the same at both ends of a wire, over which rows go."""
        for wire in self.wires:
            for key in (wire.source, wire.target):
                entries = self.state[key]
                for dim, entry in enumerate(entries[: len(entries) - wire.common]):
                    found = (wire.graph, wire.edge.id, entry.demands)
                    if entry is FREE or found in self.told:
                        continue
                    self.told.add(found)
                    said = "; ".join(map(str, entry.demands))
                    port = key.rpartition("/")[2].removeprefix(".")
                    message = f"rows go over this wire, so that dimension {dim + 1} of {port} has no banks, but {said}"
                    hint = "partition only dimensions that both ends of the wire have, or none"
                    about = ("row banks", *(word for demand in entry.demands for word in _told(demand)))
                    self.notes.edge(wire.graph, wire.edge, Diagnostic("layout", message, hint=hint, about=about))

    def check_banks(self) -> None:
        """Note arrays with more banks than a device can make use of, once for each set of demands."""
        for key, entries in self.state.items():
            if not _demanding(entries):
                continue
            shape = self.shapes[key]
            banks = layout_of(entries).banks(shape)
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
        """Return the layouts of the ports, by key."""
        return {key: layout_of(entries) for key, entries in self.state.items()}

    def relayouts(self) -> set[str]:
        """Return the paths of the wires that do not join their ends' layouts and whose ends differ in some instance."""
        return {
            f"{w.graph}/{w.edge.id}"
            for w in self.wires
            if not w.joins
            and any(self.state[w.source][d].layout != self.state[w.target][d].layout for d in range(-w.common, 0))
        }


def _demanding(entries: Sequence[Entry]) -> bool:
    return any(entry is not FREE for entry in entries)


def layout_of(entries: Sequence[Entry]) -> Layout:
    """Return the layout of a port, the same value for the same layout."""
    return _layout(tuple(entry.layout for entry in entries))


@lru_cache(maxsize=4096)
def _layout(dims: tuple[DimLayout, ...]) -> Layout:
    return Layout(dims)


def _told(demand: Demand) -> tuple[str, str, int, int, str]:
    """Return a demand for programs: block, port, dimension and step (both from 0; -1: no step's), entry."""
    return demand.block, demand.port, demand.dim, -1 if demand.step is None else demand.step, str(demand.entry)


@lru_cache(maxsize=4096)
def _meet_entries(one: DimLayout, two: DimLayout, extent: int) -> DimLayout:
    # A meet of a cyclic and a block entry looks through many factors, and the same ones come up at every check.
    return one.meet(two, extent)
