"""Checks that take long: the window shows what it knows and goes on, and takes up what they find."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

import allo_studio.checking
from allo_studio.checking import check_project
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.edits import Disconnect, MoveNodes, RemoveNodes, SetParam
from nodes import colours
from ui.checking import Checking
from ui.window import Window

INNER = "mm1.C->mm2.A"


class Gate:
    """Checks wait until it is opened; it counts them."""

    def __init__(self) -> None:
        self.open, self.begun, self.seen = threading.Event(), threading.Event(), list[Any]()
        self.fault: Exception | None = None

    def __call__(self, loaded: Any, project: Any) -> CheckedDesign:
        self.seen.append(project)
        self.begun.set()
        assert self.open.wait(60)
        if self.fault:
            raise self.fault
        return check_project(loaded, project)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate()
    monkeypatch.setattr(allo_studio.checking, "check_project", made)
    monkeypatch.setattr(Checking, "patience_s", 0.01)
    yield made
    made.open.set()


def test_a_project_is_drawn_before_it_is_checked(window: Window, project: Path, gate: Gate, qtbot: Any) -> None:
    assert window.open_project(project)
    QApplication.processEvents()
    picture = window.panels.canvas.picture
    assert {name for name in picture.blocks if not name.startswith("@")} == {"mm1", "mm2"}
    assert picture.blocks["mm1"].level == "checking"
    assert {port.name for port in picture.blocks["mm1"].inputs} == {"A", "B"}, "the ports that wires name"
    assert not any(port.ghost for block in picture.blocks.values() for port in (*block.inputs, *block.outputs))
    assert not any(wire.broken for wire in picture.wires.values())
    assert window.panels.canvas.block("@A").spec.level == "ok"
    assert "checking" in window.panels.status.text()
    assert window.session.problems() == ()
    image = window.panels.canvas.grab().toImage()
    shades = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert colours.ERROR.name() not in shades
    gate.open.set()
    qtbot.waitUntil(lambda: not window.session.work.pending, timeout=20000)
    picture = window.panels.canvas.picture
    assert picture.blocks["mm1"].level == "ok"
    assert picture.wires[INNER].label == "float32[64, 64]"
    assert "checked, no problems" in window.panels.status.text()


def test_edits_go_on_and_the_last_state_is_checked(window: Window, project: Path, gate: Gate, qtbot: Any) -> None:
    assert window.open_project(project)
    qtbot.waitUntil(gate.begun.is_set, timeout=5000)
    assert window.session.do(MoveNodes("cascade", {"mm1": (0.0, 400.0)}))
    assert window.session.do(Disconnect("cascade", INNER))
    assert window.session.do(SetParam("cascade", "mm1", "N", 32))
    assert window.panels.canvas.positions["mm1"] == (0.0, 400.0)
    assert INNER not in window.panels.canvas.picture.wires
    window.session.undo()
    last = window.session.project
    gate.open.set()
    qtbot.waitUntil(lambda: not window.session.work.pending, timeout=20000)
    assert [project is last for project in gate.seen] == [False, True], "states in between are not checked"
    found = window.session.checked
    assert found is not None
    assert found.project is last
    assert {d.code for d in window.session.problems()} == {d.code for d in found.diagnostics} != set()


def test_what_is_known_stays_while_another_state_is_checked(
    studio: Window, gate: Gate, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    assert studio.session.do(RemoveNodes("cascade", ("mm2",)))
    assert studio.session.work.pending
    picture = studio.panels.canvas.picture
    assert picture.blocks["mm1"].level == "ok"
    assert picture.wires["A->mm1.A"].label == "float32[64, 64]"
    assert not any(wire.broken for wire in picture.wires.values())
    studio.actions_by_id["build"].trigger()
    assert not studio.builder.running
    assert "still being checked" in studio.statusBar().currentMessage()
    gate.open.set()
    qtbot.waitUntil(lambda: not studio.session.work.pending, timeout=20000)
    assert studio.session.problems()


def test_each_of_two_projects_gets_its_own_check(window: Window, project: Path, gate: Gate, qtbot: Any) -> None:
    other = project.parent / "other"
    assert window.open_project(project)
    assert window.session.new(other)
    assert [work.pending for work in window.session.works] == [True, True]
    gate.open.set()
    qtbot.waitUntil(lambda: not any(work.pending for work in window.session.works), timeout=20000)
    for work in window.session.works:
        assert work.checked is not None
        assert work.checked.project is work.project


def test_closing_waits_for_the_check_that_runs(window: Window, project: Path, gate: Gate) -> None:
    assert window.open_project(project)
    threading.Timer(0.2, gate.open.set).start()
    assert window.close()
    assert not any(thread.name == "allo-studio-check" for thread in threading.enumerate())


def test_a_fault_of_ours_in_a_check_is_not_swallowed(
    window: Window, project: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.fault = RuntimeError("boom")
    gate.open.set()
    monkeypatch.setattr(Checking, "patience_s", 60.0)
    with pytest.raises(RuntimeError, match="boom"):
        window.open_project(project)
