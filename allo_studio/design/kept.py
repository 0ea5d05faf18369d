"""What the last checks found out, kept by what it was found out from.

An edit makes new values of the model where it changes something and keeps all others. So values are told apart by
identity here: that takes no time, and tells 4 from 4.0, which are equal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from operator import is_
from typing import Any, Generic, NamedTuple, TypeVar, cast

__all__ = ["Kept", "Turn"]

_T = TypeVar("_T")
# A person goes back and forth between a few designs: an edit, undone and done again.
_MOST_TURNS = 4
# What was found out, with the values that it was found out from: while these are held, no others have their ids.
_Known = dict[Hashable, tuple[Sequence[object], Any]]


class _Rows(NamedTuple):
    """What was made of the rows of some columns."""

    columns: tuple[Sequence[object], ...] = ()
    made: tuple[Any, ...] = ()

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.columns[0]) if self.columns else 0

    def wide(self, most: int) -> _Rows:
        """Return the rows with so many columns: what a row does not have is None."""
        missing = most - len(self.columns)
        return self._replace(columns=(*self.columns, *([None] * self.height,) * missing)) if missing else self


class Turn:
    """One design's work: what it asks for is taken from the turns before it where they had the same."""

    def __init__(self, before: tuple[Turn, ...] = ()) -> None:
        self._known: _Known = {}
        self._latest: dict[Hashable, Any] = {}
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

    def each(self, name: Hashable, columns: Sequence[Sequence[object]], make: Callable[[int], _T]) -> tuple[_T, ...]:
        """Return what `make` makes of each row of these columns, given its number; as `recall`, for very many rows.

        A row of the last turn is found again by the values in it wherever it now stands, so that what is made of it may
        not hang on its number. Where all rows are as they were, the result is the same value as then.
        """
        before: _Rows = self.last(("rows", name), _Rows())
        most = max(len(columns), len(before.columns))
        own, before = _Rows((*columns,)).wide(most), before.wide(most)
        made = before.made
        if len(made) != own.height or not all(map(all, map(_are_same, own.columns, before.columns))):
            made = tuple(_made_anew(own, before, make))
        self.keep(("rows", name), _Rows((*columns,), made))
        return made

    def last(self, name: Hashable, default: _T) -> _T:
        """Return what the last turn kept by this name."""
        return cast(_T, next((turn._latest[name] for turn in self._before if name in turn._latest), default))

    def keep(self, name: Hashable, value: object) -> None:
        """Keep a value for the next turn, which has to find out itself whether it still holds."""
        self._latest[name] = value

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


def _are_same(one: Sequence[object], two: Sequence[object]) -> Iterator[bool]:
    return map(is_, one, two)


def _made_anew(own: _Rows, before: _Rows, make: Callable[[int], _T]) -> list[_T]:
    """Return what is made of each row: most stand where they stood, or all behind some place are moved by as much."""
    columns, count, old = own.columns, own.height, before.height
    found: list[Any] = [None] * count
    if count == old:
        same = [all(row) for row in zip(*map(_are_same, columns, before.columns), strict=True)]
        found = [known if stays else None for known, stays in zip(before.made, same, strict=True)]
        new = gone = [number for number, stays in enumerate(same) if not stays]
    else:
        # Both ends of the columns are compared in place; what lies between is looked for.
        head = _matched(columns, before.columns, min(count, old))
        tail = _matched([c[::-1] for c in columns], [c[::-1] for c in before.columns], min(count, old) - head)
        found[:head] = before.made[:head]
        if tail:
            found[-tail:] = before.made[-tail:]
        new, gone = list(range(head, count - tail)), list(range(head, old - tail))
    moved: dict[tuple[int, ...], Any] = {}
    for number in gone:
        moved[tuple([id(column[number]) for column in before.columns])] = before.made[number]
    for number in new:
        known = moved.get(tuple([id(column[number]) for column in columns]))
        found[number] = make(number) if known is None else known
    return found


def _matched(columns: Sequence[Sequence[object]], others: Sequence[Sequence[object]], most: int) -> int:
    """Return how many rows, at most so many, are the same from the first on."""
    least = most
    for one, two in zip(columns, others, strict=True):
        same = list(map(is_, one[:least], two[:least]))
        least = same.index(False) if False in same else least
    return least
