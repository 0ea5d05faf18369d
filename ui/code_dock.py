"""The selected block as loops, as MLIR, as its source, and as generated C++."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from allo_studio.ir import KernelIR
from allo_studio.source import Source, Span
from ui.code_view import CodeView
from ui.highlight import language_of
from ui.loops_view import LoopsView
from ui.results import LoopRows

__all__ = ["CodeDock"]


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
        self.hls = CodeView("Build the project to see the generated C++.")
        self._ir: KernelIR | None = None
        self._rows: LoopRows = {}
        for widget, name in (
            (self.loops, "Loops"),
            (self.mlir, "MLIR"),
            (self.source, "Source"),
            (self.hls, "HLS C++"),
        ):
            self.tabs.addTab(widget, name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.loops.span_chosen.connect(lambda span: self.show_span(span, "note"))
        # MLIR is printed only when it is looked at.
        self.tabs.currentChanged.connect(lambda index: self._print_mlir())

    def show_ir(self, ir: KernelIR | None, rows: LoopRows) -> None:
        """Show a kernel as it is after a step; `rows` are the loops of the last build."""
        if ir is self._ir and rows == self._rows:
            return
        self._ir, self._rows = ir, rows
        self.loops.show_ir(ir, rows)
        self._print_mlir()

    def show_source(self, source: Source | None) -> None:
        """Show the text of a file."""
        self.source.set_code(source.text if source else "", language_of(source.path) if source else "")
        tab = self.tabs.indexOf(self.source)
        self.tabs.setTabText(tab, PurePosixPath(source.path).name if source else "Source")
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

    def show_hls(self, source: Source | None, function: str = "") -> None:
        """Show the generated C++ from the function of a block on."""
        self.hls.set_code(source.text if source else "", "cpp")
        if source is None or not function:
            return
        found = re.search(rf"^[^\n#/]*\b{re.escape(function)}\w*\(", source.text, re.MULTILINE)
        if found:
            line = source.text.count("\n", 0, found.start()) + 1
            self.hls.show_span(Span.at(source, line, 1, len(found.group())), "note")

    def _print_mlir(self) -> None:
        if self.tabs.currentWidget() is self.mlir:
            self.mlir.set_code(self._ir.text() if self._ir else "", "mlir")
