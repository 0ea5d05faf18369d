"""Kernels whose stages run at the same time, as the graphs of blocks that they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from allo_studio.analysis.ports import infer_ports
from allo_studio.design.blocks import block_source, duplicator
from allo_studio.design.elaborate import Leaf
from allo_studio.design.model import ChannelChoice, Edge, Endpoint, Graph, GraphNode, KernelNode, Node, Project
from allo_studio.design.names import fresh_name
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.layout import Layout
from allo_studio.primitives.stages import Handover, StageKernel, handovers, plan_stages, runs_stages, take_apart
from allo_studio.types import ArrayType

__all__ = ["Opened", "open_kernels"]


@dataclass(frozen=True)
class Opened:
    """A project in which such blocks are graphs, with the leaf blocks and kernels by instance path.

    `leaves` keeps the blocks that were opened, which say what their graphs compute.
    """

    project: Project
    leaves: dict[str, Leaf]
    kernels: dict[str, KernelIR]


def open_kernels(project: Project, leaves: Mapping[str, Leaf], kernels: Mapping[str, KernelIR]) -> Opened:
    """Open the blocks of a checked design whose kernels have `dataflow`; raises AlloError (code `step`)."""
    opened = Opened(project, dict(leaves), dict(kernels))
    graphs = dict(project.graphs)
    for path, key in _instances(project, project.top, project.top):
        kernel = kernels[path]
        if not runs_stages(kernel):
            continue
        try:
            parts, passed = _legal(take_apart(kernel), handovers(kernel, plan_stages(kernel)))
        except AlloError as error:
            raise AlloError([replace(found, where=found.where or path) for found in error.diagnostics]) from None
        graph, name = key
        node = project.graphs[graph].nodes[name]
        assert isinstance(node, KernelNode)
        # No graph of a project has a name with a stroke.
        inner, copied = _Wiring(node, kernel, parts, passed).graph(f"{graph}/{name}")
        graphs[inner.name] = inner
        outer = graphs[graph]
        graphs[graph] = replace(outer, nodes={**outer.nodes, name: GraphNode(inner.name)})
        del opened.kernels[path]
        for part in (*parts, *copied):
            opened.kernels[f"{path}/{part.name}"] = part.kernel
            opened.leaves[f"{path}/{part.name}"] = _leaf(part.kernel, leaves[path])
    return replace(opened, project=replace(project, graphs=graphs))


def _instances(project: Project, graph: str, path: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each kernel block's instance path, and its graph and name there."""
    for name, node in project.graphs[graph].nodes.items():
        if isinstance(node, KernelNode):
            yield f"{path}/{name}", (graph, name)
        elif isinstance(node, GraphNode):
            yield from _instances(project, node.graph, f"{path}/{name}")


def _legal(
    parts: tuple[StageKernel, ...], passed: tuple[Handover, ...]
) -> tuple[tuple[StageKernel, ...], tuple[Handover, ...]]:
    """Return stages and what they hand on, with names that blocks can have."""
    names: dict[str, str] = {}
    for part in parts:
        names[part.name] = fresh_name(part.name, set(names.values()))
    return (
        tuple(replace(part, name=names[part.name]) for part in parts),
        tuple(replace(one, source=names[one.source], target=names[one.target]) for one in passed),
    )


@dataclass(frozen=True)
class _Wiring:
    """What joins the stages of a kernel: what one of them makes, or the kernel is given, and who takes it."""

    node: KernelNode
    kernel: KernelIR
    parts: tuple[StageKernel, ...]
    passed: tuple[Handover, ...]

    def graph(self, name: str) -> tuple[Graph, list[StageKernel]]:
        """Return the graph of the stages, and duplicators for arrays that several take."""
        nodes: dict[str, Node] = {part.name: replace(self.node) for part in self.parts}
        edges: list[Edge] = []
        copied: list[StageKernel] = []
        for signal, (source, wires) in self._signals().items():
            given = self.kernel.directions.get(signal) == "in" and not self._type(signal).shape
            if len(wires) > 1 and not given:
                copy = fresh_name(f"{signal}_copies", set(nodes))
                nodes[copy] = duplicator(str(self._type(signal)), len(wires))
                copied.append(StageKernel(copy, self._copies(signal, len(wires))))
                edges.append(Edge(source, Endpoint(copy, "x")))
                edges += [replace(wire, source=Endpoint(copy, f"y{n}")) for n, wire in enumerate(wires)]
            else:
                edges += wires
        sides = {
            side: {a.name: str(a.type) for a in self.kernel.arguments() if (a.direction == "in") == (side == "in")}
            for side in ("in", "out")
        }
        return Graph(name, "dataflow", sides["in"], sides["out"], nodes, tuple(edges)), copied

    def _signals(self) -> dict[str, tuple[Endpoint, list[Edge]]]:
        """Return the source of each array and value, and a wire to each end that takes it."""
        found: dict[str, tuple[Endpoint, list[Edge]]] = {}
        directions = self.kernel.directions
        for name in directions:
            if directions[name] == "in":
                found[name] = Endpoint("", name), []
        for part in self.parts:
            for port, direction in part.kernel.directions.items():
                if direction != "in":
                    source = Endpoint(part.name, port)
                    found[port] = source, [Edge(source, Endpoint("", port))] if port in directions else []
        depths = {(one.target, one.buffer.name): one.depth for one in self.passed}
        for part in self.parts:
            for port, direction in part.kernel.directions.items():
                if direction == "in":
                    source, wires = found[port]
                    depth = depths.get((part.name, port))
                    kind: ChannelChoice | None = None if depth is None else "fifo"
                    wires.append(Edge(source, Endpoint(part.name, port), kind, depth or None))
        return found

    def _type(self, signal: str) -> ArrayType:
        arguments = {argument.name: argument.type for argument in self.kernel.arguments()}
        return arguments[signal] if signal in arguments else self.kernel.find_buffer(signal).type

    def _copies(self, signal: str, count: int) -> KernelIR:
        """Return the kernel of a duplicator, in the layout of what it copies."""
        source = block_source(duplicator(str(self._type(signal)), count).path)
        made = infer_ports(parse_kernel(source, "duplicate", {}))
        if self._type(signal).shape:
            for argument in made.arguments():
                made = made.with_layout(argument.name, self.kernel.layout(signal))
        return made


def _leaf(kernel: KernelIR, whole: Leaf) -> Leaf:
    """Return the leaf of a stage, which computes as its kernel is scheduled."""
    types = {argument.name: argument.type for argument in kernel.arguments()}
    layouts = {a.name: Layout.plain(0) if a.scalar else kernel.layout(a.name) for a in kernel.arguments()}
    return Leaf(kernel, whole.reassociates, types, layouts)
