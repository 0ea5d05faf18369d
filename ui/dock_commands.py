"""What the window's actions that lead to its parts do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ui.panels import Panels

__all__ = ["DockCommands"]


class DockCommands:
    """The window's methods that its actions on docks call."""

    panels: Panels

    def do_problems(self) -> None:
        """Bring the list of problems to the front and choose there."""
        self._bring(self.panels.problems, self.panels.problems.tree)

    def do_build_log(self) -> None:
        """Bring the log of the build to the front."""
        self._bring(self.panels.log, self.panels.log.log)

    def do_report(self) -> None:
        """Bring the report to the front; the arrows turn its pages."""
        self._bring(self.panels.report, self.panels.report.tabs.tabBar())

    def _bring(self, page: QWidget, inside: QWidget) -> None:
        self.panels.docks["Results"].show()
        self.panels.bottom.setCurrentWidget(page)
        inside.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def do_console(self) -> None:
        """Bring the console to the front and type there."""
        self._bring(self.panels.console, self.panels.console.line)

    def do_history(self) -> None:
        """Bring the list of edits to the front and choose there."""
        self.panels.docks["History"].show()
        self.panels.docks["History"].raise_()
        self.panels.history.setFocus(Qt.FocusReason.ShortcutFocusReason)
