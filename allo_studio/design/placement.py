"""Automatic placement: a layered drawing from left to right, deterministic and fast for a thousand blocks."""

from __future__ import annotations

from collections.abc import Mapping

from allo_studio.design.model import Endpoint, Graph

__all__ = ["DEFAULT_SIZE", "layered"]

DEFAULT_SIZE = (180.0, 90.0)
_GAP_X = 120.0
_GAP_Y = 40.0
_SWEEPS = 6

Links = dict[str, list[str]]


def layered(
    graph: Graph, sizes: Mapping[str, tuple[float, float]] | None = None, rooms: Mapping[str, float] | None = None
) -> dict[str, tuple[float, float]]:
    """Return the top-left corner of each block and boundary port (`@A`), in pixels with y downwards.

    `sizes` holds width and height by the same names; absent ones take DEFAULT_SIZE. `rooms` holds how far apart the
    blocks of a wire have to stand at least, by the wire's id. Cycles are drawn with wires that go back. No two boxes
    overlap.
    """
    given = sizes or {}
    names = [*(f"@{p}" for p in graph.inputs), *graph.nodes, *(f"@{p}" for p in graph.outputs)]
    known = set(names)
    after: Links = {name: [] for name in names}
    for edge in graph.edges:
        source, target = _name(edge.source), _name(edge.target)
        if source in known and target in known and source != target and target not in after[source]:
            after[source].append(target)
    forward = _without_cycles(names, after)
    layers = _layers(names, forward, {f"@{p}" for p in graph.outputs})
    return _coordinates(_ordered(layers, forward), given, _gaps(graph, layers, rooms or {}))


def _gaps(graph: Graph, layers: list[list[str]], rooms: Mapping[str, float]) -> list[float]:
    """Return how far each layer is from the next: what the wires between the two need."""
    place = {name: number for number, layer in enumerate(layers) for name in layer}
    gaps = [_GAP_X] * len(layers)
    for edge in graph.edges:
        source, target = (place.get(_name(end), -1) for end in (edge.source, edge.target))
        if 0 <= source == target - 1:
            gaps[source] = max(gaps[source], rooms.get(edge.id, 0.0))
    return gaps


def _name(end: Endpoint) -> str:
    return end.node or f"@{end.port}"


def _without_cycles(names: list[str], after: Links) -> Links:
    """Return the links without those that close a cycle in a depth-first walk."""
    forward: Links = {name: [] for name in names}
    state: dict[str, int] = {}
    for root in names:
        stack = [] if root in state else [(root, iter(after[root]))]
        state.setdefault(root, 1)
        while stack:
            name, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                state[name] = 2
                stack.pop()
                continue
            if state.get(target) != 1:
                forward[name].append(target)
            if target not in state:
                state[target] = 1
                stack.append((target, iter(after[target])))
    return forward


def _layers(names: list[str], forward: Links, last: set[str]) -> list[list[str]]:
    """Return the names by their longest path from a start; outputs stand in the last layer."""
    waiting = dict.fromkeys(names, 0)
    for targets in forward.values():
        for target in targets:
            waiting[target] += 1
    depth = dict.fromkeys(names, 0)
    ready = [name for name in names if not waiting[name]]
    for name in ready:
        for target in forward[name]:
            depth[target] = max(depth[target], depth[name] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    deepest = max((d for n, d in depth.items() if n not in last), default=-1) + 1
    count = max([deepest, *(depth[n] for n in last)]) + 1 if last else deepest
    layers: list[list[str]] = [[] for _ in range(count)]
    for name in names:
        layers[count - 1 if name in last else depth[name]].append(name)
    return [layer for layer in layers if layer]


def _ordered(layers: list[list[str]], forward: Links) -> list[list[str]]:
    """Return the layers sorted by the mean place of the neighbours, swept back and forth a few times."""
    before: Links = {name: [] for name in forward}
    for source, targets in forward.items():
        for target in targets:
            before[target].append(source)
    place = {name: float(i) for layer in layers for i, name in enumerate(layer)}
    best, fewest = layers, _bends(layers, forward, place)
    for sweep in range(_SWEEPS):
        neighbours, order = (before, best) if sweep % 2 == 0 else (forward, best[::-1])
        swept = []
        for layer in order:
            layer = sorted(layer, key=lambda n: _mean(neighbours[n], place))
            place.update({name: float(i) for i, name in enumerate(layer)})
            swept.append(layer)
        candidate = swept if sweep % 2 == 0 else swept[::-1]
        bends = _bends(candidate, forward, place)
        if bends >= fewest and sweep > 1:
            break
        best, fewest = (candidate, bends) if bends < fewest else (best, fewest)
        place = {name: float(i) for layer in best for i, name in enumerate(layer)}
    return best


def _mean(neighbours: list[str], place: dict[str, float]) -> float:
    # A box without neighbours on that side goes below those that have some.
    return sum(place[n] for n in neighbours) / len(neighbours) if neighbours else float("inf")


def _bends(layers: list[list[str]], forward: Links, place: dict[str, float]) -> float:
    """Return how far wires go up and down in all, relative to each layer's middle."""
    middle = {name: (len(layer) - 1) / 2 for layer in layers for name in layer}
    return sum(abs((place[s] - middle[s]) - (place[t] - middle[t])) for s, targets in forward.items() for t in targets)


def _coordinates(
    layers: list[list[str]], sizes: Mapping[str, tuple[float, float]], gaps: list[float]
) -> dict[str, tuple[float, float]]:
    places: dict[str, tuple[float, float]] = {}
    x = 0.0
    for layer, gap in zip(layers, gaps, strict=True):
        boxes = [sizes.get(name, DEFAULT_SIZE) for name in layer]
        width = max(w for w, _ in boxes)
        y = -(sum(h for _, h in boxes) + _GAP_Y * (len(boxes) - 1)) / 2
        for name, (own, height) in zip(layer, boxes, strict=True):
            places[name] = (x + (width - own) / 2, y)
            y += height + _GAP_Y
        x += width + gap
    top = min((y for _, y in places.values()), default=0.0)
    return {name: (round(x, 1), round(y - top, 1)) for name, (x, y) in places.items()}
