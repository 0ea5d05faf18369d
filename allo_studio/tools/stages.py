"""How far a run of Vitis HLS is, from what it prints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Stages", "Step"]

StageName = Literal["simulate", "synthesise", "cosimulate", "export"]


@dataclass(frozen=True)
class Step:
    """Where a run is: its stage, what it does there, and the part of its steps that it has entered (0 to 1)."""

    stage: StageName
    message: str
    fraction: float


# A line's pattern, the stage, what it says; a group of the pattern is what the step is about. In the order of a run;
# a pattern of the same number as its forerunner's is of the same step.
_STEPS: tuple[tuple[int, str, StageName, str], ...] = (
    (0, r"Running: csim_design|CSIM start", "simulate", "C simulation"),
    (1, r"Running: csynth_design|Analyzing design file '([^']*)'", "synthesise", "reading {}"),
    (2, r"Starting code transformations", "synthesise", "transforming the code"),
    (3, r"Starting hardware synthesis", "synthesise", "preparing the modules"),
    (4, r"-- Implementing module '([^']*)'", "synthesise", "scheduling {}"),
    (4, r"Starting micro-architecture generation", "synthesise", "binding {}"),
    (5, r"-- Generating RTL for module '([^']*)'", "synthesise", "writing the RTL of {}"),
    (6, r"Finished Command csynth_design|Finished Generating all RTL models", "synthesise", "synthesised"),
    (7, r"Running: cosim_design|\[COSIM 212-", "cosimulate", "co-simulation"),
    (8, r"Running: export_design|\[IMPL 213-", "export", "packing"),
)
_COUNT = _STEPS[-1][0] + 1
_PATTERNS = tuple((number, re.compile(pattern), stage, text) for number, pattern, stage, text in _STEPS)


class Stages:
    """Reads the lines of a run in order."""

    def __init__(self) -> None:
        self._step: Step | None = None
        self._about = "the code"
        self._furthest = 0

    def read(self, lines: Iterable[str]) -> Step | None:
        """Return where the run is after these lines, None before its first step; it never goes back."""
        for line in lines:
            for number, pattern, stage, text in _PATTERNS:
                found = pattern.search(line)
                if found and number >= self._furthest:
                    self._enter(number, stage, text, found.group(1) if pattern.groups else None)
                    break
        return self._step

    def _enter(self, number: int, stage: StageName, text: str, about: str | None) -> None:
        self._furthest = number
        if about:
            self._about = about.rsplit("/", 1)[-1]
        self._step = Step(stage, text.format(self._about), number / _COUNT)
