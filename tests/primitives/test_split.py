"""`split`: even and uneven factors, bounds and steps."""

from __future__ import annotations

import pytest
from step_kernels import assert_same, kernel

from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.split import Split
from allo_studio.primitives.unroll import Unroll


def test_the_parts_and_their_trips() -> None:
    base = kernel("gemm")
    after = Split("j", 4).apply(base)
    outer, inner = after.find_loop("j.outer"), after.find_loop("j.inner")
    assert (outer.trip, inner.trip) == (2, 4)
    assert inner.parent.name == "j.outer"
    assert after.find_loop("k").parent.name == "j.inner"
    assert outer.span == inner.span == base.find_loop("j").span
    assert_same(base, after)


def test_both_parts_of_a_reduction_are_one() -> None:
    after = Split("k", 2).apply(kernel("gemm"))
    assert after.find_loop("k.outer").reduction
    assert after.find_loop("k.inner").reduction


def test_the_outermost_loop_keeps_its_band_once() -> None:
    base = kernel("gemm")
    after = Split("i", 2).apply(base)
    assert after.find_loop("i.inner").band == base.find_loop("i").band
    assert "allo.band" not in after.find_loop("i.inner").op.attributes


@pytest.mark.parametrize("factor", [1, 3, 5, 7, 8])
def test_a_tail_does_the_same_work(factor: int) -> None:
    base = kernel("gemm")
    after = Split("j", factor).apply(base)
    assert after.find_loop("j.inner").trip == (None if 8 % factor else factor)
    assert_same(base, after)


@pytest.mark.parametrize("factor", [2, 4, 5])
def test_a_lower_bound_and_a_step_are_kept(factor: int) -> None:
    base = kernel("strided")
    after = Split("i", factor).apply(base)
    assert (after.find_loop("i.outer").lower, after.find_loop("i.outer").trip) == (0, -(-5 // factor))
    assert_same(base, after)


def test_a_part_can_be_split_again() -> None:
    base = kernel("gemm")
    after = Split("j.outer", 2).apply(Split("j", 2).apply(base))
    assert [loop.name for loop in after.loops()][-5:] == ["i", "j.outer.outer", "j.outer.inner", "j.inner", "k"]
    assert_same(base, after)


@pytest.mark.parametrize("factor", [0, -1, 9])
def test_factors_out_of_range(factor: int) -> None:
    (found,) = Split("j", factor).check(kernel("gemm"))
    assert found.message == f"factor {factor} is out of range: loop j runs 8 times"
    assert found.hint == "a factor from 1 to 8"
    assert found.span.line == 6


def test_bounds_that_are_not_constant() -> None:
    (found,) = Split("j", 2).check(kernel("triangular"))
    assert found.message == "loop j has no constant bounds, so it cannot be split"


def test_a_loop_with_directives_is_not_split() -> None:
    for step, word in ((Pipeline("k"), "pipelined"), (Unroll("k"), "unrolled")):
        (found,) = Split("k", 2).check(step.apply(kernel("gemm")))
        assert found.message == f"loop k is already {word}"


def test_unknown_loops_are_told_with_candidates() -> None:
    (found,) = Split("jj", 2).check(kernel("gemm"))
    assert "has no loop 'jj'" in found.message
    assert "did you mean 'j'" in found.hint
