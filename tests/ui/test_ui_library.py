"""The library in the window: the palette's sections, blocks added with their schedules, and offers for wires."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication, QMenu

from allo_studio.design.edits import AddSchedule
from allo_studio.design.model import Endpoint, KernelNode, StepSpec
from allo_studio.library.catalogue import SECTIONS, find_block, library
from allo_studio.library.fitting import fitting_params
from allo_studio.project import load_project
from allo_studio.types import parse_type
from ui.catalogue import library_sections
from ui.offers import Offer, library_offers, wire_offers
from ui.palette import mime_of
from ui.tables import items_of
from ui.window import Window

ROW_WISE = {"kind": "library", "block": "gemm_row_wise"}


def titles(window: Window) -> list[str]:
    return [item.text(0) for item in items_of(window.panels.palette.tree) if not item.isHidden()]


def node(window: Window, name: str) -> KernelNode:
    graph = window.session.graph
    assert graph is not None
    found = graph.nodes[name]
    assert isinstance(found, KernelNode)
    return found


def test_the_sections_of_the_library_come_after_the_projects_own(studio: Window) -> None:
    shown = titles(studio)
    assert shown[0] == "kernels/gemm.py"
    assert shown[-len(SECTIONS) :] == [f"Library: {section}" for section in SECTIONS]
    entries = [entry for section in library_sections() for entry in section.entries]
    assert [entry.payload["block"] for entry in entries] == [block.name for block in library()]
    tip = next(entry.tip for entry in entries if entry.payload["block"] == "softmax")
    assert "softmax(x: float32[64, 64]) -> float32[64, 64]" in tip
    assert "Each row as shares of 1" in tip
    assert "row by row" in tip
    assert "softmax_4" in tip


def test_the_library_is_searched(studio: Window) -> None:
    palette = studio.panels.palette
    palette.search.setText("soft")
    assert [title for title, _ in palette.entries()] == ["Softmax"]
    assert titles(studio) == ["Library: Normalisation"]
    palette.search.setText("library")
    assert len(palette.entries()) == len(library())
    palette.search.setText("")
    assert "kernels/gemm.py" in titles(studio)


def test_a_block_of_the_library_is_added_with_its_schedule_in_one_edit(studio: Window, project: Path) -> None:
    before = studio.session.project
    palette = studio.panels.palette
    palette.search.setText("row-wise")
    palette.search.returnPressed.emit()
    assert node(studio, "gemm_row_wise") == KernelNode("library:linear.py", "gemm_row_wise", {}, "row_wise_4")
    block = find_block("gemm_row_wise")
    assert block is not None
    after = studio.session.project
    assert after is not None
    assert after.schedules["row_wise_4"] == block.schedules["row_wise_4"].steps
    assert studio.actions_by_id["undo"].text() == "&Undo Add gemm_row_wise"
    assert sorted(fault.message for fault in studio.session.problems()) == [
        "the input gemm_row_wise.A is not connected",
        "the input gemm_row_wise.B is not connected",
        "the output gemm_row_wise.C is not used",
    ]
    studio.do_undo()
    assert studio.session.project == before
    studio.do_redo()
    assert studio.session.project == after
    studio.do_save()
    assert load_project(project).project == after


def test_a_block_is_added_by_a_double_click_and_by_a_drop(studio: Window) -> None:
    tree = studio.panels.palette.tree
    item = tree.findItems("ReLU", Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)[0]
    tree.itemActivated.emit(item, 0)
    assert node(studio, "relu").schedule == "lanes_4"
    data = tree.mimeData([item])
    assert data.formats() == mime_of({}).formats()
    studio.panels.canvas.dropped.emit(json.dumps(item.data(0, Qt.ItemDataRole.UserRole)), 400.0, 200.0)
    assert node(studio, "relu_2").schedule == "lanes_4"
    project = studio.session.project
    assert project is not None
    assert project.view["cascade"]["relu_2"] == (400.0, 200.0)
    assert [name for name in project.schedules if name.startswith("lanes")] == ["lanes_4"]


def test_a_schedule_of_the_project_is_not_overwritten(studio: Window) -> None:
    mine = (StepSpec("pipeline", {"axis": "j"}),)
    assert studio.session.do(AddSchedule("row_wise_4", mine))
    studio.gestures.add(ROW_WISE, (0.0, 0.0))
    assert node(studio, "gemm_row_wise").schedule == "row_wise_4_2"
    project = studio.session.project
    assert project is not None
    assert project.schedules["row_wise_4"] == mine


def test_the_source_of_a_block_is_shown(studio: Window) -> None:
    studio._select_new(studio.gestures.add(ROW_WISE, (0.0, 400.0)))
    QApplication.processEvents()
    studio.panels.inspector.kernel_page.source_asked.emit()
    code = studio.panels.code
    assert "def gemm_row_wise" in code.source.toPlainText()
    assert "library:linear.py" in [code.tabs.tabToolTip(i) for i in range(code.tabs.count())]


def test_a_wire_is_offered_blocks_of_the_library_that_fit(studio: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(offers: list[Any]) -> Any:
        (found,) = [offer for offer in offers if offer.text == "ReLU: x"]
        assert found.group == "Library"
        return found

    monkeypatch.setattr(studio, "choose_offer", choose)
    before = studio.session.project
    studio.panels.canvas.wire_dropped.emit(Endpoint("mm2", "C"), True, QPointF(800, 300))
    graph = studio.session.graph
    assert graph is not None
    assert "mm2.C->relu.x" in [edge.id for edge in graph.edges]
    assert node(studio, "relu") == KernelNode("library:activations.py", "relu", {}, "lanes_4")
    studio.do_undo()
    assert studio.session.project == before


def test_offers_have_parameters_with_which_they_fit() -> None:
    held = {offer.text: offer for offer in library_offers(parse_type("float32[16, 8]"), True)}
    assert held["ReLU: x"].payload == {"kind": "library", "block": "relu", "params": {"M": 16, "N": 8}}
    assert held["GEMM, row-wise: B"].payload["params"] == {"K": 16, "N": 8}
    assert held["Transpose: A"].payload["params"] == {"M": 16, "N": 8}
    # An image has three dimensions, and no block has an input of one number but the factor.
    assert not [text for text in held if "pooling" in text or "factor" in text]
    assert [offer.text for offer in library_offers(parse_type("float32"), True)] == ["Scale: factor"]
    asked = {offer.text for offer in library_offers(parse_type("float32[5]"), False)}
    assert asked == {"GEMV: y"}
    assert library_offers(parse_type("int8[16, 8]"), True) == []
    assert [o.group for o in wire_offers([], lambda path: pytest.fail(path), None, True)] == [""]


@pytest.mark.parametrize(
    ("name", "port", "text", "params"),
    [
        ("softmax", "x", "float32[24, 10]", {"M": 24, "N": 10}),
        # Rows are taken eight at a time.
        ("softmax", "x", "float32[12, 10]", None),
        ("conv2d", "w", "float32[8, 5, 5, 3]", {"F": 8, "R": 5, "C": 3}),
        ("conv2d", "w", "float32[8, 5, 4, 3]", None),
        ("conv2d", "w", "float32[8, 17, 17, 3]", None),
        ("conv2d", "x", "float32[2, 16, 4]", None),
        ("conv2d", "y", "float32[14, 14, 9]", {"F": 9}),
        ("conv2d", "y", "float32[13, 14, 9]", None),
        ("max_pool2d", "x", "float32[7, 8, 8]", None),
        ("relu", "x", "float32[n<=64, 64]", None),
        ("relu", "y", "float32[64, 64]", {}),
        ("relu", "z", "float32[64, 64]", None),
    ],
)
def test_parameters_are_those_that_make_a_port_fit(
    name: str, port: str, text: str, params: dict[str, int] | None
) -> None:
    block = find_block(name)
    assert block is not None
    assert fitting_params(block, port, parse_type(text)) == params


def test_a_block_that_no_schedule_suits_has_none(studio: Window) -> None:
    studio.gestures.add({"kind": "library", "block": "relu", "params": {"N": 7}}, (0.0, 0.0))
    assert node(studio, "relu") == KernelNode("library:activations.py", "relu", {"N": 7}, None)
    # The default schedule of gemv takes eight at a time; the other one takes any.
    studio.gestures.add({"kind": "library", "block": "gemv", "params": {"K": 12}}, (0.0, 200.0))
    assert node(studio, "gemv").schedule == "gemv_tree"


def test_the_menu_of_offers_keeps_the_library_together(studio: Window) -> None:
    ready = [Offer(text, {"kind": "library", "block": "relu"}, "x", "Library") for text in ("One", "Two")]
    menu = studio.offer_menu([Offer("gemm.A", {"kind": "kernel"}, "A"), *ready])
    assert [action.text() for action in menu.actions()] == ["gemm.A", "Library"]
    (group,) = [child for child in menu.findChildren(QMenu) if child.title() == "Library"]
    assert [(action.text(), action.data()) for action in group.actions()] == [(offer.text, offer) for offer in ready]
    menu.deleteLater()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            json.dumps({"kind": "library", "block": "of_a_later_version"}),
            "the library has no block 'of_a_later_version'",
        ),
        (json.dumps({"kind": "wormhole"}), "no block"),
        (json.dumps({"kind": "library"}), "no block"),
        (json.dumps({"kind": "kernel", "path": 3, "function": "f"}), "no block"),
        ("{", "no block"),
        ("[]", "no block"),
    ],
)
def test_what_this_version_does_not_know_is_refused_in_words(studio: Window, text: str, said: str) -> None:
    before = studio.session.project
    studio.panels.canvas.dropped.emit(text, 0.0, 0.0)
    assert studio.session.project is before
    assert said in studio.session.problems()[0].message
    assert studio.statusBar().currentMessage().startswith("Not added")
