"""The line below a schedule that says how its steps were verified, and whether they are to be."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from nodes import colours
from ui.icons import icon
from ui.trials import Outcome, summary

__all__ = ["VerifyBar", "outcome_icon"]

_ICONS = {
    "waiting": ("waiting", colours.MUTED),
    "equal": ("ok", colours.OK),
    "differs": ("error", colours.ERROR),
    "skipped": ("skipped", colours.MUTED),
}
_ROLES = {"differs": "error", "equal": "muted", "waiting": "muted", "skipped": "muted"}


def outcome_icon(outcome: Outcome) -> QIcon:
    """Return the icon of a verified step."""
    name, colour = _ICONS[outcome.state]
    return icon(name, colour.name())


class VerifyBar(QWidget):
    """`toggled` tells that verification was switched on or off."""

    toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.switch = QCheckBox("Verify each step by running it")
        self.switch.setToolTip("Both kernels run on random and edge data in the background; every result is compared.")
        self.switch.setChecked(True)
        self.text = QLabel()
        self.text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.switch)
        layout.addWidget(self.text)
        self.switch.toggled.connect(self.toggled)
        self.show_outcomes(())

    @property
    def on(self) -> bool:
        """Whether steps are to be verified."""
        return self.switch.isChecked()

    def show_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Say what is known of the steps of a schedule."""
        whole = summary(outcomes)
        self.text.setText(whole.text)
        self.text.setVisible(bool(whole.text))
        self.text.setProperty("role", _ROLES[whole.state])
        self.text.style().polish(self.text)
