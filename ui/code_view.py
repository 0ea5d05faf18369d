"""A read-only view of code with line numbers, colours and a marked place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QToolTip, QWidget

from allo_studio.diagnostics import Diagnostic
from allo_studio.source import Span
from nodes import colours
from ui.highlight import formats
from ui.theme import px, set_mono

__all__ = ["CodeView", "worst"]

# The dot of a problem, in pixels.
_DOT = 8
_SEVERITIES = ("error", "warning", "note")


def worst(found: Iterable[Diagnostic]) -> str:
    """Return the worst severity of some problems."""
    return min((diagnostic.severity for diagnostic in found), key=_SEVERITIES.index)


class _Gutter(QWidget):
    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._code = view

    def sizeHint(self) -> QSize:
        return QSize(self._code.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._code.paint_gutter(event.rect())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._code.told_at(event.pos().y()), self)
            return True
        return super().event(event)


class CodeView(QPlainTextEdit):
    """Shows a text in one of the languages of `ui.highlight`, or empty: plain.

    `line_chosen` tells the line, from 1, that the person clicked or went to with a key.
    """

    line_chosen = Signal(int)

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
        self._place: list[QTextEdit.ExtraSelection] = []
        self._traced: Sequence[int] = ()
        self._problems: Mapping[int, Sequence[Diagnostic]] = {}
        self._gutter = _Gutter(self)
        self.blockCountChanged.connect(self._fit_gutter)
        self.updateRequest.connect(self._scroll_gutter)
        self._fit_gutter()

    def set_code(self, text: str, language: str) -> None:
        """Show a text; nothing happens where it is shown already."""
        if text == self.toPlainText() and language == self._language:
            return
        self._language = language
        self._place, self._traced, self._problems = [], (), {}
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
        self._place = [line, part]
        self._select()
        self.setTextCursor(QTextCursor(block))
        self.centerCursor()

    def clear_span(self) -> None:
        """Take the mark of a place away."""
        self._place = []
        self._select()

    @property
    def marked_line(self) -> int | None:
        """The line of the place that is marked, from 1."""
        return self._place[0].cursor.blockNumber() + 1 if self._place else None

    @property
    def line(self) -> int:
        """The line that the cursor is in, from 1."""
        return self.textCursor().blockNumber() + 1

    @property
    def traced(self) -> tuple[int, ...]:
        """The lines, from 1, that belong to what was chosen in another view."""
        return tuple(self._traced)

    def trace(self, lines: Sequence[int], follow: bool = True) -> None:
        """Mark lines (from 1, ascending); `follow` brings the first into view unless one of them is."""
        self._traced = lines
        self._select()
        self._gutter.update()
        if follow and lines and not any(self._in_view(line) for line in lines):
            self._centre(lines[0])

    def point_out(self, lines: Sequence[int]) -> None:
        """Mark lines (from 1) in the margin alone."""
        self._traced = lines
        self._gutter.update()

    def show_problems(self, found: Iterable[Diagnostic]) -> None:
        """Mark the problems that lie in this text in the margin."""
        lines: dict[int, list[Diagnostic]] = {}
        for diagnostic in found:
            if diagnostic.span is not None:
                lines.setdefault(diagnostic.span.line, []).append(diagnostic)
        self._problems = lines
        self._gutter.update()

    @property
    def problems(self) -> Mapping[int, Sequence[Diagnostic]]:
        """The problems in the margin by line, from 1."""
        return self._problems

    def told_at(self, y: int) -> str:
        """Return what the margin says at a height in pixels: the problems of the line there."""
        line = self.cursorForPosition(QPoint(0, y)).blockNumber() + 1
        return "\n\n".join(f"{d.message}\n{d.hint}".strip() for d in self._problems.get(line, ()))

    def go_to_line(self, line: int) -> None:
        """Put the cursor into a line (from 1) and bring it into view."""
        block = self.document().findBlockByNumber(line - 1)
        if block.isValid():
            self.setTextCursor(QTextCursor(block))
            if not self._in_view(line):
                self._centre(line)

    def _in_view(self, line: int) -> bool:
        block = self.document().findBlockByNumber(line - 1)
        box = self.blockBoundingGeometry(block).translated(self.contentOffset())
        return box.top() >= 0 and box.bottom() <= self.viewport().height()

    def _centre(self, line: int) -> None:
        """Bring a line to the middle, where the cursor stays what it is."""
        room = self.viewport().height() // max(1, self.fontMetrics().lineSpacing())
        self.verticalScrollBar().setValue(max(0, line - 1 - room // 2))

    def _select(self) -> None:
        tint, traced = colours.faint(colours.ACCENT, 44), []
        for line in self._traced:
            block = self.document().findBlockByNumber(line - 1)
            if block.isValid():
                found = QTextEdit.ExtraSelection()
                found.format.setBackground(tint)
                found.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
                found.cursor = QTextCursor(block)
                traced.append(found)
        self.setExtraSelections([*traced, *self._place])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell the line that was clicked; a selection of text is none."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self.line_chosen.emit(self.line)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tell the line that a key led to."""
        before = self.line
        super().keyPressEvent(event)
        if self.line != before and not self.textCursor().hasSelection():
            self.line_chosen.emit(self.line)

    def line_number(self, line: int) -> str:
        """Return what the margin says of a line of what is shown."""
        return str(line)

    def gutter_width(self) -> int:
        """Return the width of the line numbers in pixels."""
        digits = max(2, len(str(self.blockCount())))
        return self.fontMetrics().horizontalAdvance("9") * digits + px(_DOT + 20)

    def paint_gutter(self, area: QRect) -> None:
        """Draw the line numbers, the dots of problems, and bars at lines that are traced."""
        painter = QPainter(self._gutter)
        painter.fillRect(area, colours.LABEL)
        painter.setFont(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        faint = colours.role("line_number")
        traced = set(self._traced)
        block, offset = self.firstVisibleBlock(), self.contentOffset()
        while block.isValid():
            box = self.blockBoundingGeometry(block).translated(offset)
            if box.top() > area.bottom():
                break
            if block.isVisible() and box.bottom() >= area.top():
                line = block.blockNumber() + 1
                place = QRect(0, int(box.top()), self._gutter.width() - px(9), int(box.height()))
                painter.setPen(colours.ACCENT if line in traced else faint)
                painter.drawText(place, Qt.AlignmentFlag.AlignRight, self.line_number(line))
                if line in traced:
                    painter.fillRect(self._gutter.width() - 3, place.top(), 3, place.height(), colours.ACCENT)
                if line in self._problems:
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(colours.level_colour(worst(self._problems[line])))
                    dot = px(_DOT)
                    painter.drawEllipse(px(5), place.center().y() - dot // 2 + 1, dot, dot)
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
