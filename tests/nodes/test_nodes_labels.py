"""Labels of wires are legible: whole where there is room, and never under a block or another wire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import effort
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QRectF
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QGraphicsSceneHoverEvent

from allo_studio.design.checked import CheckedDesign, EdgeInfo, PortInfo
from allo_studio.design.model import Edge, Endpoint, Graph, KernelNode, Project, Rate
from allo_studio.types import parse_type
from nodes.block import BlockItem, BlockPort
from nodes.canvas import Canvas, measures
from nodes.metrics import label_room, label_size
from nodes.picture import BlockSpec, Overlays, Picture, PortSpec, WireSpec, channel_text, describe, longest
from nodes.pipe import PORT_ROOM, WireItem, WireLabel
from ui.positions import arranged

DETAIL = "rows, fifo  ·  depth 4, 4 at reset"
IN, OUT = PortSpec("x", "int32", "int32"), PortSpec("y", "int32", "int32")


def block(name: str) -> BlockSpec:
    return BlockSpec(name, "kernel", name, "f()", "9 cycles", inputs=(IN,), outputs=(OUT,))


def wire(source: str, target: str, detail: str = DETAIL, broken: bool = False) -> WireSpec:
    ends = Endpoint(source, "y"), Endpoint(target, "x")
    name = f"{ends[0]}->{ends[1]}"
    return WireSpec(name, *ends, "int32", detail, "int32", broken, f"{name}\nint32\n{detail}")


def drawn(canvas: Canvas, places: dict[str, tuple[float, float]], *wires: WireSpec) -> list[WireLabel]:
    canvas.draw(Picture({name: block(name) for name in places}, {w.id: w for w in wires}), places)
    return [canvas.wire(w.id).label for w in wires]


def rect(label: WireLabel) -> QRectF:
    return label.sceneBoundingRect().adjusted(1, 1, -1, -1)


def hidden(canvas: Canvas, names: Iterable[str], label: WireLabel) -> list[str]:
    """Return the blocks that a label stands on."""
    return [name for name in names if canvas.block(name).area.intersects(rect(label))]


def words(lines: tuple[str, ...]) -> str:
    return " ".join(lines).replace("·", "").replace(",", "").replace("  ", " ")


def gap_of(canvas: Canvas) -> float:
    a, b = (canvas.block(name).area for name in "ab")
    return b.left() - a.right()


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("apart", range(160, 460, 20))
def test_all_is_said_however_close_two_blocks_stand(canvas: Canvas, apart: int, broken: bool) -> None:
    spec = wire("a", "b", broken=broken)
    (label,) = drawn(canvas, {"a": (0.0, 0.0), "b": (float(apart), 0.0)}, spec)
    assert hidden(canvas, "ab", label) == []
    assert words(label.lines).split() == words(spec.lines).split()
    assert canvas.wire(spec.id).toolTip() == label.toolTip() == spec.tooltip
    gap, room = gap_of(canvas), label_room(spec)
    blocks = canvas.block("a").area.united(canvas.block("b").area)
    if gap >= room:
        assert label.lines == spec.lines
    # With little less room the parts of the detail stand below each other, and with next to none above the blocks.
    narrow, whole = (label_size(lines).width() + 2 * PORT_ROOM for lines in (list(spec.narrower)[-1], spec.lines))
    if gap < narrow - 4:
        assert rect(label).bottom() <= blocks.top()
    if not broken and narrow + 4 < gap < whole - 4:
        assert len(label.lines) > len(spec.lines)


def test_a_label_without_any_room_is_cut_short_between_its_blocks(canvas: Canvas) -> None:
    """Above and below there is another row of blocks, where it would be in the way."""
    places = {name: (240.0 * (number % 2), 130.0 * (number // 2)) for number, name in enumerate("cdabef")}
    spec = wire("a", "b", "fifo  ·  depth 123456789, 1234567890 at reset")
    (label,) = drawn(canvas, places, spec)
    assert 60 < gap_of(canvas) < label_size(list(spec.narrower)[-1]).width()
    assert hidden(canvas, "abcdef", label) == []
    assert "…" in label.lines[-1]
    assert label.lines[0] == "int32"
    assert label.toolTip() == spec.tooltip


def test_a_label_grows_again_where_there_is_room(canvas: Canvas) -> None:
    spec = wire("a", "b")
    drawn(canvas, {"a": (0.0, 0.0), "b": (240.0, 0.0)}, spec)
    (label,) = drawn(canvas, {"a": (0.0, 0.0), "b": (600.0, 0.0)}, spec)
    assert label.lines == spec.lines


def test_nothing_is_drawn_over_a_label(canvas: Canvas) -> None:
    """It comes and goes with its wire, although it is no part of it."""
    places = {"a": (0.0, 0.0), "b": (600.0, 0.0), "c": (0.0, 200.0), "d": (600.0, -200.0)}
    labels = drawn(canvas, places, wire("a", "b"), wire("c", "d"))
    scene = canvas.view.scene()
    for label in labels:
        assert scene.items(label.sceneBoundingRect().center())[0] is label
        others = [item for item in scene.items() if isinstance(item, BlockItem | BlockPort | WireItem)]
        assert all(item.zValue() < label.zValue() < canvas.view.live.zValue() for item in others)
    canvas.view.take_wire(labels[0].wire, labels[0].wire.output_port)
    assert labels[0].opacity() == labels[0].wire.opacity() < 1
    drawn(canvas, places, wire("c", "d"))
    assert [item for item in scene.items() if isinstance(item, WireLabel)] == [labels[1]]
    canvas.clear()
    assert not any(isinstance(item, WireLabel) for item in scene.items())


def test_a_label_off_its_wire_shows_whose_it_is(canvas: Canvas, qapp: QApplication) -> None:
    spec = wire("a", "b")
    (label,) = drawn(canvas, {"a": (0.0, 0.0), "b": (190.0, 0.0)}, spec)
    canvas.view.fit()
    heard: list[tuple[object, ...]] = []
    canvas.context_requested.connect(lambda *told: heard.append(told[:2]))
    at = canvas.view.mapFromScene(label.sceneBoundingRect().center())
    canvas.view.contextMenuEvent(QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, QPoint(0, 0)))
    assert heard == [(None, spec.id)]
    for kind, hovered in ((QEvent.Type.GraphicsSceneHoverEnter, True), (QEvent.Type.GraphicsSceneHoverLeave, False)):
        canvas.view.scene().sendEvent(label, QGraphicsSceneHoverEvent(kind))
        assert label.wire._hovered is hovered


def design(rate: Rate | None, size: int, fan: int) -> tuple[Graph, CheckedDesign]:
    """Return a graph of three blocks in a row, the second as often as `fan` says, and what a check says of it."""
    kind = parse_type(f"float32[{size}]")
    middle = [f"m{number}" for number in range(fan)]
    pairs = [("A", "f.x"), *((f"f.y{n}", f"{name}.x") for n, name in enumerate(middle))]
    pairs += [*((f"{name}.y", f"g.x{n}") for n, name in enumerate(middle)), ("g.y", "Z")]
    edges = tuple(Edge(Endpoint.parse(a), Endpoint.parse(b), initial=(1,) * 12, rate=rate) for a, b in pairs)
    ports = {
        "top/f": (PortInfo("x", "in", kind), *(PortInfo(f"y{n}", "out", kind) for n in range(fan))),
        "top/g": (*(PortInfo(f"x{n}", "in", kind) for n in range(fan)), PortInfo("y", "out", kind)),
        **{f"top/{name}": (PortInfo("x", "in", kind), PortInfo("y", "out", kind)) for name in middle},
    }
    nodes = {name: KernelNode("k.py", name) for name in ("f", *middle, "g")}
    graph = Graph("top", inputs={"A": str(kind)}, outputs={"Z": str(kind)}, nodes=nodes, edges=edges)
    infos = {f"top/{edge.id}": EdgeInfo(kind, True) for edge in edges}
    signature = (PortInfo("A", "in", kind), PortInfo("Z", "out", kind))
    return graph, CheckedDesign(Project("p", graphs={"top": graph}), (), {}, ports, infos, {"top": signature})


@pytest.mark.parametrize("fan", [1, 3])
@pytest.mark.parametrize("size", [8, 4096, 100_000_000])
@pytest.mark.parametrize("rate", [None, "rows"])
def test_the_automatic_layout_has_room_for_what_a_build_tells(canvas: Canvas, rate: Rate, size: int, fan: int) -> None:
    graph, checked = design(rate, size, fan)
    places = arranged(graph, *measures(graph, checked))
    for depth in (1, size):
        told = {edge.id: channel_text("fifo", depth) for edge in graph.edges if edge.source.node and edge.target.node}
        canvas.show_graph(graph, checked, places, Overlays({"f": "9 cycles"}, told))
        labels = {edge.id: canvas.wire(edge.id).label for edge in graph.edges}
        assert all(label.lines == canvas.wire(name).spec.lines for name, label in labels.items())
        assert not any(hidden(canvas, graph.nodes, label) for label in labels.values())
        rects = [rect(label) for label in labels.values()]
        assert not any(a.intersects(b) for number, a in enumerate(rects) for b in rects[:number])


def test_the_longest_that_may_be_told_is_as_deep_as_what_goes_over_the_wire() -> None:
    graph, checked = design("rows", 64, 1)
    wires = describe(graph, checked, longest(graph, checked)).wires
    assert wires["f.y0->m0.x"].detail == "rows, fifo  ·  depth 64, 12 at reset"
    assert wires["A->f.x"].detail == "rows, 12 at reset"


def test_the_lines_of_a_label() -> None:
    spec = wire("a", "b")
    assert spec.lines == ("int32", DETAIL)
    assert list(spec.narrower) == [
        ("int32", "rows", "fifo  ·  depth 4", "4 at reset"),
        ("int32", "rows", "fifo", "depth 4", "4 at reset"),
    ]
    assert list(wire("a", "b", "held").narrower) == []


NAMES = "abcde"
SPOTS = st.tuples(st.integers(0, 6).map(lambda x: x * 110.0), st.integers(0, 4).map(lambda y: y * 70.0))


DETAILS = ("", "fifo  ·  depth 4", "rows, fifo  ·  depth 128, 4 at reset")
ENDS = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1])
WIRES = st.builds(lambda ends, *said: wire(*ends, *said), ENDS, st.sampled_from(DETAILS), st.booleans())
CHANGES = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(NAMES), SPOTS),
    st.tuples(st.just("foot"), st.sampled_from(NAMES), st.sampled_from(["", "12 cycles"])),
    st.tuples(st.just("wire"), st.integers(0, 9), WIRES),
    st.tuples(st.just("cut"), st.integers(0, 9), st.none()),
)


@settings(max_examples=effort.of(80, 800), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spots=st.lists(SPOTS, min_size=len(NAMES), max_size=len(NAMES)),
    wires=st.lists(WIRES, min_size=3, max_size=8, unique_by=lambda w: w.id),
    changes=st.lists(CHANGES, min_size=1, max_size=8),
)
def test_what_is_drawn_after_edits_is_what_is_drawn_anew(
    canvas: Canvas, spots: list[tuple[float, float]], wires: list[WireSpec], changes: list[tuple[str, Any, Any]]
) -> None:
    blocks, places = {name: block(name) for name in NAMES}, dict(zip(NAMES, spots, strict=True))
    canvas.clear()
    canvas.draw(Picture(blocks, {w.id: w for w in wires}), places)
    for kind, which, what in changes:
        if kind == "move":
            places = {**places, which: what}
        elif kind == "foot":
            blocks = {**blocks, which: replace(blocks[which], footer=what)}
        elif kind == "cut":
            wires = [w for number, w in enumerate(wires) if number != which]
        else:
            others = [w for w in wires if w.id != what.id]
            wires = [*others[:which], what, *others[which:]]
        canvas.draw(Picture(blocks, {w.id: w for w in wires}), places)
    after = shown(canvas)
    canvas.clear()
    canvas.draw(Picture(blocks, {w.id: w for w in wires}), places)
    assert after == shown(canvas)


def shown(canvas: Canvas) -> dict[str, Any]:
    """Return all that the canvas shows of wires and their labels."""
    found = {}
    for wire_id in canvas.picture.wires:
        item = canvas.wire(wire_id)
        path = [(item.path().elementAt(i).x, item.path().elementAt(i).y) for i in range(item.path().elementCount())]
        found[wire_id] = (item.spec, path, item.label.lines, item.label.pos().toTuple())
    return found
