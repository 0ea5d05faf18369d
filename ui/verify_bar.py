"""The line below a schedule that says how its steps were verified, and whether they are to be."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QWidget

from nodes import colours
from ui.icons import icon
from ui.switch_bar import SwitchBar
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


class VerifyBar(SwitchBar):
    """Says how the steps of a schedule were verified."""

    def __init__(self, parent: QWidget | None = None) -> None:
        tip = "Both kernels run on random and edge data in the background; every result is compared."
        super().__init__("Verify each step by running it", tip, parent)

    def show_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Say what is known of the steps of a schedule."""
        whole = summary(outcomes)
        self.text.setText(whole.text)
        self.text.setVisible(bool(whole.text))
        self.text.setProperty("role", _ROLES[whole.state])
        self.text.style().polish(self.text)
