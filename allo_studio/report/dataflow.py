"""A report's dataflow, a graph at a time: its processes, the channels between them, and which process sets the pace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from allo_studio.report.model import ChannelRow, LoopRow, ProcessRow, Report

__all__ = ["Flow", "FlowChannel", "FlowProcess", "flow_of", "graphs_of"]


@dataclass(frozen=True)
class FlowProcess:
    """A process of a graph: a block, or a graph inside of it (`inside` are then its blocks, and figures are of all).

    Latency, interval and stall are cycles: of a graph those of the block in it that takes longest. `ii` is the largest
    of its pipelined loops, None where there is none.
    """

    path: str
    name: str
    kernel: str
    latency: int
    interval: int
    stall: int
    ii: int | None
    dsp: int
    inside: int = 1
    graph: bool = False

    @property
    def stalled(self) -> float:
        """The part of its time that it waits on channels."""
        return self.stall / max(self.latency + self.stall, 1)


@dataclass(frozen=True)
class FlowChannel:
    """A channel: `source` and `targets` are names of processes, `@PORT` for a port of the graph."""

    row: ChannelRow
    source: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Flow:
    """A graph. `bottleneck` names the process with the largest interval, and `why` says what it is due to."""

    path: str
    processes: tuple[FlowProcess, ...]
    channels: tuple[FlowChannel, ...]
    bottleneck: str = ""
    why: str = ""


def graphs_of(report: Report) -> tuple[str, ...]:
    """Return the paths of the graphs that have blocks, the top first."""
    found = {report.top: None}
    for row in report.processes:
        parts = row.path.split("/")[:-1]
        found.update({"/".join(parts[: n + 1]): None for n in range(len(parts))})
    return tuple(found)


def flow_of(report: Report, path: str) -> Flow:
    """Return a graph of a report by its path; one without blocks is empty."""
    inside: dict[str, list[ProcessRow]] = {}
    for row in report.processes:
        if row.path.startswith(f"{path}/"):
            inside.setdefault(row.path.removeprefix(f"{path}/").partition("/")[0], []).append(row)
    processes = tuple(_process(report, path, name, rows) for name, rows in inside.items())
    channels = tuple(_channels(report, path, set(inside)))
    slowest = max(processes, key=lambda each: each.interval, default=None)
    if slowest is None:
        return Flow(path, processes, channels)
    return Flow(path, processes, channels, slowest.name, _why(report, path, slowest, processes))


def _process(report: Report, path: str, name: str, rows: Sequence[ProcessRow]) -> FlowProcess:
    slowest = max(rows, key=lambda row: row.latency + row.stall)
    graph = slowest.path != f"{path}/{name}"
    paths = {row.path for row in rows}
    intervals = [loop.ii for loop in report.loops if loop.path in paths and loop.ii]
    return FlowProcess(
        path=f"{path}/{name}",
        name=name,
        kernel=f"{len(rows)} block{'s' * (len(rows) != 1)}" if graph else slowest.kernel,
        latency=slowest.latency,
        interval=max(row.interval for row in rows),
        stall=slowest.stall,
        ii=max(intervals, default=None),
        dsp=sum(row.dsp for row in rows),
        inside=len(rows),
        graph=graph,
    )


def _channels(report: Report, path: str, names: set[str]) -> Iterator[FlowChannel]:
    for row in report.channels:
        # Reports of earlier versions lack the ends.
        if row.id.rpartition("/")[0] != path or not row.source or not row.target:
            continue
        source, *targets = (_end(end, path) for end in (row.source, *row.target.split(", ")))
        if all(end.startswith("@") or end in names for end in (source, *targets)):
            yield FlowChannel(row, source, tuple(targets))


def _end(end: str, path: str) -> str:
    """Return the process of a channel's end `cascade/mm1.C`, or `@A` for the graph's own port `cascade.A`."""
    place, _, port = end.rpartition(".")
    return f"@{port}" if place == path else place.removeprefix(f"{path}/")


def _why(report: Report, path: str, slowest: FlowProcess, processes: Sequence[FlowProcess]) -> str:
    if len(processes) == 1:
        said = f"{slowest.name} is the only process"
    else:
        said = f"{slowest.name} has the largest interval: {slowest.interval:,} cycles between two inputs"
    if path == report.top and report.interval > slowest.interval:
        waits = "its processes wait for each other, on channels that are no FIFOs or too shallow to overlap"
        return f"{said}; the graph takes {report.interval:,}: {waits}."
    return f"{said}. {_mend(report, slowest)}".rstrip()


def _mend(report: Report, slowest: FlowProcess) -> str:
    own = [row for row in report.loops if _is_inside(row, slowest.path)]
    limited = [row for row in own if row.ii is not None and row.ii > 1]
    if limited:
        row = max(limited, key=lambda each: each.latency or 0)
        return f"Its loop {row.loop} starts an iteration every {row.ii} cycles: {row.reason}."
    if any(row.pipelined for row in own):
        return "Its pipelines start an iteration every cycle: only fewer iterations (unroll, or split the block) help."
    return ""


def _is_inside(row: LoopRow, path: str) -> bool:
    return row.path == path or row.path.startswith(f"{path}/")
