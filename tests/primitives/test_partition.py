"""`partition`: layouts, tiles that follow, copies that widen, and what is refused."""

from __future__ import annotations

import pytest
from step_kernels import assert_same, kernel

from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.dataflow import Dataflow
from allo_studio.primitives.outline import Outline
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.reorder import Reorder
from allo_studio.source import Source


def rows() -> KernelIR:
    return BufferAt("C", "i").apply(Reorder(("k", "j")).apply(kernel("gemm")))


def test_dimensions_count_from_one_and_zero_is_all() -> None:
    base = kernel("gemm")
    assert str(Partition("B", "cyclic", 2, 4).apply(base).layout("B")) == "(-, cyclic 4)"
    assert str(Partition("B", "block", 1, 2).apply(base).layout("B")) == "(block 2, -)"
    assert str(Partition("B").apply(base).layout("B")) == "(complete, complete)"
    both = Partition("B", "cyclic", 2, 4).apply(Partition("B", "complete", 1).apply(base))
    assert str(both.layout("B")) == "(complete, cyclic 4)"
    assert_same(base, both)


def test_a_tile_follows_in_the_dimensions_that_it_keeps() -> None:
    after = Partition("C", "cyclic", 2, 4).apply(rows())
    assert str(after.layout("C_tile")) == "(cyclic 4)"
    other = Partition("C", "cyclic", 1, 2).apply(rows())
    assert str(other.layout("C_tile")) == "(-)"


def test_a_tile_of_a_tile_follows_too() -> None:
    base = BufferAt("B_tile", "j").apply(BufferAt("B", "i").apply(kernel("gemm")))
    assert base.find_buffer("B_tile_tile").type.shape == (4,)
    after = Partition("B", "complete", 1).apply(base)
    assert [str(after.layout(n)) for n in ("B_tile", "B_tile_tile")] == ["(complete, -)", "(complete)"]


def test_copies_are_as_wide_as_all_their_arrays_allow() -> None:
    base = rows()
    tile_only = Partition("C_tile", "cyclic", 1, 4).apply(base)
    assert tile_only.find_loop("C_tile_fill_0.inner").unroll == 0
    # C itself still has one bank, so the write-back moves one element at a time.
    assert tile_only.find_loop("C_tile_back_0").unroll is None
    both = Partition("C", "cyclic", 2, 2).apply(tile_only)
    assert str(both.layout("C_tile")) == "(cyclic 4)"
    assert both.find_loop("C_tile_back_0.inner").trip == 2
    assert_same(kernel("gemm"), both)


def test_a_complete_partition_unrolls_the_copy() -> None:
    after = Partition("C", "complete", 2).apply(rows())
    assert {after.find_loop(n).unroll for n in ("C_tile_fill_0", "C_tile_back_0")} == {0}


def test_a_factor_that_does_not_divide_moves_what_does() -> None:
    base = kernel("gemm")
    assert Partition("C", "cyclic", 2, 6).apply(base).find_loop("C_init_1.inner").trip == 2
    assert Partition("C", "cyclic", 2, 3).apply(base).find_loop("C_init_1").unroll is None


def test_blocks_are_filled_side_by_side() -> None:
    base = kernel("gemm")
    after = Partition("C", "block", 2, 4).apply(base)
    assert [loop.name for loop in after.loops()][:3] == ["C_init_0", "C_init_1.inner", "C_init_1.outer"]
    inner, outer = after.find_loop("C_init_1.inner"), after.find_loop("C_init_1.outer")
    assert (inner.trip, inner.unroll, outer.trip, outer.unroll) == (2, None, 4, 0)
    assert_same(base, after)


