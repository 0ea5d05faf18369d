"""What the window shows of a build, from its start to its end."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from allo_studio.built import BuildResult, Target
from allo_studio.design.model import Project
from allo_studio.diagnostics import Diagnostic
from ui.actions import ACTIONS
from ui.build_cache import BuildCache, BuildKey, key_of
from ui.build_history import keep_build
from ui.builder import Builder
from ui.comparison import latency_of
from ui.panels import Panels
from ui.results import file_lines
from ui.session import Session
from ui.targets import TARGETS, TargetChoice
from ui.work import Work

__all__ = ["BuildControl"]


# How a build of an unchanged design is asked for.
_AFRESH = ACTIONS["rebuild"].shortcut


class BuildControl(QObject):
    """Starts builds of the session's project and shows how they go. `told` is a sentence for the status bar."""

    told = Signal(str)

    def __init__(
        self, session: Session, builder: Builder, panels: Panels, targets: TargetChoice, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._builder, self._panels, self._targets = session, builder, panels, targets
        self._target, self._work = TARGETS[targets.chosen], Work()
        self._cache = BuildCache()
        self._key: BuildKey | None = None
        self._out: Path | None = None
        # Why the report of the last build could not be kept.
        self._unkept = ""
        builder.started.connect(self._started)
        builder.progressed.connect(panels.log.progress)
        builder.finished.connect(self._finished)
        builder.failed.connect(self._failed)
        builder.cancelled.connect(panels.log.cancelled)

    @property
    def work(self) -> Work | None:
        """The project that is being built, which need not be in front."""
        return self._work if self._builder.running else None

    def start(self, afresh: bool = False) -> None:
        """Build the project in front as it is now for the chosen target, into a folder of its folder `build`.

        Where the last build there was of the same, its result is there at once, unless all is to be built `afresh`.
        """
        session, chosen = self._session, self._targets.chosen
        out = session.work.folder_for(TARGETS[chosen].ending)
        if session.loaded is None or session.project is None or out is None or self._builder.running:
            return
        self._target, self._work = TARGETS[chosen], session.work
        session.work.begin_build(out)
        use, waves = self._targets.vendor, self._targets.waves and chosen == "rtl"
        self._key, self._out = key_of(session.loaded, session.project, chosen, use, waves), out
        known = None if afresh else self._cache.find(out, self._key)
        if known is not None:
            self._unchanged(known, session.project)
            return
        vendor = () if use.run != "never" or chosen != "hls" else ("--no-tool",)
        words = (*vendor, "--waves") if waves else vendor
        self._panels.console.did("build", session.loaded.file, "--target", chosen, *words)
        keep = partial(self._keep, session.work, chosen)
        self._builder.start(session.loaded, session.project, out, chosen, use, waves, keep)

    def _keep(self, work: Work, target: Target, result: BuildResult) -> None:
        """Keep the report for later comparisons; in the build's thread, as nobody should wait for it."""
        self._unkept = keep_build(work.loaded.root, result.report, target, datetime.now()) if work.loaded else ""

    def _unchanged(self, result: BuildResult, project: Project) -> None:
        """Show the result of an earlier build of the same."""
        name, target = project.name, self._target.name
        self._panels.log.begin(name, target)
        self._panels.log.done(file_lines(result), "Nothing has changed since the last build: this is its result")
        self._session.finish_build(result, project, self._work)
        self._panels.bottom.setCurrentWidget(self._panels.report)
        self._work = Work()
        self.told.emit(f"Unchanged since the last build as {target}: {_cycles(result)}  ({_AFRESH} builds it again)")

    def forget(self, work: Work) -> None:
        """Cancel the build of a project that is being closed."""
        if work is self.work:
            self._builder.cancel()

    def _started(self) -> None:
        project = self._session.project
        self._panels.log.begin(project.name if project else "", self._target.name)
        self._panels.bottom.setCurrentWidget(self._panels.log)

    def _finished(self, result: BuildResult, project: Project) -> None:
        self._panels.log.done(file_lines(result))
        work, self._work = self._work, Work()
        if self._out is not None:
            self._cache.keep(self._out, self._key, result)
        if self._unkept:
            self.told.emit(f"Not kept for later comparisons: {self._unkept}")
        self._session.finish_build(result, project, work)
        if work is self._session.work:
            self._panels.bottom.setCurrentWidget(self._panels.report if result.ok else self._panels.problems)
        self.told.emit(f"Built {self._named(work)}{self._target.name}: {_cycles(result)}")

    def _failed(self, faults: tuple[Diagnostic, ...], project: Project) -> None:
        self._panels.log.failed(faults)
        work, self._work = self._work, Work()
        self._session.fail_build(faults, work)
        if work is self._session.work:
            self._panels.bottom.setCurrentWidget(self._panels.problems)
        self.told.emit(f"The build of {self._named(work)}{self._target.name} failed: {faults[0].message}")

    def _named(self, work: Work) -> str:
        """Return how a build's project is named where another is in front."""
        return f"{work.project.name} as " if work.project and work is not self._session.work else ""


def _cycles(result: BuildResult) -> str:
    cycles = latency_of(result.report)
    if cycles.simulated is None:
        return f"{cycles.predicted:,} cycles"
    return f"{cycles.predicted:,} cycles predicted, {cycles.simulated:,} simulated  {cycles.verdict}"
