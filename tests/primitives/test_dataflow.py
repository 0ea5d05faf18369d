"""`dataflow`: what the stages of a kernel are, and that they compute together what the kernel does."""

from __future__ import annotations

from typing import Any

import numpy as np
import polybench
import pytest
from nest_steps import nest
from step_kernels import kernel, random_inputs

from allo_studio.analysis.ports import infer_ports
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.primitives.compute_at import ComputeAt
from allo_studio.primitives.dataflow import Dataflow
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.split import Split
from allo_studio.primitives.stages import handovers, plan_stages, take_apart
from allo_studio.schedule import applicable

TEXTS = {
    "several": """
def several(A: int32[4, 6], n: int32) -> (int32[4], int32[4, 6]):
    weights: int32[6] = 3
    T: int32[4, 6] = 0
    for i, j in grid(4, 6, name="first"):
        T[i, j] += A[i, j] * n
    y: int32[4]
    for i in range(4):
        s: int32 = 0
        for j in range(6):
            s += T[i, j] * weights[j]
        y[i] = s
    best: int32 = 0
    for k in range(4):
        best = max(best, y[k])
    return y, T
""",
    "values": """
def values(A: int32[8]) -> int32[8]:
    total: int32 = 0
    T: int32[8]
    for i in range(8):
        total += A[i]
        T[i] = A[i] * 2
    B: int32[8]
    for j in range(8):
        B[j] = T[j] - total
    return B
""",
    "called": """
def ramp(P: int32[8], start: int32) -> int32[8]:
    Q: int32[8]
    for n in range(8):
        Q[n] = P[n] + n * start
    return Q

def called(A: int32[8]) -> int32[8]:
    T: int32[8] = ramp(A, 2)
    U: int32[8]
    for i in range(8):
        U[i] = T[i] * T[i]
    B: int32[8] = ramp(U, 5)
    return B
""",
    "forked": """
def forked(A: int32[8]) -> (int32[8], int32[8]):
    T: int32[8]
    for i in range(8):
        T[i] = A[i] * 3
    B: int32[8]
    for j in range(8):
        B[j] = T[j] + A[j]
    C: int32[8]
    for k in range(8):
        C[k] = T[7 - k]
    return B, C
""",
    "woven": """
def woven(A: int32[8], B: int32[8]) -> (int32[8], int32[8]):
    first: int32[8] = 1
    second: int32[8] = 2
    low: int32 = 0
    T: int32[8] = 0
    for i in range(8):
        T[i] += A[i]
    for j in range(8):
        second[j] += B[j]
    for k in range(8):
        first[k] += T[7 - k]
    return first, second
""",
    "tables": """
def tables(A: int32[6]) -> int32[6]:
    t: int32[3] = [4, -1, 7]
    T: int32[6]
    for i in range(6):
        T[i] = A[i] * t[i % 3]
    B: int32[6]
    for j in range(6):
        row: int32[2]
        row[0] = T[j]
        row[1] = t[j % 3]
        B[j] = row[0] - row[1]
    return B
""",
}


def base(name: str) -> KernelIR:
    return kernel(name, TEXTS[name]) if name in TEXTS else nest(name)


