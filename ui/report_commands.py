"""What the window's actions on the last report do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from allo_studio.diagnostics import AlloError
from ui.build_history import Earlier, builds_of
from ui.dialogs import Prompts
from ui.panels import Panels
from ui.session import Session
from ui.view_export import save_view

__all__ = ["ReportCommands"]


class ReportCommands:
    """The window's methods that its actions on the report call."""

    session: Session
    prompts: Prompts
    panels: Panels
    _show_result: Callable[[], None]
    _message: Callable[[str], None]

    def kept_builds(self) -> tuple[Earlier, ...]:
        """Return the builds of the project in front that are kept."""
        loaded, result = self.session.loaded, self.session.result
        return builds_of(loaded.root, result.report.project) if loaded and result else ()

    def do_export_view(self) -> None:
        """Write the page of the report that is in front as a picture or as its rows."""
        result, loaded, report = self.session.result, self.session.loaded, self.panels.report
        if result is None or loaded is None:
            return
        title = report.tabs.tabText(report.tabs.currentIndex()).partition(" (")[0]
        name = f"{result.report.project}_{title.lower().replace(' ', '_')}.png"
        chosen = self.prompts.view_file(loaded.root / name)
        if chosen is None:
            return
        try:
            save_view(report.page, f"{result.report.project}: {title}", chosen)
        except AlloError as error:
            self._message(str(error.diagnostics[0].message))
            return
        self._message(f"Wrote {chosen}")

    def do_export_report(self) -> None:
        """Write the last report as one page of HTML, or as CSV files into a folder."""
        result, loaded = self.session.result, self.session.loaded
        if result is None or loaded is None:
            return
        chosen = self.prompts.report_file(loaded.root / f"{result.report.project}_report.html")
        if chosen is None:
            return
        page = chosen if chosen.suffix.lower() in (".html", ".htm") else None
        # What only builds need is not loaded at the start.
        from allo_studio.cli.reports import exported

        try:
            made = exported(result.report, None, None if page else chosen, page)
        except AlloError as error:
            self._message(str(error.diagnostics[0].message))
            return
        names = ", ".join(str(Path(file.path).name) for file in made)
        self.panels.console.did("report", self.session.work.build_folder, "--html" if page else "--csv", chosen)
        self._message(f"Wrote {names} to {made[0].path.parent}")

    def do_vendor_report(self) -> None:
        """Show the figures of a vendor's report beside those of the last build."""
        result, loaded = self.session.result, self.session.loaded
        chosen = self.prompts.vendor_report(loaded.root) if result and loaded else None
        if result is None or chosen is None:
            return
        from allo_studio.cli.reports import beside

        try:
            report = beside(result.report, chosen)
        except AlloError as error:
            self._message(str(error.diagnostics[0].message))
            return
        self.session.work.result = replace(result, report=report)
        self._show_result()
        self._message(f"The figures of {chosen.name} stand in the table by origin")
