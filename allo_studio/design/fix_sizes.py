"""Fixes of named sizes: the same scalar for both ends of a wire, a number as a size, ports that tell one."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.design.edit_base import Edit, Several
from allo_studio.design.edit_graph import Connect, Disconnect, Reroute, SetParam
from allo_studio.design.edit_project import AddGraphPort, SetGraphPortType
from allo_studio.design.fix_base import At, Fix, Rule
from allo_studio.design.fix_types import boundary, parameters
from allo_studio.design.model import ConstantNode, Endpoint
from allo_studio.design.sizes import SIZE

__all__ = ["SIZE_RULES"]


def _sizes(at: At) -> Iterator[Fix]:
    """Wire the size of one end to what tells that of the other, set it to a number, or rename it at a port."""
    edge, dimension = at.edge, int(at.words[0])
    source, target = at.sizes.of(edge.source)[dimension], at.sizes.of(edge.target)[dimension]
    if isinstance(source, Endpoint) and isinstance(target, Endpoint):
        yield from _same(at, target, source)
        yield from _same(at, source, target)
    else:
        yield from parameters(at, edge.target, edge.source)
        yield from parameters(at, edge.source, edge.target)
    yield from boundary(at)


def _same(at: At, size: Endpoint, other: Endpoint) -> Iterator[Fix]:
    """Let a block's size be told by what tells another one."""
    told = at.sizes.told(other)
    if told is None or not size.node or at.sizes.begins(size) or told == at.sizes.told(size):
        return
    # What comes after a block cannot tell its sizes.
    if told.node in at.reached(size.node, forward=True):
        return
    wire = next((edge for edge in at.graph.edges if edge.target == size), None)
    edit: Edit = Connect(at.graph.name, told, size)
    if wire is not None:
        edit = Reroute(at.graph.name, wire.id, told)
    yield Fix(f"wire {told} to {size}", edit)


def _constant(at: At) -> Iterator[Fix]:
    """Set a size to the number that a constant of the graph gives it."""
    size, number = Endpoint(at.node, str(at.words[0])), int(at.words[1])
    told, wires = at.sizes.told(size), [edge for edge in at.graph.edges if edge.target == size]
    if told is not None and isinstance(at.graph.nodes.get(told.node), ConstantNode):
        edits = (SetParam(at.graph.name, at.node, size.port, number), *(Disconnect(at.graph.name, e.id) for e in wires))
        yield Fix(f"set {size.port} to {number} in {at.node}", Several(edits, f"Set {size.port} of {at.node}"))


def _no_size(at: At) -> Iterator[Fix]:
    """Give the size the name of the input that tells it inside, or add an input of its name."""
    mine, name = Endpoint("", str(at.words[0])), str(at.words[1])
    for edge in at.graph.edges:
        if mine in (edge.source, edge.target):
            known = at.sizes.outside(edge.target if edge.source == mine else edge.source, edge.target == mine)
            if known is not None:
                yield Fix(f"make {mine} {known}", SetGraphPortType(at.graph.name, mine.port, str(known)))
    edits: list[Edit] = [AddGraphPort(at.graph.name, name, "in", str(SIZE))]
    edits += [Connect(at.graph.name, Endpoint("", name), size) for size in _waiting(at, mine, name)]
    yield Fix(f"add the input {name}: {SIZE}", Several(tuple(edits), f"Add input {name}"))


def _waiting(at: At, mine: Endpoint, name: str) -> list[Endpoint]:
    """Return the sizes without a wire of blocks that are wired to a port of the graph with a size of a name."""
    found: list[Endpoint] = []
    for edge in at.graph.edges:
        if mine in (edge.source, edge.target):
            ends = at.sizes.of(mine), at.sizes.of(edge.target if edge.source == mine else edge.source)
            pairs = zip(*ends, strict=False)
            found += [b for a, b in pairs if a == Endpoint("", name) and isinstance(b, Endpoint)]
    return [size for size in dict.fromkeys(found) if at.sizes.told(size) is None and size.node]


SIZE_RULES: dict[str, Rule] = {"sizes": _sizes, "no size": _no_size, "constant size": _constant}
