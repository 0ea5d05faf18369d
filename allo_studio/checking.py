"""From a loaded project to a checked design: what the window does after every edit."""

from __future__ import annotations

from dataclasses import replace

from allo_studio.collection import no_collection
from allo_studio.design.check import check
from allo_studio.design.check_notes import with_places
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import Project
from allo_studio.design.prepare import with_orders
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.calibration import Calibration
from allo_studio.project import LoadedProject, sources
from allo_studio.project.ip import IpBlocks
from allo_studio.targets import calibration_of, device_and_library, unused_calibration

__all__ = ["check_calibrated", "check_project"]


def check_project(loaded: LoadedProject, project: Project | None = None) -> CheckedDesign:
    """Check a project, or an edited `project` of the same folder: structure, types, layouts and FIFO order.

    So is its calibration; that one for another target is not used is a note.
    """
    known: Calibration | None = None
    notes: tuple[Diagnostic, ...] = ()
    try:
        known = calibration_of(loaded)
    except AlloError as error:
        notes = error.diagnostics
    checked = check_calibrated(loaded, project, known)
    notes = notes or unused_calibration(known, checked.project, loaded)
    return replace(checked, diagnostics=(*checked.diagnostics, *notes)) if notes else checked


@no_collection()
def check_calibrated(loaded: LoadedProject, project: Project | None, known: Calibration | None) -> CheckedDesign:
    """Check a project, or an edited one of the same folder, whose operators have the figures of a calibration."""
    edited = project is not None and project != loaded.project
    files = sources(loaded.root)
    spans = None if edited else loaded.spans
    checked = check(project or loaded.project, files, spans, files.array, IpBlocks(files))
    try:
        checked = with_orders(checked, device_and_library(checked.project, known)[1])
    except AlloError as error:
        checked = replace(checked, diagnostics=(*checked.diagnostics, *error.diagnostics))
    if edited:
        return checked
    return replace(checked, diagnostics=with_places(checked.project, checked.diagnostics, loaded.spans))
