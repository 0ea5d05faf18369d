"""Vivado's report_timing_summary: slacks of the design and of each clock, and the paths with the least slack.

Its tables have no bars: a line of dashes below the header shows where each column is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from allo_studio.diagnostics import AlloError
from allo_studio.report.vendor.figures import decimal, nanoseconds, whole
from allo_studio.report.vendor.model import Module, Origin, Timing, VendorReport
from allo_studio.report.vendor.parts import Clock, Slacks, TimingPath
from allo_studio.report.vendor.reading import unreadable
from allo_studio.report.vendor.text_tables import Field, TextReading
from allo_studio.report.vendor.utilisation import state_origin, vivado_general

__all__ = ["read_timing_summary"]

T = TypeVar("T")

# The columns of a slack table, with the fields of Slacks that they are.
_COLUMNS = {
    "WNS(ns)": "wns",
    "TNS(ns)": "tns",
    "TNS Failing Endpoints": "failing",
    "TNS Total Endpoints": "endpoints",
    "WHS(ns)": "whs",
    "THS(ns)": "ths",
    "THS Failing Endpoints": "hold_failing",
    "THS Total Endpoints": "hold_endpoints",
    "WPWS(ns)": "wpws",
    "TPWS(ns)": "tpws",
    "TPWS Failing Endpoints": "pulse_failing",
    "TPWS Total Endpoints": "pulse_endpoints",
}
_WORD = re.compile(r"\{[^{}]*\}|\S+")
_DASHES = re.compile(r"\s*-+(\s+-+)+\s*")
_TIME = re.compile(r"(?P<time>[-+0-9.]+|inf)ns\b")
_PARTS = re.compile(r"logic (?P<logic>[0-9.]+)ns.*?route (?P<route>[0-9.]+)ns")
_MET = {"All user specified timing constraints are met.": True, "Timing constraints are not met.": False}
_MOST_PATHS = 1000
_LONGEST = 4000


class _Row:
    """A row of a table: its words by the columns that they stand below."""

    def __init__(self, line: int, words: dict[str, tuple[str, int]]) -> None:
        self.line = line
        self.words = words


def read_timing_summary(reading: TextReading) -> VendorReport:
    """Return what a report_timing_summary says; raises AlloError (`report`) where its summary is not there."""
    summary = next(_rows_below(reading, "Design Timing Summary"), None)
    if summary is None or _name(summary, "Clock"):
        hint = "the file is cut off or was changed: let Vivado write it again"
        raise AlloError(unreadable(reading.source.path, "it has no Design Timing Summary", hint))
    general = vivado_general(reading)
    said = (met for line in reading.lines if (met := _MET.get(line.strip())) is not None)
    slacks = replace(_slacks(reading, summary, "the design"), met=next(said, None))
    clocks = _clocks(reading)
    if slacks.wns is None:
        reading.missing("worst negative slack")
    if not clocks:
        reading.missing("clocks")
    elif len(clocks) > 1:
        reading.remark(f"it has {len(clocks)} clocks, so that no one period stands for the design")
    return VendorReport(
        origin=_origin(reading, general.state),
        files=(reading.source.path,),
        general=general,
        modules=(Module(general.top, timing=_achieved(clocks, slacks)),),
        slacks=slacks,
        clocks=clocks,
        paths=tuple(_paths(reading)),
        notes=reading.notes,
    )


def _achieved(clocks: tuple[Clock, ...], slacks: Slacks) -> Timing:
    """Return the period of the only clock, and the one that its worst slack leaves; nothing where there are several."""
    if len(clocks) != 1 or clocks[0].period_ns is None:
        return Timing()
    period = clocks[0].period_ns
    return Timing(period, None if slacks.wns is None else round(period - slacks.wns, 3))


def _origin(reading: TextReading, state: str) -> Origin:
    """Return the step of the design. Older versions do not say its state, but of each net whether it is routed."""
    if state:
        return state_origin(state)
    text = reading.source.text
    if ", routed)" in text:
        return "impl"
    if ", unplaced)" in text or ", estimated)" in text:
        return "synth" if ", unplaced)" in text else "impl"
    reading.remark("it does not say how far the design is: it is taken as routed")
    return "impl"


def _clocks(reading: TextReading) -> tuple[Clock, ...]:
    rows = {_name(row, "Clock"): row for row in _rows_below(reading, "Intra Clock Table")}
    slacks = {name: _slacks(reading, row, name) for name, row in rows.items()}
    found = []
    for row in _rows_below(reading, "Clock Summary"):
        if not (name := _name(row, "Clock")):
            # The table is another one: the heading was moved, or what stands below it is gone.
            continue
        period, frequency = (_figure(reading, decimal, row, n, name) for n in ("Period(ns)", "Frequency(MHz)"))
        if period is None:
            reading.missing(f"period of the clock {name}")
        found.append(Clock(name, period, frequency, _name(row, "Waveform(ns)"), slacks.get(name, Slacks())))
    return tuple(found)


def _slacks(reading: TextReading, row: _Row, of: str) -> Slacks:
    figures: dict[str, Any] = {}
    for column, field in _COLUMNS.items():
        parse: Callable[[str], float | None] = decimal if column.endswith("(ns)") else whole
        figures[field] = _figure(reading, parse, row, column, of)
    return Slacks(**figures)


def _figure(reading: TextReading, parse: Callable[[str], T | None], row: _Row, column: str, of: str) -> T | None:
    word, start = row.words.get(column, ("", 1))
    return reading.figure(parse, word, None, f"{column} of {of}", row.line, start)


def _name(row: _Row, column: str) -> str:
    return row.words.get(column, ("", 1))[0]


def _rows_below(reading: TextReading, title: str) -> Iterator[_Row]:
    """Yield the rows of the table below a title, such as `| Clock Summary`."""
    at = next((i for i, line in enumerate(reading.lines) if line.startswith(f"| {title}")), len(reading.lines))
    last = min(at + 12, len(reading.lines))
    rule = next((i for i in range(at, last) if _DASHES.fullmatch(reading.lines[i][:_LONGEST])), None)
    if rule is None or rule == 0:
        return
    ends = [(m.start(), m.end()) for m in re.finditer(r"-+", reading.lines[rule])]
    names = _words(reading.lines[rule - 1], ends, joined=True)
    for at in range(rule + 1, len(reading.lines)):
        line = reading.lines[at]
        if not line.strip():
            return
        words = _words(line[:_LONGEST], ends, joined=False)
        yield _Row(at + 1, {names[i][0]: word for i, word in words.items() if i in names})


def _words(line: str, ends: list[tuple[int, int]], joined: bool) -> dict[int, tuple[str, int]]:
    """Return the words of a line by the column that they overlap most, with where they begin; names have several."""
    found: dict[int, tuple[str, int]] = {}
    for match in _WORD.finditer(line):
        overlaps = [min(match.end(), end) - max(match.start(), start) for start, end in ends]
        column = max(range(len(ends)), key=overlaps.__getitem__)
        before = found.get(column)
        if before is None:
            found[column] = (match[0], match.start() + 1)
        elif joined:
            found[column] = (f"{before[0]} {match[0]}", before[1])
    return found


def _paths(reading: TextReading) -> Iterator[TimingPath]:
    """Yield the paths: each begins with its slack, and its other fields follow."""
    path: dict[str, Field] = {}
    count = 0
    for field in reading.fields:
        if field.name.startswith("Slack"):
            if path and (count := count + 1) <= _MOST_PATHS:
                yield _path(reading, path)
            path = {"Slack": field}
        elif path:
            path.setdefault(field.name, field)
    if path:
        yield _path(reading, path)


def _path(reading: TextReading, fields: dict[str, Field]) -> TimingPath:
    def text(name: str) -> str:
        return fields[name].value if name in fields else ""

    time = partial(_time_of, reading, fields)
    levels = fields.get("Logic Levels")
    number = levels.value.split()[0] if levels else ""
    return TimingPath(
        slack_ns=time("Slack"),
        source=text("Source"),
        destination=text("Destination"),
        kind=text("Path Type"),
        group=text("Path Group"),
        requirement_ns=time("Requirement"),
        delay_ns=time("Data Path Delay"),
        logic_ns=time("Data Path Delay", "logic"),
        route_ns=time("Data Path Delay", "route"),
        levels=reading.figure(whole, number, None, "Logic Levels", levels.line, levels.column) if levels else None,
    )


def _time_of(reading: TextReading, fields: dict[str, Field], name: str, part: str = "") -> float | None:
    field = fields.get(name)
    if field is None:
        return None
    found = (_PARTS.search if part else _TIME.match)(field.value[:_LONGEST])
    text = found[part or "time"] if found else field.value
    if text == "inf" or (part and not found):
        return None
    return reading.figure(nanoseconds, text, None, f"{name} of a path", field.line, field.column)
