"""The inspector's pages of constants and of graph blocks: what is typed becomes an edit, what is wrong does not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from allo_studio.design.edits import SetGraphParam, SetGraphPortType, SetParam
from allo_studio.design.model import ConstantNode, GraphNode, Override
from nodes.picture import describe
from ui.window import Window

PROJECTS = Path(__file__).resolve().parents[2] / "projects"
NESTED = """\
format: 1
name: nested
top: top
schedules: {fast: [{unroll: {axis: n, factor: 0}}]}
graphs:
  top:
    inputs: {x: "int8[16, 64]"}
    outputs: {y: "int8[16, 32]"}
    nodes:
      w: {constant: weights/mlp.npz, array: w1}
      b: {constant: weights/mlp.npz, array: b1}
      part: {graph: part}
    edges: [x -> part.x, w.value -> part.w, b.value -> part.b, part.y -> y]
  part:
    params: {S: 7}
    inputs: {x: "int8[16, 64]", w: "int8[64, 32]", b: "int32[32]"}
    outputs: {y: "int8[16, 32]"}
    nodes: {layer: {kernel: "kernels/dense.py:dense", params: {SHIFT: S}}}
    edges: [x -> layer.x, w -> layer.w, b -> layer.b, layer.y -> y]
"""


@pytest.fixture
def nested(window: Window, tmp_path: Path) -> Window:
    folder = tmp_path / "nested"
    shutil.copytree(PROJECTS / "mlp", folder)
    (folder / "project.yaml").write_text(NESTED)
    np.save(folder / "weights" / "other.npy", np.full(32, 1 << 20))
    assert window.open_project(folder)
    return window


def _node(window: Window, name: str) -> Any:
    graph = window.session.graph
    assert graph
    return graph.nodes[name]


def test_a_constant_is_edited(nested: Window) -> None:
    window = nested
    inspector = window.panels.inspector
    inspector.select("b", None)
    page = inspector.constant_page
    assert page.line.text().startswith("constant of type int32[32], 1,024 bits\nfrom ")
    assert [page.array.itemText(index) for index in range(page.array.count())] == ["w1", "b1", "w2", "b2", "w3", "b3"]
    page.array.setCurrentText("b2")
    page.array.activated.emit(page.array.currentIndex())
    assert _node(window, "b") == ConstantNode("weights/mlp.npz", "b2")
    page.path.setText("weights/other.npy")
    page.path.editingFinished.emit()
    assert _node(window, "b") == ConstantNode("weights/other.npy")
    # The file has int64, which the wire does not take.
    assert not window.session.checked.ok  # type: ignore[union-attr]
    page.type.setText("int32[32]")
    page.type.editingFinished.emit()
    assert _node(window, "b") == ConstantNode("weights/other.npy", type="int32[32]")
    assert window.session.checked.ok  # type: ignore[union-attr]
    page.type.setText("int8[32]")
    page.type.editingFinished.emit()
    assert "does not fit int8" in page.faults.text()
    window.session.undo()
    assert _node(window, "b").type == "int32[32]"
    page.name.setText("bias")
    page.name.editingFinished.emit()
    assert "bias" in window.session.graph.nodes  # type: ignore[union-attr]


def test_arrays_are_in_the_palette(nested: Window) -> None:
    found = {title: payload for title, payload in nested.panels.palette.entries() if payload["kind"] == "constant"}
    assert sorted(found) == ["b1", "b2", "b3", "other", "w1", "w2", "w3"]
    assert nested.gestures.add(found["w2"], (0.0, 0.0)) == "w2"
    assert _node(nested, "w2") == ConstantNode("weights/mlp.npz", "w2")
    assert nested.gestures.add(found["other"], (0.0, 0.0)) == "constant"
    # Other Python than kernels is not offered.
    assert "train" not in dict(nested.panels.palette.entries())


def test_an_instance_is_set(nested: Window) -> None:
    window = nested
    inspector = window.panels.inspector
    inspector.select("part", None)
    form = inspector.instance_page.form_inside
    assert list(form.params) == ["S"]
    assert form.params["S"].placeholderText() == "7"
    form.params["S"].setText("5")
    form.params["S"].editingFinished.emit()
    assert _node(window, "part") == GraphNode("part", {"S": 5})
    form.schedules["layer"].setCurrentText("fast")
    form.schedules["layer"].activated.emit(form.schedules["layer"].currentIndex())
    form.settings["layer"].setText("LOW = -128")
    form.settings["layer"].editingFinished.emit()
    assert _node(window, "part").inside == {"layer": Override({"LOW": -128}, "fast")}
    assert window.session.checked.ok  # type: ignore[union-attr]
    form.settings["layer"].setText("LOW -128")
    form.settings["layer"].editingFinished.emit()
    assert form.settings["layer"].toolTip() == "write parameters as N = 16, T = int8"
    form.params["S"].setText("so")
    form.params["S"].editingFinished.emit()
    assert "'so' is no number" in form.params["S"].toolTip()
    assert _node(window, "part") == GraphNode("part", {"S": 5}, {"layer": Override({"LOW": -128}, "fast")})
    for _ in range(3):
        window.session.undo()
    assert _node(window, "part") == GraphNode("part")
    assert form.schedules["layer"].currentText() == "as drawn"


def test_a_level_shows_this_instance(nested: Window) -> None:
    wide = SetGraphPortType("part", "y", "int8[16, M]")
    session = nested.session
    for edit in (
        SetGraphParam("part", "M", 16),
        wide,
        SetGraphPortType("part", "w", "int8[64, M]"),
        SetGraphPortType("part", "b", "int32[M]"),
        SetParam("part", "layer", "N", "M"),
        SetParam("top", "part", "M", 32),
    ):
        assert session.do(edit)
    assert session.checked
    assert session.checked.ok
    session.show_level(session.level.enter("part"))
    assert session.graph
    assert session.shown
    blocks = describe(session.graph, session.shown).blocks
    assert blocks["@y"].inputs[0].type == blocks["layer"].outputs[0].type == "int8[16, 32]"


SIZED = """\
format: 1
name: sized
top: top
graphs:
  top:
    inputs: {n: int32, A: "float32[n<=8]"}
    outputs: {B: "float32[n<=8]"}
    nodes: {a: {kernel: "k.py:k"}}
    edges: [n -> a.n, A -> a.A, a.B -> B]
"""


def test_a_size_may_be_set_as_a_parameter(window: Window, tmp_path: Path, qapp: Any) -> None:
    (tmp_path / "k.py").write_text(
        'from allo_studio.lang import float32\n\n\ndef k(A: float32["n<=8"]) -> float32["n"]:\n    B: float32["n"]\n'
        "    for i in range(n):\n        B[i] = A[i]\n    return B\n"
    )
    (tmp_path / "project.yaml").write_text(SIZED)
    assert window.open_project(tmp_path)
    qapp.processEvents()
    window.panels.canvas.select("a")
    box = window.panels.inspector.kernel_page.parameter("n")
    assert (box.text(), box.placeholderText()) == ("", "told by each run")
    box.setText("6")
    box.editingFinished.emit()
    assert window.session.project is not None
    assert window.session.project.graphs["top"].nodes["a"].params == {"n": 6}
    assert window.panels.inspector.kernel_page.parameter("n").text() == "6"
