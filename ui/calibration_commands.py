"""What the window's action on calibration does: from a vendor's report to figures of operators for the project."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project import LoadedProject
from ui.background import Background
from ui.dialogs import Prompts
from ui.session import Session

__all__ = ["CalibrationCommands"]


class CalibrationCommands:
    """The window's method that its action on calibration calls."""

    session: Session
    prompts: Prompts
    calibrator: Background
    _message: Callable[[str], None]

    def do_calibrate(self) -> None:
        """Take figures of operators from a vendor's report, show what they change, and write them if that is wished."""
        session, loaded = self.session, self.session.loaded
        if loaded is None:
            return
        if session.dirty:
            self._message("Not calibrated: save the project first, since its file is what the report is compared with")
            return
        chosen = self.prompts.vendor_report(loaded.root)
        if chosen is None:
            return
        # What only builds need is not loaded at the start.
        from allo_studio.pipeline import calibrate

        work = partial(calibrate, loaded, [chosen], write=False)
        if self.calibrator.start(work, partial(self._calibrated, loaded), self._not_calibrated):
            self._message(f"Reading {chosen.name} and predicting without and with its figures…")
        else:
            self._message("Another report is being read: wait for its end")

    def _calibrated(self, loaded: LoadedProject, found: object) -> None:
        # What only builds need is not loaded at the start.
        # Loaded where it is needed: a start does without it.
        from allo_studio.calibration import CalibrationResult
        from allo_studio.project.calibration import CalibrationFile, calibration_file, write_calibration

        assert isinstance(found, CalibrationResult)
        file = calibration_file(loaded.file)
        if not self.prompts.calibration(found, file.name):
            self._message("Nothing was calibrated")
            return
        if found.calibration is None:
            return
        try:
            write_calibration(loaded.file, CalibrationFile(found.calibration, found.figures))
        except AlloError as error:
            self._not_calibrated(error.diagnostics)
            return
        if self.session.loaded is not None and self.session.loaded.file == loaded.file:
            self.session.recheck()
        self._message(f"Wrote {file.name}: builds and checks of this project take its figures from now on")

    def _not_calibrated(self, faults: tuple[Diagnostic, ...]) -> None:
        self.session.refuse(AlloError(faults), "Not calibrated")
