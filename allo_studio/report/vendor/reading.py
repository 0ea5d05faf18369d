"""One file being read: its text, and the notes on what in it is missing, undefined or no figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from allo_studio.diagnostics import AlloError, Diagnostic, Severity
from allo_studio.report.vendor.figures import NoFigure
from allo_studio.source import Source, Span

__all__ = ["KINDS", "LARGEST", "NO_REPORT", "Reading", "no_report", "open_report", "unreadable"]

T = TypeVar("T")

KINDS = (
    "the reports that are read are csynth.xml, *_csynth.xml, csynth.rpt, *_csynth.rpt, *_cosim.rpt, *_export.rpt, "
    "export_syn and export_impl (.rpt, .xml) of Vivado HLS and Vitis HLS, and Vivado's report_utilization and "
    "report_timing_summary"
)
NO_REPORT = "no report"
# In bytes. The largest reports that are known have a tenth of it.
LARGEST = 64 << 20
# More would tell nothing new: such a file is damaged all over.
_MOST_NOTES = 100
_UNDEFINED_NAMED = 12
_CAUSES = ("TripCount", "Trip Count")


class Reading:
    """The text of a file, and the notes that are made while it is read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._notes: list[Diagnostic] = []
        self._undefined: list[str] = []
        self._passed_over = 0

    def figure(self, parse: Callable[[str], T], text: str, unknown: T, what: str, line: int, column: int) -> T:
        """Return what `parse` makes of a text; where it is no figure, note that and return `unknown`."""
        try:
            found = parse(text)
        except NoFigure as error:
            shown = text.strip()
            shown = f"{shown[:40]}…" if len(shown) > 40 else shown
            self.note(f"{what} is {shown!r}, where {error} was expected", line, column, max(len(shown), 1))
            return unknown
        if found == unknown and text.strip() not in ("", "-"):
            self._undefined.append(what)
        return found

    def note(self, message: str, line: int, column: int = 1, width: int = 1, severity: Severity = "warning") -> None:
        """Note what is wrong at a place."""
        hint = "the figure is left out; compare the file with the tool's own, or run the tool again"
        self._add(
            Diagnostic("report", message, Span.at(self.source, line, column, width), hint=hint, severity=severity)
        )

    def missing(self, what: str) -> None:
        """Note that the file does not give something."""
        self._add(Diagnostic("report", f"the file gives no {what}", where=self.source.path, severity="note"))

    def remark(self, message: str, hint: str = "") -> None:
        """Note something of the file as a whole."""
        self._add(Diagnostic("report", message, where=self.source.path, hint=hint, severity="note"))

    @property
    def notes(self) -> tuple[Diagnostic, ...]:
        """All notes, and one that names what the tool left undefined."""
        found = list(self._notes)
        if self._passed_over:
            message = f"{self._passed_over} more places are not as they should be"
            found.append(Diagnostic("report", message, where=self.source.path, severity="warning"))
        if self._undefined:
            found.append(self._undefined_note())
        return tuple(found)

    def _add(self, note: Diagnostic) -> None:
        if len(self._notes) < _MOST_NOTES:
            self._notes.append(note)
        else:
            self._passed_over += 1

    def _undefined_note(self) -> Diagnostic:
        """Return a note of what the tool left undefined: the trip counts, where it is those that make latencies so."""
        causes = [what.partition(" of ")[2] for what in self._undefined if what.startswith(_CAUSES)]
        names = list(dict.fromkeys(causes or [what.partition(" of ")[2] or what for what in self._undefined]))
        shown = ", ".join(names[:_UNDEFINED_NAMED])
        more = f" and {len(names) - _UNDEFINED_NAMED} more" if len(names) > _UNDEFINED_NAMED else ""
        what = "trip counts, and with them latencies" if causes else "figures"
        hint = "`#pragma HLS loop_tripcount` gives the tool a trip count that it cannot find" if causes else ""
        message = f"the tool leaves {what} undefined, of {shown}{more}"
        return Diagnostic("report", message, where=self.source.path, hint=hint, severity="note")


def open_report(path: Path) -> bytes:
    """Return the bytes of a file; raises AlloError (`file`, `report`)."""
    try:
        if path.is_file() and path.stat().st_size > LARGEST:
            reason = f"it is larger than {LARGEST >> 20} MB"
            raise AlloError(unreadable(str(path), reason, "give a report, or a smaller part of one"))
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message = f"cannot read the report {str(path)!r}: {reason}"
        raise AlloError(Diagnostic("file", message, where=str(path), hint=KINDS)) from None


def unreadable(label: str, reason: str, hint: str = KINDS, span: Span | None = None) -> Diagnostic:
    """Return the diagnostic of a file that is damaged beyond reading."""
    return Diagnostic("report", f"{label!r} cannot be read as a report: {reason}", span, where=label, hint=hint)


def no_report(label: str, reason: str) -> Diagnostic:
    """Return the diagnostic of a file that is of no kind that is read; `about` tells it from one that is damaged."""
    message = f"{label!r} cannot be read as a report: {reason}"
    return Diagnostic("report", message, where=label, hint=KINDS, about=(NO_REPORT,))
