"""Ctrl-C as a wish to stop: work ends at its next safe place, and a second one ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupt", "interruptible"]


class Interrupt:
    """Whether somebody asked to stop; calling it tells."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def __call__(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        """Ask to stop; raises KeyboardInterrupt when asked before."""
        if self._asked.is_set():
            raise KeyboardInterrupt
        self._asked.set()


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Turn Ctrl-C into a wish within the block; elsewhere than on the main thread it stays as it is."""
    wish = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return

    def handle(_signal: int, _frame: FrameType | None) -> None:
        wish.ask()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield wish
    finally:
        signal.signal(signal.SIGINT, before)
