"""A project file that another program changed: noticed, and merged or taken up as the person chooses."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from allo_studio.diagnostics import AlloError
from ui.dialogs import Prompts
from ui.file_watch import FileWatch
from ui.session import Session
from ui.work import Work

__all__ = ["DiskWatch"]


class DiskWatch(QObject):
    """Watches the files of the open projects.

    `tell` says a sentence. What the person chose to keep is not asked for again until the file changes once more.
    """

    def __init__(
        self, session: Session, prompts: Callable[[], Prompts], tell: Callable[[str], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._prompts, self._tell = session, prompts, tell
        self._asking = False
        self._watch = FileWatch(self.look, self)
        session.works_changed.connect(self._follow)

    def look(self) -> None:
        """Ask what to do where a file says something else than when it was read or written last."""
        self._follow()
        # While a question is open, looking would ask it again; the list may change with an answer.
        for work in () if self._asking else tuple(self._session.works):
            self._look_at(work)

    def _look_at(self, work: Work) -> None:
        if work.loaded is None:
            return
        name = work.loaded.file.name
        try:
            found = work.on_disk()
        except AlloError as error:
            self._tell(f"{name} was changed by another program and cannot be read now: {error.diagnostics[0].message}")
            return
        if found is None or found.text == work.passed_over:
            return
        if work is not self._session.work:
            name = f"{name} of {found.project.name}"
        self._asking = True
        try:
            answer = self._prompts().file_changed(name, work.dirty)
        finally:
            self._asking = False
        if answer == "keep":
            work.passed_over = found.text
            return
        # What becomes of it is to be seen.
        self._session.show_work(work)
        if self._session.take_up(found, merge=answer == "merge"):
            self._tell(f"Merged the changes of {name}" if answer == "merge" else f"Took up the changes of {name}")

    def _follow(self) -> None:
        """Watch the files of the projects that are open."""
        opened = [work.loaded for work in self._session.works if work.loaded]
        self._watch.follow(loaded.file for loaded in opened)
