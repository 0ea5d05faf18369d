"""Long wires are drawn in parts: the parts hold all of the wire, and look like it in one piece."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QGraphicsItem

from allo_studio.design.model import Endpoint
from nodes import colours
from nodes.canvas import Canvas
from nodes.picture import BlockSpec, Picture, PortSpec, WireSpec
from nodes.pipe import WireItem, around, curve
from nodes.wire_parts import bands

MARGIN = 12.0
WIRE = "a.x->b.x"
coordinates = st.floats(-4000, 4000)
points = st.builds(QPointF, coordinates, coordinates)


@given(points, points, st.floats(-4000, 6000))
def test_the_parts_of_a_curve_hold_all_of_it(start: QPointF, end: QPointF, bottom: float) -> None:
    for path in (curve(start, end), around(start, end, bottom)):
        found, whole = (
            bands(path, MARGIN),
            path.boundingRect().adjusted(-MARGIN - 1, -MARGIN - 1, MARGIN + 1, MARGIN + 1),
        )
        assert all(whole.contains(part) for part in found)
        if not found:
            assert max(path.boundingRect().width(), path.boundingRect().height()) <= 500
            continue
        for index in range(201):
            at = path.pointAtPercent(index / 200)
            # A flattened curve is within a small part of a unit of the curve.
            assert any(part.adjusted(-1, -1, 1, 1).contains(at) for part in found), at


@given(st.floats(-20, 20), st.floats(600, 9000))
def test_parts_are_no_larger_than_they_have_to_be(across: float, down: float) -> None:
    path = curve(QPointF(0, 0), QPointF(across, down))
    found = bands(path, MARGIN)
    assert len(found) == round(path.boundingRect().height() / 250)
    assert all(part.height() < 250 * 1.5 + MARGIN for part in found)
    # Between the bends at its ends the curve is all but a line.
    if len(found) > 6:
        middle = found[len(found) // 2]
        assert middle.width() < path.boundingRect().width() / 2 + 2 * MARGIN


def draw(canvas: Canvas, to: tuple[float, float], **wire: bool) -> WireItem:
    port = PortSpec("x", "int32[4]", "int32")
    blocks = {
        "a": BlockSpec("a", "kernel", "a", outputs=(port,)),
        "b": BlockSpec("b", "kernel", "b", inputs=(port,)),
    }
    spec = WireSpec(WIRE, Endpoint("a", "x"), Endpoint("b", "x"), "int32[4]", element="int32", **wire)
    canvas.draw(Picture(blocks, {WIRE: spec}), {"a": (0.0, 0.0), "b": to})
    QApplication.processEvents()
    return canvas.wire(WIRE)


def parts(wire: WireItem) -> list[QGraphicsItem]:
    return [item for item in wire.childItems() if item.isVisible()]


def seen(canvas: Canvas) -> np.ndarray:
    canvas.view.scale(0.6 / canvas.view.transform().m11(), 0.6 / canvas.view.transform().m11())
    canvas.view.centerOn(QPointF(450, 250))
    image = canvas.view.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).astype(int)


@pytest.mark.parametrize("selected", [False, True])
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("to", [(1000.0, 400.0), (300.0, 800.0), (-700.0, 250.0)])
def test_a_wire_in_parts_looks_like_one(canvas: Canvas, to: tuple[float, float], broken: bool, selected: bool) -> None:
    wire = draw(canvas, to, broken=broken)
    wire.setSelected(selected)
    assert len(parts(wire)) > 1
    divided = seen(canvas)
    wire.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    assert not parts(wire)
    whole = seen(canvas)
    # Where two parts meet, and where a kept drawing stands at a whole pixel, edges are smoothed a little differently.
    assert np.abs(divided - whole).mean() < 0.35
    inks = [
        (np.abs(image[..., :3] - colours.BACKGROUND.toTuple()[2::-1]).max(axis=2) > 60).sum(0)
        for image in (divided, whole)
    ]
    assert inks[1].sum() > 500
    assert inks[0].sum() == pytest.approx(inks[1].sum(), rel=0.02)
    # Qt begins the dashes of each part where they are seen first.
    if not broken:
        assert (np.abs(divided - whole).max(axis=2) > 110).mean() < 2e-4


def test_a_wire_is_drawn_in_as_many_parts_as_it_is_long(canvas: Canvas) -> None:
    long = len(parts(draw(canvas, (5000.0, 0.0))))
    shorter = len(parts(draw(canvas, (2000.0, 0.0))))
    assert long > shorter > 1
    assert not parts(draw(canvas, (300.0, 0.0)))
    assert len(parts(draw(canvas, (5000.0, 0.0)))) == long
    items = len(canvas.view.scene().items())
    draw(canvas, (300.0, 0.0))
    assert len(canvas.view.scene().items()) == items - long


def test_parts_follow_what_their_wire_shows(canvas: Canvas) -> None:
    draw(canvas, (1000.0, 400.0))
    before = seen(canvas)
    draw(canvas, (1000.0, 400.0), broken=True)
    broken = seen(canvas)
    assert (np.abs(broken - before).max(axis=2) > 60).sum() > 100
    canvas.wire(WIRE).setSelected(True)
    assert (np.abs(seen(canvas) - broken).max(axis=2) > 30).sum() > 100


def test_the_mouse_finds_the_wire_and_not_its_parts(canvas: Canvas) -> None:
    wire = draw(canvas, (1000.0, 400.0))
    wire.label.setVisible(False)
    at = canvas.view.mapFromScene(wire.path().pointAtPercent(0.45))
    assert canvas.view.itemAt(at) is wire
    assert all(item.acceptedMouseButtons() == Qt.MouseButton.NoButton for item in parts(wire))
