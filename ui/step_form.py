"""A form for one schedule step, made from the step's declared fields; what it offers is what applies now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from allo_studio.design.model import StepSpec
from allo_studio.diagnostics import AlloError, Diagnostic, has_errors
from ui.effect_bar import effect_text
from ui.effects import Figures

if TYPE_CHECKING:
    from allo_studio.ir import KernelIR
    from allo_studio.primitives.base import StepField

__all__ = ["StepForm"]

_PAUSE_MS = 120


class _Choice(QComboBox):
    """A list of legal values; all but words of a fixed list may also be typed, to see why they are not legal."""

    def __init__(self, declared: StepField) -> None:
        super().__init__()
        self.declared = declared
        self.setEditable(declared.kind != "choice")
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setToolTip(declared.help)

    def offer(self, values: list[Any], keep: Any) -> None:
        """Offer values, choosing `keep` (None: the default where it is legal, else the first)."""
        default = self.declared.default
        chosen = keep if keep is not None else default if default in values or not values else values[0]
        self.blockSignals(True)
        self.clear()
        for value in values if chosen in values or chosen is None or self.isEditable() else [*values, chosen]:
            self.addItem(_text(value), value)
        self.setCurrentText("" if chosen is None else _text(chosen))
        self.blockSignals(False)

    def value(self) -> Any:
        """Return the value as the project file would have it; a text where it can't be understood."""
        text = self.currentText().strip()
        if not text and not self.declared.required and self.declared.default is None:
            return None
        if self.declared.kind == "int":
            return _number(text)
        if self.declared.kind in ("loops", "ints"):
            parts = [part.strip() for part in text.replace("[", "").replace("]", "").split(",") if part.strip()]
            return [_number(part) for part in parts] if self.declared.kind == "ints" else parts
        return text


