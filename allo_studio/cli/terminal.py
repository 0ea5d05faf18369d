"""What a command prints: its result on one stream, faults and progress on the other."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

from allo_studio.diagnostics import Diagnostic, has_errors, render_all

# To open the window little of this is needed.
if TYPE_CHECKING:
    from allo_studio.calibration import CalibrationResult
    from allo_studio.design.diff import Change
    from allo_studio.progress import Progress
    from allo_studio.report import Report
    from allo_studio.report.changes import Difference
    from allo_studio.report.document import ArtifactLike
    from allo_studio.report.vendor import VendorReport

__all__ = ["CANCELLED", "DESIGN", "FINE", "TOOL", "USAGE", "FileMade", "Outcome", "ProgressBar", "emit", "status_of"]

FINE, DESIGN, USAGE, TOOL, CANCELLED = 0, 1, 2, 3, 130
# The codes of faults that are not the design's.
_STATUS = {"usage": USAGE, "tool": TOOL, "internal": TOOL, "cancelled": CANCELLED}


@dataclass(frozen=True)
class FileMade:
    """A file that a command made."""

    kind: str
    path: Path


@dataclass(frozen=True)
class Outcome:
    """What a command came to; `text` is what a person reads of it on stdout.

    `report` is that of a build, `vendor` are those of a vendor's tools. `changes` are between projects, `differences`
    between builds.
    """

    text: str = ""
    diagnostics: Sequence[Diagnostic] = ()
    report: Report | None = None
    artifacts: Sequence[ArtifactLike] = ()
    changes: Sequence[Change] | None = None
    differences: Sequence[Difference] | None = None
    vendor: Sequence[VendorReport] = ()
    calibration: CalibrationResult | None = None


def status_of(diagnostics: Iterable[Diagnostic]) -> int:
    """Return the exit status: the design's fault goes before a tool's, as it is the one to put right first."""
    found = {_STATUS.get(d.code, DESIGN) for d in diagnostics if d.severity == "error"}
    return min(found, default=FINE)


def emit(outcome: Outcome, json: bool) -> None:
    """Print an outcome; raises OSError where a stream takes nothing."""
    if json:
        from allo_studio.report import document, dump

        found = outcome.diagnostics
        status: Literal["ok", "error"] = "error" if has_errors(found) else "ok"
        whole = document(status, found, outcome.report, outcome.artifacts, outcome.vendor)
        if outcome.changes is not None:
            whole["changes"] = [change.to_json() for change in outcome.changes]
        if outcome.calibration is not None:
            whole["calibration"] = outcome.calibration.to_json()
        if outcome.differences is not None:
            whole["differences"] = [difference.to_json() for difference in outcome.differences]
        _write(sys.stdout, dump(whole))
    else:
        _write(sys.stderr, _with_end(render_all(outcome.diagnostics)))
        _write(sys.stdout, _with_end(outcome.text))


def _with_end(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _write(stream: TextIO, text: str) -> None:
    if not text:
        return
    # A terminal that cannot show a character shows its escape; a report is no reason to fail.
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


class ProgressBar:
    """One line on stderr that shows how far long work is, below what tools print; nothing where it is no terminal."""

    _CELLS = 24

    def __init__(self, stream: TextIO, wanted: bool = True) -> None:
        self._stream = stream
        self._shown = wanted and stream.isatty() and os.environ.get("TERM") != "dumb"

    def __call__(self, progress: Progress) -> None:
        """Show this state."""
        if not self._shown:
            return
        fraction = min(max(progress.fraction, 0.0), 1.0)
        filled = round(fraction * self._CELLS)
        bar = "#" * filled + "." * (self._CELLS - filled)
        line = f"[{bar}] {fraction:4.0%} {progress.stage}: {progress.message}"
        columns = shutil.get_terminal_size().columns
        above = f"{progress.log}\n" if progress.log else ""
        _write(self._stream, f"\r\x1b[K{above}{line[: columns - 1]}")

    def clear(self) -> None:
        """Take the line away, so that what follows starts at the margin."""
        if self._shown:
            _write(self._stream, "\r\x1b[K")
