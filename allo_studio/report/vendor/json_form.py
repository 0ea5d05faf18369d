"""A vendor's report as JSON: the fields of the model by their names (`docs/report-reading.md`)."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from allo_studio.diagnostics import Diagnostic
from allo_studio.report.vendor.figures import UNKNOWN, UNKNOWN_TIMES, Range, Times
from allo_studio.report.vendor.model import VendorReport

__all__ = ["report_json"]


def report_json(report: VendorReport) -> dict[str, Any]:
    """Return the JSON form of a report.

    A figure that is not known is null, a range `{"low": 1, "high": 25}` (null where neither end is known). Empty texts
    and lists are there, so that each row of a kind has the same keys. Notes are texts, as in the report of a build.
    """
    found: dict[str, Any] = _form(report)
    found["notes"] = [str(note) for note in report.notes]
    return found


def _form(value: Any) -> Any:
    if isinstance(value, Range | Times):
        return None if value in (UNKNOWN, UNKNOWN_TIMES) else {"low": value.low, "high": value.high}
    if isinstance(value, Diagnostic):
        return str(value)
    if is_dataclass(value):
        return {field.name: _form(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_form(item) for item in value]
    return value
