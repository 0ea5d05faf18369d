"""Branches, loops and calls as hardware: the control that they become, the JIT's results, exact cycles."""

from __future__ import annotations

import numpy as np
import pytest
from language_runs import HEAD, LIBRARIES, both, counted, found, loop, operations, run, typed
from random_engines import kernel_of
from schedule_checks import assert_runs

from allo_studio.hardware.nest import Branch, Call, Nested, Pipeline, Segment, WhileLoop, WhilePipeline
from allo_studio.hardware.resources import Resources
from allo_studio.ir import in_context
from allo_studio.layout import Layout
from allo_studio.primitives.rewrite import mark
from allo_studio.schedule import from_specs

# Branches


@both
def test_both_sides_of_an_if_share_a_port(profile: str) -> None:
    text = """
def f(A: int32[16], B: int32[16]) -> int32[16]:
    C: int32[16] = 0
    for i in range(16):
        if A[i] > B[i]:
            C[i] = A[i] - 1
        else:
            C[15 - i] = B[i] * 3
    return C
"""
    checked = run(text, profile, A=counted(-8, 8), B=[3] * 16)
    item = loop(checked, "i")
    one, two = operations(item, "store C")
    assert {guard.truth for guard in (*one.guards, *two.guards)} == {True, False}
    assert one.guards[0].branch == two.guards[0].branch
    assert item.placement.interval == 1
    assert not checked.schedule.depends_on


def test_a_value_chosen_by_a_condition_is_a_select() -> None:
    text = """
def f(A: int32[8]) -> int32:
    s: int32 = 0
    for i in range(8):
        if A[i] > 2:
            s += A[i]
        elif A[i] == 0:
            s = 100
    return s
"""
    item = loop(run(text, A=[5, 1, 0, 3, 3, 2, 9, -1]), "i")
    assert len(operations(item, "select")) == 2
    # The variable is one register, which is written once, with the value that it has at the end.
    assert [op.guards for op in operations(item, "store s")] == [()]
    assert item.placement.interval == 1


@both
@pytest.mark.parametrize("x", [3, -3])
def test_an_if_with_a_loop_inside_is_a_branch(profile: str, x: int) -> None:
    text = """
def f(A: float32[8], x: int32) -> float32:
    s: float32 = 0.0
    if x > 0:
        for i in range(8):
            s += A[i]
    else:
        s = A[7]
    return s
"""
    checked = run(text, profile, A=counted(0, 8), x=x)
    (branch,) = found(checked, Branch)
    assert isinstance(branch.then[0], Pipeline)
    assert all(isinstance(item, Segment) for item in branch.other)
    assert [need.data for need in checked.schedule.depends_on] == [True]
    assert checked.of_run.latency < 20 if x < 0 else checked.of_run.latency > 30


def test_a_branch_with_sides_of_equal_length_depends_on_nothing() -> None:
    text = """
def f(A: int32[8], x: int32) -> int32[8]:
    B: int32[8] = 0
    if x > 0:
        for i in range(8):
            B[i] = A[i] + 1
    else:
        for j in range(8):
            B[j] = A[j] + 2
    return B
"""
    checked = run(text, A=counted(0, 8), x=1)
    assert len(found(checked, Branch)) == 1
    assert not checked.schedule.depends_on


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
    checked = run(text, A=[1, 2, 3, 4], x=x)
    assert any(branch.results for branch in found(checked, Branch))
    assert checked.schedule.functions.keys() == {"f", "g"}


# Loops


@both
@pytest.mark.parametrize("x", [0, 1, 2, 27])
def test_a_while_is_a_pipeline(profile: str, x: int) -> None:
    text = """
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
    checked = run(text, profile, x=x)
    (item,) = found(checked, WhilePipeline)
    # An iteration starts only when it is known that there is one.
    assert item.exit < item.placement.interval
    assert [need.what.split()[1] for need in checked.schedule.depends_on] == ["while"]


def test_a_while_writes_nothing_in_the_iteration_that_is_none() -> None:
    text = """
def f(A: int32[8]) -> int32[8]:
    B: int32[8] = 7
    i: int32 = 0
    while i < 6 and A[i] > 0:
        B[i] = A[i] * A[i]
        i += 1
    return B
