"""A report as a tree from the design down to its loops, each part with its figures, for a map of where they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from allo_studio.report.model import ADAPTERS, LoopRow, ProcessRow, Report

__all__ = ["FIGURES", "Part", "call_graph", "share_of"]

# What a map can be coloured by: the name and what it is a part of.
FIGURES = ("Latency", "Stall", "DSP", "LUT", "FF", "BRAM")


@dataclass(frozen=True)
class Part:
    """The design, a graph, a block, a function or a loop. `figures` has those of `FIGURES` that are known of it.

    `Latency` is the cycles that the part takes in an invocation of its block (of a graph: of its slowest block). A
    loop's resources are those of its own operations and of the loops in it; memories are the block's.
    """

    kind: str
    name: str
    path: str
    figures: dict[str, int] = field(default_factory=dict)
    source: str = ""
    children: tuple[Part, ...] = ()


def call_graph(report: Report) -> Part:
    """Return the design as a tree."""
    return _graph(report, report.top, "design", report.top)


def share_of(part: Part, figure: str, whole: Part) -> float | None:
    """Return which part of the whole a figure is; of `Stall` the part of the part's own time. None: not known."""
    value = part.figures.get(figure)
    if value is None:
        return None
    if figure == "Stall":
        return value / max(part.figures.get("Latency", 0) + value, 1)
    return min(value / max(whole.figures.get(figure, 0), 1), 1.0)


def _graph(report: Report, path: str, kind: str, name: str) -> Part:
    rows = {row.path: row for row in report.processes}
    names = dict.fromkeys(
        row.path.removeprefix(f"{path}/").partition("/")[0] for row in rows.values() if row.path.startswith(f"{path}/")
    )
    children = tuple(
        _block(report, rows[f"{path}/{each}"])
        if f"{path}/{each}" in rows
        else _graph(report, f"{path}/{each}", "graph", each)
        for each in names
    )
    figures = {figure: sum(child.figures[figure] for child in children) for figure in FIGURES[2:]}
    slowest = max(children, key=lambda child: child.figures["Latency"] + child.figures["Stall"], default=None)
    for figure in FIGURES[:2]:
        figures[figure] = slowest.figures[figure] if slowest else 0
    if kind == "design":
        figures["Latency"] = report.latency
    return Part(kind, name, path, figures, "", children)


def _block(report: Report, row: ProcessRow) -> Part:
    figures = {
        "Latency": row.latency, "Stall": row.stall, "DSP": row.dsp, "LUT": row.lut, "FF": row.ff, "BRAM": row.bram,
    }  # fmt: skip
    own = [loop for loop in report.loops if loop.path == row.path]
    functions: dict[str, list[LoopRow]] = {}
    for loop in own:
        functions.setdefault(loop.function, []).append(loop)
    children: list[Part] = []
    for function, loops in functions.items():
        # The loops of the block's own function stand right below it.
        if function in ("", row.kernel) or row.kernel in ADAPTERS:
            children += _loops(loops, 0, 1)
            continue
        found = tuple(_loops(loops, 0, None))
        children.append(Part("function", function, row.path, _sum(found), "", found))
    return Part("block", row.path.rpartition("/")[2], row.path, figures, "", tuple(children))


def _loops(rows: Sequence[LoopRow], depth: int, times: int | None) -> list[Part]:
    """Return the loops of a depth with those inside them; each starts so many `times` (None: not known)."""
    starts = [n for n, row in enumerate(rows) if row.depth == depth]
    found = []
    ends = [*starts[1:], len(rows)][: len(starts)]
    for start, end in zip(starts, ends, strict=True):
        row = rows[start]
        # Of a nest that is one pipeline every loop has the latency of all.
        again = times if row.pipelined else _times(times, row.trip_count)
        inside = tuple(_loops(rows[start + 1 : end], depth + 1, again))
        below = _sum(inside)
        figures = {"DSP": row.dsp, "LUT": row.lut, "FF": row.ff}
        figures = {name: value + below.get(name, 0) for name, value in figures.items()}
        cycles = _times(times, row.latency)
        if cycles is not None:
            figures["Latency"] = cycles
        found.append(Part("loop", row.loop, row.path, figures, row.source, inside))
    return found


def _times(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one * other


def _sum(parts: Sequence[Part]) -> dict[str, int]:
    names = dict.fromkeys(name for part in parts for name in part.figures if name in ("DSP", "LUT", "FF"))
    return {name: sum(part.figures.get(name, 0) for part in parts) for name in names}
