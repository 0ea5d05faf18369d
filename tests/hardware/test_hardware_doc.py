"""The code in docs/hardware.md runs, block after block, as one script."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hardware.md"


def test_the_code_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    shown = capsys.readouterr().out
    # What the page says is printed is what is printed.
    (example,) = re.findall(r"^    i/j/k: II=7.*?\n\n", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    lines = [line.removeprefix("    ").rstrip() for line in example.rstrip().splitlines()]
    printed = [line.rstrip() for line in shown.splitlines()]
    at = printed.index(lines[0])
    assert printed[at + 1].startswith(lines[1].removesuffix(" …"))
    assert printed[at + 2 : at + len(lines)] == lines[2:]
