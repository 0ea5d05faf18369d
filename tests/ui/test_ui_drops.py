"""Files dropped on the canvas become blocks: those of the project as they are, others as a copy in it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from allo_studio.design.model import ConstantNode, IpNode, KernelNode
from ui.window import Window

ONE = "from allo_studio.lang import *\n\ndef twice(x: int32[8]) -> int32[8]:\n    y: int32[8]\n    for i in range(8):\n"
ONE += "        y[i] = x[i] * 2\n    return y\n"
TWO = ONE + ONE.replace("twice", "thrice").replace("from allo_studio.lang import *\n", "").replace("* 2", "* 3")


def drop(window: Window, *files: Path, at: tuple[int, int] = (60, 40)) -> bool:
    """Drop files as a file manager does; tells whether the canvas takes them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    view, left, none = window.panels.canvas.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        # Newer versions of Qt have no other way to make one.
        warnings.simplefilter("ignore", DeprecationWarning)
        enter = QDragEnterEvent(QPoint(*at), Qt.DropAction.CopyAction, data, left, none)
    view.dragEnterEvent(enter)
    view.dropEvent(QDropEvent(QPointF(*at), Qt.DropAction.CopyAction, data, left, none))
    return enter.isAccepted()


def blocks(window: Window) -> dict[str, Any]:
    graph = window.session.graph
    assert graph is not None
    return dict(graph.nodes)


def root(window: Window) -> Path:
    assert window.session.loaded is not None
    return window.session.loaded.root


def said(window: Window) -> str:
    return window.statusBar().currentMessage()


def test_a_kernel_of_the_project_is_a_block_where_it_falls(studio: Window) -> None:
    (root(studio) / "more.py").write_text(ONE)
    before = blocks(studio)
    assert drop(studio, root(studio) / "more.py")
    new = set(blocks(studio)) - set(before)
    assert new == {"twice"}
    assert blocks(studio)["twice"] == KernelNode("more.py", "twice")
    view = studio.panels.canvas.view
    at = view.mapToScene(QPoint(60, 40))
    placed = studio.panels.canvas.positions["twice"]
    assert abs(placed[0] - at.x()) <= 4
    assert abs(placed[1] - at.y()) <= 4
    assert studio.panels.inspector.block == "twice"
    studio.do_undo()
    assert blocks(studio) == before


def test_a_file_with_several_kernels_asks_which(studio: Window) -> None:
    (root(studio) / "more.py").write_text(TWO)
    studio.prompts.answers = {"choice": "thrice"}  # type: ignore[attr-defined]
    drop(studio, root(studio) / "more.py")
    assert blocks(studio)["thrice"] == KernelNode("more.py", "thrice")
    count = len(blocks(studio))
    studio.prompts.answers = {"choice": None}  # type: ignore[attr-defined]
    drop(studio, root(studio) / "more.py")
    assert len(blocks(studio)) == count


def test_a_file_from_elsewhere_is_copied_after_a_question(studio: Window, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "twice.py").write_text(ONE)
    np.save(other / "weights.npy", np.arange(8, dtype=np.int32))
    before = len(blocks(studio))
    studio.prompts.answers = {"bring_in": False}  # type: ignore[attr-defined]
    drop(studio, other / "twice.py")
    assert len(blocks(studio)) == before
    assert not (root(studio) / "kernels" / "twice.py").exists()
    studio.prompts.answers = {"bring_in": True}  # type: ignore[attr-defined]
    drop(studio, other / "twice.py", other / "weights.npy")
    assert blocks(studio)["twice"] == KernelNode("kernels/twice.py", "twice")
    assert ConstantNode("data/weights.npy", "") in blocks(studio).values()
    assert (root(studio) / "kernels" / "twice.py").read_text() == ONE
    # The same file again is no second copy; another one of that name is not lost.
    studio.prompts.answers = {}  # type: ignore[attr-defined]
    drop(studio, other / "twice.py")
    assert KernelNode("kernels/twice.py", "twice") in [blocks(studio)[n] for n in blocks(studio) if n != "twice"]
    (other / "twice.py").write_text(ONE.replace("* 2", "+ x[i]"))
    studio.prompts.answers = {"bring_in": True}  # type: ignore[attr-defined]
    drop(studio, other / "twice.py")
    assert KernelNode("kernels/twice_2.py", "twice") in blocks(studio).values()
    assert (root(studio) / "kernels" / "twice.py").read_text() == ONE
    assert not [path.name for path in (root(studio) / "kernels").iterdir() if path.name.startswith(".")]


def test_an_external_block(studio: Window, tmp_path: Path) -> None:
    (root(studio) / "ip").mkdir()
    for folder in (root(studio) / "ip", tmp_path):
        (folder / "outside.ip.yaml").write_text("format: 1\nname: outside\n")
    drop(studio, tmp_path / "outside.ip.yaml")
    assert "copy its folder into the project first" in said(studio)
    drop(studio, root(studio) / "ip" / "outside.ip.yaml")
    assert blocks(studio)["outside"] == IpNode("ip/outside.ip.yaml")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("empty.py", "x = 1\n", "has nothing for a block"),
        ("bad.py", "def f(x: int32[8]:\n", "bad.py"),
        ("gone.py", None, "gone.py"),
    ],
)
def test_what_is_no_block_is_told(studio: Window, name: str, text: str | None, told: str) -> None:
    if text is not None:
        (root(studio) / name).write_text(text)
    before = blocks(studio)
    assert drop(studio, root(studio) / name)
    assert told in said(studio)
    assert blocks(studio) == before


def test_other_files_are_not_taken(studio: Window, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"")
    assert not drop(studio, tmp_path / "picture.png")
