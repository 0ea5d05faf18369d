"""What the window remembers on this computer, apart from any project."""

from __future__ import annotations

from PySide6.QtCore import QSettings

__all__ = ["remembered", "settings"]


def settings() -> QSettings:
    """Return the settings of the person who runs the studio."""
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "Allo Studio", "window")


def remembered(key: str) -> list[str]:
    """Return a list of texts that was set, empty where none was."""
    found = settings().value(key, [])
    # A list of one comes back as a text.
    return [found] if isinstance(found, str) else [str(name) for name in found or []]
