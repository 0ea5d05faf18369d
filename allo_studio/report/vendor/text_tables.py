"""The tables of a text report: grids of +, - and |, under headings, with the lines and fields between them.

A header may take several lines, and a cell of it several columns: the name of a column is all header texts above it.
The last line of the header has a bar for each column, so that it tells where cells begin and end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from allo_studio.report.vendor.parts import Table
from allo_studio.report.vendor.reading import Reading
from allo_studio.source import Source

__all__ = ["Field", "Row", "TextReading", "TextTable"]

T = TypeVar("T")

_RULE = re.compile(r"\s*\+[-+=]+\+\s*")
_HEADING = re.compile(r"(?P<indent>\s*)(?P<mark>\+|\*|==)\s+(?P<text>\S.*)")
_NUMBERED = re.compile(r"\d+(\.\d+)*\.? \S.*")
_MOST_ROWS = 200_000


@dataclass(frozen=True)
class Field:
    """`name: value` on a line, under headings."""

    headings: tuple[str, ...]
    name: str
    value: str
    line: int
    column: int


@dataclass(frozen=True)
class Row:
    """A row of a table. `cells` keep their spaces, `starts` are the columns of the text, from 1, where they begin."""

    line: int
    cells: tuple[str, ...]
    starts: tuple[int, ...]


@dataclass(frozen=True)
class TextTable:
    """A table with the headings above it, outermost first."""

    headings: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int

    def below(self, *headings: str) -> bool:
        """Tell whether the table stands below headings that begin like these, in this order."""
        rest = iter(self.headings)
        return all(any(heading.startswith(wanted) for heading in rest) for wanted in headings)

    def index(self, *names: str) -> int | None:
        """Return which column has one of these names, or None."""
        return next((self.columns.index(name) for name in names if name in self.columns), None)

    def text(self, row: Row, *names: str) -> str:
        """Return a row's cell in a column without the space around it, empty where there is no such column."""
        index = self.index(*names)
        return "" if index is None else row.cells[index].strip()

    def as_table(self) -> Table:
        """Return the table as it stands in the report."""
        section, title = (*self.headings[:1], ""), self.headings[-1] if len(self.headings) > 1 else ""
        # In the first column spaces tell what is part of what.
        rows = tuple(
            (row.cells[0].rstrip().removeprefix(" "), *(c.strip() for c in row.cells[1:])) for row in self.rows
        )
        return Table(section[0], title, self.columns, rows)


