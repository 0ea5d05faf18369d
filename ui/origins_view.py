"""Two further tables of a report: its figures by where they come from, and what is different from the build before."""

from __future__ import annotations

from PySide6.QtWidgets import QHeaderView, QTreeWidget

from allo_studio.report.changes import Difference, differences
from allo_studio.report.model import Report
from allo_studio.report.rows import cell_text
from nodes import colours
from ui.tables import align, fill, items_of, table

__all__ = ["CHANGE_HEADERS", "changes_table", "origins_table", "origins_there", "show_changes", "show_origins"]

CHANGE_HEADERS = ("Table", "Row", "Figure", "Before", "After", "Change")
_PART = ("Part", "Loop", "Figure")
# A prediction that is off by more is marked.
_FAR = 0.1


def origins_table() -> QTreeWidget:
    """Return the empty table of figures by origin."""
    return table(_PART, 0)


def changes_table() -> QTreeWidget:
    """Return the empty table of what is different between two builds."""
    return table(CHANGE_HEADERS, 1)


def origins_there(report: Report) -> bool:
    """Tell whether a report has more figures than the prediction."""
    # What only reports need is not loaded at the start.
    from allo_studio.report.joined import told

    return bool(told(report))


def show_origins(widget: QTreeWidget, report: Report) -> None:
    """Show a report's figures with a column for each origin."""
    # What only reports need is not loaded at the start.
    from allo_studio.report.joined import figure_cell, origins_of, told

    rows, origins = told(report), origins_of(report)
    widget.setHeaderLabels([*_PART, *origins])
    widget.setColumnCount(len(_PART) + len(origins))
    for column in range(1, widget.columnCount()):
        widget.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
    texts = [[row.path, row.name, row.figure, *(figure_cell(row, origin, "  ") for origin in origins)] for row in rows]
    fill(widget, texts, [row.path for row in rows])
    for item, row in zip(items_of(widget), rows, strict=True):
        align(item, range(len(_PART), widget.columnCount()))
        for column, origin in enumerate(origins, len(_PART)):
            error = row.error(origin)
            if error is not None and abs(error) > _FAR:
                item.setForeground(column, colours.WARNING)
                item.setToolTip(column, f"what was predicted for it is off by {error:+.1%}")


def show_changes(widget: QTreeWidget, before: Report, after: Report) -> int:
    """Show what is different between two builds, and return how many rows that are."""
    found = differences(before, after)
    fill(widget, [_texts(one) for one in found], [_place(one) for one in found])
    for item in items_of(widget):
        align(item, (3, 4, 5))
    return len(found)


def _texts(one: Difference) -> list[str]:
    if not one.column:
        return [one.table, one.row, "", "", "only in this build" if one.after else "no longer", ""]
    return [one.table, one.row, one.column, cell_text(one.before), cell_text(one.after), one.change_text]


def _place(one: Difference) -> str:
    """Return the path of the block or wire that a row is of, empty for what is of the whole design."""
    return one.row.split(" ")[0] if one.table in ("blocks", "loops", "channels", "figures") else ""
