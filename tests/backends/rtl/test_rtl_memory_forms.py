"""One small kernel for each form that memories take as hardware: tables, state, registers, banks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from form_checks import Steps, check, kernel
from rtl_checks import OPEN

from allo_studio.backends.rtl.refusals import refusals
from allo_studio.hardware.schedule import schedule_kernel

# Tables and state


TABLE = """
TAPS = [1, -4, 6, 9, -2, 11, 3, 8]

def f(x: int16[8]) -> int32[8]:
    taps: int16[8] = TAPS
    y: int32[8] = 0
    for i in range(8):
        for k in range(4):
            y[i] += taps[(i + 2 * k) % 8] * x[k]
    return y
"""


@pytest.mark.parametrize(
    "partition",
    [
        {},
        {"kind": "cyclic", "factor": 2},
        {"kind": "cyclic", "factor": 3},
        {"kind": "block", "factor": 4},
        {"kind": "complete"},
    ],
    ids=lambda found: "".join(str(value) for value in found.values()) or "whole",
)
def test_a_table_that_is_never_written(partition: dict[str, Any]) -> None:
    steps: Steps = [("partition", {"buffer": "taps", **partition})] if partition else []
    check(TABLE, [*steps, ("unroll", {"axis": "k", "factor": 2})], x=range(-3, 5))


def test_tables_with_wide_words_and_computed_subscripts() -> None:
    text = """
B = 2**70

