"""The schedule of a build, cycle by cycle: the pipelines and segments of each block, and the chosen one as a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollBar,
    QSizePolicy,
    QSplitter,
    QStackedLayout,
    QTreeWidgetItem,
    QWidget,
)

from nodes import colours
from ui.gantt import GIVES, TAKES, Gantt
from ui.icons import icon
from ui.operations_model import CHART
from ui.results import limited
from ui.tables import PLACE, SOURCE, add_row_action, align, items_of, leads, table
from ui.theme import set_level

if TYPE_CHECKING:
    from allo_studio.hardware.view import Piece

__all__ = ["Chart", "ScheduleView", "headline"]

_NUMBER = Qt.ItemDataRole.UserRole + 2
# A reason may name a chain of many operations; the rest of it is in the tool tip.
_MOST_REASON = 400
_HINT = "Choose an operation to see where its values come from and where its own goes."


def headline(piece: Piece) -> str:
    """Return how often a piece starts and how long it takes."""
    often = "once" if piece.interval is None else f"II={piece.interval}"
    return f"{often}, {piece.depth} cycle{'s' * (piece.depth != 1)} deep"


class ScheduleView(QWidget):
    """Pieces at the left, one of them at the right. `source_chosen` tells a place in a file, `place_chosen` a block."""

    source_chosen = Signal(str)
    place_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pieces: tuple[Piece, ...] = ()
        self.tree = table(["Block and loops", "II", "Depth"], 0)
        self.tree.setRootIsDecorated(True)
        self.tree.setIndentation(14)
        # The innermost loop, at the end, tells most.
        self.tree.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.chart = Chart()
        split = QSplitter()
        split.addWidget(self.tree)
        split.addWidget(self.chart)
        split.setStretchFactor(1, 1)
        split.setSizes([330, 860])
        self._empty = QLabel("This report has no schedule. Build the project with Ctrl+B.")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(split)
        self.tree.currentItemChanged.connect(lambda item, _: self._chosen(item))
        leads(self.tree, self.place_chosen.emit, self.source_chosen.emit)
        self.chart.source_chosen.connect(self.source_chosen)

    def show_pieces(self, pieces: Sequence[Piece], kernels: Mapping[str, str]) -> None:
        """Show the pieces of a report; `kernels` has each block's kernel. What was chosen before stays where it is."""
        before = self.shown
        self.pieces = tuple(pieces)
        self.tree.clear()
        self._stack.setCurrentIndex(1 if self.pieces else 0)
        for number, piece in enumerate(self.pieces):
            self._group(piece.path, kernels).addChild(_item(number, piece, kernels.get(piece.path, "")))
        self.tree.expandAll()
        if self.pieces:
            self.choose(self._first(before))
        else:
            self.chart.show_piece(None)

    @property
    def shown(self) -> Piece | None:
        """The piece that is drawn."""
        return self.chart.piece

    def choose(self, number: int) -> None:
        """Draw a piece by its number in the report."""
        for group in items_of(self.tree):
            for index in range(group.childCount()):
                if group.child(index).data(0, _NUMBER) == number:
                    self.tree.setCurrentItem(group.child(index))
                    return

    def _first(self, before: Piece | None) -> int:
        """Return the piece that was shown before, else the one whose iterations start furthest apart."""
        for number, piece in enumerate(self.pieces):
            if before is not None and _identity(piece) == _identity(before):
                return number
        found = [n for n, piece in enumerate(self.pieces) if limited(piece)]
        return max(found, key=lambda n: (self.pieces[n].interval or 0, -n)) if found else 0

    def _group(self, path: str, kernels: Mapping[str, str]) -> QTreeWidgetItem:
        for item in items_of(self.tree):
            if item.data(0, PLACE) == path:
                return item
        kernel = kernels.get(path, "")
        item = QTreeWidgetItem([f"{path}   {kernel}" if kernel else path or "kernel"])
        item.setData(0, PLACE, path)
        item.setToolTip(0, f"{path}: {kernel}" if kernel else path)
        font = item.font(0)
        font.setBold(True)
        item.setFont(0, font)
        self.tree.addTopLevelItem(item)
        item.setFirstColumnSpanned(True)
        return item

    def _chosen(self, item: QTreeWidgetItem | None) -> None:
        number = item.data(0, _NUMBER) if item is not None else None
        if number is not None:
            self.chart.show_piece(self.pieces[number])


