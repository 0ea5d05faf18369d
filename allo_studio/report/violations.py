"""What a design was asked for and does not keep, each with the reason and the place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from allo_studio.report.model import Report

__all__ = ["Violation", "violations"]


@dataclass(frozen=True)
class Violation:
    """A wish that is not kept. `kind` is `II`, `timing`, `resources` or `cycles`, `path` a block's or the design's.

    `source` is a place in a kernel's file, empty where there is none.
    """

    kind: str
    path: str
    what: str
    reason: str
    source: str = ""


def violations(report: Report) -> tuple[Violation, ...]:
    """Return what is not kept: intervals, the clock period, the device's resources, the predicted cycles."""
    return (*_intervals(report), *_timing(report), *_resources(report), *_cycles(report))


def _intervals(report: Report) -> Iterator[Violation]:
    for row in report.loops:
        if row.missed:
            what = f"loop {row.loop}: II={row.ii}, where {row.ii_asked} was asked for"
            yield Violation("II", row.path, what, row.reason, row.source)


def _timing(report: Report) -> Iterator[Violation]:
    found = False
    for row in report.loops:
        slack = report.slack_of(row.chain_ns)
        # Of loops that are one in hardware the innermost one, whose logic it is, tells it.
        if slack is not None and slack < 0 and not row.reason.startswith("flattened into"):
            found = True
            what = f"loop {row.loop}: a chain of {row.chain_ns:.3f} ns, slack {slack:+.3f} ns"
            yield Violation("timing", row.path, what, "an operation takes longer than the period by itself", row.source)
    if not found and report.slack_ns is not None and report.slack_ns < 0:
        what = f"a chain of {report.estimated_ns:.3f} ns, slack {report.slack_ns:+.3f} ns"
        yield Violation("timing", report.top, what, "an operation outside of loops takes longer than the period")


def _resources(report: Report) -> Iterator[Violation]:
    for row in report.resources:
        if row.share > 1:
            what = f"{row.used:,} {row.name} of {row.available:,}"
            yield Violation("resources", report.top, what, f"more than {report.device} has")


def _cycles(report: Report) -> Iterator[Violation]:
    counts = report.cycles[report.profile]
    for name, key, predicted in (
        ("latency", "simulated", report.latency),
        ("interval", "simulated_interval", report.interval),
    ):
        found = counts.get(key, predicted)
        if found != predicted:
            what = f"{name}: {found:,} cycles simulated, {predicted:,} predicted"
            yield Violation("cycles", report.top, what, "the simulation and the schedule differ")
