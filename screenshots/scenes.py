"""All scenes, in the order in which their pictures are made."""

from __future__ import annotations

from screenshots import block_scenes, canvas_scenes, report_scenes, tutorial_scenes, window_scenes
from screenshots.scene import table_of

__all__ = ["SCENES"]

SCENES = table_of(
    canvas_scenes.SCENES,
    block_scenes.SCENES,
    report_scenes.SCENES,
    window_scenes.SCENES,
    tutorial_scenes.SCENES,
)
