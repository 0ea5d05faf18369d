"""Columns by origin: a vendor's figures beside those that were predicted, for each part of a design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from allo_studio.report.columns import section
from allo_studio.report.model import PREDICTIONS, RESOURCES, FigureRow, Report

# What reads a vendor's reports is loaded where there is one: it takes a while.
if TYPE_CHECKING:
    from allo_studio.report.vendor import Instance, Latency, Loop, Resource, VendorReport

__all__ = ["ORIGIN_COLUMNS", "figure_cell", "joined", "loop_figures", "origins_of", "origins_text", "told"]

# All columns, in the order of the flow; the two models are of what the vendor's tool would say.
ORIGIN_COLUMNS = ("predicted", "csynth model", "csynth", "cosim model", "cosim", "simulated", "synth", "impl")
# How the RTL names what holds a FIFO.
_FIFO_ENDS = ("", "_U", "_fifo_U", "_channel_U", "_c_U")


def joined(report: Report, vendor: Sequence[VendorReport]) -> Report:
    """Return a report whose figures have the columns of a vendor's reports too; of one origin the last counts."""
    rows = report.figures
    for found in vendor:
        known = _Vendor(found)
        rows = tuple(_with(row, found.origin, known.figure(row)) for row in rows)
    return replace(report, figures=rows)


def origins_of(report: Report) -> tuple[str, ...]:
    """Return the columns that a report has figures for, in the order of the flow."""
    known = {origin for row in report.figures for origin in row.values}
    return tuple(origin for origin in ORIGIN_COLUMNS if origin in known)


def told(report: Report) -> tuple[FigureRow, ...]:
    """Return the rows that a tool or a simulation says something of, and those of the whole design with a model."""
    return tuple(
        row
        for row in report.figures
        if set(row.values) - set(PREDICTIONS) or (row.kind == "design" and len(row.values) > 1)
    )


def figure_cell(row: FigureRow, origin: str, gap: str = " ") -> str:
    """Return a figure for a person to read, with how far off the prediction is in brackets; empty where it is none."""
    value, error = row.values.get(origin), row.error(origin)
    if value is None:
        return ""
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}"
    return text if error is None else f"{text}{gap}({error:+.1%})"


def origins_text(report: Report) -> str:
    """Return the table of figures by origin, with how far the prediction is off; empty where there is one only."""
    rows, origins = told(report), origins_of(report)
    if not rows:
        return ""
    lines = [(row.path, row.name, row.figure, *(figure_cell(row, origin) or "-" for origin in origins)) for row in rows]
    head = ("part", "loop", "figure", *origins)
    title = "Figures by origin (in brackets: how far what was predicted for it is off)"
    return section(title, head, lines, left=3)


def loop_figures(loop: Loop) -> Mapping[str, int | None]:
    """Return the figures of a loop in a vendor's report by the names that ours have; of a range the greatest."""
    from allo_studio.report.vendor import Range

    iteration = loop.iteration_latency if loop.iteration_latency != Range() else loop.depth
    return {"latency": loop.latency.high, "iteration latency": iteration.high, "II": loop.interval.high}


def _with(row: FigureRow, origin: str, value: float | None) -> FigureRow:
    others = {name: known for name, known in row.values.items() if name != origin}
    return replace(row, values=others if value is None else {**others, origin: value})


class _Vendor:
    """One report, asked for the figures of parts of a design."""

    def __init__(self, report: VendorReport) -> None:
        self.report = report
        from allo_studio.report.vendor.matching import ReportNames

        self.names = ReportNames(report)
        self.fifos = {fifo.name: fifo for module in report.modules for fifo in module.fifos}
        self.fifos |= {fifo.name: fifo for fifo in report.fifos}
        self.instances: dict[str, list[Instance]] = {}
        if report.hierarchy:
            for _, instance in report.hierarchy.walk():
                self.instances.setdefault(instance.module, []).append(instance)

    def figure(self, row: FigureRow) -> float | None:
        """Return a figure that the report gives, None where it does not; what is below 0 is no count of anything."""
        found = self._given(row)
        return None if found is None or found < 0 else found

    def _given(self, row: FigureRow) -> float | None:
        match row.kind:
            case "design":
                # A report may be of another design, or of one that this one is a part of.
                own = row.function or row.path
                same = self.report.general.top == own
                return self._design(row.figure) if same else self._module(own, row.figure)
            case "channel":
                names = (f"{row.function}{end}" for end in _FIFO_ENDS) if row.function else iter(())
                found = next((self.fifos[name] for name in names if name in self.fifos), None)
                return found.depth if found else None
            case "loop":
                return self._loop(row) if row.function else None
        return self._module(row.function, row.figure) if row.function else None

    def _loop(self, row: FigureRow) -> int | None:
        labels = row.label.split("/")
        loop = self.names.loop(row.function, labels)
        # Where the tool flattened less of a nest, its loop takes a part of the cycles.
        if loop is None or (row.figure == "latency" and loop.name != "_".join(labels)):
            return None
        return loop_figures(loop).get(row.figure)

    def _design(self, figure: str) -> float | None:
        report = self.report
        if figure == "clock period":
            return self._period()
        if figure in RESOURCES:
            known = report.top.resources or (report.hierarchy.resources if report.hierarchy else ())
            return _used(known, figure)
        return _cycles(report.latency, figure)

    def _period(self) -> float | None:
        """Return the clock period in ns that a design is estimated or found to reach."""
        timing, slacks = self.report.top.timing, self.report.slacks
        if self.report.origin == "synth" and timing.synthesized_ns is not None:
            return timing.synthesized_ns
        if timing.estimated_ns is not None:
            return timing.estimated_ns
        asked = timing.target_ns or next((clock.period_ns for clock in self.report.clocks if clock.period_ns), None)
        return None if asked is None or slacks.wns is None else asked - slacks.wns

    def _module(self, function: str, figure: str) -> float | None:
        module = self.names.module(function)
        if figure in RESOURCES:
            known = module.resources if module else ()
            of_module = self.instances.get(function, [])
            # Several instances of a function share what is said of it only where it is said of the module.
            if not known and len(of_module) == 1:
                known = of_module[0].resources
            return _used(known, figure)
        return _cycles(module.latency, figure) if module else None


def _cycles(latency: Latency, figure: str) -> int | None:
    return {"latency": latency.worst, "interval": latency.interval.high}.get(figure)


def _used(resources: Sequence[Resource], name: str) -> int | None:
    return next((resource.used for resource in resources if resource.name == name), None)
