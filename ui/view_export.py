"""The page of the report that is in front as a file: its drawing as PNG or SVG, its rows as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPoint, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QAbstractItemView, QProgressBar, QTableView, QTreeView, QWidget

from allo_studio.cli.files import write_whole
from allo_studio.diagnostics import AlloError, Diagnostic
from ui.dataflow_view import DataflowView
from ui.occupancy_view import OccupancyView
from ui.pictures import save_picture

__all__ = ["ENDINGS", "rows_of", "save_view"]

ENDINGS = (".png", ".svg", ".csv", ".json")
Rows = list[list[str]]


def save_view(page: QWidget, title: str, path: Path) -> None:
    """Write a page of the report to a file of the kind that its name says; raises AlloError (`usage`, `file`)."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise AlloError(Diagnostic("usage", f"{path.name!r} says no kind of file", hint=f"name it with one of {known}"))
    if ending in (".csv", ".json"):
        found = rows_of(page)
        text = _csv(found) if ending == ".csv" else _json(title, found)
        write_whole(path, lambda draft: draft.write_text(text, encoding="utf-8", newline="\n"))
        return
    try:
        if isinstance(page, DataflowView):
            save_picture(page.scene, page.scene.sceneRect(), path, title)
        else:
            write_whole(path, partial(_draw, _drawn(page), title, ending))
    except OSError as error:
        reason = error.strerror or str(error)
        raise AlloError(Diagnostic("file", f"cannot write {str(path)!r}: {reason}", where=str(path))) from None


def rows_of(page: QWidget) -> list[Rows]:
    """Return the tables of a page, each with its head; columns that are hidden too."""
    if isinstance(page, OccupancyView):
        return [page.rows()]
    views = [page] if isinstance(page, QAbstractItemView) else page.findChildren(QAbstractItemView)
    # A box's list of choices is no table of the page.
    shown = [view for view in views if view.isVisibleTo(page) and isinstance(view, QTreeView | QTableView)]
    return [_rows(view) for view in shown]


def _rows(view: QAbstractItemView) -> Rows:
    model = view.model()
    columns = range(model.columnCount())
    head = [str(model.headerData(n, Qt.Orientation.Horizontal) or "") for n in columns]
    return [head, *_below(view, model, QModelIndex())]


def _below(view: QAbstractItemView, model: QAbstractItemModel, parent: QModelIndex) -> Iterator[list[str]]:
    for row in range(model.rowCount(parent)):
        yield [_cell(view, model.index(row, column, parent)) for column in range(model.columnCount(parent))]
        yield from _below(view, model, model.index(row, 0, parent))


def _cell(view: QAbstractItemView, index: QModelIndex) -> str:
    """Return what a cell says, or the bar that stands in it."""
    bar = view.indexWidget(index)
    found = bar.text() if isinstance(bar, QProgressBar) else index.data()
    return "" if found is None else str(found)


def _csv(found: Sequence[Rows]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for number, rows in enumerate(found):
        if number:
            writer.writerow([])
        writer.writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def _safe(cell: str) -> str:
    # A spreadsheet takes what begins so for a formula, and runs it; a number may have a sign.
    signed = cell[:1] in ("+", "-") and not cell[1:2].isdigit()
    return f"'{cell}" if signed or cell[:1] in ("=", "@", "\t", "\r") else cell


def _json(title: str, found: Sequence[Rows]) -> str:
    tables = [{"columns": rows[0], "rows": rows[1:]} for rows in found]
    return json.dumps({"view": title, "tables": tables}, indent=2, ensure_ascii=False) + "\n"


def _drawn(page: QWidget) -> QWidget:
    """Return what is drawn: of a page that scrolls all of it."""
    return page.strips if isinstance(page, OccupancyView) else page


def _draw(widget: QWidget, title: str, ending: str, draft: Path) -> None:
    if ending == ".png":
        if not widget.grab().save(str(draft), "PNG"):
            raise OSError("the picture could not be written")
        return
    drawing = QSvgGenerator()
    drawing.setFileName(str(draft))
    drawing.setSize(widget.size())
    drawing.setViewBox(QRectF(widget.rect()))
    drawing.setTitle(title)
    painter = QPainter(drawing)
    try:
        widget.render(painter, QPoint())
    finally:
        painter.end()
