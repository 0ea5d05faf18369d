"""The command palette: what it finds, how it is used by keys, and the way to a block."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from allo_studio.design.edits import AddGraph, AddNode
from allo_studio.design.model import Graph, GraphNode, Project
from ui.actions import ACTIONS, CONTEXT, MENUS, SUBMENUS
from ui.command_palette import Command, CommandPalette, matches
from ui.places import block_paths
from ui.tables import items_of
from ui.window import Window


def titles(palette: CommandPalette) -> list[str]:
    return [item.text(0) for item in items_of(palette.list)]


def with_palette(window: Window, act: Any) -> None:
    """Open the palette by its key and do something with it while it is open."""
    seen: list[BaseException] = []

    def found() -> None:
        palette = QApplication.activeModalWidget()
        try:
            assert isinstance(palette, CommandPalette)
            # Until it is active, keys are those of the window behind it.
            palette.activateWindow()
            palette.search.setFocus()
            QApplication.processEvents()
            act(palette)
        except BaseException as error:
            seen.append(error)
        finally:
            if isinstance(palette, CommandPalette):
                palette.close()

    QTimer.singleShot(0, found)
    window.actions_by_id["commands"].trigger()
    if seen:
        raise seen[0]


@pytest.mark.parametrize(
    ("text", "rank"),
    [("", 0), ("buil", 0), ("again ch", 1), ("gain", 2), ("kernels", 3), ("f5", 3), ("build z", None)],
)
def test_how_well_a_command_fits(text: str, rank: int | None) -> None:
    title = "Build" if text.startswith("buil") else "Check again"
    assert matches(text, Command(title, "F5", "Read the kernels again", lambda: None)) == rank


def test_every_action_has_its_key_and_a_sentence(studio: Window) -> None:
    def look(palette: CommandPalette) -> None:
        rows = {item.text(0): (item.text(1), item.text(2)) for item in items_of(palette.list)}
        for name, spec in ACTIONS.items():
            title = studio.actions_by_id[name].text().replace("&", "").rstrip("…")
            if name != "commands":
                assert rows[title][0] == studio.actions_by_id[name].shortcut().toString(), name
                assert rows[title][1] == ("" if spec.tip in ("", title) else spec.tip)
        assert rows["cascade/mm1"] == ("", "Go to this block")
        # What cannot be done now comes last and cannot be chosen.
        items = items_of(palette.list)
        assert [item.isDisabled() for item in items if item.text(0) in ("Build", "Cancel build")] == [False, True]
        assert palette.list.currentItem().isDisabled() is False

    with_palette(studio, look)


def test_each_letter_of_a_menu_does_one_thing(studio: Window) -> None:
    menus = [studio.menuBar(), *studio.menuBar().findChildren(QMenu)]
    assert {menu.title() for menu in menus[1:]} >= {*MENUS, *(title for title, _ in SUBMENUS.values())}
    for menu in menus:
        texts = [action.text() for action in menu.actions() if "&" in action.text()]
        letters = [text[text.index("&") + 1].lower() for text in texts]
        assert sorted(set(letters)) == sorted(letters), texts


@pytest.mark.parametrize("menu", CONTEXT)
def test_each_letter_of_a_context_menu_does_one_thing(menu: str) -> None:
    letters = [re.search("&(.)", ACTIONS[name].text)[1].lower() for name in CONTEXT[menu] if name]  # type: ignore[index]
    assert sorted(set(letters)) == sorted(letters)


def test_no_menu_is_longer_than_a_small_screen() -> None:
    for names in (*MENUS.values(), *(names for _, names in SUBMENUS.values()), *CONTEXT.values()):
        assert len([name for name in names if name]) <= 18


def test_a_command_is_run_by_keys(studio: Window) -> None:
    before = set(studio.session.graph.inputs)  # type: ignore[union-attr]

    def act(palette: CommandPalette) -> None:
        QTest.keyClicks(palette.search, "add inp")
        assert titles(palette) == ["Add input"]
        QTest.keyClick(palette.search, Qt.Key.Key_Return)
        assert not palette.isVisible()

    with_palette(studio, act)
    assert len(set(studio.session.graph.inputs) - before) == 1  # type: ignore[union-attr]


def test_the_arrows_move_in_the_list_and_escape_does_nothing(studio: Window) -> None:
    def act(palette: CommandPalette) -> None:
        QTest.keyClicks(palette.search, "target")
        assert titles(palette)[:2] == ["Target HLS C++", "Target RTL"]
        QTest.keyClick(palette.search, Qt.Key.Key_Down)
        assert palette.list.currentItem().text(0) == "Target RTL"
        QTest.keyClicks(palette.search, " nothing has this")
        assert titles(palette) == []
        QTest.keyClick(palette.search, Qt.Key.Key_Return)
        assert palette.isVisible()
        QTest.keyClick(palette, Qt.Key.Key_Escape)
        assert not palette.isVisible()

    chosen = studio.targets.chosen
    with_palette(studio, act)
    assert studio.targets.chosen == chosen


def test_a_block_inside_a_graph_is_gone_to(studio: Window) -> None:
    block = studio.session.graph.nodes["mm1"]  # type: ignore[union-attr]
    studio.session.do(AddGraph("sub"))
    studio.session.do(AddNode("sub", "inner", block, (0.0, 0.0)))
    studio.session.do(AddNode("cascade", "part", GraphNode("sub"), (0.0, 300.0)))

    def act(palette: CommandPalette) -> None:
        QTest.keyClicks(palette.search, "part/inner")
        assert titles(palette) == ["cascade/part/inner"]
        QTest.keyClick(palette.search, Qt.Key.Key_Return)

    with_palette(studio, act)
    assert studio.session.level.path == "cascade/part"
    assert studio.panels.canvas.selected_blocks() == ["inner"]


def test_a_graph_in_itself_has_no_end() -> None:
    graph = Graph("top", nodes={"again": GraphNode("top"), "lost": GraphNode("nowhere")})
    paths = list(block_paths(Project("p", top="top", graphs={"top": graph})))
    assert paths[:3] == ["top/again", "top/lost", "top/again/again"]
    assert len(paths) == 5000


def test_blocks_are_added_and_projects_are_gone_to(studio: Window, project: Path) -> None:
    other = project / "other.yaml"
    other.write_text((project / "project.yaml").read_text().replace("name: gemm_cascade", "name: other"))
    assert studio.open_project(other)

    def add(palette: CommandPalette) -> None:
        QTest.keyClicks(palette.search, "add gemm inner")
        assert titles(palette)[0].startswith("Add GEMM, inner")
        QTest.keyClick(palette.search, Qt.Key.Key_Return)

    with_palette(studio, add)
    assert studio.session.graph is not None
    assert len(studio.session.graph.nodes) == 3

    def tab(palette: CommandPalette) -> None:
        QTest.keyClicks(palette.search, "go to gemm_c")
        assert titles(palette)[0] == "Go to gemm_cascade"
        QTest.keyClick(palette.search, Qt.Key.Key_Return)

    with_palette(studio, tab)
    assert studio.session.project is not None
    assert studio.session.project.name == "gemm_cascade"
    studio.session.works[1].history.mark_saved()  # type: ignore[union-attr]
    studio.close_work(studio.session.works[1])

    def recent(palette: CommandPalette) -> None:
        QTest.keyClicks(palette.search, "open other.yaml")
        QTest.keyClick(palette.search, Qt.Key.Key_Return)

    with_palette(studio, recent)
    assert studio.session.project.name == "other"
