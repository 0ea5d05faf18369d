"""Says at a text field what is wrong with what was typed into it, and keeps it there to be mended."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from allo_studio.design.edits import Edit
from allo_studio.design.model import Project
from allo_studio.diagnostics import AlloError
from allo_studio.types import parse_type
from ui.theme import px

__all__ = ["FieldCheck", "refusal", "type_fault"]


def refusal(project: Project | None, edit: Edit) -> str:
    """Return why an edit would be refused, or an empty text."""
    if project is None:
        return ""
    try:
        edit.apply(project)
    except AlloError as error:
        fault = error.diagnostics[0]
        return f"{fault.message}: {fault.hint}" if fault.hint else fault.message
    return ""


def type_fault(text: str) -> str:
    """Return why a text is no type, or an empty text."""
    try:
        parse_type(text)
    except ValueError as fault:
        return str(fault)
    return ""


class FieldCheck(QObject):
    """Watches a field. `complain` returns what is wrong with a text, or an empty text.

    Esc takes back the text that was there before a person typed.
    """

    def __init__(self, box: QLineEdit, complain: Callable[[str], str]) -> None:
        super().__init__(box)
        self._box, self._complain = box, complain
        self._good, self._tip = box.text(), box.toolTip()
        self.fault = ""
        self.note = QLabel(box)
        self.note.setProperty("role", "balloon")
        self.note.setWordWrap(True)
        self.note.hide()
        # It stands on the page, which stays when the field goes.
        box.destroyed.connect(self.note.deleteLater)
        box.textChanged.connect(lambda _: self.look())
        box.installEventFilter(self)

    def show(self, text: str) -> None:
        """Show a text that is good, or that the file has."""
        self._box.setText(text)
        # The same text may be right for what is shown now.
        self.look()

    def look(self) -> None:
        """Check the text as it stands."""
        text = self._box.text().strip()
        self.fault = self._complain(text)
        if not self.fault and not self._box.isModified():
            self._good = self._box.text()
        self._box.setProperty("fault", "true" if self.fault else "false")
        self._box.style().polish(self._box)
        self._box.setToolTip(self.fault or self._tip)
        self._box.setAccessibleDescription(self.fault)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the last good text back with Esc, and keep the note below the field."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape and self._box.text() != self._good:
                self._box.setText(self._good)
                return True
        elif event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        """Show the note below the field, over what is there, within the page's width."""
        page = _page_of(self._box)
        if not self.fault or page is None or not self._box.isVisible():
            self.note.hide()
            return
        self.note.setParent(page)
        self.note.setText(self.fault)
        self.note.setFixedWidth(min(px(320), page.width() - px(16)))
        self.note.adjustSize()
        at = self._box.mapTo(page, QPoint(0, self._box.height() + px(3)))
        self.note.move(max(px(8), min(at.x(), page.width() - self.note.width() - px(8))), at.y())
        self.note.raise_()
        self.note.show()


def _page_of(widget: QWidget) -> QWidget | None:
    """Return the page that a field is on; it may stand in a box of its own, such as with a button beside it."""
    found = widget.parentWidget()
    while found is not None and found.parentWidget() is not None and found.property("page") != "true":
        found = found.parentWidget()
    return found
