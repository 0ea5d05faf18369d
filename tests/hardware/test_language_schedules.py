"""Each form of the kernel language as hardware: the control that it becomes, the JIT's results, exact cycles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from random_engines import kernel_of
from schedule_checks import Checked, assert_runs

from allo_studio.hardware.nest import (
    Branch,
    Call,
    Item,
    Nested,
    Pipeline,
    Segment,
    WhileLoop,
    WhilePipeline,
    walk,
)
from allo_studio.hardware.operations import Operation
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.resources import Resources
from allo_studio.ir import KernelIR, in_context
from allo_studio.layout import Layout
from allo_studio.primitives.rewrite import mark
from allo_studio.schedule import from_specs

LIBRARIES = {profile: load_operators(profile, 3.33) for profile in ("vitis", "open")}
HEAD = "from allo_studio.lang import *\n"
both = pytest.mark.parametrize("profile", sorted(LIBRARIES))
Specs = list[tuple[str, dict[str, Any]]]


def run(text: str, profile: str = "vitis", steps: Specs | None = None, **inputs: Any) -> Checked:
    """Check a kernel `f` on inputs, by argument, of the kernel's types."""
    kernel = from_specs(kernel_of(HEAD + text), steps or []).ir
    return assert_runs(kernel, LIBRARIES[profile], _typed(kernel, inputs))


def _typed(kernel: KernelIR, given: Mapping[str, Any]) -> dict[str, Any]:
    return {a.name: np.asarray(given[a.name], a.type.element.dtype) for a in kernel.arguments() if a.name in given}


def found(checked: Checked, kind: type[Item], name: str = "f") -> list[Any]:
    """Return the items of a kind of a function."""
    return [item for item, _ in walk(checked.schedule.functions[name].items) if isinstance(item, kind)]


def loop(checked: Checked, name: str, function: str = "f") -> Pipeline:
    """Return the pipeline of a loop."""
    return next(item for item in found(checked, Pipeline, function) if item.counters[-1].name == name)


def operations(item: Pipeline | Segment, label: str) -> list[Operation]:
    """Return the operations with a label."""
    return [op for op in item.graph.operations if op.label == label]


def counted(low: int, high: int) -> list[int]:
    return list(range(low, high))


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
        checked = assert_runs(kernel, LIBRARIES["vitis"], _typed(kernel, {"A": counted(1, 9), "E": ends}))
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
    # Two of the four executions of the inner loop have no iteration, and take no cycle.
    place = item.body[0].placement
    rest = checked.of_run.latency - sum(i.placement.depth for i in checked.schedule.items if isinstance(i, Segment))
    assert rest == 2 * place.depth + place.interval
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
    checked = assert_runs(kernel, LIBRARIES["open"], _typed(kernel, {"A": counted(0, 8), "B": counted(2, 10)}))
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
    assert_runs(kernel, LIBRARIES[profile], _typed(kernel, given))


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
