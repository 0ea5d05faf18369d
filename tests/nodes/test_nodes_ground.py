"""The dots under the blocks: where they are drawn does not depend on what was drawn before."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QApplication

from nodes import colours
from nodes.ground import Ground
from ui.theme import apply_theme

SIZE = QSize(160, 120)
PITCH = 24.0


def drawn(ground: Ground, shown: QTransform, ratio: float = 1.0, part: QRectF | None = None) -> np.ndarray:
    image = QImage(SIZE * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0xFF00FF)
    painter = QPainter(image)
    painter.setTransform(shown)
    inverse, ok = shown.inverted()
    assert ok
    ground.paint(painter, shown, inverse.mapRect(part or QRectF(0, 0, SIZE.width(), SIZE.height())), SIZE, PITCH)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1].copy()


def is_dot(pixels: np.ndarray) -> np.ndarray:
    return (pixels == colours.GRID.toTuple()[:3]).all(axis=-1)


def moved(scale: float, x: float, y: float) -> QTransform:
    return QTransform(scale, 0, 0, scale, x, y)


@given(st.floats(0.05, 3), st.floats(-5000, 5000), st.floats(-5000, 5000), st.sampled_from([1.0, 1.5, 2.0]))
def test_all_of_the_view_is_ground_and_dots(scale: float, x: float, y: float, ratio: float) -> None:
    pixels = drawn(Ground(), moved(scale, x, y), ratio)
    ground = (pixels == colours.BACKGROUND.toTuple()[:3]).all(axis=-1)
    # At a ratio that is no whole number edges of dots are smoothed.
    assert (ground | is_dot(pixels)).mean() > (0.999 if ratio != 1.5 else 0.9)
    step = PITCH * scale
    while step < 11:
        step *= 5
    across, down = SIZE.width() / step, SIZE.height() / step
    least, most = int(across) * int(down), (int(across) + 2) * (int(down) + 2)
    if ratio == 1.0:
        assert least <= is_dot(pixels).sum() / 4 <= most or is_dot(pixels).sum() / 4 >= least * 0.4


@given(st.integers(-300, 300), st.integers(-300, 300))
def test_dots_lie_at_multiples_of_the_pitch(x: int, y: int) -> None:
    rows, columns = np.nonzero(is_dot(drawn(Ground(), moved(1.0, x, y))))
    # A dot is two pixels, at its place and beside it.
    assert {int(row - y) % 24 for row in rows} == {23, 0}
    assert {int(column - x) % 24 for column in columns} <= {0, 1, 23}


@given(st.floats(0.2, 3), st.floats(-300, 300), st.floats(-300, 300))
def test_what_was_drawn_is_moved_to_where_it_would_be_drawn(scale: float, x: float, y: float) -> None:
    used = Ground()
    drawn(used, moved(scale, 0, 0))
    assert (drawn(used, moved(scale, x, y)) == drawn(Ground(), moved(scale, x, y))).all()


def test_a_part_of_the_view_is_drawn_as_in_the_whole() -> None:
    shown, ground = moved(1.0, 5, -7), Ground()
    whole, part = drawn(ground, shown), drawn(ground, shown, part=QRectF(30, 20, 50, 40))
    assert (part[20:60, 30:80] == whole[20:60, 30:80]).all()
    assert (part[:20] == (255, 0, 255)).all()


def test_another_theme_or_scale_is_drawn_anew(qapp: QApplication) -> None:
    ground, shown = Ground(), moved(1.0, 0, 0)
    dark = drawn(ground, shown)
    apply_theme(qapp, "light")
    try:
        light = drawn(ground, shown)
        assert tuple(light[10, 10]) == colours.BACKGROUND.toTuple()[:3] != tuple(dark[10, 10])
    finally:
        apply_theme(qapp, "dark")
    assert (drawn(ground, shown) == dark).all()
    assert is_dot(drawn(ground, moved(2.0, 0, 0))).sum() < is_dot(dark).sum()
