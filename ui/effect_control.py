"""Has the kernels of the shown schedule, and the step in its form, predicted, and shows what is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from allo_studio.design.model import Target
from allo_studio.diagnostics import AlloError
from ui.effects import Figures, Prediction
from ui.predictor import Predictor
from ui.schedule_panel import SchedulePanel
from ui.session import Session

if TYPE_CHECKING:
    from allo_studio.hardware.operators import OperatorLibrary
    from allo_studio.ir import KernelIR

__all__ = ["EffectControl"]


class EffectControl(QObject):
    """Between a session and a schedule's panel. With `rtl` figures are of the operators of our own RTL."""

    def __init__(self, session: Session, panel: SchedulePanel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._panel = session, panel
        self.predictor = Predictor(self)
        self.rtl = False
        self._irs: tuple[KernelIR, ...] = ()
        self._libraries: dict[tuple[Target, bool], OperatorLibrary] = {}
        self.predictor.told.connect(self._show)
        panel.form.tried.connect(lambda *_: self._ask())
        panel.effects.toggled.connect(lambda _: self._ask())

    def choose(self, rtl: bool) -> None:
        """Take the operators of another target."""
        self.rtl = rtl
        self._ask()

    def show_kernels(self, irs: Sequence[KernelIR]) -> None:
        """Predict a kernel before its first step and after each."""
        self._irs = tuple(irs)
        self._ask()

    def forget(self) -> None:
        """Read the calibration of the project again."""
        self._libraries.clear()

    def _library(self) -> OperatorLibrary:
        """Return the operators of the target; raises AlloError."""
        # Loaded where it is needed: a start does without it.
        from allo_studio.targets import calibration_of, device_and_library

        loaded, project = self._session.loaded, self._session.project
        assert loaded is not None
        assert project is not None
        key = (project.target, self.rtl)
        if key not in self._libraries:
            self._libraries[key] = device_and_library(project, calibration_of(loaded), rtl=self.rtl)[1]
        return self._libraries[key]

    def _questions(self, kernels: Sequence[KernelIR]) -> list[Prediction]:
        library, loaded = self._library(), self._session.loaded
        return [Prediction.of(kernel, library, str(loaded.file) if loaded else "") for kernel in kernels]

    def _ask(self) -> None:
        form = self._panel.form
        tried = [kernel for kernel in form.trial if kernel is not None] if form.isVisible() else []
        if not self._panel.effects.on or not self._irs:
            self.predictor.want(())
            self._panel.show_effects(())
            form.show_effect(None)
            return
        try:
            # What is being edited is what the person waits for.
            self.predictor.want(self._questions([*tried, *self._irs]))
        except AlloError as error:
            self.predictor.want(())
            self._panel.show_effects((), f"not predicted: {error.diagnostics[0].message}")
            return
        self._show()

    def _show(self) -> None:
        if not self._panel.effects.on or not self._irs:
            return
        self._panel.show_effects(self._figures(self._irs))
        before, after = self._panel.form.trial
        if before is not None and after is not None:
            self._panel.form.show_effect(self._figures((before, after)))

    def _figures(self, kernels: Sequence[KernelIR]) -> list[Figures | None]:
        return [self.predictor.figures(question.key) for question in self._questions(kernels)]
