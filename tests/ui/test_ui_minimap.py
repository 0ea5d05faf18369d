"""The minimap moves the view and is remembered; a part of a graph is arranged by itself."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from allo_studio.design.edits import MoveNodes
from ui import preferences
from ui.window import Window


def zoomed(window: Window) -> None:
    """Zoom so far that blocks are out of sight."""
    window.resize(1700, 1100)
    QApplication.processEvents()
    window.do_fit()
    window.panels.canvas.view.scale(2.0, 2.0)
    QApplication.processEvents()


def test_it_is_there_when_blocks_are_out_of_sight_and_moves_the_view(studio: Window) -> None:
    studio.resize(1700, 1100)
    QApplication.processEvents()
    studio.do_fit()
    view, minimap = studio.panels.canvas.view, studio.panels.canvas.minimap
    assert not minimap.isVisible(), "everything is seen"
    zoomed(studio)
    assert minimap.isVisible()
    assert minimap.geometry().right() < view.width()
    scale = view.transform().m11()
    at = QPoint(10, minimap.height() // 2)
    QTest.mousePress(minimap, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    left = view.scene_range().center()
    assert abs(left.x() - minimap.to_scene(at.toPointF()).x()) < 2
    QTest.mouseMove(minimap, QPoint(minimap.width() - 10, minimap.height() // 2))
    QApplication.processEvents()
    QTest.mouseRelease(minimap, Qt.MouseButton.LeftButton)
    assert abs(view.transform().m11() - scale) < 1e-6


def test_it_is_switched_off_and_that_is_remembered(studio: Window) -> None:
    zoomed(studio)
    studio.actions_by_id["minimap"].trigger()
    assert not studio.panels.canvas.minimap.isVisible()
    assert not preferences.load().minimap
    studio.actions_by_id["minimap"].trigger()
    assert studio.panels.canvas.minimap.isVisible()


def test_only_what_is_selected_is_arranged(studio: Window) -> None:
    canvas = studio.panels.canvas
    studio.session.do(MoveNodes("cascade", {"mm1": (600.0, 300.0), "mm2": (120.0, 80.0)}))
    before = canvas.positions
    canvas.select_blocks(["mm1", "mm2"])
    studio.do_arrange_part()
    after = canvas.positions
    assert after["mm1"][0] == 120.0
    assert min(after["mm1"][1], after["mm2"][1]) == 80.0
    assert after["mm2"][0] > after["mm1"][0] + 100, "the producer stands left of its consumer"
    assert {n: p for n, p in after.items() if n.startswith("@")} == {n: p for n, p in before.items() if n[0] == "@"}
    studio.do_undo()
    assert canvas.positions == before
