"""Fixes as buttons: what is offered for the faults of what is selected."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from nodes import colours
from ui.icons import icon

if TYPE_CHECKING:
    from allo_studio.design.fixes import Fix

__all__ = ["FixList", "fix_button"]

_MOST = 8


def fix_button(fix: Fix) -> QPushButton:
    """Return a button that says what a fix does."""
    button = QPushButton(icon("fix", colours.OK.name()), fix.text[0].upper() + fix.text[1:])
    button.setProperty("role", "fix")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setToolTip("Mend the fault in this way (it can be undone)")
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return button


class FixList(QWidget):
    """A column of buttons. `chosen` tells the edit of the one that was pressed."""

    # An Edit.
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._fixes: tuple[Fix, ...] = ()

    @property
    def buttons(self) -> list[QPushButton]:
        """The buttons that are shown."""
        items = (self._column.itemAt(index) for index in range(self._column.count()))
        return [w for item in items if item is not None and isinstance(w := item.widget(), QPushButton)]

    def show_fixes(self, fixes: Sequence[Fix]) -> None:
        """Show fixes, the first eight of very many, each once."""
        wanted = tuple({fix.text: fix for fix in fixes}.values())[:_MOST]
        self.setVisible(bool(wanted))
        if wanted == self._fixes:
            return
        self._fixes = wanted
        for button in self.buttons:
            self._column.removeWidget(button)
            button.hide()
            button.deleteLater()
        for fix in wanted:
            button = fix_button(fix)
            button.clicked.connect(partial(self._press, fix))
            self._column.addWidget(button)

    def _press(self, fix: Fix, checked: bool = False) -> None:
        # The button goes with the edit.
        QTimer.singleShot(0, partial(self.chosen.emit, fix.edit))
