"""One small kernel or design for each form that hardware takes: the JIT's bits, exactly the predicted cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from random_engines import inputs_of as flavoured
from random_engines import kernel_of
from rtl_checks import OPEN, Exact, RunningKernel, assert_exact

from allo_studio.backends.rtl.refusals import refusals
from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.hardware.nest import Branch, Call, Item, Nested, Segment, WhileLoop, WhilePipeline, walk
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.ir import KernelIR, in_context
from allo_studio.layout import Layout
from allo_studio.primitives.rewrite import mark
from allo_studio.samples import FLAVOURS
from allo_studio.schedule import from_specs

HEAD = "from allo_studio.lang import *\n"
Steps = Sequence[tuple[str, dict[str, Any]]]


def kernel(text: str, steps: Steps = ()) -> KernelIR:
    """Return the kernel `f` of a text after some steps."""
    return from_specs(kernel_of(HEAD + text), steps).ir


def typed(of: KernelIR, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs in the kernel's types."""
    return {a.name: np.asarray(given[a.name], a.type.element.dtype) for a in of.arguments() if a.name in given}


def check(text: str, steps: Steps = (), invocations: int = 2, clock: float = 3.33, **inputs: Any) -> Exact:
    """Check the kernel `f` of a text on inputs by argument."""
    found = kernel(text, steps)
    return assert_exact(found, OPEN[clock], typed(found, inputs), invocations)


def check_all(text: str, cases: Sequence[Mapping[str, Any]], steps: Steps = (), clock: float = 3.33) -> list[Exact]:
    """Check a kernel on several inputs."""
    found = kernel(text, steps)
    running = RunningKernel(found, OPEN[clock])
    return [assert_exact(found, OPEN[clock], typed(found, case), 2, running) for case in cases]


def check_flavours(text: str, steps: Steps = (), clock: float = 3.33) -> None:
    """Check a kernel on random numbers of each flavour."""
    found = kernel(text, steps)
    running, compiled = RunningKernel(found, OPEN[clock]), jit(found)
    for number, flavour in enumerate(FLAVOURS):
        assert_exact(found, OPEN[clock], flavoured(compiled, found, (), flavour, number), 2, running)


def kinds(exact: Exact, name: str = "f") -> set[type[Item]]:
    """Return the kinds of items that a function consists of."""
    return {type(item) for item, _ in walk(exact.schedule.functions[name].items)}


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


# Types


def test_integers_of_odd_widths() -> None:
    text = """
def f(a: int7[6], b: uint13[6], c: Int(100)[6], d: UInt(65)[6], s: uint1) -> (
    int7[6], uint13[6], Int(100)[6], UInt(65)[6], Int(31)[6], uint1[6]
):
    p: int7[6]
    q: uint13[6]
    r: Int(100)[6]
    t: UInt(65)[6]
    u: Int(31)[6]
    v: uint1[6]
    for i in range(6):
        p[i] = a[i] * b[i] - 1
        q[i] = b[i] - a[i]
        r[i] = c[i] * a[i] + (d[i] << 3)
        t[i] = (d[i] ^ c[i]) >> (b[i] % 16)
        u[i] = c[i] / (b[i] + 1) if s else c[i] % (a[i] + 100)
        v[i] = c[i] < d[i] or a[i] == -3
    return p, q, r, t, u, v
"""
    check_flavours(text)


def test_bits_and_ranges_of_bits() -> None:
    text = """
def f(a: uint32[5], n: uint5[5]) -> (uint32[5], uint1[5], uint8[5]):
    b: uint32[5]
    c: uint1[5]
    d: uint8[5]
    for i in range(5):
        w: uint32 = a[i]
        w[n[i]] = 1
        w[4:9] = n[i]
        b[i] = w
        c[i] = a[i][n[i]]
        e: uint8 = a[i][8:16]
        d[i] = e.reverse()
    return b, c, d
"""
    check_flavours(text)


