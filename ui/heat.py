"""The colours of a heat map: cool for a small share, hot for a large one. They follow the theme."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from nodes import colours

__all__ = ["blend", "heat_colour", "ink_on"]


def blend(one: QColor, other: QColor, share: float) -> QColor:
    """Return a colour between two: `share` 0 is the first, 1 the second."""
    part = min(max(share, 0.0), 1.0)
    mixed = (a + (b - a) * part for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True))
    return QColor(*(round(value) for value in mixed))


def heat_colour(share: float | None) -> QColor:
    """Return the colour of a share from 0 to 1, that of a block where the share is not known."""
    if share is None:
        return QColor(colours.BLOCK)
    stops = (colours.BLOCK_HEADER, colours.ACCENT, colours.WARNING, colours.ERROR)
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    first = min(int(place), len(stops) - 2)
    return blend(stops[first], stops[first + 1], place - first)


def ink_on(ground: QColor) -> QColor:
    """Return the colour of a text that can be read on a ground: black or white, whichever differs more from it.

    One of the two has a contrast of at least 4.5 on every ground, which no other two colours have.
    """
    own = _luminance(ground)
    return QColor(Qt.GlobalColor.white if 1.05 / (own + 0.05) >= (own + 0.05) / 0.05 else Qt.GlobalColor.black)


def _luminance(colour: QColor) -> float:
    parts = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour.getRgbF()[:3])
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
