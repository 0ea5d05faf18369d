"""Every example project is checked, built and simulated as it lies in the repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from allo_studio.pipeline import build, check_project, simulate, size_project
from allo_studio.project import load_project
from allo_studio.simulate import toolchain
from allo_studio.simulate.reference import evaluate

PROJECTS = Path(__file__).resolve().parents[1] / "projects"
NAMES = sorted(path.parent.name for path in PROJECTS.glob("*/project.yaml"))


def test_there_are_examples() -> None:
    names = {"attention", "feedback", "gemm_1024", "gemm_cascade", "image_pipeline", "mixed_ip", "mlp"}
    assert names | {"diamond", "gemm_tree_15", "transformer_layer"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_built_and_simulated(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The C++ is free of warnings, but for pragmas and labels that only the vendor's tool knows.
    monkeypatch.setattr(toolchain, "FLAGS", (*toolchain.FLAGS, "-Werror"))
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


def test_the_loop_of_feedback_runs_as_circuits() -> None:
    result = simulate(load_project(PROJECTS / "feedback"), target="rtl")
    assert result.ok
    cycles = result.report.cycles["open"]
    assert cycles["predicted"] == cycles["simulated"]
    (held,) = [row.depth["open"] for row in result.report.channels if row.id == "feedback/accumulate.back->error.y"]
    assert held == 1


def test_the_loop_of_feedback_is_a_filter() -> None:
    """The reference is compared with the formula that the kernels' file states, over two invocations."""
    sized = size_project(load_project(PROJECTS / "feedback"))
    samples = np.arange(256, dtype=np.int32) * 37 % 1000 - 300
    last = 0
    for invocation in (1, 2):
        made = []
        for sample in samples.tolist():
            last += (sample - last) >> 3
            made.append(last * 3)
        found = evaluate(sized.region, {"x": samples, "gain": np.array(3, np.int32)}, invocation)
        assert found["z"].tolist() == made


@pytest.mark.skipif(not (shutil.which("iverilog") or shutil.which("verilator")), reason="no simulator is installed")
def test_external_blocks_are_built_as_rtl_too(tmp_path: Path) -> None:
    result = build(load_project(PROJECTS / "mixed_ip"), tmp_path / "build", target="rtl")
    assert result.ok
    cycles = result.report.cycles["open"]
    assert cycles["simulated"] == cycles["predicted"]
