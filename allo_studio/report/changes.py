"""What is different between two builds: each figure that changed, each row that came or went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from allo_studio.report.columns import indented, section
from allo_studio.report.model import Report
from allo_studio.report.rows import Cell, Table, cell_text, tables

__all__ = ["Difference", "differences", "differences_text"]

# What says where a row comes from or why it is so, and follows from the figures or from the text of a kernel.
_WORDS = ("formula", "reason", "source", "target", "share", "depends")


@dataclass(frozen=True)
class Difference:
    """A figure of a row that changed; `column` is empty where the whole row is only in one of the builds.

    `before` and `after` are then False or True: whether it is there.
    """

    table: str
    row: str
    column: str
    before: Cell
    after: Cell

    @property
    def change(self) -> float | None:
        """How much more it is, as a part of what it was; None where that is no number or nothing."""
        if not self.column or not isinstance(self.before, int | float) or not isinstance(self.after, int | float):
            return None
        if isinstance(self.before, bool) or isinstance(self.after, bool) or not self.before:
            return None
        return self.after / self.before - 1

    @property
    def change_text(self) -> str:
        """The change for a person to read, empty where there is none."""
        return "" if self.change is None else f"{self.change:+.1%}"

    def to_json(self) -> dict[str, Any]:
        """Return the difference with its relative change, for the JSON document."""
        return {**asdict(self), "change": self.change}


def differences(before: Report, after: Report) -> tuple[Difference, ...]:
    """Return what is different, in the order of the later build's tables, rows that went last in each."""
    pairs = zip(tables(before), tables(after), strict=True)
    return tuple(found for one, two in pairs for found in _of_table(one, two))


def _of_table(before: Table, after: Table) -> Iterator[Difference]:
    old, new = before.by_key(), after.by_key()
    # What is predicted and simulated, and which parts there are, other tables tell.
    told = after.name == "figures"
    words = (*_WORDS, "predicted", "simulated") if told else _WORDS
    columns = [column for column in after.columns if column in before.columns and column not in words]
    columns += [column for column in before.columns if column.startswith("depth_") and column not in after.columns]
    columns += [column for column in after.columns if column not in before.columns and column not in words]
    for key, row in new.items():
        name = _name(after, key)
        if key not in old:
            if not told:
                yield Difference(after.name, name, "", False, True)
            continue
        for column in columns:
            was, now = old[key].get(column), row.get(column)
            if was != now:
                yield Difference(after.name, name, column, was, now)
    gone = () if told else (key for key in old if key not in new)
    yield from (Difference(after.name, _name(before, key), "", True, False) for key in gone)


def _name(table: Table, key: tuple[Cell, ...]) -> str:
    if table.name == "loops":
        path, function, loop, _, number = key
    elif table.name == "figures":
        _, path, loop, function, number = key
    else:
        return " ".join(str(part) for part in key)
    words = (path, function, loop, f"({number})" if number != 1 else "")
    return " ".join(str(word) for word in words if word)


def differences_text(before: Report, after: Report) -> str:
    """Return the differences of two builds for a terminal."""
    found = differences(before, after)
    if not found:
        return "no figure differs\n"
    changed = [one for one in found if one.column]
    rows = [
        (one.table, one.row, one.column, cell_text(one.before), cell_text(one.after), one.change_text)
        for one in changed
    ]
    parts = [
        section("Changed", ("table", "row", "figure", "before", "after", "change"), rows, left=3),
        indented("Only after", [f"{one.table}: {one.row}" for one in found if not one.column and one.after]),
        indented("Only before", [f"{one.table}: {one.row}" for one in found if not one.column and one.before]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
