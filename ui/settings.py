"""What the window remembers on this computer, apart from any project."""

from __future__ import annotations

from PySide6.QtCore import QSettings

__all__ = ["settings"]


def settings() -> QSettings:
    """Return the settings of the person who runs the studio."""
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "Allo Studio", "window")
