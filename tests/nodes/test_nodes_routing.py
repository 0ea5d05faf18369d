"""No wire of an automatic layout runs behind a block; ways around are found fast, and only where they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF

from allo_studio.design.checked import CheckedDesign, PortInfo
from allo_studio.design.model import Edge, Endpoint, Graph, KernelNode, Project
from allo_studio.pipeline import check_project
from allo_studio.project import load_project
from allo_studio.types import parse_type
from nodes.canvas import Canvas, measures
from nodes.picture import BlockSpec, Picture, PortSpec, WireSpec
from nodes.pipe import WireItem, curve
from nodes.routing import Obstacles, along, lanes, meets
from nodes.wire_router import WireRouter
from ui.positions import arranged

PROJECTS = Path(__file__).resolve().parents[2] / "projects"
NAMES = sorted(each.parent.name for each in PROJECTS.glob("*/project.yaml"))
KIND = parse_type("float32[8]")


def hidden(canvas: Canvas) -> list[str]:
    """Return the wires that run behind a block that is not at one of their ends, looked at point by point."""
    found = []
    for wire in canvas.picture.wires:
        item = canvas.wire(wire)
        rects = [canvas.block(name).area for name in canvas.picture.blocks if name not in item.end_blocks()]
        points = [item.path().pointAtPercent(step / 400) for step in range(401)]
        if any(rect.contains(point) for rect in rects for point in points):
            found.append(wire)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_no_wire_of_an_example_runs_behind_a_block_after_arranging(canvas: Canvas, name: str) -> None:
    loaded = load_project(PROJECTS / name)
    checked = check_project(loaded)
    for graph in loaded.project.graphs.values():
        canvas.show_graph(graph, checked, arranged(graph, *measures(graph, checked)))
        assert hidden(canvas) == [], graph.name


def made(count: int, links: list[tuple[int, int]]) -> tuple[Graph, CheckedDesign]:
    """Return a graph of blocks with three inputs and two outputs, with wires from each first to each second."""
    ins, outs = ("a", "b", "c"), ("x", "y")
    nodes = {f"n{number}": KernelNode("k.py", "f") for number in range(count)}
    edges = []
    for number, (source, target) in enumerate(dict.fromkeys(links)):
        edges.append(Edge(Endpoint(f"n{source}", outs[number % 2]), Endpoint(f"n{target}", ins[number % 3])))
    graph = Graph("g", nodes=nodes, edges=tuple(edges))
    ports = tuple(PortInfo(p, "in", KIND) for p in ins) + tuple(PortInfo(p, "out", KIND) for p in outs)
    project = Project("p", top="g", graphs={"g": graph})
    return graph, CheckedDesign(project, (), ports={f"g/{name}": ports for name in nodes}, signatures={"g": ()})


pairs = st.tuples(st.integers(0, 13), st.integers(0, 13))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(pairs.filter(lambda pair: pair[0] < pair[1]), max_size=24))
def test_no_wire_of_a_random_graph_runs_behind_a_block_after_arranging(
    canvas: Canvas, links: list[tuple[int, int]]
) -> None:
    graph, checked = made(14, links)
    canvas.clear()
    canvas.show_graph(graph, checked, arranged(graph, *measures(graph, checked)))
    assert hidden(canvas) == []


def test_what_meets_nothing_stays_a_plain_curve(canvas: Canvas) -> None:
    graph, checked = made(3, [(0, 1), (1, 2)])
    canvas.show_graph(graph, checked, arranged(graph, *measures(graph, checked)))
    for wire in canvas.picture.wires:
        item = canvas.wire(wire)
        assert item.path() == curve(item.output_port.centre, item.input_port.centre)


def test_a_block_in_the_way_is_gone_around_and_comes_and_goes(canvas: Canvas) -> None:
    ins, outs = (PortSpec("x", "t"),), (PortSpec("y", "t"),)
    blocks = {n: BlockSpec(n, "kernel", n, "f()", inputs=ins, outputs=outs) for n in "abc"}
    wire = WireSpec("a.y->c.x", Endpoint("a", "y"), Endpoint("c", "x"))
    picture = Picture(blocks, {wire.id: wire})
    far = {"a": (0.0, 0.0), "b": (300.0, 400.0), "c": (600.0, 0.0)}
    canvas.draw(picture, far)
    plain = canvas.wire(wire.id).path()
    canvas.draw(picture, {**far, "b": (300.0, 0.0)})
    assert hidden(canvas) == []
    assert canvas.wire(wire.id).path() != plain
    canvas.draw(picture, {**far, "b": (300.0, 600.0)})
    assert canvas.wire(wire.id).path() == plain


def test_a_way_back_goes_around_what_lies_between() -> None:
    obstacles = Obstacles()
    rects = {"one": QRectF(0, 0, 150, 100), "two": QRectF(250, 60, 150, 200), "three": QRectF(500, 0, 150, 100)}
    obstacles.update(rects)
    start, end = QPointF(650, 50), QPointF(0, 50)
    way = lanes(obstacles, start, end, ("three", "one"), "w")
    assert way is not None
    path = along(start, end, way, 45.0)
    assert not meets(path, [rect.adjusted(1, 1, -1, -1) for rect in rects.values()])
    assert path.currentPosition() == end


def test_wires_through_one_gap_seldom_share_a_lane() -> None:
    obstacles = Obstacles()
    obstacles.update({"top": QRectF(200, -400, 150, 480), "low": QRectF(200, 140, 150, 600)})
    heights = set()
    for number in range(12):
        way = lanes(obstacles, QPointF(0, 0), QPointF(600, 0), (), f"w{number}")
        assert way
        heights.add(way[0].y)
    assert all(90 <= height <= 130 for height in heights)
    assert len(heights) >= 3


def test_a_moved_block_lays_the_wires_near_it_and_no_others(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    links = [(n, n + 1) for n in range(199)]
    links += [(n, n + 1 + n * 7919 % 40) for n in range(150)]
    graph, checked = made(200, links)
    places = {f"n{n}": (n // 25 * 340.0, n % 25 * 190.0) for n in range(200)}
    canvas.show_graph(graph, checked, places)
    laid: list[str] = []
    plain = WireRouter._lay

    def lay(router: WireRouter, name: str, wire: WireItem) -> QRectF:
        laid.append(name)
        return plain(router, name, wire)

    monkeypatch.setattr(WireRouter, "_lay", lay)
    canvas.show_graph(graph, checked, {**places, "n100": (places["n100"][0] + 40, places["n100"][1])})
    assert {wire for wire in canvas.picture.wires if "n100." in wire} <= set(laid)
    assert len(laid) < len(canvas.picture.wires) / 2
    laid.clear()
    canvas.show_graph(graph, checked, canvas.positions)
    assert laid == []
