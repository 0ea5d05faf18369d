"""What `reduce_tree` is for: the recurrence of a sum is one addition, and the tree costs a logarithm in depth."""

from __future__ import annotations

from math import log2
from typing import Any

import numpy as np
import pytest
from cycle_executor import execute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import HardwareSchedule, schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.schedule import from_specs
from allo_studio.source import Source

_LANGUAGE = "from allo_studio.lang import float32, grid, int16, int32, reduction\n\n\n"
_ARRAY = """
def dot(A: float32[64], B: float32[64]) -> float32[1]:
    x: float32[1] = 0.0
    for k in reduction(64):
        x[0] += A[k] * B[k]
    return x
"""
_SCALAR = _ARRAY.replace("float32[1]", "float32").replace("x[0]", "x")
_GEMM = """
def gemm(A: float32[4, 8], B: float32[8, 6]) -> float32[4, 6]:
    C: float32[4, 6] = 0.5
    for i, j in grid(4, 6):
        for k in reduction(8):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""
Steps = list[tuple[str, dict[str, Any]]]
LIBRARIES = {profile: load_operators(profile, 3.33) for profile in ("vitis", "open")}


def banks(factor: int) -> Steps:
    return [("partition", {"buffer": name, "kind": "cyclic", "dim": 1, "factor": factor}) for name in "AB"]


def tree(factor: int) -> Steps:
    return [("reduce_tree", {"axis": "k", "factor": factor}), ("pipeline", {"axis": "k"}), *banks(factor)]


def made(text: str, steps: Steps) -> KernelIR:
    name = text[text.index("def ") + 4 : text.index("(")]
    return from_specs(parse_kernel(Source(f"{name}.py", _LANGUAGE + text), name), steps).ir


def run(kernel: KernelIR, profile: str = "vitis", seed: int = 0) -> HardwareSchedule:
    """Schedule a kernel, and run the schedule cycle by cycle: the JIT's results, and the predicted cycles."""
    schedule = schedule_kernel(kernel, LIBRARIES[profile])
    random = np.random.default_rng(seed)
    inputs = {}
    for argument in kernel.arguments():
        if argument.direction == "in":
            drawn = random.normal(size=argument.type.shape) * 100
            inputs[argument.name] = drawn.astype(argument.type.element.dtype)
    found, wanted = execute(schedule, kernel, inputs), jit(kernel).run(inputs)
    assert set(found.outputs) == set(wanted)
    for name, array in wanted.items():
        assert found.outputs[name].tobytes() == np.asarray(array).tobytes(), name
    assert found.cycles == schedule.latency
    return schedule


def interval(schedule: HardwareSchedule) -> int:
    (found,) = (loop.interval for loop in schedule.loops() if loop.loop == "k")
    return found


def depth(schedule: HardwareSchedule, trip: int) -> int:
    """Return the cycles of one iteration of `k`: what all take, less the intervals between them and the first value."""
    assert schedule.latency is not None
    return schedule.latency - 1 - interval(schedule) * (trip - 1)


@pytest.mark.parametrize("text", [_ARRAY, _SCALAR])
def test_the_recurrence_is_one_addition(text: str) -> None:
    plain = run(made(text, [("unroll", {"axis": "k", "factor": 8}), ("pipeline", {"axis": "k"}), *banks(8)]))
    assert interval(plain) == 40
    summed = run(made(text, tree(8)))
    assert interval(summed) == 5
    assert (plain.latency, summed.latency) == (326, 61)


def test_the_accumulator_may_be_a_tile() -> None:
    text = (
        "def rows(A: float32[64], B: float32[64], C: float32[3]) -> float32[3]:\n    x: float32[3] = 0.0\n"
        "    for i in range(3):\n        for k in reduction(64):\n            x[i] += A[k] * B[k] * C[i]\n"
        "    return x\n"
    )
    steps: Steps = [("buffer_at", {"buffer": "x", "axis": "i"}), *tree(8)]
    assert interval(run(made(text, steps))) == 5


@pytest.mark.parametrize("factor", [2, 4, 8, 16, 32])
def test_each_doubling_adds_one_addition_to_the_depth(factor: int) -> None:
    one, two = (run(made(_SCALAR, tree(lanes))) for lanes in (2, factor))
    assert interval(two) == 5
    # Load, product, the tree and the accumulation; an addition takes 5 cycles.
    assert depth(two, 64 // factor) - depth(one, 32) == 5 * (log2(factor) - 1)


def test_the_whole_sum_leaves_the_loop_around_it_at_an_iteration_a_cycle() -> None:
    around: Steps = [
        ("reduce_tree", {"axis": "k"}),
        ("pipeline", {"axis": "j"}),
        ("partition", {"buffer": "A", "dim": 2}),
        ("partition", {"buffer": "B", "dim": 1}),
    ]
    schedule = run(made(_GEMM, around))
    assert [loop.interval for loop in schedule.loops() if loop.loop.startswith(("i", "j"))][-1] == 1
    # Unrolled, the same sum is as fast in the end, but its 8 additions follow each other.
    unrolled = run(made(_GEMM, around[1:]))
    assert unrolled.latency is not None
    assert schedule.latency is not None
    assert unrolled.latency - schedule.latency == 5 * (8 - (log2(8) + 1))


_DIRECTIVES = ["pipeline k", "pipeline i", "tile", "banks", "unroll i", "whole"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(["float32", "int32", "int16"]),
    update=st.sampled_from(["y[i] += e", "y[i] -= e", "y[i] = max(y[i], e)", "y[i] *= e", "y[i] = y[i] - e + A[i, k]"]),
    lanes=st.integers(2, 6), groups=st.integers(1, 3), rows=st.integers(1, 3),
    directives=st.lists(st.sampled_from(_DIRECTIVES), unique=True),
    profile=st.sampled_from(sorted(LIBRARIES)), seed=st.integers(0, 99),
)  # fmt: skip
def test_hardware_adds_up_as_the_jit_does(
    kind: str, update: str, lanes: int, groups: int, rows: int, directives: list[str], profile: str, seed: int
) -> None:
    size = lanes * groups
    text = (
        f"def rows(A: {kind}[{rows}, {size}], b: {kind}[{size}]) -> {kind}[{rows}]:\n    y: {kind}[{rows}] = 1\n"
        f"    for i in range({rows}):\n        for k in range({size}):\n"
        f"            e: {kind} = A[i, k] * b[k]\n            {update}\n    return y\n"
    )
    whole = "whole" in directives
    steps: Steps = [("reduce_tree", {"axis": "k", "factor": 0 if whole else lanes})]
    after: dict[str, Steps] = {
        "pipeline k": [] if whole or groups == 1 else [("pipeline", {"axis": "k"})],
        "pipeline i": [("pipeline", {"axis": "i"})],
        "tile": [("buffer_at", {"buffer": "y", "axis": "i"})],
        "banks": [("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": lanes})],
        "unroll i": [("unroll", {"axis": "i", "factor": rows})],
    }
    chosen = [d for d in directives if d in after]
    if "pipeline i" in chosen:
        chosen = [d for d in chosen if d not in ("pipeline k", "unroll i")]
    run(made(text, [*steps, *(step for name in chosen for step in after[name])]), profile, seed)
