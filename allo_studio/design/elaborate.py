"""From a checked design to regions of processes and channels: every graph instance, with the kernels' final IR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from allo_studio.design.adapter import adapter_kernel
from allo_studio.design.channels import ChannelPlan
from allo_studio.design.check_initial import element_of
from allo_studio.design.constants import reached
from allo_studio.design.loops import in_order
from allo_studio.design.model import ConstantNode, Edge, Endpoint, Graph, GraphNode, IpNode, KernelNode, Project
from allo_studio.design.names import fresh_name
from allo_studio.design.region import (
    Channel,
    ChannelKind,
    IpProcess,
    KernelProcess,
    Process,
    Region,
    RegionPort,
    RegionProcess,
    RelayoutProcess,
)
from allo_studio.design.relayout import relayout_kernel
from allo_studio.design.variants import laid_out, streamed
from allo_studio.ip.block import IpBlock
from allo_studio.ip.firings import ONCE, Firings
from allo_studio.ir import KernelIR, in_context
from allo_studio.ir.attributes import set_integer
from allo_studio.layout import Layout
from allo_studio.types import ArrayType, parse_type
from allo_studio.values import Number

__all__ = ["Leaf", "elaborate"]


@dataclass(frozen=True)
class Leaf:
    """A kernel block of the design: its unscheduled IR, types and unified layouts of its ports; or an external one.

    `constants` are the arguments that are tables in hardware, and no ports. An external `block` is as it is drawn, and
    the rest with all its `firings`.
    """

    base: KernelIR
    reassociates: bool
    types: Mapping[str, ArrayType]
    layouts: Mapping[str, Layout]
    block: IpBlock | None = None
    constants: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    firings: Firings = ONCE


def elaborate(project: Project, leaves: Mapping[str, Leaf], plan: ChannelPlan) -> Region:
    """Return the region of the design's top graph; the design must be checked.

    `leaves` are by instance path, also those that graphs were made of (see `opened`).
    """
    return _Elaborator(project, leaves, plan).region(project.graphs[project.top], project.top)


class _Elaborator:
    def __init__(self, project: Project, leaves: Mapping[str, Leaf], plan: ChannelPlan) -> None:
        self.project = project
        self.leaves = leaves
        self.plan = plan
        self.names: set[str] = set()
        self.constants = reached(project)

    def region(self, graph: Graph, path: str) -> Region:
        """Return the region of one graph instance."""
        wiring = _Wiring(self, graph, path)
        ports = (
            *(RegionPort(name, "in", self.kind(path, name, text)) for name, text in self.inputs(graph, path).items()),
            *(RegionPort(name, "out", self.kind(path, name, text)) for name, text in graph.outputs.items()),
        )
        # Paths that differ can be spelled alike with `_` in the place of `/`.
        name = fresh_name(path.replace("/", "_"), self.names)
        self.names.add(name)
        return Region(name, path, graph.execution, ports, wiring.processes(), tuple(wiring.channels.values()))

    def kind(self, path: str, port: str, drawn: str) -> ArrayType:
        """Return the type of a graph instance's own port."""
        return self.plan.ports.get(f"{path}.{port}") or parse_type(drawn)

    def inputs(self, graph: Graph, path: str) -> dict[str, str]:
        """Return the inputs of a graph instance that are not constants."""
        return {name: text for name, text in graph.inputs.items() if f"{path}.{name}" not in self.constants}

    def leaf_port(self, graph: Graph, path: str, end: Endpoint, output: bool) -> tuple[Leaf, str] | None:
        """Return the kernel's port behind a port of a node, through subgraphs; None where none is joined to it."""
        node = graph.nodes[end.node]
        here = f"{path}/{end.node}"
        if isinstance(node, KernelNode | IpNode):
            return self.leaves[here], end.port
        assert isinstance(node, GraphNode)
        inner = self.project.graphs[node.graph]
        for edge in inner.edges:
            outside, inside = (edge.target, edge.source) if output else (edge.source, edge.target)
            if not outside.node and outside.port == end.port and inside.node:
                return self.leaf_port(inner, here, inside, output)
        return None