@pytest.mark.parametrize("overflow", ["wrap", "saturate", "saturate_zero", "saturate_symmetric"])
@pytest.mark.parametrize("rounding", ["floor", "half_even", "zero", "half_away"])
def test_fixed_point(rounding: str, overflow: str) -> None:
    text = f"""
Small = Fixed(7, 3, "{rounding}", "{overflow}")
Plain = UFixed(9, 6, "{rounding}", "{overflow}")

def f(a: Fixed(12, 5)[8], b: Small[8], c: int5) -> (Small[8], Plain[8], int9[8]):
    p: Small[8]
    q: Plain[8]
    r: int9[8]
    s: Small = 0
    for i in range(8):
        p[i] = a[i] * b[i] + c
        q[i] = a[i] - b[i]
        s += b[i] * 2
        r[i] = s * a[i]
    return p, q, r
"""
    random = np.random.default_rng(3)
    given = {"a": random.integers(-2048, 2048, 8) / 32, "b": random.integers(-64, 64, 8) / 8, "c": -3}
    check(text, clock=4.0, **given)


def test_structs() -> None:
    text = """
Sample = Struct({"value": int16, "weight": UFixed(8, 8), "tag": Struct({"valid": uint1, "id": Int(7)})})

def f(A: Sample[4], id: Int(7)) -> (Sample[4], Sample):
    B: Sample[4]
    last: Sample = A[0]
    for i in range(4):
        s: Sample = A[3 - i]
        s["value"] += 1
        s["tag"]["id"] = id + i
        B[i] = s
        if s["tag"]["valid"]:
            B[i] = {"value": 0, "weight": s["weight"] / 2, "tag": {"valid": 0, "id": last["tag"]["id"]}}
        last = B[i]
    return B, last
"""
    kind = kernel(text).arguments()[0].type
    rows = [(1, 0.5, (True, 0)), (-5, 0.25, (False, 3)), (32767, 0.75, (False, -64)), (7, 0.0, (True, 9))]
    check(text, A=np.array(rows, kind.element.dtype), id=9)
    check(text, [("partition", {"buffer": "B", "kind": "complete"})], A=np.array(rows, kind.element.dtype), id=-60)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
def test_floats_of_every_width(kind: str) -> None:
    text = f"""
def f(a: {kind}[10], b: {kind}[10]) -> ({kind}[10], {kind}[10], {kind}):
    p: {kind}[10]
    q: {kind}[10]
    s: {kind} = 0
    for i in range(10):
        p[i] = a[i] * b[i] - b[9 - i]
        q[i] = -a[i] if a[i] < b[i] else a[i] + b[i]
        s += a[i] * b[i]
    return p, q, s
"""
    check_flavours(text)


def test_conversions_between_kinds_of_numbers() -> None:
    text = """
def f(a: float32[8], b: int32[8], c: float16[8], d: Fixed(12, 5)[8]) -> (int8[8], float32[8], float64[8], int32[8]):
    p: int8[8]
    q: float32[8]
    r: float64[8]
    t: int32[8]
    for i in range(8):
        p[i] = a[i]
        q[i] = b[i] + c[i]
        r[i] = a[i] * c[i] + d[i]
        t[i] = c[i] * 3.5
    return p, q, r, t
"""
    check_flavours(text)


# Refusals


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("x[i] / 3.5", "division of float32"),
        ("sqrt(x[i])", "square root of float32"),
        ("exp(x[i])", "exponential of float32"),
        ("tanh(x[i])", "tangent of float32"),
    ],
)
def test_operators_without_circuits_are_refused(expression: str, fault: str) -> None:
    text = f"""
def f(x: float32[4]) -> float32[4]:
    y: float32[4]
    for i in range(4):
        y[i] = 1.0 + {expression}
    return y
"""
    with pytest.raises(AlloError) as caught:
        RunningKernel(kernel(text), OPEN[3.33])
    (found,) = caught.value.diagnostics
    assert found.code == "rtl"
    assert fault in found.message
    assert found.span is not None
    # One line of imports, and an empty one.
    assert (found.span.line, found.span.source.line(found.span.line)) == (6, f"        y[i] = 1.0 + {expression}")
    assert "--target hls" in found.hint


def test_all_operators_without_circuits_are_told_together() -> None:
    text = """
def g(a: float32[4]) -> float32:
    s: float32 = 0.0
    for i in range(4):
        s += sqrt(a[i])
    return s

def f(a: float32[4]) -> float32[4]:
    b: float32[4]
    for i in range(4):
        b[i] = exp(a[i]) / a[3 - i]
        b[i] = b[i] * g(a)
    return b
"""
    with pytest.raises(AlloError) as caught:
        RunningKernel(kernel(text), OPEN[3.33])
    told = sorted((fault.span.line, fault.message) for fault in caught.value.diagnostics if fault.span)
    assert [line for line, _ in told] == [6, 12, 12]
