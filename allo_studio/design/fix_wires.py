"""Fixes of wires: ends that do not exist, too many readers or producers, cycles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from allo_studio.design.blocks import MOST_COPIES, duplicator
from allo_studio.design.edit_base import Edit, Several
from allo_studio.design.edit_graph import Disconnect, Reroute, SetChannel, SetInitial
from allo_studio.design.edit_insert import InsertBlock
from allo_studio.design.edit_project import AddGraphPort, SetExecution
from allo_studio.design.fix_base import At, Fix, Rule, near, without_wire
from allo_studio.design.fix_ports import inserted, outside_type
from allo_studio.design.model import ChannelChoice, Endpoint

__all__ = ["WIRE_RULES"]

_MOST_WIRES = 6


def _no_block(at: At) -> Iterator[Fix]:
    """Lead the wire to the block that is likely meant, or take it away."""
    side = str(at.words[0])
    end = at.edge.source if side == "source" else at.edge.target
    fit = {e.node for e, _ in at.ends(side) if e.port == end.port}
    meant = near(end.node, fit - {""})
    if meant:
        yield _led(at, side, Endpoint(meant, end.port))
    yield without_wire(at, at.edge.id)


def _no_port(at: At) -> Iterator[Fix]:
    """Lead the wire to the port that is likely meant, add one to the graph, or take the wire away."""
    side = str(at.words[0])
    end = at.edge.source if side == "source" else at.edge.target
    fit = [e.port for e, _ in at.ends(side) if e.node == end.node]
    meant = near(end.port, fit) or (fit[0] if len(fit) == 1 else None)
    if meant:
        yield _led(at, side, Endpoint(end.node, meant))
    found = outside_type(at, at.edge.target if side == "source" else at.edge.source, output=side == "target")
    if not end.node and found:
        other, sizes = found
        direction: Literal["in", "out"] = "in" if side == "source" else "out"
        word = "input" if side == "source" else "output"
        add = AddGraphPort(at.graph.name, end.port, direction, other)
        edit = Several((*sizes, add), add.describe()) if sizes else add
        yield Fix(f"add the {word} {end.port}: {other}", edit)
    yield without_wire(at, at.edge.id)


def _wrong_way(at: At) -> Iterator[Fix]:
    """Turn the wire round, lead it to the block's only port of the right direction, or take it away."""
    side, edge = str(at.words[0]), at.edge
    begins = {end for end, _ in at.ends("source")}
    ends = {end for end, _ in at.ends("target")}
    if edge.target in begins and edge.source in ends:
        yield Fix(f"turn the wire round: {edge.target} to {edge.source}", _reroute(at, edge.target, edge.source))
    end = edge.source if side == "source" else edge.target
    fit = [e for e, _ in at.ends(side) if e.node == end.node]
    if len(fit) == 1 and end.node:
        yield _led(at, side, fit[0])
    yield without_wire(at, edge.id)


def _led(at: At, side: str, end: Endpoint) -> Fix:
    source, target = (end, None) if side == "source" else (None, end)
    verb = "begin" if side == "source" else "end"
    return Fix(f"let the wire {verb} at {end}", _reroute(at, source, target))


def _reroute(at: At, source: Endpoint | None, target: Endpoint | None) -> Edit:
    return Reroute(at.graph.name, at.edge.id, source, target)


def _producers(at: At) -> Iterator[Fix]:
    """Take either wire away."""
    for wire in (str(at.words[0]), at.edge.id):
        yield without_wire(at, wire)


def _twice(at: At) -> Iterator[Fix]:
    """Take all but one of the wires away."""
    count = sum(edge.id == at.edge.id for edge in at.graph.edges)
    edit = Disconnect(at.graph.name, at.edge.id)
    yield Fix("keep one of the wires", Several((edit,) * (count - 1), edit.describe()))


def _remove(at: At) -> Iterator[Fix]:
    yield without_wire(at, at.edge.id)


def _readers(at: At) -> Iterator[Fix]:
    """Put a duplicator before the readers, run the blocks one after another, or take this wire away."""
    edge = at.edge
    wires = list(dict.fromkeys(e.id for e in at.graph.edges if e.source == edge.source))
    type_ = at.type(edge.source)
    if type_ and len(wires) <= MOST_COPIES:
        outputs = {wire: f"y{number}" for number, wire in enumerate(wires)}
        block = duplicator(str(type_), len(wires))
        insert = InsertBlock(at.graph.name, "duplicate", block, "x", outputs)
        yield Fix(f"insert a block with {len(wires)} copies of {edge.source}", inserted(at, insert, edge.source))
    yield Fix(f"run the blocks of {at.graph.name} one after another", SetExecution(at.graph.name, "sequential"))
    yield without_wire(at, edge.id)


def _cycle(at: At) -> Iterator[Fix]:
    """Take away what leads from one block of the cycle to the next."""
    path = [str(name) for name in at.words]
    for source, target in list(zip(path, [*path[1:], path[0]], strict=True))[-1 : -_MOST_WIRES - 1 : -1]:
        wires = [e for e in at.graph.edges if (e.source.node, e.target.node) == (source, target)]
        edits = tuple(Disconnect(at.graph.name, edge.id) for edge in wires)
        if len(edits) == 1:
            yield without_wire(at, wires[0].id)
        else:
            text = f"remove the {len(edits)} wires from {source} to {target}"
            yield Fix(text, Several(edits, text[0].upper() + text[1:]))
    if at.graph.execution == "dataflow":
        wires = [e for e in at.graph.edges if (e.source.node, e.target.node) == (path[-1], path[0])]
        what = wires[0].id if len(wires) == 1 else f"each wire from {path[-1]} to {path[0]}"
        held = tuple(SetInitial(at.graph.name, edge.id, (0,)) for edge in wires)
        yield Fix(f"let {what} hold an element 0 at reset", Several(held, f"Let {what} hold an element"))


def _channel(at: At) -> Iterator[Fix]:
    """Leave the channel to the compiler, or ask for one that is always possible between two blocks."""
    edge, inside = at.edge, bool(at.edge.source.node and at.edge.target.node)
    if edge.channel == "fifo" and edge.depth is not None and not inside:
        yield _asked(at, "remove the depth", "fifo")
    yield _asked(at, "leave the channel to the compiler", None)
    if at.graph.execution == "dataflow" and inside and edge.channel != "pingpong":
        yield _asked(at, "use a ping-pong buffer", "pingpong")
    if at.graph.execution == "sequential" and inside:
        text = f"run the blocks of {at.graph.name} at the same time"
        yield Fix(text, SetExecution(at.graph.name, "dataflow"))


def _depth(at: At) -> Iterator[Fix]:
    yield _asked(at, "remove the depth", at.edge.channel)


def _asked(at: At, text: str, channel: ChannelChoice | None) -> Fix:
    return Fix(text, SetChannel(at.graph.name, at.edge.id, channel))


WIRE_RULES: dict[str, Rule] = {
    "no block": _no_block,
    "no port": _no_port,
    "wrong way": _wrong_way,
    "producers": _producers,
    "twice": _twice,
    "straight": _remove,
    "readers": _readers,
    "cycle": _cycle,
    "channel": _channel,
    "depth": _depth,
}
