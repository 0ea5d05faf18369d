"""The line below a schedule that says what its steps do to latency and resources together."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from nodes import colours
from ui.effects import Figures, changes, line, table

__all__ = ["EffectBar", "effect_text"]


def effect_text(before: Figures | None, after: Figures | None, short: bool = False) -> str:
    """Return what became of a kernel's figures, in rich text, as a table or in `short`; what is missing is said."""
    if before is None or after is None:
        return "predicting…"
    shades = {"ok": colours.OK.name(), "error": colours.ERROR.name()}
    found = changes(before, after)
    shown = (line(found, shades) or "no change") if short else table(found, shades)
    if not after.counts:
        shown = ""
    return "<br>".join(filter(None, (escape(after.why or before.why), shown)))


class EffectBar(QWidget):
    """`toggled` tells that predictions were switched on or off."""

    toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.switch = QCheckBox("Predict what each step does")
        self.switch.setToolTip(
            "The kernel is scheduled by itself, as if all its arrays lay in memories, before and after each step, "
            "with the operators of the target that Build makes."
        )
        self.switch.setChecked(True)
        self.text = QLabel()
        self.text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.switch)
        layout.addWidget(self.text)
        self.switch.toggled.connect(self.toggled)
        self.show_text("")

    @property
    def on(self) -> bool:
        """Whether steps are to be predicted."""
        return self.switch.isChecked()

    def show_text(self, text: str) -> None:
        """Say what is known of all steps together."""
        self.text.setText(f"All steps: {text}" if text else "")
        self.text.setVisible(bool(text))
