"""The kind of each channel: a FIFO where both ends are proven to be in order, else a buffer, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod

from allo_studio.analysis.streams import ConsumerOrder, ProducerOrder, Refusal
from allo_studio.design.adapter import can_adapt
from allo_studio.design.model import ConstantNode, Edge, Graph, GraphNode, IpNode, KernelNode, Project
from allo_studio.design.region import ChannelKind
from allo_studio.design.variants import in_order, scheduled, streamed
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.dependent import timing_depends
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.ip.shell import consumer_orders, consumer_width, is_shell, producer_order
from allo_studio.ir import KernelIR

__all__ = ["ChannelPlan", "Decision", "plan_channels"]

# A kernel forgets whom it was joined with beyond so many.
_MOST_JOINTS = 256
_PLAIN_ORDER = ConsumerOrder(1)


@dataclass(frozen=True)
class Decision:
    """What an edge of a dataflow graph becomes: its kind, the elements of a token, and why.

    Of edges at the design's own ports only those that were asked to be streams have one. The consumer takes tokens of
    `taken` elements where those are others than the producer's, through an adapter.
    """

    kind: ChannelKind
    width: int
    reason: str
    taken: int | None = None


@dataclass
class ChannelPlan:
    """Decisions by edge path (`cascade/mm1.C->mm2.A`), and what they mean for the ends.

    `kernels` are the leaf kernels' IRs, with local copies where a FIFO needs one; `streams` are their streamed
    arguments with the elements of a token, by instance path; `boundaries` the same for ports of subgraphs. `copies`
    are the FIFOs that nobody asked for and that cost a local copy: a buffer may be cheaper there. `paces` are the
    intervals of pipelines that a loop of blocks needs, by instance path and by the number of the loop in its kernel.
    """

    kernels: dict[str, KernelIR]
    decisions: dict[str, Decision] = field(default_factory=dict)
    streams: dict[str, dict[str, int]] = field(default_factory=dict)
    boundaries: dict[str, dict[str, int]] = field(default_factory=dict)
    copies: list[str] = field(default_factory=list)
    paces: dict[str, dict[int, int]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def plan_channels(
    project: Project,
    kernels: Mapping[str, KernelIR],
    library: OperatorLibrary,
    buffered: Mapping[str, str] | None = None,
) -> ChannelPlan:
    """Decide every edge of the dataflow graphs of a checked design.

    `kernels` are the scheduled IRs of all leaf blocks by instance path. A FIFO that was asked for and is not possible
    is a diagnostic of code `order`. `buffered` are edges (by instance path) that are to be ping-pong, with the reason.
    """
    plan = ChannelPlan(dict(kernels))
    planner = _Planner(project, plan, library, buffered or {})
    planner.graph(project.graphs[project.top], project.top)
    planner.require_streams(project.graphs[project.top], project.top)
    return plan


@dataclass(frozen=True)
class _Leaf:
    """A kernel's port that an edge ends at, and the ports of subgraphs on the way to it."""

    path: str
    port: str
    trail: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Joint:
    """Two ends of a FIFO: the consumer's kernel, the elements of a token that is written, and how it is read.

    Or why there can be none, and whether that is the producer's fault. `declared`: one end is an external block's.
    """

    kernel: KernelIR
    width: int = 1
    order: ConsumerOrder = _PLAIN_ORDER
    declared: bool = False
    refusal: Refusal | None = None
    at_producer: bool = False


