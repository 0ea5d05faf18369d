"""One small kernel for each form that control takes as hardware: loops, branches, calls, sizes."""

from __future__ import annotations

import numpy as np
import pytest
from form_checks import HEAD, Steps, check, check_all, kernel, kinds, typed
from random_engines import kernel_of
from rtl_checks import OPEN, RunningKernel, assert_exact

from allo_studio.hardware.nest import Branch, Call, Nested, Segment, WhileLoop, WhilePipeline
from allo_studio.ir import in_context
from allo_studio.layout import Layout
from allo_studio.primitives.rewrite import mark

# Loops


COLLATZ = """
def f(x: int32) -> int32:
    n: int32 = 0
    y: int32 = x
    while y > 1:
        if y % 2 == 0:
            y = y >> 1
        else:
            y = 3 * y + 1
        n += 1
    return n
"""


def test_a_pipelined_while() -> None:
    runs = check_all(COLLATZ, [{"x": x} for x in (0, 1, 2, 3, 27)])
    assert kinds(runs[0]) >= {WhilePipeline}


def test_a_while_that_writes_memory_and_one_without_an_end_in_sight() -> None:
    text = """
def f(A: int32[8]) -> int32[8]:
    B: int32[8] = 7
    i: int32 = 0
    while i < 6 and A[i] > 0:
        B[i] = A[i] * A[i]
        i += 1
    while B[0] < 1000:
        B[0] = B[0] * 2 + 1
    return B
"""
    check_all(text, [{"A": first} for first in ([1, 2, 3, 0, 5, 6, 7, 8], [0] * 8, [1] * 8, [99] * 8)])


def test_a_while_of_floats_with_a_late_condition() -> None:
    text = """
def f(x: float32, most: float32) -> (float32, int32):
    y: float32 = x
    n: int32 = 0
    while y * y < most:
        y = y * 1.5 + 0.25
        n += 1
    return y, n
"""
    check_all(text, [{"x": x, "most": 50.0} for x in (0.1, 100.0, 7.1, -3.0)])


@pytest.mark.parametrize("off", [False, True])
def test_a_while_with_loops_inside(off: bool) -> None:
    text = """
def f(A: int32[6]) -> (int32[6], int32):
    B: int32[6] = 1
    n: int32 = 0
    while n < A[n]:
        for i in range(6):
            B[i] += A[i] * n
        n += 1
    return B, n
"""
    steps: Steps = [("pipeline", {"axis": "nest:i", "off": True})] if off else []
    runs = check_all(text, [{"A": [4, 4, 4, 4, 0, 0]}, {"A": [0] * 6}, {"A": [1] * 6}], steps)
    assert kinds(runs[0]) >= {WhileLoop}


def test_a_while_in_a_loop_and_a_while_in_a_while() -> None:
    text = """
def f(A: int32[5]) -> int32[5]:
    B: int32[5]
    for i in range(5):
        a: int32 = A[i]
        b: int32 = 12
        n: int32 = 0
        while b != 0:
            t: int32 = a % b
            a = b
            b = t
            k: int32 = 0
            while k < n:
                k += 2
            n += k + 1
        B[i] = a * 100 + n
    return B
"""
    check(text, A=[18, 7, 0, 1, 60])


def test_a_while_whose_condition_calls_a_function() -> None:
    text = """
def g(A: int32[4], n: int32) -> int32:
    s: int32 = 0
    for i in range(4):
        s += A[i] * n
    return s

def f(A: int32[4], most: int32) -> int32:
    n: int32 = 0
    while g(A, n) < most:
        n += 3
    return n
"""
    check_all(text, [{"A": [1, 2, 3, 4], "most": most} for most in (-1, 0, 1, 200)])


def test_branches_with_loops_and_with_empty_sides() -> None:
    text = """
def f(A: int32[8], x: int32) -> (int32[8], int32):
    s: int32 = 0
    if x > 3:
        for i in range(8):
            s += A[i]
    if x < 0:
        for i in range(8):
            A[i] += 1
    else:
        if x == 2:
            for i in range(7):
                A[i + 1] += A[i]
    B: int32[8] = 0
    for i in range(8):
        B[i] = A[i] + s
    return B, s
"""
    runs = check_all(text, [{"A": range(8), "x": x} for x in (5, 2, -1, 0)])
    assert kinds(runs[0]) >= {Branch}


