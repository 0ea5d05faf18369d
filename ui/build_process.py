"""A build in a process beside the window, called as `pipeline.build` is."""

from __future__ import annotations

import atexit
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from allo_studio.built import BuildResult
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.progress import Cancelled, Progress
from allo_studio.project import LoadedProject
from ui.frames import read, write

__all__ = ["build"]

_POLL_S = 0.02
# A compiler in C++ ends when it is ready; after so long the process is ended from outside.
_PATIENCE_S = 15.0
_MOST_SAID = 2000


class _Process:
    """A process that builds, and a thread that reads what it answers."""

    def __init__(self) -> None:
        self._environment = dict(os.environ)
        # The studio may run from a folder that is not installed.
        places = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
        # A file cannot fill up and stall the process as a pipe can.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `end`)
        self._child = subprocess.Popen(
            [sys.executable, "-m", "ui.build_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**self._environment, "PYTHONPATH": os.pathsep.join(filter(None, places))},
            # What is typed at the studio's terminal is not for it.
            start_new_session=True,
        )
        self.answers: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._listen, name="allo-studio-build-answers", daemon=True)
        self._reader.start()

    @property
    def usable(self) -> bool:
        """Whether a process that is started now would find what this one does."""
        return self._child.poll() is None and self._environment == dict(os.environ)

    def send(self, request: object) -> None:
        with suppress(BrokenPipeError):
            write(cast(BinaryIO, self._child.stdin), request)

    def end(self) -> None:
        """End it, at once if need be; its input ends first, so that it can stop what works for it."""
        with suppress(OSError):
            cast(BinaryIO, self._child.stdin).close()
        try:
            self._child.wait(1.0)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join(1.0)
        with suppress(OSError):
            cast(BinaryIO, self._child.stdout).close()
        self._said.close()

    def last_words(self) -> str:
        """Return how it ended, and the end of what it printed."""
        status = self._child.wait()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        self._said.seek(0)
        said = self._said.read().decode(errors="replace")[-_MOST_SAID:].strip()
        return f"{how}\n{said}".strip()

    def _listen(self) -> None:
        try:
            while True:
                self.answers.put(read(cast(BinaryIO, self._child.stdout)))
        except EOFError:
            self.answers.put(("ended", None))


# At most one waits for the next build, whichever window asks for it.
_idle: list[_Process] = []


def build(
    loaded: LoadedProject,
    out: Path,
    *,
    progress: Callable[[Progress], None],
    cancel: Callable[[], bool],
    **options: Any,
) -> BuildResult:
    """Build in a process of its own; see `pipeline.build`, whose faults it raises too.

    A cancelled build is asked to end, and made to after some seconds. Raises AlloError (code `internal`) where the
    process ended by itself.
    """
    process = _idle.pop() if _idle else None
    if process is not None and not process.usable:
        process.end()
        process = None
    if process is None:
        progress(Progress("start", "starting the compiler", 0.0))
        process = _Process()
    process.send(((loaded, out), options))
    keep, last_words = False, ""
    try:
        kind, value = _outcome(process, progress, cancel)
        keep = kind != "ended"
        last_words = "" if keep else process.last_words()
    finally:
        if keep and not _idle:
            _idle.append(process)
        else:
            process.end()
    if kind == "result":
        return cast(BuildResult, value)
    if kind == "faults":
        raise AlloError(value)
    if kind == "cancelled":
        raise Cancelled
    text = f"the process that builds ended: {last_words}"
    raise AlloError(Diagnostic("internal", text, hint="please report this with the project"))


def _outcome(process: _Process, progress: Callable[[Progress], None], cancel: Callable[[], bool]) -> tuple[str, Any]:
    """Return the last answer to a request."""
    deadline: float | None = None
    while True:
        if deadline is None and cancel():
            process.send(None)
            deadline = time.monotonic() + _PATIENCE_S
        if deadline is not None and time.monotonic() > deadline:
            raise Cancelled
        try:
            kind, value = process.answers.get(timeout=_POLL_S)
        except queue.Empty:
            continue
        if kind == "ended" and deadline is not None:
            raise Cancelled
        if kind != "progress":
            return kind, value
        progress(value)


def _shut() -> None:
    while _idle:
        _idle.pop().end()


atexit.register(_shut)