class TextReading(Reading):
    """A text report being read: its tables and fields, and figures out of them."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.lines = source.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.tables: list[TextTable] = []
        self.fields: list[Field] = []
        self._headings: list[tuple[int, str]] = []
        self._drop_cut_line()
        self._scan()

    def value(self, *names: str) -> str:
        """Return the value of the first field with one of these names, empty where there is none."""
        return next((field.value for field in self.fields if field.name in names), "")

    def field(self, parse: Callable[[str], T], unknown: T, *names: str) -> T:
        """Return the figure in the first field with one of these names."""
        found = next((field for field in self.fields if field.name in names), None)
        if found is None:
            return unknown
        return self.figure(parse, found.value, unknown, found.name, found.line, found.column)

    def table(self, *headings: str) -> TextTable | None:
        """Return the first table below headings that begin like these, or None."""
        return next((table for table in self.tables if table.below(*headings)), None)

    def want(self, table: TextTable, row: Row | None, *columns: tuple[str, ...]) -> None:
        """Note each column that is not there under any of its names, which all versions have, or is empty in a row."""
        for names in columns:
            if table.index(*names) is None:
                self.note(f"a table has no column {names[0]!r}", table.line)
            elif row and table.text(row, *names) in ("", "-"):
                self.note(f"{names[0]} is not given", row.line)

    def cell(self, parse: Callable[[str], T], unknown: T, table: TextTable, row: Row, *names: str) -> T:
        """Return the figure of a row in the column with one of these names."""
        index = table.index(*names)
        if index is None:
            return unknown
        name = row.cells[0].strip().lstrip("+- ").removeprefix("o ")
        what = f"{table.columns[index]} of {name or 'a row'}"
        start = row.starts[index] + len(row.cells[index]) - len(row.cells[index].lstrip())
        return self.figure(parse, row.cells[index], unknown, what, row.line, start)

    def _drop_cut_line(self) -> None:
        """Leave out a last line without an end: the tools end each, so what stands there may be half a figure."""
        cut = self.lines.pop()
        if cut.strip():
            self.note("the file ends within a line, which is left out", len(self.lines) + 1, 1, len(cut))

    def _scan(self) -> None:
        at = 0
        while at < len(self.lines):
            if _RULE.fullmatch(self.lines[at]):
                at = self._table(at)
                continue
            self._line(at)
            at += 1

    def _line(self, at: int) -> None:
        line = self.lines[at]
        if found := self._field(line, at + 1):
            self.fields.append(found)
            return
        if heading := _HEADING.fullmatch(line):
            indent = -1 if heading["mark"] == "==" else len(heading["indent"])
            self._open(indent, heading["text"].strip().removesuffix(":").strip())
        elif _NUMBERED.fullmatch(line.strip()) and at + 1 < len(self.lines) and self.lines[at + 1].startswith("---"):
            self._open(-1, line.strip().partition(" ")[2])

    def _field(self, line: str, number: int) -> Field | None:
        name, colon, value = line.lstrip(" |*\t").partition(":")
        value = value.strip()
        if not colon or not value or not name[:1].isalpha() or "|" in name or line.startswith("=="):
            return None
        headings = tuple(text for _, text in self._headings)
        return Field(headings, name.strip(), value, number, line.index(value, line.index(":") + 1) + 1)

    def _open(self, indent: int, text: str) -> None:
        self._headings = [(i, t) for i, t in self._headings if i < indent]
        self._headings.append((indent, text))

    def _table(self, at: int) -> int:
        """Read the table whose first rule is line `at`, from 0, and return the line behind it."""
        first = at
        header = []
        at += 1
        while at < len(self.lines) and self._of_header(at):
            header.append(self.lines[at].rstrip())
            at += 1
        if not header or at >= len(self.lines) or not _RULE.fullmatch(self.lines[at]):
            return max(at, first + 1)
        bars = [i for i, c in enumerate(header[-1]) if c == "|"]
        if len(bars) < 2:
            self.note("the header of a table has no columns", at, 1, max(len(header[-1]), 1))
            return at
        rows: list[Row] = []
        while at < len(self.lines) and len(rows) < _MOST_ROWS:
            if self.lines[at].lstrip().startswith("|"):
                rows += self._row(at, bars)
            elif not _RULE.fullmatch(self.lines[at]):
                break
            at += 1
        headings = tuple(text for _, text in self._headings)
        self.tables.append(TextTable(headings, tuple(_names(header, bars)), tuple(rows), first + 1))
        return at

    def _of_header(self, at: int) -> bool:
        """Tell a line of a header: that of a co-simulation has one that is half a rule."""
        line = self.lines[at].lstrip()
        return line.startswith("|") or (line.startswith("+ ") and line.endswith("+"))

    def _row(self, at: int, bars: list[int]) -> Iterator[Row]:
        line = self.lines[at].rstrip()
        if not all(i < len(line) and line[i] == "|" for i in bars) or line[bars[-1] + 1 :].strip():
            # A character that took several bytes where the tool counted bytes moves the bars behind it.
            here = [i for i, c in enumerate(line) if c == "|"]
            if len(here) != len(bars):
                self.note("a row of a table has not the cells of its header", at + 1, 1, max(len(line), 1))
                return
            bars = here
        starts = [bar + 1 for bar in bars[:-1]]
        cells = tuple(line[start:end] for start, end in zip(starts, bars[1:], strict=True))
        yield Row(at + 1, cells, tuple(start + 1 for start in starts))


def _names(header: list[str], bars: list[int]) -> Iterator[str]:
    """Yield the name of each column: all texts above it, from the top."""
    for start, end in pairwise(bars):
        texts = (_cell_over(line, start, end) for line in header)
        yield " ".join(text for text in texts if text)


def _cell_over(line: str, start: int, end: int) -> str:
    """Return the text of the header cell that stands over a column, which may be wider than the column."""
    marks = "|+" if line.lstrip().startswith("+") else "|"
    left = next((i for i in range(min(start, len(line) - 1), -1, -1) if line[i] in marks), 0)
    right = next((i for i in range(end, len(line)) if line[i] in marks), len(line))
    text = " ".join(line[left + 1 : right].split())
    return "" if set(text) <= {"-"} else text
