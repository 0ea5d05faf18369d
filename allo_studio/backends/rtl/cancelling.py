"""Calls of the worker that a person can end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from allo_studio.backends.rtl.worker import Worker, shared

__all__ = ["cancelling"]

_POLL_S = 0.05


@contextmanager
def cancelling(cancel: Callable[[], bool] | None, worker: Worker | None = None) -> Iterator[None]:
    """Within, a call of the worker ends with WorkerCancelled when `cancel` returns true; it is asked now and then."""
    if cancel is None:
        yield
        return
    over, caller = threading.Event(), threading.get_ident()

    def watch() -> None:
        while not over.wait(_POLL_S):
            if cancel():
                (worker or shared()).cancel(caller)

    thread = threading.Thread(target=watch, name="cancel", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
