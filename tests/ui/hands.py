"""A person's hands at a window: a story of real mouse and key events, played in the window's own event loop.

A story is a generator. It yields what it waits for, a function that tells whether that has come, so that it goes on
while a dialog or a drag has an event loop of its own. `Hands` makes Qt's events of what a person does; `ScreenHands`
has the X server make them, so that they come as those of a real mouse do, through the window manager.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QMainWindow, QWidget

__all__ = ["Hands", "ScreenHands", "Story", "play", "settled"]

T = TypeVar("T")
Condition = Callable[[], object]
Story = Generator[Condition, None, T]

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
# Seconds that a story waits for anything, and between two looks.
_PATIENCE, _TICK = 90.0, 0.01
# Seconds for which nothing moves where a layout is done.
_STILL = 0.12
# The parts of a drag.
_STEPS = 10


class _Player:
    """Asks a story, again and again, whether it can go on."""

    def __init__(self, story: Story[None]) -> None:
        self.error: BaseException | None = None
        self.loop = QEventLoop()
        self._story, self._waits, self._over = story, lambda: True, False
        self._since = time.monotonic()
        self.timer = QTimer()
        self.timer.setInterval(int(_TICK * 1000))
        self.timer.timeout.connect(self._look)

    def _look(self) -> None:
        if self._over:
            # Dialogs and menus have loops of their own, which have to end before that of the player can.
            for left in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
                if left is not None:
                    left.close()
            return
        try:
            if self._waits():
                self._waits = next(self._story)
                self._since = time.monotonic()
            elif time.monotonic() - self._since > _PATIENCE:
                frame = self._story.gi_yieldfrom or self._story
                while getattr(frame, "gi_yieldfrom", None) is not None:
                    frame = frame.gi_yieldfrom  # type: ignore[union-attr]
                raise TimeoutError(f"waited in vain at line {frame.gi_frame.f_lineno} of {frame.gi_code.co_name}")
        except StopIteration:
            self._end()
        except BaseException as error:
            self.error = error
            self._end()

    def _end(self) -> None:
        self._over = True
        self.loop.quit()


def play(story: Story[None]) -> None:
    """Let a story take place; raises what it raises, and TimeoutError where something that it waits for never comes."""
    player = _Player(story)
    player.timer.start()
    player.loop.exec()
    player.timer.stop()
    if player.error is not None:
        raise player.error


def settled(widget: QWidget) -> Story[None]:
    """Wait until the whole of a widget is in view and has kept its place for a moment."""
    seen, since = QRect(), time.monotonic()

    def still() -> bool:
        nonlocal seen, since
        now = widget.rect().translated(widget.mapToGlobal(QPoint(0, 0)))
        whole = widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()
        if now != seen or not whole:
            seen, since = now, time.monotonic()
        return whole and time.monotonic() - since > _STILL

    yield still


class Hands:
    """Mouse and keys as events of Qt. Nothing can be dragged from widget to widget: Qt asks the screen for that."""

    drops = False

    def press(self, widget: QWidget, at: QPoint | None = None) -> Story[None]:
        """Click."""
        yield from self._soon(partial(QTest.mouseClick, widget, LEFT, NONE, at or widget.rect().center()))

    def double(self, widget: QWidget, at: QPoint) -> Story[None]:
        """Double-click."""

        def twice() -> None:
            QTest.mouseClick(widget, LEFT, NONE, at)
            QTest.mouseDClick(widget, LEFT, NONE, at)

        yield from self._soon(twice)

    def drag(self, widget: QWidget, start: QPoint, end: QPoint, onto: QWidget | None = None) -> Story[None]:
        """Drag with the left button; `onto` is the widget in whose coordinates the end is."""
        assert onto is None
        yield from self._soon(partial(QTest.mousePress, widget, LEFT, NONE, start))
        for point in _between(start, end):
            yield from self._soon(partial(QTest.mouseMove, widget, point))
        yield from self._soon(partial(QTest.mouseRelease, widget, LEFT, NONE, end))

    def key(self, name: str) -> Story[None]:
        """Press a key, such as `Ctrl+S`."""
        yield from _awake()
        yield from self._soon(lambda: QTest.keySequence(_listener(), QKeySequence(name)))

    def type(self, text: str) -> Story[None]:
        """Type a text."""
        yield from _awake()
        yield from self._soon(lambda: QTest.keyClicks(_listener(), text))

    def pick(self, box: QComboBox, text: str) -> Story[None]:
        """Choose a value of a box by its first letters.

        Its list stays closed: the list is Qt's own, and where one was at the same address before, Python takes it for
        that one, which is gone.
        """
        box.setFocus()
        yield from self._soon(lambda: QTest.keyClicks(box, text))

    def _soon(self, act: Callable[[], object]) -> Story[None]:
        """Do something from the event loop, as it may begin a loop of its own, and wait until it was begun."""
        begun: list[bool] = []

        def do() -> None:
            begun.append(True)
            act()

        QTimer.singleShot(0, do)
        yield lambda: begun


class ScreenHands:
    """Mouse and keys of the screen, by xdotool."""

    drops = True

    def press(self, widget: QWidget, at: QPoint | None = None) -> Story[None]:
        """Click."""
        yield from self._do(*_move(widget, at or widget.rect().center()))
        yield from self._do("click", "1")

    def double(self, widget: QWidget, at: QPoint) -> Story[None]:
        """Double-click."""
        yield from self._do(*_move(widget, at))
        yield from self._do("click", "--repeat", "2", "--delay", "40", "1")

    def drag(self, widget: QWidget, start: QPoint, end: QPoint, onto: QWidget | None = None) -> Story[None]:
        """Drag with the left button; `onto` is the widget in whose coordinates the end is."""
        first, last = widget.mapToGlobal(start), (onto or widget).mapToGlobal(end)
        yield from self._do("mousemove", str(first.x()), str(first.y()))
        yield from self._do("mousedown", "1")
        for point in _between(first, last):
            yield from self._do("mousemove", str(point.x()), str(point.y()))
        yield from self._do("mouseup", "1")

    def key(self, name: str) -> Story[None]:
        """Press a key, such as `Ctrl+S`."""
        keys = {"Ctrl": "ctrl", "Shift": "shift", "Alt": "alt"}
        parts = [keys.get(part, part.lower() if len(part) == 1 else part) for part in name.split("+")]
        yield from self._do("key", "+".join(parts))

    def type(self, text: str) -> Story[None]:
        """Type a text."""
        yield from self._do("type", "--delay", "4", text)

    def pick(self, box: QComboBox, text: str) -> Story[None]:
        """Choose a value of a box in its list, by its first letters."""
        yield from self.press(box)
        yield lambda: QApplication.activePopupWidget() is not None
        yield from self.type(text)
        yield from self.key("Return")
        yield lambda: QApplication.activePopupWidget() is None

    def _do(self, *words: str) -> Story[None]:
        subprocess.run(["xdotool", *words], check=True, timeout=30)
        # What the server sends arrives a moment later.
        until = time.monotonic() + 0.03
        yield lambda: time.monotonic() > until


def _move(widget: QWidget, at: QPoint) -> tuple[str, str, str]:
    there = widget.mapToGlobal(at)
    return "mousemove", str(there.x()), str(there.y())


def _between(start: QPoint, end: QPoint) -> list[QPoint]:
    return [start + (end - start) * (n / _STEPS) for n in range(1, _STEPS + 1)]


def _awake() -> Story[None]:
    """Let a window have the keys: without a window manager none gets them back when a dialog goes."""
    if QApplication.activeWindow() is None and QApplication.activePopupWidget() is None:
        shown = (w for w in QApplication.topLevelWidgets() if isinstance(w, QMainWindow) and w.isVisible())
        front = QApplication.activeModalWidget() or next(shown)
        front.activateWindow()
        yield lambda: QApplication.activeWindow() is not None


def _listener() -> QWidget:
    """Return what has the keys."""
    found = QApplication.activePopupWidget() or QApplication.focusWidget() or QApplication.activeWindow()
    assert found is not None, "no window is active"
    return found
