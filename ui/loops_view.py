"""A kernel's loops and buffers as they are after the chosen step."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QSplitter, QTreeWidgetItem, QTreeWidgetItemIterator, QVBoxLayout, QWidget

from allo_studio.origins import LoopKey
from allo_studio.report.model import LoopRow
from nodes import colours
from ui.report_rows import interval_text
from ui.results import LoopRows
from ui.tables import table

if TYPE_CHECKING:
    from allo_studio.ir import Buffer, KernelIR, Loop

__all__ = ["LoopsView"]

_ROLE = Qt.ItemDataRole.UserRole
_LOOP = Qt.ItemDataRole.UserRole + 1


# Of the last column of a table, in pixels: the dock is narrow.
_LEAST = 60


class LoopsView(QWidget):
    """The loop tree above, the buffers with their layouts below.

    `span_chosen` tells a place in the kernel's source that was asked for, and `loop_chosen` the function and the id of
    the loop that was clicked or gone to.
    """

    span_chosen = Signal(object)
    loop_chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loops = table(["Loop", "Trip", "II", "Unroll", "Marks"], 4, _LEAST)
        self.loops.setRootIsDecorated(True)
        self.loops.setIndentation(14)
        self.buffers = table(["Buffer", "Type", "Layout", ""], 2, _LEAST)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.loops)
        split.addWidget(self.buffers)
        split.setSizes([300, 170])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)
        for tree in (self.loops, self.buffers):
            tree.itemDoubleClicked.connect(self._chosen)
        self.loops.itemClicked.connect(lambda item, _: self._loop_chosen(item))
        self.loops.currentItemChanged.connect(lambda item, _: self._loop_chosen(item, by_key=True))

    def show_ir(self, ir: KernelIR | None, built: LoopRows | None = None) -> None:
        """Show a kernel; `built` are the rows of the report for this block."""
        self.loops.clear()
        self.buffers.clear()
        if ir is None:
            return
        for loop in ir.top_loops():
            self.loops.addTopLevelItem(_loop_item(loop, built or {}, ir.name))
        for name in ir.functions:
            if name != ir.name:
                self.loops.addTopLevelItem(_function_item(name, ir.at(name), built or {}))
        self.loops.expandAll()
        for buffer in ir.buffers():
            self.buffers.addTopLevelItem(_buffer_item(buffer))

    def loop_names(self) -> list[str]:
        """Return the loops that are listed, in pre-order."""
        return [item.text(0) for item in self._all()]

    def trace(self, chosen: Collection[LoopKey]) -> None:
        """Mark loops, told by function and id, and bring the first of them into view."""
        first: QTreeWidgetItem | None = None
        # A style sheet for items draws no background of their own.
        for item in self._all():
            marked = item.data(0, _LOOP) in chosen and bool(chosen)
            font = item.font(0)
            font.setBold(marked)
            item.setFont(0, font)
            item.setForeground(0, QBrush(colours.ACCENT) if marked else QBrush())
            first = first or (item if marked else None)
        if first is not None:
            self.loops.scrollToItem(first)

    def traced(self) -> list[str]:
        """Return the ids of the loops that are marked."""
        return [item.text(0) for item in self._all() if item.font(0).bold()]

    def _all(self) -> Iterator[QTreeWidgetItem]:
        walk = QTreeWidgetItemIterator(self.loops)
        while item := walk.value():
            yield item
            walk += 1

    def _loop_chosen(self, item: QTreeWidgetItem | None, by_key: bool = False) -> None:
        # Rows also become the current one when the tree is filled.
        if item is not None and item.data(0, _LOOP) is not None and (not by_key or self.loops.hasFocus()):
            self.loop_chosen.emit(*item.data(0, _LOOP))

    def _chosen(self, item: QTreeWidgetItem, column: int) -> None:
        if item.data(0, _ROLE) is not None:
            self.span_chosen.emit(item.data(0, _ROLE))


def _function_item(name: str, function: KernelIR, built: LoopRows) -> QTreeWidgetItem:
    """Return a function that the kernel calls, with its loops; steps name one of them `name:loop`."""
    item = QTreeWidgetItem([f"{name}()", "", "", "", "function"])
    item.setForeground(4, colours.MUTED)
    item.setData(0, _ROLE, function.span(function.function))
    item.setToolTip(0, f"called; a step names its loop i as {name}:i")
    for loop in function.top_loops():
        item.addChild(_loop_item(loop, built, name))
    return item


def _loop_item(loop: Loop, built: LoopRows, function: str) -> QTreeWidgetItem:
    row = built.get((function, loop.id)) or built.get((function, loop.name))
    trip = "varies" if loop.trip is None else f"{loop.trip:,}"
    unroll = "" if loop.unroll is None else "full" if loop.unroll == 0 else str(loop.unroll)
    item = QTreeWidgetItem([loop.id, trip, _interval(loop, row), unroll, _marks(loop)])
    item.setData(0, _ROLE, loop.span)
    item.setData(0, _LOOP, (function, loop.id))
    item.setToolTip(0, f"{loop.id} in {loop.band}" if loop.band else loop.id)
    if row is not None and row.reason:
        item.setToolTip(2, row.reason)
    if loop.pipeline:
        item.setForeground(2, colours.OK)
    if unroll:
        item.setForeground(3, colours.ACCENT)
    item.setForeground(4, colours.MUTED)
    for child in loop.children:
        item.addChild(_loop_item(child, built, function))
    return item


def _interval(loop: Loop, row: LoopRow | None) -> str:
    asked = "" if loop.pipeline is None else "off" if loop.pipeline == 0 else f"asks {loop.pipeline}"
    reached = "" if row is None else interval_text(row)
    return f"{reached} ({asked})" if reached and asked else reached or asked


def _marks(loop: Loop) -> str:
    words = (
        "while" if loop.kind == "while" else "",
        "reduction" if loop.reduction else "",
        "parallel" if "allo.parallel" in loop.op.attributes else "",
        "rewind" if "allo.rewind" in loop.op.attributes else "",
        (loop.role or "").replace("_", " "),
    )
    return ", ".join(filter(None, words))


def _buffer_item(buffer: Buffer) -> QTreeWidgetItem:
    layout = str(buffer.layout)
    banks = buffer.layout.memories.banks(buffer.type.shape)
    word = buffer.layout.word(buffer.type.shape)
    said = [f"{banks} banks"] * (banks > 1) + [f"words of {word}"] * (word > 1)
    text = f"{layout}   {', '.join(said)}" if said else layout
    item = QTreeWidgetItem([buffer.name, str(buffer.type), text if buffer.type.shape else "register", ""])
    item.setText(3, buffer.direction or "local")
    item.setData(0, _ROLE, buffer.span)
    item.setForeground(1, colours.element_colour(str(buffer.type.element)))
    item.setForeground(3, colours.MUTED)
    if said:
        item.setForeground(2, colours.ACCENT)
    return item
