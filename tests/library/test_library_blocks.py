"""Every block of the library against a formula in numpy, and every schedule against its block."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from library_samples import REFERENCES, SMALL, least_params

from allo_studio.execute import jit
from allo_studio.frontend import kernel_parameters, parse_kernel
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.library.catalogue import LibraryBlock, LibrarySchedule, library
from allo_studio.library.files import library_source
from allo_studio.schedule import from_specs
from allo_studio.verification import verify

BLOCKS = [pytest.param(block, id=block.name) for block in library()]
SCHEDULES = [pytest.param(b, s, id=f"{b.name}-{s.name}") for b in library() for s in b.schedules.values()]


def kernel(block: LibraryBlock, params: Mapping[str, int] | None = None) -> KernelIR:
    return parse_kernel(library_source(block.path), block.name, params)


def inputs(ir: KernelIR, scale: float = 1.0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(11)
    return {
        argument.name: generator.normal(0, scale, argument.type.shape).astype(np.float32) for argument in jit(ir).inputs
    }


def test_there_is_a_formula_for_each_block() -> None:
    assert set(REFERENCES) == set(SMALL) == {block.name for block in library()}


@pytest.mark.parametrize("size", ["default", "small", "least"])
@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_computes_its_formula(block: LibraryBlock, size: str) -> None:
    params = {"default": {}, "small": SMALL[block.name], "least": least_params(block, None)}[size]
    ir = kernel(block, params)
    given = inputs(ir)
    found = np.asarray(jit(ir)(*given.values()))
    known = {**kernel_parameters(library_source(block.path), block.name), **params}
    wanted = REFERENCES[block.name]({name: array.astype(np.float64) for name, array in given.items()}, known)
    assert found.dtype == np.float32
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * max(1, np.abs(wanted).max()))


def test_a_softmax_of_large_numbers_does_not_overflow() -> None:
    block = next(block for block in library() if block.name == "softmax")
    ir = kernel(block, SMALL["softmax"])
    x = inputs(ir, 1000.0)["x"]
    found = jit(ir)(x)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, REFERENCES["softmax"]({"x": x.astype(np.float64)}, {}), atol=1e-5)


def test_a_pool_of_negative_numbers_is_negative() -> None:
    block = next(block for block in library() if block.name == "max_pool2d")
    ir = kernel(block, SMALL["max_pool2d"])
    assert (jit(ir)(-1 - np.abs(inputs(ir)["x"])) <= -1).all()


@pytest.mark.parametrize(("block", "schedule"), SCHEDULES)
def test_a_schedule_changes_nothing_but_time(block: LibraryBlock, schedule: LibrarySchedule) -> None:
    for params in ({}, least_params(block, schedule)):
        scheduled = from_specs(kernel(block, params), schedule.steps)
        verdict = verify(scheduled.base, scheduled.ir, trials=4, reassociates=scheduled.reassociates)
        assert verdict, f"{params}: {verdict.difference}"
        assert verdict.trials > 0


@pytest.mark.parametrize("profile", ["vitis", "open"])
@pytest.mark.parametrize(("block", "schedule"), SCHEDULES)
def test_a_schedule_makes_a_block_faster(block: LibraryBlock, schedule: LibrarySchedule, profile: str) -> None:
    operators = load_operators(profile, 3.33)
    plain = kernel(block)
    before = schedule_kernel(plain, operators).latency
    after = schedule_kernel(from_specs(plain, schedule.steps).ir, operators).latency
    assert before is not None
    assert after is not None
    assert after < 0.8 * before


@pytest.mark.parametrize("block", BLOCKS)
def test_the_docstring_of_a_block_names_its_shapes(block: LibraryBlock) -> None:
    text = library_source(block.path).text
    body = text[text.index(f"def {block.name}(") :]
    docstring = body.split('"""')[1]
    for param in block.params:
        assert param in docstring or param == "TOGETHER"
