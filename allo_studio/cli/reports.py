"""Which of our reports or a vendor's a path is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from allo_studio.report import REPORT_FILE
from allo_studio.report.vendor import VendorReport, is_solution, read_report, read_solution

__all__ = ["vendor_reports"]


def vendor_reports(path: Path) -> Sequence[VendorReport]:
    """Return the vendor's reports at a path, none where it is a build of ours or nothing that is known.

    A folder with a report.json is ours, and so is a file that begins as JSON does. Raises AlloError (`file`,
    `report`) for a report of a vendor that cannot be read.
    """
    if path.is_dir():
        ours = (path / REPORT_FILE).exists()
        return () if ours or not is_solution(path) else read_solution(path)
    return () if not path.is_file() or _is_json(path) else (read_report(path),)


def _is_json(path: Path) -> bool:
    if path.suffix.lower() == ".json":
        return True
    try:
        with path.open("rb") as file:
            return file.read(512).lstrip()[:1] in (b"{", b"[")
    except OSError:
        return False
