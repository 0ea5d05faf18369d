"""The inspector's page for a kernel block: name, kernel, parameters, schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QWidget

from allo_studio.design.blocks import described
from allo_studio.design.edits import RenameNode, SetNode, SetParam
from allo_studio.design.model import KernelNode, ParamValue, Project
from allo_studio.diagnostics import Diagnostic
from allo_studio.types import parse_type
from ui.field_check import FieldCheck, refusal
from ui.general_form import GeneralForm
from ui.icons import icon
from ui.inspector_pages import Page, title
from ui.schedule_panel import SchedulePanel

if TYPE_CHECKING:
    from allo_studio.ir import KernelIR

__all__ = ["KernelPage", "parse_value"]

_COLUMNS = 3


def parse_value(text: str) -> ParamValue | None:
    """Return the number or the type, as text, that a text is; None where it is neither."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return str(parse_type(text))
    except ValueError:
        return None


class _Parameter(QWidget):
    """A parameter's value with a button that goes back to the kernel's own.

    A template's parameter has none (None), and a size a new one in each run (an empty text).
    """

    changed = Signal(object)

    def __init__(self, name: str, own: ParamValue | None, override: ParamValue | None) -> None:
        super().__init__()
        self._own, self._override = own, override
        self.box = QLineEdit(self._shown)
        self.box.setPlaceholderText("needs a value" if own is None else "told by each run")
        self.box.setAccessibleName(f"Parameter {name}")
        font = self.box.font()
        font.setBold(override is not None)
        self.box.setFont(font)
        back = QToolButton()
        back.setIcon(icon("undo"))
        back.setToolTip("Take the value away" if own in (None, "") else f"Go back to the kernel's own value, {own}")
        back.setAccessibleName(back.toolTip())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.box, 1)
        layout.addWidget(back)
        # Only now: without a parent it would be a window for a moment, which takes the keys from this one.
        back.setVisible(override is not None)
        self.check = FieldCheck(self.box, self._wrong)
        self.box.editingFinished.connect(self._edited)
        back.clicked.connect(lambda: self.changed.emit(None))

    @property
    def _shown(self) -> str:
        value = self._own if self._override is None else self._override
        return "" if value is None else str(value)

    def _wrong(self, text: str) -> str:
        if not text or text == self._shown:
            return ""
        value = parse_value(text)
        if value is None:
            return f"{text!r} is neither a number nor a type, such as int8 or Fixed(16, 10)"
        if self._own and isinstance(self._own, str) != isinstance(value, str):
            return f"it is a {_kind(self._own)}, {self._own} in the file, and {text} is a {_kind(value)}"
        return ""

    def _edited(self) -> None:
        text = self.box.text().strip()
        if self.check.fault or text == self._shown:
            return
        if not text:
            # Without a text it is what the kernel's file says.
            self.changed.emit(None)
        else:
            self.changed.emit(parse_value(text))


def _kind(value: ParamValue) -> str:
    return "type" if isinstance(value, str) else "number"


class KernelPage(Page):
    """A kernel block. `source_asked` asks to show the kernel's source."""

    source_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._graph, self._node = "", ""
        self._told: tuple[object, ...] = ()
        self.name = QLineEdit()
        self.path = QPushButton()
        self.path.setProperty("flat", "true")
        self.path.setToolTip("Show the kernel's source")
        self.name_check = FieldCheck(self.name, self._wrong_name)
        self.form.addRow("Name", self.name)
        self.form.addRow("Kernel", self.path)
        self.general = GeneralForm()
        self.general.edited.connect(self._replace)
        self.column.addWidget(self.general)
        self._parameters = QGridLayout()
        self._parameters.setHorizontalSpacing(8)
        self._parameters.setVerticalSpacing(6)
        self._rows: dict[str, _Parameter] = {}
        self.schedule = SchedulePanel()
        self.faults = title(role="error")
        self.column.addWidget(title("Parameters", "section"))
        self.column.addLayout(self._parameters)
        self.column.addWidget(title("Schedule", "section"))
        self.column.addWidget(self.schedule)
        self.column.addWidget(self.faults)
        self.column.addWidget(self.fixes)
        self.column.addStretch(1)
        self.schedule.edited.connect(self.edited)
        self.name.editingFinished.connect(self._renamed)
        self.path.clicked.connect(self.source_asked)

    def show_kernel(
        self,
        project: Project,
        graph: str,
        name: str,
        own: Mapping[str, ParamValue | None],
        irs: Sequence[KernelIR],
        faults: Sequence[Diagnostic],
    ) -> None:
        """Show a kernel block; `own` are the kernel's parameters with the values that the file gives them."""
        node = project.graphs[graph].nodes[name]
        assert isinstance(node, KernelNode)
        self._graph, self._node = graph, name
        self.heading.setText(name)
        self.line.setText(f"kernel block in {graph}")
        self.name_check.show(name)
        self.path.setText(described(node))
        self.general.show_block(node)
        told = (graph, name, tuple(own.items()), tuple(node.params.items()))
        if told != self._told:
            typed = [n for n, row in self._rows.items() if row.box.hasFocus()] if told[:2] == self._told[:2] else []
            self._told = told
            self._show_parameters(own, node.params)
            for parameter in typed:
                self._type_in(parameter)
        self.schedule.show_block(project, graph, name, irs, faults)
        whole = [d for d in faults if "#" not in d.where]
        self.faults.setText("\n\n".join(f"{d.message}\n{d.hint}".strip() for d in whole))
        self.faults.setVisible(bool(whole))

    def forget(self) -> None:
        """Drop what was typed and is wrong: another thing is shown now."""
        self._told = ()

    def parameter(self, name: str) -> QLineEdit:
        """Return the box of a parameter; raises KeyError."""
        return self._rows[name].box

    def _show_parameters(self, own: Mapping[str, ParamValue | None], given: Mapping[str, ParamValue]) -> None:
        while self._parameters.count():
            item = self._parameters.takeAt(0)
            old = item.widget() if item else None
            if old is not None:
                old.hide()
                old.deleteLater()
        self._rows = {}
        for index, name in enumerate(dict.fromkeys([*own, *given])):
            row = _Parameter(name, own.get(name), given.get(name))
            row.changed.connect(partial(self._set, name))
            line, column = divmod(index, _COLUMNS)
            self._parameters.addWidget(title(name, "muted"), line, 2 * column)
            self._parameters.addWidget(row, line, 2 * column + 1)
            self._parameters.setColumnStretch(2 * column + 1, 1)
            self._rows[name] = row
        # Tab goes to them after the kernel, though they are newer than what stands below them.
        before: QWidget = self.path
        for row in self._rows.values():
            QWidget.setTabOrder(before, row.box)
            before = row.box
        if not self._rows:
            self._parameters.addWidget(title("This kernel has no parameters.", "muted"), 0, 0)

    def _type_in(self, name: str) -> None:
        """Let the keys stay with a parameter whose box was made anew, as after Return in it."""
        row = self._rows.get(name)
        if row is not None:
            row.show()
            row.box.setFocus()
            row.box.selectAll()

    def _replace(self, node: KernelNode) -> None:
        self.edited.emit(SetNode(self._graph, self._node, node))

    def _set(self, name: str, value: ParamValue | None) -> None:
        self.edited.emit(SetParam(self._graph, self._node, name, value))

    def _wrong_name(self, text: str) -> str:
        return "" if text == self._node else refusal(self.project, RenameNode(self._graph, self._node, text))

    def _renamed(self) -> None:
        new = self.name.text().strip()
        if new != self._node and not self.name_check.fault:
            self.edited.emit(RenameNode(self._graph, self._node, new))
