"""A report from its JSON form, every value checked: a report file is input like any other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeVar, get_type_hints

from allo_studio.hardware.view import Piece
from allo_studio.hardware.view import Row as Operations
from allo_studio.report.model import (
    ChannelRow,
    FigureRow,
    LoopRow,
    OccupancyRow,
    PortRow,
    ProcessRow,
    Report,
    ResourceRow,
    SimulationRow,
)

__all__ = ["Fault", "decode_report"]

# No count of ours comes near; beyond it a time in milliseconds would no longer be a number.
_LARGEST = 1 << 63

Row = TypeVar("Row", ProcessRow, LoopRow, ChannelRow, PortRow, FigureRow, Piece, Operations)


class Fault(Exception):
    """A value that does not fit, with its path in the document."""


def decode_report(found: Mapping[str, Any]) -> Report:
    """Return the report in a whole document; raises Fault."""
    part = _mapping(found, "report", "")
    target = _mapping(part, "target", "report.")
    cycles = _cycles(_mapping(part, "cycles", "report."))
    profile = _text(part, "profile", "report.")
    clock = _number(target, "clock_ns", "report.target.")
    if clock <= 0:
        raise Fault("report.target.clock_ns is no positive number")
    if "predicted" not in cycles.get(profile, {}):
        raise Fault(f"report.cycles has no predicted cycles of {profile}")
    return Report(
        project=_text(part, "project", "report."),
        top=_text(part, "top", "report."),
        device=_text(target, "device", "report.target."),
        clock_ns=clock,
        cycles=cycles,
        interval=_whole(part.get("interval"), "report.interval"),
        processes=_rows(part, "processes", ProcessRow),
        loops=_rows(part, "loops", LoopRow),
        resources=_resources(_mapping(part, "resources", "report.")),
        channels=_rows(part, "channels", ChannelRow),
        fifos=_fifos(part),
        pieces=_pieces(part.get("schedule", [])),
        # Reports of earlier versions have none.
        figures=_rows({"figures": [], **part}, "figures", FigureRow),
        ports=_rows({"ports": [], **part}, "ports", PortRow),
        interface=_text({"interface": "", **target}, "interface", "report.target."),
        estimated_ns=_optional(target, "estimated_ns", "report.target."),
        uncertainty_ns=_optional(target, "uncertainty_ns", "report.target."),
        occupancy=_occupancy(_list({"occupancy": [], **part}, "occupancy", "report.")),
        simulation=_simulation(found),
        notes=tuple(_item_text(n, "report.notes") for n in _list(part, "notes", "report.")),
        tool=_text(part, "tool", "report."),
        profile=profile,
    )


def _fifos(part: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return the bits of all FIFOs by profile; reports of earlier versions have none."""
    found = {}
    for profile, value in (_mapping(part, "fifos", "report.") if "fifos" in part else {}).items():
        found[profile] = counts = _counts(value, f"report.fifos.{profile}")
        if not {"bits", "bound"} <= counts.keys() or not 0 < counts["bound"] <= counts["bits"]:
            raise Fault(f"report.fifos.{profile} lacks bits or a bound that is not above them")
    return found


def _occupancy(items: list[Any]) -> tuple[OccupancyRow, ...]:
    found = []
    for number, item in enumerate(items):
        path = f"report.occupancy[{number}]"
        if not isinstance(item, dict):
            raise Fault(f"{path} is no mapping")
        least, most = (
            tuple(_whole(count, f"{path}.{key}") for count in _list(item, key, f"{path}.")) for key in ("least", "most")
        )
        step = _whole(item.get("step"), f"{path}.step")
        if (
            step < 1
            or len(least) != len(most)
            or any(not 0 <= low <= high for low, high in zip(least, most, strict=True))
        ):
            raise Fault(f"{path} has steps or counts that cannot be")
        found.append(OccupancyRow(_text(item, "id", f"{path}."), step, least, most))
    return tuple(found)


def _pieces(value: Any) -> tuple[Piece, ...]:
    """Return the schedule view; reports of earlier versions have none."""
    if not isinstance(value, list):
        raise Fault("report.schedule is no list")
    made = []
    for number, item in enumerate(value):
        path = f"report.schedule[{number}]"
        rows = _list(item if isinstance(item, dict) else {}, "rows", f"{path}.")
        operations = tuple(_operations(row, f"{path}.rows[{n}]", len(rows)) for n, row in enumerate(rows))
        place = tuple(_item_text(name, f"{path}.place") for name in _list(item, "place", f"{path}."))
        made.append(replace(_row({**item, "place": (), "rows": ()}, path, Piece), place=place, rows=operations))
    return tuple(made)


