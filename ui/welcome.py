"""What the window shows while no project is open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui.icons import icon
from ui.recent import shown_path

__all__ = ["Welcome"]

_MOST_RECENT = 5


class Welcome(QWidget):
    """Buttons for opening, making, and looking at an example."""

    open_asked = Signal()
    new_asked = Signal()
    example_asked = Signal(str)
    recent_asked = Signal(object)

    def __init__(self, examples: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title, text = QLabel("Allo Studio"), QLabel("Compose spatial accelerators: wire kernels, schedule them, build.")
        title.setProperty("role", "hero")
        text.setProperty("role", "muted")
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addStretch(1)
        for name, label, signal in (
            ("open", "Open a project…", self.open_asked),
            ("new", "New project…", self.new_asked),
        ):
            button = QPushButton(icon(name), label)
            button.setProperty("primary", "true" if name == "open" else "false")
            button.clicked.connect(signal)
            row.addWidget(button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(3)
        layout.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(text, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(16)
        layout.addLayout(row)
        layout.addSpacing(8)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        layout.addLayout(self._recent)
        layout.addSpacing(8)
        for example in examples:
            button = QPushButton(f"Look at the example {example}")
            button.setProperty("flat", "true")
            button.clicked.connect(lambda checked=False, example=example: self.example_asked.emit(example))
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(4)

    def show_recent(self, projects: Sequence[Path]) -> None:
        """Show a button for each of the projects that were open last, as far as there is room."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for path in projects[:_MOST_RECENT]:
            button = QPushButton(icon("open"), shown_path(path))
            button.setProperty("flat", "true")
            button.clicked.connect(lambda checked=False, path=path: self.recent_asked.emit(path))
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
