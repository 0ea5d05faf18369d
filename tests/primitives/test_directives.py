"""`unroll` and `pipeline`: the marks that they leave, and the counts that they refuse."""

from __future__ import annotations

import pytest
from step_kernels import kernel

from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import flag
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.split import Split
from allo_studio.primitives.unroll import Unroll

BIG = """
def big(A: int32[128, 128]) -> int32:
    s: int32 = 0
    for i, j in grid(128, 128):
        for k in range(64):
            s += A[i, j] * k
    return s
"""


def only(step: Unroll | Pipeline, ir: KernelIR) -> str:
    (found,) = step.check(ir)
    assert found.code == "step"
    assert found.hint
    return found.message


def test_unroll_marks_the_loop() -> None:
    base = kernel("gemm")
    assert Unroll("k").apply(base).find_loop("k").unroll == 0
    assert Unroll("j", 4).apply(base).find_loop("j").unroll == 4
    assert base.find_loop("k").unroll is None


@pytest.mark.parametrize("factor", [-1, 5])
def test_unroll_factors_out_of_range(factor: int) -> None:
    assert only(Unroll("k", factor), kernel("gemm")) == f"factor {factor} is out of range: loop k runs 4 times"


def test_unroll_needs_a_constant_trip_count() -> None:
    assert "no constant trip count" in only(Unroll("j"), kernel("triangular"))


def test_unroll_counts_the_copies_around_and_inside() -> None:
    base = Unroll("k").apply(kernel("big", BIG))
    assert only(Unroll("j"), base) == "unrolling loop j makes 8192 copies of its body, more than 4096"
    inner_last = Unroll("j").apply(kernel("big", BIG))
    assert "makes 8192 copies" in only(Unroll("k"), inner_last)
    assert Unroll("j", 64).check(base) == ()


def test_unroll_and_pipeline_exclude_each_other() -> None:
    piped = Pipeline("k").apply(kernel("gemm"))
    assert "is pipelined" in only(Unroll("k"), piped)
    assert Unroll("k", 2).check(piped) == ()
    assert "is fully unrolled" in only(Pipeline("k"), Unroll("k").apply(kernel("gemm")))


def test_pipeline_unrolls_what_is_inside() -> None:
    after = Pipeline("j", 2, rewind=True).apply(kernel("gemm"))
    assert (after.find_loop("j").pipeline, after.find_loop("k").unroll) == (2, 0)
    assert flag(after.find_loop("j").op, "allo.rewind")
    assert Unroll("k").check(after) == ()
    assert "is inside pipelined loop j" in only(Unroll("k", 2), after)
    again = Pipeline("j", 3).apply(after)
    assert again.find_loop("j").pipeline == 3
    assert not flag(again.find_loop("j").op, "allo.rewind")


def test_one_pipeline_in_a_nest() -> None:
    after = Pipeline("j").apply(kernel("gemm"))
    assert "is inside loop j, which is pipelined" in only(Pipeline("k"), after)
    assert "loop j inside i is already pipelined" in only(Pipeline("i"), after)


def test_off_stops_the_default() -> None:
    after = Pipeline("k", off=True).apply(kernel("gemm"))
    assert after.find_loop("k").pipeline == 0
    assert Pipeline("j").apply(after).find_loop("k").pipeline is None
    assert "cannot rewind" in only(Pipeline("k", off=True, rewind=True), kernel("gemm"))


def test_pipeline_refuses_too_many_operations() -> None:
    # 128 * 64 iterations of load, load, multiply, add, store.
    assert "into 40960 operations, more than 4096" in only(Pipeline("i"), kernel("big", BIG))
    assert Pipeline("j").check(kernel("big", BIG)) == ()


def test_pipeline_refuses_loops_inside_without_constant_trips() -> None:
    assert "loop j inside i has no constant trip count" in only(Pipeline("i"), kernel("triangular"))
    assert Pipeline("j").check(kernel("triangular")) == ()
    tail = Split("k", 3).apply(kernel("gemm"))
    assert "k.inner inside k.outer has no constant trip count" in only(Pipeline("k.outer"), tail)


def test_the_interval_is_at_least_one() -> None:
    assert only(Pipeline("k", 0), kernel("gemm")) == "initiation interval 0 is below 1"
