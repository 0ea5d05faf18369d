"""Streams that kernels read and write piece by piece: the C++ and the circuits do what the JIT does, when predicted."""

from __future__ import annotations

from pathlib import Path

import pytest
from design_checks import check_held
from random_pieces import design
from rtl_checks import OPEN

from allo_studio.backends.vitis import emit, write
from allo_studio.pipeline import size_project
from allo_studio.simulate import evaluate, random_inputs, run
from allo_studio.simulate.jit import evaluate_jit

pytestmark = pytest.mark.usefixtures("quick_cpp")


@pytest.mark.parametrize("seed", range(14))
def test_circuits_of_random_pieces(tmp_path: Path, seed: int) -> None:
    sized = size_project(design(tmp_path, seed), library=OPEN[3.33])
    assert {c.kind for c in sized.region.channels if c.source[0] == "first"} == {"fifo"}
    check_held(sized)


@pytest.mark.parametrize("seed", range(100, 106))
def test_cpp_of_random_pieces(tmp_path: Path, seed: int) -> None:
    loaded = design(tmp_path, seed)
    sized = size_project(loaded)
    inputs = random_inputs(sized.region.ports)
    want = evaluate(sized.region, inputs)
    assert (evaluate_jit(sized.region, inputs)["B"] == want["B"]).all()
    write(emit(sized.region, loaded.project.target, "pieces", "part"), tmp_path / "out")
    found = run(tmp_path / "out", sized.region.name, inputs, want)
    assert found.passed, (found.first_mismatch, found.faults, found.log)
