"""A run of Vitis HLS in a build folder: its log, its progress, its messages and its report."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from allo_studio.diagnostics import AlloError, Diagnostic, has_errors
from allo_studio.report.vendor import VendorReport
from allo_studio.source import Source
from allo_studio.tools.find import HlsTool
from allo_studio.tools.messages import Messages, Places
from allo_studio.tools.process import follow
from allo_studio.tools.reports import read_synthesis
from allo_studio.tools.stages import Stages, Step

__all__ = ["LOG_FILE", "Synthesis", "run_hls"]

LOG_FILE = "vitis.log"
# What the report's folder is called: by the script's project and solution, and by v++ in its folder of work.
_REPORTS = ("*_hls/solution/syn/report/csynth.xml", "*_hls/hls/syn/report/csynth.xml")
_VERSION = re.compile(r"\bv(20\d\d\.\d(?:\.\d)?)\b")
_PASSED, _FAILED = "co-simulation finished: PASS", "co-simulation finished: FAIL"
_SHOWN_LINES = 5
# Lines that came at once of which no more are told.
_MOST_TOLD = 200


@dataclass(frozen=True)
class Synthesis:
    """How a run went: the program and its version, what was said, the seconds.

    `report` is the path of csynth.xml in the folder, and `figures` what it and other reports say. It is None where
    there is none that can be read; then there is an error among the diagnostics. `cosimulated` tells that the RTL was
    simulated and computed what it should.
    """

    tool: str
    report: str | None
    figures: tuple[VendorReport, ...]
    diagnostics: tuple[Diagnostic, ...]
    cosimulated: bool
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it was synthesised, and co-simulated where that was asked for."""
        return self.report is not None and not has_errors(self.diagnostics)


# Called with where the run is (None before its first step) and the lines that came since the last call.
Tell = Callable[[Step | None, list[str]], None]


def run_hls(
    tool: HlsTool,
    folder: Path,
    work: str,
    *,
    cosim: bool = False,
    timeout_s: float,
    tell: Tell | None = None,
    cancel: Callable[[], bool] | None = None,
    kernel: Callable[[str], Source | None] = lambda _: None,
    shown: Path | None = None,
) -> Synthesis:
    """Run `tool` on the files of a build folder and return how it went; a run that fails is a Synthesis too.

    `work` is the folder, ending in `_hls`, that v++ writes to. All that is printed goes to `vitis.log`. `tell` is
    called in this thread as lines come. `kernel` gives the project's sources, for the places of messages. `shown` is
    the path that the folder will have: it stands for the folder's own in what is told. Raises ToolCancelled when
    `cancel` returns true, with nothing left running.
    """
    began = time.monotonic()
    run = _Run(Messages(Places(folder, kernel)), str(folder), str(shown or folder), tell)
    status, ended = None, None
    log = folder / LOG_FILE
    try:
        status = follow(
            tool.command(work),
            folder,
            log,
            lines=run.take,
            environment=_environment(cosim),
            timeout_s=timeout_s,
            cancel=cancel,
        )
    except AlloError as error:
        ended = error.diagnostics
    log.write_bytes(log.read_bytes().replace(str(folder).encode(), str(shown or folder).encode()))
    name = f"Vitis HLS {run.version}" if run.version else f"Vitis HLS ({tool.kind})"
    report = next((path for pattern in _REPORTS for path in sorted(folder.glob(pattern))), None)
    figures, broken = read_synthesis(report, folder) if report else ((), None)
    kept = report.relative_to(folder).as_posix() if report and not broken else None
    faults = ended or _faults(run, status, kept, broken, cosim)
    cosimulated = run.passed and not run.failed
    found = (*run.messages.found(LOG_FILE), *faults)
    return Synthesis(name, kept, figures, found, cosimulated, time.monotonic() - began)


class _Run:
    """What is known of a run from its lines."""

    def __init__(self, messages: Messages, folder: str, shown: str, tell: Tell | None) -> None:
        self.messages = messages
        self.version = ""
        self.passed = self.failed = False
        self.last: list[str] = []
        self._folder, self._shown, self._tell = folder, shown, tell
        self._stages = Stages()

    def take(self, lines: list[str]) -> None:
        """Read lines that came."""
        self.messages.read(line.replace(f"{self._folder}/", "") for line in lines)
        lines = [line.replace(self._folder, self._shown) for line in lines]
        for line in lines:
            found = None if self.version else _VERSION.search(line)
            self.version = found.group(1) if found else self.version
            self.passed = self.passed or _PASSED in line
            self.failed = self.failed or _FAILED in line
        self.last = [*self.last, *lines][-_SHOWN_LINES:]
        step = self._stages.read(lines)
        if self._tell:
            left = len(lines) - _MOST_TOLD
            self._tell(step, [f"({left} lines are in {LOG_FILE})", *lines[left:]] if left > 0 else lines)


def _environment(cosim: bool) -> dict[str, str]:
    """Return the environment of a run, in which only this run says what the script does."""
    known = {name: value for name, value in os.environ.items() if name not in ("ALLO_COSIM", "ALLO_EXPORT")}
    return {**known, "ALLO_COSIM": "1"} if cosim else known


def _faults(
    run: _Run, status: int | None, report: str | None, broken: Diagnostic | None, cosim: bool
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a run that ended by itself, beyond the errors that it said."""
    hint = f"the build folder's {LOG_FILE} has all that it printed"
    said = run.messages.errors
    if status:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        tail = "" if said else "".join(f"\n{line}" for line in run.last)
        return (Diagnostic("tool", f"Vitis HLS {how}" + (f":{tail}" if tail else ""), hint=hint),)
    if said:
        return ()
    found = [broken] if broken else []
    if report is None and broken is None:
        found.append(Diagnostic("tool", "Vitis HLS ended well and wrote no report csynth.xml", hint=hint))
    if cosim and (run.failed or not run.passed):
        what = "the co-simulation failed" if run.failed else "Vitis HLS did not say that the co-simulation passed"
        found.append(Diagnostic("tool", what, hint=hint))
    return tuple(found)
