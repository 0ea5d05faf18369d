"""Every example project is checked, built and simulated as it lies in the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from allo_studio.pipeline import build, check_project
from allo_studio.project import load_project

PROJECTS = Path(__file__).resolve().parents[1] / "projects"
NAMES = sorted(path.parent.name for path in PROJECTS.glob("*/project.yaml"))


def test_there_are_examples() -> None:
    assert {"attention", "gemm_1024", "gemm_cascade", "image_pipeline", "mlp", "transformer_layer"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_built_and_simulated(name: str, tmp_path: Path) -> None:
    loaded = load_project(PROJECTS / name)
    assert loaded.diagnostics == ()
    assert check_project(loaded).diagnostics == ()
    result = build(loaded, tmp_path / "build")
    assert result.ok
    assert result.report.simulation is not None
    assert result.report.simulation.passed
    assert all(artifact.path.is_file() for artifact in result.artifacts)


def test_an_image_goes_through_three_stages_in_one_pass(tmp_path: Path) -> None:
    loaded = load_project(PROJECTS / "image_pipeline")
    result = build(loaded, tmp_path / "build", target="rtl")
    assert result.report.simulation is not None
    assert result.report.simulation.passed
    cycles = result.report.cycles["open"]
    assert cycles["predicted"] == cycles["simulated"]
    assert cycles["predicted"] < 1.01 * 48 * 64
    channels = [channel for channel in result.report.channels if channel.kind == "fifo"]
    assert [channel.depth["open"] for channel in channels] == [channel.observed for channel in channels] == [2, 2]
