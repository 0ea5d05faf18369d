"""One level of a design as an SVG picture, drawn without Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from allo_studio.design.instances import instance_settings
from allo_studio.design.model import ConstantNode, Edge, Graph, GraphNode, IpNode, KernelNode, Node
from allo_studio.report.model import ChannelRow, Report
from allo_studio.report.plan import HEAD, Box, Caption, Point, plan_boxes
from allo_studio.report.routes import Clutter, Curve, Route, plan_routes, sample
from allo_studio.report.svg import MONO, Attributes, element, number, text, text_width, title

__all__ = ["Caption", "WireCaption", "captions_of", "channel_captions", "draw_svg"]

_PAPER, _INK, _FAINT, _RULE = "#ffffff", "#1c2733", "#66758a", "#c9d2dd"
_BLOCK, _HEAD_FILL, _NEST_FILL, _PORT_FILL = "#f7f9fc", "#e4ebf4", "#e9e4f4", "#eef3f8"
_FAULT, _FAULT_FILL = "#c62f3b", "#fdecee"
_COLOURS = {"float32": "#2a6fbb", "int32": "#2b8a57"}
_OTHER = "#77808c"
_MARGIN = 36.0
_NARROWEST = 260.0
_TITLE = 44.0
_LABEL, _SMALL = 11.0, 10.0
_SHEER: Attributes = {"fill-opacity": "0.8", "rx": 3}
# A label had rather cross a wire than cover a block, and rather that than another label.
_COVERS_BLOCK, _COVERS_LABEL = 8, 20


@dataclass(frozen=True)
class WireCaption:
    """What is written at a wire: its type, a line under it (channel kind and depth), or why it is broken."""

    type: str = ""
    note: str = ""
    fault: str = ""


@dataclass(frozen=True)
class _Picture:
    graph: Graph
    boxes: Mapping[str, Box]
    routes: Mapping[str, Route]
    wires: Mapping[str, WireCaption] = field(default_factory=dict)


def draw_svg(
    graph: Graph,
    positions: Mapping[str, Point],
    captions: Mapping[str, Caption] | None = None,
    wires: Mapping[str, WireCaption] | None = None,
    heading: str = "",
) -> str:
    """Return the picture of one graph as a whole SVG document that ends in a line end.

    `positions` are the places of the graph's `view` (keys `NODE` and `@PORT`); what has none is placed in layers.
    `captions` has by the same keys what is written on a block, `wires` by edge id what is written at a wire. A wire
    with a fault is drawn red and dashed with a cross. Equal arguments give equal text.
    """
    boxes = plan_boxes(graph, {**captions_of(graph), **(captions or {})}, positions)
    picture = _Picture(graph, boxes, plan_routes(graph.edges, boxes), wires or {})
    left, top, right, bottom = _bounds(boxes.values(), picture.routes.values())
    x, y = left - _MARGIN, top - _MARGIN - _TITLE
    width, height = right - x + _MARGIN, bottom - y + _MARGIN
    view = " ".join(map(number, (x, y, width, height)))
    paper: Attributes = {"x": x, "y": y, "width": width, "height": height, "fill": _PAPER}
    lines = [
        element("rect", paper),
        text(left, top - _TITLE + 4, heading or f"{graph.name} ({graph.execution})", 16, _INK, weight="bold"),
        *_wire_lines(picture),
        *(line for box in boxes.values() for line in _box_lines(box, graph.nodes.get(box.key))),
        *_label_lines(picture),
    ]
    frame: Attributes = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": view, "width": width, "height": height}
    return element("svg", frame, "\n" + "\n".join(lines) + "\n") + "\n"


def captions_of(graph: Graph) -> dict[str, Caption]:
    """Return what can be written on the blocks without looking into kernels: names, kernels, schedules."""
    return {name: Caption(name, _subtitle(node)) for name, node in graph.nodes.items()}


def channel_captions(path: str, edges: Sequence[Edge], report: Report) -> dict[str, str]:
    """Return by edge id what a report says of the channels of the graph instance at `path`."""
    found = {}
    for edge in edges:
        row = report.channel(f"{path}/{edge.id}")
        if row:
            held = f", {len(edge.initial)} at reset" if edge.initial else ""
            found[edge.id] = _channel_note(row, report.profile) + held
    return found


def _channel_note(row: ChannelRow, profile: str) -> str:
    depth = row.depth.get(profile)
    lanes = f" x {row.elements}" if row.elements > 1 else ""
    return f"{row.kind}{lanes}" if depth is None else f"{row.kind}{lanes}, depth {depth}"


def _subtitle(node: Node) -> str:
    if isinstance(node, KernelNode):
        return f"{node.function}, {node.schedule}" if node.schedule else node.function
    if isinstance(node, ConstantNode):
        return node.file
    if isinstance(node, IpNode):
        return f"IP {node.path}"
    return f"graph {node.graph}{instance_settings(node)}" if isinstance(node, GraphNode) else "unknown kind"


def _bounds(boxes: Iterable[Box], routes: Iterable[Route]) -> tuple[float, float, float, float]:
    corners = [corner for b in boxes for corner in ((b.x, b.y), (b.x + b.width, b.y + b.height))] or [(0.0, 0.0)]
    corners += [place for route in routes for place in sample(route)]
    left = min(x for x, _ in corners)
    # A short graph still has room for its title.
    right = max(*(x for x, _ in corners), left + _NARROWEST)
    return left, min(y for _, y in corners), right, max(y for _, y in corners)


def _colour(kind: str, fault: str = "") -> str:
    return _FAULT if fault else _COLOURS.get(kind.partition("[")[0].strip(), _OTHER)


def _wire_lines(picture: _Picture) -> list[str]:
    lines = []
    for edge in picture.graph.edges:
        route = picture.routes.get(edge.id)
        caption = picture.wires.get(edge.id, WireCaption())
        if not route:
            continue
        style: Attributes = {
            "d": _path(route),
            "fill": "none",
            "stroke": _colour(caption.type, caption.fault),
            "stroke-width": 2.2,
        }
        if caption.fault:
            style["stroke-dasharray"] = "7 5"
        hover = caption.fault or " ".join(filter(None, (edge.id, caption.type, caption.note)))
        lines.append(element("path", style, title(hover)))
    return lines


def _path(route: Route) -> str:
    return " ".join(["M", _places(route[0][:1]), *map(_curve_path, route)])


def _curve_path(curve: Curve) -> str:
    straight = curve[0] == curve[1] and curve[2] == curve[3]
    return f"L {_places(curve[3:])}" if straight else f"C {_places(curve[1:])}"


def _places(points: Iterable[Point]) -> str:
    return " ".join(number(value) for point in points for value in point)


def _box_lines(box: Box, node: Node | None) -> list[str]:
    return _boundary_lines(box) if box.boundary else _block_lines(box, node)


def _boundary_lines(box: Box) -> list[str]:
    frame = _frame(box, _PORT_FILL, box.height / 2)
    middle = box.y + box.height / 2
    name = text(box.x + box.width / 2, middle + 4.5, box.key[1:], 13, _INK, anchor="middle", weight="bold")
    return [frame, name]


def _block_lines(box: Box, node: Node | None) -> list[str]:
    caption = box.caption
    body = _FAULT_FILL if caption.fault else _BLOCK
    head = _NEST_FILL if isinstance(node, GraphNode) else _HEAD_FILL
    corner = 7.0
    x, y, right, foot = box.x, box.y, box.x + box.width, box.y + HEAD - 8
    outline = f"M {number(x)} {number(foot)} V {number(y + corner)} Q {number(x)} {number(y)} {number(x + corner)}"
    outline += f" {number(y)} H {number(right - corner)} Q {number(right)} {number(y)} {number(right)}"
    outline += f" {number(y + corner)} V {number(foot)} Z"
    lines = [_frame(box, body, corner), element("path", {"d": outline, "fill": _FAULT_FILL if caption.fault else head})]
    lines.append(_frame(box, "none", corner, _FAULT if caption.fault else _RULE))
    lines.append(text(x + 14, y + 18, caption.title, 14, _INK, weight="bold"))
    lines.append(text(x + 14, y + 32, caption.fault or caption.subtitle, 11, _FAULT if caption.fault else _FAINT))
    for side, ports in (("in", caption.inputs), ("out", caption.outputs)):
        for name, kind in (ports or {}).items():
            lines += _port_lines(box, name, kind, side)
    return lines


def _frame(box: Box, fill: str, corner: float, stroke: str = _RULE) -> str:
    place: Attributes = {"x": box.x, "y": box.y, "width": box.width, "height": box.height, "rx": corner}
    return element("rect", {**place, "fill": fill, "stroke": stroke, "stroke-width": 1.4})


def _port_lines(box: Box, name: str, kind: str, side: str) -> list[str]:
    x, y = box.port(name, side)
    dot: Attributes = {"cx": x, "cy": y, "r": 5, "fill": _colour(kind), "stroke": _PAPER, "stroke-width": 1.5}
    at, anchor = (x + 12, "start") if side == "in" else (x - 12, "end")
    return [element("circle", dot), text(at, y + 4, name, 12, _INK, anchor=anchor, family=MONO)]


def _label_lines(picture: _Picture) -> list[str]:
    """Write the words at the wires, each where it covers least; labels come after all that they could cover."""
    clutter = Clutter()
    for box in picture.boxes.values():
        clutter.add_box(box.x, box.y, box.width, box.height, _COVERS_BLOCK)
    for route in picture.routes.values():
        clutter.add_points(sample(route), 1)
    lines: list[str] = []
    for edge in picture.graph.edges:
        caption = picture.wires.get(edge.id)
        if edge.id in picture.routes and caption:
            lines += _label(picture.routes[edge.id], caption, clutter)
    return lines


def _label(route: Route, caption: WireCaption, clutter: Clutter) -> list[str]:
    points = sample(route)
    cross = points[len(points) // 2]
    lines = []
    if caption.fault:
        lines.append(_cross(cross))
        clutter.add_box(cross[0] - 8, cross[1] - 8, 16, 16, _COVERS_LABEL)
    words = [(caption.type, _LABEL, _colour(caption.type, caption.fault))]
    words.append((_short(caption.fault), _SMALL, _FAULT) if caption.fault else (caption.note, _SMALL, _FAINT))
    shown = [word for word in words if word[0]]
    if not shown:
        return lines
    width = max(text_width(word, size, MONO) for word, size, _ in shown) + 6
    height = 14.0 * len(shown)
    x, y = _free_place(points, width, height, clutter)
    clutter.add_box(x, y, width, height, _COVERS_LABEL)
    lines.append(element("rect", {"x": x, "y": y, "width": width, "height": height, "fill": _PAPER, **_SHEER}))
    return lines + [
        text(x + width / 2, y + 10.5 + 14 * i, word, size, fill, anchor="middle", family=MONO)
        for i, (word, size, fill) in enumerate(shown)
    ]


def _free_place(points: Sequence[Point], width: float, height: float, clutter: Clutter) -> Point:
    """Return the corner of the place along a wire, above or below it, that covers least; the middle is liked best."""
    places = []
    for part in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8):
        x, y = points[int(part * (len(points) - 1))]
        places += [(x - width / 2, y - height - 4), (x - width / 2, y + 5)]
    return min(places, key=lambda place: clutter.under(place[0], place[1], width, height))


def _cross(place: Point) -> str:
    x, y = place
    d = " ".join(f"M {number(x - 7)} {number(y - s)} L {number(x + 7)} {number(y + s)}" for s in (7, -7))
    return element("path", {"d": d, "stroke": _FAULT, "stroke-width": 3, "fill": "none"})


def _short(words: str, most: int = 40) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
