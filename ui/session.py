"""What the window works on: the open projects, and the one of them that is in front.

Docks subscribe to its signals and ask it to do things; none of them holds design data of its own.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from allo_studio.built import BuildResult, Target
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.edits import Edit, ReplaceProject
from allo_studio.design.history import History
from allo_studio.design.model import Graph, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project import (
    LoadedProject,
    load_project,
    merge_projects,
    new_project,
    project_file,
    save_project,
    save_project_as,
)
from allo_studio.source import Source
from ui.catalogue import Section
from ui.checking import Checking
from ui.places import Level, Place, graph_at, locate, valid
from ui.results import Made
from ui.work import Work

if TYPE_CHECKING:
    from allo_studio.design.fixes import Fix

__all__ = ["Session"]


class Session(QObject):
    """Open projects, of which one is in front, or none. All changes of a design go through `do`, `undo`, `redo`, `go`.

    What is asked of a session without naming a project is asked of the one in front.
    """

    # The design, or what is known about it, has changed (also: another project is in front).
    changed = Signal()
    # Another level of the hierarchy is to be shown.
    level_changed = Signal()
    # The list of problems has changed.
    problems_changed = Signal()
    # A build of the project in front has ended well and its result is there.
    built = Signal()
    # Something that was asked for could not be done: a sentence for the status bar.
    refused = Signal(str)
    # Another level or project is about to be shown: what is being typed belongs to this one.
    turning = Signal()
    # Another project is about to come to the front; and it has come there, and all signals above were sent.
    leaving = Signal()
    entered = Signal()
    # Projects were opened, closed or put in another order, or one has got or lost changes.
    works_changed = Signal()
    # Something was done, in words: an edit, undone or done again.
    acted = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.works: list[Work] = []
        self.work = Work()
        self._no_autosave = False
        self.checking = Checking(self)
        self.checking.finished.connect(self._checked)

    # Opening and closing.

    def open(self, path: Path) -> bool:
        """Open a project in front of the others; where that fails, say why under problems and keep what is in front.

        One that is open already comes to the front as it is.
        """
        try:
            known = self.find(project_file(path))
            work = known or Work(load_project(path))
        except AlloError as error:
            self._fail(error.diagnostics, f"{path} cannot be opened")
            return False
        if known is None:
            self.checking.check(work)
            self._add(work)
        self.show_work(work)
        return True

    def new(self, path: Path, *, empty: bool = False) -> bool:
        """Make a small project, or one with an empty graph, in a folder and open it."""
        try:
            new_project(path, empty=empty)
        except AlloError as error:
            self._fail(error.diagnostics, "The project cannot be made")
            return False
        return self.open(path)

    def find(self, file: Path) -> Work | None:
        """Return the open project of a file, or None."""
        wanted = file.resolve()
        return next((work for work in self.works if work.loaded and work.loaded.file.resolve() == wanted), None)

    def show_work(self, work: Work) -> None:
        """Bring an open project to the front."""
        if work is self.work:
            return
        self.turning.emit()
        self.leaving.emit()
        self.work = work
        if work.changed_kernels() and not work.pending:
            self.checking.check(work)
        self._announce()
        self.entered.emit()
        self.works_changed.emit()

    def close(self, work: Work | None = None) -> None:
        """Let go of a project; the one beside it comes to the front where it was there."""
        work = work or self.work
        if work not in self.works:
            return
        at = self.works.index(work)
        self.works.remove(work)
        if work.kept:
            work.kept.leave()
        if work is self.work:
            self.show_work(self.works[min(at, len(self.works) - 1)] if self.works else Work())
        else:
            self.works_changed.emit()

    def move_work(self, start: int, end: int) -> None:
        """Put the project at a place in the order at another one."""
        self.works.insert(end, self.works.pop(start))
        self.works_changed.emit()

    def _add(self, work: Work) -> None:
        at = self.works.index(self.work) + 1 if self.work in self.works else len(self.works)
        self.works.insert(at, work)
        if work.history is not None:
            work.history.subscribe(partial(self._edited, work))

    # Saving.

    def save(self, overwrite: bool = False) -> bool:
        """Write the project to its file; where that fails the file is as it was and problems say why."""
        work = self.work
        if work.loaded is None or work.history is None:
            return False
        try:
            work.loaded = save_project(work.loaded, work.history.project, overwrite=overwrite)
        except AlloError as error:
            self._fail(error.diagnostics, "The project was not saved")
            return False
        work.own_faults = ()
        work.history.mark_saved()
        return True

    def save_as(self, path: Path) -> bool:
        """Write the project with its kernels to another folder or file and go on there."""
        before = self.work
        if before.loaded is None or before.history is None or before.kept is None:
            return False
        try:
            self._refuse_open(path)
            work = Work(save_project_as(before.loaded, before.history.project, path))
        except AlloError as error:
            self._fail(error.diagnostics, "The project was not saved")
            return False
        before.kept.discard()
        work.result, work.built_from, work.builds = before.result, before.built_from, before.builds
        work.sight = before.sight
        work.level = valid(before.history.project, before.level)
        self.checking.check(work)
        self._add(work)
        self.show_work(work)
        self.close(before)
        return True

    def _refuse_open(self, path: Path) -> None:
        """Raise AlloError where the file of another open project would be written."""
        file = path if path.suffix in (".yaml", ".yml") else path / "project.yaml"
        if self.find(file) not in (None, self.work):
            hint = "save under another name, or close that project first"
            raise AlloError(Diagnostic("file", f"{file.name} is open in another tab", where=str(file), hint=hint))

    def take_up(self, found: LoadedProject, merge: bool) -> bool:
        """Go on from what the file says now, merged with the changes made here or in their place; both can be undone.

        Where both changed the same thing nothing is merged, and the problems say what that is.
        """
        work = self.work
        if work.loaded is None or work.history is None:
            return False
        project, what = found.project, "Take up the file's changes"
        if merge:
            try:
                project = merge_projects(work.loaded.project, work.history.project, project)
                what = "Merge the file's changes"
            except AlloError as error:
                self._fail(error.diagnostics, "The file's changes were not merged")
                return False
        work.loaded = found
        if project != work.history.project and not self.do(ReplaceProject(project, what)):
            return False
        if project == found.project:
            work.history.mark_saved()
        else:
            work.history.mark_unsaved()
        return True

    def last_edit(self) -> str:
        """Return what the last edit did, in words; empty where there was none."""
        return self.history.undo_text if self.history else ""

    def autosave(self) -> None:
        """Keep the unsaved work of all projects beside their files, so that it survives a crash."""
        for work in self.works:
            self._keep(work)

    def _keep(self, work: Work) -> None:
        """Keep what is not saved beside the file, or forget what was kept where all is saved."""
        if work.loaded is None or work.history is None or work.kept is None:
            return
        if not work.dirty:
            work.kept.discard()
            return
        try:
            work.kept.keep(work.loaded, work.history.project)
        except AlloError as error:
            # Once is enough: it would be told at each edit.
            if not self._no_autosave:
                self.refused.emit(f"No autosave: {error.diagnostics[0].message}")
            self._no_autosave = True
        else:
            self._no_autosave = False

    @property
    def conflict(self) -> bool:
        """Whether the last save was refused because the file has changed on disk."""
        return any(fault.code == "conflict" for fault in self.work.own_faults)

    def _announce(self) -> None:
        self.level_changed.emit()
        self.changed.emit()
        self.problems_changed.emit()

    def refuse(self, error: AlloError, text: str) -> None:
        """Say why something that was asked for cannot be done."""
        self._fail(error.diagnostics, text)

    def _fail(self, faults: tuple[Diagnostic, ...], text: str) -> None:
        self.work.own_faults = faults
        self.problems_changed.emit()
        self.refused.emit(f"{text}: {faults[0].message}")

    # What is in front.

    @property
    def loaded(self) -> LoadedProject | None:
        """The project as its file was read or written last."""
        return self.work.loaded

    @property
    def history(self) -> History | None:
        """The edits of the project."""
        return self.work.history

    @property
    def checked(self) -> CheckedDesign | None:
        """What was found out about the design."""
        return self.work.checked

    @property
    def level(self) -> Level:
        """The level of the hierarchy that is shown."""
        return self.work.level

    @property
    def result(self) -> BuildResult | None:
        """What the last good build made."""
        return self.work.result

    @property
    def kernel_files(self) -> list[str]:
        """The paths of the project's Python files."""
        return self.work.kernel_files

    @property
    def project(self) -> Project | None:
        """The present project."""
        return self.work.project

    @property
    def graph(self) -> Graph | None:
        """The graph of the level that is shown."""
        return graph_at(self.project, self.level) if self.project else None

    @property
    def dirty(self) -> bool:
        """Whether there is something to save."""
        return self.work.dirty

    @property
    def up_to_date(self) -> bool:
        """Whether the last good build was of the present design (positions and notes do not count)."""
        return self.work.up_to_date

    def made(self, target: Target, path: str) -> Made:
        """Return what the last good build for a target generated for a block or graph."""
        return self.work.made(target, path)

    def source(self, path: str) -> Source:
        """Return a kernel file by its path in the project; raises AlloError."""
        return self.work.source(path)

    def arrays_of(self, path: str) -> tuple[str, ...]:
        """Return the names of the arrays that a file of the project has; empty where it cannot be read."""
        return self.work.arrays_of(path)

    def sections(self) -> tuple[Section, ...]:
        """Return what the palette offers."""
        return self.work.sections()

    # The design.

    def do(self, edit: Edit) -> bool:
        """Apply an edit, or say why it does not apply."""
        if self.history is None:
            return False
        self.work.own_faults = ()
        before = self.history.project
        try:
            self.history.do(edit)
        except AlloError as error:
            self._fail(error.diagnostics, "Not done")
            return False
        if self.history.project is not before:
            self.acted.emit(edit.describe())
        return True

    def undo(self) -> None:
        """Take the last edit back."""
        if self.history and self.history.can_undo:
            told = f"Undo: {self.history.undo_text}"
            self.history.undo()
            self.acted.emit(told)

    def redo(self) -> None:
        """Do the last undone edit again."""
        if self.history and self.history.can_redo:
            told = f"Redo: {self.history.redo_text}"
            self.history.redo()
            self.acted.emit(told)

    def go(self, position: int) -> None:
        """Go to where so many edits of the history are done."""
        if self.history and position != self.history.position:
            texts = self.history.texts
            self.history.go(position)
            self.acted.emit(f"Back to: {texts[position - 1]}" if position else "Back to the state as it was opened")

    def recheck(self) -> None:
        """Check again, as after a change of the kernels on disk; nothing happens while no project is open."""
        if self.loaded is not None:
            self.work.find_files()
            self._refresh()

    def _edited(self, work: Work) -> None:
        # First of all: what follows may take long, or fail.
        self._keep(work)
        if work is self.work:
            self._refresh()
        else:
            self.checking.check(work)
        self.works_changed.emit()

    def _refresh(self) -> None:
        assert self.project is not None
        level = valid(self.project, self.level)
        self.checking.check(self.work)
        if level != self.level:
            self.work.level = level
            self.level_changed.emit()
        self.changed.emit()
        self.problems_changed.emit()

    def _checked(self, work: Work) -> None:
        """Show what a check found that took long."""
        if work is self.work:
            self.changed.emit()
            self.problems_changed.emit()

    def kernel_paths(self) -> list[Path]:
        """Return the files that the kernels and external blocks of the design were read from."""
        return self.work.kernel_paths()

    def changed_kernels(self) -> tuple[str, ...]:
        """Return the files of kernels and external blocks that have changed since the last check, sorted."""
        return self.work.changed_kernels()

    # The hierarchy.

    def show_level(self, level: Level) -> None:
        """Show another graph; nothing happens where the level does not exist."""
        if self.project is not None and level != self.level and graph_at(self.project, level) is not None:
            self.turning.emit()
            self.work.level = level
            self.level_changed.emit()

    @property
    def shown(self) -> CheckedDesign | None:
        """What was found out about the design, with the graph that is shown as this instance of it is."""
        return self.checked.at(self.level.path) if self.checked else None

    def place(self, where: str) -> Place | None:
        """Return the place that a diagnostic's or a report's path names."""
        return locate(self.project, where, self.level) if self.project else None

    # Problems and builds.

    def problems(self) -> tuple[Diagnostic, ...]:
        """Return everything that is wrong, errors first, each once."""
        return self.work.problems()

    def fixes(self, diagnostic: Diagnostic) -> tuple[Fix, ...]:
        """Return the edits that are offered for a problem."""
        if self.checked is None:
            return ()
        # Loaded where it is needed: a start does without it.
        from allo_studio.design.fixes import fixes_for

        return fixes_for(self.checked, diagnostic)

    def note_steps(self, wrong: tuple[Diagnostic, ...]) -> None:
        """Take what running the kernels of the block that is looked at says of its steps."""
        if wrong != self.work.wrong_steps:
            self.work.wrong_steps = wrong
            self.problems_changed.emit()

    def finish_build(self, result: BuildResult, project: Project, work: Work | None = None) -> None:
        """Take the result of a build of `project`, which is that of an open one (unless said, the one in front)."""
        work = work or self.work
        work.take_build(result, project)
        if work is self.work:
            self.built.emit()
            self.problems_changed.emit()

    def fail_build(self, faults: tuple[Diagnostic, ...], work: Work | None = None) -> None:
        """Note why a build failed; the last good result stays."""
        work = work or self.work
        work.own_faults = tuple(faults)
        if work is self.work:
            self.problems_changed.emit()
