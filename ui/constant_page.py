"""The inspector's page for a constant block: which array of which file, and in which type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit

from allo_studio.design.edits import RenameNode, SetNode
from allo_studio.design.model import ConstantNode
from ui.field_check import FieldCheck, refusal, type_fault
from ui.inspector_pages import Page, title

if TYPE_CHECKING:
    from allo_studio.design.constants import Constant

__all__ = ["ConstantPage"]


class ConstantPage(Page):
    """A constant block. What is edited becomes one edit when the box is left."""

    def __init__(self) -> None:
        super().__init__()
        self._graph, self._node = "", ConstantNode("")
        self.name, self.path, self.type = QLineEdit(), QLineEdit(), QLineEdit()
        self.array = QComboBox()
        self.round = QCheckBox("round to the nearest")
        self.round.setToolTip("Off: each element must be exactly a value of the type")
        self.path.setToolTip("A .npy or .npz file in the project's folder")
        self.type.setPlaceholderText("as the file has it")
        self.type.setToolTip("The type of the array, such as int8[64, 32] or Fixed(16, 10)[8]")
        for label, widget in (
            ("Name", self.name),
            ("File", self.path),
            ("Array", self.array),
            ("Type", self.type),
            ("", self.round),
        ):
            self.form.addRow(label, widget)
        self.name_check = FieldCheck(self.name, self._wrong_name)
        self.type_check = FieldCheck(self.type, lambda text: type_fault(text) if text else "")
        self.faults = title(role="error")
        self.column.addWidget(self.faults)
        self.column.addWidget(self.fixes)
        self.column.addStretch(1)
        self.name.editingFinished.connect(self._renamed)
        self.path.editingFinished.connect(self._changed)
        self.type.editingFinished.connect(self._changed)
        self.array.activated.connect(self._changed)
        self.round.clicked.connect(self._changed)

    def show_constant(
        self, graph: str, name: str, node: ConstantNode, found: Constant | None, arrays: tuple[str, ...], faults: str
    ) -> None:
        """Show a constant block; `found` are its elements, `arrays` the names that its file has."""
        self._graph, self._node = graph, node
        self.heading.setText(name)
        self.line.setText(_summary(found))
        self.name_check.show(name)
        self.path.setText(node.path)
        self.type_check.show(node.type)
        self.round.setChecked(node.round)
        self.round.setEnabled(bool(node.type) or node.round)
        self.array.clear()
        for known in dict.fromkeys(filter(None, (*arrays, node.array))):
            self.array.addItem(known)
        self.array.setCurrentIndex(self.array.findText(node.array))
        self.array.setEnabled(self.array.count() > 0)
        self.faults.setText(faults)
        self.faults.setVisible(bool(faults))

    def _changed(self) -> None:
        path, kind = self.path.text().strip(), self.type.text().strip()
        array = self.array.currentText() if path == self._node.path else ""
        made = ConstantNode(path, array, kind, self.round.isChecked())
        if made != self._node and path and not self.type_check.fault:
            self.edited.emit(SetNode(self._graph, self.heading.text(), made))

    def _wrong_name(self, text: str) -> str:
        old = self.heading.text()
        return "" if text == old else refusal(self.project, RenameNode(self._graph, old, text))

    def _renamed(self) -> None:
        new, old = self.name.text().strip(), self.heading.text()
        if new != old and not self.name_check.fault:
            self.edited.emit(RenameNode(self._graph, old, new))


def _summary(found: Constant | None) -> str:
    if found is None:
        return "constant block"
    bits = found.type.bits
    text = f"constant of type {found.type}, {bits:,} bits"
    if found.type.element.kind in ("int", "fixed", "float") and found.values.size:
        text += f"\nfrom {found.values.min()} to {found.values.max()}"
    return text
