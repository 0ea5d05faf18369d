"""Collapse, expand, duplicate, the clipboard, fixes as buttons, and what a wire's channel may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from allo_studio.design.edits import Disconnect, SetGraphPortType, SetNode, SetParam, SetTop
from allo_studio.design.model import Endpoint, GraphNode, KernelNode
from allo_studio.project import load_project
from ui.window import Window


def press(window: Window, key: Qt.Key, *more: Qt.KeyboardModifier) -> None:
    """Press Ctrl and a key while the canvas has the focus."""
    view = window.panels.canvas.view
    view.setFocus()
    modifiers = Qt.KeyboardModifier.ControlModifier
    for extra in more:
        modifiers |= extra
    QTest.keyClick(view, key, modifiers)
    QApplication.processEvents()


def names(window: Window) -> list[str]:
    assert window.session.graph is not None
    return list(window.session.graph.nodes)


def wires(window: Window) -> list[str]:
    assert window.session.graph is not None
    return [edge.id for edge in window.session.graph.edges]


def test_collapse_and_expand_by_their_keys(studio: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    before = studio.session.project
    positions = dict(studio.panels.canvas.positions)
    monkeypatch.setattr(studio.prompts, "text", lambda *_: "pair", raising=False)
    studio.panels.canvas.select_blocks(["mm1", "mm2"])
    press(studio, Qt.Key.Key_G)
    assert names(studio) == ["pair"]
    assert wires(studio) == ["A->pair.A", "B->pair.B", "D->pair.D", "pair.C->E"]
    assert studio.panels.canvas.selected_blocks() == ["pair"]
    assert studio.session.problems() == ()
    assert studio.actions_by_id["undo"].text() == "&Undo Collapse 2 blocks into pair"
    studio.do_enter()
    inner = studio.panels.canvas.positions
    assert inner["mm2"][0] - inner["mm1"][0] == positions["mm2"][0] - positions["mm1"][0]
    studio.do_leave()
    press(studio, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    assert names(studio) == ["mm1", "mm2"]
    assert studio.panels.canvas.selected_blocks() == ["mm1", "mm2"]
    assert studio.panels.canvas.positions == positions
    studio.do_undo()
    studio.do_undo()
    assert studio.session.project is before


INSTANCES = """format: 1
name: instances
top: top
graphs:
  top:
    inputs: {a: "int32[8]", b: "int32[16]"}
    outputs: {c: "int32[8]", d: "int32[16]"}
    nodes:
      left: {graph: pair, params: {n: 8}}
      right: {graph: pair}
    edges: [a -> left.a, left.b -> c, b -> right.a, right.b -> d]
  pair:
    params: {n: 16}
    inputs: {a: "int32[n]"}
    outputs: {b: "int32[n]"}
    nodes:
      one: {kernel: "kernels/own.py:own", params: {N: n}}
      two: {kernel: "kernels/own.py:own", params: {N: n}}
    edges: [a -> one.x, one.y -> two.x, two.y -> b]
"""
OWN = """from allo_studio.lang import int32

N = 4


def own(x: int32[N]) -> int32[N]:
    y: int32[N]
    for i in range(N):
        y[i] = x[i]
    return y
