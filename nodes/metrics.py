"""The sizes of blocks: text is measured once here, and both the layout and the painter rely on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from PySide6.QtCore import QPointF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF

from nodes.picture import BlockSpec, WireSpec

__all__ = [
    "FOOTER_HEIGHT",
    "HEADER_HEIGHT",
    "LABEL_PITCH",
    "PORT_PITCH",
    "block_size",
    "cut",
    "font",
    "label_room",
    "label_size",
    "port_centre",
    "text_width",
]

HEADER_HEIGHT = 46.0
PORT_PITCH = 24.0
FOOTER_HEIGHT = 24.0
# From one line of a wire's label to the next.
LABEL_PITCH = 15.0
_PADDING = 10.0
_LEAST_WIDTH = 150.0
_BOUNDARY_HEIGHT = 44.0
_LABEL_PADDING = 14.0
# What is seen of a wire on both sides of its label, with the dots of its ports.
_LABEL_SIDES = 36.0


@cache
def font(pixels: int, bold: bool = False) -> QFont:
    """Return the drawing's font at a size in scene units."""
    made = QFont()
    made.setPixelSize(pixels)
    made.setBold(bold)
    return made


@cache
def text_width(text: str, pixels: int, bold: bool = False) -> float:
    """Return the width of a text in scene units."""
    return QFontMetricsF(font(pixels, bold)).horizontalAdvance(text)


def label_size(lines: Sequence[str]) -> QSizeF:
    """Return the size of a wire's label in scene units."""
    width = max((text_width(line, 11) for line in lines), default=0.0)
    return QSizeF(width + _LABEL_PADDING, LABEL_PITCH * len(lines) + 5)


def cut(lines: Sequence[str], width: float) -> tuple[str, ...]:
    """Return lines that a label of this width has room for, each cut short where it is longer."""
    measure = QFontMetricsF(font(11))
    return tuple(measure.elidedText(line, Qt.TextElideMode.ElideRight, width - _LABEL_PADDING) for line in lines)


def label_room(spec: WireSpec) -> float:
    """Return how far apart two blocks have to be for the label of a wire between them to stand free."""
    return label_size(spec.lines).width() + _LABEL_SIDES if spec.lines else 0.0


def _boundary(spec: BlockSpec) -> bool:
    return spec.kind in ("input", "output")


def block_size(spec: BlockSpec) -> QSizeF:
    """Return the size of a block in scene units."""
    below = spec.subtitle + (f"  {spec.interval}" if spec.interval else "")
    widths = [text_width(spec.title, 14, True) + 34, text_width(below, 11) + 8, text_width(spec.footer, 11)]
    if _boundary(spec):
        return QSizeF(max(96.0, *widths) + 2 * _PADDING, _BOUNDARY_HEIGHT)
    left = max((text_width(p.name, 12) for p in spec.inputs), default=0.0)
    right = max((text_width(p.name, 12) for p in spec.outputs), default=0.0)
    rows = max(len(spec.inputs), len(spec.outputs), 1)
    footer = FOOTER_HEIGHT if spec.footer else 0.0
    width = max(_LEAST_WIDTH, *(w + 2 * _PADDING for w in widths), left + right + 4 * _PADDING)
    return QSizeF(width, HEADER_HEIGHT + rows * PORT_PITCH + 10 + footer)


def port_centre(spec: BlockSpec, index: int, output: bool) -> QPointF:
    """Return where a port's dot sits, in the block's own coordinates."""
    size = block_size(spec)
    x = size.width() if output else 0.0
    y = size.height() / 2 if _boundary(spec) else HEADER_HEIGHT + 5 + (index + 0.5) * PORT_PITCH
    return QPointF(x, y)
