"""A program that runs for long: its lines as they come, a time-out, and an end that leaves nothing running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.simulate.child import start_child

__all__ = ["ToolCancelled", "follow"]

_POLL_S = 0.03
# Beyond this a log is that of a program which has gone wild.
_MOST_BYTES = 512 << 20
_CHUNK = 1 << 20
_LINE_END = re.compile(rb"\r\n|\n|\r")
# Colours and other orders to a terminal.
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-_])")


class ToolCancelled(Exception):
    """Raised where the caller's `cancel` said stop; the program and all that it started are gone by then."""


def follow(
    command: Sequence[str],
    folder: Path,
    log: Path,
    *,
    lines: Callable[[list[str]], None],
    environment: Mapping[str, str],
    timeout_s: float,
    cancel: Callable[[], bool] | None = None,
) -> int:
    """Run `command` in `folder` and return its exit status (negative: the signal that ended it).

    All that it prints goes to the file `log`; `lines` is called with the lines that came since, in the caller's thread,
    printable characters only. Raises ToolCancelled when `cancel` returns true, and AlloError (code `tool`) where the
    program cannot be started, takes over `timeout_s` seconds, or prints over 512 MB. However it ends, no process of its
    group is left.
    """
    name = Path(command[0]).name
    # A file cannot fill up and stall the program as a pipe can, and a process that it leaves behind cannot hold it.
    with log.open("wb") as output:
        child = start_child(command, folder, output, dict(environment))
    with log.open("rb") as printed:
        tail = _Tail(printed, lines)
        try:
            _await(child, name, tail, timeout_s, cancel)
        finally:
            _end(child)
            tail.read(last=True)
    return child.returncode


class _Tail:
    """The lines of a growing file."""

    def __init__(self, file: BinaryIO, tell: Callable[[list[str]], None]) -> None:
        self._file, self._tell = file, tell
        self._rest = b""

    def read(self, last: bool = False) -> None:
        """Tell the lines that are whole now, and at the `last` reading what is left."""
        while True:
            more = self._file.read(_CHUNK)
            parts = _LINE_END.split(self._rest + more)
            self._rest = parts.pop()
            # A line without an end is no line of a log; it is cut rather than kept in memory.
            if len(self._rest) > _CHUNK or (last and not more and self._rest):
                parts.append(self._rest)
                self._rest = b""
            found = [_printable(part) for part in parts if part.strip()]
            if found:
                self._tell(found)
            if len(more) < _CHUNK:
                break

    @property
    def size(self) -> int:
        """The bytes that were read."""
        return self._file.tell()


def _printable(line: bytes) -> str:
    text = _ESCAPE.sub("", line.decode("utf-8", "replace")).expandtabs(4)
    return "".join(c if c.isprintable() else "?" for c in text).rstrip()


def _await(
    child: subprocess.Popen[bytes], name: str, tail: _Tail, timeout_s: float, cancel: Callable[[], bool] | None
) -> None:
    deadline = time.monotonic() + timeout_s
    while not _over(child):
        if cancel is not None and cancel():
            raise ToolCancelled
        if time.monotonic() > deadline:
            message = f"{name} did not end within {timeout_s / 60:g} minutes and was stopped"
            raise AlloError(Diagnostic("tool", message, hint="allow it more time with --timeout MINUTES"))
        tail.read()
        if tail.size > _MOST_BYTES:
            raise AlloError(Diagnostic("tool", f"{name} printed over {_MOST_BYTES >> 20} MB and was stopped"))
        time.sleep(_POLL_S)


def _over(child: subprocess.Popen[bytes]) -> bool:
    """Tell whether the program ended, leaving it unreaped: its number stays that of its group alone until `_end`."""
    # Windows has no such call, and macOS has none before Python 3.13.
    if not hasattr(os, "waitid"):
        return child.poll() is not None
    try:
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _end(child: subprocess.Popen[bytes]) -> None:
    """End whatever is left of the program's group, and wait for the program."""
    if os.name == "posix":
        # Also where the program itself ended: what it started may still run.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    elif child.poll() is None:
        # Windows has no groups that end as one; this ends the tree.
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(child.pid)], capture_output=True, check=False)
    child.wait()
