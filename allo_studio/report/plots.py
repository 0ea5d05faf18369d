"""Plots as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allo_studio.report.svg import SANS, Attributes, element, text, text_width, title

__all__ = ["Bar", "Strip", "bars", "strips"]

_SIZE, _LINE, _GAP = 12.0, 22.0, 10.0
_TALL = 44.0
_WIDTH = 520.0
_INK, _FULL, _REST = "currentColor", "#2a6fbb", "#a9c6e6"
# Longer names are cut, and told whole where the pointer rests.
_MOST = 60


@dataclass(frozen=True)
class Bar:
    """A bar of a length, of which a part from its beginning is filled; `label` says what it shows."""

    name: str
    length: float
    filled: float
    label: str


def bars(rows: Sequence[Bar]) -> str:
    """Return horizontal bars, one below another, to one scale, each with its name before and its label behind it."""
    longest = max((row.length for row in rows), default=0) or 1
    names, left, right = _margins(rows)
    inside = "".join(
        _bar(row, name, left, _LINE * place, _WIDTH / longest)
        for place, (row, name) in enumerate(zip(rows, names, strict=True))
    )
    return _drawing(left + _WIDTH + right, _LINE * len(rows), inside)


def _margins(rows: Sequence[Bar | Strip]) -> tuple[list[str], float, float]:
    """Return the names of rows as they are shown, and the room that these and the labels take."""
    names = [row.name if len(row.name) <= _MOST else f"…{row.name[1 - _MOST :]}" for row in rows]
    left = max((text_width(name, _SIZE) for name in names), default=0) + 2 * _GAP
    return names, left, max((text_width(row.label, _SIZE) for row in rows), default=0) + _GAP


def _drawing(width: float, height: float, inside: str) -> str:
    size: Attributes = {"width": width, "height": height, "role": "img"}
    return element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size}, inside)


@dataclass(frozen=True)
class Strip:
    """The least and most of a number over time, for each `step` of cycles, from 0 to `top`; `label` says what it is."""

    name: str
    least: Sequence[int]
    most: Sequence[int]
    step: int
    top: int
    label: str


def strips(rows: Sequence[Strip]) -> str:
    """Return a band for each row, one below another, along the same cycles; below the band all is filled."""
    cycles = max((len(row.most) * row.step for row in rows), default=0) or 1
    names, left, right = _margins(rows)
    inside = "".join(
        _strip(row, name, left, _TALL * place, _WIDTH / cycles)
        for place, (row, name) in enumerate(zip(rows, names, strict=True))
    )
    base = _TALL * len(rows) + _LINE / 2 + _SIZE / 3
    inside += text(left, base, "cycle 0", _SIZE, _INK, family=SANS)
    inside += text(left + _WIDTH, base, f"{cycles:,}", _SIZE, _INK, anchor="end", family=SANS)
    return _drawing(left + _WIDTH + right + _GAP, _TALL * len(rows) + _LINE, inside)


def _strip(row: Strip, name: str, left: float, top: float, scale: float) -> str:
    height, middle = _TALL - 8, top + _TALL / 2 + _SIZE / 3
    ground: Attributes = {"x": left, "y": top + 4, "width": _WIDTH, "height": height, "fill": _REST, "opacity": 0.25}
    areas = "".join(
        element("path", {"d": _area(values, left, top + 4 + height, row.step * scale, height / (row.top or 1)), **fill})
        for values, fill in ((row.most, {"fill": _REST}), (row.least, {"fill": _FULL}))
    )
    return element(
        "g",
        {},
        title(f"{row.name}: {row.label}")
        + text(left - _GAP, middle, name, _SIZE, _INK, anchor="end", family=SANS)
        + element("rect", ground)
        + areas
        + text(left + _WIDTH + 6, middle, row.label, _SIZE, _INK),
    )


def _area(values: Sequence[int], left: float, floor: float, width: float, tall: float) -> str:
    """Return the outline of steps above a floor."""
    steps = "".join(
        f"L{left + number * width:.1f} {floor - tall * value:.1f}H{left + (number + 1) * width:.1f}"
        for number, value in enumerate(values)
    )
    return f"M{left:.1f} {floor:.1f}{steps}V{floor:.1f}Z"


def _bar(row: Bar, name: str, left: float, top: float, scale: float) -> str:
    base, height = top + _LINE / 2 + _SIZE / 3, _LINE - 8
    whole: Attributes = {"x": left, "y": top + 4, "width": row.length * scale, "height": height, "fill": _REST}
    part: Attributes = {**whole, "width": row.filled * scale, "fill": _FULL}
    return element(
        "g",
        {},
        title(f"{row.name}: {row.label}")
        + text(left - _GAP, base, name, _SIZE, _INK, anchor="end", family=SANS)
        + element("rect", whole)
        + element("rect", part)
        + text(left + row.length * scale + 6, base, row.label, _SIZE, _INK),
    )
