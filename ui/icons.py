"""The icons: line drawings on a 24 × 24 grid, rendered at any size and in any colour."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from nodes import colours

__all__ = ["ICONS", "icon", "renewed"]

ICONS = {
    "new": "M6 3h8l4 4v14H6z M14 3v4h4 M12 11v6 M9 14h6",
    "open": "M3 6h6l2 2h10v11H3z M3 11h18",
    "save": "M4 4h13l3 3v13H4z M8 4v5h7V4 M7 20v-7h10v7",
    "undo": "M9 6L4 11l5 5 M4 11h10a5 5 0 0 1 0 10h-3",
    "redo": "M15 6l5 5-5 5 M20 11H10a5 5 0 0 0 0 10h3",
    "delete": "M5 7h14 M10 7V4h4v3 M7 7l1 13h8l1-13 M10.5 11v5 M13.5 11v5",
    "build": "M8 4.5v15l11-7.5z",
    "cancel": "M7 7h10v10H7z",
    "close": "M7.5 7.5l9 9 M16.5 7.5l-9 9",
    "fit": "M4 9V4h5 M20 9V4h-5 M4 15v5h5 M20 15v5h-5 M9 9h6v6H9z",
    "arrange": "M4 5h5v5H4z M4 15h5v5H4z M15 10h5v5h-5z M9 7.5h3v5h3 M9 17.5h3v-5",
    "up": "M12 20V5 M6 11l6-6 6 6",
    "down": "M12 4v15 M6 13l6 6 6-6",
    "more": "M5 6l6 6-6 6 M13 6l6 6-6 6",
    "add": "M12 5v14 M5 12h14",
    "edit": "M4 20l1-5L16 4l4 4L9 19z M14 6l4 4",
    "input": "M4 7h9l5 5-5 5H4z M18 12h3",
    "output": "M20 7h-9l3 5-3 5h9z M3 12h9",
    "ip": "M7 7h10v10H7z M10 3v4 M14 3v4 M10 17v4 M14 17v4 M3 10h4 M3 14h4 M17 10h4 M17 14h4",
    "constant": "M4 5h16v14H4z M4 10h16 M4 14.5h16 M10 5v14",
    "kernel": "M5 5h14v14H5z M9 10l-2 2 2 2 M15 10l2 2-2 2 M13 9l-2 6",
    "library": "M5 4h4v16H5z M9 7h4v13H9z M14.5 5.5l3.5-1 4 14.5-3.5 1z",
    "graph": "M3 9h6v6H3z M15 4h6v6h-6z M15 14h6v6h-6z M9 12h3V7h3 M12 12v5h3",
    "truncate": "M4 6h16 M4 11h10 M4 16h6 M15 14l5 5 M20 14l-5 5",
    "fork": "M7 4v7a4 4 0 0 0 4 4h6 M17 4v3a4 4 0 0 1-4 4 M7 4v16 M14 12l3 3-3 3",
    "error": "M12 3a9 9 0 1 0 0.01 0 M9 9l6 6 M15 9l-6 6",
    "warning": "M12 4l9 16H3z M12 10v5 M12 17.4v0.4",
    "note": "M12 3a9 9 0 1 0 0.01 0 M12 11v6 M12 7.6v0.4",
    "ok": "M12 3a9 9 0 1 0 0.01 0 M8 12.5l3 3 5-6.5",
    "waiting": "M12 3a9 9 0 1 0 0.01 0 M12 7v5l3 2",
    "skipped": "M12 3a9 9 0 1 0 0.01 0 M8 12h8",
    "fix": "M4 20l9-9 M15 4l1.5 3.5L20 9l-3.5 1.5L15 14l-1.5-3.5L10 9l3.5-1.5z",
    "convert": "M4 8h12 M12 4l4 4-4 4 M20 16H8 M12 12l-4 4 4 4",
    "duplicate": "M3 12h6 M9 12l6-6h6 M9 12l6 6h6",
    "relayout": "M3 4h6v6H3z M3 14h6v6H3z M9 12h6 M12 9l3 3-3 3 M15 4h2v16h-2z M19 4h2v16h-2z",
    "cut": "M6 18a2.5 2.5 0 1 0 0.01 0 M18 18a2.5 2.5 0 1 0 0.01 0 M8 16L17 4 M16 16L7 4",
    "paste": "M7 5H5v16h14V5h-2 M9 3h6v4H9z",
    "collapse": "M4 4h16v16H4z M9 4v5H4 M15 20v-5h5",
    "expand": "M4 4h6v6H4z M14 14h6v6h-6z M14 4h6v6 M10 20H4v-6",
    "split": "M4 5h16v14H4z M12 5v14",
    "copy": "M8 8h12v12H8z M8 16H4V4h12v4",
}


# What an icon was drawn from, by its key, which its copies share: its name and the role of its colour.
_SOURCES: dict[int, tuple[str, str]] = {}


def icon(name: str, colour: str = "") -> QIcon:
    """Return an icon by name, in a colour of the theme in use (that of icons by default).

    Raises KeyError where there is no such icon or the theme has no such colour.
    """
    return _icon(name, colour or colours.role("icon").name(), colours.role("icon_disabled").name())


def renewed(old: QIcon) -> QIcon | None:
    """Return an icon in the colours of the theme in use; None where it is none of `icon`."""
    source = _SOURCES.get(old.cacheKey())
    return icon(source[0], colours.role(source[1]).name()) if source else None


@cache
def _icon(name: str, colour: str, disabled: str) -> QIcon:
    made = QIcon()
    for mode, shade in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled)):
        for size in (16, 32, 48, 96):
            made.addPixmap(_draw(ICONS[name], shade, size), mode)
    _SOURCES[made.cacheKey()] = (name, colours.role_of(colour))
    return made


def _draw(path: str, colour: str, size: int) -> QPixmap:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="{path}" fill="none" stroke="{colour}" '
        'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
    pixmap = QPixmap(QSize(size, size))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
