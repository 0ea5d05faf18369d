"""What the window works on: the open project, its history, what the check says, the level shown, the last build.

Docks subscribe to its signals and ask it to do things; none of them holds design data of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from allo_studio.design.checked import CheckedDesign
from allo_studio.design.edits import Edit, ReplaceProject
from allo_studio.design.fixes import Fix, fixes_for
from allo_studio.design.history import History
from allo_studio.design.model import Graph, IpNode, KernelNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.pipeline import BuildResult, Target, check_project
from allo_studio.project import (
    KernelFiles,
    LoadedProject,
    autosave,
    discard_autosave,
    is_changed,
    load_project,
    merge_projects,
    new_project,
    recover,
    save_project,
    save_project_as,
    sources,
)
from allo_studio.project.ip.blocks import named_files
from allo_studio.source import Source
from ui.catalogue import Section, catalogue, project_files
from ui.places import Level, Place, graph_at, locate, valid
from ui.results import Made, built_for, generated

__all__ = ["Session"]


class Session(QObject):
    """One open project, or none. All changes of the design go through `do`, `undo` and `redo`."""

    # The design, or what is known about it, has changed (also: another project was opened).
    changed = Signal()
    # Another level of the hierarchy is to be shown.
    level_changed = Signal()
    # The list of problems has changed.
    problems_changed = Signal()
    # A build has ended well and its result is there.
    built = Signal()
    # Something that was asked for could not be done: a sentence for the status bar.
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.loaded: LoadedProject | None = None
        self.history: History | None = None
        self.checked: CheckedDesign | None = None
        self.level = Level("")
        self.result: BuildResult | None = None
        self._built_from: Project | None = None
        # The last good build for each target, and what it was built from.
        self._builds: dict[Target, tuple[BuildResult, Project]] = {}
        self._sources: KernelFiles | None = None
        self.kernel_files: list[str] = []
        self.descriptors: list[str] = []
        self.arrays: list[tuple[str, str]] = []
        self._seen: dict[str, str] = {}
        self._own_faults: tuple[Diagnostic, ...] = ()
        self._build_faults: tuple[Diagnostic, ...] = ()
        self._wrong_steps: tuple[Diagnostic, ...] = ()

    # Opening and saving.

    def open(self, path: Path) -> bool:
        """Open a project; where that fails, say why under problems and keep what was open."""
        try:
            loaded = load_project(path)
        except AlloError as error:
            self._fail(error.diagnostics, f"{path} cannot be opened")
            return False
        self._take(loaded)
        return True

    def new(self, path: Path) -> bool:
        """Make an empty project in a folder and open it."""
        try:
            new_project(path)
        except AlloError as error:
            self._fail(error.diagnostics, "The project cannot be made")
            return False
        return self.open(path)

    def close(self) -> None:
        """Let go of the project."""
        self.loaded = self.history = self.checked = self.result = self._sources = self._built_from = None
        self._own_faults = self._build_faults = ()
        self._builds = {}
        self.level = Level("")
        self._announce()

    def save(self, overwrite: bool = False) -> bool:
        """Write the project to its file; where that fails the file is as it was and problems say why."""
        if self.loaded is None or self.history is None:
            return False
        try:
            self.loaded = save_project(self.loaded, self.history.project, overwrite=overwrite)
        except AlloError as error:
            self._fail(error.diagnostics, "The project was not saved")
            return False
        self._own_faults = ()
        self.history.mark_saved()
        discard_autosave(self.loaded.file)
        return True

    def save_as(self, path: Path) -> bool:
        """Write the project with its kernels to another folder or file and go on there."""
        if self.loaded is None or self.history is None:
            return False
        level, result, built_from, builds = self.level, self.result, self._built_from, self._builds
        try:
            loaded = save_project_as(self.loaded, self.history.project, path)
        except AlloError as error:
            self._fail(error.diagnostics, "The project was not saved")
            return False
        discard_autosave(self.loaded.file)
        self._take(loaded)
        self.result, self._built_from, self._builds = result, built_from, builds
        self.show_level(level)
        return True

    def on_disk(self) -> LoadedProject | None:
        """Return the project as its file is now; None where that is as it was read or written last, or is gone.

        Raises AlloError where the file cannot be read.
        """
        return load_project(self.loaded.file) if self.loaded and is_changed(self.loaded) else None

    def take_up(self, found: LoadedProject, merge: bool) -> bool:
        """Go on from what the file says now, merged with the changes made here or in their place; both can be undone.

        Where both changed the same thing nothing is merged, and the problems say what that is.
        """
        if self.loaded is None or self.history is None:
            return False
        project, what = found.project, "Take up the file's changes"
        if merge:
            try:
                project = merge_projects(self.loaded.project, self.history.project, project)
                what = "Merge the file's changes"
            except AlloError as error:
                self._fail(error.diagnostics, "The file's changes were not merged")
                return False
        self.loaded = found
        if project != self.history.project and not self.do(ReplaceProject(project, what)):
            return False
        if project == found.project:
            self.history.mark_saved()
            discard_autosave(found.file)
        else:
            self.history.mark_unsaved()
        return True

    def last_edit(self) -> str:
        """Return what the last edit did, in words; empty where there was none."""
        return self.history.undo_text if self.history else ""

    def autosave(self) -> None:
        """Keep unsaved work beside the project file, so that it survives a crash."""
        if self.loaded is None or self.history is None or not self.dirty:
            return
        try:
            autosave(self.loaded, self.history.project)
        except AlloError as error:
            self.refused.emit(f"No autosave: {error.diagnostics[0].message}")

    def recoverable(self) -> Project | None:
        """Return the unsaved work of an earlier session that did not end well, if there is any."""
        return recover(self.loaded.file) if self.loaded else None

    def discard_autosave(self) -> None:
        """Forget the unsaved work beside the project file."""
        if self.loaded:
            discard_autosave(self.loaded.file)

    @property
    def conflict(self) -> bool:
        """Whether the last save was refused because the file has changed on disk."""
        return any(fault.code == "conflict" for fault in self._own_faults)

    def _take(self, loaded: LoadedProject) -> None:
        self.loaded, self.result, self._built_from, self._builds = loaded, None, None, {}
        self._own_faults = self._build_faults = ()
        self._sources = sources(loaded.root)
        self._find_files(loaded.root)
        self.history = History(loaded.project)
        self.history.subscribe(self._refresh)
        self.level = valid(loaded.project, Level(loaded.project.top))
        self._check()
        self._announce()

    def _announce(self) -> None:
        self.level_changed.emit()
        self.changed.emit()
        self.problems_changed.emit()

    def refuse(self, error: AlloError, text: str) -> None:
        """Say why something that was asked for cannot be done."""
        self._fail(error.diagnostics, text)

    def _fail(self, faults: tuple[Diagnostic, ...], text: str) -> None:
        self._own_faults = faults
        self.problems_changed.emit()
        self.refused.emit(f"{text}: {faults[0].message}")

    # The design.

    @property
    def project(self) -> Project | None:
        """The present project."""
        return self.history.project if self.history else None

    @property
    def graph(self) -> Graph | None:
        """The graph of the level that is shown."""
        return graph_at(self.project, self.level) if self.project else None

    @property
    def dirty(self) -> bool:
        """Whether there is something to save."""
        return self.history is not None and not self.history.clean

    def source(self, path: str) -> Source:
        """Return a kernel file by its path in the project; raises AlloError."""
        if self._sources is None:
            raise AlloError(Diagnostic("file", "no project is open"))
        return self._sources(path)

    def arrays_of(self, path: str) -> tuple[str, ...]:
        """Return the names of the arrays that a file of the project has; empty where it cannot be read."""
        if self._sources is None:
            return ()
        try:
            return self._sources.names(path)
        except AlloError:
            return ()

    def sections(self) -> tuple[Section, ...]:
        """Return what the palette offers."""
        if self.project is None or self.graph is None:
            return ()
        files = self.kernel_files, self.source, self.graph.name, self.descriptors, self.arrays
        return catalogue(self.project, *files)

    def _find_files(self, root: Path) -> None:
        """Look for what blocks can be made of; an array is the path of its file and its name in it."""
        found = project_files(root)
        self.kernel_files, self.descriptors = found.kernels, found.descriptors
        self.arrays = [(path, name) for path in found.arrays for name in self.arrays_of(path) or ("",)]

    def do(self, edit: Edit) -> bool:
        """Apply an edit, or say why it does not apply."""
        if self.history is None:
            return False
        self._own_faults = ()
        try:
            self.history.do(edit)
        except AlloError as error:
            self._fail(error.diagnostics, "Not done")
            return False
        return True

    def undo(self) -> None:
        """Take the last edit back."""
        if self.history:
            self.history.undo()

    def redo(self) -> None:
        """Do the last undone edit again."""
        if self.history:
            self.history.redo()

    def recheck(self) -> None:
        """Check again, as after a change of the kernels on disk; nothing happens while no project is open."""
        if self.loaded is not None:
            self._find_files(self.loaded.root)
            self._refresh()

    def _refresh(self) -> None:
        assert self.project is not None
        level = valid(self.project, self.level)
        self._check()
        if level != self.level:
            self.level = level
            self.level_changed.emit()
        self.changed.emit()
        self.problems_changed.emit()

    def _check(self) -> None:
        if self.project is not None and self.loaded is not None:
            self.checked = check_project(self.loaded, self.project)
            self._wrong_steps = ()
            self._seen = self._kernel_texts()

    def _kernel_texts(self) -> dict[str, str]:
        """Return the text of each file of a kernel or external block, empty where it can't be read."""
        paths: set[str] = set()
        for graph in self.project.graphs.values() if self.project else ():
            for node in graph.nodes.values():
                if isinstance(node, KernelNode):
                    paths.add(node.path)
                elif isinstance(node, IpNode) and node.path not in paths:
                    paths |= named_files(self.source, node.path)
        return {path: self._text(path) for path in paths}

    def _text(self, path: str) -> str:
        try:
            return self.source(path).text
        except AlloError:
            return ""

    def kernel_paths(self) -> list[Path]:
        """Return the files that the kernels and external blocks of the design were read from."""
        root = self.loaded.root if self.loaded else Path()
        return [file for path in sorted(self._seen) if (file := root / path).is_file()]

    def changed_kernels(self) -> tuple[str, ...]:
        """Return the files of kernels and external blocks that have changed since the last check, sorted."""
        found = self._kernel_texts() if self.project is not None else self._seen
        return tuple(sorted(path for path in {*found, *self._seen} if found.get(path) != self._seen.get(path)))

    # The hierarchy.

    def show_level(self, level: Level) -> None:
        """Show another graph; nothing happens where the level does not exist."""
        if self.project is not None and level != self.level and graph_at(self.project, level) is not None:
            self.level = level
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
        loaded = self.loaded.diagnostics if self.loaded and self.project is self.loaded.project else ()
        checked = self.checked.diagnostics if self.checked else ()
        known = {diagnostic.where for diagnostic in checked}
        built = self._build_faults if self.up_to_date else ()
        shown = (*self._own_faults, *self._wrong_steps, *checked, *(d for d in loaded if d.where not in known), *built)
        return _sorted(shown)

    def fixes(self, diagnostic: Diagnostic) -> tuple[Fix, ...]:
        """Return the edits that are offered for a problem."""
        return fixes_for(self.checked, diagnostic) if self.checked else ()

    def note_steps(self, wrong: tuple[Diagnostic, ...]) -> None:
        """Take what running the kernels of the block that is looked at says of its steps."""
        if wrong != self._wrong_steps:
            self._wrong_steps = wrong
            self.problems_changed.emit()

    def finish_build(self, result: BuildResult, project: Project) -> None:
        """Take the result of a build of `project`."""
        self.result, self._built_from, self._build_faults = result, project, tuple(result.diagnostics)
        self._builds[built_for(result) or "hls"] = (result, project)
        self.built.emit()
        self.problems_changed.emit()

    def fail_build(self, faults: tuple[Diagnostic, ...]) -> None:
        """Note why a build failed; the last good result stays."""
        self._own_faults = tuple(faults)
        self.problems_changed.emit()

    @property
    def up_to_date(self) -> bool:
        """Whether the last good build was of the present design (positions and notes do not count)."""
        return self._is_of(self._built_from)

    def made(self, target: Target, path: str) -> Made:
        """Return what the last good build for a target generated for a block or graph."""
        result, project = self._builds.get(target, (None, None))
        return generated(result, path, self._is_of(project))

    def _is_of(self, built_from: Project | None) -> bool:
        """Tell whether a design that was built is the present one."""
        return self.project is not None and built_from is not None and self.project.built() == built_from.built()


def _line_of(diagnostic: Diagnostic) -> str:
    """Return the place in a kernel, where one fault may be at several; not that in the project file, which may move."""
    span = diagnostic.span
    return str(span) if span is not None and span.source.path.endswith(".py") else ""


_ORDER = {"error": 0, "warning": 1, "note": 2}


def _sorted(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    unique: dict[tuple[str, str, str, str], Diagnostic] = {}
    for diagnostic in found:
        unique.setdefault((diagnostic.code, diagnostic.where, diagnostic.message, _line_of(diagnostic)), diagnostic)
    return tuple(sorted(unique.values(), key=lambda d: _ORDER[d.severity]))
