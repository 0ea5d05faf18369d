"""Two accounts of the same thing made one: what the first does not know comes from the second."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass, replace
from math import isclose
from typing import Any, TypeVar, cast

from allo_studio.diagnostics import Diagnostic
from allo_studio.report.vendor.figures import Range, Times
from allo_studio.report.vendor.model import Latency, Loop, Module, Timing, VendorReport
from allo_studio.report.vendor.parts import Clock, Fifo, Memory, Port, Resource, Simulated, Slacks, Table

__all__ = ["Conflicts", "fill", "merge_reports"]

T = TypeVar("T")

# What rows of a kind are the same thing. The names of loops without a label differ in a space between the files.
_KEYS: dict[type, Callable[[Any], Hashable]] = {
    Module: lambda module: module.name,
    Loop: lambda loop: loop.name.replace(" ", ""),
    Resource: lambda resource: resource.name,
    Fifo: lambda fifo: (fifo.parent, fifo.name),
    Memory: lambda memory: memory.name,
    Port: lambda port: port.name,
    Clock: lambda clock: clock.name,
    Simulated: lambda run: run.language,
    Table: lambda table: (table.section, table.title),
}
_GROUPS = (Latency, Slacks, Timing)
# Texts in which two files of one run agree; dates, wordings and rounded times differ.
_SAME = frozenset({"top", "part", "version"})
# csynth.rpt writes four digits of a time in ns, and slacks with two behind the point.
_ROUNDED = 0.01
_MOST_SHOWN = 5


class Conflicts:
    """The figures that two accounts give differently."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, path: str, first: object, second: object) -> None:
        """Note a figure at a path of names."""
        self.found.append(f"{path} is {_shown(first)} and {_shown(second)}")


def fill(first: T, second: T, conflicts: Conflicts, path: str = "") -> T:
    """Return the first account with what it does not know from the second."""
    if first == second or second is None:
        return first
    if isinstance(first, _GROUPS):
        return cast(T, _fill_group(first, second, conflicts, path))
    if is_dataclass(first) and not isinstance(first, Range | Times):
        return cast(T, _fill_fields(first, second, conflicts, path))
    if isinstance(first, tuple):
        return cast(T, _fill_rows(first, cast(tuple[Any, ...], second), conflicts, path))
    return _fill_value(first, second, conflicts, path)


def _fill_group(first: Any, second: Any, conflicts: Conflicts, path: str) -> Any:
    """Return figures that belong together filled, or as they are where the two accounts differ in one of them."""
    differing = Conflicts()
    filled = _fill_fields(first, second, differing, path)
    conflicts.found += differing.found
    return first if differing.found else filled


def _fill_fields(first: Any, second: Any, conflicts: Conflicts, path: str) -> Any:
    changed = {}
    for field in fields(first):
        mine, other = getattr(first, field.name), getattr(second, field.name)
        if field.name in ("origin", "notes", "files"):
            continue
        found = other if mine is None else fill(mine, other, conflicts, f"{path}.{field.name}" if path else field.name)
        if found is not mine:
            changed[field.name] = found
    return replace(first, **changed) if changed else first


def _fill_rows(first: tuple[Any, ...], second: tuple[Any, ...], conflicts: Conflicts, path: str) -> tuple[Any, ...]:
    """Return rows matched by what they are; rows that cannot be told apart are taken from the first that has any."""
    if not first or not second:
        return first or second
    key = _KEYS.get(type(first[0]))
    if key is None:
        return first
    mine, others = {key(row): row for row in first}, {key(row): row for row in second}
    if len(mine) < len(first) or len(others) < len(second):
        return first
    same = [fill(row, others.get(k), conflicts, f"{path}[{_shown(k)}]") for k, row in mine.items()]
    return (*same, *(row for k, row in others.items() if k not in mine))


def _fill_value(first: T, second: T, conflicts: Conflicts, path: str) -> T:
    if first is None or first == "" or first == Range() or first == Times():
        return second
    if second in ("", Range(), Times()):
        return first
    if _differ(first, second, path):
        conflicts.add(path, first, second)
    elif isinstance(first, Times) and isinstance(second, Times):
        return max(first, second, key=_digits)
    return first


def _digits(value: Times) -> int:
    """Return how exactly a time is given: one file says 965788003 ns and another 0.966 sec."""
    return len(f"{value.low or 0:.15g}".replace(".", "").strip("0"))


def _differ(first: object, second: object, path: str) -> bool:
    """Tell whether two accounts contradict each other; times are rounded differently in the files of a run."""
    if isinstance(first, float) and isinstance(second, int | float):
        return not isclose(first, second, rel_tol=_ROUNDED, abs_tol=_ROUNDED)
    if isinstance(first, Range) and isinstance(second, Range):
        # A table with one column gives one end of a range.
        return not {first.exact, second.exact} & {first.low, first.high} & {second.low, second.high}
    return isinstance(first, int) or path.rpartition(".")[2] in _SAME


def merge_reports(first: VendorReport, second: VendorReport) -> VendorReport:
    """Return one report of two of the same origin; where they differ, a note says so and the first is taken."""
    conflicts = Conflicts()
    merged = fill(first, second, conflicts)
    return replace(
        merged,
        files=tuple(dict.fromkeys((*first.files, *second.files))),
        notes=(*first.notes, *second.notes, *_notes(conflicts, first, second)),
    )


def _notes(conflicts: Conflicts, first: VendorReport, second: VendorReport) -> tuple[Diagnostic, ...]:
    if not conflicts.found:
        return ()
    shown = "; ".join(conflicts.found[:_MOST_SHOWN])
    more = f"; and {len(conflicts.found) - _MOST_SHOWN} more" if len(conflicts.found) > _MOST_SHOWN else ""
    files = ", ".join(first.files)
    message = f"{', '.join(second.files)} says otherwise than {files}: {shown}{more}; the first of each is taken"
    hint = "the files may be of different runs: run the tool again, or give one of the files alone"
    return (Diagnostic("report", message, where=", ".join(second.files), hint=hint, severity="warning"),)


def _shown(value: object) -> str:
    if isinstance(value, Range):
        return str(value.low) if value.low == value.high else f"{value.low} ~ {value.high}"
    return "/".join(part for part in map(str, value) if part) if isinstance(value, tuple) else str(value)