"""
    for first in ([1, 2, 3, 0, 5, 6, 7, 8], [0] * 8, [1] * 8):
        checked = run(text, A=first)
        (item,) = found(checked, WhilePipeline)
        (store,) = operations(item, "store B")
        assert len(store.guards) == 1


def test_a_while_with_a_loop_inside_runs_one_iteration_after_another() -> None:
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
    checked = run(text, A=[4, 4, 4, 4, 0, 0])
    (item,) = found(checked, WhileLoop)
    assert any(isinstance(inner, Pipeline) for inner in item.body)


@both
@pytest.mark.parametrize("ends", [(0, 5), (2, 6), (4, 4), (5, 1)])
def test_bounds_that_are_computed(profile: str, ends: tuple[int, int]) -> None:
    text = """
def f(A: int32[8], E: int32[2]) -> int32:
    s: int32 = 0
    for i in range(E[0], E[1]):
        s += A[i] * i
    return s
"""
    checked = run(text, profile, A=counted(1, 9), E=ends)
    item = loop(checked, "i")
    assert item.bounds is not None
    assert item.trips is None
    assert [need.data for need in checked.schedule.depends_on] == [True]


def test_lanes_of_a_loop_whose_bounds_are_computed() -> None:
    text = """
def f(A: int32[8], E: int32[2]) -> int32[8]:
    B: int32[8] = 0
    for i in range(E[0]):
        for j in range(E[1], 8):
            B[j] += A[j] + i
    return B
"""
    kernel = kernel_of(HEAD + text)
    with in_context():
        mark(kernel.loops()[-1].op, unroll=4)
    for ends in ((3, 2), (0, 2), (2, 8), (1, 7)):
        checked = assert_runs(kernel, LIBRARIES["vitis"], typed(kernel, {"A": counted(1, 9), "E": ends}))
        assert loop(checked, "j").counters[-1].lanes == 4
        assert len(found(checked, Nested)) == 1


@pytest.mark.parametrize("n", [1, 3, 6])
def test_named_sizes(n: int) -> None:
    text = """
def f(A: int32["n<=6", 3]) -> int32["n"]:
    y: int32["n"]
    for i in range(n):
        s: int32 = 0
        for j in range(3):
            s += A[i, j]
        y[i] = s
    return y
"""
    checked = run(text, A=np.arange(3 * n).reshape(n, 3))
    # Without a run the greatest size is meant.
    assert not checked.schedule.depends_on
    assert checked.schedule.latency == checked.of_run.latency + (6 - n) * checked.of_run.latency // n
    assert [need.data for need in checked.of_run.depends_on] == []


def test_a_bound_that_is_an_argument() -> None:
    text = """
def f(A: int32[8], n: uint3) -> int32[8]:
    B: int32[8] = 0
    for i in range(n):
        B[i] = A[i] + 1
    return B
"""
    for n in (0, 1, 7):
        checked = run(text, A=counted(0, 8), n=n)
        assert [need.data for need in checked.schedule.depends_on] in ([False], [True])


def test_zero_trips() -> None:
    text = """
def f(A: int32[4]) -> int32:
    s: int32 = 5
    for i in range(4):
        for j in range(i, 2):
            s += A[j] * i
    return s
"""
    checked = run(text, A=[1, 2, 3, 4])
    assert not checked.schedule.depends_on
    (item,) = found(checked, Nested)
    # Two of the four executions of the inner loop have no iteration, and take the cycle that shows it.
    place = item.body[0].placement
    rest = checked.of_run.latency - sum(i.placement.depth for i in checked.schedule.items if isinstance(i, Segment))
    assert rest == 2 * place.depth + place.interval + 2
    # Loops that count down, and in steps that do not fit.
    text = """
def f(A: int32[8]) -> int32:
    s: int32 = 0
    for i in range(7, 0, -3):
        s = s * 3 + A[i]
    return s
"""
    run(text, A=counted(0, 8))


# Calls, state and tables

SUM = """
def g(A: int32[8], w: int32) -> int32:
    s: int32 = 0
    for i in range(8):
        s += A[i] * w
    return s
