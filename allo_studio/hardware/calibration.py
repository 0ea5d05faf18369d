"""Figures of operators that a vendor's reports of a project show, each with the report that it is from.

They hold for one family of devices and one clock, where they come before the library's. What the reports do not show
stays as the library has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isclose

__all__ = [
    "MOST_LATENCY",
    "MOST_READ_LATENCY",
    "MOST_TAKEN",
    "CalibratedMemory",
    "CalibratedOperator",
    "Calibration",
    "ComparedFigure",
    "ReportOrigin",
    "same_clock",
]

# Longer latencies in cycles are no operator's and no memory's, and would make schedules of that length.
MOST_LATENCY, MOST_READ_LATENCY = 5000, 64
# No operator takes more of a resource than this.
MOST_TAKEN = (1 << 31) - 1
# Reports round a period to 10 ps.
_ROUNDED_NS = 0.0051


@dataclass(frozen=True)
class ReportOrigin:
    """The report that a figure is from: its file, the tool and its version, the part, and when it was run."""

    file: str
    tool: str = ""
    version: str = ""
    part: str = ""
    date: str = ""


@dataclass(frozen=True)
class CalibratedOperator:
    """An operator (`fadd.f32`, `mul.32`) as the tool built it: latency in cycles, and the resources that it tells.

    `core` is the tool's name of what it built, `instances` how many of them the reports list.
    """

    name: str
    latency: int
    resources: tuple[tuple[str, int], ...]
    core: str
    instances: int
    origin: ReportOrigin


@dataclass(frozen=True)
class CalibratedMemory:
    """The read latency in cycles that all memories of the reports have, `memories` of them."""

    read_latency: int
    memories: int
    origin: ReportOrigin


@dataclass(frozen=True)
class Calibration:
    """What is known of a family of devices at a clock period in ns. `device` is the one whose reports told it."""

    device: str
    family: str
    clock_ns: float
    operators: tuple[CalibratedOperator, ...] = ()
    memory: CalibratedMemory | None = None

    @cached_property
    def by_name(self) -> Mapping[str, CalibratedOperator]:
        """The operators by name."""
        return {operator.name: operator for operator in self.operators}

    def fits(self, family: str, clock_ns: float) -> bool:
        """Tell whether it holds for a family of devices at a clock period in ns."""
        return family == self.family and same_clock(clock_ns, self.clock_ns)


@dataclass(frozen=True)
class ComparedFigure:
    """A figure of a function or loop (`where`): the vendor's, and as predicted without and with a calibration.

    `figure` is `latency`, `iteration latency` or `II` in cycles, or a resource. A prediction that cannot be made is
    None.
    """

    where: str
    figure: str
    vendor: int
    before: int | None
    after: int | None

    @property
    def errors(self) -> tuple[float | None, float | None]:
        """The errors of both predictions as shares of the vendor's figure, None where there is none to have."""
        return self._error(self.before), self._error(self.after)

    def _error(self, value: int | None) -> float | None:
        if value is None or (not self.vendor and value):
            return None
        return (value - self.vendor) / self.vendor if self.vendor else 0.0


def same_clock(one: float, other: float) -> bool:
    """Tell whether two periods in ns are the same but for how reports round them."""
    return isclose(one, other, rel_tol=0, abs_tol=_ROUNDED_NS)
