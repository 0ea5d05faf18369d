"""A design by the keyboard alone: from block to block, along ports, wires from a list, moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from allo_studio.design.edits import Disconnect, Several
from ui.tables import items_of
from ui.target_dialog import TargetDialog
from ui.window import Window

Key = Qt.Key
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def press(window: Window, *keys: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    """Press keys while the canvas has the focus."""
    view = window.panels.canvas.view
    window.activateWindow()
    view.setFocus()
    QApplication.processEvents()
    for key in keys:
        QTest.keyClick(view, key, held)
        QApplication.processEvents()


def with_targets(window: Window, act: Callable[[TargetDialog], None]) -> None:
    """Press W and do something with the list of targets."""
    seen: list[BaseException] = []

    def found() -> None:
        dialog = QApplication.activeModalWidget()
        try:
            assert isinstance(dialog, TargetDialog)
            # Until it is active, keys are those of the window behind it.
            dialog.activateWindow()
            dialog.search.setFocus()
            QApplication.processEvents()
            act(dialog)
        except BaseException as error:
            seen.append(error)
        finally:
            if isinstance(dialog, TargetDialog) and dialog.isVisible():
                dialog.reject()

    press(window)
    QApplication.processEvents()
    QTimer.singleShot(0, found)
    QTest.keyClick(window.panels.canvas.view, Key.Key_W)
    if seen:
        raise seen[0]


def wire_to(window: Window, text: str) -> None:
    def take(dialog: TargetDialog) -> None:
        QTest.keyClicks(dialog.search, text)
        QTest.keyClick(dialog.search, Key.Key_Return)

    with_targets(window, take)


def said(window: Window) -> str:
    return window.statusBar().currentMessage()


def test_arrows_lead_to_the_next_block(studio: Window) -> None:
    canvas = studio.panels.canvas
    canvas.select(None)
    press(studio, Key.Key_Right)
    assert canvas.selected_blocks() == ["@A"]
    press(studio, Key.Key_Right)
    assert canvas.selected_blocks() == ["mm1"]
    assert said(studio).startswith("mm1, gemm()")
    assert "2 inputs and 1 output, sound" in said(studio)
    assert canvas.view.accessibleDescription() == said(studio)
    press(studio, Key.Key_Right, Key.Key_Right)
    assert canvas.selected_blocks() == ["@E"]
    press(studio, Key.Key_Right)
    assert (canvas.selected_blocks(), said(studio)) == (["@E"], "No block there")
    press(studio, Key.Key_Left)
    assert studio.panels.inspector.block == "mm2"


def test_a_key_leads_from_the_palette_to_the_canvas(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    studio.do_search()
    assert studio.focusWidget() is studio.panels.palette.search
    studio.actions_by_id["to_canvas"].trigger()
    assert studio.focusWidget() is studio.panels.canvas.view
    assert "mm1" in studio.statusBar().currentMessage()


def test_a_chosen_port_is_told_and_ringed(studio: Window) -> None:
    canvas = studio.panels.canvas
    canvas.select("mm2")
    press(studio, Key.Key_P)
    assert said(studio) == "mm2.A: input float32[64, 64], wired from mm1.C"
    press(studio, Key.Key_P, Key.Key_P)
    assert said(studio) == "mm2.C: output float32[64, 64], wired to E"
    at = canvas.view.mapFromScene(canvas.port("mm2", "C", True).centre)
    around = QRect(at - QPoint(12, 12), QSize(25, 25))
    ringed = canvas.view.viewport().grab(around).toImage()
    press(studio, Key.Key_P)
    assert said(studio).startswith("mm2.A")
    assert canvas.view.viewport().grab(around).toImage() != ringed
    press(studio, Key.Key_P, held=SHIFT)
    assert said(studio).startswith("mm2.C")
    # Another block has its own ports.
    press(studio, Key.Key_Left)
    assert studio.walk.port is None


def test_a_whole_design_is_wired_by_keys(studio: Window) -> None:
    graph = studio.session.graph
    assert graph is not None
    wanted = {(edge.source, edge.target) for edge in graph.edges}
    assert studio.session.do(Several(tuple(Disconnect(graph.name, edge.id) for edge in graph.edges), "all"))
    canvas = studio.panels.canvas
    canvas.select(None)
    press(studio, Key.Key_Right)
    wire_to(studio, "mm1.A")
    canvas.select("@B")
    wire_to(studio, "mm1.B")
    press(studio, Key.Key_Right)
    assert canvas.selected_blocks() == ["mm1"]
    press(studio, Key.Key_P, Key.Key_P, Key.Key_P)
    wire_to(studio, "mm2.A")
    assert said(studio) == "mm1.C: output float32[64, 64], wired to mm2.A"
    canvas.select("@D")
    wire_to(studio, "mm2.B")
    canvas.select("@E")
    wire_to(studio, "mm2.C")
    now = studio.session.graph
    assert now is not None
    assert {(edge.source, edge.target) for edge in now.edges} == wanted
    studio.session.undo()
    assert studio.session.graph is not None
    assert len(studio.session.graph.edges) == 4


def test_targets_that_do_not_fit_say_why_and_cannot_be_taken(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    press(studio, Key.Key_P, Key.Key_P, Key.Key_P)
    before = studio.session.project

    def look(dialog: TargetDialog) -> None:
        rows = {item.text(0): item.text(2) for item in items_of(dialog.list)}
        assert rows["mm2.B"] == ""
        assert rows["mm2.A"] == "there is such a wire already"
        # Those that fit come first.
        reasons = [item.text(2) for item in items_of(dialog.list)]
        assert reasons == sorted(reasons, key=bool)
        QTest.keyClicks(dialog.search, "mm2.A")
        QTest.keyClick(dialog.search, Key.Key_Return)
        assert dialog.isVisible()

    with_targets(studio, look)
    assert studio.session.project is before


def test_blocks_move_by_keys_and_the_move_can_be_undone(studio: Window) -> None:
    canvas = studio.panels.canvas
    canvas.select("mm1")
    x, y = canvas.positions["mm1"]
    press(studio, Key.Key_Right, Key.Key_Down, held=SHIFT)
    assert canvas.positions["mm1"] == (x + 24, y + 24)
    assert studio.session.project is not None
    assert studio.session.project.view["cascade"]["mm1"] == (x + 24, y + 24)
    studio.session.undo()
    assert canvas.positions["mm1"] == (x + 24, y)


@pytest.mark.parametrize("block", ["mm1"])
def test_enter_opens(studio: Window, block: str) -> None:
    studio.panels.canvas.select(block)
    studio.panels.code.show_line(studio.session.source("kernels/gemm.py"), 1)
    press(studio, Key.Key_Return)
    assert studio.panels.code.source.isVisible()


def test_the_keys_are_the_canvas_alone(studio: Window) -> None:
    search = studio.panels.palette.search
    studio.panels.canvas.select("mm1")
    search.setFocus()
    QTest.keyClicks(search, "wp")
    assert search.text() == "wp"
    assert QApplication.activeModalWidget() is None
    assert studio.panels.canvas.selected_blocks() == ["mm1"]
