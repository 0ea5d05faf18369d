"""Memories, lanes and types as hardware: what they become, the JIT's results, exact cycles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from language_runs import HEAD, LIBRARIES, Specs, both, counted, found, loop, operations, run, typed
from random_engines import kernel_of
from schedule_checks import assert_runs

from allo_studio.hardware.nest import Nested, Segment

# Memory


@both
def test_a_histogram_recurs_through_its_memory(profile: str) -> None:
    text = """
def f(x: uint3[16]) -> int32[8]:
    H: int32[8] = 0
    for i in range(16):
        H[x[i]] += 1
    return H
"""
    checked = run(text, profile, x=[1, 1, 1, 2, 2, 7, 0, 1, 1, 1, 3, 3, 2, 1, 7, 7])
    place = loop(checked, "i").placement
    assert place.limit.kind == "recurrence"
    # A load, and an addition and a store that may be in one cycle; what is stored can be read in the cycle after.
    assert place.interval in (2, 3)


def test_registers_are_chosen_by_a_moving_subscript() -> None:
    text = """
def f(x: int32[12]) -> int32[4]:
    R: int32[4] = 0
    for i in range(12):
        R[i % 4] += x[i] * R[(i + 1) % 4]
    return R
"""
    steps: Specs = [("partition", {"buffer": "R", "kind": "complete"})]
    checked = run(text, steps=steps, x=counted(-3, 9))
    (load, *_) = operations(loop(checked, "i"), "load R")
    assert load.operator.startswith("select")
    assert not any(group.array == "R" for group in loop(checked, "i").graph.groups)


@both
def test_a_window_of_registers(profile: str) -> None:
    text = """
def f(x: int32[12]) -> int32[12]:
    R: int32[3] = 0
    y: int32[12] = 0
    for i in range(12):
        for k in range(2):
            R[k] = R[k + 1]
        R[2] = x[i]
        y[i] = R[0] + R[1] * 2 + R[2]
    return y
"""
    steps: Specs = [
        ("partition", {"buffer": "R", "kind": "complete"}),
        ("pipeline", {"axis": "i"}),
    ]
    checked = run(text, profile, steps, x=counted(-3, 9))
    assert loop(checked, "i").placement.interval == 1


def test_memories_that_are_asked_for() -> None:
    text = """
def f(A: int32[16] @ Memory(resource="{0}", latency={1})) -> int32[16]:
    B: int32[16] @ Memory(resource="URAM") = 0
    for i in range(16):
        B[i] = A[i] + 1
    for i in range(8):
        B[i + 8] += B[i]
    return B
"""
    depths = []
    for resource, latency in (("BRAM", 1), ("BRAM", 2), ("URAM", 3)):
        checked = run(text.format(resource, latency), A=counted(0, 16))
        (load,) = operations(loop(checked, "nest:i"), "load A")
        assert load.latency == latency
        depths.append(loop(checked, "nest:i").placement.depth)
    assert depths == [depths[0], depths[0] + 1, depths[0] + 2]


# Lanes


@pytest.mark.parametrize("factor", [2, 3, 4, 5, 7])
def test_lanes_with_a_remainder(factor: int) -> None:
    text = """
def f(A: int32[10], B: int32[10]) -> int32:
    s: int32 = 0
    for i in range(10):
        s += A[i] * B[i]
        A[i] = s
    return s
"""
    checked = run(text, steps=[("unroll", {"axis": "i", "factor": factor})], A=counted(0, 10), B=counted(3, 13))
    item = loop(checked, "i")
    assert item.counters[-1].lanes == factor
    assert item.trips == -(-10 // factor)
    guarded = [op for op in operations(item, "store A") if op.guards]
    assert bool(guarded) == bool(10 % factor)


def test_integer_sums_are_trees_and_float_sums_are_not() -> None:
    text = """
def f(A: {0}[64]) -> {0}:
    s: {0} = 0
    for i in range(64):
        s += A[i]
    return s
"""
    steps: Specs = [
        ("partition", {"buffer": "A", "kind": "cyclic", "factor": 8}),
        ("unroll", {"axis": "i", "factor": 8}),
    ]
    whole = loop(run(text.format("int32"), steps=steps, A=counted(0, 64)), "i")
    assert whole.placement.interval == 1
    # Three levels of additions and one into the sum: some chained in a cycle.
    assert whole.placement.depth <= 1 + 4
    real = loop(run(text.format("float32"), steps=steps, A=np.linspace(0, 1, 64)), "i")
    add = LIBRARIES["vitis"].operator("fadd", "f32")
    assert real.placement.interval >= 8 * add.latency
    assert real.placement.limit.kind == "recurrence"


@both
def test_a_whole_nest_is_unrolled_into_an_outer_loop(profile: str) -> None:
    text = """