def in_turn(ir: KernelIR, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the stages compute one after another."""
    held = dict(given)
    for part in take_apart(ir):
        held |= jit(part.kernel).run({name: held[name] for name, d in part.kernel.directions.items() if d == "in"})
    return held


@pytest.mark.parametrize(
    "name", ["forked", "several", "woven", "values", "called", "tables", "chain", "scaled", "blur", "two_gemms"]
)
def test_the_stages_compute_what_the_kernel_does(name: str) -> None:
    ir = Dataflow(name).apply(base(name))
    for seed in range(3):
        given = dict(random_inputs(ir, seed))
        want, found = jit(ir).run(given), in_turn(ir, given)
        for output, array in want.items():
            np.testing.assert_array_equal(found[output], array)


def test_what_writes_an_array_is_one_stage() -> None:
    ir = Dataflow("values").apply(base("values"))
    stages = plan_stages(ir)
    assert [stage.name for stage in stages] == ["nest", "nest1"]
    # A value is handed on too; it is no array, so nothing is streamed.
    assert [(h.buffer.name, h.source, h.target, h.depth) for h in handovers(ir, stages)] == [
        ("total", "nest", "nest1", None),
        ("T", "nest", "nest1", None),
    ]
    arguments = [[(a.name, a.direction, a.scalar) for a in part.kernel.arguments()] for part in take_apart(ir)]
    assert sorted(arguments[0]) == [("A", "in", False), ("T", "out", False), ("total", "out", False)]
    assert sorted(arguments[1]) == [("B", "out", False), ("T", "in", False), ("total", "in", True)]


def test_what_stands_between_the_writes_of_an_array_may_be_another_stage() -> None:
    stages = plan_stages(Dataflow("woven").apply(base("woven")))
    # A stage comes after those that it takes from; a lone value goes along with some stage.
    assert [sorted(stage.writes) for stage in stages] == [["low", "second"], ["T"], ["first"]]
    assert [sorted(stage.reads - stage.writes) for stage in stages] == [["B"], ["A"], ["T"]]


@pytest.mark.parametrize("name", ["two_mm", "three_mm"])
def test_products_in_a_row_are_stages(name: str) -> None:
    ir = infer_ports(parse_kernel(polybench.load(name).source, name))
    ir = Dataflow(ir.name).apply(ir)
    assert len(take_apart(ir)) == {"two_mm": 2, "three_mm": 3}[name]
    given = dict(random_inputs(ir, 1))
    want, found = jit(ir).run(given), in_turn(ir, given)
    for output, array in want.items():
        np.testing.assert_array_equal(found[output], array)


def test_stages_have_what_they_need_alone() -> None:
    parts = take_apart(Dataflow("called").apply(base("called")))
    assert [part.name for part in parts] == ["ramp", "nest", "ramp_1"]
    assert all(part.kernel.functions == (part.kernel.name,) for part in parts)
    assert [loop.name for loop in parts[2].kernel.loops()] == ["n"]
    tables = take_apart(Dataflow("tables").apply(base("tables")))
    assert [[b.name for b in part.kernel.buffers() if b.kind != "argument"] for part in tables] == [["t"], ["t", "row"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("B: int32[8]\n    for i in range(8):\n        B[i] = A[i]", "f has 1 stage"),
        (
            "kept: int32[8] @ Stateful = 0\n    T: int32[8]\n    for i in range(8):\n        kept[i] += A[i]\n"
            "        T[i] = kept[i]\n    B: int32[8]\n    for j in range(8):\n        B[j] = T[j]",
            "kept keeps its contents between calls",
        ),
    ],
)
def test_what_cannot_run_at_the_same_time(text: str, message: str) -> None:
    ir = kernel("f", f"def f(A: int32[8]) -> int32[8]:\n    {text}\n    return B\n")
    found = Dataflow("f").check(ir)
    assert [message in fault.message for fault in found] == [True]
    assert found[0].hint


def test_what_several_take_is_handed_on_to_each() -> None:
    ir = Dataflow("several").apply(base("several"))
    stages = plan_stages(ir)
    assert [stage.name for stage in stages] == ["first", "nest", "nest1"]
    # Results are handed on by the design, which has them as ports too.
    assert handovers(ir, stages) == ()
    forked = Dataflow("forked").apply(base("forked"))
    found = handovers(forked, plan_stages(forked))
    assert [(h.buffer.name, h.source, h.target) for h in found] == [("T", "nest", "nest1"), ("T", "nest", "nest2")]


def test_sizes_that_are_arguments_are_refused() -> None:
    sized = """
def f(A: int32["n<=8"]) -> int32["n<=8"]:
    T: int32["n<=8"]
    for i in range(n):
        T[i] = A[i]
    B: int32["n<=8"]
    for j in range(n):
        B[j] = T[j]
    return B
"""
    (fault,) = Dataflow("f").check(kernel("f", sized))
    assert fault.message == "f has sizes that are arguments (n)"


def test_only_steps_that_leave_the_stages_come_after() -> None:
    ir = Dataflow("chain").apply(nest("chain"))
    (fault,) = ComputeAt("i", "q").check(ir)
    assert fault.message == "compute_at may change the stages of chain, which run at the same time"
    assert fault.hint == "put compute_at before dataflow"
    (fault,) = Dataflow("chain").check(ir)
    assert fault.message == "the stages of chain run at the same time already"
    names = [stage.name for stage in plan_stages(ir)]
    for step in (Split("i", 2), Pipeline("q", 3)):
        ir = step.apply(ir)
    assert [stage.name for stage in plan_stages(ir)] == names
    assert {entry.name for entry in applicable(ir)} <= {
        *("split", "reorder", "fuse", "unroll", "pipeline", "parallel", "partition", "bind_op", "to")
    }
