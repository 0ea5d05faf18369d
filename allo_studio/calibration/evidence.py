"""The vendor's reports that a calibration is made from: read, and held against the project's device and clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.calibration import same_clock
from allo_studio.hardware.devices import Device, device_names, find_device
from allo_studio.report.vendor import General, VendorReport, read_report, read_solution
from allo_studio.report.vendor.merge import merge_reports

__all__ = ["Evidence", "read_evidence"]

_HINT = "give the reports of a synthesis of this project: csynth.xml, NAME_csynth.rpt or the solution's folder"


@dataclass(frozen=True)
class Evidence:
    """What the reports of a synthesis say: put together, and of each file, of which the figures are.

    Files of functions that the design no longer has, as a folder may hold them, are not among them.

    `cosim_cycles` is the latency that a co-simulation found. `notes` are those of the reports.
    """

    design: VendorReport
    files: tuple[VendorReport, ...]
    cosim_cycles: int | None = None
    notes: tuple[Diagnostic, ...] = ()


def read_evidence(paths: Sequence[Path], device: Device, clock_ns: float) -> Evidence:
    """Read the reports at paths: files, or folders of solutions.

    Raises AlloError: codes `file` and `report` where one cannot be read or none is of a synthesis, `calibration` where
    they are of another device or clock.
    """
    designs: list[VendorReport] = []
    files: list[VendorReport] = []
    cosim: list[VendorReport] = []
    for path in paths:
        found = read_solution(path) if path.is_dir() else (read_report(path),)
        designs += [report for report in found if report.origin == "csynth"]
        cosim += [report for report in found if report.origin == "cosim"]
    for report in designs:
        files += [report] if len(report.files) == 1 else [read_report(Path(name)) for name in report.files]
    if not designs:
        places = ", ".join(str(path) for path in paths)
        raise AlloError(Diagnostic("report", f"none of the reports in {places} is of a synthesis", hint=_HINT))
    notes = _require_target(designs, device, clock_ns)
    cycles = next((report.latency.worst for report in cosim if report.simulated), None)
    whole = reduce(_joined, designs)
    told = [note for report in (whole, *cosim) for note in report.notes if note.severity == "warning"]
    return Evidence(whole, tuple(files), cycles, tuple(dict.fromkeys((*notes, *told))))


def _joined(first: VendorReport, second: VendorReport) -> VendorReport:
    """Return two reports as one; the second may be of one of the first's functions."""
    same = first.general.top == second.general.top
    return merge_reports(first, second if same else replace(second, general=General()))


def _require_target(reports: Sequence[VendorReport], device: Device, clock_ns: float) -> list[Diagnostic]:
    """Raise where reports are of another device or clock, or do not tell; return what is to be known of the part."""
    notes: list[Diagnostic] = []
    clocks = False
    for report in reports:
        part, where = report.general.part, ", ".join(report.files)
        family = _family(part)
        if part and family is None:
            raise _mismatch(
                f"{where} is of the part {part}, whose family is not known here", "set the project's target"
            )
        if family not in (None, device.family):
            message = f"{where} is of the part {part}, and the project's device {device.name} is another family"
            raise _mismatch(message, "give reports for the project's device, or change the target")
        if part and _spelled(part) != _spelled(device.part):
            message = f"the figures are of the part {part}, taken for {device.part} of the same family"
            notes.append(Diagnostic("calibration", message, where=where, severity="note"))
        for period in (module.timing.target_ns for module in report.modules):
            if period is None:
                continue
            clocks = True
            if not same_clock(period, clock_ns):
                message = f"{where} is of a clock of {period:g} ns, and the project's is {clock_ns:g} ns"
                raise _mismatch(message, "synthesise the project at its clock, or change the target")
    if not any(report.general.part for report in reports):
        raise _mismatch("the reports do not tell the device that they are for", "add csynth.xml or a *_csynth.rpt")
    if not clocks:
        raise _mismatch("the reports do not tell their clock", "add csynth.xml or a *_csynth.rpt")
    return notes


def _family(part: str) -> str | None:
    """Return the family of a part, by the known device with whose name it begins."""
    known = [find_device(name) for name in device_names() if _spelled(part).startswith(_spelled(name))]
    return known[0].family if known else None


def _spelled(part: str) -> str:
    return part.lower().replace("-", "")


def _mismatch(message: str, hint: str) -> AlloError:
    return AlloError(Diagnostic("calibration", message, hint=hint))