def test_branches_in_loops_that_are_not_pipelined() -> None:
    text = """
def f(A: int32[6], B: int32[6]) -> int32[6]:
    C: int32[6] = 0
    for i in range(6):
        if A[i] > 0:
            for j in range(A[i]):
                C[i] += B[j % 6] * j
        elif B[i] > 0:
            C[i] = 1
            if B[i] > 2:
                for j in range(3):
                    C[j] += 100
    return C
"""
    check(text, A=[3, 0, -1, 7, 0, 1], B=[0, 1, 9, 2, 5, -3])


@pytest.mark.parametrize("x", [0, 1, 7])
def test_values_that_a_branch_leaves(x: int) -> None:
    text = """
def g(A: int32[4]) -> int32:
    s: int32 = 0
    for i in range(4):
        s += A[i]
    return s

def f(A: int32[4], x: int32) -> int32:
    t: int32 = 0
    if x > 5 or (x != 0 and g(A) > 5):
        t = 1 + (g(A) if x > 1 else 3)
    return t
"""
    check(text, A=[1, 2, 3, 4], x=x)


def test_nested_loops_without_an_iteration() -> None:
    text = """
def f(A: int32[6, 6], n: int32) -> int32[6]:
    y: int32[6] = 1
    for i in range(6):
        for j in range(i):
            for k in range(j, n):
                y[i] += A[j, (k + i) % 6]
        y[i] *= 2
    return y
"""
    check_all(text, [{"A": np.arange(36).reshape(6, 6), "n": n} for n in (0, -4, 1, 3, 6)])


def test_loops_with_bounds_from_data() -> None:
    text = """
def f(A: int32[8], E: int32[3]) -> (int32[8], int32):
    B: int32[8] = 0
    s: int32 = 0
    for i in range(E[0], E[1]):
        s += A[i] * i
    for i in range(E[2]):
        for j in range(max(E[0], 0), 8):
            B[j] += A[j] + i
    return B, s
"""
    cases = [{"A": range(1, 9), "E": ends} for ends in ((0, 5, 2), (2, 6, 0), (4, 4, 1), (5, 1, -1), (7, 8, 3))]
    check_all(text, cases)
    lanes = kernel_of(HEAD + text)
    with in_context():
        mark(lanes.loops()[-1].op, unroll=3)
    running = RunningKernel(lanes, OPEN[3.33])
    for case in cases:
        assert_exact(lanes, OPEN[3.33], typed(lanes, case), 2, running)


def test_loops_that_count_down_and_in_steps() -> None:
    text = """
def f(A: int32[20]) -> int32[20]:
    B: int32[20] = 0
    for i in range(19, -1, -3):
        B[i] = A[19 - i]
    for i in range(1, 17, 5):
        for j in range(i + 3, i, -1):
            B[j] += A[i] * j
    return B
"""
    check(text, A=range(100, 120))


@pytest.mark.parametrize("factor", [2, 3, 7])
def test_lanes_with_a_remainder(factor: int) -> None:
    text = """
def f(A: int32[10], B: int32[10]) -> int32:
    s: int32 = 0
    for i in range(10):
        s += A[i] * B[i]
        A[i] = s
    return s
"""
    check(text, [("unroll", {"axis": "i", "factor": factor})], A=range(10), B=range(3, 13))


REWINDING = """
def f(A: int32[8], x: int32) -> int32[8]:
    B: int32[8]
    for i in range(8):
        B[i] = A[i] * x + i
    return B
"""


@pytest.mark.parametrize("interval", [1, 3])
def test_a_loop_that_rewinds(interval: int) -> None:
    steps: Steps = [("pipeline", {"axis": "i", "rewind": True, "initiation_interval": interval})]
    run = check(REWINDING, steps, 5, A=range(8), x=3)
    # The next invocation begins before the last iteration is done.
    assert run.cycles[1:] == (8 * interval,) * 4
    assert run.cycles[0] > 8 * interval


def test_a_loop_that_rewinds_at_an_interval_beyond_its_depth_is_done_before() -> None:
    run = check(REWINDING, [("pipeline", {"axis": "i", "rewind": True, "initiation_interval": 9})], 4, A=range(8), x=3)
    assert run.schedule.interval == run.schedule.latency
    assert len(set(run.cycles)) == 1