def f(A: int32[4, 4], B: int32[4, 4]) -> int32[4, 4]:
    C: int32[4, 4] = 0
    for i, j in grid(4, 4):
        for k in range(4):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""
    steps: Specs = [
        ("partition", {"buffer": "A", "kind": "complete", "dim": 2}),
        ("partition", {"buffer": "B", "kind": "complete", "dim": 1}),
        ("pipeline", {"axis": "j"}),
    ]
    checked = run(text, profile, steps, A=np.arange(16).reshape(4, 4), B=np.arange(16).reshape(4, 4) - 8)
    item = loop(checked, "j")
    assert [counter.name for counter in item.counters] == ["i", "j"]
    assert item.trips == 16
    assert item.placement.interval == 1


@both
def test_an_interval_that_is_asked_for_and_rewind(profile: str) -> None:
    text = """
def f(A: int32[8], B: int32[8]):
    for i in range(8):
        B[i] = A[i] * 3 + i
"""
    checked = run(text, profile, [("pipeline", {"axis": "i", "initiation_interval": 5})], A=counted(0, 8), B=[0] * 8)
    assert loop(checked, "i").placement.interval == 5
    assert checked.schedule.interval == checked.schedule.latency
    steps: Specs = [("pipeline", {"axis": "i", "rewind": True})]
    checked = run(text, profile, steps, A=counted(0, 8), B=[0] * 8)
    assert len(checked.schedule.items) == 1
    assert checked.schedule.interval == 8


def test_a_loop_that_is_not_pipelined() -> None:
    text = """
def f(A: int32[8]) -> int32[8]:
    B: int32[8] = 0
    for i in range(8):
        B[i] = A[i] * 3 + i
    return B
"""
    checked = run(text, steps=[("pipeline", {"axis": "i", "off": True})], A=counted(0, 8))
    (item,) = found(checked, Nested)
    assert [type(inner) for inner in item.body] == [Segment]


# Types


@both
def test_fixed_point_and_narrow_integers(profile: str) -> None:
    text = """
def f(a: Fixed(12, 4)[8], b: UFixed(9, 9, "half_even", "saturate")[8], c: int3[8], d: UInt(65)[8]) -> (
    Fixed(16, 6)[8], Int(70)[8], uint1[8], float64[8]
):
    p: Fixed(16, 6)[8]
    q: Int(70)[8]
    r: uint1[8]
    t: float64[8]
    for i in range(8):
        p[i] = a[i] * b[i] + c[i]
        q[i] = d[i] * c[i] - 3
        r[i] = d[i] > q[i] or a[i] < c[i]
        t[i] = a[i] / (b[i] + 1)
    return p, q, r, t
"""
    kernel = kernel_of(HEAD + text)
    random = np.random.default_rng(3)
    given: dict[str, Any] = {
        "a": random.integers(-100, 100, 8) / 16,
        "b": random.integers(0, 500, 8) / 512,
        "c": random.integers(-4, 4, 8),
        "d": [int(v) << 33 for v in random.integers(0, 1 << 32, 8)],
    }
    assert_runs(kernel, LIBRARIES[profile], typed(kernel, given))


def test_structs_and_bits() -> None:
    text = """
Pair = Struct({"x": int12, "y": uint5})

def f(a: int32[6]) -> int32[6]:
    P: Pair[6]
    b: int32[6] = 0
    for i in range(6):
        P[i]["x"] = int12(a[i])
        P[i]["y"] = uint5(a[5 - i])
    for i in range(6):
        w: int32 = P[i]["x"]
        w[3:7] = P[5 - i]["y"][0:4]
        b[i] = w + w[2]
    return b
"""
    run(text, a=[100, -3, 77, 5, -2048, 31])


@both
def test_functions_of_floats(profile: str) -> None:
    text = """
def f(x: float32[6]) -> (float32[6], int32[6]):
    y: float32[6]
    n: int32[6]
    for i in range(6):
        y[i] = exp(x[i]) + sqrt(x[i]) / (x[i] + 1.0)
        n[i] = int32(y[i] * 100.0)
    return y, n
"""
    run(text, profile, x=np.linspace(0.1, 3, 6))
