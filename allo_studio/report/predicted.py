"""The figures of a design that other tools tell too, as they are predicted: the first columns of those by origin.

For the HLS target there are two predictions: that of the schedule, which the whole report is of, and what the report of
Vitis HLS would say by that tool's rules (`design.estimate`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from allo_studio.backends.vitis import channel_names, loop_labels
from allo_studio.design.estimate import PartEstimates, estimate_parts
from allo_studio.design.region import IpProcess, LeafProcess, Process, Region, RegionProcess
from allo_studio.design.timing import SizedDesign
from allo_studio.diagnostics import AlloError
from allo_studio.hardware.estimate import LoopEstimate, loop_estimates, predicted_loops
from allo_studio.report.model import PROFILE, RESOURCES, FigureRow, Report

__all__ = ["predicted_figures"]

_Values = Mapping[str, float | None]


def predicted_figures(report: Report, sized: SizedDesign, functions: Mapping[str, str]) -> tuple[FigureRow, ...]:
    """Return the rows of a report's design, its blocks, loops and FIFOs.

    `functions` are those of the C++ by instance path, empty for what is no HLS target. What no hardware of the vendor's
    tool is known for has no column of its model.
    """
    rows = _Rows(report, sized, functions, _parts(sized) if functions else None)
    return tuple(rows.all())


def _parts(sized: SizedDesign) -> PartEstimates | None:
    if sized.library.profile != PROFILE:
        return None
    with suppress(AlloError):
        return estimate_parts(sized.region, sized.library)
    return None


class _Rows:
    def __init__(
        self, report: Report, sized: SizedDesign, functions: Mapping[str, str], parts: PartEstimates | None
    ) -> None:
        self.report, self.sized, self.functions, self.parts = report, sized, functions, parts
        self.blocks = {row.path: row for row in report.processes}

    def all(self) -> Iterator[FigureRow]:
        yield from self._design()
        yield from self._region(self.sized.region)

    def _design(self) -> Iterator[FigureRow]:
        path, known = self.sized.region.path, self.report.cycles[self.report.profile]
        latency: dict[str, float | None] = {"predicted": self.report.latency, "simulated": known.get("simulated")}
        if self.parts:
            latency["csynth model"] = self.parts.latencies.get(path)
            latency["cosim model"] = self.parts.cosim
        interval = {"predicted": self.report.interval, "simulated": known.get("simulated_interval")}
        yield self._row("design", path, "latency", latency)
        yield self._row("design", path, "interval", interval)
        for row in self.report.resources:
            yield self._row("design", path, row.name, {"predicted": row.used})
        # Nothing is predicted of it but that it is met.
        yield self._row("design", path, "clock period", {})

    def _region(self, region: Region) -> Iterator[FigureRow]:
        for process in region.processes:
            yield from self._process(process)
        names: Mapping[str, str] = {}
        if self.functions:
            names = channel_names(region, [self.functions[process.path] for process in region.processes])
        for channel in region.channels:
            if channel.kind == "fifo" and channel.depth:
                found = self._row("channel", channel.id, "depth", {"predicted": channel.depth})
                yield replace(found, function=names.get(channel.name, ""))

    def _process(self, process: Process) -> Iterator[FigureRow]:
        model = self.parts.latencies.get(process.path) if self.parts else None
        if isinstance(process, RegionProcess):
            yield self._row("graph", process.path, "latency", {"csynth model": model})
            for name in RESOURCES:
                yield self._row("graph", process.path, name, {})
            yield from self._region(process.region)
            return
        own = self.blocks[process.path]
        yield self._row("block", process.path, "latency", {"predicted": own.latency, "csynth model": model})
        yield self._row("block", process.path, "interval", {"predicted": own.interval})
        for name, used in zip(RESOURCES, (own.dsp, own.lut, own.ff, own.bram, own.uram), strict=True):
            yield self._row("block", process.path, name, {"predicted": used})
        if not isinstance(process, IpProcess):
            yield from self._loops(process)

    def _loops(self, process: LeafProcess) -> Iterator[FigureRow]:
        ours = predicted_loops(self.sized.processes[process.path].schedule)
        model = loop_estimates(self.parts.schedules[process.path]) if self.parts else ()
        known = {(loop.function, loop.loops): loop for loop in model}
        for loop in ours:
            # What a function of the kernel has is told where that is a function of the C++.
            if loop.function != process.ir.name:
                continue
            loops = process.ir.loops()
            labels = loop_labels(loops)
            name = "/".join(loops[number].id for number in loop.loops)
            label = "/".join(labels[number] for number in loop.loops)
            for figure, values in _of_loops(loop, known.get((loop.function, loop.loops))):
                found = self._row("loop", process.path, figure, values)
                yield replace(found, name=name, label=label)

    def _row(self, kind: str, path: str, figure: str, values: _Values) -> FigureRow:
        known = {origin: value for origin, value in values.items() if value is not None}
        return FigureRow(kind, path, figure, known, function=self.functions.get(path, ""))


def _of_loops(ours: LoopEstimate, model: LoopEstimate | None) -> Sequence[tuple[str, _Values]]:
    def both(name: str) -> _Values:
        return {"predicted": getattr(ours, name), "csynth model": getattr(model, name) if model else None}

    named = (("II", "interval"), ("iteration latency", "iteration"), ("latency", "latency"))
    return [(figure, both(name)) for figure, name in named]
