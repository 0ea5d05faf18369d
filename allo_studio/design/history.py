"""Undo and redo: keeping the earlier values."""

from __future__ import annotations

from collections.abc import Callable

from allo_studio.design.edit_base import Edit
from allo_studio.design.model import Project

__all__ = ["History"]


class History:
    """The present project with those before and after it. Mutable; observers are told after each change."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._saved: Project | None = project
        self._done: list[tuple[str, Project]] = []
        self._undone: list[tuple[str, Project]] = []
        self._observers: list[Callable[[], None]] = []

    @property
    def project(self) -> Project:
        """The present project."""
        return self._project

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to do again."""
        return bool(self._undone)

    @property
    def undo_text(self) -> str:
        """What `undo` would take back, or an empty text."""
        return self._done[-1][0] if self._done else ""

    @property
    def redo_text(self) -> str:
        """What `redo` would do again, or an empty text."""
        return self._undone[-1][0] if self._undone else ""

    @property
    def texts(self) -> tuple[str, ...]:
        """What each edit did, from the first to the last that can be done again."""
        return tuple(text for text, _ in (*self._done, *reversed(self._undone)))

    @property
    def position(self) -> int:
        """How many of the edits are done."""
        return len(self._done)

    @property
    def saved_position(self) -> int | None:
        """How many of the edits the saved project has; None where it is none of the history's."""
        states = (*(state for _, state in self._done), self._project, *(state for _, state in reversed(self._undone)))
        return next((at for at, state in enumerate(states) if state is self._saved), None)

    @property
    def clean(self) -> bool:
        """Whether the present project is the saved one."""
        return self._project is self._saved

    def do(self, edit: Edit) -> None:
        """Apply an edit; raises AlloError and changes nothing where it does not apply. No change makes no entry."""
        changed = edit.apply(self._project)
        if changed is self._project or (changed == self._project and not _reordered(changed, self._project)):
            return
        self._done.append((edit.describe(), self._project))
        self._undone.clear()
        self._become(changed)

    def undo(self) -> None:
        """Go back by one edit; nothing happens where there is none."""
        self.go(max(self.position - 1, 0))

    def redo(self) -> None:
        """Go forward by one edit; nothing happens where there is none."""
        self.go(min(self.position + 1, len(self.texts)))

    def go(self, position: int) -> None:
        """Go to where so many edits are done, with one change that is told; raises ValueError where there is no such.

        Nothing happens where it is the present position.
        """
        if not 0 <= position <= len(self.texts):
            raise ValueError(f"there are {len(self.texts)} edits, no {position}")
        if position == self.position:
            return
        project = self._project
        while position < self.position:
            text, earlier = self._done.pop()
            self._undone.append((text, project))
            project = earlier
        while position > self.position:
            text, later = self._undone.pop()
            self._done.append((text, project))
            project = later
        self._become(project)

    def mark_saved(self) -> None:
        """Take the present project as the saved one."""
        self._saved = self._project
        self._tell()

    def mark_unsaved(self) -> None:
        """Take no project of the history as the saved one: the file says something else than each of them."""
        self._saved = None
        self._tell()

    def reset(self, project: Project) -> None:
        """Begin anew with a project that was just opened."""
        self._done.clear()
        self._undone.clear()
        self._saved = project
        self._become(project)

    def subscribe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call `observer` after each change; returns what ends that."""
        self._observers.append(observer)

        def unsubscribe() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return unsubscribe

    def _become(self, project: Project) -> None:
        self._project = project
        self._tell()

    def _tell(self) -> None:
        for observer in tuple(self._observers):
            observer()


def _reordered(one: Project, two: Project) -> bool:
    return repr(one) != repr(two)
