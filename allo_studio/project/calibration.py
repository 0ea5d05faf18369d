"""The file of a project's calibration, beside the project file: checked when read, written as a whole.

It has `format`, `target` (device, family, clock_ns), `reports` (file, tool, version, part, date), `operators` by name
(latency, DSP, FF, LUT where known, core, instances, report: its number, from 1), `memory` (read_latency, memories,
report) and `figures`: what was compared when it was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.calibration import (
    MOST_LATENCY,
    MOST_READ_LATENCY,
    CalibratedMemory,
    CalibratedOperator,
    Calibration,
    ComparedFigure,
    ReportOrigin,
)
from allo_studio.hardware.operator_table import CORE_KINDS
from allo_studio.hardware.operators import OperatorLibrary, load_operators
from allo_studio.project.document import parse_document
from allo_studio.project.emit import flow
from allo_studio.project.faults import Faults
from allo_studio.project.files import file_error, read_text, write_atomically
from allo_studio.source import Source

__all__ = [
    "CALIBRATED_PROFILE",
    "CalibrationFile",
    "calibration_file",
    "calibration_text",
    "forget_calibration",
    "parse_calibration",
    "read_calibration",
    "write_calibration",
]

# The operator library whose figures reports of Vitis HLS correct.
CALIBRATED_PROFILE = "vitis"
_FORMAT = 1
_MOST_BYTES = 16 << 20
_KEYS = ("format", "target", "reports", "operators", "memory", "figures")
_REPORT_KEYS = ("file", "tool", "version", "part", "date")
_OPERATOR_KEYS = ("latency", *CORE_KINDS, "core", "instances", "report")
_MEMORY_KEYS = ("read_latency", "memories", "report")
_FIGURE_KEYS = ("where", "figure", "vendor", "before", "after")
_HEAD = """\
# What the vendor's reports of this project show of its operators. Checks, builds and estimates take these figures
# before those of the library, at this clock and for this family of devices. Written by `allo-studio calibrate`;
# `allo-studio calibrate PROJECT --forget` removes it.
"""
_NOTES = {
    "reports": "The reports that the figures are from, counted from 1.",
    "operators": "Latencies in cycles, and what each instance takes. Resources that are not here are the library's.",
    "memory": "The cycles that a read of a block memory takes.",
    "figures": "What was compared: the vendor's figures, and those predicted without this file and with it.",
}
_HINT = "run `allo-studio calibrate` again, or remove the file"


@dataclass(frozen=True)
class CalibrationFile:
    """A calibration, and what was compared when it was made."""

    calibration: Calibration
    figures: tuple[ComparedFigure, ...] = ()


def calibration_file(project: Path) -> Path:
    """Return the path of the calibration of a project file: `calibration.yaml` beside `project.yaml`.

    Another project file has its own (`NAME.calibration.yaml`), since a folder may hold several.
    """
    name = "calibration.yaml" if project.stem == "project" else f"{project.stem}.calibration.yaml"
    return project.with_name(name)


def read_calibration(project: Path) -> CalibrationFile | None:
    """Return the calibration beside a project file, None where there is none; raises AlloError (`file`, `yaml`)."""
    file = calibration_file(project)
    if not file.is_symlink() and not file.exists():
        return None
    return parse_calibration(read_text(file, _MOST_BYTES, "calibration in YAML"), file.name)


def write_calibration(project: Path, found: CalibrationFile) -> Path:
    """Write the calibration beside a project file, whole or not at all; returns its path, raises AlloError (`file`)."""
    file = calibration_file(project)
    write_atomically(file, calibration_text(found))
    return file


def forget_calibration(project: Path) -> Path | None:
    """Remove the calibration beside a project file; returns its path, None where there was none; raises AlloError."""
    file = calibration_file(project)
    try:
        file.unlink()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise file_error(f"{file.name} cannot be removed: {reason}", file, "check its permissions") from error
    return file


def calibration_text(found: CalibrationFile) -> str:
    """Return the text of the file; the same calibration gives the same bytes."""
    known = found.calibration
    told = [operator.origin for operator in known.operators] + ([known.memory.origin] if known.memory else [])
    origins = list(dict.fromkeys(told))
    number = {origin: place for place, origin in enumerate(origins, 1)}
    target = {"device": known.device, "family": known.family, "clock_ns": known.clock_ns}
    lines = [f"format: {_FORMAT}", f"target: {flow(target)}"]
    lines += _section("reports", [f"- {flow(_named(_REPORT_KEYS, astuple(origin)))}" for origin in origins])
    lines += _section(
        "operators", [f"{flow(o.name)}: {flow(_operator_entry(o, number[o.origin]))}" for o in known.operators]
    )
    if known.memory:
        values = (known.memory.read_latency, known.memory.memories, number[known.memory.origin])
        lines += [f"# {_NOTES['memory']}", f"memory: {flow(dict(zip(_MEMORY_KEYS, values, strict=True)))}"]
    lines += _section("figures", [f"- {flow(dict(zip(_FIGURE_KEYS, astuple(f), strict=True)))}" for f in found.figures])
    return _HEAD + "\n".join(lines) + "\n"


def _section(key: str, entries: Sequence[str]) -> list[str]:
    return [f"# {_NOTES[key]}", f"{key}:", *(f"  {entry}" for entry in entries)] if entries else []


def _named(keys: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return {key: value for key, value in zip(keys, values, strict=True) if value != ""}


def _operator_entry(operator: CalibratedOperator, report: int) -> dict[str, Any]:
    tail = {"core": operator.core, "instances": operator.instances, "report": report}
    return {"latency": operator.latency, **dict(operator.resources), **tail}


@lru_cache(maxsize=16)
def parse_calibration(text: str, name: str) -> CalibrationFile:
    """Return the calibration of a text, `name` being its file's; raises AlloError (`yaml`) with all its faults."""
    try:
        document = parse_document(Source(name, text))
    except AlloError as error:
        # The hints there are for a file that somebody writes.
        raise AlloError([replace(fault, hint=_HINT) for fault in error.diagnostics]) from None
    faults = Faults(document.place, document.key_span)
    found = _Reader(faults).file(document.root.plain)
    if faults.found or found is None:
        raise AlloError([_with_hint(fault, name) for fault in faults.found])
    return found


