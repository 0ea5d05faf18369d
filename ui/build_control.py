"""What the window shows of a build, from its start to its end."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from allo_studio.design.model import Project
from allo_studio.diagnostics import Diagnostic
from allo_studio.pipeline import BuildResult
from ui.builder import Builder
from ui.panels import Panels
from ui.session import Session

__all__ = ["BuildControl"]


class BuildControl(QObject):
    """Starts builds of the session's project and shows how they go. `told` is a sentence for the status bar."""

    told = Signal(str)

    def __init__(self, session: Session, builder: Builder, panels: Panels, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._builder, self._panels = session, builder, panels
        builder.started.connect(self._started)
        builder.progressed.connect(panels.log.progress)
        builder.finished.connect(self._finished)
        builder.failed.connect(self._failed)
        builder.cancelled.connect(panels.log.cancelled)

    def start(self) -> None:
        """Build the project as it is now, into `build/NAME` in its folder."""
        session = self._session
        if session.loaded is not None and session.project is not None:
            out = session.loaded.root.resolve() / "build" / session.project.name
            self._builder.start(session.loaded, session.project, out)

    def _started(self) -> None:
        project = self._session.project
        self._panels.log.begin(project.name if project else "")
        self._panels.bottom.setCurrentWidget(self._panels.log)

    def _finished(self, result: BuildResult, project: Project) -> None:
        self._panels.log.done([f"{artifact.kind:10} {artifact.path}" for artifact in result.artifacts])
        self._session.finish_build(result, project)
        self._panels.bottom.setCurrentWidget(self._panels.report if result.ok else self._panels.problems)
        self.told.emit(f"Built: {result.report.latency:,} cycles")

    def _failed(self, faults: tuple[Diagnostic, ...], project: Project) -> None:
        self._panels.log.failed(faults)
        self._session.fail_build(faults)
        self._panels.bottom.setCurrentWidget(self._panels.problems)
        self.told.emit(f"The build failed: {faults[0].message}")
