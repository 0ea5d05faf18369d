"""Thousands of random edits in one open window: model, canvas, file and history say the same all the time.

ALLO_SEED in the environment gives others than those of every run.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import effort
import mixed_projects
import pytest
from random_rates import multirate
from random_sitting import Sitting, recording

from ui.window import Window

EXAMPLES = Path(__file__).parents[2] / "projects"
# Together they have all kinds of blocks, graphs in graphs, notes, rates, values at reset and parameters.
PROJECTS = ("transformer_layer", "mixed_ip", "three_levels", "rates")
EDITS = effort.of(60, 2000)
SEED = os.environ.get("ALLO_SEED", "")


def made(folder: Path, name: str) -> Path:
    """Return the folder of a project of its own."""
    if name in mixed_projects.PROJECTS:
        return mixed_projects.make(folder, name).root
    if name == "rates":
        return multirate(folder, 300).loaded.root
    shutil.copytree(EXAMPLES / name, folder / name, ignore=shutil.ignore_patterns("build", "__pycache__"))
    return folder / name


@pytest.mark.parametrize("name", PROJECTS)
def test_model_canvas_and_file_stay_equal(window: Window, tmp_path: Path, name: str) -> None:
    folder = made(tmp_path, name)
    assert window.open_project(folder)
    sitting = Sitting(window, random.Random(SEED + name))
    with recording(sitting.history) as edits:
        done = 0
        while done < EDITS:
            before = sitting.history.project
            sitting.step()
            changed = sitting.history.project is not before
            done += changed
            sitting.compare_canvas()
            if changed:
                sitting.compare_file()
            if done % 10 == 0:
                sitting.compare_drawing()
            if done % 50 == 0:
                sitting.compare_replay(edits)
        sitting.compare_drawing()
        sitting.compare_replay(edits)
    sitting.session.go(0)
    assert sitting.history.project is sitting.first
    sitting.compare_canvas()
    sitting.compare_file()
    sitting.session.go(len(sitting.history.texts))
    sitting.compare_canvas()
    sitting.compare_file()
