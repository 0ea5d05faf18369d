"""Child programs that can be cancelled, that time out, and that leave no orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["Finished", "SimulationCancelled", "run_child", "start_child"]

_POLL_S = 0.02


class SimulationCancelled(Exception):
    """Raised where the caller's `cancel` said stop; the child programs are gone by then."""


@dataclass(frozen=True)
class Finished:
    """How a child ended: its exit status (negative: the signal that killed it) and all that it printed."""

    status: int
    log: str


def run_child(
    command: Sequence[str], folder: Path, *, timeout_s: float, cancel: Callable[[], bool] | None = None
) -> Finished:
    """Run `command` in `folder` and return when it ends.

    Raises `SimulationCancelled` when `cancel` returns true, and AlloError (code `tool`) where the program can't be
    started or takes longer than `timeout_s` seconds. In each case the whole process group is ended first.
    """
    # A file cannot fill up and stall the child as a pipe can.
    with tempfile.TemporaryFile() as output:
        child = start_child(command, folder, output)
        try:
            _await(child, command[0], timeout_s, cancel)
        finally:
            _end(child)
        output.seek(0)
        return Finished(child.returncode, output.read().decode(errors="replace"))


def start_child(
    command: Sequence[str], folder: Path, output: IO[bytes], environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, with all that it prints in `output`; raises AlloError (`tool`).

    `environment` are its variables, those of this program where it is None.
    """
    try:
        return subprocess.Popen(
            list(command),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    except OSError as error:
        raise AlloError(Diagnostic("tool", f"{command[0]} could not be started: {error.strerror}")) from error


def _await(child: subprocess.Popen[bytes], name: str, timeout_s: float, cancel: Callable[[], bool] | None) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        if cancel is not None and cancel():
            raise SimulationCancelled
        left = deadline - time.monotonic()
        if left <= 0:
            message = f"{Path(name).name} did not end within {timeout_s:g} seconds and was stopped"
            raise AlloError(Diagnostic("tool", message, hint="simulate smaller arrays, or allow it more time"))
        try:
            child.wait(min(_POLL_S, left))
        except subprocess.TimeoutExpired:
            continue
        return


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    if os.name == "posix":
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()
