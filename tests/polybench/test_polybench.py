"""Every kernel of PolyBench is its numpy reference, plain and scheduled."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polybench
import pytest

from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.schedule import ScheduledKernel, from_specs

# Single precision, some hundred additions an element, and factorisations that lose a little more.
TOLERANCE = 2e-5


@cache
def scheduled(name: str) -> ScheduledKernel:
    kernel = polybench.load(name)
    return from_specs(parse_kernel(kernel.source, name), kernel.schedule)


def run(ir: KernelIR, inputs: dict[str, Any]) -> dict[str, Any]:
    return jit(ir).run({name: np.copy(value) for name, value in inputs.items()})


def assert_close(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        got = np.asarray(found[name] if name in found else found[f"{name}_out"])
        assert got.shape == np.shape(value)
        if got.dtype.kind == "f":
            error = np.max(np.abs(got.astype(np.float64) - value))
            assert error <= TOLERANCE * max(1.0, float(np.max(np.abs(value)))), name
        else:
            assert np.array_equal(got, value), name


def test_there_are_thirty() -> None:
    assert len(polybench.NAMES) == 30
    assert all(polybench.load(name).schedule for name in polybench.NAMES)


@pytest.mark.parametrize("name", polybench.NAMES)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_kernel_is_its_reference(name: str, seed: int) -> None:
    kernel = polybench.load(name)
    inputs = kernel.inputs(seed)
    assert_close(run(scheduled(name).base, inputs), kernel.reference(inputs))


@pytest.mark.parametrize("name", polybench.NAMES)
def test_the_schedule_keeps_the_results(name: str) -> None:
    kernel = polybench.load(name)
    inputs = kernel.inputs(2)
    found = scheduled(name)
    before, after = run(found.base, inputs), run(found.ir, inputs)
    assert_close(after, kernel.reference(inputs))
    if not found.reassociates:
        for result, value in before.items():
            assert np.asarray(value).tobytes() == np.asarray(after[result]).tobytes(), result


@pytest.mark.parametrize("name", polybench.NAMES)
def test_other_sizes_are_parameters(name: str) -> None:
    kernel = polybench.load(name)
    sizes = {constant: size + 1 for constant, size in kernel.sizes().items()}
    inputs = kernel.inputs(3, sizes)
    assert_close(run(parse_kernel(kernel.source, name, sizes), inputs), kernel.reference(inputs, sizes))
