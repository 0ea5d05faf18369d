"""The projects that were open last, remembered on this computer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ui.settings import remembered, settings

__all__ = ["forget_recent", "last_open", "recent_projects", "remember_open", "remember_project", "shown_path"]

_KEY, _MOST = "recent", 10
_OPEN, _MOST_OPEN = "open", 50


def recent_projects() -> list[Path]:
    """Return the project files, the last first, without those that are gone."""
    return _files(_KEY)


def last_open() -> list[Path]:
    """Return the files of the projects that were open together last, in their order, without those that are gone."""
    return _files(_OPEN)


def remember_open(files: Iterable[Path]) -> None:
    """Note which projects are open."""
    settings().setValue(_OPEN, [str(path.resolve()) for path in files][:_MOST_OPEN])


def _files(key: str) -> list[Path]:
    return [path for name in remembered(key) if (path := Path(name)).is_file()]


def remember_project(file: Path) -> None:
    """Put a project first."""
    first = file.resolve()
    others = [path for path in recent_projects() if path != first]
    settings().setValue(_KEY, [str(path) for path in (first, *others)][:_MOST])


def shown_path(file: Path) -> str:
    """Return how a project file is named to a person: its folder, from the home folder where it lies in it."""
    folder = file.parent if file.name == "project.yaml" else file
    home = Path.home()
    return f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)


def forget_recent() -> None:
    """Forget all of them."""
    settings().remove(_KEY)
