"""The benchmark of HLS C++: it takes the largest example, times what it says, and fails above a limit."""

from __future__ import annotations

from pathlib import Path

import hls
import pytest
from cli_samples import PROJECT, write_project

from allo_studio.project import load_project


def test_the_largest_example_has_the_most_blocks() -> None:
    found = hls.largest()
    counts = {
        file.parent.name: sum(
            1 for _ in hls.blocks(load_project(file.parent).project, load_project(file.parent).project.top)
        )
        for file in hls.EXAMPLES.glob("*/project.yaml")
    }
    assert counts[found.project.name] == max(counts.values())
    # A graph that stands at several places counts at each.
    assert counts["gemm_tree_15"] == 15


def test_writing_is_timed(tmp_path: Path) -> None:
    found = hls.written(load_project(write_project(tmp_path / "small")), runs=3)
    assert 0 < found.value < 60_000
    assert found.note.startswith("2 processes, ")
    assert found.within == (found.value <= hls.MOST_MS)


def test_a_simulation_is_timed_and_must_be_right(tmp_path: Path) -> None:
    project = write_project(tmp_path / "small")
    found = hls.simulated_cold(project)
    assert found.value > 0
    assert found.note == "256 elements compared"
    project.joinpath("project.yaml").write_text(PROJECT.replace("mm2.C -> E", "mm2.X -> E"))
    with pytest.raises(RuntimeError, match="the simulation of small failed"):
        hls.simulated_cold(project)


def test_a_limit_decides_the_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fast = hls.Measured("writing", 99.9, 100.0, "ms", "n")
    slow = hls.Measured("simulation", 15.1, 15.0, "s", "n")
    monkeypatch.setattr(hls, "largest", lambda: None)
    monkeypatch.setattr(hls, "written", lambda loaded: fast)
    monkeypatch.setattr(hls, "simulated_cold", lambda project: slow)
    assert hls.main() == 1
    assert [line.endswith("ABOVE THE LIMIT") for line in capsys.readouterr().out.splitlines()] == [False, True]
    monkeypatch.setattr(hls, "simulated_cold", lambda project: fast)
    assert hls.main() == 0
