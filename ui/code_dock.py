"""The selected block as loops, as MLIR, as its source, as C++ and as Verilog; the views follow each other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from allo_studio.design.blocks import is_generated
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.origins import LineMap
from allo_studio.source import Source, Span
from ui.code_view import CodeView
from ui.highlight import language_of
from ui.loops_view import LoopsView
from ui.panes import Panes
from ui.results import LoopRows, Made
from ui.trace import Mark, Trace, loop_mark, source_lines

if TYPE_CHECKING:
    from allo_studio.ir import KernelIR

__all__ = ["CodeDock"]

_NOTHING = Made()


class CodeDock(QWidget):
    """Views of one block. What is chosen in one of them is marked in the others.

    `block_chosen` tells the instance path of the block that a chosen line is of, where that is another one.
    """

    block_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panes = Panes()
        self.tabs = self.panes.first
        self.loops = LoopsView()
        self.mlir = CodeView("Select a kernel block to see its MLIR.")
        self.source = CodeView("Select a kernel block to see its source.")
        self.cpp = CodeView("Select a kernel block to see it as C++, or build HLS C++ to see the whole design.")
        self.verilog = CodeView("Build the project as RTL to see its SystemVerilog.")
        self._ir: KernelIR | None = None
        self._rows: LoopRows = {}
        self._shown: Source | None = None
        self._made: dict[CodeView, Made] = {self.cpp: _NOTHING, self.verilog: _NOTHING}
        self._path = ""
        self._problems: tuple[Diagnostic, ...] = ()
        self._mark: Mark | None = None
        self._following = False
        # What each view was printed from, and what its lines stand for.
        self._printed: dict[CodeView, object] = {}
        self._maps: dict[str, LineMap] = {}
        self._names = {self.mlir: "mlir", self.source: "source", self.cpp: "hls", self.verilog: "verilog"}
        for widget, name in (
            (self.loops, "Loops"),
            (self.mlir, "MLIR"),
            (self.source, "Source"),
            (self.cpp, "C++"),
            (self.verilog, "Verilog"),
        ):
            self.panes.add(widget, name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.panes)
        self.loops.span_chosen.connect(lambda span: self.show_span(span, "note"))
        self.loops.loop_chosen.connect(self._loop_chosen)
        for view in self._names:
            view.line_chosen.connect(lambda line, view=view: self._line_chosen(view, line))
        # What is long is printed only when it is looked at.
        self.panes.shown.connect(self._print)

    def show_ir(self, ir: KernelIR | None, rows: LoopRows) -> None:
        """Show a kernel as it is after a step; `rows` are the loops of the last build."""
        if ir is self._ir and rows == self._rows:
            return
        if ir is not self._ir:
            self._maps.pop("mlir", None)
            self._clear_mark()
        self._ir, self._rows = ir, rows
        self.loops.show_ir(ir, rows)
        self._print()

    def show_source(self, source: Source | None) -> None:
        """Show the text of a file."""
        # A block without a file has a path that is no name.
        path = PurePosixPath("Source.py" if source is None or is_generated(source.path) else source.path)
        self.source.set_code(source.text if source else "", language_of(str(path)) if source else "")
        self._shown = source
        self._maps["source"] = source_lines(source) if source else LineMap()
        title = path.stem if path.name == "Source.py" else path.name
        self.panes.entitle(self.source, title, source.path if source else "")
        self._show_problems()

    @property
    def shown_source(self) -> Source | None:
        """The file that is shown."""
        return self._shown

    def show_problems(self, found: Iterable[Diagnostic]) -> None:
        """Mark those problems that are of the file that is shown in its margin."""
        self._problems = tuple(found)
        self._show_problems()

    def _show_problems(self) -> None:
        path = self._shown.path if self._shown else ""
        here = [d for d in self._problems if d.span is not None and d.span.source.path == path]
        self.source.show_problems(here)

    def show_span(self, span: Span, level: str = "error") -> None:
        """Show a file and mark a place in it."""
        self.show_source(span.source)
        self.panes.bring(self.source)
        self.source.show_span(span, level)

    def show_line(self, source: Source, line: int) -> None:
        """Show a file and mark a line of it."""
        text = source.line(line)
        start = len(text) - len(text.lstrip()) + 1
        self.show_span(Span.at(source, line, start, max(1, len(text.strip()))), "note")

    def show_made(self, path: str, cpp: Made, verilog: Made) -> None:
        """Show what builds generated for the block or graph with an instance path."""
        if path != self._path:
            self._clear_mark()
        self._path = path
        self._made = {self.cpp: cpp, self.verilog: verilog}
        self._print()

    # Printing.

    def _print(self) -> None:
        for view in self.panes.visible_tabs():
            if isinstance(view, CodeView) and view is not self.source:
                self._print_view(view)
        self._entitle()

    def _print_view(self, view: CodeView) -> None:
        # Loaded where it is needed: a start does without it.
        from allo_studio.ir.line_map import mlir_lines

        made = self._made.get(view, _NOTHING)
        # A build of an earlier design is of no use beside the kernel as it is now.
        own = self._ir if view is self.mlir or (view is self.cpp and not made.fresh) else None
        printed = (own, made, self._path)
        if self._printed.get(view) == printed:
            return
        self._printed[view] = printed
        if view is self.mlir:
            text, lines = mlir_lines(own) if own else ("", LineMap())
            language = "mlir"
        elif own is not None:
            text, lines = _cpp(own)
            language = "cpp"
        else:
            text, lines, language = _read(made, self._path)
        view.set_code(text, language if text else "")
        self._maps[self._names[view]] = lines
        if own is None and not self._following:
            self._go_to_block(view, made, lines)
        if self._mark is not None:
            view.trace(Trace(self._maps).lines(self._names[view], self._mark))

    def _go_to_block(self, view: CodeView, made: Made, lines: LineMap) -> None:
        """Bring the function of the selected block into view."""
        # Functions that it calls come before its own.
        first = max((extent.first for extent in lines.blocks if extent.path == self._path), default=None)
        if made.source is not None and first is not None:
            view.show_span(Span.at(made.source, first, 1, len(made.source.line(first))), "note")

    def _entitle(self) -> None:
        for view, name in ((self.cpp, "C++"), (self.verilog, "Verilog")):
            made = self._made[view]
            own = view is self.cpp and not made.fresh and self._ir is not None
            old = made.source is not None and not made.fresh and not own
            tip = made.source.path if made.source and not own else "the kernel as it is now" if own else ""
            self.panes.entitle(view, f"{name} (old)" if old else name, f"{tip}: of an earlier design" if old else tip)

    # Tracing.

    def _line_chosen(self, view: CodeView, line: int) -> None:
        mark = Trace(self._maps).mark(self._names[view], line, self._path)
        if mark.block != self._path:
            # Then the views show that block; this one stays where it was clicked.
            view.clear_span()
            self._following = True
            self.block_chosen.emit(mark.block)
            self._following = False
        self._trace(mark, view)

    def _loop_chosen(self, function: str, loop: str) -> None:
        if self._ir is None:
            return
        try:
            mark = loop_mark(self._ir, function, loop)
        except (AlloError, KeyError):
            return
        self._trace(Mark(mark.places, mark.loop, True, self._path), self.loops)

    def _trace(self, mark: Mark, chosen: QWidget) -> None:
        """Mark in all views what belongs to what was chosen; those that are seen later are printed then."""
        # Loaded where it is needed: a start does without it.
        from allo_studio.ir.line_map import mlir_lines

        self._mark = mark
        if "mlir" not in self._maps and self._ir is not None:
            self._maps["mlir"] = mlir_lines(self._ir)[1]
        trace = Trace(self._maps)
        for view, name in self._names.items():
            view.trace(trace.lines(name, mark), follow=view is not chosen)
        self.loops.trace(trace.loops("mlir", mark))

    def _clear_mark(self) -> None:
        self._mark = None
        for view in self._names:
            view.trace(())
        self.loops.trace(())


def _cpp(kernel: KernelIR) -> tuple[str, LineMap]:
    """Return a kernel as C++, or why it has no form in C++."""
    # What only builds need is not loaded at the start.
    from allo_studio.backends.vitis import kernel_lines

    try:
        return kernel_lines(kernel)
    except AlloError as error:
        return "".join(f"// {line}\n" for line in str(error).splitlines()), LineMap()


def _read(made: Made, path: str) -> tuple[str, LineMap, str]:
    """Return what a build generated, what its lines stand for, and its language."""
    if made.source is None:
        return "", LineMap(), ""
    language = language_of(made.source.path)
    if language == "verilog":
        from allo_studio.backends.rtl.line_map import verilog_lines

        return made.source.text, verilog_lines(made.source.text, path), language
    return made.source.text, made.lines, language
