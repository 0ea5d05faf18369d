"""What the window shows while no project is open."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui.icons import icon

__all__ = ["Welcome"]


class Welcome(QWidget):
    """Buttons for opening, making, and looking at an example."""

    open_asked = Signal()
    new_asked = Signal()
    example_asked = Signal(str)

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
        for example in examples:
            button = QPushButton(f"Look at the example {example}")
            button.setProperty("flat", "true")
            button.clicked.connect(lambda checked=False, example=example: self.example_asked.emit(example))
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(4)
