"""Work in a thread of its own, with its outcome in the window's thread."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["Background"]


class Background(QObject):
    """Does one thing at a time. What was started before and is no longer wanted is forgotten when it ends."""

    # The outcome, or the diagnostics, and whether it was wanted.
    _told = Signal(int, bool, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = 0
        self._thread: threading.Thread | None = None
        self._done: Callable[[object], None] = lambda _: None
        self._failed: Callable[[tuple[Diagnostic, ...]], None] = lambda _: None
        self._told.connect(self._take)

    @property
    def running(self) -> bool:
        """Whether something is going on whose outcome counts."""
        return self._thread is not None

    def start(
        self,
        work: Callable[[], object],
        done: Callable[[object], None],
        failed: Callable[[tuple[Diagnostic, ...]], None],
    ) -> bool:
        """Begin some work; False where other work is going on. One of the two is called with its outcome."""
        if self.running:
            return False
        self._run += 1
        self._done, self._failed = done, failed
        self._thread = threading.Thread(target=self._work, args=(self._run, work), name="allo-studio-work", daemon=True)
        self._thread.start()
        return True

    def shut(self, seconds: float = 10.0) -> None:
        """Forget what is going on, and wait for at most so long until it has ended."""
        self._run += 1
        if self._thread is not None:
            self._thread.join(seconds)
            self._thread = None

    def _work(self, run: int, work: Callable[[], object]) -> None:
        try:
            well, found = True, work()
        except AlloError as error:
            well, found = False, error.diagnostics
        except Exception as error:
            # A thread that dies silently would leave the window waiting for ever.
            text = f"stopped by an internal fault: {type(error).__name__}: {error}"
            well, found = False, (Diagnostic("internal", text, hint="please report this with the project"),)
        self._told.emit(run, well, found)

    def _take(self, run: int, well: bool, found: object) -> None:
        if run != self._run:
            return
        self._thread = None
        if well:
            self._done(found)
        else:
            assert isinstance(found, tuple)
            self._failed(found)
