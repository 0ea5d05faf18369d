"""The JSON form of a report: what `--json` prints and what `report.json` of a build folder holds (`docs/json.md`)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.report.model import Report, SimulationRow

if TYPE_CHECKING:
    from allo_studio.report.vendor import VendorReport

__all__ = ["FORMAT", "REPORT_FILE", "ArtifactLike", "document", "dump", "parse_document", "read_report"]

# Raised only when a key that others rely on changes its meaning; new keys do not raise it.
FORMAT = 1
REPORT_FILE = "report.json"
_LARGEST = 64 << 20


class ArtifactLike(Protocol):
    """A file that a build made."""

    @property
    def kind(self) -> str: ...

    @property
    def path(self) -> Path: ...


def document(
    status: Literal["ok", "error"],
    diagnostics: Iterable[Diagnostic] = (),
    report: Report | None = None,
    artifacts: Iterable[ArtifactLike] = (),
    vendor: Sequence[VendorReport] = (),
) -> dict[str, Any]:
    """Return the whole document. `report`, `simulation` and `vendor` are left out where there are none."""
    found: dict[str, Any] = {"format": FORMAT, "status": status, "diagnostics": [d.to_json() for d in diagnostics]}
    if report:
        found["report"] = report.to_json()
        if report.simulation:
            found["simulation"] = _simulation_json(report.simulation)
    if vendor:
        # Loaded where it is needed, which is seldom: it takes a while.
        from allo_studio.report.vendor.json_form import report_json

        found["vendor"] = [report_json(one) for one in vendor]
    found["artifacts"] = [{"kind": a.kind, "path": str(a.path)} for a in artifacts]
    return found


def dump(found: Mapping[str, Any]) -> str:
    """Return a document as text that ends in a line end. Keys keep their order, so equal builds give equal bytes."""
    return json.dumps(found, indent=2, allow_nan=False) + "\n"


def parse_document(text: str, label: str) -> Report:
    """Return the report in a document's text; raises AlloError (`report`) for text that holds none."""
    # Loaded where it is needed: a start does without it.
    from allo_studio.report.decode import Fault, decode_report

    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(label, f"it is no JSON ({error})") from None
    if not isinstance(found, dict):
        raise _unreadable(label, "its top is no mapping")
    given = found.get("format")
    if not isinstance(given, int) or isinstance(given, bool):
        raise _unreadable(label, "it has no format number")
    if given > FORMAT:
        raise _unreadable(label, f"its format is {given} and this version reads up to {FORMAT}", "update Allo Studio")
    try:
        return decode_report(found)
    except Fault as fault:
        raise _unreadable(label, str(fault)) from None


def read_report(path: Path) -> Report:
    """Read the report of a build folder, or of a `report.json`; raises AlloError (`file`, `report`)."""
    file = path / REPORT_FILE if path.is_dir() else path
    hint = "give the folder that `allo-studio build` wrote, or its report.json"
    if file.suffix.lower() == ".xml":
        raise _unreadable(str(file), "it is one of a vendor's tool, and not of a build", hint)
    try:
        if file.is_file() and file.stat().st_size > _LARGEST:
            raise _unreadable(str(file), "it is larger than 64 MB", hint)
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise _unreadable(str(file), "it is no UTF-8 text", hint) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message = f"cannot read the report {str(file)!r}: {reason}"
        raise AlloError(Diagnostic("file", message, where=str(file), hint=hint)) from None
    return parse_document(text, str(file))


def _simulation_json(row: SimulationRow) -> dict[str, Any]:
    # JSON has no infinity and no NaN: an error that is no finite number is null.
    error = row.max_error if math.isfinite(row.max_error) else None
    return {"compared": row.compared, "mismatches": row.mismatches, "max_error": error, "engine": row.engine}


def _unreadable(label: str, reason: str, hint: str = "build the project again") -> AlloError:
    return AlloError(Diagnostic("report", f"{label!r} is no report: {reason}", where=label, hint=hint))
