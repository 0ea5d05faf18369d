"""What a calibration came to, as a value and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.calibration import CalibratedOperator, Calibration, ComparedFigure, ReportOrigin
from allo_studio.hardware.operators import Operator, OperatorLibrary

__all__ = ["CalibrationResult", "OperatorChange", "operator_changes"]


@dataclass(frozen=True)
class OperatorChange:
    """An operator of a calibration, and what the library has for it, None where that is nothing."""

    found: CalibratedOperator
    library: Operator | None


@dataclass(frozen=True)
class CalibrationResult:
    """What reports showed, and the vendor's figures beside those predicted without and with it.

    `calibration` is None where they showed nothing. `file` is where it was written, None where it was not.
    `library_read_latency` is that of a memory in the library, in cycles.
    """

    project: str
    calibration: Calibration | None
    changes: tuple[OperatorChange, ...]
    figures: tuple[ComparedFigure, ...]
    diagnostics: tuple[Diagnostic, ...]
    library_read_latency: int
    file: Path | None = None

    def mean_errors(self) -> Mapping[str, tuple[float, float, int]]:
        """Return of each figure the mean of its errors without signs, before and after, and of how many."""
        found: dict[str, list[tuple[float, float]]] = {}
        for row in self.figures:
            before, after = row.errors
            if before is not None and after is not None:
                found.setdefault(row.figure, []).append((abs(before), abs(after)))
        return {
            name: (fmean(b for b, _ in pairs), fmean(a for _, a in pairs), len(pairs)) for name, pairs in found.items()
        }

    def grown(self) -> tuple[str, ...]:
        """Return the figures whose mean error is greater with the calibration than without."""
        return tuple(name for name, (before, after, _) in self.mean_errors().items() if after > before)

    def to_json(self) -> dict[str, Any]:
        """Return the `calibration` of the JSON document (`docs/json.md`)."""
        known = self.calibration
        return {
            "file": str(self.file) if self.file else None,
            "target": {"device": known.device, "family": known.family, "clock_ns": known.clock_ns} if known else None,
            "operators": [_change_json(change) for change in self.changes],
            "memory": {
                "read_latency": known.memory.read_latency,
                "library": self.library_read_latency,
                "memories": known.memory.memories,
                "report": _origin_json(known.memory.origin),
            }
            if known and known.memory
            else None,
            "figures": [_figure_json(row) for row in self.figures],
            "mean_errors": {
                name: {"before": before, "after": after, "count": count}
                for name, (before, after, count) in self.mean_errors().items()
            },
        }


def operator_changes(calibration: Calibration | None, library: OperatorLibrary) -> tuple[OperatorChange, ...]:
    """Return the operators of a calibration beside those of a library without it."""
    return tuple(OperatorChange(found, _known(found.name, library)) for found in _operators(calibration))


def _operators(calibration: Calibration | None) -> Sequence[CalibratedOperator]:
    return calibration.operators if calibration else ()


def _known(name: str, library: OperatorLibrary) -> Operator | None:
    base, _, kind = name.partition(".")
    try:
        return library.operator(base, int(kind) if kind.isdecimal() else kind)
    except AlloError:
        return None


def _change_json(change: OperatorChange) -> dict[str, Any]:
    found, library = change.found, change.library
    return {
        "name": found.name,
        "latency": found.latency,
        "resources": dict(found.resources),
        "library": {"latency": library.latency, "resources": dict(library.resources), "source": library.source}
        if library
        else None,
        "core": found.core,
        "instances": found.instances,
        "report": _origin_json(found.origin),
    }


def _origin_json(origin: ReportOrigin) -> dict[str, str]:
    return dict(vars(origin))


def _figure_json(row: ComparedFigure) -> dict[str, Any]:
    before, after = row.errors
    return {
        "where": row.where,
        "figure": row.figure,
        "vendor": row.vendor,
        "before": row.before,
        "after": row.after,
        "error_before": before,
        "error_after": after,
    }
