"""What several fixes need of arrays with named sizes: a port of the graph, or a block on a wire, has its sizes told."""

from __future__ import annotations

from allo_studio.design.edit_base import Edit, Several
from allo_studio.design.edit_graph import Connect
from allo_studio.design.edit_insert import InsertBlock
from allo_studio.design.edit_project import AddGraphPort
from allo_studio.design.fix_base import At
from allo_studio.design.model import ConstantNode, Endpoint
from allo_studio.design.names import fresh_name
from allo_studio.design.sizes import SIZE

__all__ = ["inserted", "outside_type"]


def outside_type(at: At, end: Endpoint, output: bool) -> tuple[str, tuple[Edit, ...]] | None:
    """Return the type that a port of the graph has to be wired to an end, and edits that make ports for its sizes.

    None where the type is not known, or where an input would have a size that only the graph itself finds out.
    """
    kind = at.type(end)
    if kind is None or not kind.sizes:
        return (str(kind), ()) if kind is not None else None
    known = at.sizes.outside(end, output)
    if known is not None:
        return str(known), ()
    edits: list[Edit] = []
    names: dict[Endpoint, str] = {}
    taken = {*at.graph.inputs, *at.graph.outputs, *at.graph.nodes}
    for size in at.sizes.of(end):
        if not isinstance(size, Endpoint) or size in names:
            continue
        told = at.sizes.told(size)
        if told is not None and (isinstance(at.graph.nodes.get(told.node), ConstantNode) or (told.node and not output)):
            return None
        if told is not None and not told.node:
            names[size] = told.port
            continue
        names[size] = fresh_name(size.port, taken)
        taken.add(names[size])
        own = Endpoint("", names[size])
        edits.append(AddGraphPort(at.graph.name, own.port, "out" if told else "in", str(SIZE)))
        edits.append(Connect(at.graph.name, told, own) if told else Connect(at.graph.name, own, size))
    words = (names[size] if isinstance(size, Endpoint) else "" for size in at.sizes.of(end))
    return str(kind.named(tuple(words))), tuple(edits)


def inserted(at: At, insert: InsertBlock, source: Endpoint) -> Edit:
    """Return the edit that puts a block on wires that begin at `source`, with its sizes told as the source's are."""
    name = fresh_name(insert.name, {*at.graph.nodes, *at.graph.inputs, *at.graph.outputs})
    sizes = dict.fromkeys(size for size in at.sizes.of(source) if isinstance(size, Endpoint))
    told = [(at.sizes.told(size), Endpoint(name, size.port)) for size in sizes]
    edits = tuple(Connect(at.graph.name, begin, end) for begin, end in told if begin is not None)
    return Several((insert, *edits), insert.describe()) if edits else insert
