"""What a build is asked for and what it gives: values that can be had without the stages that make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from allo_studio.diagnostics import Diagnostic, has_errors

if TYPE_CHECKING:
    from allo_studio.origins import LineMap
    from allo_studio.report import Report
    from allo_studio.report.vendor import VendorReport

__all__ = ["Artifact", "BuildResult", "Engine", "Target", "VendorUse"]

Target = Literal["hls", "rtl"]
Engine = Literal["hls", "rtl", "jit"]


@dataclass(frozen=True)
class VendorUse:
    """Which use a build makes of the vendor's tool.

    `run` is `found` (synthesise where there is one), `always` (a tool that is missing is an error) or `never`. `cosim`
    also simulates the RTL, and wants a tool. The run is ended after `timeout_s` seconds.
    """

    run: Literal["found", "always", "never"] = "found"
    cosim: bool = False
    timeout_s: float = 2 * 3600.0


@dataclass(frozen=True)
class Artifact:
    """A file that a build made."""

    kind: str
    path: Path


@dataclass(frozen=True)
class BuildResult:
    """What a build or simulation gave. `ok` is False where a simulation found a difference or a synthesis failed.

    `vendor` are the reports of the vendor's tool, where a build ran it. `lines` tells what the lines of the design's
    C++ stand for, by the name of the file.
    """

    report: Report
    artifacts: tuple[Artifact, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    vendor: tuple[VendorReport, ...] = ()
    lines: Mapping[str, LineMap] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether there is no error among the diagnostics."""
        return not has_errors(self.diagnostics)
