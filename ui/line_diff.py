"""Two texts beside each other: which lines belong together, and what in them differs. Nothing here touches Qt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

__all__ = ["Kind", "Part", "Row", "aligned", "change_starts"]

Kind = Literal["same", "changed", "removed", "added"]
# The first character, from 0, and the one after the last.
Part: TypeAlias = "tuple[int, int]"

# Lines that have less than this in common are not one line that was changed.
_LEAST_ALIKE = 0.6
# Larger texts, and larger pieces in which nothing is equal, are compared less exactly.
_MOST_LINES = 4000
_MOST_PAIRED = 120
_WORDS = re.compile(r"\w+|\s+|.")


@dataclass(frozen=True)
class Row:
    """A line (from 1) before and after, None where there is none; of a changed line also what differs in it."""

    kind: Kind
    before: int | None
    after: int | None
    before_parts: tuple[Part, ...] = ()
    after_parts: tuple[Part, ...] = ()


def aligned(before: str, after: str) -> tuple[Row, ...]:
    """Return the lines of two texts as rows, in which equal and changed lines stand beside each other."""
    old, new = before.splitlines(), after.splitlines()
    large = max(len(old), len(new)) > _MOST_LINES
    rows: list[Row] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=large).get_opcodes():
        if tag == "equal":
            rows += [Row("same", i + n + 1, k + n + 1) for n in range(j - i)]
        else:
            rows += _changed(old, new, range(i, j), range(k, m))
    return tuple(rows)


def change_starts(rows: Sequence[Row]) -> tuple[int, ...]:
    """Return the number (from 0) of the first row of each run of rows that are not the same."""
    return tuple(n for n, row in enumerate(rows) if row.kind != "same" and (not n or rows[n - 1].kind == "same"))


def _changed(old: Sequence[str], new: Sequence[str], olds: range, news: range) -> Iterator[Row]:
    """Yield the rows of a piece in which no line is equal: pairs of lines that are alike, in order, and the others."""
    at_old, at_new = olds.start, news.start
    for i, k in _pairs(old, new, olds, news):
        yield from (Row("removed", n + 1, None) for n in range(at_old, i))
        yield from (Row("added", None, n + 1) for n in range(at_new, k))
        yield Row("changed", i + 1, k + 1, *_parts(old[i], new[k]))
        at_old, at_new = i + 1, k + 1
    yield from (Row("removed", n + 1, None) for n in range(at_old, olds.stop))
    yield from (Row("added", None, n + 1) for n in range(at_new, news.stop))


def _pairs(old: Sequence[str], new: Sequence[str], olds: range, news: range) -> Iterator[tuple[int, int]]:
    """Yield lines that are alike: each with the first one that is left."""
    first = news.start
    for i in olds:
        for k in range(first, min(news.stop, first + _MOST_PAIRED)):
            if _alike(old[i], new[k]):
                yield i, k
                first = k + 1
                break


def _alike(old: str, new: str) -> bool:
    # Indents are alike in most lines, and tell nothing.
    match = SequenceMatcher(None, old.strip(), new.strip(), autojunk=False)
    return match.quick_ratio() >= _LEAST_ALIKE and match.ratio() >= _LEAST_ALIKE


def _parts(old: str, new: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return what differs in two lines, whole words each."""
    words, others = _WORDS.findall(old), _WORDS.findall(new)
    before: list[Part] = []
    after: list[Part] = []
    for tag, i, j, k, m in SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
        if tag != "equal":
            before += _span(words, i, j)
            after += _span(others, k, m)
    return tuple(before), tuple(after)


def _span(words: Sequence[str], first: int, end: int) -> list[Part]:
    start = sum(map(len, words[:first]))
    return [(start, start + sum(map(len, words[first:end])))] if end > first else []
