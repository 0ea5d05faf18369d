"""The projects that were open last: in the menu and on the welcome page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from allo_studio.project import example_note, examples
from ui.recent import recent_projects, remember_project, shown_path
from ui.window import Window


def entries(window: Window) -> list[str]:
    window.recent_menu.aboutToShow.emit()
    return [action.text() for action in window.recent_menu.actions() if action.text()]


def buttons(window: Window) -> list[str]:
    QApplication.processEvents()
    every = window.panels.welcome.findChildren(QPushButton)
    return [button.text() for button in every if "/" in button.text() and button.isVisibleTo(window.panels.welcome)]


def test_projects_are_remembered_the_last_first(window: Window, project: Path, tmp_path: Path) -> None:
    assert entries(window) == ["None yet"]
    assert buttons(window) == []
    other = tmp_path / "other"
    shutil.copytree(project, other)
    assert window.open_project(project)
    assert window.open_project(other)
    assert entries(window) == [str(other), str(project), "Forget them"]
    assert window.open_project(project)
    assert entries(window)[:2] == [str(project), str(other)]
    # What cannot be opened is not remembered, and what is gone is not offered.
    assert not window.open_project(tmp_path / "none")
    assert len(recent_projects()) == 2
    shutil.rmtree(other)
    assert entries(window) == [str(project), "Forget them"]


def test_a_project_is_opened_from_the_menu_and_the_page(window: Window, project: Path) -> None:
    remember_project(project / "project.yaml")
    fresh = Window()
    try:
        fresh.prompts = window.prompts
        assert buttons(fresh) == [str(project)]
        (button,) = [b for b in fresh.panels.welcome.findChildren(QPushButton) if b.text() == str(project)]
        button.click()
        assert fresh.session.loaded is not None
        assert fresh.session.loaded.root == project
    finally:
        fresh.close()
        fresh.deleteLater()
    entries(window)
    window.recent_menu.actions()[0].trigger()
    assert window.session.loaded is not None
    entries(window)
    window.recent_menu.actions()[-1].trigger()
    assert recent_projects() == []
    assert entries(window) == ["None yet"]
    assert buttons(window) == []


def test_ten_are_kept(tmp_path: Path) -> None:
    for number in range(13):
        file = tmp_path / str(number) / "project.yaml"
        file.parent.mkdir()
        file.write_text("")
        remember_project(file)
    assert [path.parent.name for path in recent_projects()] == [str(n) for n in range(12, 2, -1)]


def test_how_a_project_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert shown_path(tmp_path / "work" / "gemm" / "project.yaml") == "~/work/gemm"
    assert shown_path(tmp_path / "work" / "second.yaml") == "~/work/second.yaml"
    assert shown_path(Path("/elsewhere/gemm/project.yaml")) == "/elsewhere/gemm"


def test_the_gallery_says_what_each_example_is(window: Window) -> None:
    labels = {label.text() for label in window.panels.welcome.findChildren(QLabel)}
    shown = {button.text(): button for button in window.panels.welcome.findChildren(QPushButton)}
    for name in examples():
        assert example_note(name), f"{name} says nothing of itself"
        assert example_note(name) in labels
        assert f"Example: {name}" in shown
    shown["Example: diamond"].click()
    assert window.session.project is not None
    assert window.session.project.name == "diamond"
