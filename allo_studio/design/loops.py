"""Loops of processes: those that take each other's results, through a FIFO that is not empty at reset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from allo_studio.design.region import Channel, LeafProcess, Process, Region, RegionProcess

if TYPE_CHECKING:
    import networkx

__all__ = ["Loop", "groups", "in_order", "members"]

# Processes in an order in which they can run, and the channels between them that are not empty at reset.
Loop = tuple[tuple[Process, ...], tuple[Channel, ...]]


def in_order(names: Sequence[str], links: Iterable[tuple[str, str, bool]]) -> list[str]:
    """Return names with each after those that lead to it, else in the order given.

    A link that is set may lead back. Names in a loop stand side by side, each after those that lead to it by other
    links.
    """
    # Loaded where it is needed: it takes a tenth of the time of a start.
    import networkx

    every, forward = networkx.DiGraph(), networkx.DiGraph()
    every.add_nodes_from(names)
    for source, target, back in links:
        every.add_edge(source, target)
        if not back:
            forward.add_edge(source, target)
    rank = {name: number for number, name in enumerate(names)}
    found = []
    for part in _components(every, rank):
        inside = networkx.DiGraph()
        inside.add_nodes_from(part)
        inside.add_edges_from(edge for edge in forward.subgraph(part).edges if edge[0] != edge[1])
        found += networkx.lexicographical_topological_sort(inside, key=rank.__getitem__)
    return found


def groups(region: Region) -> list[Loop]:
    """Return the processes in the order of a region, those of a loop together; one that is in none has no channels."""
    # Loaded where it is needed: it takes a tenth of the time of a start.
    import networkx

    owners: Mapping[str, Process] = {process.name: process for process in region.processes}
    every = networkx.DiGraph()
    every.add_nodes_from(owners)
    known = {channel.name: channel for channel in region.channels}
    readers = [(known[name], process.name) for process in region.processes for name in process.bindings.values()]
    every.add_edges_from((channel.source[0], reader) for channel, reader in readers if channel.source[0] in owners)
    # A writer is bound to its channel too, which is no loop.
    every.remove_edges_from([(name, name) for name in owners])
    reads = {(channel.source[0], target) for channel in region.channels for target, _ in channel.targets}
    every.add_edges_from((name, name) for name in owners if (name, name) in reads)
    rank = {name: number for number, name in enumerate(owners)}
    found: list[Loop] = []
    for part in _components(every, rank):
        ordered = sorted(part, key=rank.__getitem__)
        kept = [c for c in region.channels if c.initial and c.source[0] in part and c.targets[0][0] in part]
        found.append((tuple(owners[name] for name in ordered), tuple(kept)))
    return found


def members(region: Region, in_loop: bool = False) -> Iterator[tuple[LeafProcess, bool]]:
    """Yield the kernels of a region and of those inside it, and whether each is in a loop."""
    for processes, kept in groups(region):
        for process in processes:
            if isinstance(process, RegionProcess):
                yield from members(process.region, in_loop or bool(kept))
            else:
                yield process, in_loop or bool(kept)


def _components(graph: networkx.DiGraph, rank: Mapping[str, int]) -> list[set[str]]:
    """Return the strongly connected parts, each after those that lead to it, else by rank."""
    # Loaded where it is needed: it takes a tenth of the time of a start.
    import networkx

    parts = networkx.condensation(graph)
    names = {number: set(parts.nodes[number]["members"]) for number in parts.nodes}
    first = {number: min(map(rank.__getitem__, found)) for number, found in names.items()}
    return [names[n] for n in networkx.lexicographical_topological_sort(parts, key=first.__getitem__)]