"""


def test_collapse_inside_of_an_instance_is_right_in_all(window: Window, project: Path) -> None:
    (project / "kernels" / "own.py").write_text(OWN)
    (project / "instances.yaml").write_text(INSTANCES)
    assert window.open_project(project / "instances.yaml")
    window.panels.canvas.select_blocks(["left"])
    window.do_enter()
    assert window.session.level.path == "top/left"
    window.panels.canvas.select_blocks(["two"])
    window.block_actions.collapse("part")
    assert window.session.problems() == ()
    assert window.session.project is not None
    assert window.session.project.graphs["part"].inputs == {"x": "int32[n]"}


def test_a_cycle_is_refused_in_words(studio: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.panels.canvas.select_blocks(["mm2"])
    studio.do_duplicate()
    session = studio.session
    session.do(Disconnect("cascade", "mm2.C->E"))
    studio.gestures.connect_ports(Endpoint("mm2", "C"), Endpoint("mm2_2", "A"))
    monkeypatch.setattr(studio.prompts, "text", lambda *_: "pair", raising=False)
    studio.panels.canvas.select_blocks(["mm1", "mm2_2"])
    before = session.project
    studio.do_collapse()
    assert session.project is before
    assert "would wait for itself: mm1 → mm2 → mm2_2" in studio.panels.problems.shown[0].message


def test_duplicate_selects_the_copies(studio: Window) -> None:
    studio.panels.canvas.select_blocks(["@A", "mm1", "mm2"])
    press(studio, Qt.Key.Key_D)
    assert names(studio) == ["mm1", "mm2", "mm1_2", "mm2_2"]
    assert wires(studio)[-1] == "mm1_2.C->mm2_2.A"
    assert studio.panels.canvas.selected_blocks() == ["mm1_2", "mm2_2"]
    x, y = studio.panels.canvas.positions["mm1"]
    assert studio.panels.canvas.positions["mm1_2"] == (x + 40, y + 40)


def test_copy_cut_and_paste(studio: Window) -> None:
    studio.panels.canvas.select_blocks(["mm1"])
    press(studio, Qt.Key.Key_C)
    assert QGuiApplication.clipboard().text().startswith("format: 1\n")
    press(studio, Qt.Key.Key_V)
    press(studio, Qt.Key.Key_V)
    assert names(studio) == ["mm1", "mm2", "mm1_2", "mm1_3"]
    places = studio.panels.canvas.positions
    assert places["mm1_2"] != places["mm1_3"]
    assert studio.session.project is not None
    assert list(studio.session.project.schedules) == ["row_wise"], "an equal schedule is used again"
    press(studio, Qt.Key.Key_X)
    assert names(studio) == ["mm1", "mm2", "mm1_2"]
    assert studio.actions_by_id["undo"].text() == "&Undo Cut mm1_3"
    press(studio, Qt.Key.Key_V)
    assert names(studio)[-1] == "mm1_3"


def test_between_two_projects(studio: Window, project: Path, tmp_path: Path) -> None:
    studio.panels.canvas.select_blocks(["mm2"])
    studio.do_copy()
    other = tmp_path / "other.yaml"
    other.write_text("format: 1\nname: other\ntop: g\nschedules:\n  row_wise: []\ngraphs:\n  g: {}\n")
    assert studio.open_project(other)
    studio.do_paste()
    assert names(studio) == ["mm2"]
    assert studio.do_save()
    saved = load_project(other).project
    assert saved.graphs["g"].nodes["mm2"] == KernelNode("kernels/gemm.py", "gemm", {}, "row_wise_2")
    assert saved.schedules["row_wise_2"] == load_project(project).project.schedules["row_wise"]


def test_a_clipboard_with_something_else_is_told(studio: Window) -> None:
    before = studio.session.project
    for text, words in (("Dear reader", "holds no blocks"), ("format: 1\nname: [", "broken YAML")):
        QGuiApplication.clipboard().setText(text)
        studio.do_paste()
        assert words in studio.panels.problems.shown[0].message
        assert "Nothing was pasted" in studio.statusBar().currentMessage()
    assert studio.session.project is before


def test_the_keys_of_the_clipboard_are_those_of_the_list_that_has_the_focus(studio: Window) -> None:
    studio.session.do(Disconnect("cascade", "mm1.C->mm2.A"))
    studio.panels.canvas.select_blocks(["mm1"])
    QGuiApplication.clipboard().clear()
    tree = studio.panels.problems.tree
    tree.setFocus()
    QTest.keyClick(tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "is not connected" in QGuiApplication.clipboard().text()


def test_without_a_selection_nothing_is_offered(studio: Window) -> None:
    studio.panels.canvas.select_blocks(["@A"])
    enabled = {name for name, action in studio.actions_by_id.items() if action.isEnabled()}
    assert not enabled & {"cut", "copy", "duplicate", "collapse", "expand"}
    studio.panels.canvas.select_blocks(["mm1"])
    enabled = {name for name, action in studio.actions_by_id.items() if action.isEnabled()}
    assert enabled >= {"cut", "copy", "duplicate", "collapse", "paste"}
    assert "expand" not in enabled


def test_the_context_menu_has_what_can_be_done(studio: Window) -> None:
    studio.panels.canvas.select_blocks(["mm1"])
    menus = [studio.context_menu("mm1", None), studio.context_menu(None, None)]
    shown = [[action.objectName() for action in menu.actions()] for menu in menus]
    wanted = ["disable", "bypass", "collapse", "backdrop", "cut", "copy", "duplicate", "delete"]
    assert [name for name in shown[0] if name] == wanted
    assert shown[1][0] == "paste"


def test_a_fix_is_a_button_under_problems(studio: Window, qtbot: Any) -> None:
    studio.session.do(SetGraphPortType("cascade", "A", "int32[64, 64]"))
    problems = studio.panels.problems
    assert "element types differ" in problems.shown[0].message
    found = {button.text(): button for button in problems.buttons(0)}
    assert list(found) == ["Insert a conversion to float32", "Make A float32[64, 64]"]
    found["Insert a conversion to float32"].click()
    qtbot.waitUntil(lambda: "convert" in names(studio))
    assert studio.session.problems() == ()
    assert studio.panels.canvas.block("convert").spec.subtitle == "int32[64, 64] to float32"
    studio.do_undo()
    assert problems.buttons(0)


def test_a_row_among_many_shows_its_fixes_when_it_is_chosen(studio: Window) -> None:
    for wire in ("A->mm1.A", "B->mm1.B", "D->mm2.B"):
        studio.session.do(Disconnect("cascade", wire))
    problems = studio.panels.problems
    assert len(problems.shown) > 3
    assert problems.buttons(0) == []
    problems.tree.setCurrentItem(problems.tree.topLevelItem(0))
    assert problems.buttons(0)


def test_the_fixes_of_a_wire_and_of_a_block_are_on_their_pages(studio: Window, qtbot: Any) -> None:
    studio.session.do(SetParam("cascade", "mm1", "N", 32))
    canvas, inspector = studio.panels.canvas, studio.panels.inspector
    canvas.select(wire="B->mm1.B")
    texts = [button.text() for button in inspector.wire_page.fixes.buttons]
    assert texts == ["Set N to 64 in mm1", "Make B float32[64, 32]"]
    inspector.wire_page.fixes.buttons[0].click()
    qtbot.waitUntil(lambda: studio.session.problems() == ())
    assert inspector.wire_page.fixes.buttons == []
    studio.session.do(Disconnect("cascade", "A->mm1.A"))
    canvas.select("mm1")
    assert [button.text() for button in inspector.kernel_page.fixes.buttons] == [
        "Connect A to mm1.A",
        "Make mm1.A an input of the graph",
    ]
    inspector.kernel_page.fixes.buttons[0].click()
    qtbot.waitUntil(lambda: "A->mm1.A" in wires(studio))
    studio.session.do(SetNode("cascade", "mm1", GraphNode("cascade")))
    assert any("contains" in d.message for d in studio.session.problems())


def test_what_may_be_asked_of_a_wire(studio: Window) -> None:
    page, canvas = studio.panels.inspector.wire_page, studio.panels.canvas

    def choices() -> list[str]:
        return [page.channel.itemText(i) for i in range(page.channel.count())]

    canvas.select(wire="mm1.C->mm2.A")
    assert choices() == ["chosen by the compiler", "fifo", "pingpong", "shared"]
    assert page.tokens.isEnabled()
    page.channel.setCurrentIndex(1)
    page.channel.activated.emit(1)
    page.tokens.setValue(7)
    edge = next(e for e in studio.session.graph.edges if e.id == "mm1.C->mm2.A")  # type: ignore[union-attr]
    assert (edge.channel, edge.depth) == ("fifo", 7)
    canvas.select(wire="A->mm1.A")
    assert choices() == ["chosen by the compiler", "fifo"]
    assert not page.tokens.isEnabled()
    page.channel.setCurrentIndex(1)
    page.channel.activated.emit(1)
    assert studio.session.graph is not None
    assert studio.session.graph.edges[0].channel == "fifo"


def test_a_wire_at_the_boundary_of_an_inner_graph_has_no_choice(studio: Window) -> None:
    studio.panels.canvas.select_blocks(["mm1", "mm2"])
    studio.block_actions.collapse("pair")
    studio.do_enter()
    studio.panels.canvas.select(wire="A->mm1.A")
    page = studio.panels.inspector.wire_page
    assert not page.channel.isEnabled()
    assert not page.tokens.isEnabled()
    studio.session.do(SetTop("pair"))
    assert page.channel.isEnabled()


def test_general_blocks_are_in_the_palette_and_can_be_changed(studio: Window) -> None:
    entries = dict(studio.panels.palette.entries())
    studio.panels.palette.chosen.emit(entries["Conversion"])
    form = studio.panels.inspector.kernel_page.general
    assert (form.type.text(), form.to.text()) == ("float32[64, 64]", "int32")
    form.to.setText("int8")
    form.to.editingFinished.emit()
    assert studio.session.graph is not None
    assert studio.session.graph.nodes["convert"].path == "@convert/float32[64, 64]/int8"  # type: ignore[union-attr]
    form.type.setText("nonsense")
    form.type.editingFinished.emit()
    assert "unknown element type 'nonsense'" in form.type.toolTip()
    assert studio.session.graph.nodes["convert"].path == "@convert/float32[64, 64]/int8"  # type: ignore[union-attr]
    studio.panels.palette.chosen.emit(entries["Duplicator"])
    form.copies.setValue(3)
    assert studio.session.graph.nodes["duplicate"].path == "@duplicate/float32[64, 64]/3"  # type: ignore[union-attr]
    assert len(studio.panels.canvas.block("duplicate").spec.outputs) == 3
    studio.panels.canvas.select("mm1")
    assert form.isHidden()


def test_a_port_of_the_graph_is_renamed_on_its_page(studio: Window) -> None:
    studio.panels.canvas.select("@A")
    page = studio.panels.inspector.port_page
    page.name.setText("first")
    page.name.editingFinished.emit()
    assert wires(studio)[0] == "first->mm1.A"
    page.name.setText("B")
    studio.panels.canvas.select("@first")
    page.name.setText("B")
    page.name.editingFinished.emit()
    assert "already a port" in page.name_check.fault
    assert wires(studio)[0] == "first->mm1.A"


def test_del_deletes_what_is_selected_only_where_that_is_seen_to_be_meant(studio: Window) -> None:
    studio.panels.canvas.select_blocks(["mm1"])
    for widget in (studio.panels.problems.tree, studio.panels.palette.tree, studio.panels.palette.search):
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_Delete)
        assert studio.session.graph is not None
        assert "mm1" in studio.session.graph.nodes
    studio.panels.canvas.view.setFocus()
    QTest.keyClick(studio.panels.canvas.view.viewport(), Qt.Key.Key_Delete)
    assert "mm1" not in studio.session.graph.nodes
