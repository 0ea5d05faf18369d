"""`unfold`: one function an iteration, in order."""

from __future__ import annotations

import pytest
from call_kernels import called, refusal, replays
from step_kernels import KERNELS, assert_same, kernel

from allo_studio.ir import walk
from allo_studio.primitives.inline import Inline
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.split import Split
from allo_studio.primitives.unfold import Unfold

BANDS = [(name, band) for name in sorted(KERNELS) for band in sorted({loop.band for loop in kernel(name).loops()})]


@pytest.mark.parametrize(("name", "band"), BANDS)
def test_the_outermost_loop_of_every_nest(name: str, band: str) -> None:
    base, step = kernel(name), Unfold(band, (0,))
    after = step.apply(base)
    (loop,) = [loop for loop in base.top_loops() if loop.band == band]
    points = range(loop.lower, loop.upper, loop.step)
    assert after.functions == (*(f"{band}_pe_{i}" for i in points), name)
    assert all(known.band != band for known in after.loops())
    assert replays(step, base, after)
    assert_same(base, after)
    assert_same(base, Inline().apply(after))


def test_two_axes_make_a_grid_of_elements() -> None:
    base = kernel("gemm_int")
    nest = base.find_loop("k").band
    after = Unfold(nest, (0, 1)).apply(base)
    elements = [name for name in after.functions if "_pe_" in name]
    assert elements == [f"{nest}_pe_{i}_{j}" for i in range(6) for j in range(7)]
    (inner,) = after.at(f"{nest}_pe_2_3").loops()
    assert (inner.name, inner.trip, inner.depth) == ("k", 4, 0)
    assert_same(base, after)


def test_inner_axes_leave_the_loops_around() -> None:
    base = kernel("gemm")
    after = Unfold("i", (1,)).apply(base)
    assert [loop.name for loop in after.loops()][-1] == "i"
    assert len(after.functions) == 1 + 8
    assert [a.name for a in after.at(f"{base.find_loop('i').band}_pe_5").arguments()] == ["C", "i", "A", "B"]
    assert_same(base, after)


def test_the_order_of_dependent_iterations_stays() -> None:
    base = kernel("skewed")
    nest = base.find_loop("i").band
    after = Unfold(nest, (0, 1)).apply(base)
    assert_same(base, after)


def test_locals_live_in_their_element() -> None:
    base = kernel("deep")
    after = Unfold("i", (0, 1)).apply(base)
    element = after.at(f"{base.find_loop('i').band}_pe_1_2")
    assert [b.name for b in element.buffers() if b.kind == "local"] == ["t", "s"]
    assert len({loop.band for loop in element.loops()}) == 2
    assert_same(base, after)


def test_elements_can_be_scheduled_apart() -> None:
    base = kernel("gemm")
    nest = base.find_loop("i").band
    after = Pipeline(f"{nest}_pe_0:j").apply(Unfold(nest, (0,)).apply(base))
    assert [after.at(f"{nest}_pe_{i}").find_loop("j").pipeline for i in range(2)] == [1, None]
    assert_same(base, after)


def test_calls_inside_become_calls_of_the_element() -> None:
    base = called("rows")
    after = Unfold("all", (0,)).apply(base)
    assert set(after.functions) == {"row", "rows", "all_pe_0", "all_pe_1", "all_pe_2"}
    assert_same(base, after)
    assert_same(base, Inline().apply(after))


def test_axes_that_are_no_neighbours() -> None:
    message, hint = refusal(Unfold("i", (0, 2)), kernel("gemm"))
    assert message == "axes [0, 2] are not neighbours"
    assert hint == "write axes: [0, 1]; reorder the nest so that they are"
    assert refusal(Unfold("i", ()), kernel("gemm"))[0] == "axes [] are not neighbours"


def test_work_between_the_loops() -> None:
    base = kernel("chain")
    band = base.find_loop("p").band
    assert refusal(Unfold(band, (0, 1)), base) == (
        f"all the work of nest {band} is in loop p only, so there are no axes [0, 1]",
        "axes of p count from 0 to 0",
    )
    assert (
        refusal(Unfold("q", (-1,)), base)[0]
        == f"all the work of nest {band} is in loop p only, so there are no axes [-1]"
    )


def test_trip_counts_must_be_constant() -> None:
    assert refusal(Unfold("i", (0, 1)), kernel("triangular")) == (
        "loop j has no constant trip count, so it cannot be unfolded",
        "unfold loops with constant bounds",
    )


def test_pipelined_loops() -> None:
    piped = Pipeline("j").apply(kernel("gemm"))
    assert (
        refusal(Unfold("i", (0, 1)), piped)[0]
        == "loop j is pipelined; unfolded it would have no iterations to pipeline"
    )
    assert refusal(Unfold("i", (2,)), piped)[0] == "loop k is inside pipelined loop j, which unrolls it"


def test_too_many_elements() -> None:
    text = """
func.func @wide(%x: memref<2048xi32>) attributes {
    llvm.emit_c_interface, allo.args = ["x"], allo.directions = ["out"]} {
  affine.for %i = 0 to 2048 {
    %c = arith.constant 1 : i32
    affine.store %c, %x[%i] : memref<2048xi32>
  } {allo.band = "nest", allo.name = "i"}
  return
}
"""
    base = called("wide", text)
    assert refusal(Unfold("nest", (0,)), base) == (
        "unfolding i makes 2048 processing elements, more than 1024",
        "split the loops first, and unfold the outer parts",
    )
    assert not Unfold("nest", (0,)).check(Split("i", 512).apply(base))
    assert refusal(Unfold("other", (0,)), base)[0] == "wide has no loop 'other'"


def test_branches_that_the_loops_decide() -> None:
    text = """
def edges(A: int32[3, 4], n: int32) -> int32[3, 4]:
    B: int32[3, 4]
    for i, j in grid(3, 4, name="PE"):
        if i == 0 and j > 1 or i + j == 4:
            B[i, j] = A[i, j] * 2
        elif i == 1:
            if j < n:
                B[i, j] = A[i - 1, j]
            else:
                B[i, j] = 0
        else:
            B[i, j] = A[i, j] if j != 2 else n
    return B
"""
    base = kernel("edges", text)
    after = Unfold("PE", (0, 1)).apply(base)
    assert_same(base, after)
    branches = {name for name in after.functions for op in walk(after.at(name).body) if op.name == "scf.if"}
    # Only what depends on an argument is left.
    assert branches == {"PE_pe_1_0", "PE_pe_1_1", "PE_pe_1_2"}
    rows = Unfold("PE", (0,)).apply(base)
    assert_same(base, rows)
