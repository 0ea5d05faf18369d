"""Each patch to NodeGraphQt, with the fault that it avoids."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from allo_studio.design.model import Endpoint
from nodes import colours, patches
from nodes.canvas import Canvas
from nodes.picture import BlockSpec, Picture, PortSpec, WireSpec

ROOT = Path(__file__).resolve().parents[2]


def chain(count: int, fan: int = 1) -> tuple[Picture, dict[str, tuple[float, float]]]:
    """Return a picture of blocks in a row, each wired to the next by `fan` wires."""
    ins = tuple(PortSpec(f"i{k}", "float32[4]", "float32") for k in range(fan))
    outs = tuple(PortSpec(f"o{k}", "float32[4]", "float32") for k in range(fan))
    blocks = {f"b{i}": BlockSpec(f"b{i}", "kernel", f"b{i}", "k()", inputs=ins, outputs=outs) for i in range(count)}
    wires = {}
    for i in range(count - 1):
        for k in range(fan):
            ends = Endpoint(f"b{i}", f"o{k}"), Endpoint(f"b{i + 1}", f"i{k}")
            wires[f"{ends[0]}->{ends[1]}"] = WireSpec(f"{ends[0]}->{ends[1]}", *ends, "float32[4]", element="float32")
    places = {f"b{i}": (i % 40 * 260.0, i // 40 * 200.0) for i in range(count)}
    return Picture(blocks, wires), places


def centre(canvas: Canvas, block: str) -> QPoint:
    return canvas.view.mapFromScene(canvas.block(block).sceneBoundingRect().center())


def test_qt_is_lent_only_while_nodegraphqt_is_imported() -> None:
    code = "import sys, nodes.patches; found = 'Qt' in sys.modules; import Qt; print(found, Qt.__binding__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "PySide6"], "who imports Qt.py gets the real one"


def test_qt_has_all_that_nodegraphqt_asks_it_for() -> None:
    given = patches._stand_ins()["Qt"]
    texts = [
        file.read_text(encoding="utf-8") for file in Path(str(sys.modules["NodeGraphQt"].__file__)).parent.rglob("*.py")
    ]
    asked = {found for text in texts for found in re.findall(r"\b(Qt(?:Core|Gui|Widgets|Svg|Compat))\.(\w+)", text)}
    assert len(asked) > 80
    # They stand in annotations of its documentation only.
    wrong = {("QtGui", "QStyleOptionGraphicsItem"), ("QtGui", "QStyleOptionViewItem")}
    wrong |= {("QtWidgets", "QGraphicsScenePressEvent"), ("QtWidgets", "QObject")}
    assert {(part, name) for part, name in asked if not hasattr(getattr(given, part), name)} == wrong


def test_distutils_is_lent_only_while_nodegraphqt_is_imported() -> None:
    assert getattr(sys.modules.get("distutils"), "__file__", "") is not None, "no stand-in is left behind"
    one, two = patches._LooseVersion("6.9.3"), patches._LooseVersion("5.10")
    assert one >= two
    assert not two >= one


def test_the_cycle_check_is_not_run(canvas: Canvas) -> None:
    # 40 levels of two wires: the original walks 2^40 paths before it lets a wire be drawn.
    picture, places = chain(40, fan=2)
    canvas.draw(picture, places)
    assert len(picture.wires) == 78
    assert canvas.view.acyclic_check(canvas.port("b39", "o0", True), canvas.port("b0", "i0", False)) is True


def test_names_are_not_looked_for_among_all_nodes(canvas: Canvas) -> None:
    canvas.draw(*chain(3))
    assert canvas._nodes.get_unique_name("b1") == "b1"
    assert sorted(canvas._nodes.model.nodes) == ["b0", "b1", "b2"], "ids are the blocks' names, at every load"


def test_a_fit_groups_no_items(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    # The original groups and ungroups all items for this, which takes seconds where there are a thousand.
    canvas.draw(*chain(300))
    monkeypatch.setattr(canvas.view.scene(), "createItemGroup", None)
    canvas.view.fit()
    shown = canvas.view.mapToScene(canvas.view.viewport().rect()).boundingRect()
    assert shown.contains(canvas.block("b299").sceneBoundingRect())


def test_labels_stand_apart(canvas: Canvas) -> None:
    picture, places = chain(2, fan=4)
    canvas.draw(picture, places)
    labels = [canvas.wire(name).label for name in picture.wires]
    rects = [label.boundingRect().translated(label.pos()).adjusted(1, 1, -1, -1) for label in labels]
    assert not any(a.intersects(b) for number, a in enumerate(rects) for b in rects[number + 1 :])


def test_the_combined_rectangle_is_the_union(canvas: Canvas) -> None:
    canvas.draw(*chain(2))
    rect = canvas.view._combined_rect([canvas.block("b0"), canvas.block("b1")])
    assert rect == canvas.block("b0").sceneBoundingRect().united(canvas.block("b1").sceneBoundingRect())
    assert canvas.view._combined_rect([]) == QRectF()


def test_gestures_leave_the_undo_stack_of_nodegraphqt_alone(canvas: Canvas) -> None:
    canvas.draw(*chain(3))
    canvas.view.fit()
    view = canvas.view.viewport()
    start = centre(canvas, "b0")
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 6):
        QTest.mouseMove(view, start + QPoint(8 * step, 8 * step))
        QApplication.processEvents()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start + QPoint(40, 40))
    assert canvas.selected_blocks() == ["b0"]
    assert canvas.block("b0").pos() != QPointF(0, 0), "the drag moved the block, so the stack had its chance"
    assert canvas._nodes.undo_stack().count() == 0


def test_the_signals_of_the_original_view_lead_to_no_edits(canvas: Canvas) -> None:
    canvas.draw(*chain(3))
    canvas.view.moved_nodes.emit({canvas.block("b0"): [5.0, 5.0]})
    ends = [canvas.port("b0", "o0", True), canvas.port("b1", "i0", False)]
    canvas.view.connection_sliced.emit([ends])
    canvas.view.connection_changed.emit([ends], [])
    assert canvas._nodes.undo_stack().count() == 0
    assert canvas.wire("b0.o0->b1.i0").scene() is not None


def test_pressing_a_port_deletes_no_wire(canvas: Canvas) -> None:
    canvas.draw(*chain(2))
    canvas.view.fit()
    at = canvas.view.mapFromScene(canvas.port("b1", "i0", False).centre)
    QTest.mousePress(canvas.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert canvas.wire("b0.o0->b1.i0").scene() is not None
    QTest.mouseRelease(canvas.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert len(canvas.port("b1", "i0", False).connected_pipes) == 1


def test_connected_ports_keep_their_type_colour(canvas: Canvas, qapp: QApplication) -> None:
    canvas.draw(*chain(2))
    canvas.view.fit(most=1.0)
    qapp.processEvents()
    port = canvas.port("b0", "o0", True)
    at = canvas.view.mapFromScene(port.centre)
    shown = canvas.view.viewport().grab().toImage().pixelColor(at)
    # Not NodeGraphQt's colour for connected ports.
    assert shown.name() == colours.element_colour("float32").name()


def test_wires_keep_their_colour_when_an_end_is_selected(canvas: Canvas) -> None:
    canvas.draw(*chain(2))
    wire = canvas.wire("b0.o0->b1.i0")
    canvas.select("b0")
    wire.highlight()
    wire.reset()
    assert wire.colour.name() == colours.element_colour("float32").name()


def test_resizing_keeps_the_scale(canvas: Canvas, qapp: QApplication) -> None:
    canvas.draw(*chain(3))
    canvas.view.fit()
    before = canvas.view.transform().m11()
    canvas.resize(1200, 500)
    qapp.processEvents()
    assert canvas.view.transform().m11() == pytest.approx(before, rel=1e-3)


def test_redrawing_does_not_drift(canvas: Canvas) -> None:
    canvas.draw(*chain(3))
    canvas.view.fit()
    before = canvas.view.transform().m11(), canvas.view.mapToScene(0, 0)
    for _ in range(20):
        canvas.view._update_scene()
    assert canvas.view.transform().m11() == pytest.approx(before[0], rel=1e-6)
    assert (canvas.view.mapToScene(0, 0) - before[1]).manhattanLength() < 3


def test_zooming_stays_within_limits(canvas: Canvas) -> None:
    canvas.draw(*chain(2))
    for _ in range(80):
        canvas.view.scale(1.5, 1.5)
    assert canvas.view.transform().m11() <= 3.01
    for _ in range(80):
        canvas.view.scale(0.5, 0.5)
    assert canvas.view.transform().m11() >= 0.049


def test_the_tab_search_stays_closed(canvas: Canvas) -> None:
    # It raises on a parenthesis in the text.
    canvas._nodes.toggle_node_search()
    assert not canvas.view._search_widget.isVisible()


def test_focus_puts_no_menus_with_shortcuts_over_the_windows(canvas: Canvas) -> None:
    before = len(canvas.view._ctx_menu_bar.actions())
    canvas.view.focusInEvent(QFocusEvent(QFocusEvent.Type.FocusIn))
    canvas.view.focusOutEvent(QFocusEvent(QFocusEvent.Type.FocusOut))
    assert len(canvas.view._ctx_menu_bar.actions()) == before
    assert canvas.view.qaction_for_undo() is None


def test_the_grid_can_be_painted_at_every_scale(canvas: Canvas, qapp: QApplication) -> None:
    # The original's dots raise a TypeError at any scale.
    canvas.draw(*chain(2))
    for factor in (0.2, 4.0):
        canvas.view.scale(factor, factor)
        assert not canvas.view.grab().isNull()


def test_a_new_blocks_tooltip_is_its_own(canvas: Canvas) -> None:
    # The original puts `node: NAME` in its place as the node is added.
    spec = BlockSpec("b", "kernel", "b", "k()", tooltip="the input b.x is not connected")
    canvas.draw(Picture({"b": spec, "c": BlockSpec("c", "kernel", "c", "k()")}), {})
    assert [canvas.block(name).toolTip() for name in "bc"] == [spec.tooltip, "k()"]
    assert canvas.block("b").name == "b"
