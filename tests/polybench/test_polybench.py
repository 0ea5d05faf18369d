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
# The medium, large and extra large sizes of PolyBench/C 4.2, in its order, by our names for its constants.
PUBLISHED = {
    "adi": ("T N", "100 200", "500 1000", "1000 2000"),
    "atax": ("M N", "390 410", "1900 2100", "1800 2200"),
    "bicg": ("M N", "390 410", "1900 2100", "1800 2200"),
    "cholesky": ("N", "400", "2000", "4000"),
    "correlation": ("M N", "240 260", "1200 1400", "2600 3000"),
    "covariance": ("M N", "240 260", "1200 1400", "2600 3000"),
    "deriche": ("W H", "720 480", "4096 2160", "7680 4320"),
    "doitgen": ("Q R P", "40 50 60", "140 150 160", "220 250 270"),
    "durbin": ("N", "400", "2000", "4000"),
    "fdtd_2d": ("T X Y", "100 200 240", "500 1000 1200", "1000 2000 2600"),
    "floyd_warshall": ("N", "500", "2800", "5600"),
    "gemm": ("M N K", "200 220 240", "1000 1100 1200", "2000 2300 2600"),
    "gemver": ("N", "400", "2000", "4000"),
    "gesummv": ("N", "250", "1300", "2800"),
    "gramschmidt": ("M N", "200 240", "1000 1200", "2000 2600"),
    "heat_3d": ("T N", "100 40", "500 120", "1000 200"),
    "jacobi_1d": ("T N", "100 400", "500 2000", "1000 4000"),
    "jacobi_2d": ("T N", "100 250", "500 1300", "1000 2800"),
    "lu": ("N", "400", "2000", "4000"),
    "ludcmp": ("N", "400", "2000", "4000"),
    "mvt": ("N", "400", "2000", "4000"),
    "nussinov": ("N", "500", "2500", "5500"),
    "seidel_2d": ("T N", "100 400", "500 2000", "1000 4000"),
    "symm": ("M N", "200 240", "1000 1200", "2000 2600"),
    "syr2k": ("M N", "200 240", "1000 1200", "2000 2600"),
    "syrk": ("M N", "200 240", "1000 1200", "2000 2600"),
    "three_mm": ("P R Q T S", "180 190 200 210 220", "800 900 1000 1100 1200", "1600 1800 2000 2200 2400"),
    "trisolv": ("N", "400", "2000", "4000"),
    "trmm": ("M N", "200 240", "1000 1200", "2000 2600"),
    "two_mm": ("P Q R S", "180 190 210 220", "800 900 1100 1200", "1600 1800 2200 2400"),
}


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


def test_sizes_are_those_that_are_published() -> None:
    assert sorted(PUBLISHED) == sorted(polybench.NAMES)
    for name, (constants, *published) in PUBLISHED.items():
        kernel = polybench.load(name)
        assert set(kernel.sizes()) == set(constants.split())
        for which, numbers in zip(("medium", "large", "extralarge"), published, strict=True):
            wanted = dict(zip(constants.split(), map(int, numbers.split()), strict=True))
            assert kernel.sizes(which) == wanted, (name, which)


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
