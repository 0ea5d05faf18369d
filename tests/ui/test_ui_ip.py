"""External blocks in the window: drawn, in the palette, and checked again when their files change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ip_projects import SCALE, write_files
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from schedule_samples import report

import ui.builder
from allo_studio.design.model import IpNode
from allo_studio.pipeline import BuildResult
from allo_studio.project import LoadedProject
from ui.dialogs import Prompts
from ui.window import Window


@pytest.fixture
def mixed(window: Window, tmp_path: Path) -> Window:
    """A window with a project that has an external block."""
    assert window.open_project(write_files(tmp_path / "mixed", SCALE))
    return window


def test_a_block_is_drawn_with_its_ports_and_told_about(mixed: Window) -> None:
    block = mixed.panels.canvas.picture.blocks["scale"]
    assert (block.kind, block.level) == ("ip", "ok")
    assert [port.name for port in (*block.inputs, *block.outputs)] == ["x", "y"]
    mixed.panels.canvas.select("scale")
    assert "ip/scale.ip.yaml" in mixed.panels.inspector.block_page.line.text()


def test_a_descriptor_is_in_the_palette_and_can_be_added(mixed: Window) -> None:
    assert mixed.session.work.descriptors == ["ip/scale.ip.yaml"]
    name = mixed.gestures.add({"kind": "ip", "path": "ip/scale.ip.yaml"}, (400.0, 300.0))
    assert name == "scale_2"
    assert mixed.session.graph is not None
    assert mixed.session.graph.nodes["scale_2"] == IpNode("ip/scale.ip.yaml")
    assert any("scale" in entry for entry in mixed.panels.palette.entries())


def test_a_changed_file_of_a_block_is_noticed(mixed: Window) -> None:
    session = mixed.session
    assert not session.changed_kernels()
    assert session.loaded is not None
    file = session.loaded.root / "ip/scale.cpp"
    file.write_text(file.read_text().replace("hls::stream<int> &x", "hls::stream<short> &x"))
    assert session.changed_kernels()
    session.recheck()
    assert any(d.code == "ip" for d in session.problems())


def test_code_of_a_project_is_run_after_a_question_once_a_folder(
    mixed: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    built: list[str] = []

    def build(loaded: LoadedProject, *_: Any, **__: Any) -> BuildResult:
        built.append(loaded.root.name)
        return BuildResult(report())

    monkeypatch.setattr(ui.builder, "build", build)
    prompts: Any = mixed.prompts
    asked: list[tuple[Path, tuple[str, ...]]] = []

    def ask(answer: bool) -> None:
        monkeypatch.setattr(prompts, "trust", lambda *given: bool(asked.append(given)) or answer, raising=False)

    def start() -> None:
        mixed.do_build()
        qtbot.waitUntil(lambda: not mixed.builder.running, timeout=5000)

    assert mixed.session.loaded is not None
    root = mixed.session.loaded.root
    ask(False)
    start()
    assert built == []
    assert asked == [(root, ("ip/scale.cpp", "ip/scale.h", "ip/scale.sv"))]
    assert "not allowed to run" in mixed.statusBar().currentMessage()
    ask(True)
    start()
    assert (built, len(asked)) == (["mixed"], 2)
    start()
    assert (built, len(asked)) == (["mixed", "mixed"], 2), "it was asked for once"
    # Another folder is another question; a project with kernels only is none.
    other = write_files(tmp_path / "copy", SCALE)
    assert mixed.open_project(other)
    start()
    assert (len(built), len(asked)) == (3, 3)
    assert mixed.open_project(Path(__file__).parents[2] / "projects" / "gemm_cascade")
    start()
    assert (len(built), len(asked)) == (4, 3)


@pytest.mark.parametrize(("key", "answer"), [(Qt.Key.Key_Return, False), (Qt.Key.Key_Y, True)])
def test_enter_alone_trusts_nobody(window: Window, tmp_path: Path, key: Qt.Key, answer: bool) -> None:
    seen: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        seen.append(box.text())
        alt = Qt.KeyboardModifier.AltModifier if key == Qt.Key.Key_Y else Qt.KeyboardModifier.NoModifier
        QTest.keyClick(box, key, alt)

    QTimer.singleShot(200, press)
    assert Prompts(window).trust(tmp_path, ("ip/scale.cpp",)) is answer
    assert "ip/scale.cpp" in seen[0]
