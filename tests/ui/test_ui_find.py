"""Finding: all words, in all graphs, with keys to go on and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from allo_studio.design.edits import AddNote, CollapseNodes, SetDisabled, SetParam
from allo_studio.design.end_types import EndTypes
from allo_studio.design.model import Note, Project
from allo_studio.pipeline import check_project
from allo_studio.project import load_project
from allo_studio.types import parse_type
from ui.finding import find
from ui.places import Level, Place
from ui.window import Window

ROOT = Path(__file__).resolve().parents[2] / "projects"
TOP = Level("cascade")


def collapsed(project: Project) -> Project:
    edges = project.graphs["cascade"].edges
    known = EndTypes({}, {e: parse_type("float32[64, 64]") for edge in edges for e in (edge.source, edge.target)})
    return CollapseNodes("cascade", ("mm1",), "part", (known,)).apply(project)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("MM2", [Place(TOP, block="mm2"), Place(TOP, wire="mm1.C->mm2.A"), Place(TOP, wire="D->mm2.B"),
                 Place(TOP, wire="mm2.C->E")]),
        ("row_wise", [Place(TOP, block="mm1"), Place(TOP, block="mm2")]),
        ("gemm.py mm1", [Place(TOP, block="mm1")]),
        ("mm1 gemm.py", [Place(TOP, block="mm1")]),
        ("output", [Place(TOP, block="@E")]),
        ("fifo", [Place(TOP, wire="mm1.C->mm2.A")]),
        ("rows first", [Place(TOP, note="why")]),
        ("n=32", [Place(TOP, block="mm2")]),
        ("disabled", [Place(TOP, block="mm2")]),
        ("nothing like that", []),
        ("   ", []),
    ],
)  # fmt: skip
def test_what_a_text_is_found_in(text: str, places: list[Place]) -> None:
    loaded = load_project(ROOT / "gemm_cascade")
    project = AddNote("cascade", "why", Note("Rows come\nfirst", (0.0, 0.0))).apply(loaded.project)
    project = SetDisabled("cascade", ("mm2",)).apply(SetParam("cascade", "mm2", "N", 32).apply(project))
    found = find(project, check_project(loaded, project), text, TOP)
    assert [each.place for each in found] == places


def test_types_of_ports_and_wires_are_found() -> None:
    loaded = load_project(ROOT / "gemm_cascade")
    found = find(loaded.project, check_project(loaded), "float32[64, 64]", TOP)
    assert {each.place.block for each in found} == {"@A", "@B", "@D", "@E", "mm1", "mm2", None}
    assert sum(each.place.wire is not None for each in found) == 5


def test_what_is_shown_comes_first_and_other_graphs_by_their_levels() -> None:
    loaded = load_project(ROOT / "gemm_cascade")
    project = collapsed(loaded.project)
    outside = find(project, None, "gemm.py", TOP)
    inner = Level("cascade", ("part",))
    assert [each.place for each in outside] == [Place(TOP, block="mm2"), Place(inner, block="mm1")]
    inside = find(project, None, "gemm.py", inner)
    assert [each.place for each in inside] == [Place(inner, block="mm1"), Place(TOP, block="mm2")]


def test_keys_go_on_and_back_across_levels(studio: Window) -> None:
    session, bar, canvas = studio.session, studio.find_bar, studio.panels.canvas
    assert session.project
    studio.session.do(AddNote("cascade", "why", Note("gemm.py first", (0.0, 400.0))))
    canvas.select_blocks(["mm1"])
    studio.block_actions.collapse("part")
    QTest.keyClick(studio, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert bar.isVisible()
    assert bar.text.hasFocus()
    QTest.keyClicks(bar.text, "gemm.py")
    assert canvas.selected_blocks() == ["mm2"]
    assert bar.count.text() == "1 of 3"
    assert bar.text.hasFocus(), "one can go on typing"
    QTest.keyClick(studio, Qt.Key.Key_F3)
    assert canvas.selected_notes() == ["why"]
    QTest.keyClick(bar.text, Qt.Key.Key_Return)
    assert session.level.nodes == ("part",)
    assert canvas.selected_blocks() == ["mm1"]
    assert bar.count.text() == "3 of 3"
    QTest.keyClick(studio, Qt.Key.Key_F3)
    assert session.level.nodes == ()
    assert canvas.selected_blocks() == ["mm2"]
    QTest.keyClick(studio, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.selected_blocks() == ["mm1"]
    QTest.keyClick(bar.text, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert canvas.view.hasFocus()


def test_the_count_follows_edits(studio: Window) -> None:
    bar = studio.find_bar
    studio.do_find()
    QTest.keyClicks(bar.text, "mm1")
    before = len(bar.found)
    studio.gestures.delete(["mm1"], [])
    assert before == 4
    assert bar.count.text() == "not found"
    studio.do_undo()
    assert len(bar.found) == before
