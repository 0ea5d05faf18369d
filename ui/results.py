"""What a build's result says of the level that is shown. Nothing here touches Qt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from allo_studio.built import BuildResult, Target
from allo_studio.origins import LineMap
from allo_studio.report.model import LoopRow, ProcessRow, Report
from allo_studio.source import Source
from nodes.picture import Overlays, channel_text
from ui.places import Level

if TYPE_CHECKING:
    from allo_studio.hardware.view import Piece

__all__ = ["LoopRows", "Made", "built_for", "file_lines", "generated", "limited", "loop_rows", "overlays", "piece_of"]

LoopRows = Mapping[tuple[str, str], LoopRow]


@dataclass(frozen=True)
class Made:
    """A file that a build generated, or none, and what its lines stand for where the build says so.

    `fresh` tells that the build was of the present design.
    """

    source: Source | None = None
    lines: LineMap = field(default_factory=LineMap)
    fresh: bool = False


_MOST_BYTES = 4 << 20
# The kinds of artifacts that are code to read.
_CODE = ("hls", "verilog")
_LANES = re.compile(r" \(\d+ lanes\)$")


def overlays(report: Report, level: Level) -> Overlays:
    """Return what is drawn on the blocks and wires of a level."""
    prefix = f"{level.path}/"
    inside: dict[str, list[ProcessRow]] = {}
    for row in report.processes:
        if row.path.startswith(prefix):
            inside.setdefault(row.path.removeprefix(prefix).partition("/")[0], []).append(row)
    slowest = {name: max(rows, key=lambda row: row.latency + row.stall) for name, rows in inside.items()}
    texts = {
        name: f"{slowest[name].latency:,} cycles  ·  {sum(row.dsp for row in rows)} DSP"
        for name, rows in inside.items()
    }
    found = {
        name: [loop.ii for loop in report.loops if loop.path == row.path and loop.ii] for name, row in slowest.items()
    }
    intervals = {name: max(of_loops) for name, of_loops in found.items() if of_loops}
    waits = {name: row.stall / max(row.latency + row.stall, 1) for name, row in slowest.items()}
    wires = {}
    for channel in report.channels:
        head, _, edge = channel.id.rpartition("/")
        if head == level.path:
            tokens = channel.depth.get(report.profile)
            wires[edge] = channel_text(channel.kind, tokens)
    return Overlays(texts, wires, waits, intervals)


def loop_rows(report: Report | None, path: str) -> LoopRows:
    """Return the report's rows of a block's loops by function and loop: a called function has loops of its own."""
    return {(row.function, row.loop): row for row in report.loops if row.path == path} if report else {}


def piece_of(report: Report, number: int) -> int | None:
    """Return the number of the piece of the schedule that a loop is, else of the first one inside it; or None.

    `number` is the loop's row. A row's place is read from the order and depth of the rows, a piece's from its names.
    """
    row, place = report.loops[number], _place(report.loops, number)
    inside = [
        (n, names, piece.source)
        for n, piece in enumerate(report.pieces)
        if (piece.path, piece.function) == (row.path, row.function)
        and (names := _loops_of(piece.place))[: len(place)] == place
    ]
    # The loop itself, of two with one name that which starts at its line; then what is inside.
    own = [found for found in inside if found[1] == place]
    own.sort(key=lambda found: found[2] != row.source)
    return next((found[0] for found in (*own, *inside)), None)


def limited(piece: Piece) -> bool:
    """Tell whether a recurrence or ports keep a pipeline from starting an iteration every cycle."""
    return (piece.interval or 1) > 1 and any(row.critical for row in piece.rows)


def _place(rows: Sequence[LoopRow], number: int) -> tuple[str, ...]:
    """Return the names of the loops around a row's and its own, outermost first."""
    names, depth = [rows[number].loop], rows[number].depth
    for row in reversed(rows[:number]):
        if row.depth < depth:
            names.append(row.loop)
            depth = row.depth
    return tuple(reversed(names))


def _loops_of(place: Sequence[str]) -> tuple[str, ...]:
    """Return the loops of a piece's place, without their lanes and the branches between them."""
    return tuple(_LANES.sub("", name) for name in place if name not in ("if", "else"))


def built_for(result: BuildResult | None) -> Target | None:
    """Return the target of a build, or None where there was none."""
    if result is None:
        return None
    return "rtl" if any(artifact.kind == "verilog" for artifact in result.artifacts) else "hls"


def generated(result: BuildResult | None, place: str, fresh: bool = False) -> Made:
    """Return the file that was generated for a block or graph; of none where there is none to read.

    C++ is in one file. Of the modules, each in a file of its own, it is that of `place` (`cascade/mm1`), or else of the
    nearest graph around it.
    """
    if result is None:
        return Made()
    made = [Path(artifact.path) for artifact in result.artifacts if artifact.kind in _CODE]
    wanted = [f"{inside.replace('/', '_')}.sv" for inside in _outwards(place)]
    modules = {path.name: path for path in made}
    for path in (*(modules[name] for name in wanted if name in modules), *made):
        try:
            text = path.read_bytes()[:_MOST_BYTES].decode("utf-8", "replace")
        except OSError:
            continue
        return Made(Source(path.name, text), result.lines.get(path.name, LineMap()), fresh)
    return Made()


def file_lines(result: BuildResult) -> list[str]:
    """Return the files that a build made, those of data together, which may be hundreds."""
    files = [(artifact.kind, Path(artifact.path)) for artifact in result.artifacts]
    data = Counter((kind, path.parent) for kind, path in files if path.suffix == ".hex")
    lines = [f"{kind:10} {path}" for kind, path in files if path.suffix != ".hex"]
    return lines + [f"{kind:10} {folder / '*.hex'}  ({count})" for (kind, folder), count in data.items()]


def _outwards(place: str) -> Iterator[str]:
    """Yield a path and those around it, outermost last."""
    while place:
        yield place
        place = place.rpartition("/")[0]
