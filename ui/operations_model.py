"""The operations of one piece of a schedule as a table model. A row's cells are made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from nodes import colours
from ui.results import limited

if TYPE_CHECKING:
    from allo_studio.hardware.view import Piece, Row

__all__ = ["CHART", "HEADERS", "OperationsModel", "operation_text"]

HEADERS = ("#", "Operation", "Line", "Cycles", "")
CHART = 4
_NUMBERS = (0, 2, 3)

# A list of names longer than this says only how many more there are.
_MOST_NAMES = 6

_Index = QModelIndex | QPersistentModelIndex
_Role = Qt.ItemDataRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class OperationsModel(QAbstractTableModel):
    """Rows are those of the piece, in its order. `feeds` has for each row those that take values from it."""

    def __init__(self) -> None:
        super().__init__()
        self.piece: Piece | None = None
        self.rows: tuple[Row, ...] = ()
        self.feeds: tuple[tuple[int, ...], ...] = ()
        self.limited = False

    def show(self, piece: Piece | None) -> None:
        """Take the operations of a piece, or none."""
        self.beginResetModel()
        self.piece, self.rows = piece, piece.rows if piece else ()
        self.limited = piece is not None and limited(piece)
        takers: list[list[int]] = [[] for _ in self.rows]
        for number, row in enumerate(self.rows):
            for source in row.after:
                takers[source].append(number)
        self.feeds = tuple(map(tuple, takers))
        self.endResetModel()

    @property
    def cycles(self) -> int:
        """The cycles that a drawing has to show."""
        depth = self.piece.depth if self.piece else 0
        return max([depth, *(row.end + 1 for row in self.rows)])

    def critical(self, number: int) -> bool:
        """Tell whether a row is on what limits the interval."""
        return self.limited and self.rows[number].critical

    def label(self, number: int) -> str:
        """Return what a row does, with its lanes."""
        row = self.rows[number]
        return f"{row.lanes} × {row.label}" if row.lanes > 1 else row.label

    def names(self, numbers: Iterable[int]) -> str:
        """Return rows by number and label, the first few of them."""
        found = list(numbers)
        named = [f"#{number} {self.label(number)}" for number in found[:_MOST_NAMES]]
        more = len(found) - len(named)
        return ", ".join(named) + (f" and {more} more" if more else "")

    def text(self, number: int) -> str:
        """Return a row as a line of text."""
        row = self.rows[number]
        line = f"line {row.line}" if row.line else ""
        after = f"after {', '.join(map(str, row.after))}" if row.after else ""
        limits = f"limits the II of {self.piece.interval}" if self.piece and self.critical(number) else ""
        parts = (str(number), self.label(number), f"cycles {operation_text(row)}", line, after, limits)
        return "  ".join(filter(None, parts))

    # What Qt asks.

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == _Role.DisplayRole:
            return HEADERS[section]
        if role == _Role.TextAlignmentRole and section in _NUMBERS:
            return _RIGHT
        return None

    def data(self, index: _Index, role: int = _Role.DisplayRole) -> Any:
        number, column = index.row(), index.column()
        if role == _Role.DisplayRole:
            return self._shown(number, column)
        if role == _Role.ToolTipRole:
            return self._tip(number)
        if role == _Role.TextAlignmentRole and column in _NUMBERS:
            return _RIGHT
        if role == _Role.ForegroundRole and column < CHART:
            return self._colour(number, column)
        if role == _Role.AccessibleTextRole:
            return self.text(number) if column == CHART else self._shown(number, column)
        return None

    def _shown(self, number: int, column: int) -> str:
        row = self.rows[number]
        match column:
            case 0:
                return str(number)
            case 1:
                # A sign as well as a colour: not everyone tells the colours apart.
                return f"◆ {self.label(number)}" if self.critical(number) else self.label(number)
            case 2:
                return str(row.line) if row.line else ""
            case 3:
                return operation_text(row)
            case _:
                return ""

    def _tip(self, number: int) -> str:
        row = self.rows[number]
        result = f", its result is there in cycle {row.end}" if row.end > row.start else ""
        lines = [self.label(number), f"cycle{'s' * (row.end > row.start)} {operation_text(row)}{result}"]
        if self.piece and self.critical(number):
            lines.append(f"limits the II of {self.piece.interval}")
        if row.after:
            lines.append(f"takes values from {self.names(row.after)}")
        if self.feeds[number]:
            lines.append(f"gives its value to {self.names(self.feeds[number])}")
        if row.source:
            lines.append(row.source)
        return "\n".join(lines)

    def _colour(self, number: int, column: int) -> Any:
        if self.critical(number) and column == 1:
            return colours.WARNING
        return colours.MUTED if column in (0, 2) else None


def operation_text(row: Row) -> str:
    """Return the cycles of an operation: `3` or `3..7`."""
    return f"{row.start}..{row.end}" if row.end > row.start else f"{row.start}"
