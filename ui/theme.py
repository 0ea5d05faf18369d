"""The look: the Fusion style with a palette, a style sheet and fonts, in a theme and at a scale."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from nodes import colours
from nodes.themes import THEMES
from ui.restyle import MONO, recolour, rescale
from ui.sheet import sheet

__all__ = ["LOOK", "apply_theme", "mono_font", "px", "resolved", "set_level", "set_mono", "settle"]

# Of the font of the interface and of code, at 100%.
_PIXELS, _MONO_PIXELS = 13, 12
_scale = 1.0


class Look(QObject):
    """Tells windows that the look of the application has changed."""

    changed = Signal()


LOOK = Look()


def px(length: float) -> int:
    """Return a length of the interface in pixels at the present scale, given that at 100%."""
    return round(length * _scale)


def resolved(app: QApplication, theme: str) -> str:
    """Return the theme that a choice means: `system` is what the system has, dark where it does not say."""
    if theme in THEMES:
        return theme
    return "light" if app.styleHints().colorScheme() == Qt.ColorScheme.Light else "dark"


def apply_theme(app: QApplication, theme: str = "system", scale: float = 1.0) -> None:
    """Give the application a look, and tell the windows that are open.

    A palette is set too: the colour scheme hint has no effect on all platforms.
    """
    global _scale
    name = resolved(app, theme)
    colours.use(name)
    _scale = scale
    if not app.styleSheet():
        app.setStyle(QStyleFactory.create("Fusion"))
    font = QFont()
    font.setFamilies(["Inter", "Segoe UI", "Noto Sans", "DejaVu Sans"])
    font.setPixelSize(px(_PIXELS))
    app.setFont(font)
    app.setPalette(_palette())
    app.setStyleSheet(sheet(THEMES[name], scale))
    LOOK.changed.emit()


def settle(root: QWidget, before: str = "") -> None:
    """Give a window what it keeps of colours and lengths, in the present look; `before` is the theme that it has."""
    rescale(root, _scale, mono_font)
    if before and before != colours.current():
        recolour(root, THEMES[before], THEMES[colours.current()])


def mono_font(pixels: int = _MONO_PIXELS) -> QFont:
    """Return the font for code, `pixels` high at 100%."""
    font = QFont()
    font.setFamilies(["JetBrains Mono", "Cascadia Mono", "DejaVu Sans Mono", "monospace"])
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPixelSize(px(pixels))
    return font


def set_mono(widget: QWidget, pixels: int = _MONO_PIXELS) -> None:
    """Give a widget the font for code, and keep it at the scale of the interface."""
    widget.setProperty(MONO, pixels)
    widget.setFont(mono_font(pixels))


def set_level(widget: QWidget, level: str) -> None:
    """Give a label the colour of a severity, of `ok`, or none."""
    if widget.property("level") != level:
        widget.setProperty("level", level)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def _palette() -> QPalette:
    roles = QPalette.ColorRole
    # Made from two colours, it has no shade of an earlier theme.
    palette = QPalette(QColor(colours.role("raised")), QColor(colours.role("window")))
    table = {
        roles.Window: "window",
        roles.WindowText: "text",
        roles.Base: "base",
        roles.AlternateBase: "alternate",
        roles.Text: "text",
        roles.Button: "raised",
        roles.ButtonText: "text",
        roles.BrightText: "on_primary",
        roles.ToolTipBase: "raised",
        roles.ToolTipText: "text",
        roles.Highlight: "selection",
        roles.HighlightedText: "text",
        roles.Link: "accent",
        roles.PlaceholderText: "muted",
    }
    for role, name in table.items():
        palette.setColor(role, QColor(colours.role(name)))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.role("disabled")))
    return palette
