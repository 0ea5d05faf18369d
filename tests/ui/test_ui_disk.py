"""A project file that another program changes while it is open: noticed, merged or taken up by choice, never lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allo_studio.design.edits import SetChannel, SetExecution
from allo_studio.project import load_project
from ui.dialogs import Prompts
from ui.window import Window


@pytest.fixture
def file(studio: Window) -> Path:
    assert studio.session.loaded is not None
    return studio.session.loaded.file


def answer(studio: Window, chosen: str | None) -> list[str]:
    """Answer the question about the file from now on, or allow none; returns what is asked."""
    prompts: Any = studio.prompts
    prompts.answers = {"unsaved": "discard"} | ({"file_changed": chosen} if chosen else {})
    prompts.asked.clear()
    return prompts.asked  # type: ignore[no-any-return]


def clock(studio: Window) -> float:
    assert studio.session.project is not None
    return studio.session.project.target.clock_ns


def change(file: Path, clock_ns: float) -> None:
    """Change the clock as editors do: a new file takes the place of the old one."""
    text = file.read_text()
    assert "clock_ns: 3.33" in text
    draft = file.with_name("draft")
    draft.write_text(text.replace("clock_ns: 3.33", f"clock_ns: {clock_ns:g}"))
    os.replace(draft, file)


def test_a_change_is_noticed_and_taken_up(studio: Window, file: Path, qtbot: Any) -> None:
    answer(studio, "reload")
    change(file, 4.0)
    qtbot.waitUntil(lambda: clock(studio) == 4.0, timeout=5000)
    assert not studio.session.dirty
    assert studio.statusBar().currentMessage() == "Took up the changes of project.yaml"
    # It is an edit like others: undone, the project says something else than its file.
    studio.do_undo()
    assert clock(studio) == 3.33
    assert studio.session.dirty
    studio.do_redo()
    assert not studio.session.dirty


def test_changes_of_both_are_merged(studio: Window, file: Path) -> None:
    answer(studio, "merge")
    studio.session.do(SetExecution("cascade", "sequential"))
    change(file, 5.0)
    studio.disk.look()
    assert clock(studio) == 5.0
    assert studio.session.graph is not None
    assert studio.session.graph.execution == "sequential"
    assert studio.session.dirty
    assert studio.do_save()
    saved = load_project(file).project
    assert (saved.target.clock_ns, saved.graphs["cascade"].execution) == (5.0, "sequential")
    # Neither alone is what the file says.
    studio.do_undo()
    assert studio.session.dirty
    studio.do_undo()
    assert clock(studio) == 3.33
    assert studio.session.dirty


def test_what_both_changed_is_told_and_nothing_is_lost(studio: Window, file: Path) -> None:
    answer(studio, "merge")
    assert studio.session.graph is not None
    edge = next(e for e in studio.session.graph.edges if e.source.node == "mm1")
    studio.session.do(SetChannel("cascade", edge.id, "pingpong"))
    mine = studio.session.project
    text = file.read_text()
    file.write_text(text.replace("channel: fifo", "channel: shared"))
    assert file.read_text() != text
    studio.disk.look()
    assert studio.session.project == mine
    assert "were not merged" in studio.statusBar().currentMessage()
    assert [fault.code for fault in studio.session.problems() if fault.code == "conflict"] == ["conflict"]
    # It is asked for again, and the file's can be taken in place of mine, and undone.
    answer(studio, "reload")
    studio.disk.look()
    assert studio.session.project == load_project(file).project
    studio.do_undo()
    assert studio.session.project == mine


def test_what_is_kept_is_asked_for_once(studio: Window, file: Path) -> None:
    asked = answer(studio, "keep")
    change(file, 4.0)
    for _ in range(3):
        studio.disk.look()
    assert asked == ["file_changed"]
    assert clock(studio) == 3.33
    change_again = file.read_text().replace("clock_ns: 4", "clock_ns: 6")
    file.write_text(change_again)
    studio.disk.look()
    assert asked == ["file_changed", "file_changed"]


def test_own_saves_and_times_are_no_changes(studio: Window, file: Path, qtbot: Any) -> None:
    asked = answer(studio, None)
    studio.session.do(SetExecution("cascade", "sequential"))
    assert studio.do_save()
    os.utime(file)
    (file.parent / "notes.txt").write_text("beside it")
    qtbot.wait(600)
    studio.disk.look()
    assert asked == []


def test_a_file_that_cannot_be_read_now_is_told(studio: Window, file: Path) -> None:
    asked = answer(studio, None)
    text = file.read_text()
    file.write_text("format: [")
    studio.disk.look()
    assert "cannot be read now" in studio.statusBar().currentMessage()
    file.unlink()
    studio.disk.look()
    file.write_text(text)
    studio.disk.look()
    assert asked == []
    assert studio.session.graph is not None


def test_nothing_is_watched_while_no_project_is_open(studio: Window, file: Path) -> None:
    asked = answer(studio, None)
    studio.do_close_project()
    change(file, 4.0)
    studio.disk.look()
    assert asked == []


@pytest.mark.parametrize(
    ("dirty", "pressed", "answer"),
    [
        (False, "Take up", "reload"),
        (False, "Go on without", "keep"),
        (False, "Escape", "keep"),
        (True, "Merge", "merge"),
        (True, "In place of mine", "reload"),
        (True, "Go on without", "keep"),
        (True, "Escape", "keep"),
    ],
)
def test_the_question_about_a_changed_file(
    window: Window, press: Callable[[str], list[str]], dirty: bool, pressed: str, answer: str
) -> None:
    press(pressed)
    assert Prompts(window).file_changed("project.yaml", dirty) == answer
