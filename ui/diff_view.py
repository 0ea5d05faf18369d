"""Two texts side by side, line by line, with what differs marked; both scroll together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextCursor, QTextFormat
from PySide6.QtWidgets import QSplitter, QTextEdit, QWidget

from nodes import colours
from ui.code_view import CodeView
from ui.line_diff import Part, Row, aligned, change_starts

__all__ = ["DiffView"]

_SHADES = {"changed": "warning", "removed": "error", "added": "ok"}


class _Side(CodeView):
    """One of the texts, with empty lines where the other has some that it has not."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: list[int | None] = []

    def line_number(self, line: int) -> str:
        """Return the number of a line in its own text."""
        number = self._numbers[line - 1] if line <= len(self._numbers) else None
        return "" if number is None else str(number)

    def show_rows(self, text: str, language: str, rows: Sequence[tuple[int | None, str, Sequence[Part]]]) -> None:
        """Show the lines of a text by number, with the kind of each row and what differs in it."""
        lines = text.splitlines()
        self._numbers = [number for number, _, _ in rows]
        self.set_code("\n".join("" if n is None else lines[n - 1] for n in self._numbers), language)
        marks = []
        for line, (number, kind, parts) in enumerate(rows):
            if kind == "same":
                continue
            block = self.document().findBlockByNumber(line)
            shade = colours.level_colour(_SHADES[kind]) if number is not None else colours.MUTED
            whole = QTextEdit.ExtraSelection()
            whole.format.setBackground(colours.faint(shade, 40 if number is not None else 18))
            whole.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            whole.cursor = QTextCursor(block)
            marks.append(whole)
            for start, end in parts:
                part = QTextEdit.ExtraSelection()
                part.format.setBackground(colours.faint(shade, 110))
                part.cursor = QTextCursor(block)
                part.cursor.setPosition(block.position() + start)
                part.cursor.setPosition(block.position() + end, QTextCursor.MoveMode.KeepAnchor)
                marks.append(part)
        self.setExtraSelections(marks)


class DiffView(QSplitter):
    """`moved` says that another change is looked at."""

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.before, self.after = _Side(), _Side()
        self.rows: tuple[Row, ...] = ()
        self.starts: tuple[int, ...] = ()
        self.at = -1
        for side, name in ((self.before, "Before"), (self.after, "After")):
            side.setAccessibleName(name)
            self.addWidget(side)
        for one, other in ((self.before, self.after), (self.after, self.before)):
            one.verticalScrollBar().valueChanged.connect(other.verticalScrollBar().setValue)
            one.horizontalScrollBar().valueChanged.connect(other.horizontalScrollBar().setValue)
        self.setChildrenCollapsible(False)

    def show_texts(self, before: str, after: str, language: str) -> None:
        """Show two texts, and go to the first change."""
        self.rows = aligned(before, after)
        self.starts = change_starts(self.rows)
        self.before.show_rows(before, language, [(row.before, row.kind, row.before_parts) for row in self.rows])
        self.after.show_rows(after, language, [(row.after, row.kind, row.after_parts) for row in self.rows])
        self.setSizes([1000, 1000])
        self.at = -1
        self.step(1)

    def step(self, by: int) -> None:
        """Go to the next change (1) or to the one before (-1); after the last comes the first."""
        if self.starts:
            self.at = (self.at + by) % len(self.starts) if self.at >= 0 or by > 0 else len(self.starts) - 1
            start = self.starts[self.at]
            run = [n + 1 for n, _ in takewhile(lambda at: at[1].kind != "same", enumerate(self.rows[start:], start))]
            for side in (self.before, self.after):
                side.point_out(run)
                side.go_to_line(start + 1)
        self.moved.emit()
