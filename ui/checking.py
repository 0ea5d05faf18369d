"""Checks in a thread beside the window: most are done at once, and for those that take long nobody waits."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import Project
from allo_studio.project import LoadedProject
from ui.work import Work

__all__ = ["Checking"]

# The compiler's recursions need more than a thread has on some systems.
_STACK_BYTES = 64 << 20
Check = Callable[[LoadedProject, Project], CheckedDesign]


class _Job:
    """A check of a project's state, and what it came to: a checked design, or what went wrong in us."""

    def __init__(self, work: Work, project: Project) -> None:
        self.work, self.project = work, project
        # Before the check reads them: what changes while it runs is noticed after it.
        self.texts = work.kernel_texts()
        self.done = threading.Event()
        self.outcome: CheckedDesign | None = None
        self.fault: BaseException | None = None
        self.taken = False

    def run(self, check: Check) -> None:
        assert self.work.loaded is not None
        try:
            self.outcome = check(self.work.loaded, self.project)
        except BaseException as fault:
            self.fault = fault
        self.done.set()


class Checking(QObject):
    """Runs one check at a time. `finished` tells the project whose check took so long that nobody waited for it."""

    finished = Signal(object)
    # From the thread: the job.
    _told = Signal(object)
    # How long the window waits for a check before it goes on without.
    patience_s = 0.25

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: _Job | None = None
        self._thread: threading.Thread | None = None
        self._waiting: list[_Job] = []
        self._told.connect(self._end)

    def check(self, work: Work) -> None:
        """Check a project as it is now. Where that takes long it is told to be `pending`, until `finished`."""
        if work.project is None or work.loaded is None:
            return
        job = _Job(work, work.project)
        # A state that is no longer there need not be checked.
        self._waiting = [*(other for other in self._waiting if other.work is not work), job]
        if self._running is None:
            self._start()
            job.done.wait(self.patience_s)
        if self._running is job and job.done.is_set():
            self._take(job)
        else:
            work.await_check()

    def shut(self, seconds: float = 10.0) -> None:
        """Begin no other check, and wait for at most so long for the end of one that is running."""
        self._waiting.clear()
        if self._thread is not None:
            self._thread.join(seconds)

    def _start(self) -> None:
        # Loaded where it is needed, as a start does without it; here, because no thread may load parts of a package
        # while the window loads others.
        from allo_studio.checking import check_project

        job = self._running = self._waiting.pop(0)

        def work() -> None:
            job.run(check_project)
            self._told.emit(job)

        before = threading.stack_size(_STACK_BYTES)
        self._thread = threading.Thread(target=work, name="allo-studio-check", daemon=True)
        self._thread.start()
        threading.stack_size(before)

    def _end(self, job: _Job) -> None:
        if not job.taken:
            self._take(job)
            if job.work.project is job.project:
                self.finished.emit(job.work)

    def _take(self, job: _Job) -> None:
        job.taken, self._running = True, None
        if job.outcome is not None and job.work.project is job.project:
            job.work.take_check(job.outcome, job.texts)
        if self._waiting:
            self._start()
        if job.fault is not None:
            raise job.fault