"""


@both
def test_calls_share_an_instance(profile: str) -> None:
    text = (
        SUM
        + "\ndef f(A: int32[8], B: int32[8]) -> (int32, int32):\n    x = g(A, 3)\n    y = g(B, x)\n    return x, y\n"
    )
    checked = run(text, profile, A=counted(0, 8), B=counted(2, 10))
    assert [call.function for call in found(checked, Call)] == ["g", "g"]
    assert set(checked.schedule.functions) == {"f", "g"}
    alone = checked.schedule.functions["g"].resources
    assert checked.schedule.resources == sum((checked.schedule.functions["f"].resources, alone), Resources())


def test_a_function_has_a_schedule_for_each_layout() -> None:
    text = (
        SUM
        + "\ndef f(A: int32[8], B: int32[8]) -> (int32, int32):\n    x = g(A, 3)\n    y = g(B, x)\n    return x, y\n"
    )
    kernel = from_specs(kernel_of(HEAD + text), [("unroll", {"axis": "g:i", "factor": 4})]).ir
    kernel = kernel.with_layout("B", Layout.parse("(cyclic 4)"))
    checked = assert_runs(kernel, LIBRARIES["open"], typed(kernel, {"A": counted(0, 8), "B": counted(2, 10)}))
    names = [call.function for call in found(checked, Call)]
    assert len(set(names)) == 2
    assert {checked.schedule.functions[name].origin for name in names} == {"g"}
    assert [loop(checked, "i", name).placement.interval for name in names] == [4, 1]


@both
def test_a_function_is_put_into_a_pipeline(profile: str) -> None:
    text = """
def g(x: int32, y: int32) -> int32:
    t: int32 = x + y
    for i in range(2):
        t = t * 3 - x
    return t

def f(A: int32[8]) -> int32[8]:
    B: int32[8] = 0
    for i in range(8):
        B[i] = g(A[i], i) + g(i, A[7 - i])
    return B
"""
    checked = run(text, profile, [("unroll", {"axis": "g:i"})], A=counted(-4, 4))
    assert not found(checked, Call)
    assert set(checked.schedule.functions) == {"f"}
    assert loop(checked, "i").placement.interval == (1 if profile == "vitis" else 2)


def test_a_function_with_memory_is_put_into_a_pipeline() -> None:
    text = """
def g(A: int32[4], x: int32) -> int32:
    k: int32 @ Stateful = 5
    k += x
    A[x % 4] += k
    return A[3] - k

def f(A: int32[4]) -> int32[6]:
    B: int32[6] = 0
    for i in range(6):
        B[i] = g(A, i)
    return B
"""
    checked = run(text, A=[1, 2, 3, 4])
    item = loop(checked, "i")
    assert not found(checked, Call)
    assert item.placement.limit.kind == "recurrence"


@both
def test_state_is_a_recurrence(profile: str) -> None:
    text = """
def f(x: int32[6]) -> int32[6]:
    window: int32[4] @ Stateful = 0
    count: int32 @ Stateful = 10
    y: int32[6] = 0
    for i in range(6):
        window[i % 4] = x[i]
        count += 1
        y[i] = window[0] + window[3] * count
    return y
"""
    checked = run(text, profile, x=counted(1, 7))
    storages = {s.name: s for s in checked.schedule.functions["f"].storages}
    assert storages["window"].kind == "state"
    assert storages["count"].register


def test_tables() -> None:
    text = """
def f(x: uint2[6]) -> int32[6]:
    T: int32[4] = [3, -1, 4, 1]
    y: int32[6] = 0
    for i in range(6):
        y[i] = T[x[i]] * T[i % 4]
    return y
"""
    checked = run(text, x=[0, 3, 1, 2, 2, 0])
    assert loop(checked, "i").placement.interval == 1


def test_an_argument_of_a_call_that_no_cycle_depends_on() -> None:
    text = (
        SUM
        + """
def f(A: int32[8], B: int32[4], w: int32) -> int32[4]:
    for i in range(4):
        B[i] = g(A, w + i) + i
    return B
"""
    )
    checked = run(text, A=counted(0, 8), B=[0] * 4, w=3)
    assert not checked.schedule.depends_on
    assert not any(need.data for need in checked.of_run.depends_on)
