"""The button beside Build that says what it makes, and offers the targets."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from ui.targets import TARGETS, TargetChoice

__all__ = ["TargetButton"]


class TargetButton(QToolButton):
    """Shows the chosen target and, when pressed, the actions that choose one; it keeps their marks right."""

    def __init__(self, choice: TargetChoice, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("target")
        self.setAccessibleName("Target of the build")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._choice = choice
        self._actions = {target: actions[f"target_{target}"] for target in TARGETS}
        menu = QMenu(self)
        menu.addActions(list(self._actions.values()))
        self.setMenu(menu)
        for action in self._actions.values():
            action.enabledChanged.connect(self.setEnabled)
            self.setEnabled(action.isEnabled())
        choice.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        chosen = self._choice.chosen
        self._actions[chosen].setChecked(True)
        self.setText(TARGETS[chosen].name)
        keys = ", ".join(
            f"{TARGETS[name].name}: {action.shortcut().toString()}" for name, action in self._actions.items()
        )
        self.setToolTip(f"What Build makes  ({keys})")
