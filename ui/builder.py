"""Builds beside the window, so that it stays responsive. Signals arrive in the window's thread."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from allo_studio.built import BuildResult, Target, VendorUse
from allo_studio.design.model import Project
from allo_studio.progress import Progress
from allo_studio.project import LoadedProject
from ui.build_process import build
from ui.outcome import Work, outcome_of

__all__ = ["Builder"]

_WAIT_S = 0.05


class Builder(QObject):
    """Runs at most one build that counts; a cancelled one is forgotten at once and ends when it next asks.

    The next build waits for that end: until then the cancelled one stops whatever works for it, which builds share.
    """

    started = Signal()
    progressed = Signal(object)
    # The result, or the diagnostics, and the project that was built.
    finished = Signal(object, object)
    failed = Signal(object, object)
    cancelled = Signal()
    # From the thread: the run's number, what it is (`progress`, `result`, `faults`, `cancelled`), and the value.
    _told = Signal(int, str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = 0
        self._project: Project | None = None
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._told.connect(self._take)

    @property
    def running(self) -> bool:
        """Whether a build that counts is going on."""
        return self._project is not None

    def start(
        self,
        loaded: LoadedProject,
        project: Project,
        out: Path,
        target: Target = "hls",
        vendor: VendorUse | None = None,
        waves: bool = False,
        then: Callable[[BuildResult], None] = lambda result: None,
    ) -> None:
        """Begin to build `project` as it is now, saved or not; nothing happens while a build is running.

        `then` is called with the result before anyone else learns of it, in the build's thread.
        """
        if self.running:
            return
        self._run += 1
        self._project, self._stop = project, threading.Event()
        make = partial(build, loaded, out, target=target, project=project, vendor=vendor, waves=waves)

        def work(**calls: Any) -> BuildResult:
            result = make(**calls)
            then(result)
            return result

        earlier = [thread for thread in self._threads if thread.is_alive()]
        arguments = (self._run, work, self._stop, earlier)
        thread = threading.Thread(target=self._work, args=arguments, name="allo-studio-build", daemon=True)
        self._threads = [*earlier, thread]
        self.started.emit()
        thread.start()

    def cancel(self) -> None:
        """Stop the build: its outcome no longer counts."""
        if not self.running:
            return
        self._stop.set()
        self._run += 1
        self._project = None
        self.cancelled.emit()

    def shut(self, seconds: float = 10.0) -> None:
        """Stop and wait, for at most so long, until no thread is left."""
        self._stop.set()
        self._run += 1
        self._project = None
        for thread in self._threads:
            thread.join(seconds)

    def _work(self, run: int, work: Work, stop: threading.Event, earlier: list[threading.Thread]) -> None:
        def progress(step: Progress) -> None:
            if not stop.is_set():
                self._told.emit(run, "progress", step)

        if earlier:
            progress(Progress("wait", "waiting for the cancelled build to end", 0.0))
        for thread in earlier:
            while thread.is_alive() and not stop.is_set():
                thread.join(_WAIT_S)
        kind, value = outcome_of(work, progress, stop.is_set)
        if not stop.is_set():
            self._told.emit(run, kind, value)

    def _take(self, run: int, kind: str, value: object) -> None:
        if run != self._run:
            return
        if kind == "progress":
            self.progressed.emit(value)
            return
        project, self._project = self._project, None
        if kind == "result":
            self.finished.emit(value, project)
        elif kind == "faults":
            self.failed.emit(value, project)
        else:
            self.cancelled.emit()
