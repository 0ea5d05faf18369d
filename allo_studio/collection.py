"""Python's search for cycles of garbage, put off while very many values are made that all stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

__all__ = ["no_collection"]

_lock = Lock()
_within = 0
_was_enabled = False


@contextmanager
def no_collection() -> Iterator[None]:
    """Provide a time, or as a decorator a function, in which no search begins, whatever thread asks for one.

    It would look through all that there is again and again, for a third of the time that a large design takes.
    """
    global _within, _was_enabled
    with _lock:
        if not _within:
            _was_enabled = gc.isenabled()
            gc.disable()
        _within += 1
    try:
        yield
    finally:
        with _lock:
            _within -= 1
            if not _within and _was_enabled:
                gc.enable()
