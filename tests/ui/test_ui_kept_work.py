"""The studio is killed at any moment while a person edits: the next start offers the work up to the last edit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from allo_studio.design.edits import Disconnect, SetExecution
from allo_studio.design.model import Project
from allo_studio.project import autosave, load_project, recover
from ui.dialogs import Prompts
from ui.kept_work import KeptWork
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
# Opens a project, edits it, and goes on until it is killed.
OTHER = (
    DRIVER.partition("number = 0")[0].replace('print("open", flush=True)\n', "")
    + """
assert window.session.do(MoveNodes("cascade", {"mm1": (1.0, 0.0)}))
print("edited", flush=True)
app.exec()
"""
)
KILLS = 4


def start(text: str, project: Path, tmp_path: Path) -> subprocess.Popen[str]:
    """Start a studio of its own, which does on a project what the text of a program says."""
    return subprocess.Popen(
        [sys.executable, "-c", text, str(project), str(tmp_path / "theirs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


@pytest.fixture
def other_studio(project: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another studio with the project open and an edit that is not saved."""
    child = start(OTHER, project, tmp_path)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "edited\n"
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def beside(project: Path) -> list[str]:
    """The names of what is kept beside a project's file."""
    return sorted(path.name for path in project.iterdir() if path.name.startswith(".autosave"))


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_studio_has_lost_no_edit(window: Window, project: Path, tmp_path: Path, seed: int) -> None:
    child = start(DRIVER, project, tmp_path)
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
    window.prompts.answers["recover"] = "take"  # type: ignore[attr-defined]
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


def test_work_of_a_studio_that_runs_is_its_own(
    window: Window, project: Path, other_studio: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is asked: the fixture's person would fail the test.
    assert window.open_project(project)
    assert "Another studio" in window.statusBar().currentMessage()
    assert not window.session.dirty
    theirs = recover(project)
    assert theirs is not None
    window.session.do(Disconnect("cascade", "mm1.C->mm2.A"))
    assert recover(project) == theirs
    assert recover(project, 2) == window.session.project
    assert window.do_save()
    assert beside(project) == [".autosave-project.yaml", ".autosave-project.yaml.lock"]
    window.session.do(SetExecution("cascade", "sequential"))
    mine = window.session.project
    # Both end without being asked, and both have lost nothing.
    other_studio.kill()
    other_studio.wait()
    window.session.close()
    offered: list[Project | None] = []
    looked = KeptWork.left_behind

    def left_behind(kept: KeptWork) -> Project | None:
        offered.append(looked(kept))
        return offered[-1]

    monkeypatch.setattr(KeptWork, "left_behind", left_behind)
    answers = iter(("discard", "take"))
    window.prompts.recover = lambda name: next(answers)  # type: ignore[method-assign,assignment]
    assert window.open_project(project)
    assert offered == [theirs, mine]
    assert window.session.project == mine
    assert beside(project) == [".autosave-project.yaml.2", ".autosave-project.yaml.2.lock"]
    assert window.do_save()
    assert beside(project) == []


def test_work_that_is_not_taken_up_now_is_offered_again(window: Window, project: Path) -> None:
    loaded = load_project(project)
    earlier = Disconnect("cascade", "mm1.C->mm2.A").apply(loaded.project)
    autosave(loaded, earlier)
    window.prompts.answers["recover"] = "later"  # type: ignore[attr-defined]
    assert window.open_project(project)
    assert beside(project) == [".autosave-project.yaml"]
    # Work of this session goes beside it and takes nothing away.
    window.session.do(SetExecution("cascade", "sequential"))
    assert recover(project) == earlier
    window.do_undo()
    assert beside(project) == [".autosave-project.yaml"]
    window.session.close()
    window.prompts.answers["recover"] = "take"  # type: ignore[attr-defined]
    assert window.open_project(project)
    assert window.session.project == earlier
    assert window.prompts.asked == ["recover", "recover"]  # type: ignore[attr-defined]


def test_a_process_that_got_the_number_of_a_killed_studio_hides_nothing(project: Path) -> None:
    loaded = load_project(project)
    changed = Disconnect("cascade", "mm1.C->mm2.A").apply(loaded.project)
    kept = KeptWork(loaded.file)
    kept.keep(loaded, changed)
    lock = project / ".autosave-project.yaml.lock"
    # It says the number of this process, which runs.
    said = lock.read_bytes()
    assert said.startswith(f"{os.getpid()}\n".encode())
    assert KeptWork(loaded.file).left_behind() is None
    assert KeptWork(loaded.file).elsewhere()
    kept.leave()
    lock.write_bytes(said)
    assert KeptWork(loaded.file).left_behind() == changed


def test_work_is_kept_where_no_lock_can_be_made(project: Path) -> None:
    loaded = load_project(project)
    changed = Disconnect("cascade", "mm1.C->mm2.A").apply(loaded.project)
    # As good as a system that has no such locks: what is there can't be opened as one.
    (project / ".autosave-project.yaml.lock").mkdir()
    kept = KeptWork(loaded.file)
    kept.keep(loaded, changed)
    assert recover(project) == changed or recover(project, 2) == changed
    kept.discard()
    assert beside(project) == [".autosave-project.yaml.lock"]


@pytest.mark.parametrize(
    ("pressed", "answer"), [("Take up", "take"), ("Not now", "later"), ("Discard", "discard"), ("Escape", "later")]
)
def test_the_question_about_unsaved_work(
    window: Window, press: Callable[[str], list[str]], pressed: str, answer: str
) -> None:
    texts = press(pressed)
    assert Prompts(window).recover("gemm_cascade") == answer
    assert "gemm_cascade" in texts[0]
