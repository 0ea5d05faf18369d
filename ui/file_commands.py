"""What the window's actions on projects and their files do: make, open, save, close."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QMenu
from shiboken6 import isValid

from allo_studio.design.edits import ReplaceProject
from ui import preferences
from ui.dialogs import Prompts
from ui.kept_work import KeptWork
from ui.panels import Panels
from ui.recent import forget_recent, recent_projects, remember_project, shown_path
from ui.session import Session
from ui.targets import TargetChoice
from ui.work import Work

__all__ = ["FileCommands"]


class FileCommands:
    """The window's methods that its actions on files call."""

    session: Session
    prompts: Prompts
    _message: Callable[[str], None]
    panels: Panels
    targets: TargetChoice
    actions_by_id: dict[str, QAction]
    # The files of the projects that were open when the studio ended.
    last_time: list[Path]

    def open_project(self, path: Path) -> bool:
        """Open a project in a tab of its own, or go to the one that it has; offers to take up unsaved work."""
        before = len(self.session.works)
        if not self.session.open(Path(path)):
            return False
        self._remember()
        kept = self.session.work.kept
        if len(self.session.works) > before and kept:
            self._recover(kept)
        return True

    def _recover(self, kept: KeptWork) -> None:
        """Offer what studios that did not end well have kept, one after another until one is taken up."""
        while (unsaved := kept.left_behind()) is not None:
            answer = self.prompts.recover(unsaved.name)
            if answer == "take" and self.session.do(ReplaceProject(unsaved, "Take up unsaved work")):
                self._message("Took up unsaved work; the history of edits begins anew here")
                return
            if answer != "discard":
                kept.leave()
                return
            kept.discard()
        if kept.elsewhere():
            self._message("Another studio has unsaved work on this project; each keeps its own")

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

    def settle(self) -> None:
        """Take up what is being typed in a note or a field of the inspector, as if the person had gone on elsewhere."""
        for note in list(self.panels.canvas.notes):
            note.finish()
        box = QApplication.focusWidget()
        if isinstance(box, (QLineEdit, QAbstractSpinBox)) and self.panels.inspector.isAncestorOf(box):
            box.clearFocus()
            # An edit makes the page anew, which gives the keys to the new field.
            if isValid(box) and box.isVisible():
                box.setFocus()

    def may_leave(self) -> bool:
        """Ask about the unsaved changes of all projects; False means to stay."""
        return self._may_close(*(work for work in self.session.works if work.dirty))

    def _may_close(self, *works: Work) -> bool:
        """Ask about the unsaved changes of some projects, and save those that are to be; False means to stay."""
        discarded = []
        for work in works:
            if not work.dirty or work.project is None:
                continue
            self.session.show_work(work)
            answer = self.prompts.unsaved(work.project.name)
            if answer == "discard":
                discarded.append(work)
            elif answer != "save" or not self.do_save():
                return False
        # Only now is it sure that none of them stays.
        for work in discarded:
            if work.kept:
                work.kept.discard()
        return True

    def _folder(self) -> Path:
        return self.session.loaded.root.parent if self.session.loaded else Path.cwd()

    def do_new(self) -> None:
        """Make a project."""
        path = self.prompts.new_folder(self._folder())
        if path is not None and self.session.new(path):
            self._remember()

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
            self._message("Saved")
        return saved

    def do_save_as(self) -> None:
        """Save a copy and go on in it."""
        path, target = self.prompts.save_as(self._folder()), self.targets.chosen
        if path is not None and self.session.save_as(path):
            self.targets.choose(target)
            self._remember()
            self._message(f"Saved as {path}")

    def do_reopen(self) -> None:
        """Open the projects that were open when the studio ended."""
        for path in self.last_time:
            self.open_project(path)

    def do_keep_tabs(self) -> None:
        """Begin with the projects that were open last time from now on, or with none."""
        preferences.store(reopen=self.actions_by_id["keep_tabs"].isChecked())
