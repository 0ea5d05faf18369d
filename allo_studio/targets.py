"""Which operators a project is built from: its device's or those of our own RTL, and what its calibration says."""

from __future__ import annotations

from allo_studio.design.model import Project
from allo_studio.diagnostics import Diagnostic
from allo_studio.hardware.calibration import Calibration
from allo_studio.hardware.devices import Device, device_names, find_device
from allo_studio.hardware.operators import OperatorLibrary, load_operators, profile_families
from allo_studio.project import LoadedProject
from allo_studio.project.calibration import CALIBRATED_PROFILE, calibration_file, read_calibration

__all__ = [
    "PROFILE",
    "RTL_PROFILE",
    "calibration_of",
    "device_and_library",
    "operators",
    "profile_for",
    "unused_calibration",
]

PROFILE = "vitis"
# The operators that our own RTL has.
RTL_PROFILE = "open"


def device_and_library(
    project: Project, known: Calibration | None = None, *, rtl: bool = False
) -> tuple[Device, OperatorLibrary]:
    """Return a project's device and operator library, with a calibration where it is of that one.

    With `rtl` it is that of our own RTL. Raises AlloError (code `target`).
    """
    device = find_device(project.target.device)
    profile = RTL_PROFILE if rtl else profile_for(device)
    library = operators(profile, project.target.clock_ns, device.family, known)
    # Every design adds and multiplies: ask now, so that a clock without figures is told as such.
    library.operator("fadd", "f32")
    return device, library


def operators(profile: str, clock_ns: float, family: str, known: Calibration | None) -> OperatorLibrary:
    """Return an operator library, with the project's calibration where it is of this one; raises AlloError."""
    library = load_operators(profile, clock_ns, family)
    applies = known is not None and profile == CALIBRATED_PROFILE and known.fits(family, clock_ns)
    return library.calibrated(known) if applies else library


def calibration_of(loaded: LoadedProject) -> Calibration | None:
    """Return the calibration beside a project, None where there is none; raises AlloError."""
    found = read_calibration(loaded.file)
    return found.calibration if found else None


def unused_calibration(known: Calibration | None, project: Project, loaded: LoadedProject) -> tuple[Diagnostic, ...]:
    """Return a note where a calibration is for another family of devices or clock than the project's."""
    target = project.target
    if known is None or target.device not in device_names():
        return ()
    if known.fits(find_device(target.device).family, target.clock_ns):
        return ()
    name = calibration_file(loaded.file).name
    message = (
        f"{name} is for {known.family} at {known.clock_ns:g} ns, and is not used for {target.device} at "
        f"{target.clock_ns:g} ns"
    )
    hint = "run `allo-studio calibrate` with reports for this target, or with --forget"
    return (Diagnostic("calibration", message, where="target", hint=hint, severity="note"),)


def profile_for(device: Device) -> str:
    """Return the operator library that figures are of: the vendor's where it has the device's family, else our own."""
    return PROFILE if device.family in profile_families(PROFILE) else "open"
