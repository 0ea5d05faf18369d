"""The call graph of a build with a heat map: a tree of graphs, blocks, functions and loops, and the map beside it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSplitter,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from allo_studio.report.call_graph import FIGURES, Part, call_graph
from allo_studio.report.model import Report
from nodes import colours
from ui.heat import heat_colour
from ui.heat_map import HeatMap, share_text
from ui.tables import PLACE, SOURCE, align, items_of, leads, table
from ui.theme import px

__all__ = ["HEAT_HEADERS", "HeatView"]

HEAT_HEADERS = ("Part", "Kind", *FIGURES)
_NUMBER = Qt.ItemDataRole.UserRole + 2


class HeatView(QWidget):
    """Shows a report's parts. `place_chosen` tells the path of a part, `source_chosen` a loop's line."""

    place_chosen = Signal(str)
    source_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.root: Part | None = None
        self.figure = QComboBox()
        self.figure.addItems(list(FIGURES))
        self.figure.setAccessibleName("Colour by")
        self.told = QLabel()
        self.told.setProperty("role", "muted")
        self.told.setWordWrap(True)
        self.table = table(HEAT_HEADERS, 0)
        self.table.setRootIsDecorated(True)
        self.table.setIndentation(14)
        leads(self.table, self.place_chosen.emit, self.source_chosen.emit)
        self.map = HeatMap()
        area = QScrollArea()
        area.setWidget(self.map)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        head, layout, split = QHBoxLayout(), QVBoxLayout(self), QSplitter()
        label = QLabel("Colour &by")
        label.setBuddy(self.figure)
        for widget, stretch in ((label, 0), (self.figure, 0), (_Legend(), 0), (self.told, 1)):
            head.addWidget(widget, stretch)
        head.setSpacing(10)
        split.addWidget(area)
        split.addWidget(self.table)
        split.setSizes([620, 480])
        layout.setContentsMargins(8, 6, 8, 4)
        layout.addLayout(head)
        layout.addWidget(split, 1)
        self.figure.currentTextChanged.connect(self._colour)
        self.table.currentItemChanged.connect(lambda item, _: self._from_table(item))
        self.map.chosen.connect(lambda _: self._from_map())
        self.map.opened.connect(self._open)

    def show_report(self, report: Report) -> None:
        """Show a report's parts."""
        self.root = call_graph(report)
        self.map.show_parts(self.root, self.figure.currentText())
        self.table.clear()
        items: list[QTreeWidgetItem] = []
        for number, tile in enumerate(self.map.tiles):
            item = _row(tile.part, number)
            items.append(item)
            if tile.parent is None:
                self.table.addTopLevelItem(item)
            else:
                items[tile.parent].addChild(item)
        self.table.expandAll()
        self._tell()

    def _colour(self, figure: str) -> None:
        self.map.colour_by(figure)
        self._tell()

    def _from_table(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.map.choose(item.data(0, _NUMBER))
            self._tell()

    def _from_map(self) -> None:
        waiting = items_of(self.table)
        while waiting:
            item = waiting.pop()
            if item.data(0, _NUMBER) == self.map.current:
                self.table.setCurrentItem(item)
            waiting += [item.child(n) for n in range(item.childCount())]
        self._tell()

    def _open(self, part: Part) -> None:
        self.place_chosen.emit(part.path)
        if part.source:
            self.source_chosen.emit(part.source)

    def _tell(self) -> None:
        if self.map.current >= 0 and self.root is not None:
            part = self.map.tiles[self.map.current].part
            figure = self.figure.currentText()
            self.told.setText(f"{part.kind} {part.name}: {share_text(part, figure, self.root)}")
        else:
            self.told.setText("bars are as wide as the cycles they take")


class _Legend(QWidget):
    """The scale of the colours with its ends."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Legend: cool is nothing, hot is all of it")

    def sizeHint(self) -> QSize:
        """A strip."""
        return QSize(px(220), px(20))

    def minimumSizeHint(self) -> QSize:
        """Both ends, with some of the scale between them."""
        ends = self.fontMetrics().horizontalAdvance("0%100%")
        return QSize(ends + px(60), px(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the scale."""
        painter = QPainter(self)
        metrics = painter.fontMetrics()
        left, right = metrics.horizontalAdvance("0%") + 6, metrics.horizontalAdvance("100%") + 6
        bar = QRectF(left, (self.height() - px(10)) / 2, max(self.width() - left - right, 10), px(10))
        scale = QLinearGradient(bar.topLeft(), bar.topRight())
        for step in range(7):
            scale.setColorAt(step / 6, heat_colour(step / 6))
        painter.fillRect(bar, scale)
        painter.setPen(colours.MUTED)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, "0%")
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, "100%")
        painter.end()


def _row(part: Part, number: int) -> QTreeWidgetItem:
    figures = [f"{part.figures[name]:,}" if name in part.figures else "" for name in FIGURES]
    item = QTreeWidgetItem([part.name, part.kind, *figures])
    item.setData(0, PLACE, part.path)
    item.setData(0, SOURCE, part.source)
    item.setData(0, _NUMBER, number)
    align(item, range(2, 2 + len(FIGURES)))
    item.setToolTip(0, part.path)
    return item
