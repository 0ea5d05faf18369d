"""What a calibration would change: figures of operators, and errors of predictions before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTabWidget, QVBoxLayout, QWidget

from allo_studio.hardware.operator_table import CORE_KINDS
from nodes import colours
from ui.tables import align, fill, items_of, table
from ui.theme import px

if TYPE_CHECKING:
    from allo_studio.calibration import CalibrationResult

__all__ = ["CalibrationDialog"]

_MEAN = ("Figure", "Compared", "Mean error before", "Mean error after")
_FIGURES = ("Where", "Figure", "Vendor", "Before", "Error", "After", "Error with it")
_OPERATORS = ("Operator", "Latency", *CORE_KINDS, "Instances", "Core", "Report")


class CalibrationDialog(QDialog):
    """Shows a calibration, and asks whether to write it; there is nothing to write where the reports show none."""

    def __init__(self, result: CalibrationResult, file: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Calibrate")
        self.resize(px(860), px(480))
        self.said = QLabel(_headline(result))
        self.said.setWordWrap(True)
        self.mean, self.figures, self.operators = table(_MEAN, 0), table(_FIGURES, 0), table(_OPERATORS, 0)
        tabs = QTabWidget()
        for widget, title in (
            (self.mean, "Mean errors"),
            (self.figures, f"Figures ({len(result.figures)})"),
            (self.operators, f"Operators ({len(result.changes)})"),
        ):
            tabs.addTab(widget, title)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.said)
        layout.addWidget(tabs, 1)
        if result.calibration is not None:
            self.write = self.buttons.addButton(f"Write {file}", QDialogButtonBox.ButtonRole.AcceptRole)
            self.buttons.accepted.connect(self.accept)
        layout.addWidget(self.buttons)
        self._fill(result)

    def _fill(self, result: CalibrationResult) -> None:
        found = result.mean_errors().items()
        means = [[name, str(count), f"{before:.1%}", f"{after:.1%}"] for name, (before, after, count) in found]
        fill(self.mean, means, [""] * len(means))
        grown = set(result.grown())
        for item in items_of(self.mean):
            align(item, (2, 3))
            item.setForeground(3, colours.WARNING if item.text(0) in grown else colours.OK)
        rows = []
        for row in result.figures:
            errors = [f"{error:+.1%}" if error is not None else "" for error in row.errors]
            before, after = ("" if value is None else f"{value:,}" for value in (row.before, row.after))
            rows.append([row.where, row.figure, f"{row.vendor:,}", before, errors[0], after, errors[1]])
        fill(self.figures, rows, [""] * len(rows))
        for item in items_of(self.figures):
            align(item, (4, 6))
        operators = []
        for change in result.changes:
            own, library = change.found, change.library
            counts = dict(own.resources)
            known = library.resources if library else {}
            cells = [_beside(own.latency, library.latency if library else None)]
            cells += [_beside(counts.get(kind), known.get(kind)) for kind in CORE_KINDS]
            operators.append([own.name, *cells, f"{own.instances:,}", own.core, own.origin.file])
        fill(self.operators, operators, [""] * len(operators))


def _headline(result: CalibrationResult) -> str:
    known = result.calibration
    if known is None:
        return f"{result.project}: the reports show no figures of operators, so there is nothing to calibrate."
    text = f"{result.project}: figures for {known.family} at {known.clock_ns:g} ns, from reports of {known.device}. "
    text += "The operators' figures have the library's in brackets."
    if known.memory:
        text += (
            f" A read of a memory takes {known.memory.read_latency} cycles (library: {result.library_read_latency})."
        )
    if result.grown():
        text += f" Errors that grow: {', '.join(result.grown())}."
    return text


def _beside(found: int | None, library: int | None) -> str:
    return f"{'-' if found is None else found} ({'?' if library is None else library})"
