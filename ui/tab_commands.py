"""What the window's actions on tabs do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ui.build_control import BuildControl
from ui.dialogs import Prompts
from ui.panels import Panels
from ui.recent import remember_open
from ui.session import Session
from ui.work import Work

__all__ = ["TabCommands"]


class TabCommands:
    """The window's methods that its actions on tabs call."""

    session: Session
    panels: Panels
    prompts: Prompts
    build_control: BuildControl
    # The files of the open projects as they were remembered last.
    _opened: list[Path]
    _update_actions: Callable[[], None]
    _may_close: Callable[[Work], bool]
    settle: Callable[[], None]

    def do_next_tab(self) -> None:
        """Show the project to the right of this one, after the last the first."""
        self._turn_tab(1)

    def do_previous_tab(self) -> None:
        """Show the project to the left of this one, before the first the last."""
        self._turn_tab(-1)

    def do_close_project(self) -> None:
        """Close the project in front, not the window."""
        self.close_work(self.session.work)

    def close_work(self, work: Work) -> None:
        """Close a project, after a question where it is not saved; a build of it is cancelled."""
        self.settle()
        if self._may_close(work):
            self.build_control.forget(work)
            self.session.close(work)

    def _turn_tab(self, by: int) -> None:
        works = self.session.works
        if len(works) > 1:
            at = works.index(self.session.work)
            self.session.show_work(works[(at + by) % len(works)])

    def show_tabs(self) -> None:
        """Show the open projects as they are now."""
        works = self.session.works
        self.panels.tabs.show_works(works, self.session.work, self.build_control.work)
        opened = [work.loaded.file.resolve() for work in works if work.loaded]
        if opened != self._opened:
            remember_open(opened)
            self._opened = opened
        self._update_actions()
