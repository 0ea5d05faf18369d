"""A calibration as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.calibration.result import CalibrationResult, OperatorChange
from allo_studio.hardware.calibration import ComparedFigure
from allo_studio.hardware.operator_table import CORE_KINDS
from allo_studio.report.columns import indented, section

__all__ = ["calibration_table"]

_OPERATOR_HEAD = ("operator", "latency", *CORE_KINDS, "instances", "core")
_FIGURE_HEAD = ("where", "figure", "vendor", "before", "error", "after", "error")
_ERROR_HEAD = ("figure", "compared", "before", "after")


def calibration_table(result: CalibrationResult) -> str:
    """Return what was learned and compared as tables."""
    known = result.calibration
    title = f"{result.project}: the reports show no figures of operators; nothing is calibrated"
    if known:
        title = (
            f"{result.project}: calibration for {known.family} at {known.clock_ns:g} ns, from reports of {known.device}"
        )
    origins = dict.fromkeys(change.found.origin for change in result.changes)
    if known and known.memory:
        origins[known.memory.origin] = None
    read = [f"{' '.join(filter(None, (o.tool, o.version)))}: {o.file} ({o.part}, {o.date})" for o in origins]
    memory = []
    if known and known.memory:
        latency, before = known.memory.read_latency, result.library_read_latency
        memory = [
            f"A read of a memory takes {latency} cycles (library: {before}), in {known.memory.memories} memories."
        ]
    mean = [(name, str(n), f"{b:.1%}", f"{a:.1%}") for name, (b, a, n) in result.mean_errors().items()]
    grown = []
    if result.grown():
        because = "the reports may be of an earlier version, or what was an error of two causes is now one of one"
        grown = [f"{', '.join(result.grown())}: {because}."]
    parts = (
        title,
        indented("Reports", read),
        section("Operators (the library's figures in brackets)", _OPERATOR_HEAD, list(_operators(result)), 1, [6]),
        indented("Memories", memory),
        section("Predicted by the tool's rules", _FIGURE_HEAD, [_figure(row) for row in result.figures], 2),
        section("Mean error, without sign", _ERROR_HEAD, mean, 1),
        indented("Greater with the calibration", grown),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _operators(result: CalibrationResult) -> Iterator[tuple[str, ...]]:
    for change in result.changes:
        found = change.found
        cells = [_beside(found.latency, change.library.latency if change.library else None)]
        resources = dict(found.resources)
        cells += [_beside(resources.get(kind), _library(change, kind)) for kind in CORE_KINDS]
        yield (found.name, *cells, f"{found.instances:,}", found.core)


def _library(change: OperatorChange, kind: str) -> int | None:
    return change.library.resources.get(kind) if change.library else None


def _beside(found: int | None, library: int | None) -> str:
    """Return a figure and the library's; what the reports do not show stays the library's."""
    return f"{'-' if found is None else found} ({'?' if library is None else library})"


def _figure(row: ComparedFigure) -> tuple[str, ...]:
    before, after = (f"{error:+.1%}" if error is not None else "-" for error in row.errors)
    return (row.where, row.figure, f"{row.vendor:,}", _count(row.before), before, _count(row.after), after)


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
