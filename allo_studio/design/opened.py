"""Kernels whose stages run at the same time, as the graphs of blocks that they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from allo_studio.design.elaborate import Leaf
from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, KernelNode, Project
from allo_studio.design.names import fresh_name
from allo_studio.diagnostics import AlloError
from allo_studio.ir import KernelIR
from allo_studio.layout import Layout
from allo_studio.primitives.stages import Handover, StageKernel, handovers, plan_stages, runs_stages, take_apart

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
        inner = _graph(f"{graph}/{name}", node, kernel, parts, passed)
        graphs[inner.name] = inner
        outer = graphs[graph]
        graphs[graph] = replace(outer, nodes={**outer.nodes, name: GraphNode(inner.name)})
        del opened.kernels[path]
        for part in parts:
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


def _graph(
    name: str, node: KernelNode, kernel: KernelIR, parts: tuple[StageKernel, ...], passed: tuple[Handover, ...]
) -> Graph:
    """Return the graph of a kernel's stages."""
    arguments = {argument.name: argument for argument in kernel.arguments()}
    edges: list[Edge] = []
    for part in parts:
        for port, direction in part.kernel.directions.items():
            if port in arguments:
                own, outer = Endpoint(part.name, port), Endpoint("", port)
                edges.append(Edge(outer, own) if direction == "in" else Edge(own, outer))
    for one in passed:
        ends = Endpoint(one.source, one.buffer.name), Endpoint(one.target, one.buffer.name)
        asked = one.depth is not None
        edges.append(Edge(*ends, channel="fifo" if asked else None, depth=one.depth or None))
    sides = {
        side: {a.name: str(a.type) for a in arguments.values() if (a.direction == "in") == (side == "in")}
        for side in ("in", "out")
    }
    nodes = {part.name: KernelNode(node.path, node.function, node.params, node.schedule) for part in parts}
    return Graph(name, "dataflow", sides["in"], sides["out"], nodes, tuple(edges))


def _leaf(kernel: KernelIR, whole: Leaf) -> Leaf:
    """Return the leaf of a stage, which computes as its kernel is scheduled."""
    types = {argument.name: argument.type for argument in kernel.arguments()}
    layouts = {a.name: Layout.plain(0) if a.scalar else kernel.layout(a.name) for a in kernel.arguments()}
    return Leaf(kernel, whole.reassociates, types, layouts)
