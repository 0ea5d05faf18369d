"""Where blocks are drawn: as the file says, and the rest placed around that. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from allo_studio.design.model import Endpoint, Graph
from allo_studio.design.placement import DEFAULT_SIZE, layered

__all__ = ["arranged", "arranged_part", "completed", "drawn_names"]

Point = tuple[float, float]
_GAP_X = 120.0
_GAP_Y = 24.0


def arranged(graph: Graph, sizes: Mapping[str, Point], rooms: Mapping[str, float]) -> dict[str, Point]:
    """Return a layered drawing in which an input stands just left of its first consumer, off the other wires' way.

    `sizes` holds the width and height of each block, `rooms` how far apart the blocks of each wire have to stand.
    """
    places = layered(graph, sizes, rooms)
    for name in graph.inputs:
        _pull(graph, f"@{name}", places, sizes, rooms)
    return _on_grid(places)


def arranged_part(
    graph: Graph, shown: Mapping[str, Point], sizes: Mapping[str, Point], rooms: Mapping[str, float]
) -> dict[str, Point]:
    """Return a layered drawing of some blocks alone, at the top left corner that they have: `shown` says where."""
    part = replace(
        graph,
        nodes={name: node for name, node in graph.nodes.items() if name in shown},
        inputs={name: kind for name, kind in graph.inputs.items() if f"@{name}" in shown},
        outputs={name: kind for name, kind in graph.outputs.items() if f"@{name}" in shown},
        edges=tuple(
            edge
            for edge in graph.edges
            if all((end.node or f"@{end.port}") in shown for end in (edge.source, edge.target))
        ),
    )
    places = arranged(part, sizes, rooms)
    if not places:
        return {}
    shift = [min(p[axis] for p in shown.values()) - min(p[axis] for p in places.values()) for axis in (0, 1)]
    return _on_grid({name: (x + shift[0], y + shift[1]) for name, (x, y) in places.items()})


def completed(
    graph: Graph, given: Mapping[str, Point], sizes: Mapping[str, Point], rooms: Mapping[str, float]
) -> dict[str, Point]:
    """Return a position for every block of the graph; those in `given` stay. The rest is as in `arranged`."""
    automatic = arranged(graph, sizes, rooms)
    for name in sizes:
        if name not in automatic:
            # A stand-in for a block that only wires name: below everything.
            automatic[name] = (0.0, _lowest(automatic, sizes))
    known = {name: given[name] for name in automatic if name in given}
    if not known:
        return automatic
    left, right = _span(known, sizes)
    places = dict(known)
    for name in automatic:
        if name in known:
            continue
        if name.startswith("@"):
            wish = _beside(graph, name, places, sizes, (left, right), _gap(graph, name, rooms))
        else:
            anchor = min(known, key=lambda other: abs(automatic[other][0] - automatic[name][0]))
            wish = (
                automatic[name][0] + known[anchor][0] - automatic[anchor][0],
                automatic[name][1] + known[anchor][1] - automatic[anchor][1],
            )
        places[name] = _free(wish, name, places, sizes)
    return {**_on_grid({n: p for n, p in places.items() if n not in known}), **known}


def drawn_names(graph: Graph) -> frozenset[str]:
    """Return the names of what is drawn of a graph: its blocks, its ports (`@A`), and what wires name and it lacks."""
    ends = (end for edge in graph.edges for end in (edge.source, edge.target))
    wired = (end.node or f"@{end.port}" for end in ends)
    return frozenset((*graph.nodes, *(f"@{port}" for port in (*graph.inputs, *graph.outputs)), *wired))


def _size(name: str, sizes: Mapping[str, Point]) -> Point:
    return sizes.get(name, DEFAULT_SIZE)


def _span(places: Mapping[str, Point], sizes: Mapping[str, Point]) -> tuple[float, float]:
    return min(x for x, _ in places.values()), max(x + _size(n, sizes)[0] for n, (x, _) in places.items())


def _gap(graph: Graph, name: str, rooms: Mapping[str, float]) -> float:
    """Return how far a port of the graph stands from the blocks that it is wired to."""
    own = Endpoint("", name[1:])
    return max([_GAP_X, *(rooms.get(edge.id, 0.0) for edge in graph.edges if own in (edge.source, edge.target))])


def _beside(
    graph: Graph,
    name: str,
    places: Mapping[str, Point],
    sizes: Mapping[str, Point],
    span: tuple[float, float],
    gap: float,
) -> Point:
    """Return a place for a port of the graph: an input left of its first consumer, an output right of everything."""
    port, width, (left, right) = name[1:], _size(name, sizes)[0], span
    if port in graph.outputs:
        partners = [e.source.node for e in graph.edges if not e.target.node and e.target.port == port]
        ys = [places[p][1] for p in partners if p in places]
        return right + gap, ys[0] + 32 if ys else _lowest(places, sizes)
    consumers = [e.target.node for e in graph.edges if not e.source.node and e.source.port == port]
    near = min((p for p in consumers if p in places), key=lambda p: places[p][0], default=None)
    if near is None:
        return left - gap - width, _lowest(places, sizes)
    return places[near][0] - gap - width, places[near][1]


def _lowest(places: Mapping[str, Point], sizes: Mapping[str, Point]) -> float:
    return max((y + _size(n, sizes)[1] + _GAP_Y for n, (_, y) in places.items()), default=0.0)


def _pull(
    graph: Graph, name: str, places: dict[str, Point], sizes: Mapping[str, Point], rooms: Mapping[str, float]
) -> None:
    consumers = [e.target.node for e in graph.edges if not e.source.node and f"@{e.source.port}" == name]
    xs = [places[c][0] for c in consumers if c in places]
    if not xs:
        return
    x, y = min(xs) - _gap(graph, name, rooms) - _size(name, sizes)[0], places[name][1]
    if x > places[name][0] + 1:
        others = {other: place for other, place in places.items() if other != name}
        places[name] = _free((x, y), name, others, sizes)


def _free(wish: Point, name: str, places: Mapping[str, Point], sizes: Mapping[str, Point]) -> Point:
    """Return the nearest place at or below `wish` at which the box overlaps no other."""
    x, y = wish
    width, height = _size(name, sizes)
    boxes = sorted((oy, ox, *_size(other, sizes)) for other, (ox, oy) in places.items())
    for oy, ox, other_width, other_height in boxes:
        beside = x >= ox + other_width + _GAP_Y or ox >= x + width + _GAP_Y
        if not beside and y < oy + other_height + _GAP_Y and oy < y + height + _GAP_Y:
            y = oy + other_height + _GAP_Y
    return x, y


def _on_grid(places: Mapping[str, Point]) -> dict[str, Point]:
    return {name: (float(round(x / 4) * 4), float(round(y / 4) * 4)) for name, (x, y) in places.items()}
