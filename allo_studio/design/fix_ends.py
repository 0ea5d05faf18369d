"""Fixes of what lacks a wire, and of blocks and graphs that name something that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from allo_studio.design.check_disabled import disabled_at
from allo_studio.design.edit_base import Several
from allo_studio.design.edit_disabled import SetDisabled
from allo_studio.design.edit_graph import Connect, RemoveNodes, SetParam
from allo_studio.design.edit_names import SetNode
from allo_studio.design.edit_project import AddGraphPort, RemoveGraphPort, SetTop, SetUnify
from allo_studio.design.edit_schedule import SetSchedule
from allo_studio.design.fix_base import At, Fix, Rule, near
from allo_studio.design.fix_ports import outside_type
from allo_studio.design.model import Endpoint, GraphNode
from allo_studio.design.names import fresh_name

__all__ = ["END_RULES"]


def _not_connected(at: At) -> Iterator[Fix]:
    """Feed an input from the only end of its type that nothing reads, or from a new input of the graph."""
    yield from _enabled(at, Endpoint(at.node, str(at.words[0])))
    yield from _fed(at, Endpoint(at.node, str(at.words[0])))


def _not_fed(at: At) -> Iterator[Fix]:
    """Feed an output of the graph, or take it away."""
    port = str(at.words[0])
    yield from _enabled(at, Endpoint("", port))
    yield from _fed(at, Endpoint("", port))
    yield Fix(f"remove the output {port}", RemoveGraphPort(at.graph.name, port))


def _enabled(at: At, end: Endpoint) -> Iterator[Fix]:
    """Enable the disabled blocks that an end is wired to."""
    blocks = disabled_at(at.graph, end)
    if blocks:
        yield Fix(f"enable {', '.join(blocks)}", SetDisabled(at.graph.name, tuple(blocks), ""))


def _bypass(at: At) -> Iterator[Fix]:
    """Enable the block, or leave it out."""
    yield Fix(f"enable {at.node}", SetDisabled(at.graph.name, (at.node,), ""))
    yield Fix(f"disable {at.node} without a bypass", SetDisabled(at.graph.name, (at.node,)))


def _fed(at: At, target: Endpoint) -> Iterator[Fix]:
    size = at.sizes.wanted(target) if at.has_sizes() and at.sizes.is_size(target) else None
    if size is not None:
        yield from _size(at, target, size)
        yield from _new_port(at, target)
        return
    known = [end for end in at.free("source", target) if end.node or target.node]
    # What comes after a block cannot feed it, and a wire from a port of the graph to another goes through no block.
    later = at.reached(target.node, forward=True)
    known = [end for end in known if end.node not in later]
    if len(known) == 1:
        yield Fix(f"connect {known[0]} to {target}", Connect(at.graph.name, known[0], target))
    if target.node:
        yield from _new_port(at, target)


def _size(at: At, target: Endpoint, size: Endpoint | int) -> Iterator[Fix]:
    """Let a size be told by what the block's arrays say that it is."""
    if isinstance(size, int):
        edit = SetParam(at.graph.name, target.node, target.port, size)
        yield Fix(f"set {target.port} to {size} in {target.node}", edit)
    elif size.node not in at.reached(target.node, forward=True):
        yield Fix(f"connect {size} to {target}", Connect(at.graph.name, size, target))


def _not_used(at: At) -> Iterator[Fix]:
    """Lead an output to the only end of its type that nothing feeds, or to a new output of the graph."""
    source = Endpoint(at.node, str(at.words[0]))
    yield from _enabled(at, source)
    yield from _read(at, source)
    yield from _new_port(at, source)


def _not_read(at: At) -> Iterator[Fix]:
    """Lead an input of the graph to the only end that waits for its type, or take it away."""
    port = str(at.words[0])
    yield from _enabled(at, Endpoint("", port))
    yield from _read(at, Endpoint("", port))
    yield Fix(f"remove the input {port}", RemoveGraphPort(at.graph.name, port))


def _read(at: At, source: Endpoint) -> Iterator[Fix]:
    known = [end for end in at.free("target", source) if end.node or source.node]
    earlier = at.reached(source.node, forward=False)
    known = [end for end in known if end.node not in earlier]
    if len(known) == 1:
        yield Fix(f"connect {source} to {known[0]}", Connect(at.graph.name, source, known[0]))


def _new_port(at: At, end: Endpoint) -> Iterator[Fix]:
    """Make a block's port one of the graph."""
    entering = any(port.name == end.port and port.direction == "in" for port in at.ports(end.node))
    found = outside_type(at, end, output=not entering)
    if found is None:
        return
    type_, sizes = found
    new = (edit.name for edit in sizes if isinstance(edit, AddGraphPort))
    name = fresh_name(end.port, {*at.graph.inputs, *at.graph.outputs, *at.graph.nodes, *new})
    word = "input" if entering else "output"
    own = Endpoint("", name)
    edits = (
        *sizes,
        AddGraphPort(at.graph.name, name, "in" if entering else "out", type_),
        Connect(at.graph.name, own, end) if entering else Connect(at.graph.name, end, own),
    )
    yield Fix(f"make {end} an {word} of the graph", Several(edits, f"Make {end} an {word}"))


def _no_top(at: At) -> Iterator[Fix]:
    """Build the graph that is likely meant, or the only one."""
    graphs = list(at.project.graphs)
    meant = near(at.project.top, graphs) or (graphs[0] if len(graphs) == 1 else None)
    if meant:
        yield Fix(f"make {meant} the top", SetTop(meant))


def _contains(at: At) -> Iterator[Fix]:
    """Take away the blocks by which a graph contains itself, at each level."""
    # A graph that was made for an instance is called like `g@2`; what is edited is the one that it was made from.
    path = [str(name).partition("@")[0] for name in at.words]
    for holder, inner in zip(path, [*path[1:], path[0]], strict=True):
        nodes = at.project.graphs[holder].nodes
        names = tuple(n for n, node in nodes.items() if isinstance(node, GraphNode) and node.graph == inner)
        if names:
            yield Fix(f"remove {', '.join(names)} from {holder}", RemoveNodes(holder, names))


def _no_graph(at: At) -> Iterator[Fix]:
    """Use the graph that is likely meant."""
    node = at.graph.nodes[at.node]
    meant = near(node.graph, at.project.graphs) if isinstance(node, GraphNode) else None
    if meant and isinstance(node, GraphNode):
        yield Fix(f"use the graph {meant}", SetNode(at.graph.name, at.node, replace(node, graph=meant)))
    yield Fix(f"remove the block {at.node}", RemoveNodes(at.graph.name, (at.node,)))


def _no_schedule(at: At) -> Iterator[Fix]:
    """Use the schedule that is likely meant, or none."""
    meant = near(getattr(at.graph.nodes[at.node], "schedule", None) or "", at.project.schedules)
    if meant:
        yield Fix(f"use the schedule {meant}", SetSchedule(at.graph.name, at.node, meant))
    yield Fix("use no schedule", SetSchedule(at.graph.name, at.node, None))


def _unify(at: At) -> Iterator[Fix]:
    yield Fix("unify the interfaces", SetUnify(at.graph.name, True))


END_RULES: dict[str, Rule] = {
    "bypass": _bypass,
    "not connected": _not_connected,
    "not used": _not_used,
    "not fed": _not_fed,
    "not read": _not_read,
    "no top": _no_top,
    "contains": _contains,
    "no graph": _no_graph,
    "no schedule": _no_schedule,
    "no unify": _unify,
}
