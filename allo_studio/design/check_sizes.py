"""Named sizes over the whole design: an array has as many elements at both ends of its wire.

Each size is traced along the wires of scalars, in and out of graphs, to what tells it: an input of the design or an
output of a block. What the sizes are called does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from allo_studio.design.blocks import is_generated
from allo_studio.design.check_notes import Notes
from allo_studio.design.check_structure import ResolvedEdge
from allo_studio.design.checked import PortInfo
from allo_studio.design.constants import Constant
from allo_studio.design.model import ConstantNode, Endpoint, Graph, GraphNode, KernelNode, Project
from allo_studio.design.sizes import SIZE, Sizes, alike
from allo_studio.diagnostics import Diagnostic

__all__ = ["note_sizes"]

Ports = Mapping[str, tuple[PortInfo, ...]]
# An input of the design or an output of a block, by its instance's path (`cascade.n`, `cascade/sub/count.m`); a number
# where the extent is one; None where it is not known.
Meaning = str | int | None


def note_sizes(
    project: Project,
    ports: Ports,
    signatures: Ports,
    wires: Mapping[str, Sequence[ResolvedEdge]],
    constants: Mapping[str, Constant],
    notes: Notes,
) -> None:
    """Note sizes that nothing tells, and wires whose ends have different ones. The hierarchy must be walkable.

    `ports` are those of blocks by path, `signatures` those of graphs, `wires` the wires of each graph.
    """
    known = [port for found in (*ports.values(), *signatures.values()) for port in found]
    if not any(port.type and port.type.sizes for port in known):
        return
    for graph, own in signatures.items():
        _require_names(graph, own, notes)
    solver = _Solver(project, ports, signatures, constants)
    inside = {n.graph for g in project.graphs.values() for n in g.nodes.values() if isinstance(n, GraphNode)}
    roots = [project.top, *(name for name in project.graphs if name not in inside and name != project.top)]
    told: set[tuple[str, str]] = set()
    for place in (place for root in roots for place in solver.places(root)):
        graph = place.graph.name
        for wire in wires[graph]:
            fault = solver.wire_fault(place, wire) if (graph, wire.edge.id) not in told else None
            if fault is not None:
                told.add((graph, wire.edge.id))
                notes.edge(graph, wire.edge, fault)
        for name in place.graph.nodes:
            fault = solver.constant_fault(place, name) if (graph, name) not in told else None
            if fault is not None:
                told.add((graph, name))
                notes.node(graph, name, fault)


def _require_names(graph: str, own: tuple[PortInfo, ...], notes: Notes) -> None:
    """Note names in the types of a graph's ports that are none of its scalars."""
    scalars = {side: {p.name for p in own if p.direction == side and p.type == SIZE} for side in ("in", "out")}
    for port in own:
        allowed = scalars["in"] | (scalars["out"] if port.direction == "out" else set())
        for name in dict.fromkeys(port.type.sizes if port.type else ()):
            if not name or name in allowed:
                continue
            message = f"{port.name} is {port.type}, but graph {graph} has no scalar input {name!r} that tells the size"
            hint = f"add the input {name}: {SIZE}, or name one that tells it"
            about, side = ("no size", port.name, name), "inputs" if port.direction == "in" else "outputs"
            fault = Diagnostic("shape", message, where=f"{graph}.{port.name}", hint=hint, about=about)
            notes.graph(graph, fault, side, port.name)


@dataclass(frozen=True, eq=False)
class _Place:
    """An instance of a graph: `path` leads to it from a root, `holder` is the instance that it is block `name` of."""

    graph: Graph
    path: str
    sizes: Sizes
    holder: _Place | None
    name: str
    inner: dict[str, _Place]


