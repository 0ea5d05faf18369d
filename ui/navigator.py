"""Going to a place: from a problem to its block or wire and line, from a row of the report to what it is about."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from allo_studio.diagnostics import AlloError, Diagnostic
from ui.panels import Panels
from ui.places import Place
from ui.session import Session

__all__ = ["Navigator"]


class Navigator(QObject):
    """Shows places. `selected` tells the block and the wire that were gone to."""

    selected = Signal(object, object)

    def __init__(self, session: Session, panels: Panels) -> None:
        super().__init__(session)
        self._session, self._panels = session, panels

    def go_to(self, diagnostic: Diagnostic) -> None:
        """Go to the block or wire that a diagnostic is about, and open its source at the line."""
        place = self._session.place(diagnostic.where) if diagnostic.where else None
        if place is not None:
            self.go_to_place(place)
        if diagnostic.span is not None:
            self._panels.code.show_span(diagnostic.span, diagnostic.severity)

    def go_to_place(self, place: Place) -> None:
        """Enter the graph of a place and select and centre what is there."""
        self._session.show_level(place.level)
        self._panels.canvas.select(place.block, place.wire, place.note, centre=True)
        self.selected.emit(place.block, place.wire)
        if place.step is not None:
            self._panels.inspector.kernel_page.schedule.steps.setCurrentRow(place.step)

    def go_to_path(self, path: str) -> None:
        """Go to what a path of the report names."""
        place = self._session.place(path)
        if place is not None:
            self.go_to_place(place)

    def go_to_source(self, text: str) -> None:
        """Open a kernel file at `FILE:LINE:COLUMN`."""
        parts = text.rsplit(":", 2)
        if len(parts) != 3 or not parts[1].isdecimal():
            return
        try:
            source = self._session.source(parts[0])
        except AlloError:
            return
        self._panels.code.show_line(source, int(parts[1]))
