"""A process that is killed while it saves, at any moment, leaves the old project or the new one, whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from allo_studio.project import load_project, save_project

EXAMPLE = Path(__file__).parents[2] / "projects" / "gemm_cascade"
KILLS = 60
# Kills one process after another that saves and autosaves projects whose names tell their order, and prints a line on
# what each left: the file's name of the project, the place of a block, the file's end, and the name that was autosaved.
DRIVER = """
import os, random, signal, sys, time
from dataclasses import replace
from pathlib import Path
from allo_studio.project import autosave, load_project, recover, save_project
folder, kills, draw = Path(sys.argv[1]), int(sys.argv[2]), random.Random(5)
for _ in range(kills):
    child = os.fork()
    if child == 0:
        loaded = load_project(folder)
        number = int(loaded.project.name.removeprefix("n"))
        while True:
            number += 1
            project = replace(loaded.project, name=f"n{number}", view={"cascade": {"mm1": (number % 1000, 0)}})
            autosave(loaded, project)
            loaded = save_project(loaded, project)
    time.sleep(draw.uniform(0.0, 0.5))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    loaded, saved = load_project(folder), recover(folder)
    place = loaded.project.view.get("cascade", {}).get("mm1", (0, 0))[0]
    print(loaded.project.name, int(place), loaded.text[-6:].strip(), saved.name if saved else "-", flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = Path(shutil.copytree(EXAMPLE, tmp_path / "p", ignore=shutil.ignore_patterns("build")))
    text = (root / "project.yaml").read_text().replace("name: gemm_cascade", "name: n0")
    # The more there is to write, the more kills come while it is written.
    (root / "project.yaml").write_text(text + "".join(f"# {n}\n" for n in range(2000)))
    return root


def test_a_killed_save_leaves_the_old_file_or_the_new_one(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(folder), str(KILLS)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(EXAMPLE.parents[1])},
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == KILLS
    last, moved = 0, 0
    for name, place, end, saved in lines:
        number = int(name.removeprefix("n"))
        # What is there is one whole state, no older than what was there before.
        assert number >= last
        assert (number == 0 or int(place) == number % 1000, end) == (True, "1999")
        # What was autosaved is the state of the file or the one after it.
        assert saved in ("-", f"n{number + 1}")
        moved += number > last
        last = number
    assert moved > KILLS // 4


def test_what_killed_saves_left_behind_is_removed_later(folder: Path) -> None:
    loaded = load_project(folder)
    old, new, other = (folder / f".{name}.tmp" for name in ("project.yaml.11", "project.yaml.12", "mine.yaml.11"))
    for file in (old, new, other):
        file.write_text("half")
    os.utime(old, (time.time() - 3600, time.time() - 3600))
    os.utime(other, (time.time() - 3600, time.time() - 3600))
    save_project(loaded, replace(loaded.project, name="other"))
    # Another process may be writing the new one now.
    assert (old.exists(), new.exists(), other.exists()) == (False, True, True)
