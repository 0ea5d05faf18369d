"""What the window shows of a build, from its start to its end."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from allo_studio.design.model import Project
from allo_studio.diagnostics import Diagnostic
from allo_studio.pipeline import BuildResult
from ui.builder import Builder
from ui.comparison import latency_of
from ui.panels import Panels
from ui.results import file_lines
from ui.session import Session
from ui.targets import TARGETS, TargetChoice
from ui.work import Work

__all__ = ["BuildControl"]


class BuildControl(QObject):
    """Starts builds of the session's project and shows how they go. `told` is a sentence for the status bar."""

    told = Signal(str)

    def __init__(
        self, session: Session, builder: Builder, panels: Panels, targets: TargetChoice, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._builder, self._panels, self._targets = session, builder, panels, targets
        self._target, self._work = TARGETS[targets.chosen], Work()
        builder.started.connect(self._started)
        builder.progressed.connect(panels.log.progress)
        builder.finished.connect(self._finished)
        builder.failed.connect(self._failed)
        builder.cancelled.connect(panels.log.cancelled)

    @property
    def work(self) -> Work | None:
        """The project that is being built, which need not be in front."""
        return self._work if self._builder.running else None

    def start(self) -> None:
        """Build the project in front as it is now for the chosen target, into a folder of its folder `build`."""
        session, chosen = self._session, self._targets.chosen
        out = session.work.folder_for(TARGETS[chosen].ending)
        if session.loaded is None or session.project is None or out is None or self._builder.running:
            return
        self._target, self._work = TARGETS[chosen], session.work
        session.work.build_folder = out
        vendor = () if self._targets.vendor.run != "never" or chosen != "hls" else ("--no-tool",)
        self._panels.console.did("build", session.loaded.file, "--target", chosen, *vendor)
        self._builder.start(session.loaded, session.project, out, chosen, self._targets.vendor)

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
