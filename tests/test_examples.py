"""Every example project is checked, built and simulated as it lies in the repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from allo_studio.pipeline import build, check_project
from allo_studio.project import load_project

PROJECTS = Path(__file__).resolve().parents[1] / "projects"
NAMES = sorted(path.parent.name for path in PROJECTS.glob("*/project.yaml"))


def test_there_are_examples() -> None:
    assert {"gemm_1024", "gemm_cascade"} <= set(NAMES)


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


@pytest.mark.skipif(not (shutil.which("iverilog") or shutil.which("verilator")), reason="no simulator is installed")
def test_external_blocks_are_built_as_rtl_too(tmp_path: Path) -> None:
    result = build(load_project(PROJECTS / "mixed_ip"), tmp_path / "build", target="rtl")
    assert result.ok
    cycles = result.report.cycles["open"]
    assert cycles["simulated"] == cycles["predicted"]
