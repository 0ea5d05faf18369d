"""The outline: the design as a tree of graphs, blocks and ports with their wires, to be read rather than seen."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QShowEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QVBoxLayout, QWidget

from allo_studio.design.model import GraphNode
from nodes import colours
from nodes.picture import BlockSpec, Picture, PortSpec, describe, endpoint
from ui.icons import icon
from ui.places import Level, graph_at
from ui.session import Session

__all__ = ["Entry", "Outline"]

_ENTRY = Qt.ItemDataRole.UserRole
_HEADERS = ("Design", "Type", "Wires")


@dataclass(frozen=True)
class Entry:
    """What a row is: a graph (no block), a block, or a port of one; `inner` is set for the row of a graph block."""

    level: Level
    block: str = ""
    port: str = ""
    output: bool = False
    inner: bool = False

    @property
    def path(self) -> str:
        """The path of the graph or the block."""
        return f"{self.level.path}/{self.block}" if self.block else self.level.path


class Outline(QWidget):
    """Shows the design of a session. `chosen` tells the entry that a person went to.

    Rows are filled when they are opened, and only while the outline is seen: large designs cost what is looked at.
    """

    chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.model = QStandardItemModel(0, len(_HEADERS), self)
        self.model.setHorizontalHeaderLabels(list(_HEADERS))
        self.tree = QTreeView()
        self.tree.setModel(self.model)
        self.tree.setAccessibleName("Outline of the design")
        self.tree.setAccessibleDescription("Graphs, their blocks, and the ports of these with their wires")
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setUniformRowHeights(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tree)
        self._drawn: object = None
        # While rows are chosen that no person chose.
        self._quiet = False
        self.tree.expanded.connect(self._fill)
        self.tree.expanded.connect(lambda _: self._fit_columns())
        self.tree.selectionModel().currentChanged.connect(lambda now, before: self._tell(now))
        self.tree.activated.connect(self._tell)
        session.changed.connect(self.refresh)

    def entry(self, index: QModelIndex) -> Entry | None:
        """Return what a row is."""
        found = index.siblingAtColumn(0).data(_ENTRY)
        return found if isinstance(found, Entry) else None

    def rows(self, parent: QModelIndex | None = None) -> Iterator[QModelIndex]:
        """Yield the rows that are filled, each before those in it."""
        parent = parent or QModelIndex()
        for number in range(self.model.rowCount(parent)):
            index = self.model.index(number, 0, parent)
            if self.entry(index) is not None:
                yield index
                yield from self.rows(index)

    def showEvent(self, event: QShowEvent) -> None:
        """Fill what was not needed before."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Show the design as it is now; what was open stays open, and what was chosen stays chosen."""
        checked = self._session.checked
        # A dock behind another is visible to Qt, and yet nothing of it is seen.
        if not self.isVisible() or self.visibleRegion().isEmpty() or checked is self._drawn:
            return
        self._drawn = checked
        opened = {self.entry(index) for index in self.rows() if self.tree.isExpanded(index)}
        current = self.entry(self.tree.currentIndex())
        self._quiet = True
        self.model.removeRows(0, self.model.rowCount())
        project = self._session.project
        if project is not None and checked is not None:
            top = Level(project.top)
            self._append(self.model.invisibleRootItem(), Entry(top), top.top, "graph", (), full=True)
            self._reopen(opened or {Entry(top)})
        self._quiet = False
        self._fit_columns()
        if current is not None:
            self.select(current)

    def recolour(self) -> None:
        """Show the design in the colours of the theme in use."""
        self._drawn = None
        self.refresh()

    def _fit_columns(self) -> None:
        for column in range(2):
            self.tree.resizeColumnToContents(column)

    def _reopen(self, opened: set[Entry | None]) -> None:
        waiting = [self.model.index(0, 0)]
        while waiting:
            index = waiting.pop()
            if self.entry(index) in opened:
                self.tree.expand(index)
                waiting += [self.model.index(n, 0, index) for n in range(self.model.rowCount(index))]

    def select(self, entry: Entry) -> None:
        """Choose the row of a block or a port, opening those around it, and tell nobody; pass over unknown ones."""
        if not self.isVisible() or self.visibleRegion().isEmpty():
            return
        index, level = self.model.index(0, 0), Level(entry.level.top)
        for name in entry.level.nodes:
            index = self._child(index, Entry(level, name, inner=True))
            level = level.enter(name)
        if entry.block:
            inner = self._child(index, Entry(entry.level, entry.block, inner=True))
            index = inner if inner.isValid() else self._child(index, Entry(entry.level, entry.block))
        if entry.port:
            index = self._child(index, entry)
        if index.isValid():
            flags = QItemSelectionModel.SelectionFlag
            self._quiet = True
            self.tree.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self._quiet = False
            self.tree.scrollTo(index)

    def _child(self, parent: QModelIndex, entry: Entry) -> QModelIndex:
        if not parent.isValid():
            return parent
        self._fill(parent)
        found = (self.model.index(n, 0, parent) for n in range(self.model.rowCount(parent)))
        return next((index for index in found if self.entry(index) == entry), QModelIndex())

    def _tell(self, index: QModelIndex) -> None:
        entry = self.entry(index)
        if entry is not None and not self._quiet:
            self.chosen.emit(entry)

    # Rows.

    def _append(
        self, parent: QStandardItem, entry: Entry, text: str, kind: str, told: tuple[str, ...], full: bool = False
    ) -> None:
        """Add a row; a `full` one has rows in it, which come when it is opened."""
        first = QStandardItem(text)
        first.setData(entry, _ENTRY)
        if kind:
            first.setIcon(icon(kind))
        rest = [QStandardItem(part) for part in (*told, "", "")[:2]]
        for item in rest:
            item.setForeground(colours.MUTED)
        if full:
            first.appendRow(QStandardItem())
        first.setAccessibleText(", ".join(part for part in (text, *told) if part))
        parent.appendRow([first, *rest])

    def _fill(self, index: QModelIndex) -> None:
        """Put the rows of a graph or a block in the place of the empty one that stands for them."""
        entry, item = self.entry(index), self.model.itemFromIndex(index.siblingAtColumn(0))
        if entry is None or item is None or item.rowCount() != 1 or self.entry(item.child(0).index()) is not None:
            return
        item.removeRow(0)
        if entry.inner or not entry.block:
            inside = entry.level.enter(entry.block) if entry.block else entry.level
            if entry.block:
                self._fill_ports(item, entry)
            self._fill_blocks(item, inside)
        else:
            self._fill_ports(item, entry)

    def _picture(self, level: Level) -> Picture:
        project, checked = self._session.project, self._session.checked
        graph = graph_at(project, level) if project else None
        return describe(graph, checked.at(level.path)) if graph and checked else Picture()

    def _fill_blocks(self, item: QStandardItem, level: Level) -> None:
        project = self._session.project
        graph = graph_at(project, level) if project else None
        for name, spec in self._picture(level).blocks.items():
            inner = graph is not None and isinstance(graph.nodes.get(name), GraphNode)
            state = "" if spec.level == "ok" else spec.level
            words = f"{spec.title} ({spec.kind})" if spec.kind in ("input", "output") else spec.title
            told = (", ".join(part for part in (spec.subtitle, state) if part), "")
            ports = bool(spec.inputs or spec.outputs)
            self._append(item, Entry(level, name, inner=inner), words, _icon_of(spec), told, full=inner or ports)

    def _fill_ports(self, item: QStandardItem, entry: Entry) -> None:
        picture = self._picture(entry.level)
        spec = picture.blocks.get(entry.block)
        for output, ports in ((False, spec.inputs), (True, spec.outputs)) if spec else ():
            for port in ports:
                text = f"{port.name} ({'output' if output else 'input'})"
                row = Entry(entry.level, entry.block, port.name, output)
                self._append(item, row, text, "", (port.type or "?", _wires(picture, entry.block, port, output)))


def _icon_of(spec: BlockSpec) -> str:
    return {"unknown": "kernel", "missing": "error"}.get(spec.kind, spec.kind)


def _wires(picture: Picture, block: str, port: PortSpec, output: bool) -> str:
    """Return the wires of a port in words, those that are broken as such."""
    end, told = endpoint(block, port.name), []
    for wire in picture.wires.values():
        if end == (wire.source if output else wire.target):
            text = f"to {wire.target}" if output else f"from {wire.source}"
            told.append(f"{text} (broken)" if wire.broken else text)
    return ", ".join(told) or "not wired"
