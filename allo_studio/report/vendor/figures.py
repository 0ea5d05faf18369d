"""Figures of a vendor's report from their text: a figure is what the text says, or unknown, and nothing else.

Vivado HLS and Vitis HLS write `undef` (XML), `?` and `-` (text) and `NA` (co-simulation) for what they do not know or
do not have, and `LOW ~ HIGH` for a figure that differs between runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

__all__ = [
    "UNKNOWN",
    "UNKNOWN_TIMES",
    "NoFigure",
    "Range",
    "Times",
    "decimal",
    "nanoseconds",
    "range_of",
    "share",
    "times_of",
    "whole",
]

# What stands where there is no figure, or where the tool could not tell one.
_NOTHING = ("", "-", "undef", "?", "NA", "N/A")
# Longer ones are no counts of anything that is built.
_MOST_DIGITS = 18
_WHOLE = re.compile(rf"[+-]?[0-9]{{1,{_MOST_DIGITS}}}", re.ASCII)
_DECIMAL = re.compile(
    rf"[+-]?[0-9]{{1,{_MOST_DIGITS}}}(\.[0-9]{{1,{_MOST_DIGITS}}})?([eE][+-]?[0-9]{{1,2}})?", re.ASCII
)
_SHARE = re.compile(r"[~<]?\s*[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]{1,16}", re.ASCII)
# The units in which the tools write times, in nanoseconds.
_UNITS = {"ps": Decimal("0.001"), "ns": Decimal(1), "us": Decimal(10**3), "ms": Decimal(10**6), "sec": Decimal(10**9)}


class NoFigure(ValueError):
    """A text that should be a figure and is none; its message says what was expected."""


@dataclass(frozen=True)
class Range:
    """A whole number from `low` to `high`, which are equal where a report gives one; None is what it does not know."""

    low: int | None = None
    high: int | None = None

    @property
    def exact(self) -> int | None:
        """The one number that it is, or None."""
        return self.low if self.low == self.high else None


@dataclass(frozen=True)
class Times:
    """A time from `low` to `high` nanoseconds; None is what a report does not know."""

    low: float | None = None
    high: float | None = None


UNKNOWN = Range()
UNKNOWN_TIMES = Times()


def whole(text: str) -> int | None:
    """Return a whole number (`0x10` is one too), None for an unknown one; raises NoFigure."""
    text = text.strip()
    if text in _NOTHING:
        return None
    if _HEX.fullmatch(text):
        return int(text, 16)
    if not _WHOLE.fullmatch(text):
        raise NoFigure("a whole number")
    return int(text)


def decimal(text: str) -> float | None:
    """Return a number, None for an unknown one; raises NoFigure."""
    text = text.strip()
    if text in _NOTHING:
        return None
    if not _DECIMAL.fullmatch(text):
        raise NoFigure("a number")
    return float(text)


def nanoseconds(text: str) -> float | None:
    """Return a time in ns, None for an unknown one; raises NoFigure. A time without a unit is in ns."""
    number, _, unit = text.strip().partition(" ")
    unit = unit.strip()
    if number in _NOTHING and (not unit or unit in _UNITS):
        return None
    if not _DECIMAL.fullmatch(number) or unit not in ("", *_UNITS):
        raise NoFigure("a time, such as 12.280 us")
    # Decimal keeps 12.280 us from becoming 12279.999999999998 ns.
    return float(Decimal(number) * _UNITS[unit or "ns"])


def range_of(text: str) -> Range:
    """Return `12`, or `1 ~ 25`, as a range; raises NoFigure."""
    low, between, high = text.partition("~")
    try:
        found = Range(whole(low), whole(high if between else low))
    except NoFigure:
        raise NoFigure("a whole number, or two with ~ between them") from None
    if found.low is not None and found.high is not None and found.low > found.high:
        raise NoFigure("a range whose first number is not above its second")
    return found


def times_of(text: str) -> Times:
    """Return `2.150 us`, or `10.000 ns ~ 1.250 us`, as times; raises NoFigure."""
    low, between, high = text.partition("~")
    return Times(nanoseconds(low), nanoseconds(high if between else low))


def share(text: str) -> str:
    """Return a percentage as the tool wrote it (`22`, `~0`, `<0.01`), empty for none; raises NoFigure.

    The tools cut or round it, so the text says more than a number would: `~0` is not 0.
    """
    text = text.strip().removesuffix("%").strip()
    if text in _NOTHING:
        return ""
    if not _SHARE.fullmatch(text):
        raise NoFigure("a percentage")
    return text
