"""The page on external IP, done as it says: files written in order, commands run after what stands above them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from documents import DOCS, Block, blocks_of

from allo_studio.cli import main

PAGE = DOCS / "external-ip.md"
PROJECT = "scaled"


def put(folder: Path, block: Block, kept: dict[str, str]) -> None:
    """Write a block that names a file: the file, a line of it for a while, or lines at its end."""
    _, name, *how = block.kind.split()
    file = folder / name
    if how == ["changed"]:
        before = kept[name] = file.read_text()
        start = block.text[: block.text.index(":") + 1]
        lines = [block.text if line.startswith(start) else line for line in before.splitlines(keepends=True)]
        assert "".join(lines) != before
        file.write_text("".join(lines))
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text((file.read_text() if how == ["added"] else "") + block.text)


@pytest.mark.skipif(not (shutil.which("iverilog") or shutil.which("verilator")), reason="no simulator is installed")
def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    folder, commands = tmp_path / PROJECT, 0
    kept: dict[str, str] = {}
    for block in blocks_of(PAGE):
        if " " in block.kind:
            put(folder, block, kept)
        elif block.kind == "console":
            command, *shown = block.text.strip().splitlines()
            status = main(command.removeprefix("$ allo-studio ").split())
            said = "".join(capsys.readouterr())
            assert all(line in said for line in shown), said
            assert status == ("error[" in said)
            for name, text in kept.items():
                (folder / name).write_text(text)
            kept.clear()
            commands += 1
    assert commands == 6


def test_the_page_names_every_key() -> None:
    from allo_studio.project.ip import descriptor

    page = PAGE.read_text(encoding="utf-8")
    keys = (*descriptor._TOP_KEYS, *descriptor._PORT_KEYS, *descriptor._CPP_KEYS, *descriptor._VERILOG_KEYS)
    assert [key for key in keys if f"`{key}`" not in page] == []
