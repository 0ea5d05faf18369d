"""A window that shows a kernel before and after a step: as loops, as MLIR, or as C++."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ui.diff_view import DiffView
from ui.icons import icon
from ui.kernel_text import FORMS, text_of
from ui.theme import px

if TYPE_CHECKING:
    from allo_studio.ir import KernelIR

__all__ = ["ALL", "CompareSteps", "Comparison"]

ALL = "All steps"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Something to compare: its name in the list, and the kernel without it and with it."""

    name: str
    before: KernelIR
    after: KernelIR


class CompareSteps(QDialog):
    """Stays open beside the window, and follows the block that is selected."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Before and after")
        self.resize(px(1180), px(720))
        self._choices: tuple[Comparison, ...] = ()
        self._shown: tuple[object, ...] = ()
        self.step, self.form = QComboBox(), QComboBox()
        self.form.addItems(list(FORMS))
        self.diff = DiffView()
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        head = QHBoxLayout()
        for text, box in (("&Step", self.step), ("S&hown as", self.form)):
            label = QLabel(text)
            label.setBuddy(box)
            head.addWidget(label)
            head.addWidget(box)
        head.addStretch(1)
        head.addWidget(self.count)
        for name, tip, by, key in (("up", "The change before", -1, "Shift+F7"), ("down", "The next change", 1, "F7")):
            button = QToolButton()
            button.setIcon(icon(name))
            button.setToolTip(f"{tip}  ({key})")
            button.setAccessibleName(tip)
            button.clicked.connect(lambda _=False, by=by: self.diff.step(by))
            head.addWidget(button)
            QShortcut(QKeySequence(key), self).activated.connect(lambda by=by: self.diff.step(by))
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(self.diff, 1)
        self.step.activated.connect(lambda _: self._show())
        self.form.activated.connect(lambda _: self._show())
        self.diff.moved.connect(self._tell)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)

    def show_choices(self, block: str, choices: Sequence[Comparison], chosen: str | None = None) -> None:
        """Offer what can be compared of a block; the choice stays where there is one of that name."""
        name = chosen or self.step.currentText()
        self._choices = tuple(choices)
        self.setWindowTitle(f"Before and after: {block}" if block else "Before and after")
        self.step.clear()
        self.step.addItems([choice.name for choice in choices])
        self.step.setCurrentIndex(max(0, self.step.findText(name)))
        self._show()

    def choose(self, name: str, form: str) -> None:
        """Show a comparison in a form (as a person would)."""
        self.step.setCurrentText(name)
        self.form.setCurrentText(form)
        self._show()

    def _show(self) -> None:
        choice = self._choices[self.step.currentIndex()] if self._choices else None
        form = self.form.currentText()
        # The place that is looked at stays while nothing is different.
        shown = (choice.before, choice.after, form) if choice else ()
        if shown == self._shown and self.diff.rows:
            return
        self._shown = shown
        texts = (text_of(choice.before, form), text_of(choice.after, form)) if choice else ("", "")
        self.diff.show_texts(*texts, FORMS[form])

    def _tell(self) -> None:
        count = len(self.diff.starts)
        if not self._choices:
            self.count.setText("Select a kernel block that has steps")
        else:
            self.count.setText(f"change {self.diff.at + 1} of {count}" if count else "no difference")
