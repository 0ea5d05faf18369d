"""The line below a schedule that says what its steps do to latency and resources together."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QWidget

from nodes import colours
from ui.effects import Figures, changes, line, table
from ui.switch_bar import SwitchBar

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


class EffectBar(SwitchBar):
    """Says what is known of all steps together."""

    def __init__(self, parent: QWidget | None = None) -> None:
        tip = (
            "The kernel is scheduled by itself, as if all its arrays lay in memories, before and after each step, "
            "with the operators of the target that Build makes."
        )
        super().__init__("Predict what each step does", tip, parent)

    def show_text(self, text: str) -> None:
        """Say what is known of all steps together."""
        self.text.setText(f"All steps: {text}" if text else "")
        self.text.setVisible(bool(text))
