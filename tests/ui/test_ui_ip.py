"""External blocks in the window: drawn, in the palette, and checked again when their files change."""

from __future__ import annotations

from pathlib import Path

import pytest
from ip_projects import SCALE, write_files

from allo_studio.design.model import IpNode
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
    assert mixed.session.descriptors == ["ip/scale.ip.yaml"]
    name = mixed.gestures.add({"kind": "ip", "path": "ip/scale.ip.yaml"}, (400.0, 300.0))
    assert name == "scale_2"
    assert mixed.session.graph is not None
    assert mixed.session.graph.nodes["scale_2"] == IpNode("ip/scale.ip.yaml")
    assert any("scale" in entry for entry in mixed.panels.palette.entries())


def test_a_changed_file_of_a_block_is_noticed(mixed: Window) -> None:
    session = mixed.session
    assert not session.stale()
    assert session.loaded is not None
    file = session.loaded.root / "ip/scale.cpp"
    file.write_text(file.read_text().replace("hls::stream<int> &x", "hls::stream<short> &x"))
    assert session.stale()
    session.recheck()
    assert any(d.code == "ip" for d in session.problems())
