"""Kernels that take each other's elements, run side by side on Python numbers, an element at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Stuck", "Together"]

_Work = Callable[[], None]


class Stuck(Exception):
    """Raised in work that waits for an element which will never come."""


@dataclass
class Together:
    """Queues by name, which work that runs side by side puts elements into and takes them from.

    A queue keeps all that was ever in it: an element is taken by its number.
    """

    queues: Mapping[str, list[Any]]
    _changed: threading.Condition = field(default_factory=threading.Condition)
    # What each thread waits for: a queue and the number of an element.
    _wants: dict[int, tuple[list[Any], int]] = field(default_factory=dict)
    _alive: int = 0
    _fault: BaseException | None = None

    def reader(self, name: str) -> Reader:
        """Return the elements of a queue as a memory that is read in order."""
        return Reader(self, self.queues[name])

    def writer(self, name: str) -> Writer:
        """Return what puts elements into a queue as a memory that is written in order."""
        return Writer(self, self.queues[name])

    def run(self, works: Sequence[_Work]) -> None:
        """Run all to their ends; raises the first fault, and Stuck where some wait for ever."""
        self._alive = len(works)
        threads = [threading.Thread(target=self._work, args=(work,), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._fault is not None:
            raise self._fault

    def wait(self, queue: list[Any], number: int) -> None:
        """Wait until a queue has an element; raises Stuck where it will never come."""
        me = threading.get_ident()
        with self._changed:
            # Before the queue is looked at: who puts the element in then sees that somebody waits.
            self._wants[me] = queue, number
            self._look()
            while len(queue) <= number:
                if self._fault is not None:
                    raise Stuck
                self._changed.wait()
            del self._wants[me]

    def tell(self) -> None:
        """Let those who wait look again."""
        if self._wants:
            with self._changed:
                self._changed.notify_all()

    def _work(self, work: _Work) -> None:
        try:
            work()
        except BaseException as fault:
            with self._changed:
                self._fault = self._fault or fault
        with self._changed:
            self._alive -= 1
            self._wants.pop(threading.get_ident(), None)
            self._look()
            self._changed.notify_all()

    def _look(self) -> None:
        """Find out whether all wait for what nobody will make."""
        waits = self._wants.values()
        if waits and len(waits) == self._alive and all(len(queue) <= number for queue, number in waits):
            self._fault = self._fault or Stuck()
            self._changed.notify_all()


@dataclass(frozen=True)
class Reader:
    """A queue as a memory's elements."""

    owner: Together
    queue: list[Any]

    def __getitem__(self, number: int) -> Any:
        if len(self.queue) <= number:
            self.owner.wait(self.queue, number)
        return self.queue[number]


@dataclass(frozen=True)
class Writer:
    """A queue as a memory's elements, each written once, in order."""

    owner: Together
    queue: list[Any]

    def __setitem__(self, number: int, value: Any) -> None:
        self.queue.append(value)
        self.owner.tell()
