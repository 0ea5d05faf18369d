"""What a scene is, and how scenes are gathered into one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtGui import QPixmap

from screenshots.stage import Stage

__all__ = ["Scene", "table_of"]


@dataclass(frozen=True)
class Scene:
    """A picture: its `name` is its file's, `caption` what it shows; `play` begins at a stage that was reset."""

    name: str
    caption: str
    play: Callable[[Stage], QPixmap]


def table_of(*parts: Iterable[Scene]) -> dict[str, Scene]:
    """Return scenes by their names. Raises ValueError where two have the same."""
    found: dict[str, Scene] = {}
    for scene in (scene for part in parts for scene in part):
        if scene.name in found:
            raise ValueError(f"two scenes are named {scene.name}")
        found[scene.name] = scene
    return found
