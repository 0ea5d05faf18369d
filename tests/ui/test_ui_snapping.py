"""Moved blocks come in line with their neighbours, or lie on the grid; both are choices that are remembered."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from allo_studio.design.edits import MoveNodes
from nodes.guides import aligned_with
from ui import preferences
from ui.window import Window


def test_edges_and_middles_come_in_line() -> None:
    other = QRectF(0, 0, 100, 50)
    found = aligned_with(QRectF(103, 200, 100, 50), [other], 6)
    assert (found.across, found.down) == (-3.0, None)
    assert [line.x1() for line in found.lines] == [100.0], "its left edge with the other's right one"
    found = aligned_with(QRectF(300, 12, 80, 30), [other], 6)
    assert (found.across, found.down) == (None, -2.0), "the middles"
    assert aligned_with(QRectF(300, 200, 80, 30), [other], 6).lines == ()


def test_a_moved_block_lies_on_the_grid(studio: Window, mouse: Any) -> None:
    canvas = studio.panels.canvas
    studio.session.do(MoveNodes("cascade", {"mm1": (120.0, 400.0), "mm2": (420.0, 80.0)}))
    studio.do_fit()
    studio.actions_by_id["guides"].trigger()
    middle = canvas.block("mm1").outline.center()
    mouse.drag(middle, middle + QPointF(37, 113))
    assert canvas.positions["mm1"] != (120.0, 400.0)
    assert all(value % 24 == 0 for value in canvas.positions["mm1"])
    studio.actions_by_id["snap"].trigger()
    assert not preferences.load().snap
    assert not preferences.load().guides
    before = canvas.positions["mm1"]
    middle = canvas.block("mm1").outline.center()
    mouse.drag(middle, middle + QPointF(30, 50))
    assert canvas.positions["mm1"] != before
    assert any(value % 24 for value in canvas.positions["mm1"])


def test_a_moved_block_comes_in_line_and_a_line_shows_it(studio: Window) -> None:
    canvas, view = studio.panels.canvas, studio.panels.canvas.view
    studio.session.do(MoveNodes("cascade", {"mm1": (120.0, 200.0), "mm2": (420.0, 83.0)}))
    studio.do_fit()
    canvas.select("mm1")
    middle = canvas.block("mm1").outline.center()
    port, held = view.viewport(), Qt.MouseButton.LeftButton
    QTest.mousePress(port, held, Qt.KeyboardModifier.NoModifier, view.mapFromScene(middle))
    for step in range(1, 9):
        QTest.mouseMove(port, view.mapFromScene(middle + QPointF(0, -120 * step / 8)))
        QApplication.processEvents()
    outline = canvas.block("mm1").outline
    others = [canvas.block(name).outline for name in canvas.picture.blocks if name != "mm1"]
    assert view._lines
    for line in view._lines:
        at = line.y1() if line.dy() == 0 else line.x1()
        for rects in ([outline], others):
            marks = [(r.top(), r.bottom(), r.center().y(), r.left(), r.right(), r.center().x()) for r in rects]
            assert any(abs(at - mark) < 1e-6 for own in marks for mark in own)
    QTest.mouseRelease(port, held, Qt.KeyboardModifier.NoModifier, view.mapFromScene(middle + QPointF(0, -120)))
    assert not view._lines
    assert all(value % 4 == 0 for value in canvas.positions["mm1"]), "the file's grid"
