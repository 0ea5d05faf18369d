"""The colours of the drawing, one table for the canvas and the docks."""

from __future__ import annotations

import re

from PySide6.QtGui import QColor

__all__ = [
    "ACCENT",
    "BACKGROUND",
    "BLOCK",
    "BLOCK_BORDER",
    "BLOCK_HEADER",
    "ERROR",
    "GRID",
    "LABEL",
    "MUTED",
    "OK",
    "TEXT",
    "WARNING",
    "element_colour",
    "kind_colour",
    "level_colour",
]

BACKGROUND = QColor("#16191f")
GRID = QColor("#2a2f3a")
BLOCK = QColor("#232833")
BLOCK_HEADER = QColor("#2c3341")
BLOCK_BORDER = QColor("#465066")
LABEL = QColor("#1b1f27")
TEXT = QColor("#e6e9ef")
MUTED = QColor("#98a2b6")
ACCENT = QColor("#5aa9ff")
OK = QColor("#57c785")
WARNING = QColor("#f2b84b")
ERROR = QColor("#ff6b6b")

# Chosen to stay apart for people who see red and green alike.
_ELEMENTS = {"float32": QColor("#4fc3d9"), "int32": QColor("#f0a35e")}
# Other types have the colour of their family.
_FAMILIES = {
    "float": QColor("#7aa5f0"),
    "bfloat": QColor("#7aa5f0"),
    "int": QColor("#d9c25e"),
    "uint": QColor("#d9c25e"),
    "Fixed": QColor("#e08fb4"),
    "UFixed": QColor("#e08fb4"),
    "Struct": QColor("#b18cff"),
}
_FAMILY = re.compile(r"[A-Za-z]*")
_KINDS = {
    "kernel": QColor("#5aa9ff"),
    "library": QColor("#5aa9ff"),
    "graph": QColor("#b18cff"),
    "constant": QColor("#e0b060"),
    "ip": QColor("#f0a35e"),
    "input": QColor("#7fd1ae"),
    "output": QColor("#7fd1ae"),
    "unknown": QColor("#8b93a5"),
    "missing": ERROR,
}
_LEVELS = {"error": ERROR, "warning": WARNING, "note": ACCENT, "ok": OK}


def element_colour(element: str) -> QColor:
    """Return the colour of an element type, grey where the type isn't known."""
    family = _FAMILY.match(element)
    return _ELEMENTS.get(element) or _FAMILIES.get(family[0] if family else "", MUTED)


def kind_colour(kind: str) -> QColor:
    """Return the colour of a block's kind."""
    return _KINDS.get(kind, MUTED)


def level_colour(level: str) -> QColor:
    """Return the colour of a severity (`error`, `warning`, `note`) or of `ok`."""
    return _LEVELS.get(level, MUTED)
