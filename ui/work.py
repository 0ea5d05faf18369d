"""What is known of one open project: the design with its history, what the check says, the level shown, the last build.

Nothing here sends signals; `ui.session` tells who listens when it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from allo_studio.built import BuildResult, Target
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.history import History
from allo_studio.design.model import IpNode, KernelNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project import KernelFiles, LoadedProject, is_changed, load_project, sources
from allo_studio.project.ip.blocks import named_files
from allo_studio.source import Source
from ui.catalogue import Section, catalogue, project_files
from ui.kept_work import KeptWork
from ui.places import Level, graph_at, valid
from ui.results import Made, built_for, generated

__all__ = ["Built", "Sight", "Work"]


@dataclass
class Sight:
    """How a project was looked at when another came to the front.

    `scene` is what the canvas showed (left, top, width, height in scene units), `drawn` where blocks stood, by graph:
    what has no place in the file must not jump when others move. `log` and `builds` are the build log's and the
    report's own.
    """

    blocks: list[str] = field(default_factory=list)
    wires: list[str] = field(default_factory=list)
    scene: tuple[float, float, float, float] | None = None
    drawn: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    log: Any = None
    builds: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Built:
    """What a build was made from: the project, and the texts of the files of its kernels and external blocks."""

    project: Project
    texts: Mapping[str, str]


class Work:
    """One open project; without `loaded` it stands for none."""

    def __init__(self, loaded: LoadedProject | None = None) -> None:
        self.loaded = loaded
        self.kept = KeptWork(loaded.file) if loaded else None
        self.history: History | None = None
        self.checked: CheckedDesign | None = None
        self.level = Level("")
        self.result: BuildResult | None = None
        self.built_from: Built | None = None
        # The last good build for each target, and what it was built from.
        self.builds: dict[Target, tuple[BuildResult, Built]] = {}
        # The files of the kernels as they were when the build that runs began.
        self._begun: dict[str, str] | None = None
        # The folder of the last build, also of an earlier session.
        self.build_folder: Path | None = None
        self.kernel_files: list[str] = []
        self.descriptors: list[str] = []
        self.arrays: list[tuple[str, str]] = []
        # What is wrong apart from the design, with the last build, and with what running kernels says of steps.
        self.own_faults: tuple[Diagnostic, ...] = ()
        self.build_faults: tuple[Diagnostic, ...] = ()
        self.wrong_steps: tuple[Diagnostic, ...] = ()
        # The text of the file that the person chose to go on without.
        self.passed_over: str | None = None
        self.sight = Sight()
        self._sources: KernelFiles | None = None
        self._seen: dict[str, str] = {}
        if loaded is not None:
            self._sources = sources(loaded.root)
            self.find_files()
            self.history = History(loaded.project)
            self.level = valid(loaded.project, Level(loaded.project.top))
            self.build_folder = self._earlier_build()
            self.await_check()

    @property
    def project(self) -> Project | None:
        """The present project."""
        return self.history.project if self.history else None

    @property
    def dirty(self) -> bool:
        """Whether there is something to save."""
        return self.history is not None and not self.history.clean

    @property
    def up_to_date(self) -> bool:
        """Whether the last good build was of the present design and kernels (positions and notes do not count)."""
        return self._is_of(self.built_from)

    def take_build(self, result: BuildResult, project: Project) -> None:
        """Take the result of a build of `project`."""
        built, self._begun = Built(project, self._begun or self._seen), None
        self.result, self.built_from, self.build_faults = result, built, tuple(result.diagnostics)
        self.builds[built_for(result) or "hls"] = (result, built)

    def begin_build(self, folder: Path) -> None:
        """Note that a build into a folder begins, with the files of the kernels as they are now."""
        self.build_folder, self._begun = folder, self.kernel_texts()

    def folder_for(self, ending: str) -> Path | None:
        """Return the folder that builds go to whose folder's name ends so, as on the command line."""
        if self.loaded is None or self.project is None:
            return None
        return self.loaded.root.resolve() / "build" / f"{self.project.name}{ending}"

    def _earlier_build(self) -> Path | None:
        found = [folder for ending in ("", "-rtl") if (folder := self.folder_for(ending)) and folder.is_dir()]
        return max(found, key=lambda folder: folder.stat().st_mtime, default=None)

    def made(self, target: Target, path: str) -> Made:
        """Return what the last good build for a target generated for a block or graph."""
        result, built = self.builds.get(target, (None, None))
        return generated(result, path, self._is_of(built))

    def _is_of(self, built: Built | None) -> bool:
        """Tell whether a design that was built is the present one, as it was checked last."""
        now = self.project
        if now is None or built is None or self._seen != built.texts:
            return False
        return now.built() == built.project.built() and now.argument_order() == built.project.argument_order()

    # Files.

    def on_disk(self) -> LoadedProject | None:
        """Return the project as its file is now; None where that is as it was read or written last, or is gone.

        Raises AlloError where the file cannot be read.
        """
        return load_project(self.loaded.file) if self.loaded and is_changed(self.loaded) else None

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
        graph = graph_at(self.project, self.level) if self.project else None
        if self.project is None or graph is None:
            return ()
        return catalogue(self.project, self.kernel_files, self.source, graph.name, self.descriptors, self.arrays)

    def find_files(self) -> None:
        """Look for what blocks can be made of; an array is the path of its file and its name in it."""
        if self.loaded is not None:
            found = project_files(self.loaded.root)
            self.kernel_files, self.descriptors = found.kernels, found.descriptors
            self.arrays = [(path, name) for path in found.arrays for name in self.arrays_of(path) or ("",)]

    # Checks.

    def take_check(self, checked: CheckedDesign, texts: Mapping[str, str]) -> None:
        """Take what was found out about the design as it is now, with the files of its kernels as they were before."""
        self.checked, self.wrong_steps = checked, ()
        self._seen = dict(texts)

    def await_check(self) -> None:
        """Go on with what was found out about an earlier state, or with nothing, until a check has ended."""
        project, known = self.project, self.checked
        if project is not None:
            earlier = known or CheckedDesign(project, ())
            self.checked = replace(earlier, project=project, expanded=None, pending=True)

    @property
    def pending(self) -> bool:
        """Whether the design is being checked."""
        return self.checked is not None and self.checked.pending

    def kernel_paths(self) -> list[Path]:
        """Return the files that the kernels and external blocks of the design were read from."""
        root = self.loaded.root if self.loaded else Path()
        return [file for path in sorted(self._seen) if (file := root / path).is_file()]

    def changed_kernels(self) -> tuple[str, ...]:
        """Return the files of kernels and external blocks that have changed since the last check, sorted."""
        found = self.kernel_texts() if self.project is not None else self._seen
        return tuple(sorted(path for path in {*found, *self._seen} if found.get(path) != self._seen.get(path)))

    def problems(self) -> tuple[Diagnostic, ...]:
        """Return everything that is wrong, errors first, each once."""
        loaded = self.loaded.diagnostics if self.loaded and self.project is self.loaded.project else ()
        checked = self.checked.diagnostics if self.checked else ()
        known = {diagnostic.where for diagnostic in checked}
        built = self.build_faults if self.up_to_date else ()
        shown = (*self.own_faults, *self.wrong_steps, *checked, *(d for d in loaded if d.where not in known), *built)
        return _sorted(shown)

    def kernel_texts(self) -> dict[str, str]:
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
