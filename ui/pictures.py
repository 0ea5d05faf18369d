"""The canvas as a picture: SVG, PNG or PDF, as large as what is drawn."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPaintDevice, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from nodes import colours

__all__ = ["ENDINGS", "save_picture"]

ENDINGS = (".svg", ".png", ".pdf")
_MARGIN = 24.0
# Pixels of a PNG for a unit of the scene, while no side has more than so many.
_SCALE, _MOST_PIXELS = 2.0, 16_000.0


def save_picture(scene: QGraphicsScene, what: QRectF, path: Path, title: str) -> None:
    """Draw a part of a scene into a file of the kind that its name says; raises OSError where it cannot be written.

    The file is there as a whole or as it was before.
    """
    area = what.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    draft = Path(name)
    try:
        _draw(scene, area, draft, title)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _draw(scene: QGraphicsScene, area: QRectF, path: Path, title: str) -> None:
    ending = path.suffix.lower()
    if ending == ".svg":
        drawing = QSvgGenerator()
        drawing.setFileName(str(path))
        drawing.setSize(QSize(round(area.width()), round(area.height())))
        drawing.setViewBox(QRectF(0, 0, area.width(), area.height()))
        drawing.setTitle(title)
        _paint(scene, area, drawing, QRectF(0, 0, area.width(), area.height()))
    elif ending == ".pdf":
        page = QPdfWriter(str(path))
        page.setTitle(title)
        size = QPageSize(QSizeF(area.width(), area.height()), QPageSize.Unit.Point)
        page.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF()))
        _paint(scene, area, page, QRectF(0, 0, page.width(), page.height()))
    else:
        scale = min(_SCALE, _MOST_PIXELS / max(area.width(), area.height()))
        image = QImage(round(area.width() * scale), round(area.height() * scale), QImage.Format.Format_ARGB32)
        image.fill(colours.BACKGROUND)
        _paint(scene, area, image, QRectF(image.rect()))
        if not image.save(str(path), "PNG"):
            raise OSError(f"the picture could not be written to {path}")


def _paint(scene: QGraphicsScene, area: QRectF, device: QPaintDevice, target: QRectF) -> None:
    chosen = scene.selectedItems()
    # What is kept for the screen has the screen's pixels; a drawing has lines and texts.
    kept = [(item, item.cacheMode()) for item in scene.items()]
    # What is selected is no part of the picture, and stays selected for everyone else.
    blocked = scene.blockSignals(True)
    painter = QPainter(device)
    try:
        for item in chosen:
            item.setSelected(False)
        for item, _ in kept:
            item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(target, colours.BACKGROUND)
        scene.render(painter, target, area)
    finally:
        painter.end()
        for item in chosen:
            item.setSelected(True)
        for item, mode in kept:
            item.setCacheMode(mode)
        scene.blockSignals(blocked)
