"""Where everything of a drawing goes: boxes of blocks and places of ports. No ink here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from allo_studio.design.model import Endpoint, Graph
from allo_studio.design.placement import layered
from allo_studio.report.svg import MONO, text_width

__all__ = ["GAP", "HEAD", "PORT_PITCH", "Box", "Caption", "Point", "plan_boxes"]

Point = tuple[float, float]

HEAD = 46.0  # the height of a block's title part
PORT_PITCH = 24.0  # from one port of a block to the next
GAP = 170.0  # the least room between two blocks side by side: a wire's label fits in it
_FOOT = 12.0
_NARROWEST = 168.0
_BOUNDARY_HEIGHT = 34.0
_SPACING = 22.0  # the least room between two boxes one above the other
_WIDEST_STRETCH = 4.0


@dataclass(frozen=True)
class Caption:
    """What is written on a block: its title, a line under it, and its ports by name with their type's text."""

    title: str
    subtitle: str = ""
    inputs: Mapping[str, str] | None = None
    outputs: Mapping[str, str] | None = None
    fault: str = ""


@dataclass(frozen=True)
class Box:
    """A block (or, with `boundary`, a port of the graph itself) at its place; `key` is the node's name or `@PORT`."""

    key: str
    caption: Caption
    x: float
    y: float
    width: float
    height: float
    boundary: bool = False

    def port(self, name: str, side: str) -> Point:
        """Return where a port's wire ends: `side` is `in` on the left or `out` on the right."""
        x = self.x if side == "in" else self.x + self.width
        if self.boundary:
            return x, self.y + self.height / 2
        names = list((self.caption.inputs if side == "in" else self.caption.outputs) or {})
        row = names.index(name) if name in names else len(names)
        return x, self.y + HEAD + PORT_PITCH * (row + 0.5)


def plan_boxes(graph: Graph, captions: Mapping[str, Caption], positions: Mapping[str, Point]) -> dict[str, Box]:
    """Return a box for each node and each port of the graph.

    `positions` (from the project's `view`, keys as there) are kept, stretched where blocks would touch; what has none
    is placed in layers. Ports that edges name and no caption has are shown, so that a broken wire has both its ends.
    """
    boxes = {box.key: box for box in _unplaced(graph, captions)}
    blocks = [key for key, box in boxes.items() if not box.boundary]
    given = {key: positions[key] for key in boxes if key in positions}
    if not any(key in given for key in blocks):
        sizes = {key: (box.width, box.height) for key, box in boxes.items()}
        given = {**layered(graph, sizes), **given} if not given else layered(graph, sizes)
    placed = {key: _at(boxes[key], given[key]) for key in boxes if key in given}
    placed |= _below(placed, [boxes[key] for key in blocks if key not in placed])
    placed = _stretched(placed)
    rest = {key: boxes[key] for key in boxes if key not in placed}
    placed |= _column(graph, placed, [b for key, b in rest.items() if key[1:] in graph.inputs], left=True)
    placed |= _column(graph, placed, [b for b in rest.values() if b.key not in placed], left=False)
    return {key: placed[key] for key in boxes}


def _key(end: Endpoint) -> str:
    return end.node or f"@{end.port}"


def _unplaced(graph: Graph, captions: Mapping[str, Caption]) -> list[Box]:
    boxes = []
    for name in graph.nodes:
        caption = _with_wired_ports(graph, name, captions.get(name, Caption(name)))
        boxes.append(Box(name, caption, 0, 0, _block_width(caption), _block_height(caption)))
    for name, kind in {**graph.inputs, **graph.outputs}.items():
        caption = captions.get(f"@{name}", Caption(name, kind))
        width = 36 + text_width(name, 13)
        boxes.append(Box(f"@{name}", caption, 0, 0, max(width, 56), _BOUNDARY_HEIGHT, boundary=True))
    return boxes


