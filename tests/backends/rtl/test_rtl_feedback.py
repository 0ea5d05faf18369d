"""Loops as circuits: the JIT's bits in every invocation, exactly the predicted cycles, FIFOs as full as told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from design_checks import check_held, check_plain
from random_feedback import loops
from rtl_checks import OPEN
from test_random_feedback import by_hand, nested

from allo_studio.backends.rtl.emit import generate
from allo_studio.design.region import RelayoutProcess
from allo_studio.pipeline import simulate, size_project
from allo_studio.simulate.cycle.design import RunningDesign

# All but fixed-point types, for whose arrays infinity is no number.
KINDS = ("int32", "int16", "uint8", "float32")


@pytest.mark.parametrize("seed", range(16))
def test_random_loops(tmp_path: Path, seed: int) -> None:
    sized = size_project(loops(tmp_path, seed, kinds=KINDS), library=OPEN[3.33])
    if seed % 2:
        check_plain(sized)
    else:
        check_held(sized)


@pytest.mark.parametrize("seed", [3, 6, 9, 10, 13, 14])
def test_loops_with_adapters(tmp_path: Path, seed: int) -> None:
    sized = size_project(loops(tmp_path, seed, kinds=("int32", "int16", "float32"), mixed=True), library=OPEN[3.33])
    assert any(isinstance(process, RelayoutProcess) for process in sized.region.processes)
    check_plain(sized)


def test_loops_in_loops_and_a_delay(tmp_path: Path) -> None:
    sized = size_project(nested(tmp_path), library=OPEN[3.33])
    check_held(sized)
    given = {"A": np.array([7, -1, 4, 0, 9, 2], np.int32)}
    running = RunningDesign(generate(sized))
    for invocations in (3, 1, 2):
        # Each run begins with a reset, after which everything is as it was.
        want = by_hand(given["A"], invocations).astype(np.int32).tolist()
        assert running.run(given, invocations).outputs["Q"].tolist() == want


@pytest.mark.parametrize("seed", [0, 4])
def test_fixed_point_elements(tmp_path: Path, seed: int) -> None:
    result = simulate(loops(tmp_path, seed, kinds=("Fixed(16, 8)",)), target="rtl")
    assert result.ok
    assert result.report.simulation is not None
    assert result.report.simulation.compared
