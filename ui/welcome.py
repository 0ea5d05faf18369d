"""What the window shows while no project is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ui.icons import icon
from ui.recent import shown_path

__all__ = ["Welcome"]

_MOST_RECENT = 5
# The gallery: cards side by side, and how wide each is at most.
_COLUMNS = 2


class Welcome(QWidget):
    """Buttons for opening, making, and looking at an example; `examples` are names with what each is."""

    open_asked = Signal()
    new_asked = Signal()
    example_asked = Signal(str)
    recent_asked = Signal(object)
    reopen_asked = Signal()
    guide_asked = Signal()

    def __init__(self, examples: Mapping[str, str], parent: QWidget | None = None) -> None:
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
            ("library", "Guided first project…", self.guide_asked),
        ):
            button = QPushButton(icon(name), label)
            button.setProperty("primary", "true" if name == "open" else "false")
            button.clicked.connect(signal)
            row.addWidget(button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(text, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(16)
        layout.addLayout(row)
        layout.addSpacing(8)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        layout.addLayout(self._recent)
        layout.addSpacing(8)
        layout.addWidget(_gallery(examples, self.example_asked), 8)
        layout.addStretch(1)

    def show_recent(self, projects: Sequence[Path], together: int = 0) -> None:
        """Show a button for each of the projects that were open last, as far as there is room.

        Where several were open `together` when the studio ended, one button opens them all.
        """
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if together > 1:
            button = QPushButton(icon("open"), f"The {together} projects of last time")
            button.setProperty("flat", "true")
            button.clicked.connect(self.reopen_asked)
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        for path in projects[:_MOST_RECENT]:
            button = QPushButton(icon("open"), shown_path(path))
            button.setProperty("flat", "true")
            button.clicked.connect(lambda checked=False, path=path: self.recent_asked.emit(path))
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)


def _gallery(examples: Mapping[str, str], asked: SignalInstance) -> QScrollArea:
    """Return the examples side by side, each with what it says of itself."""
    page, grid = QWidget(), QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(10)
    for number, (name, note) in enumerate(examples.items()):
        card, column = QFrame(), QVBoxLayout()
        card.setProperty("role", "example")
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        button = QPushButton(f"Example: {name}")
        button.setProperty("flat", "true")
        button.clicked.connect(lambda checked=False, name=name: asked.emit(name))
        text = QLabel(note)
        text.setWordWrap(True)
        text.setProperty("role", "muted")
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(text)
        column.addStretch(1)
        card.setLayout(column)
        grid.addWidget(card, number // _COLUMNS, number % _COLUMNS)
    page.setLayout(grid)
    area = QScrollArea()
    area.setAccessibleName("Examples")
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    return area
