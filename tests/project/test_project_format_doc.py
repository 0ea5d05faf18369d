"""The example and the code of docs/project-format.md work."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from allo_studio.design.check import check
from allo_studio.project import dump_project, parse_project, sources
from allo_studio.project.schema import to_plain

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "project-format.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)
    return str(found)


def test_the_example_uses_every_key_and_is_sound() -> None:
    loaded = parse_project(block("yaml"), ROOT / "projects" / "gemm_cascade" / "project.yaml")
    design = check(loaded.project, sources(loaded.root), loaded.spans)
    assert [d.message for d in design.diagnostics] == []
    again = parse_project(dump_project(loaded.project), loaded.file)
    assert to_plain(again.project) == to_plain(loaded.project)


def test_the_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "projects" / "gemm_cascade", tmp_path / "projects" / "gemm_cascade")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(block("python"), names)
    assert names["loaded"].project is names["changed"] or names["loaded"].project == names["changed"]  # type: ignore[attr-defined]
