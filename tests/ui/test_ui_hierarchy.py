"""Levels of the hierarchy: enter, leave, and jump to a place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from allo_studio.design.edits import AddNode, RemoveNodes, SetParam
from allo_studio.design.model import KernelNode, Project
from allo_studio.project import load_project
from ui.places import Level, Place, graph_at, locate, reach, valid
from ui.window import Window

NESTED = """format: 1
name: nested
top: main_graph
graphs:
  main_graph:
    inputs: {A: "float32[64, 64]", B: "float32[64, 64]"}
    outputs: {C: "float32[64, 64]"}
    nodes:
      inner: {graph: sub}
    edges:
      - A -> inner.A
      - B -> inner.B
      - inner.C -> C
  sub:
    inputs: {A: "float32[64, 64]", B: "float32[64, 64]"}
    outputs: {C: "float32[64, 64]"}
    nodes:
      mm: {kernel: "kernels/gemm.py:gemm"}
    edges:
      - A -> mm.A
      - B -> mm.B
      - mm.C -> C
  lonely:
    nodes: {}
"""


@pytest.fixture
def nested_file(project: Path) -> Path:
    file = project / "nested.yaml"
    file.write_text(NESTED)
    return file


@pytest.fixture
def nested(nested_file: Path) -> Project:
    return load_project(nested_file).project


@pytest.fixture
def shown(window: Window, nested_file: Path) -> Window:
    assert window.open_project(nested_file)
    return window


def test_levels_name_graphs(nested: Project) -> None:
    inside = Level("main_graph", ("inner",))
    assert inside.path == "main_graph/inner"
    assert graph_at(nested, inside).name == "sub"  # type: ignore[union-attr]
    assert graph_at(nested, inside.enter("mm")) is None
    assert inside.leave() == Level("main_graph")
    assert valid(nested, inside.enter("gone")) == inside
    assert valid(nested, Level("gone")) == Level("main_graph")
    assert reach(nested, "sub") == inside
    assert reach(nested, "lonely") == Level("lonely")


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("main_graph", Place(Level("main_graph"))),
        ("main_graph/inner", Place(Level("main_graph"), "inner")),
        ("main_graph/inner/mm#2", Place(Level("main_graph", ("inner",)), "mm", step=2)),
        ("sub/mm", Place(Level("main_graph", ("inner",)), "mm")),
        ("sub/mm.C", Place(Level("main_graph", ("inner",)), "mm")),
        ("sub/A->mm.A", Place(Level("main_graph", ("inner",)), wire="A->mm.A")),
        ("main_graph.A", Place(Level("main_graph"), "@A")),
        ("main_graph/@A", Place(Level("main_graph"), "@A")),
        ("sub/gone", Place(Level("main_graph", ("inner",)))),
        ("nowhere/mm", None),
        ("", None),
        ("target.device", None),
        ("main_graph/nope/mm", None),
    ],
)
def test_paths_lead_to_places(nested: Project, where: str, place: Place | None) -> None:
    assert locate(nested, where) == place


def test_a_graph_block_is_entered_and_left(shown: Window, qapp: Any) -> None:
    canvas = shown.panels.canvas
    assert canvas.picture.blocks["inner"].kind == "graph"
    canvas.opened.emit("inner")
    assert set(canvas.picture.blocks) == {"@A", "@B", "@C", "mm"}
    assert shown.panels.breadcrumbs.texts() == ["main_graph", "inner"]
    assert shown.actions_by_id["leave"].isEnabled()
    shown.do_leave()
    assert "inner" in canvas.picture.blocks
    assert canvas.selected_blocks() == ["inner"], "the block that was left is selected"
    shown.do_enter()
    shown.panels.breadcrumbs.click(0)
    assert shown.session.level == Level("main_graph")


def test_the_way_to_a_level_stays_as_it_is_at_an_edit(shown: Window) -> None:
    shown.enter("inner")
    crumbs = shown.panels.breadcrumbs
    buttons, note = list(crumbs._buttons), crumbs.note.text()
    assert shown.session.do(AddNode("sub", "more", KernelNode("kernels/gemm.py", "gemm")))
    assert crumbs.note.text() != note
    assert all(one is two for one, two in zip(buttons, crumbs._buttons, strict=True))
    shown.do_leave()
    assert crumbs.texts() == ["main_graph"]


def test_edits_inside_are_undone_wherever_one_is(shown: Window) -> None:
    shown.enter("inner")
    shown.session.do(SetParam("sub", "mm", "M", 32))
    assert shown.panels.canvas.wire("A->mm.A").spec.broken
    shown.do_leave()
    assert any(d.where.startswith("sub/") for d in shown.session.problems())
    shown.do_undo()
    assert shown.session.problems() == () or all("lonely" in d.where for d in shown.session.problems())


def test_a_level_that_goes_away_is_left(shown: Window) -> None:
    shown.enter("inner")
    shown.session.do(RemoveNodes("main_graph", ("inner",)))
    assert shown.session.level == Level("main_graph")
    assert "inner" not in shown.panels.canvas.picture.blocks


def test_a_problem_leads_into_its_graph_to_its_wire(shown: Window) -> None:
    shown.session.do(SetParam("sub", "mm", "M", 32))
    shown_problems = shown.panels.problems.shown
    index = next(i for i, d in enumerate(shown_problems) if d.where == "sub/A->mm.A")
    shown.panels.problems.open_row(index)
    assert shown.session.level.path == "main_graph/inner"
    assert shown.panels.canvas.selected_wires() == ["A->mm.A"]
    view = shown.panels.canvas.view
    middle = view.mapToScene(view.viewport().rect().center())
    at = shown.panels.canvas.wire("A->mm.A").sceneBoundingRect().center()
    assert (middle - at).manhattanLength() < 20


def test_a_problem_of_a_kernel_opens_its_line(window: Window, project: Path) -> None:
    kernel = project / "kernels" / "gemm.py"
    lines = kernel.read_text().splitlines()
    number = next(i for i, line in enumerate(lines) if "+=" in line)
    lines[number] = lines[number].replace("A[i, k]", "Q[i, k]")
    kernel.write_text("\n".join(lines) + "\n")
    window.open_project(project)
    index = next(i for i, d in enumerate(window.panels.problems.shown) if d.where.startswith("cascade/mm1"))
    window.panels.problems.open_row(index)
    assert window.panels.canvas.selected_blocks() == ["mm1"]
    code = window.panels.code
    assert code.tabs.currentWidget() is code.source
    assert code.source.marked_line == number + 1
    assert "Q[i, k]" in code.source.toPlainText()


def test_a_problem_of_a_step_selects_the_step(studio: Window) -> None:
    from allo_studio.design.edits import AddStep
    from allo_studio.design.model import StepSpec

    studio.session.do(AddStep("row_wise", StepSpec("unroll", {"axis": "nowhere"})))
    index = next(i for i, d in enumerate(studio.panels.problems.shown) if d.where == "cascade/mm1#7")
    studio.panels.problems.open_row(index)
    assert studio.panels.inspector.block == "mm1"
    assert studio.panels.inspector.kernel_page.schedule.steps.currentRow() == 7


def test_problems_can_be_copied(studio: Window, qapp: Any) -> None:
    studio.session.do(SetParam("cascade", "mm1", "N", 32))
    studio.panels.problems.copy()
    text = qapp.clipboard().text()
    assert "error[shape]" in text
    assert "hint:" in text
