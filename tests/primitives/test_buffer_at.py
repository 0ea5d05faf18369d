"""`buffer_at`: footprints, earlier contents, registers, tiles of inputs, and what is refused."""

from __future__ import annotations

from collections import Counter

import pytest
from step_kernels import assert_same, kernel

from allo_studio.analysis.accesses import accesses
from allo_studio.ir import KernelIR
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.split import Split


def loops(ir: KernelIR) -> list[str]:
    return [loop.name for loop in ir.loops()]


def tile_shape(ir: KernelIR, name: str) -> tuple[int, ...]:
    return ir.find_buffer(name).type.shape


def touched(ir: KernelIR, buffer: str) -> Counter[str]:
    return Counter(a.kind for a in accesses(ir) if a.buffer == buffer)


def test_a_row_starts_with_the_constant_and_the_first_nest_goes() -> None:
    base = Reorder(("k", "j")).apply(kernel("gemm"))
    after = BufferAt("C", "i").apply(base)
    assert loops(after) == ["i", "C_tile_fill_0", "k", "j", "C_tile_back_0"]
    assert tile_shape(after, "C_tile") == (8,)
    assert [after.find_loop(n).role for n in ("C_tile_fill_0", "C_tile_back_0", "k")] == ["fill", "write_back", None]
    # Every element of the result is written exactly once, and never read.
    assert touched(after, "C") == {"write": 1}
    assert "5.000000e-01" in after.text()
    assert_same(base, after)


def test_a_single_element_is_a_register() -> None:
    base = kernel("gemm")
    after = BufferAt("C", "j").apply(base)
    assert loops(after) == ["i", "j", "k"]
    assert tile_shape(after, "C_tile") == ()
    assert touched(after, "C") == {"write": 1}
    assert_same(base, after)


def test_inputs_have_tiles_without_write_back() -> None:
    base = kernel("gemm")
    after = BufferAt("A", "i").apply(base)
    assert tile_shape(after, "A_tile") == (4,)
    assert "A_tile_back_0" not in loops(after)
    assert touched(after, "A") == {"read": 1}
    assert_same(base, after)
    whole = BufferAt("B", "i").apply(after)
    assert tile_shape(whole, "B_tile") == (4, 8)
    assert_same(base, whole)


def test_contents_that_are_no_constant_are_copied() -> None:
    base = kernel("in_place")
    after = BufferAt("A_out", "i").apply(base)
    assert [loop.role for loop in after.loops()] == ["copy_in", "copy_in", None, "fill", None, "write_back"]
    assert_same(base, after)


def test_the_reduction_outside_the_tile_keeps_the_sums_so_far() -> None:
    base = Reorder(("k", "i", "j")).apply(kernel("gemm"))
    after = BufferAt("C", "i").apply(base)
    # Each row is filled four times, so that the constant is its contents only the first time.
    assert "C_init_0" in loops(after)
    assert touched(after, "C") == {"write": 2, "read": 1}
    assert_same(kernel("gemm"), after)


def test_a_tile_that_is_written_before_it_is_read_is_not_filled() -> None:
    base = kernel("chain")
    after = BufferAt("T", "i").apply(base)
    assert loops(after)[:3] == ["i", "j", "T_tile_back_0"]
    assert_same(base, after)


def test_two_stores_before_the_tile_are_no_constant() -> None:
    text = """
def f(A: float32[4, 6]) -> float32[4]:
    y: float32[4] = 2.0
    y[1] = 3.0
    for i in range(4):
        for j in range(6):
            y[i] += A[i, j]
    return y
"""
    base = kernel("f", text)
    after = BufferAt("y", "i").apply(base)
    assert touched(after, "y") == {"write": 3, "read": 1}
    assert_same(base, after)


def test_a_first_value_that_is_still_read_elsewhere_stays() -> None:
    text = """
def f(A: float32[4, 6]) -> float32[4], float32[4]:
    y: float32[4] = 2.0
    z: float32[4]
    for p in range(4):
        z[p] = y[p] + A[p, 0]
    for i in range(4):
        for j in range(6):
            y[i] += A[i, j]
    return y, z
"""
    base = kernel("f", text.replace("float32[4], float32[4]:", "(float32[4], float32[4]):"))
    after = BufferAt("y", "i").apply(base)
    assert "y_init_0" in loops(after)
    assert_same(base, after)


def test_a_first_value_of_elements_that_no_tile_covers_stays() -> None:
    base = kernel("f", "def f(A: float32[4, 6]) -> float32[5]:\n    y: float32[5] = 2.0\n    for i in range(4):\n"
                  "        for j in range(6):\n            y[i] += A[i, j]\n    return y\n")  # fmt: skip
    after = BufferAt("y", "i").apply(base)
    assert "y_init_0" in loops(after)
    assert_same(base, after)


def test_a_window_is_the_hull_of_what_is_touched() -> None:
    base = kernel("stencil")
    after = BufferAt("A", "i").apply(base)
    assert tile_shape(after, "A_tile") == (3, 6)
    assert_same(base, after)
    conv = kernel("conv")
    tiled = BufferAt("A", "i").apply(conv)
    assert tile_shape(tiled, "A_tile") == (3,)
    assert_same(conv, tiled)