def test_the_copy_of_an_updated_argument_needs_banks_on_both_sides() -> None:
    base = kernel("in_place")
    one = Partition("A_out", "cyclic", 2, 3).apply(base)
    assert one.find_loop("A_copy_1").unroll is None
    both = Partition("A", "cyclic", 2, 3).apply(one)
    assert both.find_loop("A_copy_1.inner").trip == 3
    assert_same(base, both)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Partition("B", "cyclic", 3, 2), "B is float32[4, 8]: it has no dimension 3"),
        (Partition("B", "cyclic", -1, 2), "B is float32[4, 8]: it has no dimension -1"),
        (Partition("B", "cyclic", 2, 9), "factor 9 is out of range for dimension 2 of B, which has 8 elements"),
        (Partition("B", "block", 2), "factor 0 is out of range for dimension 2 of B, which has 8 elements"),
        (Partition("B", "block", 2, 1), "factor 1 is out of range for dimension 2 of B, which has 8 elements"),
        (Partition("B", "complete", 2, 4), "a complete partition takes no factor"),
        (Partition("Q", "complete"), "gemm has no buffer 'Q'"),
    ],
)
def test_refusals(step: Partition, message: str) -> None:
    (found,) = step.check(kernel("gemm"))
    assert found.code == "step"
    assert found.message == message


def test_a_scalar_is_not_partitioned() -> None:
    (found,) = Partition("acc").check(kernel("chain"))
    assert found.message == "acc is a scalar, so there is nothing to partition"


def test_a_second_partition_of_a_dimension_is_refused_unless_equal() -> None:
    once = Partition("B", "cyclic", 2, 4).apply(kernel("gemm"))
    assert Partition("B", "cyclic", 2, 4).check(once) == ()
    (found,) = Partition("B", "cyclic", 2, 2).check(once)
    assert found.message == "dimension 2 of B is already partitioned: cyclic 4"
    # Every fault of the step is told at once.
    twice = Partition("B", "cyclic", 1, 2).apply(once)
    assert len(Partition("B", "block", 0, 2).check(twice)) == 2


LOCAL = """
def words(A: int8[16, 8]) -> int32[16]:
    T: int8[16, 8]
    for i, j in grid(16, 8, name="fill"):
        T[i, j] = A[i, j]
    B: int32[16]
    for i in range(16):
        s: int32 = 0
        for k in range(8):
            s += T[i, k]
        B[i] = s
    return B
"""


def local() -> KernelIR:
    return parse_kernel(Source("words.py", f"from allo_studio.lang import *\n{LOCAL}"), "words")


def test_banks_are_joined_into_words() -> None:
    after = Partition("T", "cyclic", 2, 4, True).apply(local())
    assert str(after.layout("T")) == "(-, cyclic 4 word)"
    assert_same(local(), after)
    both = Partition("T", "complete", 1).apply(after)
    assert str(both.layout("T")) == "(complete, cyclic 4 word)"
    again = Partition("T", "cyclic", 2, 4).check(after)
    assert "dimension 2 of T is already partitioned: cyclic 4 word" in again[0].message


def test_a_tile_of_words_has_words_and_an_outlined_loop_knows_of_them() -> None:
    after = Partition("T", "cyclic", 2, 4, True).apply(local())
    tile = BufferAt("T", "fill:i").apply(after)
    assert str(tile.layout("T_tile")) == "(cyclic 4 word)"
    outlined = Outline("k", "total").apply(after)
    assert str(outlined.at("total").layout("T")) == "(-, cyclic 4 word)"
    assert str(outlined.layout("T")) == "(-, cyclic 4 word)"
    assert_same(local(), outlined)


def test_words_are_of_local_arrays_of_one_function() -> None:
    base = local()
    assert (
        "A is an argument: only a local array can have words"
        in Partition("A", "cyclic", 2, 4, True).check(base)[0].message
    )
    wide = parse_kernel(
        Source("words.py", "from allo_studio.lang import *\n" + LOCAL.replace("int8[16, 8]", "int64[16, 128]")), "words"
    )
    assert (
        "a word of T would have 8192 bits, more than 4096"
        in Partition("T", "complete", 2, 0, True).check(wide)[0].message
    )
    passed = Outline("k", "total").apply(base)
    (found,) = Partition("T", "cyclic", 2, 4, True).check(passed)
    assert (found.message, found.hint) == (
        "T is given to total, which knows of no words",
        "inline total first, or leave `words` out",
    )


def test_stages_hand_on_no_words() -> None:
    base = local()
    joined = Partition("T", "cyclic", 2, 4, True)
    (found,) = Dataflow("words").check(joined.apply(base))
    assert found.message == "T has words of several elements, which no channel has"
    (late,) = joined.check(Dataflow("words").apply(base))
    assert late.message == "T may be handed on by stages that run at the same time"