def _operations(item: Any, path: str, count: int) -> Operations:
    after = tuple(
        _whole(n, f"{path}.after") for n in _list(item if isinstance(item, dict) else {}, "after", f"{path}.")
    )
    if any(not 0 <= n < count for n in after):
        raise Fault(f"{path}.after is no row of the piece")
    return replace(_row({**item, "after": ()}, path, Operations), after=after)


def _rows(part: Mapping[str, Any], key: str, cls: type[Row]) -> tuple[Row, ...]:
    return tuple(_row(item, f"report.{key}[{i}]", cls) for i, item in enumerate(_list(part, key, "report.")))


def _row(item: Any, path: str, cls: type[Row]) -> Row:
    if not isinstance(item, dict):
        raise Fault(f"{path} is no mapping")
    # mypy takes classes of rows, which cannot be hashed, for such values themselves.
    kind: Any = cls
    checks = _checks(kind)
    # A key that we do not know is from a later version that only added it.
    given = {name: item[name] for name in checks if name in item}
    for name, check in checks.items():
        if check is not None and name in given:
            check(given[name], f"{path}.{name}")
    try:
        return cls(**given)
    except TypeError:
        raise Fault(f"{path} lacks a key") from None


# Raises Fault for a value that does not fit; it is given the value's path too.
Check = Callable[[Any, str], object]


@cache
def _checks(cls: type[Any]) -> Mapping[str, Check | None]:
    """Return what checks each field of a row, None for those that are decoded by themselves.

    Kept, since a report has thousands of rows, and to read what a class says of its fields takes longer than a row.
    """
    hints = get_type_hints(cls)
    return {field.name: _check_of(hints[field.name]) for field in fields(cls)}


def _check_of(hint: Any) -> Check | None:
    known: tuple[tuple[Any, Check], ...] = (
        (int, _whole),
        (str, _item_text),
        (bool, _truth),
        (int | None, lambda value, path: value is None or _whole(value, path)),
        (float | None, lambda value, path: value is None or _number({path: value}, path, "")),
        (Mapping[str, int], _counts),
        (Mapping[str, float], _numbers),
    )
    return next((check for kind, check in known if kind == hint), None)


def _truth(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise Fault(f"{path} is neither true nor false")
    return value


def _numbers(value: Any, path: str) -> dict[str, float]:
    if not isinstance(value, dict):
        raise Fault(f"{path} is no mapping")
    return {name: _number(value, name, f"{path}.") for name in value}


def _cycles(part: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    return {profile: _counts(counts, f"report.cycles.{profile}") for profile, counts in part.items()}


def _counts(value: Any, path: str) -> dict[str, int]:
    if not isinstance(value, dict):
        raise Fault(f"{path} is no mapping")
    return {name: _whole(count, f"{path}.{name}") for name, count in value.items()}


def _resources(part: Mapping[str, Any]) -> tuple[ResourceRow, ...]:
    rows = []
    for name, value in part.items():
        counts = _counts(value, f"report.resources.{name}")
        if not {"used", "available"} <= set(counts):
            raise Fault(f"report.resources.{name} lacks used or available")
        rows.append(ResourceRow(name, counts["used"], counts["available"]))
    return tuple(rows)


def _simulation(found: Mapping[str, Any]) -> SimulationRow | None:
    if found.get("simulation") is None:
        return None
    part = _mapping(found, "simulation", "")
    error = math.inf if part.get("max_error", 0.0) is None else _number(part, "max_error", "simulation.")
    compared = _whole(part.get("compared"), "simulation.compared")
    mismatches = _whole(part.get("mismatches"), "simulation.mismatches")
    return SimulationRow(compared, mismatches, error, _text(part, "engine", "simulation."))


def _mapping(part: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
    value = part.get(key)
    if not isinstance(value, dict):
        raise Fault(f"{path}{key} is no mapping")
    return value


def _list(part: Mapping[str, Any], key: str, path: str) -> list[Any]:
    value = part.get(key)
    if not isinstance(value, list):
        raise Fault(f"{path}{key} is no list")
    return value


def _text(part: Mapping[str, Any], key: str, path: str) -> str:
    return _item_text(part.get(key), f"{path}{key}")


def _item_text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise Fault(f"{path} is no text")
    return value


def _number(part: Mapping[str, Any], key: str, path: str) -> float:
    value = part.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Fault(f"{path}{key} is no number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise Fault(f"{path}{key} is no finite number")
    return found


def _optional(part: Mapping[str, Any], key: str, path: str) -> float | None:
    """Return a number, None where there is none."""
    return None if part.get(key) is None else _number(part, key, path)


def _whole(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Fault(f"{path} is no whole number")
    if abs(value) > _LARGEST:
        raise Fault(f"{path} is out of range")
    return value
