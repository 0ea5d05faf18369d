"""Figures as a report shows them: `?` for an unknown one, `min ~ max` for a range."""

from __future__ import annotations

from allo_studio.report.vendor.figures import Range, Times

__all__ = ["count", "ns", "of_range", "of_times", "plain", "time"]

_UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "us"))


def count(value: int | None) -> str:
    """Return a whole number with its thousands parted."""
    return "?" if value is None else f"{value:,}"


def plain(value: float | None) -> str:
    """Return a number as short as it can be."""
    return "?" if value is None else f"{value:g}"


def ns(value: float | None) -> str:
    """Return nanoseconds with three digits behind the point, as the tools do."""
    return "?" if value is None else f"{value:.3f}"


def time(nanoseconds: float | None) -> str:
    """Return a time in the unit in which it is at least one."""
    if nanoseconds is None:
        return "?"
    size, unit = next(((size, unit) for size, unit in _UNITS if abs(nanoseconds) >= size), (1.0, "ns"))
    # Longer times are given with three digits; zeros behind them would promise more.
    return f"{nanoseconds / size:.6g} {unit}"


def of_range(value: Range) -> str:
    """Return `12`, `1 ~ 25`, or `?`."""
    return count(value.low) if value.low == value.high else f"{count(value.low)} ~ {count(value.high)}"


def of_times(value: Times) -> str:
    """Return a time, or two."""
    return time(value.low) if value.low == value.high else f"{time(value.low)} ~ {time(value.high)}"
