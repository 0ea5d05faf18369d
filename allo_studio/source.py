"""Source text and places in it: what a diagnostic points at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

__all__ = ["Source", "Span"]


# What Python counts as the end of a line; `str.splitlines` knows more.
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Source:
    """A text and the name it is known by (a path relative to the project, or a label)."""

    path: str
    text: str

    def line(self, number: int) -> str:
        """Return line `number` (from 1) without its end, or an empty text where there is none."""
        return self._lines[number - 1] if 1 <= number <= len(self._lines) else ""

    @cached_property
    def _lines(self) -> list[str]:
        return _LINE_END.split(self.text)


@dataclass(frozen=True)
class Span:
    """A place in a source: lines count from 1, columns from 1, the end column is exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def at(cls, source: Source, line: int, column: int, width: int = 1) -> Span:
        """Return a span of `width` characters on one line."""
        return cls(source, line, column, line, column + width)

    def __str__(self) -> str:
        return f"{self.source.path}:{self.line}:{self.column}"
