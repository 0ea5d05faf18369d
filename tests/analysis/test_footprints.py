"""What a call touches is as exact as what the loop touched that became the called function."""

from __future__ import annotations

import random

import islpy as isl
import pytest
from affine_programs import SeededChooser, draw_affine

from allo_studio.analysis.accesses import accesses
from allo_studio.analysis.footprints import relation_at
from allo_studio.analysis.parallel import parallel_loops
from allo_studio.analysis.ports import infer_ports
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.primitives.outline import Outline
from allo_studio.primitives.unfold import Unfold
from allo_studio.source import Source


def kernel(text: str, name: str = "kernel") -> KernelIR:
    header = "from allo_studio.lang import float32, grid, int32\n\n"
    return infer_ports(parse_kernel(Source("k.py", header + text), name, {})).steady()


@pytest.mark.parametrize("seed", range(12))
def test_a_loop_as_a_function_leaves_the_others_as_independent(seed: int) -> None:
    text = draw_affine(SeededChooser(random.Random(seed)), calls=seed % 3 == 0)
    try:
        ir = infer_ports(parse_kernel(Source("k.py", text), "kernel", {})).steady()
    except AlloError:
        pytest.skip("no kernel was drawn")
    free = parallel_loops(ir)
    for loop in ir.loops():
        after = Outline(loop.id, "part").apply(ir)
        left = {other.id for other in after.loops()}
        assert parallel_loops(after) == free & left
        assert infer_ports(after).directions == ir.directions


ROWS = """
def clear(T: int32[6, 8], r: int32, n: int32):
    for j in range(8):
        if j < n:
            T[r, j] = 1
        else:
            T[r, j] = j


def kernel(A: int32[6, 8], n: int32) -> int32[6, 8]:
    T: int32[6, 8] = 0
    B: int32[6, 8]
    for i in range(6):
        clear(T, 5 - i, n)
        for j in range(8):
            B[i, j] = T[5 - i, j] + A[i, j]
    return B
"""


def test_the_values_that_a_call_gives_are_those_of_its_iteration() -> None:
    ir = kernel(ROWS)
    (write,) = (a for a in accesses(ir) if a.callee)
    assert write.callee == "clear"
    assert write.exact
    assert parallel_loops(ir) >= {"i"}
    assert write.relation.range().count_val().to_python() == 48


def test_a_row_that_another_iteration_writes_is_no_row_of_its_own() -> None:
    ir = kernel(ROWS.replace("T[5 - i, j]", "T[i, j]"))
    assert "i" not in parallel_loops(ir)


def test_a_value_that_is_not_known_may_be_any() -> None:
    ir = kernel(ROWS.replace("clear(T, 5 - i, n)", "clear(T, A[i, 0] & 3, n)"))
    (write,) = (a for a in accesses(ir) if a.callee)
    assert write.callee == "clear"
    assert not write.exact
    assert "i" not in parallel_loops(ir)


def test_a_local_array_that_calls_fill_in_parts_is_filled() -> None:
    ir = kernel("""
def kernel(A: int32[6, 8]) -> int32[8]:
    T: int32[6, 8]
    for i, j in grid(6, 8):
        T[i, j] = A[i, j] * 2
    y: int32[8] = 0
    for p, q in grid(8, 6):
        y[p] += T[q, p]
    return y
""")
    for axes in ((0,), (1,), (0, 1)):
        assert infer_ports(Unfold("i", axes).apply(ir)).directions == ir.directions


def test_a_footprint_is_put_where_the_call_is() -> None:
    placed = relation_at("[n_r] -> { [e0, e1] : e0 = n_r and 0 <= e1 < 3 }", (("n_r", "(5 - i0)"),), "", "[i0]")
    expected = relation_at("{ [e0, e1] : 0 <= e1 < 3 }", (), "", "[i0]")
    assert placed != expected
    one, two = isl.Map(placed), isl.Map("{ [i0] -> [5 - i0, e1] : 0 <= e1 < 3 }")
    assert one.is_equal(two)
    assert isl.Map(relation_at("[n_r] -> { [e0] : e0 = n_r }", (), "", "[i0]")).is_equal(isl.Map("{ [i0] -> [e0] }"))