class _Planner:
    def __init__(
        self, project: Project, plan: ChannelPlan, library: OperatorLibrary, buffered: Mapping[str, str]
    ) -> None:
        self.buffered = buffered
        nodes = (node for graph in project.graphs.values() for node in graph.nodes.values())
        self.external = any(isinstance(node, IpNode) for node in nodes)
        self.project = project
        self.plan = plan
        self.library = library

    # Diagnostics name an edge by its graph's name, decisions by the instance's path.
    def graph(self, graph: Graph, path: str) -> None:
        """Decide the edges of one graph instance and of those inside it."""
        for edge in graph.edges:
            if isinstance(graph.nodes.get(edge.source.node), ConstantNode):
                self._constant(graph, edge)
            elif not edge.source.node or not edge.target.node:
                self._boundary(graph, path, edge)
            elif graph.execution == "dataflow":
                self._dataflow(graph, path, edge)
            elif edge.channel in ("fifo", "pingpong"):
                self._refuse(
                    f"{graph.name}/{edge.id}",
                    f"a {edge.channel} channel was asked for, but graph {graph.name} runs its blocks one after another",
                    f"set `execution: dataflow` on {graph.name}, or take the channel off the edge",
                )
        for name, node in graph.nodes.items():
            if isinstance(node, GraphNode):
                self.graph(self.project.graphs[node.graph], f"{path}/{name}")

    def _constant(self, graph: Graph, edge: Edge) -> None:
        if edge.channel or edge.depth is not None or edge.initial:
            message = "a channel was asked for, but a constant becomes a table in the block that reads it"
            self._refuse(f"{graph.name}/{edge.id}", message, "take the channel and the depth off the wire")

    def require_streams(self, graph: Graph, path: str) -> None:
        """Refuse external blocks one of whose streams is joined to no FIFO, where no wire was refused already."""
        for name, node in graph.nodes.items():
            here = f"{path}/{name}"
            if isinstance(node, GraphNode):
                self.require_streams(self.project.graphs[node.graph], here)
            elif isinstance(node, IpNode) and not self.plan.diagnostics:
                missing = self.plan.kernels[here].streams.keys() - self.plan.streams.get(here, {}).keys()
                for port in sorted(missing):
                    reason = f"{name}.{port} is a stream by its descriptor, and nothing here moves its tokens"
                    hint = "wire it to a block of a dataflow graph, or to a port of the design"
                    if graph.execution != "dataflow":
                        hint = f"set `execution: dataflow` on {graph.name}"
                    self._refuse(f"{graph.name}/{name}", reason, hint)

    def _must_stream(self, *leaves: _Leaf | Refusal) -> bool:
        """Tell whether one of these is a stream of an external block, which can be joined to nothing else."""
        return self.external and any(
            isinstance(leaf, _Leaf) and is_shell(kernel := self.plan.kernels[leaf.path]) and leaf.port in kernel.streams
            for leaf in leaves
        )

    def _boundary(self, graph: Graph, path: str, edge: Edge) -> None:
        """Decide an edge at a graph's own port. At the top it may be a stream; inside, the edge outside decides."""
        top = path == self.project.top
        asked = edge.channel is not None or edge.depth is not None
        if not asked and not (top and graph.execution == "dataflow" and self._streams_outside(graph, path, edge)):
            return
        where = f"{graph.name}/{edge.id}"
        wrong = _not_at_a_port(graph, edge, top) if asked else None
        if wrong:
            self._refuse(where, *wrong)
            return
        refusal = self._port_stream(graph, path, edge)
        if refusal is not None:
            self._refuse(where, f"this port cannot be a stream: {refusal.reason}", refusal.hint, refusal)

    def _streams_outside(self, graph: Graph, path: str, edge: Edge) -> bool:
        """Tell whether what an edge at a port of the design leads to is a stream of an external block."""
        output = bool(edge.source.node)
        inside = edge.source if output else edge.target
        return bool(inside.node) and self._must_stream(self._leaf(graph, path, inside.node, inside.port, output))

    def _port_stream(self, graph: Graph, path: str, edge: Edge) -> Refusal | None:
        """Make a port of the design a stream, or return why it cannot be one."""
        output = bool(edge.source.node)
        inside, port = (edge.source, edge.target.port) if output else (edge.target, edge.source.port)
        leaf = self._leaf(graph, path, inside.node, inside.port, output)
        if isinstance(leaf, Refusal):
            return leaf
        if output and sum(other.source == edge.source for other in graph.edges) > 1:
            return Refusal(f"{edge.source} is read in the design too", "let its kernel write the array to two outputs")
        kernel = self.plan.kernels[leaf.path]
        if unfit := _unfit(leaf, kernel):
            return _of(leaf, unfit)
        order: ConsumerOrder | ProducerOrder | Refusal
        if output:
            order = producer_order(kernel, leaf.port)
        else:
            orders = consumer_orders(kernel, leaf.port, consumer_width(kernel, leaf.port))
            if isinstance(orders, Refusal):
                order = orders
            else:
                self.plan.kernels[leaf.path], order = self._cheapest(kernel, leaf, orders)
        if isinstance(order, Refusal):
            return _of(leaf, order)
        self._moves(leaf, order.width)
        self.plan.boundaries.setdefault(path, {})[port] = order.width
        declared = is_shell(self.plan.kernels[leaf.path])
        why = f"as {leaf.path} has a stream" if declared else "as asked for"
        reason = f"a stream of the design, {why}; {_explain(leaf, order, declared=declared)}"
        self.plan.decisions[f"{path}/{edge.id}"] = Decision("fifo", order.width, reason)
        return None

    def _moves(self, leaf: _Leaf, width: int) -> None:
        """Let a block's port, and those of subgraphs on the way to it, move tokens."""
        self.plan.streams.setdefault(leaf.path, {})[leaf.port] = width
        for boundary, port in leaf.trail:
            self.plan.boundaries.setdefault(boundary, {})[port] = width

    def _dataflow(self, graph: Graph, path: str, edge: Edge) -> None:
        where, place = f"{graph.name}/{edge.id}", f"{path}/{edge.id}"
        if edge.channel == "shared":
            self._refuse(
                where,
                "a shared buffer was asked for, but blocks of a dataflow graph run at the same time",
                "choose fifo or pingpong, or set `execution: sequential`",
            )
            return
        producer = self._leaf(graph, path, edge.source.node, edge.source.port, output=True)
        consumer = self._leaf(graph, path, edge.target.node, edge.target.port, output=False)
        forced = self._must_stream(producer, consumer)
        if edge.channel == "pingpong" and forced:
            message = "a buffer was asked for, but one end is a stream of an external block"
            self._refuse(where, message, "take the channel off the edge, or choose fifo")
            return
        if edge.channel == "pingpong":
            self._pingpong(where, place, "asked for", edge)
            return
        if place in self.buffered:
            self._pingpong(where, place, self.buffered[place], edge)
            return
        asked = forced or edge.channel == "fifo" or edge.depth is not None or bool(edge.initial)
        refusal = self._stream(producer, consumer, place, asked)
        if refusal is None:
            self._initial(where, place, edge)
            return
        if edge.initial:
            message = f"an edge with initial elements is a FIFO, and this one cannot be: {refusal.reason}"
            self._refuse(where, message, refusal.hint, refusal)
            return
        if edge.channel == "fifo" or forced:
            self._refuse(where, f"this edge cannot be a FIFO: {refusal.reason}", refusal.hint, refusal)
            return
        self._pingpong(where, place, f"no FIFO, as {refusal.reason}; {refusal.hint}".rstrip("; "), edge)

    def _initial(self, where: str, place: str, edge: Edge) -> None:
        """Let the elements that lie in a FIFO at reset be tokens, which it has room for."""
        decision, count = self.plan.decisions[place], len(edge.initial)
        if not count:
            return
        if count % decision.width:
            message = f"a token of this FIFO has {decision.width} elements, so {count} initial elements are no tokens"
            self._refuse(where, message, f"give a multiple of {decision.width}")
            return
        tokens = count // decision.width
        if edge.depth is not None and edge.depth < tokens:
            message = f"the depth is {edge.depth}, but {tokens} tokens lie in the FIFO at reset"
            self._refuse(where, message, f"give a depth of at least {tokens}, or leave it to the compiler")
            return
        many = f"{tokens} tokens lie" if tokens > 1 else "a token lies"
        self.plan.decisions[place] = replace(decision, reason=f"{decision.reason}; {many} in it at reset")

    def _pingpong(self, where: str, place: str, reason: str, edge: Edge) -> None:
        if edge.depth is not None:
            message = "a depth was given, but this channel is no FIFO"
            self._refuse(where, message, f"remove the depth ({reason})", asked="depth")
            return
        self.plan.decisions[place] = Decision("pingpong", 1, reason)

    def _refuse(
        self, where: str, message: str, hint: str, refusal: Refusal | None = None, asked: str = "channel"
    ) -> None:
        found = Diagnostic("order", message, refusal.span if refusal else None, where, hint, about=(asked,))
        if found not in self.plan.diagnostics:
            self.plan.diagnostics.append(found)

    def _leaf(self, graph: Graph, path: str, name: str, port: str, output: bool) -> _Leaf | Refusal:
        node = graph.nodes[name]
        here = f"{path}/{name}"
        if isinstance(node, KernelNode | IpNode):
            return _Leaf(here, port, ())
        assert isinstance(node, GraphNode)
        inner = self.project.graphs[node.graph]
        if inner.execution == "sequential":
            return Refusal(f"graph {inner.name} runs its blocks one after another", "make it a dataflow graph")
        for edge in inner.edges:
            outside, inside = (edge.target, edge.source) if output else (edge.source, edge.target)
            if outside.node or outside.port != port or not inside.node:
                continue
            found = self._leaf(inner, here, inside.node, inside.port, output)
            if isinstance(found, Refusal):
                return found
            return _Leaf(found.path, found.port, ((here, port), *found.trail))
        return Refusal(f"port {port} of graph {inner.name} is joined to no block inside", "connect it to a block")

    def _stream(self, producer: _Leaf | Refusal, consumer: _Leaf | Refusal, place: str, asked: bool) -> Refusal | None:
        """Make the edge a FIFO, or return why it cannot be one. `asked` says that the person wants one here."""
        if isinstance(producer, Refusal):
            return producer
        if isinstance(consumer, Refusal):
            return consumer
        joint = self._joint(producer, consumer)
        if joint.refusal is not None:
            return _of(producer if joint.at_producer else consumer, joint.refusal)
        order = joint.order
        taken = None if order.width == joint.width else order.width
        if (order.loop or taken) and not asked:
            self.plan.copies.append(place)
        self.plan.kernels[consumer.path] = joint.kernel
        self._moves(producer, joint.width)
        self._moves(consumer, order.width)
        reason = _explain(consumer, order, "both ends move", joint.declared)
        if taken:
            reason += f"; an adapter makes tokens of {taken} elements of those of {joint.width}"
        self.plan.decisions[place] = Decision("fifo", joint.width, reason, taken)
        return None

    def _joint(self, producer: _Leaf, consumer: _Leaf) -> _Joint:
        """Return how a FIFO joins two ends. Most wires of a design join kernels that others join in the same way."""
        source, target = self.plan.kernels[producer.path], self.plan.kernels[consumer.path]
        streams = tuple(sorted(self.plan.streams.get(consumer.path, {}).items()))
        key = id(source), producer.port, consumer.port, streams, id(self.library)
        known: dict[object, tuple[object, _Joint]] = target.kept("joints", dict)
        # What the key names by its id is kept beside the answer, so that nothing else can get that id.
        held = source, self.library
        if key not in known:
            if len(known) > _MOST_JOINTS:
                known.clear()
            known[key] = held, self._join(source, producer, target, consumer)
        return known[key][1]

    def _join(self, source: KernelIR, producer: _Leaf, target: KernelIR, consumer: _Leaf) -> _Joint:
        if unfit := _unfit(producer, source):
            return _Joint(target, refusal=unfit, at_producer=True)
        for leaf, kernel in ((producer, source), (consumer, target)):
            depends = timing_depends(kernel)
            if depends is not None:
                hint = "a buffer needs no depth"
                reason = f"when {leaf.port} moves depends on {depends.what}, so that no depth is known to suffice"
                return _Joint(target, refusal=Refusal(reason, hint, depends.span), at_producer=leaf is producer)
        written = producer_order(source, producer.port)
        if isinstance(written, Refusal):
            return _Joint(target, refusal=written, at_producer=True)
        orders = _ways(target, consumer.port, written.width)
        if isinstance(orders, Refusal):
            return _Joint(target, refusal=orders)
        kernel, order = self._cheapest(target, consumer, orders, written.width)
        return _Joint(kernel, written.width, order, is_shell(source) or is_shell(target))

    def _cheapest(
        self, kernel: KernelIR, leaf: _Leaf, orders: tuple[ConsumerOrder, ...], given: int | None = None
    ) -> tuple[KernelIR, ConsumerOrder]:
        """Return the kernel with the way of reading that costs the least latency, then the least memory.

        `given` is the elements of a token that an adapter must turn into others.
        """
        found = [(in_order(kernel, leaf.port, order), order) for order in orders]
        # Every edit in the window comes through here: schedule only where there is a choice.
        if len(found) == 1:
            return found[0]
        return min(found, key=lambda way: self._cost(leaf, way[0], way[1], given or way[1].width))

    def _cost(self, leaf: _Leaf, kernel: KernelIR, order: ConsumerOrder, given: int) -> tuple[int, int]:
        """Return the block's latency in cycles and the words of its local copy, with those of an adapter."""
        streams = {**self.plan.streams.get(leaf.path, {}), leaf.port: order.width}
        words = prod(dim.extent for dim in order.tile) if order.loop else 0
        wide, narrow = max(given, order.width), min(given, order.width)
        adapting = wide // narrow + 1 if wide > narrow else 0
        try:
            latency = scheduled(streamed(kernel, streams), self.library).latency
            return latency + adapting, words + (wide if adapting else 0)
        except AlloError as error:
            raise AlloError([replace(fault, where=fault.where or leaf.path) for fault in error.diagnostics]) from None