def _number(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdecimal() else text


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


class StepForm(QWidget):
    """Edits a step against a kernel; `accepted` tells the step, `rejected` that the form was closed.

    `tried` says that `trial` is another one: the kernel without the step and with it, or twice None.
    """

    accepted = Signal(object)
    rejected = Signal()
    tried = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ir: KernelIR | None = None
        self._inputs: dict[str, _Choice | QCheckBox] = {}
        self.kind = QComboBox()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.effect = QLabel()
        self.effect.setTextFormat(Qt.TextFormat.RichText)
        self.effect.setWordWrap(True)
        self.effect.hide()
        self.trial: tuple[KernelIR, KernelIR] | tuple[None, None] = (None, None)
        # A person turns through values quickly.
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._try)
        self.accept = QPushButton("Add step")
        self.accept.setProperty("primary", "true")
        self._close = QPushButton("Close")
        self._form = QFormLayout()
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._form.setHorizontalSpacing(12)
        self._form.addRow("Step", self.kind)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        buttons.addWidget(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.addLayout(self._form)
        layout.addWidget(self.note)
        layout.addWidget(self.effect)
        layout.addLayout(buttons)
        self.kind.currentTextChanged.connect(lambda name: self._build(name, {}))
        self.accept.clicked.connect(self._accept)
        self._close.clicked.connect(self.rejected)

    def begin(self, ir: KernelIR, spec: StepSpec | None = None) -> None:
        """Edit `spec`, or a new step, as applied to `ir`."""
        # Loaded where it is needed: a start does without it.
        from allo_studio.primitives.registry import STEPS
        from ui.step_options import default_step

        self._ir = ir
        self.accept.setText("Change step" if spec else "Add step")
        self.kind.blockSignals(True)
        if not self.kind.count():
            self.kind.addItems(sorted(STEPS))
        name = spec.name if spec and spec.name in STEPS else default_step(ir, self.kind.currentText())
        self.kind.setCurrentText(name)
        self.kind.blockSignals(False)
        self._build(name, dict(spec.args) if spec else {})

    def edits(self, ir: KernelIR) -> bool:
        """Tell whether the form is about this kernel."""
        return self._ir is ir

    def choose(self, name: str, **values: Any) -> None:
        """Fill the form in (as a person would)."""
        self.kind.setCurrentText(name)
        for field, value in values.items():
            widget = self._inputs[field]
            if isinstance(widget, QCheckBox):
                widget.setChecked(bool(value))
            else:
                widget.setCurrentText(_text(value))

    def input(self, field: str) -> QComboBox | QCheckBox:
        """Return what a field is filled in by."""
        return self._inputs[field]

    def choices(self, field: str) -> list[str]:
        """Return what is offered for a field."""
        widget = self._inputs[field]
        assert isinstance(widget, _Choice)
        return [widget.itemText(i) for i in range(widget.count())]

    def spec(self) -> StepSpec:
        """Return the step as it stands in the form; arguments at their default are left out."""
        # Loaded where it is needed: a start does without it.
        from allo_studio.primitives.registry import parse_step, step_to_dict

        name = self.kind.currentText()
        args = self._values()
        try:
            return StepSpec(name, step_to_dict(parse_step(name, args))[name])
        except AlloError:
            return StepSpec(name, args)

    def _build(self, name: str, values: Mapping[str, Any]) -> None:
        # Loaded where it is needed: a start does without it.
        from allo_studio.primitives.base import step_fields
        from allo_studio.primitives.registry import STEPS

        while self._form.rowCount() > 1:
            self._form.removeRow(1)
        self._inputs = {}
        for declared in step_fields(STEPS[name]):
            widget = self._input(declared, values)
            self._inputs[declared.name] = widget
            label = "" if isinstance(widget, QCheckBox) else declared.name.replace("_", " ").capitalize()
            self._form.addRow(label, widget)
        # Tab goes through the fields as they stand, though they are newer than the buttons.
        chain = (self.kind, *self._inputs.values(), self._close, self.accept)
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)
        self._offer(dict(values), list(self._inputs))

    def _input(self, declared: StepField, values: Mapping[str, Any]) -> _Choice | QCheckBox:
        if declared.kind == "bool":
            box = QCheckBox(declared.name.replace("_", " "))
            box.setToolTip(declared.help)
            box.setChecked(bool(values.get(declared.name, declared.default)))
            box.toggled.connect(lambda on: self._changed(declared.name))
            return box
        choice = _Choice(declared)
        choice.currentTextChanged.connect(lambda text: self._changed(declared.name))
        return choice

    def _changed(self, field: str) -> None:
        names = list(self._inputs)
        # What a field offers depends on those above it, never on those below. What was chosen stays where it is legal.
        self._offer({}, names[names.index(field) + 1 :])

    def _offer(self, wanted: Mapping[str, Any], fields: list[str]) -> None:
        # Loaded where it is needed: a start does without it.
        from ui.step_options import offers

        step = self.kind.currentText()
        for name in fields:
            widget = self._inputs[name]
            if not isinstance(widget, _Choice) or self._ir is None:
                continue
            values = offers(self._ir, step, widget.declared, self._values())
            present = widget.value() if widget.count() or widget.currentText() else None
            # What only a person can say stays as it was typed.
            typed = widget.declared.kind in ("word", "type") and widget.findText(widget.currentText()) < 0
            stays = present in values or typed
            widget.offer(values, wanted.get(name, present if stays else None))
        self._validate()

    def _values(self) -> dict[str, Any]:
        return {n: w.isChecked() if isinstance(w, QCheckBox) else w.value() for n, w in self._inputs.items()}

    def _validate(self) -> None:
        found = self._faults()
        wrong = has_errors(found)
        self.accept.setEnabled(not wrong)
        self.note.setVisible(bool(found))
        self.note.setProperty("role", "error" if wrong else "muted")
        self.note.style().polish(self.note)
        self.note.setText("\n".join(f"{d.message}\n{d.hint}".strip() for d in found[:3]))
        self.trial = (None, None)
        self.show_effect(None)
        if not wrong:
            self._pause.start()

    def _try(self) -> None:
        """Apply the step, so that its effect can be predicted."""
        if self._ir is None or not self.isVisible():
            return
        # Loaded where it is needed: a start does without it.
        from allo_studio.primitives.registry import parse_step

        try:
            self.trial = (self._ir, parse_step(self.kind.currentText(), self._values()).apply(self._ir))
        except AlloError:
            return
        self.tried.emit()

    def show_effect(self, figures: Sequence[Figures | None] | None) -> None:
        """Show the figures of the kernel without the step and with it, each None while it is not known."""
        self.effect.setText(effect_text(*figures) if figures else "")
        self.effect.setVisible(figures is not None)

    def _faults(self) -> tuple[Diagnostic, ...]:
        if self._ir is None:
            return ()
        # Loaded where it is needed: a start does without it.
        from allo_studio.primitives.registry import parse_step

        try:
            return parse_step(self.kind.currentText(), self._values()).check(self._ir)
        except AlloError as error:
            return error.diagnostics

    def _accept(self) -> None:
        self.accepted.emit(self.spec())
