"""Figures that depend on an operand's width: a delay, a latency or a resource, read from data.

Data says one of these: a number; null, where no source gives the figure; `{points: {width: value, ...}}`, linear
between the points and beyond them; `{up_to: {width: figure, ...}}`, the figure of the least width not below;
`{square: factor}`, the width squared times the factor; `{tiles: piece}`, the products of pieces of that many bits that
the low half of a product is the sum of.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, TypeAlias

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.types import MOST_BITS

__all__ = ["Figure", "data_error", "read_figure"]

# The value at a width in bits, or None where no source gives it.
Figure: TypeAlias = Callable[[int], "float | None"]


def data_error(where: str, message: str) -> AlloError:
    """Return the error of a data file that is not what it should be; `where` names the file and the entry."""
    return AlloError(
        Diagnostic("target", f"{where}: {message}", where="target.device", hint="correct the data file of the library")
    )


def read_figure(data: Any, where: str) -> Figure:
    """Return the figure that data says; raises AlloError (code `target`) where it says none."""
    if data is None:
        return lambda width: None
    if not isinstance(data, Mapping):
        value = _number(data, where)
        return lambda width: value
    if len(data) != 1:
        raise data_error(where, f"a figure is of one kind, not of {len(data)}")
    ((kind, content),) = data.items()
    if kind not in _READERS:
        raise data_error(where, f"unknown kind of figure {kind!r}; known are {', '.join(sorted(_READERS))}")
    return _READERS[kind](content, f"{where}.{kind}")


def _number(data: Any, where: str) -> float:
    if isinstance(data, bool) or not isinstance(data, (int, float)) or not isfinite(data) or data < 0:
        raise data_error(where, f"expected a number of at least 0, found {data!r}")
    return data


def _widths(data: Any, where: str, least: int) -> list[int]:
    """Return the widths of a table, which must rise."""
    if not isinstance(data, Mapping) or len(data) < least:
        raise data_error(where, f"expected a table by width of at least {least} entries")
    widths = list(data)
    if any(isinstance(w, bool) or not isinstance(w, int) or w < 1 for w in widths) or widths != sorted(widths):
        raise data_error(where, "widths are whole numbers above 0 that rise")
    return widths


def _points(data: Any, where: str) -> Figure:
    widths = _widths(data, where, 2)
    values = [_number(data[width], f"{where}.{width}") for width in widths]
    if values != sorted(values):
        raise data_error(where, "values of points must not fall")

    def at(width: int) -> float:
        after = min(max(bisect_left(widths, width), 1), len(widths) - 1)
        if width in data:
            return values[widths.index(width)]
        slope = (values[after] - values[after - 1]) / (widths[after] - widths[after - 1])
        # Below the first point the line could fall below 0.
        return max(values[after - 1] + slope * (width - widths[after - 1]), 0.0)

    return at


def _up_to(data: Any, where: str) -> Figure:
    widths = _widths(data, where, 1)
    if widths[-1] < MOST_BITS:
        raise data_error(where, f"the last width must be at least {MOST_BITS}")
    parts = [read_figure(data[width], f"{where}.{width}") for width in widths]
    return lambda width: parts[bisect_left(widths, width)](width)


def _square(data: Any, where: str) -> Figure:
    factor = _number(data, where)
    return lambda width: factor * width * width


def _tiles(data: Any, where: str) -> Figure:
    piece = _number(data, where)
    if piece < 1 or piece != int(piece):
        raise data_error(where, "pieces have a whole number of bits")

    def at(width: int) -> float:
        # Pieces i and j of the operands meet below the result's width where i + j is less than the number of pieces.
        pieces = -(-width // int(piece))
        return pieces * (pieces + 1) // 2

    return at


_READERS: Mapping[str, Callable[[Any, str], Figure]] = {
    "points": _points,
    "up_to": _up_to,
    "square": _square,
    "tiles": _tiles,
}
