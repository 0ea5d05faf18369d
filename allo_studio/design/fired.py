"""A design whose blocks fire several times an invocation, as one in which each does all of that at once.

A kernel goes into a loop over its firings and those of the graphs around it, and an external block is started as often;
what is on a wire is then the array of all firings, of one type at both ends, so that all later stages know designs of
one rate only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from allo_studio.design.elaborate import Leaf
from allo_studio.design.model import ConstantNode, Edge, Endpoint, Graph, GraphNode, Node, Project
from allo_studio.design.rates import common_end
from allo_studio.design.variants import fired
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import IpBlock
from allo_studio.ip.firings import Firings
from allo_studio.ip.shell import shell
from allo_studio.ir import KernelIR
from allo_studio.primitives.firings import Together, layout_of_all
from allo_studio.types import ArrayType, parse_type

__all__ = ["Fired", "fire_all"]

_Shape = tuple[int, ...]


@dataclass(frozen=True)
class Fired:
    """Leaf blocks and kernels by instance path that do all their firings. `ports` are the types of graphs' own ports
    that differ from those that are drawn, by instance path and port (`top/head.X`).
    """

    leaves: dict[str, Leaf]
    kernels: dict[str, KernelIR]
    ports: dict[str, ArrayType] = field(default_factory=dict)


def fire_all(
    project: Project, firings: Mapping[str, int], leaves: Mapping[str, Leaf], kernels: Mapping[str, KernelIR]
) -> Fired:
    """Return the blocks of a checked design with all their firings; `firings` are by block of a graph (`rates`).

    Raises AlloError (code `rate`) where an end that cannot be another array would have to be one.
    """
    if not any(edge.rate for graph in project.graphs.values() for edge in graph.edges):
        return Fired(dict(leaves), dict(kernels))
    return _Firing(project, firings, leaves, kernels).run()


@dataclass(frozen=True)
class _Place:
    """A block or graph instance, which fires for each firing of the instances `loops`, from the outside in."""

    graph: str
    node: Node | None
    loops: tuple[str, ...]


class _Firing:
    def __init__(
        self, project: Project, firings: Mapping[str, int], leaves: Mapping[str, Leaf], kernels: Mapping[str, KernelIR]
    ) -> None:
        self.project = project
        self.firings = firings
        self.leaves = leaves
        self.kernels = kernels
        self.counts: dict[str, int] = {}
        self.places = dict(self._walk(project.graphs[project.top], project.top, ()))
        # Where a port gets its array from: the key of the other end, and the wire.
        self.fed: dict[str, tuple[str, str, Edge]] = {}
        self.kinds: dict[str, ArrayType] = {}
        self.drawn: set[str] = set()

    def _walk(self, graph: Graph, path: str, loops: tuple[str, ...]) -> Iterator[tuple[str, _Place]]:
        """Yield the place of each instance of a block or graph, with how often it fires in `counts`."""
        yield path, _Place(graph.name, None, loops)
        for name, node in graph.nodes.items():
            here = f"{path}/{name}"
            self.counts[here] = self.firings.get(f"{graph.name}/{name}", 1)
            own = (*loops, here) if self.counts[here] > 1 else loops
            if isinstance(node, GraphNode):
                yield from self._walk(self.project.graphs[node.graph], here, own)
            elif not isinstance(node, ConstantNode):
                yield here, _Place(graph.name, node, own)

    def run(self) -> Fired:
        whole: dict[str, _Shape] = {}
        for ends in self._nets():
            whole |= dict.fromkeys(ends, self._shape(ends))
        made = Fired(dict(self.leaves), dict(self.kernels))
        for path, leaf in self.leaves.items():
            self._leaf(path, leaf, whole, made)
        for key in self.drawn:
            kind = self.kinds[key]
            if whole[key] != kind.shape:
                made.ports[key] = ArrayType(kind.element, whole[key], kind.sizes)
        return made

    # What is wired together

    def _nets(self) -> list[list[str]]:
        """Return the ends that are wired together, those of graphs' own ports on both of their sides once."""
        # Loaded where it is needed: it takes a tenth of the time of a start.
        import networkx

        for path, place in self.places.items():
            self.kinds.update(self._ends(path, place))
        wired = networkx.Graph()
        wired.add_nodes_from(self.kinds)
        for path, place in self.places.items():
            if place.node is None:
                for edge in self.project.graphs[place.graph].edges:
                    source, target = _key(path, edge.source), _key(path, edge.target)
                    if source in self.kinds and target in self.kinds:
                        self.fed[target] = source, path, edge
                        wired.add_edge(source, target)
        return [sorted(ends) for ends in networkx.connected_components(wired)]

    def _ends(self, path: str, place: _Place) -> Iterator[tuple[str, ArrayType]]:
        """Yield the ports of an instance, with the type that a firing has; those that are constants are none."""
        if place.node is not None:
            yield from ((f"{path}.{port}", kind) for port, kind in self.leaves[path].types.items())
            return
        graph = self.project.graphs[place.graph]
        for port, text in (*graph.inputs.items(), *graph.outputs.items()):
            self.drawn.add(f"{path}.{port}")
            yield f"{path}.{port}", parse_type(text)

    def _is_fixed(self, key: str) -> bool:
        return key.rpartition(".")[0] == self.project.top

    # What is on a wire

    def _rounds(self, key: str) -> tuple[str, ...]:
        """Return the instances for each of whose firings an end has an array of its own, from the outside."""
        path, _, _ = key.rpartition(".")
        if key not in self.fed or self._is_output(key):
            return self.places[path].loops
        source, around, edge = self.fed[key]
        outer = tuple(loop for loop in self._rounds(source) if loop in self.places[around].loops)
        return outer if edge.rate == "held" or self.counts.get(path, 1) == 1 else (*outer, path)

    def _is_output(self, key: str) -> bool:
        path, _, port = key.rpartition(".")
        place = self.places[path]
        if place.node is None:
            return port in self.project.graphs[place.graph].outputs
        return self.leaves[path].base.directions.get(port) != "in"

    def _shape(self, ends: Sequence[str]) -> _Shape:
        """Return the extents of what is wired together, over all firings: rows of what all ends have in common."""
        found = {key: (self._count(key), self.kinds[key].shape) for key in ends}
        shapes = {(*((count,) if count > 1 else ()), *shape) for count, shape in found.values()}
        fixed = [key for key in ends if self._is_fixed(key)]
        if fixed:
            self._require_alike(fixed)
            return self.kinds[fixed[0]].shape
        if len(set(found.values())) == 1:
            return shapes.pop()
        count, row = found[ends[0]]
        elements = count * prod(row)
        for _, shape in found.values():
            row = common_end(row, shape)
        rows = elements // prod(row)
        return (rows, *row) if rows > 1 else row

    def _require_alike(self, fixed: Sequence[str]) -> None:
        """Raise where two ends must stay as they are and differ."""
        for key in fixed[1:]:
            if self.kinds[key].shape != self.kinds[fixed[0]].shape:
                message = f"{fixed[0]} is {self.kinds[fixed[0]]} and {key} is {self.kinds[key]}, and both stay so"
                path = key.rpartition(".")[0]
                raise AlloError(Diagnostic("rate", message, where=path, hint="give both the same extents"))

    def _count(self, key: str) -> int:
        return prod(self.counts[loop] for loop in self._rounds(key))

    # The blocks

    def _leaf(self, path: str, leaf: Leaf, whole: Mapping[str, _Shape], made: Fired) -> None:
        place = self.places[path]
        counts = [self.counts[loop] for loop in place.loops]
        together: dict[str, Together] = {}
        types, layouts = dict(leaf.types), dict(leaf.layouts)
        for port, kind in leaf.types.items():
            shape, rounds = whole[f"{path}.{port}"], self._rounds(f"{path}.{port}")
            if not rounds and shape == kind.shape:
                continue
            if kind.sizes:
                message = f"{port} is {kind}, and arrays with sizes at run time cannot differ between firings"
                raise AlloError(Diagnostic("rate", message, where=path, hint="give it constant extents, or hold it"))
            numbers = tuple(place.loops.index(loop) for loop in rounds)
            together[port] = Together(shape, numbers)
            types[port] = ArrayType(kind.element, shape, kind.sizes)
            layouts[port] = layout_of_all(leaf.layouts[port], kind.shape, [counts[n] for n in numbers], shape)
        if not together and not counts:
            return
        if leaf.block is not None:
            made.leaves[path] = external = _external(path, leaf, leaf.block, Firings(tuple(counts), together))
            made.kernels[path] = external.base
            return
        try:
            base = fired(leaf.base, counts, together)
            made.leaves[path] = replace(leaf, base=base, types=types, layouts=layouts)
            if path in self.kernels:
                made.kernels[path] = fired(self.kernels[path], counts, together)
        except AlloError as error:
            raise AlloError([replace(fault, where=fault.where or path) for fault in error.diagnostics]) from None


def _external(path: str, leaf: Leaf, block: IpBlock, firings: Firings) -> Leaf:
    """Return an external block with all its firings; raises AlloError (code `rate`)."""
    faults = [replace(fault, where=path) for fault in firings.faults(block)]
    if faults:
        raise AlloError(faults)
    ports = firings.ports(block)
    types, layouts = {port.name: port.type for port in ports}, {port.name: port.layout for port in ports}
    return replace(leaf, base=shell(block, firings), types=types, layouts=layouts, firings=firings)


def _key(path: str, end: Endpoint) -> str:
    return f"{path}/{end}" if end.node else f"{path}.{end}"
