"""The colours of the theme in use, one table for the canvas and the docks.

Each colour here is one object for the time of the program, which `use` gives its value in another theme: ask for it
when you paint. What keeps a copy of a value, such as an item of a tree, is recoloured by `ui.restyle`.
"""

from __future__ import annotations

import re

from PySide6.QtGui import QColor

from nodes.themes import THEMES

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
    "code_colour",
    "current",
    "element_colour",
    "faint",
    "kind_colour",
    "level_colour",
    "note_colour",
    "role",
    "role_of",
    "strong",
    "use",
]

_COLOURS = {name: QColor(value) for name, value in THEMES["dark"].items()}
_current = "dark"
_ROLES = {theme: {value: name for name, value in table.items()} for theme, table in THEMES.items()}

BACKGROUND, GRID, LABEL = _COLOURS["background"], _COLOURS["grid"], _COLOURS["label"]
BLOCK, BLOCK_HEADER, BLOCK_BORDER = _COLOURS["block"], _COLOURS["block_header"], _COLOURS["block_border"]
TEXT, MUTED, ACCENT = _COLOURS["text"], _COLOURS["muted"], _COLOURS["accent"]
OK, WARNING, ERROR = _COLOURS["ok"], _COLOURS["warning"], _COLOURS["error"]

# Two types have a role of their own, others that of their family.
_FAMILIES = {
    "float": "float",
    "bfloat": "float",
    "int": "int",
    "uint": "int",
    "Fixed": "fixed",
    "UFixed": "fixed",
    "Struct": "struct",
}
_FAMILY = re.compile(r"[A-Za-z]*")
_KINDS = {
    "kernel": "accent",
    "library": "accent",
    "graph": "graph",
    "constant": "constant",
    "ip": "external",
    "input": "boundary",
    "output": "boundary",
    "unknown": "unknown",
    "missing": "error",
}
_NOTES = {
    "grey": "muted",
    "blue": "accent",
    "green": "ok",
    "yellow": "int",
    "orange": "external",
    "red": "error",
    "violet": "graph",
}
_LEVELS = {"error": "error", "warning": "warning", "note": "accent", "ok": "ok"}


def use(theme: str) -> None:
    """Give all colours their values in a theme; raises KeyError where there is none of that name."""
    global _current
    for name, value in THEMES[theme].items():
        _COLOURS[name].setRgb(QColor(value).rgb())
    _current = theme


def current() -> str:
    """Return the name of the theme in use."""
    return _current


def role(name: str) -> QColor:
    """Return the colour of a role of `nodes.themes`; raises KeyError."""
    return _COLOURS[name]


def role_of(colour: str) -> str:
    """Return the role that a colour (`#rrggbb`) has in the theme in use; raises KeyError where it has none."""
    return _ROLES[_current][colour]


def element_colour(element: str) -> QColor:
    """Return the colour of an element type, grey where the type isn't known."""
    if element in ("float32", "int32"):
        return _COLOURS[element]
    family = _FAMILY.match(element)
    return _COLOURS[_FAMILIES.get(family[0] if family else "", "muted")]


def kind_colour(kind: str) -> QColor:
    """Return the colour of a block's kind."""
    return _COLOURS[_KINDS.get(kind, "muted")]


def level_colour(level: str) -> QColor:
    """Return the colour of a severity (`error`, `warning`, `note`) or of `ok`."""
    return _COLOURS[_LEVELS.get(level, "muted")]


def note_colour(name: str) -> QColor:
    """Return the colour of a note or backdrop by its name in the project file."""
    return _COLOURS[_NOTES.get(name, "muted")]


def code_colour(name: str) -> QColor:
    """Return the colour of a part of code, such as `keyword`; raises KeyError."""
    return _COLOURS[f"code_{name}"]


def strong(colour: QColor) -> QColor:
    """Return a colour that stands out more from the background."""
    return colour.lighter(125) if _current == "dark" else colour.darker(135)


def faint(colour: QColor, alpha: int) -> QColor:
    """Return a colour that what is below shines through; `alpha` is from 0 (nothing is seen of it) to 255."""
    made = QColor(colour)
    made.setAlpha(alpha)
    return made