def _not_at_a_port(graph: Graph, edge: Edge, top: bool) -> tuple[str, str] | None:
    """Return why what was asked for of an edge at a graph's own port can't be, and what to do."""
    if not top:
        message = f"a channel was asked for where a wire passes a port of graph {graph.name}"
        return message, f"ask for it on the wire to that port of the block that {graph.name} is"
    if edge.channel != "fifo" or edge.depth is not None:
        asked = "a depth was" if edge.depth is not None else f"a {edge.channel} channel was"
        message = f"{asked} asked for at a port of the design, which has a memory or a stream outside"
        return message, "take it off the edge; `channel: fifo` without a depth makes the port a stream"
    if graph.execution != "dataflow":
        message = f"a stream was asked for, but graph {graph.name} runs its blocks one after another"
        return message, f"set `execution: dataflow` on {graph.name}, or take the channel off the edge"
    return None


def _unfit(leaf: _Leaf, kernel: KernelIR) -> Refusal | None:
    """Return the refusal of a port that is a scalar, or an array of a size that has a name."""
    kind = next((a.type for a in kernel.arguments() if a.name == leaf.port), None)
    if kind is not None and not kind.shape:
        return Refusal(f"{leaf.port} is one value, not an array", "")
    name = next((name for name in kind.sizes if name), None) if kind is not None else None
    if name is None:
        return None
    # With fewer tokens other ones wait elsewhere, and deeper FIFOs may be needed than for the most.
    reason = f"{leaf.port} has {name} elements, and how many that is only a run tells"
    return Refusal(reason, f"set `params: {{{name}: ...}}` where it is always the same number")