def _with_hint(fault: Diagnostic, name: str) -> Diagnostic:
    return fault if fault.hint else replace(fault, where=fault.where or name, hint=_HINT)


class _Reader:
    """Takes the plain values of a file apart; what is wrong with them is in `faults`."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def file(self, plain: Any) -> CalibrationFile | None:
        top = self._faults.take_mapping(plain, (), _KEYS)
        if not self._format(top):
            return None
        if "target" not in top:
            self._faults.add((), "there is no 'target'", _HINT)
            return None
        device, library = self._target(top.get("target", {}))
        origins = [
            self._origin(entry, index)
            for index, entry in enumerate(self._faults.take_list(top.get("reports", []), ("reports",)))
        ]
        if library is None:
            return None
        entries = self._faults.take_mapping(top.get("operators", {}), ("operators",))
        operators = [self._operator(name, entry, library, origins) for name, entry in entries.items()]
        figures = self._faults.take_list(top.get("figures", []), ("figures",))
        compared = [self._figure(entry, index) for index, entry in enumerate(figures)]
        memory = self._memory(top["memory"], origins) if "memory" in top else None
        if self._faults.found:
            return None
        known = tuple(operator for operator in operators if operator)
        calibration = Calibration(device, library.family, library.clock_ns, known, memory)
        return CalibrationFile(calibration, tuple(figure for figure in compared if figure))

    def _format(self, top: Mapping[str, Any]) -> bool:
        number = self._faults.take_int(top.get("format"), ("format",), 1)
        if number is not None and number > _FORMAT:
            message = f"the format {number} is newer than this version of Allo Studio reads"
            self._faults.add(("format",), message, "update Allo Studio, or calibrate again")
        return number == _FORMAT

    def _target(self, value: Any) -> tuple[str, OperatorLibrary | None]:
        """Return the device and the library whose operators the figures are of."""
        path = ("target",)
        entries = self._faults.take_mapping(value, path, ("device", "family", "clock_ns"))
        device = self._faults.take_text(entries.get("device"), (*path, "device"))
        family = self._faults.take_text(entries.get("family"), (*path, "family"))
        clock = self._faults.take_number(entries.get("clock_ns"), (*path, "clock_ns"))
        if device is None or family is None or clock is None:
            return "", None
        try:
            return device, load_operators(CALIBRATED_PROFILE, float(clock), family)
        except AlloError as error:
            for fault in error.diagnostics:
                self._faults.add(path, fault.message, fault.hint)
        return device, None

    def _origin(self, value: Any, index: int) -> ReportOrigin:
        path = ("reports", index)
        entries = self._faults.take_mapping(value, path, _REPORT_KEYS)
        found = {key: self._faults.take_text(text, (*path, key)) or "" for key, text in entries.items()}
        if "file" not in entries:
            self._faults.add(path, "there is no 'file'", _HINT)
        return ReportOrigin(**{key: found.get(key, "") for key in _REPORT_KEYS})

    def _operator(
        self, name: str, value: Any, library: OperatorLibrary, origins: Sequence[ReportOrigin]
    ) -> CalibratedOperator | None:
        path = ("operators", name)
        if not _exists(name, library):
            known = ", ".join(library.names)
            self._faults.add(path, "there is no such operator", f"write NAME.TYPE; known are {known}", at_key=True)
            return None
        entries = self._faults.take_mapping(value, path, _OPERATOR_KEYS)
        latency = self._number(entries, path, "latency", 0, MOST_LATENCY)
        kinds = [kind for kind in CORE_KINDS if kind in entries]
        resources = [(kind, self._faults.take_int(entries[kind], (*path, kind), 0)) for kind in kinds]
        core = self._faults.take_text(entries.get("core"), (*path, "core"))
        instances = self._faults.take_int(entries.get("instances"), (*path, "instances"), 1)
        origin = self._report(entries, path, origins)
        if latency is None or core is None or instances is None or origin is None:
            return None
        counts = tuple((kind, count) for kind, count in resources if count is not None)
        return CalibratedOperator(name, latency, counts, core, instances, origin)

    def _memory(self, value: Any, origins: Sequence[ReportOrigin]) -> CalibratedMemory | None:
        path = ("memory",)
        entries = self._faults.take_mapping(value, path, _MEMORY_KEYS)
        latency = self._number(entries, path, "read_latency", 1, MOST_READ_LATENCY)
        memories = self._faults.take_int(entries.get("memories"), (*path, "memories"), 1)
        origin = self._report(entries, path, origins)
        if latency is None or memories is None or origin is None:
            return None
        return CalibratedMemory(latency, memories, origin)

    def _figure(self, value: Any, index: int) -> ComparedFigure | None:
        path = ("figures", index)
        entries = self._faults.take_mapping(value, path, _FIGURE_KEYS)
        where = self._faults.take_text(entries.get("where"), (*path, "where"))
        figure = self._faults.take_text(entries.get("figure"), (*path, "figure"))
        vendor = self._count(entries, path, "vendor")
        before, after = (self._count(entries, path, key, none=True) for key in ("before", "after"))
        if where is None or figure is None or vendor is None:
            return None
        return ComparedFigure(where, figure, vendor, before, after)

    def _number(
        self, entries: Mapping[str, Any], path: tuple[str | int, ...], key: str, least: int, most: int
    ) -> int | None:
        number = self._faults.take_int(entries.get(key), (*path, key), least)
        if number is not None and number > most:
            self._faults.add((*path, key), f"must be at most {most}, not {number}", _HINT)
        return number

    def _count(
        self, entries: Mapping[str, Any], path: tuple[str | int, ...], key: str, none: bool = False
    ) -> int | None:
        """Return a count of at least 0, which may be as great as cycles are."""
        value = entries.get(key)
        if value is None and none:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self._faults.add((*path, key), "must be a whole number of at least 0", _HINT)
            return None
        return value

    def _report(
        self, entries: Mapping[str, Any], path: tuple[str | int, ...], origins: Sequence[ReportOrigin]
    ) -> ReportOrigin | None:
        number = self._faults.take_int(entries.get("report"), (*path, "report"), 1)
        if number is None:
            return None
        if number > len(origins):
            self._faults.add((*path, "report"), f"there is no report {number}", "reports are counted from 1")
            return None
        return origins[number - 1]


def _exists(name: str, library: OperatorLibrary) -> bool:
    """Tell whether a library has an operator of a full name, `fadd.f32` or `mul.32`, at whatever clock."""
    base, _, kind = name.partition(".")
    types = library.names.get(base, ())
    if "int" not in types:
        return kind in types
    with suppress(AlloError, ValueError):
        return kind.isdecimal() and str(int(kind)) == kind and bool(library.operator(base, int(kind)))
    return False
