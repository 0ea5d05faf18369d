"""Designs of the library's blocks: chains run through FIFOs, and the hardware of all blocks computes the reference."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from library_samples import OTHERS, SMALL, design

from allo_studio.diagnostics import AlloError
from allo_studio.library.catalogue import library
from allo_studio.pipeline import build, check_project, size_project

# Blocks whose operators have no circuits in our RTL, and what these are.
NO_CIRCUITS = {
    "gelu": ["hyperbolic tangent"],
    "sigmoid": ["division", "exponential"],
    "softmax": ["division", "exponential"],
    "layer_norm": ["division", "square root"],
}
IMAGES = {
    "conv2d": {"H": 12, "W": 12, "C": 3, "F": 8},
    "depthwise_conv2d": {"H": 10, "W": 10, "C": 8},
    "max_pool2d": {"H": 8, "W": 8, "C": 8},
    "avg_pool2d": {"H": 4, "W": 4, "C": 8},
}
CHAINS = {
    "a dense layer": {"gemm_row_wise": {}, "bias_add": {}, "relu": {}, "residual_add": {}},
    "rows": {"scale": {}, "softmax": {}, "gemm_row_wise": {}, "layer_norm": {}, "gelu": {}, "sigmoid": {}, "gemv": {}},
    "trees": {"softmax": {}, "gemm_inner_product": {}, "transpose": {}, "bias_add": {}},
    "images": IMAGES,
}
FIRST = {"gemm_row_wise": "A", "gemm_inner_product": "A", "gemv": "A", "transpose": "A"}
LAST = {"gemm_row_wise": "C", "gemm_inner_product": "C", "transpose": "T"}


@pytest.mark.parametrize("name", CHAINS)
def test_blocks_in_a_row_are_joined_by_fifos(name: str, tmp_path: Path) -> None:
    blocks = list(CHAINS[name])
    wires = [(f"{one}.{LAST.get(one, 'y')}", f"{two}.{FIRST.get(two, 'x')}") for one, two in pairwise(blocks)]
    loaded = design(tmp_path, CHAINS[name], wires)
    assert check_project(loaded).diagnostics == ()
    sized = size_project(loaded)
    between = [channel for channel in sized.region.channels if channel.source[0] and channel.targets[0][0]]
    assert len(between) >= len(wires)
    assert {channel.kind for channel in between} == {"fifo"}
    # They overlap: together they take less than one after the other.
    assert sized.latency < sum(timing.schedule.latency for timing in sized.processes.values())


def test_the_hls_code_of_all_blocks_computes_the_reference(tmp_path: Path) -> None:
    loaded = design(tmp_path, {**SMALL, **OTHERS})
    result = build(loaded, tmp_path / "build")
    assert result.ok
    assert result.report.simulation is not None
    assert result.report.simulation.passed
    assert {row.path.partition("/")[2] for row in result.report.processes} >= {block.name for block in library()}


def test_the_circuits_of_blocks_take_the_cycles_predicted(tmp_path: Path) -> None:
    blocks = {name: params for name, params in {**SMALL, **OTHERS}.items() if name not in NO_CIRCUITS}
    # One after another, so that the cycles of each count.
    loaded = design(tmp_path, blocks, execution="sequential")
    result = build(loaded, tmp_path / "build", target="rtl")
    assert result.ok
    assert result.report.simulation is not None
    assert result.report.simulation.passed
    assert result.report.cycles["open"]["predicted"] == result.report.cycles["open"]["simulated"]


def test_a_chain_of_circuits_takes_the_cycles_predicted(tmp_path: Path) -> None:
    size = {"M": 4, "N": 8}
    blocks = {"gemm_row_wise": {**size, "K": 8}, "bias_add": size, "relu": size, "residual_add": size}
    wires = [("gemm_row_wise.C", "bias_add.x"), ("bias_add.y", "relu.x"), ("relu.y", "residual_add.x")]
    result = build(design(tmp_path, blocks, wires), tmp_path / "build", target="rtl")
    assert result.ok
    assert result.report.cycles["open"]["predicted"] == result.report.cycles["open"]["simulated"]


@pytest.mark.parametrize("name", NO_CIRCUITS)
def test_blocks_without_circuits_say_which_operators_these_are(name: str, tmp_path: Path) -> None:
    with pytest.raises(AlloError) as caught:
        build(design(tmp_path, {name: SMALL[name]}), tmp_path / "build", target="rtl")
    found = caught.value.diagnostics
    assert {fault.code for fault in found} == {"rtl"}
    assert all(fault.span is not None and fault.span.source.path.startswith("library:") for fault in found)
    messages = " ".join(fault.message for fault in found)
    assert all(operator in messages for operator in NO_CIRCUITS[name])
