"""The selected block as loops, as MLIR, as its source, and as generated C++ or SystemVerilog."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TypeAlias

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from allo_studio.design.blocks import is_generated
from allo_studio.ir import KernelIR
from allo_studio.pipeline import Target
from allo_studio.source import Source, Span
from ui.code_view import CodeView
from ui.highlight import language_of
from ui.loops_view import LoopsView
from ui.results import LoopRows
from ui.targets import TARGETS

__all__ = ["CodeDock"]

_GENERATED = "Generated"
# What a build generated, and the function to begin at.
_Made: TypeAlias = "tuple[Source | None, str]"


class CodeDock(QWidget):
    """Tabs over one block. Double clicks in the loops lead to the source."""

    tab_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.loops = LoopsView()
        self.mlir = CodeView("Select a kernel block to see its MLIR.")
        self.source = CodeView("Select a kernel block to see its source.")
        self.generated = CodeView("Build the project to see the generated C++ or SystemVerilog.")
        self._ir: KernelIR | None = None
        self._rows: LoopRows = {}
        self._made: _Made = (None, "")
        self._printed: _Made = self._made
        for widget, name in (
            (self.loops, "Loops"),
            (self.mlir, "MLIR"),
            (self.source, "Source"),
            (self.generated, _GENERATED),
        ):
            self.tabs.addTab(widget, name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.loops.span_chosen.connect(lambda span: self.show_span(span, "note"))
        # What is long is printed only when it is looked at.
        self.tabs.currentChanged.connect(lambda index: self._print())

    def show_ir(self, ir: KernelIR | None, rows: LoopRows) -> None:
        """Show a kernel as it is after a step; `rows` are the loops of the last build."""
        if ir is self._ir and rows == self._rows:
            return
        self._ir, self._rows = ir, rows
        self.loops.show_ir(ir, rows)
        self._print()

    def show_source(self, source: Source | None) -> None:
        """Show the text of a file."""
        # A block without a file has a path that is no name.
        path = PurePosixPath("Source.py" if source is None or is_generated(source.path) else source.path)
        self.source.set_code(source.text if source else "", language_of(str(path)) if source else "")
        tab = self.tabs.indexOf(self.source)
        self.tabs.setTabText(tab, path.stem if path.name == "Source.py" else path.name)
        self.tabs.setTabToolTip(tab, source.path if source else "")

    def show_span(self, span: Span, level: str = "error") -> None:
        """Show a file and mark a place in it."""
        self.show_source(span.source)
        self.tabs.setCurrentWidget(self.source)
        self.source.show_span(span, level)

    def show_line(self, source: Source, line: int) -> None:
        """Show a file and mark a line of it."""
        text = source.line(line)
        start = len(text) - len(text.lstrip()) + 1
        self.show_span(Span.at(source, line, start, max(1, len(text.strip()))), "note")

    def show_generated(self, source: Source | None, target: Target | None, block: str = "") -> None:
        """Show what a build generated: C++ from the function of a block on, or the module of a block."""
        self._made = (source, block if target == "hls" else "")
        tab = self.tabs.indexOf(self.generated)
        self.tabs.setTabText(tab, TARGETS[target].code if target else _GENERATED)
        self.tabs.setTabToolTip(tab, source.path if source else "")
        self._print()

    def _print(self) -> None:
        shown = self.tabs.currentWidget()
        if shown is self.mlir:
            self.mlir.set_code(self._ir.text() if self._ir else "", "mlir")
        elif shown is self.generated and self._made != self._printed:
            self._printed = self._made
            self._print_generated(*self._made)

    def _print_generated(self, source: Source | None, function: str) -> None:
        self.generated.set_code(source.text if source else "", language_of(source.path) if source else "")
        if source is None or not function:
            return
        found = re.search(rf"^[^\n#/]*\b{re.escape(function)}\w*\(", source.text, re.MULTILINE)
        if found:
            line = source.text.count("\n", 0, found.start()) + 1
            self.generated.show_span(Span.at(source, line, 1, len(found.group())), "note")