def _ways(kernel: KernelIR, port: str, width: int) -> tuple[ConsumerOrder, ...] | Refusal:
    """Return the ways to read an input from a FIFO whose producer moves `width` elements at once.

    A way with tokens of another width takes an adapter: where they are what is read directly, or else the widest that a
    local copy can be filled with.
    """
    orders = consumer_orders(kernel, port, width)
    known = () if isinstance(orders, Refusal) else orders
    shape, own = kernel.find_buffer(port).type.shape, consumer_width(kernel, port)
    if can_adapt(shape, width, own) and all(order.loop for order in known):
        wider = consumer_orders(kernel, port, own)
        direct = () if isinstance(wider, Refusal) else tuple(order for order in wider if not order.loop)
        known = (*known, *direct)
    if known:
        return known
    for taken in range(width - 1, 0, -1):
        if can_adapt(shape, width, taken):
            narrower = consumer_orders(kernel, port, taken)
            if not isinstance(narrower, Refusal):
                return narrower
    return orders


def _of(leaf: _Leaf, refusal: Refusal) -> Refusal:
    """Return the refusal with the block named."""
    return Refusal(f"at {leaf.path}, {refusal.reason}", refusal.hint, refusal.span)


def _explain(
    leaf: _Leaf, order: ConsumerOrder | ProducerOrder, subject: str = "it moves", declared: bool = False
) -> str:
    how = "as declared of external blocks" if declared else "proven"
    proven = f"{subject} every element once, in row-major order ({how})"
    if isinstance(order, ProducerOrder) or order.loop is None:
        return proven
    size = "x".join(str(dim.extent) for dim in order.tile if dim.extent > 1) or "1"
    return f"{proven}; {leaf.path} reads {leaf.port} through a local copy of {size} in loop {order.loop}"