def f(i: uint2[6], j: uint3[6]) -> Int(90)[6]:
    table: Int(90)[3, 5] = [[1, -B, 3, B, 5], [B + 1, 7, -8 * B, 9, 10], [-1, B * B // 2**60, -3, 5 * B, 2**88]]
    y: Int(90)[6]
    for n in range(6):
        y[n] = table[i[n] % 3, j[n] % 5] - n
    return y
"""
    check(text, i=[0, 1, 2, 3, 2, 1], j=[7, 6, 5, 4, 0, 1])


def test_a_table_that_two_functions_read() -> None:
    text = """
SIGNS = [1, -1, 1, 1, -1]

def g(n: int32) -> int32:
    signs: int8[5] = SIGNS
    s: int32 = 0
    for i in range(5):
        s += signs[i] * (n + i)
    return s

def f(x: int32[4]) -> int32[4]:
    signs: int8[5] = SIGNS
    y: int32[4]
    for i in range(4):
        y[i] = g(x[i]) * signs[i]
    return y
"""
    check(text, x=[3, -1, 100, 7])


def test_state_is_kept_from_one_invocation_to_the_next() -> None:
    text = """
def f(x: int32) -> (int32, int32):
    window: int32[4] @ Stateful = [9, 8, 7, 6]
    count: int32 @ Stateful = 3
    for i in range(3):
        window[3 - i] = window[2 - i]
    window[0] = x
    count += 1
    total: int32 = 0
    for i in range(4):
        total += window[i]
    return total / count, count
"""
    check(text, invocations=5, x=40)
    check(text, [("partition", {"buffer": "window", "kind": "complete"})], 5, x=-7)
    check(text, [("partition", {"buffer": "window", "kind": "cyclic", "factor": 2})], 5, x=5)


def test_state_of_a_function_that_is_called() -> None:
    text = """
def g(x: int16) -> int16:
    last: int16 @ Stateful = -5
    history: int16[3] @ Stateful = 2
    was: int16 = last + history[2]
    for i in range(2):
        history[2 - i] = history[1 - i]
    history[0] = x
    last = x
    return was

def f(A: int16[5]) -> int16[5]:
    B: int16[5]
    for i in range(5):
        B[i] = g(A[i]) + g(A[4 - i])
    return B
"""
    check(text, invocations=3, A=[4, 1, -9, 70, 12])


# Variables and arrays


def test_variables_and_elements_that_are_read_back() -> None:
    text = """
def f(A: int32[8]) -> (int32, int32[4]):
    last: int32 = 1
    best: int32 = -100
    R: int32[4] = 0
    for i in range(8):
        last = last * 3 + A[i]
        if last > best:
            best = last
        R[i % 4] += last
        R[(i + 1) % 4] = R[i % 4] - best
    return best - last, R
"""
    for kind in ({}, {"kind": "complete"}, {"kind": "cyclic", "factor": 2}):
        steps: Steps = [("partition", {"buffer": "R", **kind})] if kind else []
        check(text, steps, A=[3, -1, 4, -1, 5, -9, 2, 6])


@pytest.mark.parametrize("whole", [True, False])
def test_arrays_that_each_iteration_makes_anew(whole: bool) -> None:
    text = """
def f(A: int32[6], at: uint2[6]) -> (int32[6], int32[6]):
    y: int32[6]
    z: int32[6]
    for i in range(6):
        T: int32[4]
        for k in range(4):
            T[k] = A[i] * (k + 1)
        T[at[i]] = -7
        T[3 - at[i]] += T[at[i]] + 1000
        if A[i] > 3:
            T[(at[i] + 1) % 4] = i
        y[i] = T[at[i]] - T[0]
        z[i] = T[(i + at[i]) % 4]
    return y, z
"""
    steps: Steps = [("partition", {"buffer": "T", "kind": "complete"}), ("pipeline", {"axis": "i"})] if whole else []
    check(text, steps, A=[5, 1, 9, -4, 3, 4], at=[0, 3, 1, 2, 3, 0])


BANKS = """
def f(A: int32[4, 9]) -> int32[4, 9]:
    B: int32[4, 9] = 5
    for i in range(4):
        for j in range(9):
            B[3 - i, (j * 2 + i) % 9] = A[i, (j + i) % 9] + A[i, 8 - j] * 2 + B[i, j]
    return B
"""


@pytest.mark.parametrize("array", ["A", "B"])
@pytest.mark.parametrize(
    "partition",
    [
        {"kind": "cyclic", "factor": 2, "dim": 2},
        {"kind": "cyclic", "factor": 4, "dim": 2},
        {"kind": "block", "factor": 2, "dim": 2},
        {"kind": "block", "factor": 3, "dim": 0},
        {"kind": "complete", "dim": 1},
        {"kind": "complete", "dim": 2},
        {"kind": "complete", "dim": 0},
    ],
    ids=lambda found: "".join(str(value) for value in found.values()),
)
def test_partitions_with_banks_that_move(partition: dict[str, Any], array: str) -> None:
    steps: Steps = [("partition", {"buffer": array, **partition}), ("unroll", {"axis": "j", "factor": 2})]
    check(BANKS, steps, A=np.arange(36).reshape(4, 9) * 7 - 50)


def test_partitions_of_two_dimensions_at_once() -> None:
    steps: Steps = [
        ("partition", {"buffer": "A", "kind": "cyclic", "factor": 2, "dim": 1}),
        ("partition", {"buffer": "A", "kind": "block", "factor": 4, "dim": 2}),
        ("partition", {"buffer": "B", "kind": "complete", "dim": 1}),
        ("partition", {"buffer": "B", "kind": "cyclic", "factor": 3, "dim": 2}),
        ("pipeline", {"axis": "i"}),
    ]
    check(BANKS, steps, A=np.arange(36).reshape(4, 9) * 3 - 20)


def test_banks_that_are_computed_from_data() -> None:
    text = """
def f(x: uint4[20]) -> int32[10]:
    H: int32[10] = 0
    for i in range(20):
        if x[i] < 10:
            H[x[i]] += i
    return H
"""
    for kind in ({"kind": "cyclic", "factor": 3}, {"kind": "block", "factor": 3}, {"kind": "complete"}):
        check(text, [("partition", {"buffer": "H", **kind})], x=[n * n % 16 for n in range(20)])


def test_memories_with_a_latency_of_two() -> None:
    text = """
def f(A: int32[16] @ Memory(resource="BRAM", latency=2), n: int32) -> int32[16]:
    B: int32[16] @ Memory(resource="URAM", latency=2) = 0
    C: int32[16] @ Memory(latency=3)
    for i in range(16):
        B[i] = A[15 - i] + A[i] * n
    for i in range(15):
        B[i + 1] += B[i]
    for i in range(16):
        C[i] = B[i] + A[i]
    for i in range(15):
        C[i] = C[i + 1] - C[i]
    return C
"""
    check(text, A=range(16), n=3)
    check(text, [("partition", {"buffer": "B", "kind": "cyclic", "factor": 2})], A=range(16), n=-5)


ALIASED = """
def g(X: int32[6], Y: int32[6]) -> int32:
    s: int32 = 0
    for i in range(6):
        s += X[i] * Y[5 - i]
    return s

def f(A: int32[6], B: int32[6]) -> (int32, int32):
    return g(A, {other}), g(A, B)
"""


def test_a_function_is_given_different_arrays_by_two_calls() -> None:
    check(ALIASED.format(other="B"), A=range(6), B=[3, 1, 4, 1, 5, 9])


def test_one_memory_for_two_arguments_of_a_function_is_refused() -> None:
    (fault,) = refusals(schedule_kernel(kernel(ALIASED.format(other="A")), OPEN[3.33]))
    assert fault.code == "rtl"
    assert fault.message == "g reads X and Y, which are one memory here, and may do so at once"
    assert fault.span is not None
    assert "copy" in fault.hint
