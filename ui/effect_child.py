"""Schedules kernels by themselves for the window: a request a line of standard input, an answer a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allo_studio.diagnostics import AlloError
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.project.calibration import read_calibration
from allo_studio.targets import operators
from ui.effects import Figures

__all__ = ["answer", "main"]


def main() -> int:
    """Answer requests until there are no more."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)).to_json()), flush=True)
    return 0


def answer(request: Mapping[str, Any]) -> Figures:
    """Return the figures of a request's kernel; where cycles depend on data they have none, and say on what."""
    try:
        found = read_calibration(Path(request["file"])) if request["file"] else None
        known = found.calibration if found else None
        library = operators(request["profile"], request["clock_ns"], request["family"], known)
        schedule = schedule_kernel(KernelIR.parse(request["kernel"], name=request["name"]), library)
        intervals = [row.interval for row in schedule.loops() if row.pipelined and row.interval is not None]
        needs = schedule.depends_on
        return Figures(
            None if needs else schedule.latency,
            max(intervals, default=None),
            dict(schedule.resources.counts),
            f"its cycles depend on data: {needs[0]}" if needs else "",
        )
    except AlloError as error:
        return Figures(why=f"not predicted: {error.diagnostics[0].message}")
    except ValueError as fault:
        return Figures(why=f"not predicted: {fault}")


if __name__ == "__main__":
    sys.exit(main())