class _Solver:
    def __init__(self, project: Project, ports: Ports, signatures: Ports, constants: Mapping[str, Constant]) -> None:
        self._project = project
        self._constants = constants
        self._sizes = {}
        for graph in project.graphs.values():
            inside = {name: ports[f"{graph.name}/{name}"] for name in graph.nodes if f"{graph.name}/{name}" in ports}
            self._sizes[graph.name] = Sizes(graph, {**inside, "": signatures[graph.name]})

    def places(self, root: str) -> Iterator[_Place]:
        """Yield the instances of graphs from a root on; where one is yielded, all inside of it are known."""
        first = self._place(self._project.graphs[root], root, None, "")
        waiting = [first]
        for place in waiting:
            for name, node in place.graph.nodes.items():
                if isinstance(node, GraphNode) and node.graph in self._project.graphs:
                    inner = self._place(self._project.graphs[node.graph], f"{place.path}/{name}", place, name)
                    place.inner[name] = inner
                    waiting.append(inner)
        yield from waiting

    def _place(self, graph: Graph, path: str, holder: _Place | None, name: str) -> _Place:
        return _Place(graph, path, self._sizes[graph.name], holder, name, {})

    def wire_fault(self, place: _Place, wire: ResolvedEdge) -> Diagnostic | None:
        """Return why the ends of a wire have different sizes; None where they have not, or other things are wrong."""
        source, target = wire.source, wire.target
        if source is None or target is None or source.type is None or target.type is None:
            return None
        if not alike(source.type, target.type) or not (source.type.sizes or target.type.sizes):
            return None
        ends = zip(place.sizes.of(wire.edge.source), place.sizes.of(wire.edge.target), strict=True)
        for number, (one, two) in enumerate(ends, 1):
            meanings = self.meaning(place, one), self.meaning(place, two)
            if None not in meanings and meanings[0] != meanings[1]:
                return _fault(place, wire, number, (one, two), meanings)
        return None

    def constant_fault(self, place: _Place, name: str) -> Diagnostic | None:
        """Return that a size of a kernel block is told by a constant, if so: it would be no size at all."""
        if not isinstance(place.graph.nodes[name], KernelNode):
            return None
        for size in place.sizes.of_block(name):
            found = self._traced(place, size)
            number = self._number(*found) if found else None
            if number is not None:
                message = f"the constant {number} tells the size {size}, which is told when the design runs"
                hint = f"set it by `params: {{{size.port}: {number}}}` of {name}, and take its wire away"
                return Diagnostic("shape", message, hint=hint, about=("constant size", size.port, number))
        return None

    def meaning(self, place: _Place, size: Endpoint | int) -> Meaning:
        """Return what tells a size, by the wires of scalars through the hierarchy."""
        if isinstance(size, int):
            return size
        found = self._traced(place, size)
        if found is None or self._number(*found) is not None:
            return None
        where, end = found
        return f"{where.path}/{end}" if end.node else f"{where.path}.{end.port}"

    def _traced(self, place: _Place, size: Endpoint) -> tuple[_Place, Endpoint] | None:
        """Return the end at which the value of a size comes into being, and the instance in which it is."""
        end, ends = place.sizes.told(size), set[tuple[str, Endpoint]]()
        while end is not None and (place.path, end) not in ends:
            ends.add((place.path, end))
            node = place.graph.nodes.get(end.node)
            if not end.node and place.holder is None:
                return place, end
            if not end.node and place.holder is not None:
                end, place = place.holder.sizes.told(Endpoint(place.name, end.port)), place.holder
            elif end.node in place.inner:
                place = place.inner[end.node]
                end = place.sizes.told(Endpoint("", end.port))
            elif isinstance(node, KernelNode) and is_generated(node.path) and node.function != "convert":
                # A copy of a number.
                end = place.sizes.told(Endpoint(end.node, "x"))
            else:
                return place, end
        return None

    def _number(self, place: _Place, end: Endpoint) -> int | None:
        if not isinstance(place.graph.nodes.get(end.node), ConstantNode):
            return None
        constant = self._constants.get(f"{place.graph.name}/{end.node}")
        return int(constant.values) if constant and not constant.type.shape else None


def _fault(
    place: _Place,
    wire: ResolvedEdge,
    dimension: int,
    sizes: tuple[Endpoint | int, Endpoint | int],
    meanings: tuple[Meaning, Meaning],
) -> Diagnostic:
    ends = wire.edge.source, wire.edge.target
    said = [_said(*found) for found in zip(ends, sizes, meanings, strict=True)]
    message = f"the sizes differ in dimension {dimension}: {said[0]}, and {said[1]}"
    if place.holder is not None:
        message = f"in {place.path}: {message}"
    named = [size for size in sizes if isinstance(size, Endpoint)]
    hint = f"wire {' and '.join(map(str, named))} to the same scalar"
    number = next((size for size in sizes if isinstance(size, int)), None)
    if number is not None:
        (size,) = named
        hint = f"make both ends {number} elements"
        if size.node:
            hint = f"let the size be a number: params: {{{size.port}: {number}}} in {size.node}"
    return Diagnostic("shape", message, hint=hint, about=("sizes", dimension - 1))


def _said(end: Endpoint, size: Endpoint | int, meaning: Meaning) -> str:
    if isinstance(size, int):
        return f"{end} has {size} elements"
    return f"{end} has {size} elements, which is {meaning}"
