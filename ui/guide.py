"""The panel of the guided first project: its steps with ticks, and what to do next. Nothing of it is modal."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from nodes import colours
from ui.guide_steps import STEPS
from ui.icons import icon
from ui.theme import px

__all__ = ["Guide"]

_TICK, _LEAST = 16, 240


class Guide(QWidget):
    """Shows how many steps are done. `where_asked` tells a place, the other signals are its buttons."""

    where_asked = Signal(str)
    anew_asked = Signal()
    project_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.done, self._in_front = 0, True
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
            title.setWordWrap(True)
            text.setWordWrap(True)
            row.addWidget(tick, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(title, 1)
            column.addLayout(row)
            column.addWidget(text)
            self.rows.append((tick, title, text))
        for widget in (self.end, self.where, self.anew):
            column.addWidget(widget)
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
        self.where.clicked.connect(lambda: self.where_asked.emit(STEPS[self.done].where))
        self.anew.clicked.connect(self.anew_asked)
        self.elsewhere.clicked.connect(self.project_asked)
        self.rescale()

    def rescale(self) -> None:
        """Take the lengths of the present scale."""
        self.setMinimumWidth(px(_LEAST))
        for tick, _, _ in self.rows:
            tick.setFixedWidth(px(_TICK))
        self.show_done(self.done, self._in_front)

    def changeEvent(self, event: QEvent) -> None:
        """Draw the ticks in the colours of another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.show_done(self.done, self._in_front)

    def show_done(self, done: int, in_front: bool) -> None:
        """Show so many steps as done, and whether the project that they are about is in front."""
        self.done, self._in_front = done, in_front
        for number, (tick, title, text) in enumerate(self.rows):
            current = number == done
            colour = colours.OK if number < done else colours.ACCENT if current else colours.MUTED
            name = "ok" if number < done else "waiting"
            tick.setPixmap(icon(name, colour.name()).pixmap(px(_TICK), px(_TICK)))
            tick.setAccessibleName("done" if number < done else "next" if current else "to come")
            font = title.font()
            font.setBold(current)
            title.setFont(font)
            text.setVisible(current)
        self.elsewhere.setVisible(not in_front)
        self.where.setVisible(in_front and done < len(STEPS))
        self.end.setVisible(done == len(STEPS))
