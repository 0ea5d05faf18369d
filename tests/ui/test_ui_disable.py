"""Disabling blocks in the window: drawn pale, told, undone, built without."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from nodes.canvas import Canvas
from ui.window import Window


def brightness(canvas: Canvas, name: str) -> float:
    """Return how much what is drawn of a block differs from the background, per pixel."""
    view = canvas.view
    rect = view.mapFromScene(canvas.block(name).area.adjusted(8, 8, -8, -8)).boundingRect()
    image = view.viewport().grab(rect).toImage()
    ground = view.viewport().grab().toImage().pixelColor(QPoint(2, 2)).lightness()
    pixels = [
        image.pixelColor(x, y).lightness() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)
    ]
    return sum(abs(value - ground) for value in pixels) / len(pixels)


def test_the_key_disables_and_enables_what_is_selected(studio: Window) -> None:
    canvas, session = studio.panels.canvas, studio.session
    canvas.select()
    before = brightness(canvas, "mm1")
    canvas.select_blocks(["mm1", "mm2"])
    QTest.keyClick(canvas.view.viewport(), Qt.Key.Key_Slash, Qt.KeyboardModifier.ControlModifier)
    assert session.graph
    assert [node.disabled for node in session.graph.nodes.values()] == ["off", "off"]
    assert canvas.selected_blocks() == ["mm1", "mm2"], "the blocks keep their ports and stay what is selected"
    canvas.select()
    assert brightness(canvas, "mm1") < 0.7 * before
    assert canvas.wire("mm1.C->mm2.A").spec.idle
    assert not canvas.wire("mm1.C->mm2.A").spec.broken
    assert canvas.wire("mm1.C->mm2.A").spec.label == "float32[64, 64]"
    canvas.select_blocks(["mm1", "mm2"])
    studio.do_disable()
    assert [node.disabled for node in session.graph.nodes.values()] == ["", ""]
    assert not canvas.wire("mm1.C->mm2.A").spec.idle
    studio.do_undo()
    studio.do_undo()
    assert not session.dirty


def test_one_of_two_that_is_enabled_is_disabled_too(studio: Window) -> None:
    canvas, session = studio.panels.canvas, studio.session
    canvas.select_blocks(["mm1"])
    studio.do_disable()
    canvas.select_blocks(["mm1", "mm2"])
    studio.do_disable()
    assert session.graph
    assert {node.disabled for node in session.graph.nodes.values()} == {"off"}


def test_what_lacks_a_disabled_block_offers_to_enable_it(studio: Window, qtbot: Any) -> None:
    studio.panels.canvas.select_blocks(["mm1"])
    studio.do_disable()
    problems = studio.panels.problems
    assert problems.shown[0].message == "the input mm2.A is not connected"
    (enable,) = (button for button in problems.buttons(0) if button.text() == "Enable mm1")
    enable.click()
    qtbot.waitUntil(lambda: studio.session.checked is not None and studio.session.checked.ok)


def test_a_block_that_cannot_be_bypassed_says_so_at_the_block(studio: Window) -> None:
    studio.panels.canvas.select_blocks(["mm1"])
    studio.do_bypass()
    spec = studio.panels.canvas.block("mm1").spec
    assert spec.level == "error"
    assert spec.subtitle.startswith("bypassed")
    assert "it has 2 inputs and 1 output" in spec.tooltip
    studio.panels.canvas.select("mm1")
    assert studio.panels.inspector.block == "mm1"
