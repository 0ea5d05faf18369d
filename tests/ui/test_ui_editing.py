"""The studio edits a project: everything is an edit, can be undone, and ends in the file as it should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from allo_studio.design.edits import AddNode, SetExecution, SetParam
from allo_studio.design.model import Endpoint, KernelNode
from allo_studio.project import dump_project, load_project
from nodes.viewer import MIME_TYPE
from ui.actions import ACTIONS, MENUS, SUBMENUS, TOOLBAR
from ui.window import Window

# The constructor with QPoint is deprecated in Qt 6.12, and the only one in Qt 6.9.
pytestmark = pytest.mark.filterwarnings("ignore:Function. 'QDrag:DeprecationWarning")

INNER = "mm1.C->mm2.A"


def wires(window: Window) -> list[str]:
    graph = window.session.graph
    assert graph is not None
    return [edge.id for edge in graph.edges]


def drop(window: Window, data: QMimeData, at: QPointF) -> None:
    """Drop data on the canvas the way Qt delivers it."""
    port, spot = window.panels.canvas.view.viewport(), window.panels.canvas.view.mapFromScene(at)
    rest = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    for event in (QDragEnterEvent(spot, *rest), QDragMoveEvent(spot, *rest), QDropEvent(QPointF(spot), *rest)):
        QApplication.sendEvent(port, event)
        assert event.isAccepted()


def palette_item(window: Window, text: str) -> Any:
    tree = window.panels.palette.tree
    return tree.findItems(text, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)[0]


def test_opening_shows_the_design_and_marks_nothing_changed(studio: Window, project: Path) -> None:
    before = (project / "project.yaml").read_bytes()
    picture = studio.panels.canvas.picture
    assert set(picture.blocks) == {"@A", "@B", "@D", "@E", "mm1", "mm2"}
    assert picture.wires[INNER].label == "float32[64, 64]"
    assert not any(wire.broken for wire in picture.wires.values())
    assert not studio.isWindowModified()
    assert "save" not in {name for name, action in studio.actions_by_id.items() if action.isEnabled()}
    assert studio.session.problems() == ()
    studio.do_save()
    assert (project / "project.yaml").read_bytes() == before
    assert sorted(p.name for p in project.iterdir()) == ["kernels", "project.yaml"]


def test_opening_runs_no_code_of_the_project(window: Window, project: Path, tmp_path: Path) -> None:
    kernel = project / "kernels" / "gemm.py"
    kernel.write_text(
        f"import os\nos.system('touch {tmp_path}/ran')\nopen('{tmp_path}/ran', 'w')\n" + kernel.read_text()
    )
    assert window.open_project(project)
    assert (
        "gemm",
        {"kind": "kernel", "path": "kernels/gemm.py", "function": "gemm"},
    ) in window.panels.palette.entries()
    assert not (tmp_path / "ran").exists()


def test_a_block_dragged_from_the_palette_is_added_where_it_falls(studio: Window) -> None:
    item = palette_item(studio, "gemm")
    drop(studio, studio.panels.palette.tree.mimeData([item]), QPointF(300, 300))
    assert studio.session.graph is not None
    assert studio.session.graph.nodes["gemm"] == KernelNode("kernels/gemm.py", "gemm")
    x, y = studio.panels.canvas.positions["gemm"]
    assert abs(x - 300) < 6
    assert abs(y - 300) < 6
    assert studio.panels.canvas.block("gemm").spec.inputs[0].type == "float32[64, 64]"


def test_the_palettes_data_says_what_it_is(studio: Window) -> None:
    data = studio.panels.palette.tree.mimeData([palette_item(studio, "Input")])
    assert json.loads(bytes(data.data(MIME_TYPE).data())) == {"kind": "input"}


def test_a_double_click_in_the_palette_adds_and_selects(studio: Window) -> None:
    studio.panels.palette.tree.itemActivated.emit(palette_item(studio, "Output"), 0)
    assert studio.panels.canvas.selected_blocks() == ["@output"]
    assert studio.session.graph is not None
    assert studio.session.graph.outputs["output"] == "float32[64, 64]"


def test_the_palettes_search_leaves_what_fits(studio: Window) -> None:
    def own() -> list[str]:
        return [title for title, payload in studio.panels.palette.entries() if payload["kind"] != "library"]

    studio.panels.palette.search.setText("gem")
    assert own() == ["gemm"]
    studio.panels.palette.search.setText("(")
    assert own() == ["gemm"], "the tip has the signature"
    studio.panels.palette.search.setText("")
    assert len(own()) == 6


def test_a_wire_is_drawn_and_rerouted_with_the_mouse(studio: Window, mouse: Any) -> None:
    canvas = studio.panels.canvas
    studio.gestures.disconnect_wire("D->mm2.B")
    assert canvas.port("mm2", "B", False).connected_pipes == []
    mouse.drag(canvas.port("@D", "D", True).centre, canvas.port("mm2", "B", False).centre)
    assert "D->mm2.B" in wires(studio)
    mouse.drag(canvas.port("mm1", "B", False).centre, canvas.port("mm2", "B", False).centre)
    assert "B->mm2.B" in wires(studio), "B's wire now ends at mm2"
    assert "B->mm1.B" not in wires(studio)
    assert "D->mm2.B" not in wires(studio), "the wire that was there gave way"
    found = [d for d in studio.session.problems() if d.severity == "error"]
    assert any("mm1" in str(d) and "B" in str(d) for d in found), "mm1.B is now unconnected"


def test_wires_that_close_a_cycle_or_do_not_fit_are_refused_while_drawn(studio: Window) -> None:
    why = studio.gestures.why_not
    studio.session.do(SetExecution("cascade", "sequential"))
    assert why(Endpoint("mm2", "C"), Endpoint("mm1", "A"), None) == "this would close a cycle"
    assert why(Endpoint("mm1", "C"), Endpoint("mm1", "B"), None) == "this would close a cycle"
    studio.session.undo()
    assert why(Endpoint("mm2", "C"), Endpoint("mm1", "A"), None) is None
    assert why(Endpoint("mm1", "C"), Endpoint("mm2", "A"), None) == "there is such a wire already"
    assert why(Endpoint("mm1", "C"), Endpoint("mm2", "B"), INNER) is None
    studio.session.do(SetParam("cascade", "mm1", "N", 32))
    assert why(Endpoint("mm1", "C"), Endpoint("mm2", "B"), None) == "float32[64, 32] doesn't fit float32[64, 64]"


def test_a_wire_that_leads_back_holds_an_element_at_reset(studio: Window) -> None:
    studio.gestures.connect_ports(Endpoint("mm2", "C"), Endpoint("mm1", "A"))
    graph = studio.session.graph
    assert graph
    assert next(e for e in graph.edges if e.id == "mm2.C->mm1.A").initial == (0,)
    assert "A->mm1.A" not in wires(studio)
    assert not any("cycle" in d.message for d in studio.session.problems())
    studio.session.undo()
    assert "A->mm1.A" in wires(studio)


def test_a_mismatch_breaks_the_wire_with_the_reason_on_hover_and_under_problems(studio: Window) -> None:
    box = studio.panels.inspector.kernel_page
    studio.panels.canvas.select("mm1")
    box.parameter("N").setText("32")
    box.parameter("N").editingFinished.emit()
    wire = studio.panels.canvas.wire(INNER)
    assert wire.spec.broken
    assert wire.spec.label == "float32[64, 32]\n≠ float32[64, 64]"
    (fault,) = [d for d in studio.session.problems() if d.where == f"cascade/{INNER}"]
    assert fault.code == "shape"
    assert fault.message in wire.toolTip()
    assert fault.message in wire.label.toolTip()
    assert fault in studio.panels.problems.shown
    studio.do_undo()
    assert not studio.panels.canvas.wire(INNER).spec.broken
    assert box.parameter("N").text() == "64"


def test_undo_of_everything_ends_in_the_same_bytes(studio: Window, mouse: Any, project: Path) -> None:
    file, canvas, session = project / "project.yaml", studio.panels.canvas, studio.session
    before, first = file.read_bytes(), session.project
    studio.gestures.move({"mm1": (40.0, 200.0)})
    studio.gestures.add({"kind": "kernel", "path": "kernels/gemm.py", "function": "gemm"}, (500, 400))
    mouse.drag(canvas.port("mm1", "B", False).centre, canvas.port("mm2", "B", False).centre)
    studio.do_add_input()
    studio.gestures.delete(["mm2", "@E"], [])
    studio.panels.inspector.select("mm1", None)
    studio.panels.inspector.kernel_page.schedule.fork.click()
    studio.do_arrange()
    assert session.history is not None
    last = session.project
    done = 0
    while session.history.can_undo:
        studio.do_undo()
        done += 1
    assert done == 7
    assert session.project == first
    assert dump_project(session.project) == dump_project(first)  # type: ignore[arg-type]
    assert not studio.isWindowModified()
    while session.history.can_redo:
        studio.do_redo()
    assert session.project == last
    assert studio.do_save()
    assert file.read_bytes() != before
    assert load_project(project).project == last
    while session.history.can_undo:
        studio.do_undo()
    assert studio.isWindowModified(), "the saved state is the later one"
    assert studio.do_save()
    assert load_project(project).project == first


def test_edit_undo_save_leaves_the_file_as_it_was(studio: Window, project: Path) -> None:
    before = (project / "project.yaml").read_bytes()
    studio.gestures.disconnect_wire(INNER)
    studio.do_undo()
    assert studio.do_save()
    assert (project / "project.yaml").read_bytes() == before


def test_moving_a_block_touches_only_the_view(studio: Window, mouse: Any, project: Path) -> None:
    before = (project / "project.yaml").read_text().split("view:")[0]
    head = studio.panels.canvas.block("mm2").sceneBoundingRect().topLeft() + QPointF(60, 15)
    others = {n: p for n, p in studio.panels.canvas.positions.items() if n != "mm2"}
    mouse.drag(head, head + QPointF(60, 80))
    assert studio.actions_by_id["undo"].text() == "&Undo Move mm2"
    assert {n: p for n, p in studio.panels.canvas.positions.items() if n != "mm2"} == others, "nothing else jumps"
    seen = dict(studio.panels.canvas.positions)
    studio.do_save()
    assert (project / "project.yaml").read_text().split("view:")[0] == before
    assert dict(load_project(project).project.view["cascade"]) == seen, "what is saved is what was seen"


def test_deleting_with_the_key_removes_blocks_and_wires_as_one_edit(studio: Window) -> None:
    studio.panels.canvas.block("mm1").setSelected(True)
    studio.panels.canvas.wire("D->mm2.B").setSelected(True)
    studio.actions_by_id["delete"].trigger()
    assert wires(studio) == ["mm2.C->E"]
    studio.do_undo()
    assert len(wires(studio)) == 5


def test_a_wire_let_go_in_empty_space_offers_only_what_fits(studio: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def choose(offers: list[Any]) -> Any:
        seen.append([offer.text for offer in offers if not offer.group])
        return offers[1]

    monkeypatch.setattr(studio, "choose_offer", choose)
    studio.panels.canvas.wire_dropped.emit(Endpoint("mm2", "C"), True, QPointF(800, 300))
    assert seen == [["gemm.A", "gemm.B", "new output of this graph", "a conversion", "a duplicator"]]
    assert "mm2.C->gemm.B" in wires(studio)
    studio.do_undo()
    assert "gemm" not in studio.session.graph.nodes  # type: ignore[union-attr]


def test_an_edit_that_does_not_apply_says_why_and_changes_nothing(studio: Window) -> None:
    before = studio.session.project
    assert not studio.session.do(AddNode("cascade", "mm1", KernelNode("kernels/gemm.py", "gemm")))
    assert studio.session.project is before
    assert "mm1" in studio.panels.problems.shown[0].message
    assert studio.panels.bottom.currentWidget() is studio.panels.problems


def test_every_action_is_reachable_and_has_its_method(studio: Window) -> None:
    inner = (names for _, names in SUBMENUS.values())
    named = {name for names in (*MENUS.values(), *inner, TOOLBAR) for name in names if name}
    # `recent` is a menu, and `docks` are the parts of the window.
    assert named == {*ACTIONS, *SUBMENUS, "recent", "docks"}
    shortcuts = [spec.shortcut for spec in ACTIONS.values() if spec.shortcut]
    assert len(shortcuts) == len(set(shortcuts))
    assert {spec.needs for spec in ACTIONS.values()} - {""} <= {
        *studio.states(), "dirty", "undo", "redo", "selection", "blocks", "graph_block", "inside", "building",
        "report", "chosen", "notes",
        "several", "last",
    }  # fmt: skip
    for name in ACTIONS:
        assert callable(getattr(studio, f"do_{name}"))
