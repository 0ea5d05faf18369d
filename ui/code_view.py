"""A read-only view of code with line numbers, colours and a marked place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from allo_studio.source import Span
from nodes import colours
from ui.highlight import formats
from ui.theme import set_mono

__all__ = ["CodeView"]


class _Gutter(QWidget):
    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._code = view

    def sizeHint(self) -> QSize:
        return QSize(self._code.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._code.paint_gutter(event.rect())


class CodeView(QPlainTextEdit):
    """Shows a text in one of the languages of `ui.highlight`, or empty: plain."""

    def __init__(self, placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        set_mono(self)
        self.setPlaceholderText(placeholder)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._language, self._theme = "", colours.current()
        self._gutter = _Gutter(self)
        self.blockCountChanged.connect(self._fit_gutter)
        self.updateRequest.connect(self._scroll_gutter)
        self._fit_gutter()

    def set_code(self, text: str, language: str) -> None:
        """Show a text; nothing happens where it is shown already."""
        if text == self.toPlainText() and language == self._language:
            return
        self._language = language
        self.setExtraSelections([])
        # Else a new text looks like the place at which the last one was left.
        self.setCurrentCharFormat(QTextCharFormat())
        self.setPlainText(text)
        self._colour()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _colour(self) -> None:
        text, self._theme = self.toPlainText(), colours.current()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        # Qt counts UTF-16 units, Python characters: they differ where a text has characters beyond U+FFFF.
        narrow = text.isascii() or max(map(ord, text), default=0) < 0x10000
        for start, length, shape in formats(text, self._language) if narrow else ():
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(shape)
        cursor.endEditBlock()

    def changeEvent(self, event: QEvent) -> None:
        """Take the colours of another theme, and make room for line numbers of another size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._theme != colours.current():
            self._colour()
        elif event.type() == QEvent.Type.FontChange:
            self._fit_gutter()

    def show_span(self, span: Span, level: str = "error") -> None:
        """Mark a place and bring it into view."""
        block = self.document().findBlockByNumber(span.line - 1)
        if not block.isValid():
            return
        line, part = QTextEdit.ExtraSelection(), QTextEdit.ExtraSelection()
        line.format.setBackground(colours.faint(colours.level_colour(level), 36))
        line.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        line.cursor = QTextCursor(block)
        part.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        part.format.setUnderlineColor(colours.level_colour(level))
        part.cursor = QTextCursor(block)
        width = max(1, span.end_column - span.column) if span.end_line == span.line else block.length()
        start = block.position() + min(span.column - 1, block.length() - 1)
        part.cursor.setPosition(start)
        end = min(start + width, block.position() + block.length() - 1)
        part.cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self.setExtraSelections([line, part])
        self.setTextCursor(QTextCursor(block))
        self.centerCursor()

    @property
    def marked_line(self) -> int | None:
        """The line that is marked, from 1."""
        found = self.extraSelections()
        return found[0].cursor.blockNumber() + 1 if found else None

    def gutter_width(self) -> int:
        """Return the width of the line numbers in pixels."""
        digits = max(2, len(str(self.blockCount())))
        return self.fontMetrics().horizontalAdvance("9") * digits + 20

    def paint_gutter(self, area: QRect) -> None:
        """Draw the line numbers."""
        painter = QPainter(self._gutter)
        painter.fillRect(area, colours.LABEL)
        painter.setFont(self.font())
        painter.setPen(colours.role("line_number"))
        block, offset = self.firstVisibleBlock(), self.contentOffset()
        while block.isValid():
            box = self.blockBoundingGeometry(block).translated(offset)
            if box.top() > area.bottom():
                break
            if block.isVisible() and box.bottom() >= area.top():
                place = QRect(0, int(box.top()), self._gutter.width() - 9, int(box.height()))
                painter.drawText(place, Qt.AlignmentFlag.AlignRight, str(block.blockNumber() + 1))
            block = block.next()
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the gutter at the left."""
        super().resizeEvent(event)
        area = self.contentsRect()
        self._gutter.setGeometry(area.left(), area.top(), self.gutter_width(), area.height())

    def _fit_gutter(self) -> None:
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)

    def _scroll_gutter(self, area: QRect, dy: int) -> None:
        if dy:
            self._gutter.scroll(0, dy)
        else:
            self._gutter.update(0, area.y(), self._gutter.width(), area.height())
