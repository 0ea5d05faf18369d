"""A whole graph drawn small: what it shows is what the items are, also after they change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsRectItem

from allo_studio.design.model import Endpoint
from nodes import colours
from nodes.canvas import Canvas
from nodes.picture import BlockSpec, Picture, PortSpec, WireSpec
from ui.theme import apply_theme

SCALE = 0.1
PLACES = {"a": (0.0, 0.0), "b": (900.0, 0.0)}


def picture(level: str = "ok", broken: bool = False) -> Picture:
    port = PortSpec("x", "int32[4]", "int32")
    blocks = {
        "a": BlockSpec("a", "kernel", "a", outputs=(port,)),
        "b": BlockSpec("b", "graph", "b", level=level, inputs=(port,)),
    }
    wire = WireSpec("a.x->b.x", Endpoint("a", "x"), Endpoint("b", "x"), "int32[4]", element="int32", broken=broken)
    return Picture(blocks, {wire.id: wire})


def show(canvas: Canvas, what: Picture, places: dict[str, tuple[float, float]] | None = None) -> None:
    canvas.draw(what, places or PLACES)
    view = canvas.view
    view.scale(SCALE / view.transform().m11(), SCALE / view.transform().m11())
    view.centerOn(QPointF(500, 50))
    QApplication.processEvents()


def seen(canvas: Canvas) -> QImage:
    return canvas.view.viewport().grab().toImage()


def at(canvas: Canvas, image: QImage, place: QPointF) -> str:
    return QColor(image.pixel(canvas.view.mapFromScene(place))).name()


def head(canvas: Canvas, block: str) -> QPointF:
    return QPointF(canvas.block(block).area.center().x(), canvas.block(block).area.top() + 20)


def colours_of(image: QImage) -> set[str]:
    return {QColor(image.pixel(x, y)).name() for x in range(image.width()) for y in range(image.height())}


def test_blocks_have_the_colour_of_their_kind(canvas: Canvas) -> None:
    show(canvas, picture())
    assert canvas.view.transform().m11() == pytest.approx(SCALE)
    image = seen(canvas)
    assert at(canvas, image, head(canvas, "a")) == colours.kind_colour("kernel").name()
    assert at(canvas, image, head(canvas, "b")) == colours.kind_colour("graph").name()
    assert colours.element_colour("int32").name() in colours_of(image)
    assert colours.ERROR.name() not in colours_of(image)


def test_faults_are_seen(canvas: Canvas) -> None:
    show(canvas, picture(level="error"))
    assert colours.ERROR.name() in colours_of(seen(canvas))
    show(canvas, picture())
    assert colours.ERROR.name() not in colours_of(seen(canvas))
    show(canvas, picture(broken=True))
    assert colours.ERROR.name() in colours_of(seen(canvas))


def test_what_moves_and_what_is_selected_is_drawn_anew(canvas: Canvas) -> None:
    show(canvas, picture())
    seen(canvas)
    assert colours.ACCENT.name() not in colours_of(seen(canvas)) - {colours.kind_colour("kernel").name()}
    before = head(canvas, "b")
    canvas.block("b").setPos(900.0, 800.0)
    QApplication.processEvents()
    image = seen(canvas)
    assert at(canvas, image, before) != colours.kind_colour("graph").name()
    assert at(canvas, image, head(canvas, "b")) == colours.kind_colour("graph").name()
    canvas.select("b")
    after = seen(canvas)
    corner = canvas.view.mapFromScene(canvas.block("b").pos())
    assert {QColor(after.pixel(corner.x() + d, corner.y())).name() for d in (0, 2, 4)} == {colours.ACCENT.name()}
    canvas.clear()
    assert not {colours.kind_colour(kind).name() for kind in ("kernel", "graph")} & colours_of(seen(canvas))


def test_names_are_there_where_they_have_room(canvas: Canvas) -> None:
    show(canvas, picture(), {"a": (0.0, 0.0), "b": (600.0, 0.0)})
    view = canvas.view

    def inks() -> int:
        area = view.mapFromScene(canvas.block("a").outline).boundingRect()
        image = seen(canvas)
        places = [(x, y) for x in range(area.left(), area.right()) for y in range(area.top(), area.bottom())]
        kind = colours.kind_colour("kernel")
        shown = [QColor(image.pixel(x, y)) for x, y in places]
        return sum(colour.lightness() < kind.lightness() - 60 for colour in shown if colour != colours.BLOCK_BORDER)

    assert inks() == 0, "too small for letters"
    view.scale(3.2, 3.2)
    view.centerOn(QPointF(300, 50))
    QApplication.processEvents()
    assert view.transform().m11() < 0.35
    assert inks() > 3


@pytest.fixture
def dark(qapp: QApplication) -> Iterator[None]:
    apply_theme(qapp, "dark", 1.0)
    yield
    apply_theme(qapp, "dark", 1.0)


@pytest.mark.usefixtures("dark")
def test_another_theme_is_seen_at_every_scale(canvas: Canvas, qapp: QApplication) -> None:
    for small in (True, False):
        show(canvas, picture())
        if not small:
            canvas.view.centre_on(head(canvas, "b"))
        dark = at(canvas, seen(canvas), head(canvas, "b"))
        apply_theme(qapp, "light", 1.0)
        QApplication.processEvents()
        light = seen(canvas)
        assert at(canvas, light, head(canvas, "b")) != dark
        assert colours.BACKGROUND.name() in colours_of(light)
        apply_theme(qapp, "dark", 1.0)
        QApplication.processEvents()
        assert at(canvas, seen(canvas), head(canvas, "b")) == dark


def test_other_items_draw_themselves(canvas: Canvas) -> None:
    show(canvas, picture())
    item = QGraphicsRectItem(0, 0, 300, 200)
    item.setBrush(QColor("#123456"))
    item.setPos(300, 300)
    canvas.view.scene().addItem(item)
    canvas.view.looks_changed()
    assert at(canvas, seen(canvas), QPointF(450, 400)) == "#123456"
    canvas.view.scene().removeItem(item)


def test_a_frame_around_blocks_is_seen_while_it_is_dragged(canvas: Canvas) -> None:
    show(canvas, picture())
    port = canvas.view.viewport()
    before = seen(canvas)
    start, end = canvas.view.mapFromScene(QPointF(-200, -200)), canvas.view.mapFromScene(QPointF(1500, 500))
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(port, (start + end) / 2)
    QTest.mouseMove(port, end)
    QApplication.processEvents()
    while_dragged = seen(canvas)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert while_dragged != before
    assert canvas.selected_blocks() == ["a", "b"]


def test_a_click_finds_the_block_that_is_drawn(canvas: Canvas) -> None:
    show(canvas, picture())
    place = canvas.view.mapFromScene(canvas.block("b").area.center())
    QTest.mouseClick(canvas.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert canvas.selected_blocks() == ["b"]
