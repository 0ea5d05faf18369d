"""Pictures as files: few colours, so that they stay small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

__all__ = ["laid_over", "side_by_side", "write_image"]

_COLOURS = 256
# Colours that differ by less than 8 levels of a channel may become one.
_SHIFT = 3


def write_image(picture: QPixmap, file: Path) -> None:
    """Write a picture as a PNG of at most 256 colours. Raises OSError where the file cannot be written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    image = picture.toImage().convertToFormat(QImage.Format.Format_RGB32)
    flags = Qt.ImageConversionFlag.AvoidDither | Qt.ImageConversionFlag.ThresholdDither
    few = image.convertToFormat(QImage.Format.Format_Indexed8, _palette(image), flags)
    # The quality 0 is the strongest compression.
    if not few.save(str(file), "PNG", 0):
        raise OSError(f"{file} cannot be written")


def _palette(image: QImage) -> list[int]:
    """Return the colours that an image is drawn in best: those that most of it has, each group as its mean."""
    data = np.frombuffer(image.constBits(), dtype=np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    shades, counts = np.unique(data[:, : image.width()] & 0xFFFFFF, return_counts=True)
    channels = np.stack([(shades >> shift) & 0xFF for shift in (16, 8, 0)], axis=1).astype(np.int64)
    groups, member = np.unique(channels >> _SHIFT, axis=0, return_inverse=True)
    member = member.reshape(-1)
    # The most frequent colour of a group stands for it, so that grounds and borders keep theirs.
    order = np.argsort(counts, kind="stable")
    best = np.empty(len(groups), dtype=np.int64)
    best[member[order]] = order
    weight = np.bincount(member, weights=counts)
    chosen = best[np.argsort(-weight, kind="stable")[:_COLOURS]]
    return [int(0xFF000000 | int(shades[index])) for index in chosen]


def laid_over(ground: QPixmap, top: QPixmap, at: QPoint) -> QPixmap:
    """Return a picture with another, such as of a menu, laid over it."""
    made = QPixmap(ground)
    painter = QPainter(made)
    painter.drawPixmap(at, top)
    painter.end()
    return made


def side_by_side(left: QPixmap, right: QPixmap, gap: int = 8) -> QPixmap:
    """Return two pictures beside each other, their tops in line."""
    height = max(left.height(), right.height())
    made = QPixmap(left.width() + gap + right.width(), height)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.drawPixmap(0, 0, left)
    painter.drawPixmap(QRect(left.width() + gap, 0, right.width(), right.height()), right)
    painter.end()
    return made
