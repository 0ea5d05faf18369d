"""New projects load, and making one leaves nothing behind when it fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.project import examples, load_project, new_project, sources


def test_a_new_project_is_small_and_loads(tmp_path: Path) -> None:
    made = new_project(tmp_path / "my-first")
    loaded = load_project(tmp_path / "my-first")
    assert loaded.project == made.project
    assert loaded.project.name == "my_first"
    (node,) = loaded.project.graphs[loaded.project.top].nodes.values()
    assert "def add" in sources(loaded.root)(node.path).text  # type: ignore[union-attr]


@pytest.mark.parametrize("example", examples())
def test_a_copy_of_each_example(tmp_path: Path, example: str) -> None:
    made = new_project(tmp_path / "mine", example)
    assert made.project.name == "mine"
    assert (tmp_path / "mine" / "kernels").is_dir()


def test_what_exists_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    for path in (tmp_path, tmp_path / "x"):
        with pytest.raises(AlloError, match="exists already"):
            new_project(path)
    with pytest.raises(AlloError, match="cannot be made"):
        new_project(tmp_path / ("x" * 5000))
    with pytest.raises(AlloError) as raised:
        new_project(tmp_path / "y", "gemm_cascad")
    assert raised.value.diagnostics[0].hint == "did you mean gemm_cascade?"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(AlloError, match="no space left"):
        new_project(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_an_empty_project_has_one_graph_with_nothing_in_it(tmp_path: Path) -> None:
    made = new_project(tmp_path / "bare", empty=True)
    (graph,) = made.project.graphs.values()
    assert (made.project.name, made.project.top, dict(graph.nodes), graph.edges) == ("bare", graph.name, {}, ())
    assert load_project(tmp_path / "bare").diagnostics == ()
