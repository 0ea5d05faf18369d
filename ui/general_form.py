"""The form of a conversion or a duplicator: its type, and what it becomes or how many copies there are."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLineEdit, QSpinBox, QWidget

from allo_studio.design.blocks import MOST_COPIES, conversion, duplicator, is_generated, plain_block, relayout
from allo_studio.design.model import KernelNode
from ui.field_check import FieldCheck, type_fault

__all__ = ["GeneralForm"]


class GeneralForm(QWidget):
    """A form for blocks without a kernel file, hidden for others. `edited` tells the block that was asked for."""

    # A KernelNode.
    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._node: KernelNode | None = None
        self.type, self.to, self.copies = QLineEdit(), QLineEdit(), QSpinBox()
        self.copies.setRange(2, MOST_COPIES)
        self.copies.setKeyboardTracking(False)
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        for label, widget in (("Type", self.type), ("Becomes", self.to), ("Copies", self.copies)):
            self.form.addRow(label, widget)
        self.checks = [FieldCheck(box, type_fault) for box in (self.type, self.to)]
        self.type.editingFinished.connect(self._changed)
        self.to.editingFinished.connect(self._changed)
        self.copies.valueChanged.connect(self._changed)

    def show_block(self, node: KernelNode) -> None:
        """Show a block."""
        self._node = node if is_generated(node.path) else None
        self.setVisible(self._node is not None)
        if self._node is None:
            return
        plain = plain_block(node)
        kind = next(iter(plain))
        self.type.setText(plain[kind])
        self.to.setText(plain.get("to", ""))
        self.copies.blockSignals(True)
        self.copies.setValue(plain.get("copies", 2))
        self.copies.blockSignals(False)
        self.form.setRowVisible(self.to, kind == "convert")
        self.form.setRowVisible(self.copies, kind == "duplicate")

    def _changed(self) -> None:
        node = self._node
        if node is None:
            return
        kind = next(iter(plain_block(node)))
        texts = [self.type.text().strip(), *([self.to.text().strip()] if kind == "convert" else [])]
        if any(map(type_fault, texts)):
            return
        wanted = relayout(texts[0], node.schedule)
        if kind == "convert":
            wanted = conversion(texts[0], texts[1], node.schedule)
        elif kind == "duplicate":
            wanted = duplicator(texts[0], self.copies.value(), node.schedule)
        wanted = replace(wanted, disabled=node.disabled)
        if wanted != node:
            self.edited.emit(wanted)
