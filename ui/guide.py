"""The panel of the guided first project: its steps with ticks, and what to do next. Nothing of it is modal."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from nodes import colours
from ui.guide_steps import STEPS
from ui.icons import icon
from ui.theme import px

__all__ = ["Guide"]

_TICK, _LEAST = 16, 220


class Guide(QWidget):
    """Shows how many steps are done. `where_asked` tells a place, the other signals are its buttons."""

    where_asked = Signal(str)
    anew_asked = Signal()
    project_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.done = 0
        self.rows: list[tuple[QLabel, QLabel, QLabel]] = []
        self.elsewhere = QPushButton("Go to the guided project")
        self.where = QPushButton(icon("fit"), "Show me where")
        self.anew = QPushButton("Begin anew")
        self.end = QLabel("All done.")
        self.end.setProperty("role", "title")
        page, column = QWidget(), QVBoxLayout()
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addWidget(self.elsewhere)
        for number, step in enumerate(STEPS, 1):
            row, tick, title, text = QHBoxLayout(), QLabel(), QLabel(f"{number}  {step.title}"), QLabel(step.text)
            tick.setFixedWidth(_TICK)
            text.setWordWrap(True)
            row.addWidget(tick)
            row.addWidget(title, 1)
            column.addLayout(row)
            column.addWidget(text)
            self.rows.append((tick, title, text))
        buttons = QHBoxLayout()
        buttons.addWidget(self.where)
        buttons.addWidget(self.anew)
        column.addWidget(self.end)
        column.addLayout(buttons)
        column.addStretch(1)
        page.setLayout(column)
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        self.setMinimumWidth(px(_LEAST))
        self.where.clicked.connect(lambda: self.where_asked.emit(STEPS[self.done].where))
        self.anew.clicked.connect(self.anew_asked)
        self.elsewhere.clicked.connect(self.project_asked)
        self.show_done(0, True)

    def show_done(self, done: int, in_front: bool) -> None:
        """Show so many steps as done, and whether the project that they are about is in front."""
        self.done = done
        for number, (tick, title, text) in enumerate(self.rows):
            current = number == done
            colour = colours.OK if number < done else colours.ACCENT if current else colours.MUTED
            name = "ok" if number < done else "waiting"
            tick.setPixmap(icon(name, colour.name()).pixmap(_TICK, _TICK))
            tick.setAccessibleName("done" if number < done else "next" if current else "to come")
            font = title.font()
            font.setBold(current)
            title.setFont(font)
            text.setVisible(current)
        self.elsewhere.setVisible(not in_front)
        self.where.setVisible(in_front and done < len(STEPS))
        self.end.setVisible(done == len(STEPS))
