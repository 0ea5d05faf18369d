"""A report as plain tables: what a spreadsheet takes, and what two builds are compared by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from allo_studio.report.model import ChannelRow, LoopRow, PortRow, ProcessRow, Report

__all__ = ["Cell", "Table", "cell_text", "tables"]

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """Rows of one kind. `keys` are the columns that tell a row from the others; `columns` are all, these first."""

    name: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Cell], ...]

    def by_key(self) -> dict[tuple[Cell, ...], Mapping[str, Cell]]:
        """Return the rows by the cells that tell them apart."""
        return {tuple(row[key] for key in self.keys): row for row in self.rows}


def cell_text(value: Cell) -> str:
    """Return a cell for a person to read."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if isinstance(value, float) else value


def tables(report: Report) -> tuple[Table, ...]:
    """Return the tables of a report: `design`, `cycles`, `blocks`, `loops`, `resources`, `channels`, `ports`, `fifos`
    and `figures`, which has a column for each origin.

    Cycles and what FIFOs hold have a row for each operator profile, latencies are in cycles, widths in bits.
    """
    return (
        Table("design", ("name",), ("name", "value"), tuple(_facts(report))),
        Table("cycles", ("profile", "origin"), ("profile", "origin", "cycles"), tuple(_cycles(report))),
        _of_rows("blocks", ("path",), ProcessRow, report.processes),
        _of_rows("loops", ("path", "function", "loop", "depth", "number"), LoopRow, _numbered(report.loops)),
        Table("resources", ("name",), ("name", "used", "available", "share"), tuple(_resources(report))),
        _of_rows("channels", ("id",), ChannelRow, report.channels, tuple(_depths(report))),
        _of_rows("ports", ("path",), PortRow, report.ports),
        Table("fifos", ("profile",), ("profile", "bits", "bound"), tuple(_fifos(report))),
        _figures(report),
    )


def _figures(report: Report) -> Table:
    keys = ("kind", "path", "loop", "figure", "number")
    origins = tuple(dict.fromkeys(origin for row in report.figures for origin in row.values))
    seen: Counter[tuple[str, str, str, str]] = Counter()
    rows: list[Mapping[str, Cell]] = []
    for row in report.figures:
        key = row.kind, row.path, row.name, row.figure
        seen[key] += 1
        named: dict[str, Cell] = dict(zip(keys, (*key, seen[key]), strict=True))
        rows.append({**named, **{origin: row.values.get(origin) for origin in origins}})
    return Table("figures", keys, (*keys, *origins), tuple(rows))


def _facts(report: Report) -> Iterator[Mapping[str, Cell]]:
    for name in ("project", "top", "device", "clock_ns", "estimated_ns", "slack_ns", "latency_ms", "profile", "tool"):
        yield {"name": name, "value": getattr(report, name)}


def _cycles(report: Report) -> Iterator[Mapping[str, Cell]]:
    for profile, counts in report.cycles.items():
        for origin, count in counts.items():
            yield {"profile": profile, "origin": origin, "cycles": count}
    yield {"profile": report.profile, "origin": "interval", "cycles": report.interval}


def _resources(report: Report) -> Iterator[Mapping[str, Cell]]:
    for row in report.resources:
        share = row.share if row.available else None
        yield {"name": row.name, "used": row.used, "available": row.available, "share": share}


def _fifos(report: Report) -> Iterator[Mapping[str, Cell]]:
    for profile, found in report.fifos.items():
        yield {"profile": profile, "bits": found["bits"], "bound": found["bound"]}


@dataclass(frozen=True)
class _Numbered:
    """A loop with its number among those of the same place and name: a kernel may have several `i`."""

    row: LoopRow
    number: int


def _numbered(loops: tuple[LoopRow, ...]) -> tuple[_Numbered, ...]:
    seen: dict[tuple[str, str, str, int], int] = {}
    found = []
    for row in loops:
        key = row.path, row.function, row.loop, row.depth
        seen[key] = seen.get(key, 0) + 1
        found.append(_Numbered(row, seen[key]))
    return tuple(found)


def _depths(report: Report) -> Iterator[str]:
    """Yield the profiles for which FIFOs have a depth."""
    yield from dict.fromkeys(profile for row in report.channels for profile in row.depth)


def _of_rows(
    name: str, keys: tuple[str, ...], kind: type[Any], rows: tuple[Any, ...], profiles: tuple[str, ...] = ()
) -> Table:
    own = [field.name for field in fields(kind) if field.name != "depth" or kind is LoopRow]
    columns = (*keys, *(column for column in own if column not in keys), *(f"depth_{profile}" for profile in profiles))
    return Table(name, keys, columns, tuple(_cells(row, columns) for row in rows))


def _cells(row: Any, columns: tuple[str, ...]) -> dict[str, Cell]:
    own, more = (row.row, {"number": row.number}) if isinstance(row, _Numbered) else (row, {})
    if isinstance(own, ChannelRow):
        more = {f"depth_{profile}": depth for profile, depth in own.depth.items()}
    return {column: more.get(column, getattr(own, column, None)) for column in columns}
