"""The one place where the reports of a vendor's tool are read after a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.report.vendor import VendorReport, read_report, read_solution

__all__ = ["read_synthesis"]

_HINT = "run the tool again; a report that was cut short is that of a run which was stopped"


def read_synthesis(path: Path, folder: Path) -> tuple[tuple[VendorReport, ...], Diagnostic | None]:
    """Return what the reports of a run in `folder` say, and what keeps its csynth.xml at `path` from being read.

    There is one for each origin, such as a co-simulation, and none where csynth.xml cannot be read (code `tool`). Files
    are named from `folder` on, which is not where they stay.
    """
    try:
        read_report(path)
        found = read_solution(path.parents[2])
    except AlloError as error:
        said = error.diagnostics[0].message.replace(f"{folder}/", "")
        return (), Diagnostic("tool", f"the report of Vitis HLS cannot be used: {said}", hint=_HINT)
    return tuple(replace(one, files=tuple(_within(file, folder) for file in one.files)) for one in found), None


def _within(file: str, folder: Path) -> str:
    path = Path(file)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else file
