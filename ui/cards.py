"""Cards: a figure with its name above and what there is to say of it below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from ui.comparison import Comparison
from ui.theme import set_level

__all__ = ["Card", "CardRow", "CycleCard"]

_NO_BREAK = "\u00a0"


class Card(QFrame):
    """A figure or a word, its name above and its detail below."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.name = _label("muted", title)
        self.number = _label("number", "–")
        self.detail = _label("muted")
        self.detail.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 7, 14, 7)
        layout.setSpacing(0)
        for part in (self.name, self._figures(), self.detail):
            layout.addWidget(part)
        layout.addStretch(1)

    def _figures(self) -> QWidget:
        return self.number

    def event(self, event: QEvent) -> bool:
        """Be as high as the detail needs, which depends on the width."""
        done = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self.setMinimumHeight(max(0, self.layout().totalHeightForWidth(self.width())))
        return done

    def tell(self, number: str, detail: str, level: str = "") -> None:
        """Show a figure; `level` is that of its colour."""
        self.number.setText(number)
        # A narrow card breaks the line between the parts, not inside of one.
        self.detail.setText(f"{_NO_BREAK}· ".join(part.replace(" ", _NO_BREAK) for part in detail.split(" · ")))
        set_level(self.number, level)


class CycleCard(Card):
    """Cycles as predicted; after a cycle simulation those that it counted stand beside them, with the verdict below.

    `equal` and `differs` are the two verdicts, each with a sign and words.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        super().__init__(title)

    def _figures(self) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(22)
        grid.setVerticalSpacing(0)
        self.simulated, self.equal, self.differs = _label("number"), _label("equal"), _label("differs")
        self._captions = (_label("muted", "predicted"), _label("muted", "simulated"))
        for column, (figure, caption) in enumerate(zip((self.number, self.simulated), self._captions, strict=True)):
            grid.addWidget(figure, 0, column)
            grid.addWidget(caption, 1, column)
        for row, verdict in enumerate((self.equal, self.differs), 2):
            grid.addWidget(verdict, row, 0, 1, 3, Qt.AlignmentFlag.AlignLeft)
        grid.setColumnStretch(2, 1)
        return box

    def compare(self, cycles: Comparison, detail: str) -> None:
        """Show cycles, and whether the simulated ones differ."""
        ran = cycles.simulated is not None
        self.name.setText(f"{self._title} in cycles" if ran else self._title)
        self.tell(f"{cycles.predicted:,}" if ran else f"{cycles.predicted:,} cycles", detail)
        self.simulated.setText(f"{cycles.simulated:,}" if ran else "")
        set_level(self.simulated, "" if cycles.equal else "error")
        for part in (self.simulated, *self._captions):
            part.setVisible(ran)
        for verdict, holds in ((self.equal, ran and cycles.equal), (self.differs, ran and not cycles.equal)):
            verdict.setText(cycles.verdict)
            verdict.setVisible(holds)


class CardRow(QWidget):
    """Cards side by side, or in as many rows as the width asks for."""

    def __init__(self, cards: Sequence[Card], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards, self._columns = tuple(cards), 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(10)
        self._arrange(len(self._cards))

    @property
    def columns(self) -> int:
        """How many cards are side by side."""
        return self._columns

    def event(self, event: QEvent) -> bool:
        """Take as many columns as there is room for."""
        done = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            counts = (len(self._cards), 3, 2)
            self._arrange(next((count for count in counts if self._width_of(count) <= self.width()), 1))
        return done

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest card, so that they can be put below each other."""
        return QSize(self._width_of(1), super().minimumSizeHint().height())

    def _width_of(self, columns: int) -> int:
        """Return how wide so many columns are at least."""
        least = [card.minimumSizeHint().width() for card in self._cards]
        return sum(max(least[column::columns]) for column in range(columns)) + (columns - 1) * self._grid.spacing()

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for number, card in enumerate(self._cards):
            self._grid.removeWidget(card)
            self._grid.addWidget(card, number // columns, number % columns)
        for column in range(len(self._cards)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)


def _label(role: str, text: str = "") -> QLabel:
    made = QLabel(text)
    made.setProperty("role", role)
    return made
