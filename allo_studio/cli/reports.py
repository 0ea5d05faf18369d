"""Which of our reports or a vendor's a path is, and the files that a report can be written as."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from allo_studio.cli.files import write_whole
from allo_studio.cli.terminal import FileMade
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.report import REPORT_FILE, Report
from allo_studio.report import read_report as read_build
from allo_studio.report.csv_form import csv_files
from allo_studio.report.html_page import html_page
from allo_studio.report.joined import joined
from allo_studio.report.vendor import VendorReport, is_solution, read_report, read_solution

__all__ = ["beside", "exported", "vendor_reports", "with_vendor"]


def vendor_reports(path: Path) -> Sequence[VendorReport]:
    """Return the vendor's reports at a path, none where it is a build of ours or nothing that is known.

    A folder with a report.json is ours, and so is a file that begins as JSON does. Raises AlloError (`file`,
    `report`) for a report of a vendor that cannot be read.
    """
    if path.is_dir():
        ours = (path / REPORT_FILE).exists()
        return () if ours or not is_solution(path) else read_solution(path)
    return () if not path.is_file() or _is_json(path) else (read_report(path),)


def with_vendor(path: Path, more: Sequence[Path]) -> Report:
    """Return the report of a build with the figures of a vendor's tools that ran in its folder, and those of `more`.

    Raises AlloError (`file`, `report`) for what cannot be read, and as `beside` does.
    """
    report = read_build(path)
    if path.is_dir() and is_solution(path):
        report = joined(report, read_solution(path))
    for one in more:
        report = beside(report, one)
    return report


def beside(report: Report, path: Path) -> Report:
    """Return a report with the figures of the vendor's reports at a path.

    Raises AlloError (`file`, `report`) for what cannot be read, is no vendor's report, or says nothing of the design.
    """
    known = vendor_reports(path)
    if not known and not path.exists():
        hint = "look for the report in the solution's folder `syn/report`"
        raise AlloError(Diagnostic("file", f"there is no {str(path)!r}", where=str(path), hint=hint))
    if not known:
        hint = "give a csynth.xml, a .rpt of the tools, or the folder of a solution"
        raise AlloError(Diagnostic("report", f"{str(path)!r} is no report of a vendor's tool", hint=hint))
    if not report.figures:
        message = f"the report of this build has no figures by origin, so that {str(path)!r} cannot stand beside them"
        raise AlloError(Diagnostic("report", message, hint="build the project again: an earlier version wrote it"))
    found = joined(report, known)
    if not any(set(row.values) & {said.origin for said in known} for row in found.figures):
        if report.top in (said.general.top for said in known):
            message = f"{str(path)!r} gives no figures of the parts of this build"
            raise AlloError(Diagnostic("report", message, hint="give the report of a run that ended well"))
        tops = ", ".join(dict.fromkeys(said.general.top or "no name" for said in known))
        message = f"{str(path)!r} says nothing of the parts of this build: it is of {tops}"
        hint = f"give reports of what this build wrote, whose top is {report.top}"
        raise AlloError(Diagnostic("report", message, hint=hint))
    return found


def _is_json(path: Path) -> bool:
    if path.suffix.lower() == ".json":
        return True
    try:
        with path.open("rb") as file:
            return file.read(512).lstrip()[:1] in (b"{", b"[")
    except OSError:
        return False


def exported(report: Report, before: Report | None, csv: Path | None, html: Path | None) -> list[FileMade]:
    """Write a report's tables into the folder `csv`, and its page into `html`; raises AlloError (`file`)."""
    files = {csv / name: text for name, text in csv_files(report).items()} if csv else {}
    made = [FileMade("table", path) for path in files]
    if html:
        files[html] = html_page(report, before)
        made.append(FileMade("page", html))
    for path, text in files.items():
        write_whole(path, partial(_fill, text))
    return made


def _fill(text: str, draft: Path) -> None:
    draft.write_text(text, encoding="utf-8", newline="\n")
