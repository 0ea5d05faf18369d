"""`reshape`: the same elements under other subscripts."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from call_kernels import called, refusal, replays
from hypothesis import given, settings
from hypothesis import strategies as st
from step_kernels import KERNELS, assert_same, kernel, random_inputs

from allo_studio.execute import jit
from allo_studio.ir import KernelIR
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.reshape import Reshape
from allo_studio.primitives.split import Split

_BASES = {name: kernel(name) for name in KERNELS}
ARRAYS = [(name, b.name) for name, base in sorted(_BASES.items()) for b in base.buffers() if b.type.shape]


def assert_same_elements(before: KernelIR, after: KernelIR) -> None:
    """Run both; arrays whose shape is another hold the same elements in order."""
    inputs = random_inputs(before)
    shapes = {a.name: a.type.shape for a in after.arguments()}
    given_after = {k: np.asarray(v).reshape(shapes[k])[()] for k, v in inputs.items()}
    expected, found = jit(before).run(inputs), jit(after).run(given_after)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name].reshape(array.shape), array, err_msg=name)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), place=st.sampled_from(ARRAYS))
def test_any_shape_keeps_the_elements(data: st.DataObject, place: tuple[str, str]) -> None:
    name, array = place
    base = _BASES[name]
    step = Reshape(array, _shape(data, base.find_buffer(array).type.size))
    after = step.apply(base)
    assert after.find_buffer(array).type.shape == step.shape
    assert replays(step, base, after)
    assert_same_elements(base, after)
    assert_same(base, Reshape(array, base.find_buffer(array).type.shape).apply(after))


def _shape(data: st.DataObject, size: int) -> tuple[int, ...]:
    found: list[int] = []
    for _ in range(data.draw(st.integers(0, 3))):
        rest = size // prod(found)
        found.append(data.draw(st.sampled_from([d for d in range(1, rest + 1) if rest % d == 0])))
    return (*found, size // prod(found))


@pytest.mark.parametrize("name", ["gemm", "stencil", "in_place", "shift", "upper", "deep"])
def test_one_dimension_stays_linear(name: str) -> None:
    base = _BASES[name]
    for buffer in base.buffers():
        if buffer.type.shape:
            after = Reshape(buffer.name, (buffer.type.size,)).apply(base)
            assert "floordiv" not in after.text()
            assert_same_elements(base, after)


def test_division_by_the_split_of_a_loop_is_linear() -> None:
    base = Split("j", 4).apply(kernel("gemm"))
    after = Reshape("B", (4, 2, 4)).apply(base)
    assert "floordiv" not in after.text()
    assert "mod" not in after.text().replace("module", "")
    assert_same_elements(base, after)


def test_computed_subscripts() -> None:
    text = """
func.func @gather(%p: memref<6xi32>, %A: memref<4x6xf32>, %y: memref<6xf32>) attributes {
    llvm.emit_c_interface, allo.args = ["p", "A", "y"], allo.directions = ["in", "in", "out"]} {
  %t = memref.alloc() {allo.name = "t"} : memref<4x6xf32>
  affine.for %i = 0 to 4 {
    affine.for %j = 0 to 6 {
      %0 = affine.load %p[%j] : memref<6xi32>
      %c = arith.constant 5 : i32
      %m = arith.andi %0, %c : i32
      %1 = arith.index_cast %m : i32 to index
      %v = memref.load %A[%i, %1] : memref<4x6xf32>
      memref.store %v, %t[%i, %j] : memref<4x6xf32>
    } {allo.name = "j"}
  } {allo.band = "nest", allo.name = "i"}
  affine.for %j = 0 to 6 {
    %v = affine.load %t[-%j floordiv 2 + 3, %j] : memref<4x6xf32>
    affine.store %v, %y[%j] : memref<6xf32>
  } {allo.band = "last", allo.name = "j"}
  return
}
"""
    base = called("gather", text)
    for shape in ((24,), (6, 4), (2, 2, 3, 2), (8, 1, 3), (4, 2, 3)):
        for array in "At":
            assert_same_elements(base, Reshape(array, shape).apply(base))


def test_layouts_of_dimensions_that_stay() -> None:
    base = Partition("D", "cyclic", 1, 3).apply(kernel("deep"))
    after = Reshape("D", (3, 2, 2)).apply(base)
    assert str(after.layout("D")) == "(complete, -, -)"
    assert_same_elements(base, after)
    assert refusal(Reshape("D", (12,)), base) == (
        f"dimension 1 of D is partitioned ({base.layout('D').dims[0]}) and does not stay as it is",
        "reshape before the partition",
    )


def test_tiles_no_longer_follow() -> None:
    base = BufferAt("A", "i").apply(kernel("gemm"))
    after = Partition("A", dim=1).apply(Reshape("A", (2, 12)).apply(base))
    assert "A_tile" not in after.layouts()
    assert_same_elements(base, after)


def test_refusals() -> None:
    base = kernel("gemm")
    assert refusal(Reshape("C", (5, 10)), base) == (
        "C is float32[6, 8]: it has 48 elements, [5, 10] has 50",
        "extents whose product is 48",
    )
    assert refusal(Reshape("C", (0, 48)), base)[0] == "[0, 48] is no shape"
    assert refusal(Reshape("acc", (1,)), kernel("chain"))[0] == "acc is a scalar, so it has no shape"
    assert refusal(Reshape("Y", (2, 4)), called("twice")) == (
        "Y is given to smooth, which would have to change too",
        "inline smooth first, or choose another array",
    )
    assert refusal(Reshape("smooth:B", (2, 4)), called("twice")) == (
        "B is an argument of smooth, which twice calls",
        "inline smooth first, or choose a local array",
    )
    assert refusal(Reshape("w", (2, 2)), called("state"))[0] == "w is a table of constants, so it cannot be reshaped"
    assert refusal(Reshape("A", (24,)), base.with_streams({"A": 1}))[0] == "A is streamed, so it cannot be reshaped"
    assert not Reshape("smooth:t", (8, 1)).check(called("twice"))
