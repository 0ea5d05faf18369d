"""What the last checks found out, kept by what it was found out from.

An edit makes new values of the model where it changes something and keeps all others. So values are told apart by
identity here: that takes no time, and tells 4 from 4.0, which are equal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar, cast

__all__ = ["Kept", "Turn"]

_T = TypeVar("_T")
# A person goes back and forth between a few designs: an edit, undone and done again.
_MOST_TURNS = 4
# What was found out, with the values that it was found out from: while these are held, no others have their ids.
_Known = dict[Hashable, tuple[Sequence[object], Any]]
_Table = dict[Any, Any]


class Turn:
    """One design's work: what it asks for is taken from the turns before it where they had the same."""

    def __init__(self, before: tuple[Turn, ...] = ()) -> None:
        self._known: _Known = {}
        self._tables: dict[Hashable, _Table] = {}
        self._before = before

    def recall(self, name: Hashable, values: Sequence[object], make: Callable[[], _T]) -> _T:
        """Return what `make` makes of these very values, which nobody may change; `name` says what that is.

        Whatever else `make` depends on must be in `name`, which is compared by equality.
        """
        key = (name, *map(id, values))
        found = self._known.get(key)
        if found is None:
            for turn in self._before:
                found = turn._known.get(key)
                if found is not None:
                    break
            else:
                found = values, make()
            self._known[key] = found
        return cast(_T, found[1])

    def table(self, name: Hashable) -> tuple[_Table, _Table]:
        """Return what the last turn that had one put into its table of this name, and this turn's own to be filled.

        For very many small things: who puts an entry there puts all into it that it was found out from, and who finds
        it compares these with what there is now.
        """
        before = next((turn._tables[name] for turn in self._before if name in turn._tables), {})
        return before, self._tables.setdefault(name, {})

    def end(self) -> None:
        """Let go of the turns before this one."""
        self._before = ()


class Kept(Generic[_T]):
    """The results of the last turns, whole and in parts; others are dropped. May be used from several threads."""

    def __init__(self) -> None:
        self._turns: tuple[tuple[Sequence[object], _T, Turn], ...] = ()
        self._lock = threading.Lock()

    def result(self, values: Sequence[object], make: Callable[[Turn], _T]) -> _T:
        """Return what `make` makes of these very values, in a turn of its own where they are asked for anew."""
        turns = self._turns
        found = next((known for known in turns if _same(known[0], values)), None)
        if found is None:
            turn = Turn(tuple(turn for _, _, turn in turns))
            found = values, make(turn), turn
            turn.end()
        with self._lock:
            others = (known for known in self._turns if not _same(known[0], values))
            self._turns = (found, *others)[:_MOST_TURNS]
        return found[1]

    def forget(self) -> None:
        """Drop all (only measurements and tests need this)."""
        with self._lock:
            self._turns = ()


def _same(one: Sequence[object], two: Sequence[object]) -> bool:
    return len(one) == len(two) and all(a is b for a, b in zip(one, two, strict=True))
