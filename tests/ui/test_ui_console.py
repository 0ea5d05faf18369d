"""The console: what was done and said is kept, and commands run on the open project beside the window."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from allo_studio.cli import main
from allo_studio.design.edits import Disconnect, SetExecution
from allo_studio.diagnostics import AlloError
from ui.console import Console
from ui.console_words import words_of
from ui.window import Window

INNER = "mm1.C->mm2.A"


def texts(window: Window, kind: str) -> list[str]:
    return [entry.text for entry in window.panels.console.entries if entry.kind == kind]


def type_in(window: Window, text: str) -> Console:
    window.actions_by_id["console"].trigger()
    console = window.panels.console
    console.line.clear()
    QTest.keyClicks(console.line, text)
    QTest.keyClick(console.line, Qt.Key.Key_Return)
    return console


def wait(console: Console, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not console.run.running, timeout=60000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("check", ["check", "/p/project.yaml"]),
        ("allo-studio check --json", ["check", "/p/project.yaml", "--json"]),
        ("build --target rtl", ["build", "/p/project.yaml", "--target", "rtl"]),
        ("check other", ["check", "other"]),
        ("diff 'an other'", ["diff", "/p/project.yaml", "an other"]),
        ("diff a b", ["diff", "a", "b"]),
        ("report", ["report", "/p/build/p"]),
        ("report --csv tables", ["report", "/p/build/p", "--csv", "tables"]),
        ("render --out x.svg", ["render", "/p/project.yaml", "--out", "x.svg"]),
        ("new fresh", ["new", "fresh"]),
        ("build --help", ["build", "--help"]),
    ],
)
def test_the_open_project_is_put_where_a_command_wants_one(text: str, words: list[str]) -> None:
    assert words_of(text, Path("/p/project.yaml"), Path("/p/build/p")) == words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rm -rf .", "no command 'rm'"),
        ("allo-studio", "nothing was typed"),
        ("check 'x", "cannot be read"),
        ("open", "open already"),
        ("build --target asic", "invalid choice"),
        ("report", "required"),
    ],
)
def test_what_is_no_command_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(AlloError) as caught:
        words_of(text, Path("/p/project.yaml"), None)
    assert said in caught.value.diagnostics[0].message


def test_edits_and_messages_are_kept(studio: Window) -> None:
    studio.session.do(Disconnect("cascade", INNER))
    studio.do_undo()
    studio.do_redo()
    assert texts(studio, "edit") == [
        "Remove wire mm1.C to mm2.A",
        "Undo: Remove wire mm1.C to mm2.A",
        "Redo: Remove wire mm1.C to mm2.A",
    ]
    studio.session.do(Disconnect("cascade", "nothing"))
    studio.do_save()
    shown = studio.statusBar().currentMessage()
    assert shown == "Saved"
    studio.statusBar().clearMessage()
    assert texts(studio, "says")[-1] == "Saved"
    assert texts(studio, "says")[-2].startswith("Not done")


def test_the_filter_and_the_copy(studio: Window) -> None:
    studio.session.do(Disconnect("cascade", INNER))
    studio.session.do(SetExecution("cascade", "sequential"))
    console = studio.panels.console
    QTest.keyClicks(console.filter, "edit sequential")
    assert len(console.log.toPlainText().splitlines()) == 1
    # What comes later is filtered too.
    studio.do_undo()
    studio.do_save()
    assert len(console.log.toPlainText().splitlines()) == 2
    console.copy.click()
    assert QGuiApplication.clipboard().text().endswith("Undo: Run cascade as sequential")
    console.filter.clear()
    assert len(console.log.toPlainText().splitlines()) == len(console.entries)


def test_a_check_runs_beside_the_window_and_says_what_it_found(studio: Window, project: Path, qtbot: Any) -> None:
    studio.session.do(Disconnect("cascade", INNER))
    console = type_in(studio, "check")
    assert console.run.running
    assert console.button.text() == "Cancel"
    # The file is sound, the design in the window is not.
    assert texts(studio, "says")[-1].startswith("There are changes that are not saved")
    wait(console, qtbot)
    assert texts(studio, "says")[-1] == "Done"
    studio.do_save()
    type_in(studio, "check")
    wait(console, qtbot)
    assert texts(studio, "says")[-1] == "The design is at fault"
    assert any("mm2.A is not connected" in line for line in texts(studio, ">"))
    assert texts(studio, "$")[-1] == f"allo-studio check {project / 'project.yaml'}"


def test_a_command_can_be_cancelled(studio: Window, qtbot: Any) -> None:
    console = type_in(studio, "build --target rtl")
    # It has begun to work.
    qtbot.wait(1500)
    assert console.run.running
    QTest.mouseClick(console.button, Qt.MouseButton.LeftButton)
    wait(console, qtbot)
    assert texts(studio, "says")[-1] == "Cancelled"
    assert console.button.text() == "Run"


def test_the_arrows_bring_back_what_was_typed(studio: Window) -> None:
    console = type_in(studio, "nonsense")
    assert "no command 'nonsense'" in texts(studio, "says")[-2]
    # What was not understood stays, to be mended.
    assert console.line.text() == "nonsense"
    type_in(studio, "other nonsense")
    console.line.clear()
    for key, shown in ((Qt.Key.Key_Up, "other nonsense"), (Qt.Key.Key_Up, "nonsense"), (Qt.Key.Key_Down, "other nonsense"), (Qt.Key.Key_Down, "")):  # fmt: skip  # noqa: E501
        QTest.keyClick(console.line, key)
        assert console.line.text() == shown


def test_what_was_done_is_told_as_a_command_that_does_the_same(
    studio: Window, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.do_check()
    studio.prompts.answers["picture_file"] = tmp_path / "graph.svg"  # type: ignore[attr-defined]
    studio.do_export_picture()
    commands = texts(studio, "$")
    assert [shlex.split(line)[1] for line in commands] == ["check", "render"]
    (tmp_path / "graph.svg").unlink()
    for line in commands:
        assert main(shlex.split(line)[1:]) == 0
    assert (tmp_path / "graph.svg").exists()


def test_code_that_is_not_trusted_is_not_run(studio: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio.panels.console, "may_run", lambda: False)
    console = type_in(studio, "simulate")
    assert not console.run.running
    assert texts(studio, "$") == []


def test_closing_the_window_ends_what_runs(studio: Window, qtbot: Any) -> None:
    console = type_in(studio, "build")
    process = console.run._process
    assert process is not None
    qtbot.waitUntil(lambda: process.processId() > 0, timeout=5000)
    studio.close()
    assert not console.run.running
    assert process.state() == process.ProcessState.NotRunning
