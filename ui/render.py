"""`python -m ui.render IN.svg OUT.png` draws an SVG as pixels, without a screen."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgRenderer

__all__ = ["main", "rasterise"]

_MOST_PIXELS = 16000


def rasterise(source: Path, target: Path, scale: float = 2.0) -> str | None:
    """Draw an SVG file `scale` times its own size into a PNG file; returns what went wrong, or None."""
    renderer = QSvgRenderer(str(source))
    if not renderer.isValid():
        return f"{source} is no SVG drawing that can be read"
    own = renderer.defaultSize()
    most = max(own.width(), own.height(), 1)
    factor = min(scale, _MOST_PIXELS / most)
    image = QImage(QSize(max(1, round(own.width() * factor)), max(1, round(own.height() * factor))), _FORMAT)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    writer = QImageWriter(str(target), QByteArray(b"png"))
    return None if writer.write(image) else f"{target} could not be written: {writer.errorString()}"


_FORMAT = QImage.Format.Format_ARGB32


def main(argv: Sequence[str] | None = None) -> int:
    """Rasterise; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ui.render", description="Draw an SVG as a PNG.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--scale", type=float, default=2.0, help="pixels for each unit of the drawing (2)")
    options = parser.parse_args(argv)
    app = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    fault = rasterise(options.source, options.target, options.scale)
    del app
    if fault:
        print(fault, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
