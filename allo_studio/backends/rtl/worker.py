"""A process in which CIRCT works: its crashes end that process and not this one, and become diagnostics."""

from __future__ import annotations

import atexit
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from allo_studio.backends.rtl.serving import read_message, write_message
from allo_studio.backends.rtl.simulation import Simulation
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["Worker", "WorkerCancelled", "shared"]

_TIMEOUT_S = 300.0
_MEMORY_BYTES = 16 << 30
_SHOWN_LINES = 5
_LAST_S = 2.0
# Lines of what LLVM prints when it crashes.
_STACK = re.compile(r"\s*#\d+ |PLEASE submit a bug report|Stack dump")
_PROGRAM = ("-m", "allo_studio.backends.rtl.circt_main")
# What is printed by programs that end because an allocation failed.
_OUT_OF_MEMORY = ("out of memory", "bad_alloc", "allocation failed", "cannot allocate memory", "memoryerror")


class WorkerCancelled(Exception):
    """Raised by a call during which `cancel` was called; the process is gone by then."""


@dataclass
class _Child:
    """A running process, with what it prints; `ended` says why it was ended from here."""

    process: subprocess.Popen[bytes]
    printed: IO[bytes]
    ended: str = ""


class Worker:
    """Makes Verilog and simulations in a process that is started by the first call and again after it has died.

    It may be used from several threads; calls are made one after another. Each call may take `timeout_s` seconds and
    its process hold `memory_bytes` of data. `program` are the arguments of Python that start the process.

    A call raises AlloError (code `rtl`) that names the design where CIRCT refuses it, crashes, takes too long, or needs
    too much memory; the next call works again.
    """

    def __init__(
        self,
        *,
        timeout_s: float = _TIMEOUT_S,
        memory_bytes: int = _MEMORY_BYTES,
        program: Sequence[str] = _PROGRAM,
    ) -> None:
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._program = tuple(program)
        self._turn = threading.Lock()
        # Guards the two below, which `cancel` needs while a call has its turn.
        self._guard = threading.Lock()
        self._child: _Child | None = None
        # The thread whose call it is, or 0.
        self._calling = 0

    def verilog(self, text: str, design: str) -> str:
        """Return a circuit's modules as SystemVerilog (see `circt.verilog`)."""
        found: str = self.call("verilog", [text], design)
        return found

    def simulation(self, text: str, top: str, design: str) -> Simulation:
        """Return a program that simulates one of a circuit's modules (see `circt.simulation`)."""
        return Simulation.from_json(self.call("simulation", [text, top], design))

    def call(self, function: str, arguments: Sequence[Any], design: str) -> Any:
        """Return what a function of the process returns."""
        with self._turn:
            child = self._begin(design)
            timer = threading.Timer(self._timeout_s, self._end_call, ["timeout"])
            timer.daemon = True
            timer.start()
            answer = None
            try:
                answer = _exchange(child, {"function": function, "arguments": arguments, "seconds": self._timeout_s})
            finally:
                timer.cancel()
                with self._guard:
                    self._calling = 0
                    if answer is None or child.ended:
                        self._child = None
                        status, printed = _end(child)
        if answer is None:
            raise self._death(child.ended, status, printed, design)
        if "fault" in answer:
            raise self._fault(answer["fault"], answer["message"], design)
        return answer["value"]

    def cancel(self, caller: int = 0) -> None:
        """End the call that is being made, if any: it raises WorkerCancelled. For another thread.

        With the number of a thread, only a call of that thread is ended.
        """
        self._end_call("cancelled", caller)

    def close(self) -> None:
        """End the process and the call that it makes, if any. A later call starts another."""
        self.cancel()
        with self._turn, self._guard:
            if self._child is not None:
                _end(self._child)
                self._child = None

    def _begin(self, design: str) -> _Child:
        with self._guard:
            if self._child is not None and self._child.process.poll() is not None:
                _end(self._child)
                self._child = None
            if self._child is None:
                try:
                    self._child = _start(self._program, self._memory_bytes)
                except OSError as error:
                    raise self._fault("missing", f"{sys.executable}: {error.strerror}", design) from error
            self._calling = threading.get_ident()
            return self._child

    def _end_call(self, why: str, caller: int = 0) -> None:
        with self._guard:
            meant = self._calling if not caller else self._calling == caller
            if meant and self._child is not None and not self._child.ended:
                self._child.ended = why
                self._child.process.kill()

    def _death(self, ended: str, status: int, printed: str, design: str) -> Exception:
        if ended == "cancelled":
            return WorkerCancelled(f"the making of {design} was cancelled")
        if ended:
            return self._fault(ended, "", design)
        if any(sign in printed.lower() for sign in _OUT_OF_MEMORY):
            return self._fault("memory", "", design)
        return self._fault("crash", f"{_how(status)}{_tail(printed)}", design)

    def _fault(self, kind: str, message: str, design: str) -> AlloError:
        said, hint = {
            "crash": (
                f"CIRCT crashed: its process {message}",
                "this is a fault of CIRCT and not of the design: please report it; another schedule may avoid it",
            ),
            "memory": (
                f"CIRCT needs more than {self._memory_bytes / 2**30:.3g} GB of memory",
                "unroll and partition less, so that the circuit is smaller",
            ),
            "missing": (f"CIRCT cannot be started: {message}", "install it: pip install pycde==0.12.1"),
            "refused": (f"CIRCT refuses the circuit: {message}", "this is a fault of Allo Studio: please report it"),
            "timeout": (
                f"CIRCT did not end within {self._timeout_s:g} seconds and was stopped",
                "unroll and partition less, or allow it more time",
            ),
        }[kind]
        return AlloError(Diagnostic("rtl", said, where=design, hint=hint))


_shared_lock = threading.Lock()
_shared: list[Worker] = []


def shared() -> Worker:
    """Return the worker of this program; its process ends with the program."""
    with _shared_lock:
        if not _shared:
            _shared.append(Worker())
            atexit.register(_shared[0].close)
        return _shared[0]


def _start(program: Sequence[str], memory_bytes: int) -> _Child:
    root = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    # A file cannot fill up and stall the process as a pipe can.
    printed = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        # With -P, modules of the folder that the program was started in cannot stand in for others.
        process = subprocess.Popen(
            [sys.executable, "-P", *program, str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            env={**os.environ, "PYTHONPATH": path},
            # An interrupt from the keyboard is not for the process.
            start_new_session=True,
        )
    except OSError:
        printed.close()
        raise
    return _Child(process, printed)


def _exchange(child: _Child, message: Any) -> Any:
    """Return the answer to a message, or None where the process died of it."""
    assert child.process.stdin is not None
    assert child.process.stdout is not None
    child.printed.seek(0)
    child.printed.truncate()
    try:
        write_message(child.process.stdin, message)
        return read_message(child.process.stdout)
    except OSError:
        return None


def _end(child: _Child) -> tuple[int, str]:
    """End a process; return its status and what it printed during the last call."""
    for stream in (child.process.stdin, child.process.stdout):
        with suppress(OSError):
            if stream is not None:
                stream.close()
    try:
        # One that idles ends with its input; one that crashes has closed its output a moment before it is gone.
        status = child.process.wait(_LAST_S)
    except subprocess.TimeoutExpired:
        child.process.kill()
        status = child.process.wait()
    child.printed.seek(0)
    printed = child.printed.read().decode(errors="replace")
    child.printed.close()
    return status, printed


def _how(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def _tail(printed: str) -> str:
    lines = [line for line in printed.splitlines() if line.strip() and not _STACK.match(line)]
    return "".join(f"\n  {line}" for line in lines[-_SHOWN_LINES:])