def _with_wired_ports(graph: Graph, name: str, caption: Caption) -> Caption:
    inputs, outputs = dict(caption.inputs or {}), dict(caption.outputs or {})
    for edge in graph.edges:
        if edge.target.node == name:
            inputs.setdefault(edge.target.port, "")
        if edge.source.node == name:
            outputs.setdefault(edge.source.port, "")
    return replace(caption, inputs=inputs, outputs=outputs)


def _block_width(caption: Caption) -> float:
    sides = (max((text_width(n, 12, MONO) for n in names or ()), default=0.0) for names in _sides(caption))
    head = max(text_width(caption.title, 14), text_width(caption.subtitle, 11))
    return max(_NARROWEST, head + 28, sum(sides) + 64)


def _block_height(caption: Caption) -> float:
    return HEAD + PORT_PITCH * max(1, *(len(names or ()) for names in _sides(caption))) + _FOOT


def _sides(caption: Caption) -> tuple[Mapping[str, str] | None, Mapping[str, str] | None]:
    return caption.inputs, caption.outputs


def _at(box: Box, place: Point) -> Box:
    return replace(box, x=place[0], y=place[1])


def _below(placed: Mapping[str, Box], missing: Sequence[Box]) -> dict[str, Box]:
    """Put blocks that nobody placed in a row under the placed ones."""
    x = min((b.x for b in placed.values()), default=0.0)
    y = max((b.y + b.height for b in placed.values()), default=0.0) + 2 * _SPACING
    found = {}
    for box in missing:
        found[box.key] = _at(box, (x, y))
        x += box.width + GAP
    return found


def _stretched(placed: Mapping[str, Box]) -> dict[str, Box]:
    """Scale the distances, so that blocks side by side have a gap and blocks one above the other do not touch."""
    boxes = sorted(placed.values(), key=lambda b: (b.x, b.y, b.key))
    across = down = 1.0
    for i, one in enumerate(boxes):
        for two in boxes[i + 1 :]:
            right, under = two.x - one.x, abs(two.y - one.y)
            upper = one if one.y <= two.y else two
            if under < upper.height + _SPACING and right > under:
                across = max(across, (one.width + GAP) / right)
            elif under and right < one.width + _SPACING:
                down = max(down, (upper.height + _SPACING) / under)
    across, down = min(across, _WIDEST_STRETCH), min(down, _WIDEST_STRETCH)
    return {key: replace(box, x=box.x * across, y=box.y * down) for key, box in placed.items()}


def _column(graph: Graph, placed: Mapping[str, Box], missing: Sequence[Box], left: bool) -> dict[str, Box]:
    """Put ports of the graph in a column beside the blocks, each near the height of what it is wired to."""
    if not missing:
        return {}
    blocks = list(placed.values())
    x = min((b.x for b in blocks), default=0.0) if left else max((b.x + b.width for b in blocks), default=0.0)
    wanted = sorted(((*_wish(graph, placed, box, left), box) for box in missing), key=lambda w: (w[0], w[1]))
    found: dict[str, Box] = {}
    floor = float("-inf")
    for behind, height, box in wanted:
        # A wire that passes blocks on its way runs below them all, not through them.
        low = max((b.y + b.height for b in blocks), default=0.0) + _SPACING if behind else height - box.height / 2
        y = max(low, floor)
        floor = y + box.height + _SPACING / 2
        found[box.key] = _at(box, (x - GAP - box.width if left else x + GAP, y))
    return found


def _wish(graph: Graph, placed: Mapping[str, Box], box: Box, left: bool) -> tuple[bool, float]:
    """Tell whether blocks stand between a port's column and what it is wired to, and the height of that."""
    for edge in graph.edges:
        near, far = (edge.source, edge.target) if left else (edge.target, edge.source)
        other = placed.get(_key(far))
        if _key(near) == box.key and other:
            x, y = other.port(far.port, "in" if left else "out")
            between = (b for b in placed.values() if b is not other and b.y < y < b.y + b.height)
            return any(b.x + b.width < x if left else b.x > x for b in between), y
    return True, 0.0
