"""What the window's actions on projects and their files do: make, open, save, close."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMenu

from allo_studio.design.edits import ReplaceProject
from ui.builder import Builder
from ui.dialogs import Prompts
from ui.panels import Panels
from ui.recent import forget_recent, recent_projects, remember_project, shown_path
from ui.session import Session
from ui.targets import TargetChoice

__all__ = ["FileCommands"]


class FileCommands:
    """The window's methods that its actions on files call."""

    session: Session
    prompts: Prompts
    _level_changed: Callable[[], None]
    _show_generated: Callable[[], None]
    _message: Callable[[str], None]
    panels: Panels
    builder: Builder
    targets: TargetChoice
    _autosave: QTimer
    # Where blocks were drawn, by graph: what has no place in the file must not jump when others move.
    _drawn: dict[str, dict[str, tuple[float, float]]]

    def open_project(self, path: Path) -> bool:
        """Open a project unless the person wants to keep the present one; offers to take up unsaved work."""
        if not self.may_leave() or not self.session.open(Path(path)):
            return False
        self._drawn.clear()
        self._take_target()
        self._remember()
        self.panels.report.show_report(None)
        self._show_generated()
        self._level_changed()
        unsaved = self.session.recoverable()
        if unsaved is not None:
            if self.prompts.recover(unsaved.name):
                self.session.do(ReplaceProject(unsaved, "Take up unsaved work"))
            else:
                self.session.discard_autosave()
        return True

    def _remember(self) -> None:
        if self.session.loaded is not None:
            remember_project(self.session.loaded.file)
            self.panels.welcome.show_recent(recent_projects())

    def fill_recent(self, menu: QMenu) -> None:
        """Put the projects that were open last into a menu."""
        menu.clear()
        found = recent_projects()
        for path in found:
            menu.addAction(shown_path(path), partial(self.open_project, path))
        if not found:
            menu.addAction("None yet").setEnabled(False)
            return
        menu.addSeparator()
        menu.addAction("Forget them", self._forget_recent)

    def _forget_recent(self) -> None:
        forget_recent()
        self.panels.welcome.show_recent([])

    def _take_target(self) -> None:
        if self.session.loaded is not None:
            self.targets.open(self.session.loaded.file)

    def may_leave(self) -> bool:
        """Ask about unsaved changes; False means to stay."""
        project = self.session.project
        if project is None or not self.session.dirty:
            return True
        answer = self.prompts.unsaved(project.name)
        if answer == "save":
            return self.do_save()
        if answer == "discard":
            self._autosave.stop()
            self.session.discard_autosave()
        return answer == "discard"

    def _folder(self) -> Path:
        return self.session.loaded.root.parent if self.session.loaded else Path.cwd()

    def do_new(self) -> None:
        """Make a project."""
        path = self.prompts.new_folder(self._folder())
        if path is not None and self.may_leave() and self.session.new(path):
            self._drawn.clear()
            self._take_target()
            self._remember()
            self._level_changed()

    def do_open(self) -> None:
        """Open a project."""
        path = self.prompts.project_to_open(self._folder())
        if path is not None:
            self.open_project(path)

    def do_save(self) -> bool:
        """Save; where the file has changed on disk, ask whether to overwrite it."""
        saved = self.session.save()
        loaded = self.session.loaded
        if not saved and self.session.conflict and loaded and self.prompts.overwrite(loaded.file.name):
            saved = self.session.save(overwrite=True)
        if saved:
            self._autosave.stop()
            self._message("Saved")
        return saved

    def do_save_as(self) -> None:
        """Save a copy and go on in it."""
        path = self.prompts.save_as(self._folder())
        if path is not None and self.session.save_as(path) and self.session.loaded is not None:
            self.targets.move(self.session.loaded.file)
            self._remember()

    def do_close_project(self) -> None:
        """Close the project, not the window."""
        if self.may_leave():
            self.builder.cancel()
            self.session.close()
            self.panels.report.show_report(None)
            self._show_generated()
            self.panels.code.show_source(None)
