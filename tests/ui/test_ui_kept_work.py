"""The studio is killed at any moment while a person edits: the next start offers the work up to the last edit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from allo_studio.design.edits import Disconnect, SetExecution
from allo_studio.project import load_project
from ui.window import Window

# Opens a project in the studio and moves a block again and again, saving now and then; tells each edit once it is done.
DRIVER = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QSettings
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, sys.argv[2])
from allo_studio.design.edits import MoveNodes
from ui.app import application
from ui.window import Window
app = application()
window = Window()
window.show()
assert window.open_project(Path(sys.argv[1]))
print("open", flush=True)
number = 0
while True:
    number += 1
    assert window.session.do(MoveNodes("cascade", {"mm1": (float(number), 0.0)}))
    print(number, flush=True)
    app.processEvents()
    if number % 7 == 0:
        assert window.do_save()
"""
KILLS = 4


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_studio_has_lost_no_edit(window: Window, project: Path, tmp_path: Path, seed: int) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(project), str(tmp_path / "theirs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "open\n"
        time.sleep(random.Random(seed).uniform(0.2, 1.5))
        child.send_signal(signal.SIGKILL)
        told = child.stdout.read().split()
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    last = int(told[-1])
    # The file is whole, and it is that of the last save or of one that was going on.
    saved = load_project(project)
    assert not saved.diagnostics
    window.prompts.answers["recover"] = True  # type: ignore[attr-defined]
    assert window.open_project(project)
    assert window.session.project is not None
    place = window.session.project.view.get("cascade", {}).get("mm1", (0.0, 0.0))
    # An edit that was kept but not told yet may be there too.
    assert last <= place[0] <= last + 1
    if place != saved.project.view.get("cascade", {}).get("mm1", (0.0, 0.0)):
        assert window.prompts.asked == ["recover"]  # type: ignore[attr-defined]
        assert "begins anew" in window.statusBar().currentMessage()
        window.do_undo()
        assert window.session.project == saved.project


def test_work_that_cannot_be_kept_is_told_once(studio: Window, project: Path) -> None:
    (project / ".autosave-project.yaml").mkdir()
    told: list[str] = []
    studio.session.refused.connect(told.append)
    assert studio.session.do(Disconnect("cascade", "mm1.C->mm2.A"))
    assert studio.session.do(SetExecution("cascade", "sequential"))
    assert len(told) == 1
    assert told[0].startswith("No autosave")
