"""The canvas draws differences and passes gestures on without changing anything itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from allo_studio.design.checked import CheckedDesign, PortInfo
from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, KernelNode, Project, UnknownNode
from allo_studio.types import parse_type
from nodes import colours
from nodes.canvas import Canvas, measures
from nodes.picture import BlockSpec, Picture, PortSpec, WireSpec, endpoint
from nodes.pipe import WireItem, around
from nodes.viewer import MIME_TYPE
from ui.positions import completed

# The constructor with QPoint is deprecated in Qt 6.12, and the only one in Qt 6.9.
pytestmark = pytest.mark.filterwarnings("ignore:Function. 'QDrag:DeprecationWarning")

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
PORT_IN, PORT_OUT = PortSpec("x", "float32[8]", "float32"), PortSpec("y", "float32[8]", "float32")


def block(name: str, **changes: Any) -> BlockSpec:
    return replace(BlockSpec(name, "kernel", name, "f()", inputs=(PORT_IN,), outputs=(PORT_OUT,)), **changes)


def wire(source: str, target: str, **changes: Any) -> WireSpec:
    ends = Endpoint(source, "y"), Endpoint(target, "x")
    return replace(WireSpec(f"{ends[0]}->{ends[1]}", *ends, "float32[8]", element="float32"), **changes)


def picture(*wires: WireSpec, names: str = "abc", **changed: BlockSpec) -> Picture:
    return Picture({n: changed.get(n, block(n)) for n in names}, {w.id: w for w in wires})


PLACES = {"a": (0.0, 0.0), "b": (300.0, 0.0), "c": (300.0, 200.0)}


@pytest.fixture
def canvas(canvas: Canvas, qapp: QApplication) -> Canvas:
    """A canvas with a wire from one block to another, and a third."""
    canvas.draw(picture(wire("a", "b")), PLACES)
    canvas.view.fit()
    qapp.processEvents()
    return canvas


@pytest.fixture
def told(canvas: Canvas) -> list[tuple[Any, ...]]:
    """Every signal of the canvas with its values."""
    heard: list[tuple[Any, ...]] = []
    names = [
        "connect_requested",
        "disconnect_requested",
        "reroute_requested",
        "wire_dropped",
        "moved",
        "opened",
        "refused",
        "dropped",
    ]
    for name in names:
        getattr(canvas, name).connect(lambda *values, name=name: heard.append((name, *values)))
    return heard


def drag(canvas: Canvas, start: QPointF, end: QPointF) -> None:
    view = canvas.view
    points = [view.mapFromScene(start + (end - start) * (i / 6)) for i in range(7)]
    QTest.mousePress(view.viewport(), LEFT, NONE, points[0])
    for point in points[1:]:
        QTest.mouseMove(view.viewport(), point)
        QApplication.processEvents()
    QTest.mouseRelease(view.viewport(), LEFT, NONE, points[-1])


def port(canvas: Canvas, name: str, output: bool) -> QPointF:
    return canvas.port(name, "y" if output else "x", output).centre


def test_only_what_differs_is_made_anew(canvas: Canvas) -> None:
    kept, old_wire = canvas.block("a"), canvas.wire("a.y->b.x")
    canvas.draw(picture(wire("a", "b"), wire("a", "c"), a=block("a", footer="9 cycles")), PLACES)
    assert canvas.block("a") is kept
    assert kept.spec.footer == "9 cycles"
    assert canvas.wire("a.y->b.x") is old_wire
    assert canvas.wire("a.y->c.x").input_port is canvas.port("c", "x", False)


def test_a_block_whose_ports_change_is_made_anew_with_its_wires(canvas: Canvas) -> None:
    old = canvas.block("b")
    more = block("b", inputs=(PORT_IN, PortSpec("z")))
    canvas.draw(picture(wire("a", "b"), b=more), PLACES)
    assert canvas.block("b") is not old
    assert canvas.wire("a.y->b.x").input_port is canvas.port("b", "x", False)
    assert len(canvas.port("a", "y", True).connected_pipes) == 1


def test_removed_blocks_take_their_wires_along(canvas: Canvas) -> None:
    canvas.draw(picture(names="ac"), PLACES)
    assert canvas.port("a", "y", True).connected_pipes == []
    assert {item.spec.name for item in canvas.view.all_nodes()} == {"a", "c"}
    with pytest.raises(KeyError):
        canvas.wire("a.y->b.x")


def test_several_wires_may_end_at_one_input_so_that_the_fault_is_seen(canvas: Canvas) -> None:
    canvas.draw(picture(wire("a", "b"), wire("c", "b", broken=True, tooltip="two producers")), PLACES)
    assert len(canvas.port("b", "x", False).connected_pipes) == 2
    assert canvas.wire("c.y->b.x").toolTip() == "two producers"


def test_a_broken_wire_is_red_and_its_label_has_the_reason_too(canvas: Canvas) -> None:
    canvas.draw(picture(wire("a", "b", broken=True, tooltip="types differ")), PLACES)
    item = canvas.wire("a.y->b.x")
    assert item.colour.name() == colours.ERROR.name()
    assert item.label.toolTip() == "types differ"


def test_drawing_a_wire_asks_and_changes_nothing(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    drag(canvas, port(canvas, "a", True), port(canvas, "c", False))
    assert told == [("connect_requested", Endpoint("a", "y"), Endpoint("c", "x"))]
    assert list(canvas.picture.wires) == ["a.y->b.x"]
    assert canvas.port("c", "x", False).connected_pipes == []


def test_a_wire_may_be_drawn_from_its_input_end(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    drag(canvas, port(canvas, "c", False), port(canvas, "a", True))
    assert told == [("connect_requested", Endpoint("a", "y"), Endpoint("c", "x"))]


def test_a_wire_dropped_on_a_block_takes_its_first_fitting_port(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    drag(canvas, port(canvas, "a", True), canvas.block("c").sceneBoundingRect().center())
    assert told == [("connect_requested", Endpoint("a", "y"), Endpoint("c", "x"))]


def test_rerouting_asks_and_shows_the_wire_until_told_otherwise(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    drag(canvas, port(canvas, "b", False), port(canvas, "c", False))
    assert told == [("reroute_requested", "a.y->b.x", Endpoint("a", "y"), Endpoint("c", "x"))]
    assert canvas.wire("a.y->b.x").opacity() == 1.0
    assert len(canvas.port("b", "x", False).connected_pipes) == 1


def test_the_wire_itself_can_be_dragged_by_its_nearer_end(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    near_target = canvas.wire("a.y->b.x").path().pointAtPercent(0.85)
    drag(canvas, near_target, port(canvas, "c", False))
    assert told == [("reroute_requested", "a.y->b.x", Endpoint("a", "y"), Endpoint("c", "x"))]


def test_an_end_dropped_in_empty_space_asks_to_disconnect(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    drag(canvas, port(canvas, "b", False), QPointF(150, 260))
    assert told == [("disconnect_requested", "a.y->b.x")]


def test_a_new_wire_dropped_in_empty_space_says_where(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    drag(canvas, port(canvas, "a", True), QPointF(150, 260))
    assert told[0][:3] == ("wire_dropped", Endpoint("a", "y"), True)
    assert (told[0][3] - QPointF(150, 260)).manhattanLength() < 4


def test_putting_an_end_back_asks_nothing(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    at = port(canvas, "b", False)
    drag(canvas, at, at + QPointF(2, 1))
    assert told == []


def test_what_does_not_fit_is_refused_with_the_reason(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    canvas.set_checker(lambda source, target, taken: "types differ" if target.node == "c" else None)
    view, start = canvas.view, port(canvas, "a", True)
    QTest.mousePress(view.viewport(), LEFT, NONE, view.mapFromScene(start))
    assert canvas.port("b", "x", False).mark == "ok"
    assert canvas.port("c", "x", False).mark == ""
    QTest.mouseMove(view.viewport(), view.mapFromScene(port(canvas, "c", False)))
    QApplication.processEvents()
    assert view.live.reason == "types differ"
    assert not view.viewport().grab().isNull()
    QTest.mouseRelease(view.viewport(), LEFT, NONE, view.mapFromScene(port(canvas, "c", False)))
    assert told == [("refused", "types differ")]
    assert not view.live.isVisible()
    assert canvas.port("b", "x", False).mark == ""


def test_two_outputs_are_refused(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    drag(canvas, port(canvas, "a", True), port(canvas, "c", True))
    assert told == [("refused", "both ends are outputs")]


def test_moving_tells_positions_on_the_grid(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    inside = QPointF(60, 12)
    drag(canvas, inside, inside + QPointF(50, 30))
    ((name, moves),) = told
    assert name == "moved"
    assert list(moves) == ["a"]
    x, y = moves["a"]
    assert (abs(x - 50) <= 6, abs(y - 30) <= 6, x % 4, y % 4) == (True, True, 0, 0)


def test_a_click_selects_and_moves_nothing(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    chosen: list[Any] = []
    canvas.selected.connect(chosen.append)
    QTest.mouseClick(canvas.view.viewport(), LEFT, NONE, canvas.view.mapFromScene(QPointF(60, 12)))
    assert chosen[-1] == "a"
    assert told == []


def test_a_double_click_opens(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    QTest.mouseDClick(canvas.view.viewport(), LEFT, NONE, canvas.view.mapFromScene(QPointF(60, 12)))
    assert ("opened", "a") in told


def test_clicking_a_wire_selects_it(canvas: Canvas) -> None:
    chosen: list[Any] = []
    canvas.wire_selected.connect(chosen.append)
    middle = canvas.wire("a.y->b.x").path().pointAtPercent(0.15)
    QTest.mouseClick(canvas.view.viewport(), LEFT, NONE, canvas.view.mapFromScene(middle))
    assert chosen[-1] == "a.y->b.x"


def test_selection_is_told_when_the_selected_block_goes(canvas: Canvas) -> None:
    canvas.select("b")
    chosen: list[Any] = []
    canvas.selected.connect(chosen.append)
    canvas.draw(picture(names="ac"), PLACES)
    assert chosen == [None]


def test_drops_from_the_palette_are_told_in_scene_coordinates(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    data = QMimeData()
    data.setData(MIME_TYPE, b'{"kind": "input"}')
    at = canvas.view.mapFromScene(QPointF(100, 100))
    action = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(at, action, data, LEFT, NONE)
    QApplication.sendEvent(canvas.view.viewport(), enter)
    assert enter.isAccepted()
    QApplication.sendEvent(canvas.view.viewport(), QDropEvent(QPointF(at), action, data, LEFT, NONE))
    name, text, x, y = told[0]
    assert (name, text) == ("dropped", '{"kind": "input"}')
    assert abs(x - 100) < 3
    assert abs(y - 100) < 3


def test_other_data_is_not_taken(canvas: Canvas, told: list[tuple[Any, ...]]) -> None:
    data = QMimeData()
    data.setText("nodegraphqt::node:x")
    event = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, LEFT, NONE)
    canvas.view.dragEnterEvent(event)
    drop = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, LEFT, NONE)
    QApplication.sendEvent(canvas.view.viewport(), drop)
    assert told == []


def test_the_wheel_zooms_at_the_cursor(canvas: Canvas) -> None:
    view = canvas.view
    spot = QPointF(200, 150)
    before, scale = view.mapToScene(spot.toPoint()), view.transform().m11()
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(spot, QPointF(view.mapToGlobal(spot.toPoint())), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, NONE, phase, False)  # fmt: skip  # noqa: E501
    view.wheelEvent(event)
    assert view.transform().m11() > scale * 1.2
    assert (view.mapToScene(spot.toPoint()) - before).manhattanLength() < 4


def test_the_middle_button_pans(canvas: Canvas) -> None:
    view = canvas.view
    before = view.mapToScene(QPoint(0, 0))
    QTest.mousePress(view.viewport(), Qt.MouseButton.MiddleButton, NONE, QPoint(300, 300))
    QTest.mouseMove(view.viewport(), QPoint(360, 340))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.MiddleButton, NONE, QPoint(360, 340))
    moved = view.mapToScene(QPoint(0, 0)) - before
    assert moved.x() < -10
    assert moved.y() < -10


NAMES = st.sampled_from(["f", "g", "u", "gone", ""])
PORTS = st.sampled_from(["x", "y", "A", "B", "odd"])
ENDS = st.builds(Endpoint, NAMES, PORTS)
GRAPHS = st.builds(
    Graph,
    st.sampled_from(["one", "two"]),
    st.just("dataflow"),
    st.dictionaries(PORTS, st.sampled_from(["float32[8]", "nonsense"]), max_size=2),
    st.dictionaries(PORTS, st.just("int32[8]"), max_size=2),
    st.dictionaries(NAMES.filter(bool), st.sampled_from([KernelNode("k.py", "f"), GraphNode("q"), UnknownNode({})])),
    st.lists(st.builds(Edge, ENDS, ENDS), max_size=6).map(tuple),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graphs=st.lists(GRAPHS, min_size=1, max_size=4))
def test_any_graph_however_faulty_is_drawn_after_any_other(canvas: Canvas, graphs: list[Graph]) -> None:
    ports = {"one/f": (PortInfo("x", "in"), PortInfo("y", "out", parse_type("int32[8]")))}
    for graph in graphs:
        signatures = {graph.name: tuple(PortInfo(name, "in") for name in graph.inputs)}
        checked = CheckedDesign(Project("p"), (), {}, ports, {}, signatures)
        sizes, rooms = measures(graph, checked)
        places = completed(graph, {}, sizes, rooms)
        assert set(places) == set(sizes)
        canvas.show_graph(graph, checked, places)
        ids = {edge.id for edge in graph.edges}
        assert {item.spec.id for item in canvas.view.all_pipes() if isinstance(item, WireItem)} == ids
        for wire_id in ids:
            item = canvas.wire(wire_id)
            assert endpoint(item.output_port.node.spec.name, item.output_port.spec.name) == item.spec.source
            assert endpoint(item.input_port.node.spec.name, item.input_port.spec.name) == item.spec.target
    assert not canvas.view.viewport().grab().isNull()


def test_a_wire_that_leads_back_goes_below_the_blocks() -> None:
    near, far = (around(QPointF(x, 50), QPointF(0, 30), 80) for x in (100, 600))
    for path, x in ((near, 100), (far, 600)):
        rect = path.boundingRect()
        assert (path.pointAtPercent(0), path.pointAtPercent(1)) == (QPointF(x, 50), QPointF(0, 30))
        assert path.pointAtPercent(0.5).y() > 80
        assert rect.left() < 0
        assert rect.right() > x
    # The one that leads farther back is the lower, so that they do not lie on each other.
    assert far.boundingRect().bottom() > near.boundingRect().bottom() + 20


def test_a_wire_of_which_nothing_is_known_has_no_label(canvas: Canvas) -> None:
    canvas.draw(picture(wire("a", "b", label="", element="")), PLACES)
    label = canvas.wire("a.y->b.x").label
    assert label.lines == ()
    assert not label.isVisible()
    canvas.draw(picture(wire("a", "b")), PLACES)
    assert label.isVisible()