def test_a_loop_that_does_not_rewind_takes_its_whole_latency() -> None:
    run = check(REWINDING, (), 3, A=range(8), x=3)
    assert len(set(run.cycles)) == 1


def test_a_loop_that_is_not_pipelined() -> None:
    run = check(REWINDING, [("pipeline", {"axis": "i", "off": True})], A=range(8), x=3)
    assert kinds(run) >= {Nested, Segment}


# Calls


def test_calls_of_one_function_with_different_arrays_and_layouts() -> None:
    text = """
def g(X: int32[6], Y: int32[6], n: int8) -> int32:
    s: int32 = 0
    for i in range(6):
        Y[i] += X[5 - i] * n
        s += Y[i]
    return s

def f(A: int32[6], B: int32[6]) -> (int32[6], int32):
    C: int32[6] = 1
    s: int32 = g(A, C, 3)
    s += g(B, C, -2)
    for i in range(3):
        s += g(C, A, i)
    return C, s
"""
    run = check(text, A=range(6), B=[3, 1, 4, 1, 5, 9])
    assert kinds(run) >= {Call, Nested}
    given = {"A": range(6), "B": [3, 1, 4, 1, 5, 9]}
    found = kernel(text).with_layout("B", Layout.parse("(cyclic 2)")).with_layout("C", Layout.parse("(complete)"))
    run = assert_exact(found, OPEN[3.33], typed(found, given), 2)
    # One for each of the layouts that it is called with.
    assert sum(function.origin == "g" for function in run.schedule.functions.values()) == 3


def test_calls_in_calls_and_results_of_several_kinds() -> None:
    text = """
def h(X: int16[4]) -> (int16, uint1):
    m: int16 = X[0]
    for i in range(1, 4):
        m = max(m, X[i])
    return m, m > 3

def g(X: int16[4], n: int32) -> int32:
    m, big = h(X)
    s: int32 = m * n
    if big:
        for i in range(4):
            X[i] -= 1
        m, _ = h(X)
        s += m
    return s

def f(A: int16[3, 4]) -> int32[3]:
    y: int32[3]
    for i in range(3):
        y[i] = g(A[i], i) + g(A[2 - i], 7)
    return y
"""
    check(text, A=[[1, 2, 3, 9], [0, 0, -1, 2], [5, 4, 3, 2]])


def test_a_scalar_argument_is_taken_as_it_is_at_the_start() -> None:
    text = """
def g(X: int32[4], n: int32) -> int32:
    s: int32 = 0
    for i in range(4):
        s += X[i] * n
    return s

def f(A: int32[4], n: int32) -> int32:
    s: int32 = 0
    for i in range(n):
        s += g(A, n - i) * n
    return s
"""
    found = kernel(text)
    running, inputs = RunningKernel(found, OPEN[3.33]), typed(found, {"A": [1, 2, 3, 4], "n": 3})
    expected = assert_exact(found, OPEN[3.33], inputs, 1, running)
    running.begin(inputs, 1)
    running.model.run(1)
    running.model.poke("n", 7)
    assert 1 + running.model.run(1000, stop="done") == expected.cycles[0]
    assert running.outputs({}) == expected.outputs


# Named sizes


def test_named_sizes() -> None:
    text = """
def f(A: float32["n<=9", "m<=7"]) -> float32["n"]:
    y: float32["n"]
    for i in range(n):
        s: float32 = 0.0
        for j in range(i, m):
            s += A[i, j]
        y[i] = s
    return y
"""
    random = np.random.default_rng(1)
    cases = [{"A": random.random(shape, np.float32)} for shape in ((1, 1), (9, 7), (3, 7), (9, 2))]
    check_all(text, cases)
    check_all(text, cases, [("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": 3})])


def test_a_named_size_that_is_passed_on() -> None:
    text = """
def g(X: int32["n<=8"]) -> int32:
    s: int32 = 0
    for i in range(n):
        s += X[i] * n
    return s

def h(b: int32, n: int32) -> int32:
    s: int32 = b
    for i in range(n):
        s = s * 3 - i
    return s

def f(A: int32["n<=8"], B: int32[3]) -> (int32, int32):
    return g(A), h(B[2], n)
"""
    check_all(text, [{"A": range(n), "B": [7, 8, 9]} for n in (1, 5, 8)])
