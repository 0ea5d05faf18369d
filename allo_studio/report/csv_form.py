"""A report as CSV: a file for each table, with a head, as RFC 4180 has it but for line ends of one character."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from allo_studio.report.model import Report
from allo_studio.report.rows import Cell, tables

__all__ = ["csv_files"]


def csv_files(report: Report) -> dict[str, str]:
    """Return the texts of the files by name, `blocks.csv` and so on; an unknown figure is an empty cell."""
    return {f"{table.name}.csv": _text(table.columns, table.rows) for table in tables(report)}


def _text(columns: tuple[str, ...], rows: tuple[Mapping[str, Cell], ...]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return out.getvalue()


def _cell(value: Cell) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    # A spreadsheet takes what begins so for a formula, and runs it.
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