class Chart(QWidget):
    """A piece: what it costs and why, its operations by cycle, and what the chosen one is joined to."""

    source_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.piece: Piece | None = None
        self.title, self.place, self.reason, self.links = (QLabel() for _ in range(4))
        self.title.setProperty("role", "title")
        self.place.setProperty("role", "muted")
        self.reason.setWordWrap(True)
        self.links.setProperty("role", "muted")
        self.links.setTextFormat(Qt.TextFormat.RichText)
        self.limits = QLabel("◆ limits the II")
        set_level(self.limits, "warning")
        for label in (self.place, self.links):
            # A long text is cut; it does not widen the window.
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.gantt = Gantt()
        self.bar = QScrollBar(Qt.Orientation.Horizontal)
        self._gap = QWidget()
        self._lay_out()
        self.bar.valueChanged.connect(self.gantt.axis.move)
        self.gantt.axis.changed.connect(self._fit_bar)
        self.gantt.picked.connect(self._picked)
        self.gantt.opened.connect(self._open)
        add_row_action(self.gantt, "show_line", lambda: self._open(self.gantt.chosen))
        add_row_action(self.gantt, "copy_row", self.copy)

    def _lay_out(self) -> None:
        head, foot, layout = QHBoxLayout(), QHBoxLayout(), QGridLayout(self)
        head.setSpacing(14)
        for widget, stretch in ((self.title, 0), (self.place, 1), (self.limits, 0)):
            head.addWidget(widget, stretch)
        foot.setSpacing(0)
        foot.addWidget(self._gap)
        foot.addWidget(self.bar, 1)
        layout.setContentsMargins(10, 6, 6, 4)
        layout.setVerticalSpacing(3)
        layout.addLayout(head, 0, 0)
        layout.addWidget(self.reason, 1, 0)
        layout.addWidget(self.gantt, 2, 0)
        layout.addLayout(foot, 3, 0)
        layout.addWidget(self.links, 4, 0)
        layout.setRowStretch(2, 1)

    def show_piece(self, piece: Piece | None) -> None:
        """Draw a piece, or none."""
        self.piece = piece
        self.title.setText(headline(piece) if piece else "")
        place = f"{piece.path}  ·  {piece.function}  ·  {piece.name}" if piece else ""
        self.place.setText(place.removeprefix("  ·  "))
        self.place.setToolTip(place)
        reason = piece.reason if piece else ""
        self.reason.setText(reason if len(reason) <= _MOST_REASON else f"{reason[:_MOST_REASON]}…")
        self.reason.setToolTip(reason)
        self.reason.setVisible(bool(reason))
        self.gantt.model_rows.show(piece)
        self.limits.setVisible(self.gantt.model_rows.limited)
        self.gantt.show_rows()

    def choose(self, number: int) -> None:
        """Choose an operation by its number."""
        index = self.gantt.model_rows.index(number, 0)
        flags = QItemSelectionModel.SelectionFlag
        self.gantt.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def copy(self) -> None:
        """Copy the chosen operation as a line of text."""
        if self.gantt.chosen >= 0:
            QGuiApplication.clipboard().setText(self.gantt.model_rows.text(self.gantt.chosen))

    def _open(self, number: int) -> None:
        rows = self.gantt.model_rows.rows
        if 0 <= number < len(rows) and rows[number].source:
            self.source_chosen.emit(rows[number].source)

    def _picked(self, number: int) -> None:
        model = self.gantt.model_rows
        if not 0 <= number < len(model.rows):
            self.links.setText(_HINT)
            return
        takes, gives = model.rows[number].after, model.feeds[number]
        parts = [f"<b>#{number} {escape(model.label(number))}</b>"]
        if takes:
            parts.append(_linked("takes from", model.names(takes), TAKES.name()))
        if gives:
            parts.append(_linked("gives to", model.names(gives), GIVES.name()))
        self.links.setText("&nbsp;&nbsp;&nbsp;".join(parts))
        self.links.setToolTip("")

    def _fit_bar(self) -> None:
        axis = self.gantt.axis
        self._gap.setFixedWidth(max(0, self.gantt.columnViewportPosition(CHART)))
        self.bar.blockSignals(True)
        self.bar.setRange(0, axis.furthest)
        self.bar.setPageStep(max(axis.width, 1))
        self.bar.setSingleStep(max(round(axis.cell), 1))
        self.bar.setValue(axis.offset)
        self.bar.blockSignals(False)
        self.bar.setVisible(axis.furthest > 0)


def _linked(words: str, names: str, colour: str) -> str:
    return f'<span style="color: {colour}">{words}</span> {escape(names)}'


def _identity(piece: Piece) -> tuple[str, str, tuple[str, ...], str, str]:
    return piece.path, piece.function, piece.place, piece.kind, piece.source


def _item(number: int, piece: Piece, kernel: str) -> QTreeWidgetItem:
    """Return the row of a piece; `kernel` is its block's, whose name is left out."""
    name = piece.name if piece.function == kernel or not kernel else f"{piece.function}: {piece.name}"
    item = QTreeWidgetItem([name, "once" if piece.interval is None else str(piece.interval), f"{piece.depth:,}"])
    item.setData(0, _NUMBER, number)
    item.setData(0, PLACE, piece.path)
    item.setData(0, SOURCE, piece.source or next((row.source for row in piece.rows if row.source), ""))
    align(item, (1, 2))
    for column in range(3):
        item.setToolTip(column, "\n".join(filter(None, (name, headline(piece), piece.reason))))
    if limited(piece):
        item.setIcon(0, icon("warning", colours.WARNING.name()))
        for column in (0, 1):
            item.setForeground(column, colours.WARNING)
    elif piece.interval is None:
        for column in range(3):
            item.setForeground(column, colours.MUTED)
    return item
