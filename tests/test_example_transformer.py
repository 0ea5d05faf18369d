"""The attention examples compute attention: against formulas of the whole in double precision."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from allo_studio.backends.vitis import emit, write
from allo_studio.design.region import Region, RegionProcess
from allo_studio.design.timing import SizedDesign, leaf_processes
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import build, size_project
from allo_studio.project import load_project
from allo_studio.simulate import run
from allo_studio.simulate.jit import evaluate_jit

PROJECTS = Path(__file__).resolve().parents[1] / "projects"
Arrays = dict[str, np.ndarray]


def softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def head(x: np.ndarray, query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
    q, k, v = x @ query, x @ key, x @ value
    return softmax(q @ k.T / np.sqrt(q.shape[1])) @ v


def norm(x: np.ndarray, gain: np.ndarray, shift: np.ndarray) -> np.ndarray:
    away = x - x.mean(axis=1, keepdims=True)
    return away / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5) * gain + shift


def attention(given: Arrays) -> np.ndarray:
    return head(given["X"], given["Wq"], given["Wk"], given["Wv"])


def transformer_layer(given: Arrays) -> np.ndarray:
    heads = [head(given["X"], *(given[f"W{kind}{number}"] for kind in "qkv")) for number in (0, 1)]
    x = norm(given["X"] + np.concatenate(heads, axis=1) @ given["Wo"], given["gain1"], given["shift1"])
    hidden = np.maximum(x @ given["W1"] + given["b1"], 0)
    return norm(x + hidden @ given["W2"] + given["b2"], given["gain2"], given["shift2"])


FORMULAS = {"attention": attention, "transformer_layer": transformer_layer}


@cache
def sized(name: str) -> SizedDesign:
    return size_project(load_project(PROJECTS / name))


def inputs(region: Region, scale: float) -> Arrays:
    generator = np.random.default_rng(7)
    ports = [port for port in region.ports if port.direction == "in"]
    return {p.name: generator.normal(0, scale, p.type.shape).astype(np.float32) for p in ports}


# At the last scale the powers of the greatest scores are beyond all floats.
@pytest.mark.parametrize("scale", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("name", FORMULAS)
def test_the_kernels_compute_the_formula(name: str, scale: float) -> None:
    given = inputs(sized(name).region, scale)
    wanted = FORMULAS[name]({port: array.astype(np.float64) for port, array in given.items()})
    found = evaluate_jit(sized(name).region, given)["Y"]
    assert found.dtype == np.float32
    assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


@pytest.mark.parametrize("name", FORMULAS)
def test_the_hls_code_computes_the_formula(name: str, tmp_path: Path) -> None:
    loaded, region = load_project(PROJECTS / name), sized(name).region
    write(emit(region, loaded.project.target, name, "xcu280-fsvh2892-2L-e"), tmp_path)
    given = inputs(region, 0.5)
    wanted = FORMULAS[name]({port: array.astype(np.float64) for port, array in given.items()})
    result = run(tmp_path, region.name, given, {"Y": wanted.astype(np.float32)}, tolerance=1e-4)
    assert result.passed
    assert result.compared == wanted.size


def depth(region: Region) -> int:
    return 1 + max((depth(p.region) for p in region.processes if isinstance(p, RegionProcess)), default=0)


def test_a_layer_is_three_levels_of_graphs_that_overlap() -> None:
    design = sized("transformer_layer")
    assert depth(design.region) == 3
    busy = [timing.schedule.latency for timing in design.processes.values()]
    assert len(busy) == len(list(leaf_processes(design.region))) > 25
    # One after another they would take as long as all of them together.
    assert design.latency < sum(busy) / 3


@pytest.mark.parametrize("name", FORMULAS)
def test_only_what_must_wait_for_a_whole_array_has_a_buffer(name: str) -> None:
    buffers = [reader for reader, kind in kinds(sized(name).region) if kind != "fifo"]
    assert set(buffers) == {"agree.keys", "blend.B"}


def kinds(region: Region) -> list[tuple[str, str]]:
    """Return the readers (`block.port`) and kinds of the channels between blocks."""
    found = [
        (".".join(channel.targets[0]), channel.kind)
        for channel in region.channels
        if channel.source[0] and channel.targets and channel.targets[0][0]
    ]
    inner = (p.region for p in region.processes if isinstance(p, RegionProcess))
    return [*found, *(entry for nested in inner for entry in kinds(nested))]


@pytest.mark.parametrize("name", FORMULAS)
def test_what_the_rtl_has_no_circuits_for_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(AlloError) as caught:
        build(load_project(PROJECTS / name), tmp_path / "build", target="rtl")
    found = caught.value.diagnostics
    assert {fault.code for fault in found} == {"rtl"}
    assert all(fault.span and fault.where and fault.hint for fault in found)
    messages = " ".join(fault.message for fault in found)
    assert "exponential" in messages
    assert "division" in messages
    assert ("square root" in messages) == (name == "transformer_layer")
