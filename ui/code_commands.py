"""What the window's actions on code do: two views at once, the person's editor, from problem to problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtWidgets import QWidget

from allo_studio.diagnostics import Diagnostic
from ui.compare_steps import ALL, CompareSteps, Comparison
from ui.external_editor import open_in_editor
from ui.navigator import Navigator
from ui.panels import Panels
from ui.schedule_panel import SchedulePanel, step_text
from ui.session import Session

__all__ = ["CodeCommands", "comparisons", "next_of"]


class CodeCommands:
    """The window's methods that its actions on code call."""

    session: Session
    panels: Panels
    navigator: Navigator
    _message: Callable[[str], None]
    _compare: CompareSteps | None = None

    def do_split_code(self) -> None:
        """Move the view of the code that is looked at to the other side, where that is empty; else show one side."""
        self.panels.code.panes.toggle()

    def do_compare_steps(self) -> None:
        """Show the selected block's kernel before and after the chosen step, or after all of them."""
        if self._compare is None:
            self._compare = CompareSteps(cast(QWidget, self))
        steps = self.panels.inspector.kernel_page.schedule.steps
        self.fill_comparison(steps.currentRow())
        self._compare.show()
        self._compare.raise_()
        self._compare.activateWindow()

    def fill_comparison(self, row: int = -1) -> None:
        """Offer what can be compared of the selected block, where the window for that is there."""
        if self._compare is not None:
            inspector = self.panels.inspector
            choices = comparisons(inspector.kernel_page.schedule) if inspector.irs else []
            chosen = choices[row + 1].name if 0 <= row < len(choices) - 1 else None
            self._compare.show_choices(self.panels.inspector.block or "", choices, chosen)

    def do_edit_source(self) -> None:
        """Open the kernel's file in the person's editor, at the line of the cursor."""
        code, loaded = self.panels.code, self.session.loaded
        source = code.shown_source
        if source is None or loaded is None:
            self._message("Select a kernel block: its file is then opened")
            return
        file = loaded.root / source.path
        if not file.is_file():
            self._message(f"{source.path} is no file of the project, so no editor is opened")
            return
        fault = open_in_editor(file, code.source.line)
        self._message(f"Not opened: {fault}" if fault else f"Opened {source.path} in the editor")

    def do_next_problem(self) -> None:
        """Go to the next problem that has a place in a source."""
        self._step_problem(forward=True)

    def do_previous_problem(self) -> None:
        """Go to the problem before this one."""
        self._step_problem(forward=False)

    def _step_problem(self, forward: bool) -> None:
        code = self.panels.code
        path = code.shown_source.path if code.shown_source else ""
        line = code.source.marked_line or code.source.line
        found = next_of(self.session.problems(), path, line, forward)
        if found is None:
            self._message("No problem has a place in a source")
        else:
            self.navigator.go_to(found)


def comparisons(panel: SchedulePanel) -> list[Comparison]:
    """Return what can be compared of the block in a schedule's panel: all steps, each, and the one in the form."""
    irs, specs = panel.irs, panel.specs()
    if not irs or not specs:
        return []
    found = [Comparison(ALL, irs[0], irs[-1])]
    for number, (spec, before, after) in enumerate(zip(specs, irs, irs[1:], strict=False), 1):
        found.append(Comparison(f"{number}   {step_text(spec)}", before, after))
    without, tried = panel.form.trial if panel.form.isVisible() else (None, None)
    if without is not None and tried is not None:
        found.append(Comparison("The step in the form", without, tried))
    return found


def next_of(problems: tuple[Diagnostic, ...], path: str, line: int, forward: bool) -> Diagnostic | None:
    """Return the problem after, or before, a line of a file, in the order of files and lines; after the last the first.

    Problems at the same line count as one. None where no problem has a place.
    """
    at: dict[tuple[str, int], Diagnostic] = {}
    for problem in problems:
        if problem.span is not None:
            at.setdefault((problem.span.source.path, problem.span.line), problem)
    order = sorted(at) if forward else sorted(at, reverse=True)
    beyond = (place for place in order if (place > (path, line) if forward else place < (path, line)))
    first = next(beyond, order[0] if order else None)
    return at[first] if first else None
