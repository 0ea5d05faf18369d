"""What the window's actions that lead to its parts do."""

from __future__ import annotations

from PySide6.QtCore import Qt

from ui.panels import Panels

__all__ = ["DockCommands"]


class DockCommands:
    """The window's methods that its actions on docks call."""

    panels: Panels

    def do_console(self) -> None:
        """Bring the console to the front and type there."""
        self.panels.docks["Results"].show()
        self.panels.bottom.setCurrentWidget(self.panels.console)
        self.panels.console.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def do_history(self) -> None:
        """Bring the list of edits to the front and choose there."""
        self.panels.docks["History"].show()
        self.panels.docks["History"].raise_()
        self.panels.history.setFocus(Qt.FocusReason.ShortcutFocusReason)
