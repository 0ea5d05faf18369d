"""Tabs that may stand on two sides, so that two of them are seen at once."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTabWidget, QToolButton, QWidget

from ui.icons import icon
from ui.theme import px

__all__ = ["Panes"]

# Narrower than this, at 100%, the sides stand above each other.
_LEAST_WIDTH = 700


class Panes(QSplitter):
    """Two tab widgets, of which the second is hidden while it is empty. `shown` says that another tab is seen."""

    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setChildrenCollapsible(False)
        self.first, self.second = _tabs(self), _tabs(self)
        # All tabs as they stand on one side.
        self._order: list[QWidget] = []
        self.second.hide()
        for tabs in (self.first, self.second):
            tabs.currentChanged.connect(lambda _: self.shown.emit())
            button = QToolButton()
            button.setIcon(icon("split"))
            button.setToolTip("Move this tab to the other side, so that two are seen at once")
            button.setAccessibleName("Move this tab to the other side")
            button.setAutoRaise(True)
            button.clicked.connect(lambda _=False, tabs=tabs: self.move_over(tabs.currentWidget()))
            tabs.setCornerWidget(button)

    def add(self, widget: QWidget, title: str) -> None:
        """Add a tab to the first side."""
        self.first.addTab(widget, title)
        self._order.append(widget)

    def side_of(self, widget: QWidget) -> QTabWidget:
        """Return the tab widget that a tab is in."""
        return self.first if self.first.indexOf(widget) >= 0 else self.second

    def bring(self, widget: QWidget) -> None:
        """Show a tab, on the side that it is on."""
        self.side_of(widget).setCurrentWidget(widget)

    def entitle(self, widget: QWidget, title: str, tip: str = "") -> None:
        """Give a tab a title."""
        tabs = self.side_of(widget)
        tabs.setTabText(tabs.indexOf(widget), title)
        tabs.setTabToolTip(tabs.indexOf(widget), tip)

    def title_of(self, widget: QWidget) -> tuple[str, str]:
        """Return the title of a tab and its tip."""
        tabs = self.side_of(widget)
        return tabs.tabText(tabs.indexOf(widget)), tabs.tabToolTip(tabs.indexOf(widget))

    def visible_tabs(self) -> Iterator[QWidget]:
        """Yield the tabs that are seen, the one on the first side first."""
        for tabs in (self.first, self.second):
            if tabs.count():
                yield tabs.currentWidget()

    def move_over(self, widget: QWidget | None) -> None:
        """Move a tab to the other side; the last of the first side stays."""
        if widget is None or (self.first.count() == 1 and self.side_of(widget) is self.first):
            return
        title, tip = self.title_of(widget)
        other = self.second if self.side_of(widget) is self.first else self.first
        before = self._order[: self._order.index(widget)]
        other.insertTab(sum(other.indexOf(tab) >= 0 for tab in before), widget, title)
        other.setTabToolTip(other.indexOf(widget), tip)
        other.setCurrentWidget(widget)
        was_hidden = self.second.isHidden()
        self.second.setVisible(self.second.count() > 0)
        if was_hidden and self.second.count():
            self.setSizes([1000, 1000])
        self.shown.emit()

    def toggle(self) -> None:
        """Show two sides, the tab that is looked at on the second, or put all tabs on one side again."""
        if not self.second.count():
            self.move_over(self.first.currentWidget())
            return
        while self.second.count():
            self.move_over(self.second.widget(0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the sides beside each other where there is room, else above each other."""
        super().resizeEvent(event)
        wide = event.size().width() >= px(_LEAST_WIDTH)
        self.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)


def _tabs(parent: QSplitter) -> QTabWidget:
    made = QTabWidget(parent)
    made.setDocumentMode(True)
    made.tabBar().setDrawBase(False)
    made.tabBar().setUsesScrollButtons(True)
    parent.addWidget(made)
    return made
