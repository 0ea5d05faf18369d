"""A switch with a line of text below it: what is done with the steps of a schedule, and whether it is to be."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

__all__ = ["SwitchBar"]


class SwitchBar(QWidget):
    """`toggled` tells that it was switched on or off."""

    toggled = Signal(bool)

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.switch = QCheckBox(title)
        self.switch.setToolTip(tip)
        self.switch.setChecked(True)
        self.text = QLabel()
        self.text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.switch)
        layout.addWidget(self.text)
        self.switch.toggled.connect(self.toggled)
        self.text.hide()

    @property
    def on(self) -> bool:
        """Whether it is switched on."""
        return self.switch.isChecked()
