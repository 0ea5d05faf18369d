"""The open projects as tabs above the canvas."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QIcon, QMouseEvent
from PySide6.QtWidgets import QTabBar, QToolButton, QWidget

from nodes import colours
from ui.icons import icon
from ui.theme import px
from ui.work import Work

__all__ = ["ProjectTabs"]

_RIGHT = QTabBar.ButtonPosition.RightSide
# Pixels along the sides of the button that closes a tab, at the usual scale.
_CLOSER = 20


class ProjectTabs(QTabBar):
    """A tab for each open project: a click shows it, its button or the middle one closes it, a drag moves it."""

    chosen = Signal(object)
    close_asked = Signal(object)
    moved = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Open projects")
        self.setMovable(True)
        self.setDocumentMode(True)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUsesScrollButtons(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._works: list[Work] = []
        self._pressed = -1
        self.currentChanged.connect(self._choose)
        self.tabMoved.connect(self._move)
        self.hide()

    def show_works(self, works: list[Work], front: Work, busy: Work | None) -> None:
        """Show the open projects, the one in `front`, and which one is being built."""
        blocker = QSignalBlocker(self)
        while self.count() > len(works):
            self.removeTab(self.count() - 1)
        while self.count() < len(works):
            self.setTabButton(self.addTab(""), _RIGHT, self._closer())
        self._works = list(works)
        names = Counter(_name(work) for work in works)
        for at, work in enumerate(works):
            name = _name(work)
            if names[name] > 1 and work.loaded is not None:
                name = f"{name} ({work.loaded.root.name})"
            # An ampersand would mark a key.
            self.setTabText(at, name.replace("&", "&&") + (" •" if work.dirty else ""))
            told = "\nnot saved" if work.dirty else ""
            told += "\nbeing built" if work is busy else ""
            self.setTabToolTip(at, f"{work.loaded.file if work.loaded else ''}{told}")
            self.setTabIcon(at, icon("waiting", colours.WARNING.name()) if work is busy else QIcon())
        if front in works:
            self.setCurrentIndex(works.index(front))
        blocker.unblock()
        self.setVisible(bool(works))

    def _closer(self) -> QToolButton:
        """Return the button that closes a tab, wherever a drag has put it."""
        button = QToolButton()
        button.setIcon(icon("close"))
        button.setAutoRaise(True)
        button.setFixedSize(px(_CLOSER), px(_CLOSER))
        # The sheet is about the arrows of a bar with too many tabs, which are such buttons too.
        button.setStyleSheet("QToolButton { border: 0; padding: 0; background: transparent; }")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setToolTip("Close the project")
        button.setAccessibleName("Close the project")
        button.clicked.connect(lambda: self._close(button))
        return button

    def rescale(self) -> None:
        """Give the buttons the size of the present scale."""
        for at in range(self.count()):
            self.tabButton(at, _RIGHT).setFixedSize(px(_CLOSER), px(_CLOSER))

    def _close(self, button: QToolButton) -> None:
        at = next(at for at in range(self.count()) if self.tabButton(at, _RIGHT) is button)
        self.close_asked.emit(self._works[at])

    def _choose(self, at: int) -> None:
        if 0 <= at < len(self._works):
            self.chosen.emit(self._works[at])

    def _move(self, start: int, end: int) -> None:
        self._works.insert(end, self._works.pop(start))
        self.moved.emit(start, end)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Note where the middle button went down."""
        self._pressed = self.tabAt(event.position().toPoint()) if _is_middle(event) else -1
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Close the tab on which the middle button went down and up."""
        at = self.tabAt(event.position().toPoint())
        if _is_middle(event) and at >= 0 and at == self._pressed:
            self.close_asked.emit(self._works[at])
            return
        super().mouseReleaseEvent(event)


def _is_middle(event: QMouseEvent) -> bool:
    return event.button() == Qt.MouseButton.MiddleButton


def _name(work: Work) -> str:
    return work.project.name if work.project else ""
