"""The kind of each channel: a FIFO where both ends are proven to be in order, else a buffer, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import prod

from allo_studio.analysis.streams import ConsumerOrder, ProducerOrder, Refusal
from allo_studio.design.joints import (
    Decision,
    Fifo,
    Joint,
    Leaf,
    Way,
    explain,
    no_fifo,
    refused_at,
    unfit,
    ways,
)
from allo_studio.design.kept import Turn
from allo_studio.design.model import ConstantNode, Edge, Graph, GraphNode, IpNode, KernelNode, Project
from allo_studio.design.variants import in_order, scheduled, streamed
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.dependent import timing_depends
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.ip.shell import consumer_orders, consumer_width, declared_streams, is_shell, producer_order
from allo_studio.ir import KernelIR
from allo_studio.types import ArrayType

__all__ = ["ChannelPlan", "Decision", "plan_channels"]

_NO_STREAMS: Mapping[str, int] = {}


@dataclass
class ChannelPlan:
    """Decisions by edge path (`cascade/mm1.C->mm2.A`), and what they mean for the ends.

    `kernels` are the leaf kernels' IRs, with local copies where a FIFO needs one; `streams` are their streamed
    arguments with the elements of a token, by instance path; `boundaries` the same for ports of subgraphs. `copies`
    are the FIFOs that nobody asked for and that cost a local copy: a buffer may be cheaper there. `paces` are the
    intervals of pipelines that a loop of blocks needs, by instance path and by the number of the loop in its kernel.
    `ports` are the types of graphs' own ports that are not as drawn, by instance path and port (see `fired`).
    """

    kernels: dict[str, KernelIR]
    decisions: dict[str, Decision] = field(default_factory=dict)
    streams: dict[str, dict[str, int]] = field(default_factory=dict)
    boundaries: dict[str, dict[str, int]] = field(default_factory=dict)
    copies: list[str] = field(default_factory=list)
    paces: dict[str, dict[int, int]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    ports: Mapping[str, ArrayType] = field(default_factory=dict)


def plan_channels(
    project: Project,
    kernels: Mapping[str, KernelIR],
    library: OperatorLibrary,
    buffered: Mapping[str, str] | None = None,
    ports: Mapping[str, ArrayType] | None = None,
    turn: Turn | None = None,
    weigh: bool = True,
) -> ChannelPlan:
    """Decide every edge of the dataflow graphs of a checked design.

    `kernels` are the scheduled IRs of all leaf blocks by instance path. A FIFO that was asked for and is not possible
    is a diagnostic of code `order`. `buffered` are edges (by instance path) that are to be ping-pong, with the reason.
    `turn` remembers which channels there can be between the same blocks. Unless these are to be weighed, no kernel is
    scheduled to find the cheapest way of reading a FIFO: what there can be does not hang on it.
    """
    plan = ChannelPlan(dict(kernels), ports=ports or {})
    planner = _Planner(project, plan, library, buffered or {}, turn or Turn(), weigh)
    planner.graph(project.graphs[project.top], project.top)
    planner.require_streams(project.graphs[project.top], project.top)
    return plan


class _Planner:
    def __init__(
        self,
        project: Project,
        plan: ChannelPlan,
        library: OperatorLibrary,
        buffered: Mapping[str, str],
        turn: Turn,
        weigh: bool,
    ) -> None:
        self.buffered = buffered
        self.turn = turn
        self.weigh = weigh
        nodes = (node for graph in project.graphs.values() for node in graph.nodes.values())
        self.external = any(isinstance(node, IpNode) for node in nodes)
        self.project = project
        self.plan = plan
        self.library = library

    # Diagnostics name an edge by its graph's name, decisions by the instance's path.
    def graph(self, graph: Graph, path: str) -> None:
        """Decide the edges of one graph instance and of those inside it."""
        before: Mapping[int, Fifo] = {}
        fifos: dict[int, Fifo] = {}
        # Those of trials, in which some are to be buffers, are not kept.
        if not self.buffered:
            kept = "fifos", path, graph.execution, id(self.library)
            before = self.turn.last(kept, before)
            self.turn.keep(kept, fifos)
        for edge in graph.edges:
            known = before.get(id(edge))
            if known is not None and self._again(known):
                fifos[id(edge)] = known
            elif isinstance(graph.nodes.get(edge.source.node), ConstantNode):
                self._constant(graph, edge)
            elif not edge.source.node or not edge.target.node:
                self._boundary(graph, path, edge)
            elif graph.execution == "dataflow":
                found = self._dataflow(graph, path, edge)
                if found:
                    fifos[id(edge)] = found
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
                missing = declared_streams(self.plan.kernels[here]).keys() - self.plan.streams.get(here, {}).keys()
                for port in sorted(missing):
                    reason = f"{name}.{port} is a stream by its descriptor, and nothing here moves its tokens"
                    hint = "wire it to a block of a dataflow graph, or to a port of the design"
                    if graph.execution != "dataflow":
                        hint = f"set `execution: dataflow` on {graph.name}"
                    self._refuse(f"{graph.name}/{name}", reason, hint)

    def _must_stream(self, *leaves: Leaf | Refusal) -> bool:
        """Tell whether one of these is a stream of an external block, which can be joined to nothing else."""
        return self.external and any(
            isinstance(leaf, Leaf) and leaf.port in declared_streams(self.plan.kernels[leaf.path]) for leaf in leaves
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
        if wrong := unfit(leaf, kernel):
            return refused_at(leaf, wrong)
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
            return refused_at(leaf, order)
        self._moves(leaf, order.width)
        self.plan.boundaries.setdefault(path, {})[port] = order.width
        declared = is_shell(self.plan.kernels[leaf.path])
        why = f"as {leaf.path} has a stream" if declared else "as asked for"
        reason = f"a stream of the design, {why}; {explain(leaf, order, declared=declared)}"
        self.plan.decisions[f"{path}/{edge.id}"] = Decision("fifo", order.width, reason)
        return None

    def _moves(self, leaf: Leaf, width: int) -> None:
        """Let a block's port, and those of subgraphs on the way to it, move tokens."""
        streams = self.plan.streams.get(leaf.path)
        if streams is None:
            streams = self.plan.streams[leaf.path] = {}
        streams[leaf.port] = width
        for boundary, port in leaf.trail:
            self.plan.boundaries.setdefault(boundary, {})[port] = width

    def _again(self, known: Fifo) -> bool:
        """Join two ends by a FIFO as before; return whether nothing that this was found out from has changed."""
        plan, producer, consumer = self.plan, known.producer.path, known.consumer.path
        kernels, (one, two) = plan.kernels, known.kernels
        if kernels.get(producer) is not one or kernels.get(consumer) is not two:
            return False
        if plan.streams.get(consumer, _NO_STREAMS) != known.streams:
            return False
        self._fifo(known)
        return True

    def _fifo(self, found: Fifo) -> None:
        """Join two ends by a FIFO."""
        place, joint = found.place, found.joint
        self.plan.kernels[found.consumer.path] = joint.kernel
        self._moves(found.producer, joint.width)
        self._moves(found.consumer, joint.order.width)
        self.plan.decisions[place] = found.decision
        if found.copies:
            self.plan.copies.append(place)

    def _dataflow(self, graph: Graph, path: str, edge: Edge) -> Fifo | None:
        """Decide an edge between two blocks; return a FIFO that hangs on these alone."""
        where, place = f"{graph.name}/{edge.id}", f"{path}/{edge.id}"
        if edge.channel == "shared":
            self._refuse(
                where,
                "a shared buffer was asked for, but blocks of a dataflow graph run at the same time",
                "choose fifo or pingpong, or set `execution: sequential`",
            )
            return None
        producer = self._leaf(graph, path, edge.source.node, edge.source.port, output=True)
        consumer = self._leaf(graph, path, edge.target.node, edge.target.port, output=False)
        forced = self._must_stream(producer, consumer)
        if edge.channel == "pingpong" and forced:
            message = "a buffer was asked for, but one end is a stream of an external block"
            self._refuse(where, message, "take the channel off the edge, or choose fifo")
            return None
        if edge.channel == "pingpong":
            self._pingpong(where, place, "asked for", edge)
            return None
        if place in self.buffered:
            self._pingpong(where, place, self.buffered[place], edge)
            return None
        asked = forced or edge.channel == "fifo" or edge.depth is not None or bool(edge.initial)
        way = self._way(producer, consumer)
        if isinstance(producer, Leaf) and isinstance(consumer, Leaf) and way.joint:
            kernels = self.plan.kernels[producer.path], self.plan.kernels[consumer.path]
            streams = dict(self.plan.streams.get(consumer.path, {}))
            copies = not asked and (way.joint.order.loop is not None or way.decision.taken is not None)
            ends = producer, consumer
            found = Fifo(edge, self.library, kernels, streams, place, *ends, way.joint, way.decision, copies)
            self._fifo(found)
            self._initial(where, place, edge)
            return None if edge.initial or producer.trail or consumer.trail else found
        refusal = way.refusal
        if edge.initial:
            message = f"an edge with initial elements is a FIFO, and this one cannot be: {refusal.reason}"
            self._refuse(where, message, refusal.hint, refusal)
        elif edge.channel == "fifo" or forced:
            self._refuse(where, f"this edge cannot be a FIFO: {refusal.reason}", refusal.hint, refusal)
        else:
            self._pingpong(where, place, way.decision.reason, edge)
        return None

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

    def _leaf(self, graph: Graph, path: str, name: str, port: str, output: bool) -> Leaf | Refusal:
        node = graph.nodes[name]
        here = f"{path}/{name}"
        if isinstance(node, KernelNode | IpNode):
            return Leaf(here, port, ())
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
            return Leaf(found.path, found.port, ((here, port), *found.trail))
        return Refusal(f"port {port} of graph {inner.name} is joined to no block inside", "connect it to a block")

    def _way(self, producer: Leaf | Refusal, consumer: Leaf | Refusal) -> Way:
        """Return what the wire between two ends can be: it hangs on their kernels and the consumer's other streams."""
        if isinstance(producer, Refusal):
            return no_fifo(producer)
        if isinstance(consumer, Refusal):
            return no_fifo(consumer)
        streams = tuple(sorted(self.plan.streams.get(consumer.path, {}).items()))
        source, target = self.plan.kernels[producer.path], self.plan.kernels[consumer.path]

        def find() -> Way:
            # Most wires of a design join kernels that others join in the same way.
            about = ("joint", producer.port, consumer.port, streams)
            join = partial(self._join, source, producer, target, consumer)
            joint = self.turn.recall(about, (source, target, self.library), join)
            if joint.refusal is not None:
                return no_fifo(refused_at(producer if joint.at_producer else consumer, joint.refusal))
            taken = None if joint.order.width == joint.width else joint.order.width
            reason = explain(consumer, joint.order, "both ends move", joint.declared)
            if taken:
                reason += f"; an adapter makes tokens of {taken} elements of those of {joint.width}"
            return Way(Decision("fifo", joint.width, reason, taken), joint)

        return self.turn.recall(("way", producer, consumer, streams), (source, target, self.library), find)

    def _join(self, source: KernelIR, producer: Leaf, target: KernelIR, consumer: Leaf) -> Joint:
        if wrong := unfit(producer, source):
            return Joint(target, refusal=wrong, at_producer=True)
        for leaf, kernel in ((producer, source), (consumer, target)):
            depends = timing_depends(kernel)
            if depends is not None:
                hint = "a buffer needs no depth"
                reason = f"when {leaf.port} moves depends on {depends.what}, so that no depth is known to suffice"
                return Joint(target, refusal=Refusal(reason, hint, depends.span), at_producer=leaf is producer)
        written = producer_order(source, producer.port)
        if isinstance(written, Refusal):
            return Joint(target, refusal=written, at_producer=True)
        orders = ways(target, consumer.port, written.width)
        if isinstance(orders, Refusal):
            return Joint(target, refusal=orders)
        kernel, order = self._cheapest(target, consumer, orders, written.width)
        return Joint(kernel, written.width, order, is_shell(source) or is_shell(target))

    def _cheapest(
        self, kernel: KernelIR, leaf: Leaf, orders: tuple[ConsumerOrder, ...], given: int | None = None
    ) -> tuple[KernelIR, ConsumerOrder]:
        """Return the kernel with the way of reading that costs the least latency, then the least memory.

        `given` is the elements of a token that an adapter must turn into others. Where ways are not weighed the latency
        does not count.
        """
        best = min(orders, key=lambda order: _words(order, given or order.width))
        if self.weigh and len(orders) > 1:
            best = min(orders, key=lambda order: self._cost(leaf, kernel, order, given or order.width))
        return in_order(kernel, leaf.port, best), best

    def _cost(self, leaf: Leaf, kernel: KernelIR, order: ConsumerOrder, given: int) -> tuple[int, int]:
        """Return the block's latency in cycles and the words of its local copy, with those of an adapter."""
        streams = {**self.plan.streams.get(leaf.path, {}), leaf.port: order.width}
        read = in_order(kernel, leaf.port, order)
        wide, narrow = max(given, order.width), min(given, order.width)
        adapting = wide // narrow + 1 if wide > narrow else 0
        try:
            return scheduled(streamed(read, streams), self.library).latency + adapting, _words(order, given)
        except AlloError as error:
            raise AlloError([replace(fault, where=fault.where or leaf.path) for fault in error.diagnostics]) from None


def _words(order: ConsumerOrder, given: int) -> int:
    """Return the words of a local copy, with those of an adapter for tokens of `given` elements."""
    copied = prod(dim.extent for dim in order.tile) if order.loop else 0
    return copied + (0 if given == order.width else max(given, order.width))


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
