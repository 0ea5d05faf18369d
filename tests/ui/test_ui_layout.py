"""Blocks in line and at equal distances, and the canvas as a picture."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage

from allo_studio.design.edits import MoveNodes
from nodes import colours
from nodes.canvas import measures
from ui.alignment import Side, aligned, spread
from ui.window import Window

Point = tuple[float, float]
NUMBERS = st.integers(-200, 200).map(lambda n: float(4 * n))
PLACES = st.dictionaries(st.sampled_from("abcdefg"), st.tuples(NUMBERS, NUMBERS), min_size=2)
EXTENTS = st.integers(1, 60).map(lambda n: float(8 * n))
SIZES = st.fixed_dictionaries({name: st.tuples(EXTENTS, EXTENTS) for name in "abcdefg"})


@given(places=PLACES, sizes=SIZES)
def test_a_side_of_all_blocks_is_on_one_line(places: dict[str, Point], sizes: dict[str, Point]) -> None:
    sides: list[tuple[Side, int, float, Any]] = [
        ("left", 0, 0.0, min), ("right", 0, 1.0, max), ("top", 1, 0.0, min), ("bottom", 1, 1.0, max)
    ]  # fmt: skip
    for side, axis, part, outermost in sides:
        found = aligned(places, sizes, side)
        lines = {at[axis] + part * sizes[name][axis] for name, at in found.items()}
        assert lines == {outermost(at[axis] + part * sizes[name][axis] for name, at in places.items())}
        # Nothing moves along the line, and again nothing changes.
        assert all(found[name][1 - axis] == at[1 - axis] for name, at in places.items())
        assert aligned(found, sizes, side) == found


@given(places=PLACES, sizes=SIZES, axis=st.sampled_from([0, 1]))
def test_gaps_are_equal(places: dict[str, Point], sizes: dict[str, Point], axis: int) -> None:
    found = spread(places, sizes, axis)
    order = sorted(places, key=lambda name: (places[name][axis], name))
    assert found[order[0]] == places[order[0]]
    assert all(found[name][1 - axis] == at[1 - axis] for name, at in places.items())
    if len(order) > 2:
        ends = [found[name][axis] + sizes[name][axis] for name in order]
        gaps = [found[after][axis] - end for after, end in zip(order[1:], ends, strict=False)]
        # Blocks stand on a grid of 4.
        assert max(gaps) - min(gaps) <= 4
        assert min(gaps) >= -4
        room = places[order[-1]][axis] + sizes[order[-1]][axis] - places[order[0]][axis]
        if room >= sum(sizes[name][axis] for name in order):
            assert abs(found[order[-1]][axis] - places[order[-1]][axis]) <= 4


def test_few_blocks_stay() -> None:
    assert aligned({}, {}, "left") == {}
    assert spread({"a": (0.0, 0.0), "b": (400.0, 8.0)}, {}, 0) == {"a": (0.0, 0.0), "b": (400.0, 8.0)}


def test_selected_blocks_are_put_in_line_as_one_edit(studio: Window) -> None:
    canvas = studio.panels.canvas
    graph, checked = studio.session.graph, studio.session.checked
    assert graph is not None
    assert checked is not None
    studio.session.do(MoveNodes(graph.name, {"mm1": (120.0, 400.0)}))
    before = dict(canvas.positions)
    canvas.select_blocks(["mm1", "mm2"])
    studio.actions_by_id["align_bottom"].trigger()
    sizes = measures(graph, checked)[0]
    bottoms = {canvas.positions[name][1] + sizes[name][1] for name in ("mm1", "mm2")}
    assert len(bottoms) == 1
    assert studio.session.history is not None
    assert studio.session.history.undo_text == "Align 2 blocks"
    studio.actions_by_id["align_left"].trigger()
    assert canvas.positions["mm1"][0] == canvas.positions["mm2"][0]
    assert set(canvas.selected_blocks()) == {"mm1", "mm2"}
    studio.do_undo()
    studio.do_undo()
    assert canvas.positions == before


def test_the_canvas_as_pictures(studio: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.panels.canvas.select_blocks(["mm1"])
    for ending in ("svg", "png", "pdf"):
        file = tmp_path / f"picture.{ending}"
        monkeypatch.setattr(studio.prompts, "answers", {"picture_file": file})
        studio.actions_by_id["export_picture"].trigger()
        assert studio.statusBar().currentMessage() == f"Wrote {file}"
    svg = ElementTree.parse(tmp_path / "picture.svg").getroot()
    texts = {"".join(node.itertext()).strip() for node in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert {"mm1", "mm2"} <= texts
    image = QImage(str(tmp_path / "picture.png"))
    area = studio.panels.canvas.view.drawn()
    assert image.width() == round((area.width() + 48) * 2)
    # Nothing but the blocks stands on its ground.
    corners = [image.pixelColor(x, y) for x in (2, image.width() - 3) for y in (2, image.height() - 3)]
    assert corners == [colours.BACKGROUND] * 4
    assert len({image.pixelColor(x, 10).name() for x in range(image.width())}) == 1
    assert (tmp_path / "picture.pdf").read_bytes()[:5] == b"%PDF-"
    assert studio.panels.canvas.selected_blocks() == ["mm1"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".picture")]


def test_a_picture_that_cannot_be_written_is_told(studio: Window, tmp_path: Path) -> None:
    for file, told in (
        (tmp_path / "picture.gif", "ends in .svg"),
        (tmp_path / "none" / "a.png", "could not be written"),
    ):
        studio.prompts.answers = {"picture_file": file}  # type: ignore[attr-defined]
        studio.actions_by_id["export_picture"].trigger()
        assert told in studio.statusBar().currentMessage()
        assert not file.exists()
