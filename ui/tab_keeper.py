"""What the window keeps of a project while another one is in front."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF

from ui.build_log import LogPage
from ui.panels import Panels
from ui.results import built_for
from ui.session import Session
from ui.targets import TargetChoice

__all__ = ["TabKeeper"]


class TabKeeper(QObject):
    """Keeps how a project was looked at when another comes to the front, and shows it so when it comes back."""

    def __init__(self, session: Session, panels: Panels, targets: TargetChoice) -> None:
        super().__init__(session)
        self._session, self._panels, self._targets = session, panels, targets
        session.leaving.connect(self._keep)
        session.entered.connect(self._restore)

    def _keep(self) -> None:
        sight, canvas = self._session.work.sight, self._panels.canvas
        # A wire that is being drawn belongs to this project, also where the next has blocks of the same names.
        canvas.view.stop_wire()
        sight.blocks, sight.wires = canvas.selected_blocks(), canvas.selected_wires()
        shown = canvas.view.scene_range()
        sight.scene = (shown.x(), shown.y(), shown.width(), shown.height())

    def _restore(self) -> None:
        work, panels = self._session.work, self._panels
        sight, result = work.sight, work.result
        if work.loaded is not None:
            self._targets.open(work.loaded.file)
        if sight.log is None:
            sight.log = LogPage()
        panels.log.show_page(sight.log)
        panels.report.builds = sight.builds
        panels.report.show_report(result.report if result else None, built_for(result))
        panels.report.mark_fresh(work.up_to_date)
        panels.code.show_source(None)
        if sight.scene is not None:
            panels.canvas.view.show_scene(QRectF(*sight.scene))
        panels.canvas.select_blocks(sight.blocks, sight.wires)
