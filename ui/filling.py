"""Pages that are filled when they are looked at, or else one after another while nobody waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QTabWidget, QWidget

__all__ = ["Filling", "Page"]

W = TypeVar("W", bound=QWidget)
# Between two pages there is time for what a person does, and for what the last page has to lay out.
_PAUSE_MS = 40


class Filling(QObject):
    """What the pages of a tab widget lack of what was shown last: they are filled one by one, with pauses.

    The page in front never lacks anything.
    """

    def __init__(self, tabs: QTabWidget) -> None:
        super().__init__(tabs)
        self._tabs = tabs
        self._due: dict[QWidget, Callable[[], object]] = {}
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._next)
        tabs.currentChanged.connect(lambda _: self.fill(tabs.currentWidget()))

    def want(self, page: QWidget, fill: Callable[[], object]) -> None:
        """Fill a page by `fill`, which takes the place of what it lacked before."""
        self._due[page] = fill
        if page is self._tabs.currentWidget():
            self.fill(page)
        else:
            self._timer.start(_PAUSE_MS)

    def fill(self, page: QWidget) -> None:
        """Fill a page now, if it lacks anything."""
        fill = self._due.pop(page, None)
        if fill is not None:
            fill()

    def forget(self) -> None:
        """Fill no page: there is nothing to show."""
        self._due.clear()

    def _next(self) -> None:
        if self._due:
            self.fill(next(iter(self._due)))
        if not self._due:
            self._timer.stop()


class Page(Generic[W]):
    """An attribute that is a page, or a part of one, and lacks nothing when it is asked for.

    Its owner has the widget in the attribute `name`, the whole page in `page` (by default the same), and the `Filling`
    in `filling`.
    """

    def __init__(self, name: str, page: str = "") -> None:
        self._name, self._page = name, page or name

    def __get__(self, owner: Any, kind: type) -> W:
        owner.filling.fill(getattr(owner, self._page))
        found: W = getattr(owner, self._name)
        return found