def test_a_box_that_is_only_partly_written_is_filled_first() -> None:
    text = """
def f(A: float32[5, 5]) -> float32[5, 5]:
    B: float32[5, 5] = 4.0
    for i in range(5):
        for j in range(i + 1):
            B[i, j] = A[i, j]
    return B
"""
    base = kernel("f", text)
    after = BufferAt("B", "i").apply(base)
    assert tile_shape(after, "B_tile") == (5,)
    assert "B_tile_fill_0" in loops(after)
    assert "B_init_0" not in loops(after)
    assert_same(base, after)


def test_a_box_that_would_leave_the_array_is_cut() -> None:
    base = Split("j", 3).apply(kernel("gemm_int"))
    after = BufferAt("C", "j.outer").apply(base)
    assert tile_shape(after, "C_tile") == (3,)
    assert after.find_loop("C_tile_back_0").trip is None
    assert_same(base, after)


def test_a_box_never_starts_before_the_array() -> None:
    # Where i is 0 the inner loop does not run, and row i - 1 does not exist.
    text = """
def f(A: float32[5, 5]) -> float32[5, 5]:
    B: float32[5, 5] = 4.0
    for i in range(5):
        for j in range(i):
            B[i, j] = A[i - 1, j]
    return B
"""
    base = kernel("f", text)
    after = BufferAt("A", "i").apply(base)
    assert tile_shape(after, "A_tile") == (4, 4)
    assert_same(base, after)


def test_descending_subscripts() -> None:
    base = kernel("f", "def f(A: float32[5, 6]) -> float32[5]:\n    y: float32[5] = 2.0\n    for i in range(5):\n"
                  "        for j in range(3):\n            y[4 - i] += A[i, 5 - 2 * j]\n    return y\n")  # fmt: skip
    after = BufferAt("A", "i").apply(base)
    assert tile_shape(after, "A_tile") == (5,)
    assert_same(base, BufferAt("y", "i").apply(after))


def test_a_tile_inherits_the_partition_and_copies_as_wide() -> None:
    base = Partition("C", "cyclic", 2, 4).apply(Reorder(("k", "j")).apply(kernel("gemm")))
    assert loops(base)[:3] == ["C_init_0", "C_init_1.outer", "C_init_1.inner"]
    after = BufferAt("C", "i").apply(base)
    assert str(after.layout("C_tile")) == "(cyclic 4)"
    assert after.find_loop("C_tile_fill_0.inner").unroll == 0
    assert after.find_loop("C_tile_back_0.inner").trip == 4
    assert_same(base, after)


def test_copies_inside_a_pipelined_loop_are_unrolled() -> None:
    base = Pipeline("i").apply(Reorder(("k", "j")).apply(kernel("gemm")))
    after = BufferAt("C", "i").apply(base)
    assert {after.find_loop(n).unroll for n in ("C_tile_fill_0", "C_tile_back_0")} == {0}
    assert_same(base, after)


def test_a_cut_box_inside_a_pipelined_loop_is_refused() -> None:
    text = """
def f(A: float32[7]) -> float32[4]:
    y: float32[4] = 0.0
    for i in range(4):
        y[i] = A[2 * i] + A[i + 3]
    return y
"""
    base = kernel("f", text)
    after = BufferAt("A", "i").apply(base)
    assert tile_shape(after, "A_tile") == (4,)
    assert after.find_loop("A_tile_fill_0").trip is None
    assert_same(base, after)
    (found,) = BufferAt("A", "i").check(Pipeline("i").apply(base))
    assert found.message.endswith("so its copies inside pipelined loop i cannot be unrolled")


@pytest.mark.parametrize(
    ("name", "buffer", "axis", "message"),
    [
        ("gemm", "C", "z", "has no loop 'z'"),
        ("gemm", "Z", "i", "has no buffer 'Z'"),
        ("chain", "A", "p", "A is not used inside loop p"),
        ("chain", "acc", "p", "acc is declared inside loop p, so it lives there already"),
    ],
)
def test_refusals(name: str, buffer: str, axis: str, message: str) -> None:
    (found,) = BufferAt(buffer, axis).check(kernel(name))
    assert found.code == "step"
    assert message in found.message
    assert found.hint


def test_a_second_tile_in_the_same_place_is_refused() -> None:
    after = BufferAt("C", "j").apply(kernel("gemm"))
    (found,) = BufferAt("C", "j").check(after)
    assert found.message == "C has a tile C_tile there already"


def test_elements_that_are_not_written_yet_are_not_read_into_a_tile() -> None:
    text = """
def f(A: float32[5, 5]) -> float32[5, 5]:
    B: float32[5, 5]
    for i in range(5):
        for j in range(i + 1):
            B[i, j] = A[i, j]
    for p in range(5):
        for q in range(p + 1, 5):
            B[p, q] = A[q, p]
    return B
"""
    (found,) = BufferAt("B", "i").check(kernel("f", text))
    assert found.message == "the tile of B at (i=0) would hold B[0, 1], which is not written until then"
    assert_same(kernel("f", text), BufferAt("B", "p").apply(kernel("f", text)))
