"""What can be searched in the command palette: actions, what can be added, projects, and blocks to go to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from ui.command_palette import Command, CommandPalette, commands_of
from ui.navigator import Navigator
from ui.places import block_paths
from ui.recent import recent_projects, shown_path
from ui.session import Session

__all__ = ["CommandSearch"]


class CommandSearch:
    """The window's method that opens the command palette, and what is in it."""

    session: Session
    navigator: Navigator
    actions_by_id: dict[str, QAction]
    open_project: Callable[[Path], bool]
    _add_in_view: Callable[[dict[str, Any]], None]

    def do_commands(self) -> None:
        """Search all commands, what can be added, projects, and the blocks of all graphs."""
        assert isinstance(self, QWidget)
        CommandPalette(self, self.commands()).exec()

    def commands(self) -> list[Command]:
        """Return what can be searched, what can be done first."""
        actions = commands_of(self.actions_by_id, ("commands",))
        return [*actions, *self._tabs(), *self._additions(), *self._projects(), *self._blocks()]

    def _additions(self) -> Iterator[Command]:
        for section in self.session.sections():
            for entry in section.entries:
                # Inputs and outputs are added by actions, with their keys.
                if not entry.faulty and entry.payload["kind"] not in ("input", "output"):
                    told = f"{section.title}: {entry.tip.partition(chr(10))[0]}"
                    name = entry.title if entry.title.startswith("Add ") else f"Add {entry.title}"
                    yield Command(name, "", told, partial(self._add_in_view, dict(entry.payload)))

    def _tabs(self) -> Iterator[Command]:
        for work in self.session.works:
            if work is not self.session.work and work.project and work.loaded:
                told = shown_path(work.loaded.file)
                yield Command(f"Go to {work.project.name}", "", told, partial(self.session.show_work, work))

    def _projects(self) -> Iterator[Command]:
        for file in recent_projects():
            if self.session.find(file) is None:
                told = f"Open this project, {file.name}"
                yield Command(f"Open {shown_path(file)}", "", told, partial(self.open_project, file))

    def _blocks(self) -> Iterator[Command]:
        for path in block_paths(self.session.project) if self.session.project else ():
            yield Command(path, "", "Go to this block", partial(self.navigator.go_to_path, path))