class _Wiring:
    """The channels and processes of one graph instance."""

    def __init__(self, owner: _Elaborator, graph: Graph, path: str) -> None:
        self.owner = owner
        self.graph = graph
        self.path = path
        self.channels: dict[str, Channel] = {}
        self.nodes = {name: node for name, node in graph.nodes.items() if not isinstance(node, ConstantNode)}
        self.bindings: dict[str, dict[str, str]] = {name: {} for name in self.nodes}
        self.copies: list[RelayoutProcess] = []
        # Names of channels and of blocks that are made here must differ from each other and from all that is there.
        self.names = {*graph.inputs, *graph.outputs, *graph.nodes}
        for end, edges in self._by_source().items():
            self._connect(end, edges)
        self._unread_outputs()

    def _by_source(self) -> dict[Endpoint, list[Edge]]:
        found: dict[Endpoint, list[Edge]] = {
            Endpoint("", name): [] for name in self.owner.inputs(self.graph, self.path)
        }
        for edge in self.graph.edges:
            constant = edge.target.node and f"{self.path}/{edge.target}" in self.owner.constants
            if not constant:
                found.setdefault(edge.source, []).append(edge)
        return found

    def _connect(self, source: Endpoint, edges: list[Edge]) -> None:
        """Make the channel of one producer, and copies where a consumer cannot share it."""
        outputs = [edge for edge in edges if not edge.target.node]
        inner = [edge for edge in edges if edge.target.node]
        if not source.node:
            channel = self._port_channel(source.port, source, inner, "in")
            copied = outputs
        elif outputs:
            channel = self._port_channel(outputs[0].target.port, source, inner, "out")
            copied = outputs[1:]
        else:
            channel, copied = self._inner_channel(source, inner), []
        self._add(channel)
        if source.node:
            self.bindings[source.node][source.port] = channel.name
        for edge in inner:
            self._consume(channel, edge)
        for edge in copied:
            self._copy_out(channel, edge)

    def _fresh(self, wish: str) -> str:
        """Return a name like `wish` that nothing in the region has yet."""
        name = fresh_name(wish, self.names)
        self.names.add(name)
        return name

    def _add(self, channel: Channel) -> None:
        if channel.name in self.channels:
            raise AssertionError(f"two channels of {self.path} are named {channel.name}")
        self.channels[channel.name] = channel

    def _port_channel(self, port: str, source: Endpoint, inner: list[Edge], direction: str) -> Channel:
        side = self.graph.inputs if direction == "in" else self.graph.outputs
        kind = self.owner.kind(self.path, port, side[port])
        width = self.owner.plan.boundaries.get(self.path, {}).get(port)
        what: ChannelKind = "fifo" if width else "memory" if kind.shape else "value"
        target = ("", port) if direction == "out" else None
        edges = [f"{source}->{port}"] if direction == "out" else [edge.id for edge in inner]
        # A stream of the design's own, whose wire it is.
        stream = next((place for edge in edges if (place := f"{self.path}/{edge}") in self.owner.plan.decisions), "")
        return Channel(
            id=stream or f"{self.path}/{port}",
            name=port,
            kind=what,
            type=kind,
            layout=self._layout(source, inner, kind),
            source=(source.node, source.port),
            targets=((target,) if target else ()) + tuple((e.target.node, e.target.port) for e in inner),
            reason=self.owner.plan.decisions[stream].reason if stream else "a port of the graph",
            width=width or 1,
        )

    def _inner_channel(self, source: Endpoint, inner: list[Edge]) -> Channel:
        leaf, port = self._leaf(source, output=True)
        kind = leaf.types[port]
        decision = self.owner.plan.decisions.get(f"{self.path}/{inner[0].id}")
        shared: ChannelKind = "shared"
        return Channel(
            id=f"{self.path}/{inner[0].id}",
            name=self._fresh(f"{source.node}_{source.port}"),
            kind=decision.kind if decision else shared,
            type=kind,
            layout=self._layout(source, inner, kind),
            source=(source.node, source.port),
            targets=tuple((e.target.node, e.target.port) for e in inner),
            reason=decision.reason if decision else "the graph runs its blocks one after another",
            width=decision.width if decision else 1,
            depth=(inner[0].depth or 0) if decision else 0,
            initial=_elements(inner[0], kind),
        )

    def _leaf(self, end: Endpoint, output: bool) -> tuple[Leaf, str]:
        found = self.owner.leaf_port(self.graph, self.path, end, output)
        if found is None:
            raise AssertionError(f"{self.path}/{end} leads to no kernel in a checked design")
        return found

    def _layout(self, source: Endpoint, inner: list[Edge], kind: ArrayType) -> Layout:
        """Return the producer's layout; for a port of the graph, that of its first consumer."""
        if source.node:
            found = self.owner.leaf_port(self.graph, self.path, source, True)
        else:
            ends = (self.owner.leaf_port(self.graph, self.path, edge.target, False) for edge in inner)
            found = next((end for end in ends if end), None)
        return found[0].layouts[found[1]] if found else Layout.plain(len(kind.shape))

    def _consume(self, channel: Channel, edge: Edge) -> None:
        """Bind a consumer to the channel, or to a copy of it in its own layout."""
        name = channel.name
        decision = self.owner.plan.decisions.get(f"{self.path}/{edge.id}")
        if decision and decision.taken:
            self.bindings[edge.target.node][edge.target.port] = self._adapt(channel, decision.taken, edge)
            return
        found = self.owner.leaf_port(self.graph, self.path, edge.target, False)
        wanted = found[0].layouts[found[1]] if found else channel.layout
        shape = channel.type.shape
        if channel.kind in ("shared", "memory") and wanted.normal(shape) != channel.layout.normal(shape):
            name = self._relayout(channel, wanted, edge)
        self.bindings[edge.target.node][edge.target.port] = name

    def _relayout(self, channel: Channel, wanted: Layout, edge: Edge) -> str:
        name = self._fresh(f"{edge.target.node}_{edge.target.port}")
        block = self._fresh(f"relayout_{edge.target.node}_{edge.target.port}")
        self._add(
            Channel(
                id=f"{self.path}/{block}.target->{edge.target}",
                name=name,
                kind="shared",
                type=channel.type,
                layout=wanted,
                source=(block, "target"),
                targets=((edge.target.node, edge.target.port),),
                reason=f"copied from layout {channel.layout} to {wanted}, as interfaces are not unified",
            )
        )
        self._add_copy(block, channel, name, wanted)
        return name

    def _adapt(self, channel: Channel, width: int, edge: Edge) -> str:
        """Lead a FIFO to a block that makes tokens of another width; return the FIFO of those."""
        name = self._fresh(f"{edge.target.node}_{edge.target.port}")
        block = self._fresh(f"adapt_{edge.target.node}_{edge.target.port}")
        self.channels[channel.name] = replace(channel, targets=((block, "source"),))
        self._add(
            replace(
                channel,
                id=f"{self.path}/{block}.target->{edge.target}",
                name=name,
                source=(block, "target"),
                width=width,
                depth=0,
                initial=(),
                reason=f"tokens of {width} elements, made of those of {channel.width}",
            )
        )
        kernel = adapter_kernel(block, channel.type, channel.width, width)
        kernel = _at_pace(kernel, self.owner.plan.paces.get(f"{self.path}/{block}", {}))
        bindings = {"source": channel.name, "target": name}
        self.copies.append(RelayoutProcess(block, f"{self.path}/{block}", kernel, bindings))
        return name

    def _copy_out(self, channel: Channel, edge: Edge) -> None:
        """Copy a channel into an output of the graph that it is not itself."""
        copy = self._port_channel(edge.target.port, edge.source, [], "out")
        block = self._fresh(f"copy_{edge.target.port}")
        self._add(replace(copy, source=(block, "target"), layout=channel.layout))
        self._add_copy(block, channel, copy.name, channel.layout)

    def _add_copy(self, block: str, channel: Channel, target: str, layout: Layout) -> None:
        kernel = relayout_kernel(block, channel.type, channel.layout, layout)
        bindings = {"source": channel.name, "target": target}
        self.copies.append(RelayoutProcess(block, f"{self.path}/{block}", kernel, bindings))

    def _unread_outputs(self) -> None:
        """Give results that nothing reads a place of their own."""
        for name, node in self.nodes.items():
            for port, kind in self._outputs(name, node):
                if port in self.bindings[name]:
                    continue
                channel = self._fresh(f"{name}_{port}")
                leaf = self.owner.leaf_port(self.graph, self.path, Endpoint(name, port), True)
                layout = leaf[0].layouts[leaf[1]] if leaf else Layout.plain(len(kind.shape))
                where = f"{self.path}/{name}.{port}"
                self._add(Channel(where, channel, "shared", kind, layout, (name, port), (), "nothing reads it"))
                self.bindings[name][port] = channel

    def _outputs(self, name: str, node: object) -> list[tuple[str, ArrayType]]:
        if isinstance(node, GraphNode):
            graph = self.owner.project.graphs[node.graph]
            path = f"{self.path}/{name}"
            return [(port, self.owner.kind(path, port, text)) for port, text in graph.outputs.items()]
        leaf = self.owner.leaves[f"{self.path}/{name}"]
        return [(a.name, a.type) for a in leaf.base.arguments() if a.direction == "out"]

    def processes(self) -> tuple[Process, ...]:
        """Return the processes, each after those whose results it takes, loops side by side."""
        made: dict[str, Process] = {name: self._process(name) for name in self.nodes}
        made |= {copy.name: copy for copy in self.copies}
        bound = [(name, self.channels[port]) for name, process in made.items() for port in process.bindings.values()]
        links = [(c.source[0], name, bool(c.initial)) for name, c in bound if c.source[0]]
        return tuple(made[name] for name in in_order(list(made), links))

    def _process(self, name: str) -> Process:
        node, path = self.graph.nodes[name], f"{self.path}/{name}"
        if isinstance(node, GraphNode):
            inner = self.owner.region(self.owner.project.graphs[node.graph], path)
            opened = self.owner.leaves.get(path)
            if opened is not None:
                inner = replace(inner, base=opened.base, constants=opened.constants)
            return RegionProcess(name, path, inner, self.bindings[name])
        leaf = self.owner.leaves[path]
        streams = self.owner.plan.streams.get(path, {})
        # A streamed port has no layout: its elements come one token after another.
        plain = {port: Layout.plain(len(leaf.types[port].shape)) for port in streams}
        kernel = laid_out(streamed(self.owner.plan.kernels[path], streams), plain)
        if leaf.block is not None:
            return IpProcess(name, path, kernel, leaf.block, self.bindings[name], leaf.firings)
        kernel = _at_pace(kernel, self.owner.plan.paces.get(path, {}))
        return KernelProcess(name, path, kernel, leaf.base, self.bindings[name], leaf.reassociates, leaf.constants)


def _at_pace(kernel: KernelIR, intervals: Mapping[int, int]) -> KernelIR:
    """Return a kernel with the least intervals that some of its pipelined loops, by number, may have."""
    if not intervals:
        return kernel
    changed = kernel.clone()
    loops = changed.loops()
    with in_context():
        for number, interval in intervals.items():
            set_integer(loops[number].op, "allo.pace", interval)
    return changed


def _elements(edge: Edge, kind: ArrayType) -> tuple[Number, ...]:
    """Return the elements that lie in an edge's channel at reset, as exact values of the type."""
    found = [element_of(number, kind.element) for number in edge.initial]
    return tuple(number for number in found if number is not None)
