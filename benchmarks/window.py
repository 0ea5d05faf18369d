"""The studio's window with a thousand blocks and two thousand wires, beside NodeGraphQt 0.6.44 as it comes.

    python benchmarks/window.py             (or `make bench-ui`)

Both draw the same blocks at the same places into a canvas of the same size, without a screen, so by software. A frame
is a whole repaint of the canvas after it was panned by some pixels, first with the whole design in view and then at
full size. They take turns, each run in a process of its own; ratios are of the medians of a turn. The rest is of the
studio alone: what a person waits for while a wire is drawn (each event with the painting that it causes), for an undo
(until it is painted; items are those that it makes anew or moves), for the start of the program (from the call to the
first frame, from the second start on), and how long the longest event waits while projects are built.

Exits with 1 where a figure is above its limit.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from window_design import write_design

__all__ = ["Figure", "Run", "compared", "main", "measured", "started"]

TURNS, STARTS = 3, 5
FIT, WHOLE, FULL = 0.05, 0.5, 1.0
FIRST_MS, EVENT_MS, ITEM_MS, MEMORY_MB, START_S = 2500.0, 50.0, 3.0, 600.0, 1.5
ROUTE_MS = 1000.0
# Built while events are timed: as C++ and as RTL.
BUILDS = (("transformer_layer", "hls"), ("gemm_cascade", "rtl"), ("image_pipeline", "rtl"))
HERE = Path(__file__).resolve().parent
# Runs a part of `window_parts.py` with its arguments and returns what it prints.
Run = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Figure:
    """What was measured, and the most that it may be."""

    name: str
    value: float
    limit: float
    unit: str = ""
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is within its limit."""
        return self.value <= self.limit


def run_part(*arguments: str) -> dict[str, Any]:
    """Run a part in a process of its own."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join([str(HERE.parent)])}
    part = ["window_start.py"] if arguments[0] == "start" else ["window_parts.py", *arguments]
    command = [sys.executable, str(HERE / part[0]), *part[1:]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = next(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    except (ValueError, StopIteration):
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}") from None
    return found


def compared(stock: Sequence[Mapping[str, Any]], ours: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Return the ratios to NodeGraphQt of the turns, of both in the same turn."""
    figures = []
    for name, key, limit in (("fit", "fit", FIT), ("whole frame", "whole", WHOLE), ("full-size frame", "full", FULL)):
        pairs = [(_median(one[key]), _median(two[key])) for one, two in zip(stock, ours, strict=True)]
        ratio = statistics.median(mine / theirs for theirs, mine in pairs)
        theirs, mine = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
        figures.append(Figure(f"{name}, of NodeGraphQt's", ratio, limit, "×", f"{mine:.1f} of {theirs:.1f} ms"))
    return figures


def measured(ours: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Return the figures of the window alone: medians of the turns, of each turn's longest where each event counts."""
    first = statistics.median(turn["first"] for turn in ours)
    drags = [max(turn["drag"]) for turn in ours]
    figures = [
        Figure("first paint", first, FIRST_MS, "ms", f"{ours[0]['blocks']} blocks, {ours[0]['wires']} wires"),
        Figure("longest event while a wire is drawn", statistics.median(drags), EVENT_MS, "ms"),
    ]
    for number, undo in enumerate(ours[0]["undo"]):
        undone = statistics.median(turn["undo"][number]["ms"] for turn in ours)
        limit = EVENT_MS + ITEM_MS * undo["items"]
        figures.append(Figure(f"undo: {undo['edit']}", undone, limit, "ms", f"{undo['items']} items"))
    routed = statistics.median(_median(turn["routed"]) for turn in ours)
    figures.append(Figure("wires laid anew, most around blocks", routed, ROUTE_MS, "ms", "1000 blocks"))
    figures.append(Figure("memory", max(turn["memory"] for turn in ours), MEMORY_MB, "MB"))
    return figures


def started(run: Run) -> Figure:
    """Return how long the program takes to start, warm."""
    times = []
    for _ in range(STARTS + 1):
        began = time.time()
        times.append(run("start")["at"] - began)
    return Figure("start to a window that can be used", statistics.median(times[1:]), START_S, "s")


def built(run: Run, folder: Path) -> Iterable[Figure]:
    """Yield the longest wait of an event while each of some examples is built."""
    for project, target in BUILDS:
        copy = folder / f"{project}-{target}"
        shutil.copytree(HERE.parent / "projects" / project, copy)
        found = run("build", str(copy), target)
        note = f"{found['seconds']:.1f} s{'' if found['ok'] else ', FAILED'}"
        yield Figure(f"longest wait while {project} is built ({target})", max(found["waits"]), EVENT_MS, "ms", note)


def main(run: Run = run_part, turns: int = TURNS) -> int:
    """Measure and print; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="allo-") as name:
        folder = Path(name)
        (folder / "many").mkdir()
        design = str(write_design(folder / "many"))
        stock, ours = [], []
        for _ in range(turns):
            stock.append(run("stock"))
            ours.append(run("ours", design))
        figures = [*compared(stock, ours), *measured(ours), started(run), *built(run, folder)]
    for figure in figures:
        mark = "" if figure.holds else "   ABOVE"
        print(f"{figure.name:<58} {figure.value:9.2f} {figure.unit:<2} (at most {figure.limit:g}) {figure.note}{mark}")
    return 0 if all(figure.holds for figure in figures) else 1


def _median(value: float | Sequence[float]) -> float:
    return float(value) if isinstance(value, int | float) else statistics.median(value)


if __name__ == "__main__":
    sys.exit(main())
