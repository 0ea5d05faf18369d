"""The palette: what can be put on the canvas. Kernels are found by parsing their files; none is ever run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from nodes import colours
from nodes.viewer import MIME_TYPE
from ui.catalogue import Entry, Section
from ui.icons import icon
from ui.tables import items_of

__all__ = ["Palette", "mime_of"]

_PAYLOAD = Qt.ItemDataRole.UserRole


def mime_of(payload: Mapping[str, Any]) -> QMimeData:
    """Return what is dragged for an entry."""
    data = QMimeData()
    data.setData(MIME_TYPE, json.dumps(dict(payload)).encode())
    return data


class _Tree(QTreeWidget):
    """A tree whose entries can be dragged to the canvas."""

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setIndentation(14)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)

    def mimeData(self, items: Iterable[QTreeWidgetItem]) -> QMimeData:
        """Return what is dragged."""
        payloads = [item.data(0, _PAYLOAD) for item in items]
        return mime_of(payloads[0]) if payloads and payloads[0] else QMimeData()

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Drag the entry with its icon under the mouse."""
        item = self.currentItem()
        if item is None or not item.data(0, _PAYLOAD):
            return
        drag = QDrag(self)
        drag.setMimeData(self.mimeData([item]))
        drag.setPixmap(item.icon(0).pixmap(32, 32))
        drag.setHotSpot(QPoint(16, 16))
        drag.exec(Qt.DropAction.CopyAction)


class Palette(QWidget):
    """A searchable tree of sections. `chosen` tells the payload of an entry that was double-clicked."""

    chosen = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.tree = _Tree()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 0)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.tree)
        self._sections: tuple[Section, ...] = ()
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._choose_first)
        self.tree.itemActivated.connect(self._activated)

    def show_sections(self, sections: tuple[Section, ...]) -> None:
        """Show what there is; nothing happens where it is shown already."""
        if sections == self._sections:
            return
        self._sections = sections
        self.tree.clear()
        for section in sections:
            top = QTreeWidgetItem([section.title])
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            top.setForeground(0, colours.MUTED)
            for entry in section.entries:
                top.addChild(_item(entry))
            self.tree.addTopLevelItem(top)
            top.setExpanded(True)
        self._filter(self.search.text())

    def entries(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the titles and payloads of the entries that the search leaves."""
        return [(item.text(0), item.data(0, _PAYLOAD)) for item in self._items() if not item.isHidden()]

    def reveal(self, title: str) -> QTreeWidgetItem | None:
        """Choose the entry of a title and bring it into view; None where there is none."""
        self.search.clear()
        found = next((item for item in self._items() if item.text(0) == title), None)
        if found is not None:
            self.tree.setCurrentItem(found)
            self.tree.scrollToItem(found, QTreeWidget.ScrollHint.PositionAtCenter)
        return found

    def _items(self) -> list[QTreeWidgetItem]:
        return [top.child(i) for top in items_of(self.tree) for i in range(top.childCount())]

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in self._items():
            told = f"{item.text(0)} {item.toolTip(0)} {item.parent().text(0)}".lower()
            item.setHidden(not all(word in told for word in words))
        for top in items_of(self.tree):
            top.setHidden(all(top.child(i).isHidden() for i in range(top.childCount())))

    def _choose_first(self) -> None:
        found = [payload for _, payload in self.entries() if payload]
        if found:
            self.chosen.emit(found[0])

    def _activated(self, item: QTreeWidgetItem, column: int) -> None:
        payload = item.data(0, _PAYLOAD)
        if payload:
            self.chosen.emit(payload)


def _item(entry: Entry) -> QTreeWidgetItem:
    item = QTreeWidgetItem([entry.title])
    item.setToolTip(0, entry.tip)
    if entry.faulty:
        item.setIcon(0, icon("error", colours.ERROR.name()))
        item.setForeground(0, colours.ERROR)
    else:
        item.setIcon(0, icon(entry.icon, colours.kind_colour(entry.icon).name()))
        item.setData(0, _PAYLOAD, dict(entry.payload))
    return item
