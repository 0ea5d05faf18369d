"""`pack`: elements that share words, compared bit for bit with elements that do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from call_kernels import called, refusal, replays
from hypothesis import given, settings
from hypothesis import strategies as st
from step_kernels import KERNELS, kernel, random_inputs

from allo_studio.analysis.ports import infer_ports
from allo_studio.execute import jit
from allo_studio.ir import KernelIR
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.pack import Pack
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.split import Split
from allo_studio.primitives.unroll import Unroll
from allo_studio.types import ArrayType

_BASES = {name: kernel(name) for name in KERNELS}
ARRAYS = [(name, b.name) for name, base in sorted(_BASES.items()) for b in base.buffers() if b.type.shape]


def words(values: np.ndarray[Any, Any], kind: ArrayType, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Return elements as words of the type that a packed argument has: the first element in the lowest bits."""
    factor = values.shape[-1] // kind.shape[-1]
    bits = kind.element.bits // factor
    # Exact numbers of any size, apart from the code under test.
    raw = np.frombuffer(values.tobytes(), dtype=f"<u{values.itemsize}").astype(object).reshape(values.shape)
    raw = raw & ((1 << bits) - 1)
    grouped = raw.reshape(*kind.shape, factor)
    total = sum(grouped[..., n] << (n * bits) for n in range(factor))
    return np.array(total, dtype=dtype).reshape(kind.shape)


def assert_same_bits(before: KernelIR, after: KernelIR, inputs: dict[str, Any] | None = None) -> None:
    inputs = inputs or dict(random_inputs(before))
    kinds = {a.name: a.type for a in after.arguments()}
    changed = {a.name for a in before.arguments() if a.type != kinds[a.name]}
    given_after = {k: words(v, kinds[k], kinds[k].element.dtype) if k in changed else v for k, v in inputs.items()}
    expected, found = jit(before).run(inputs), jit(after).run(given_after)
    for name, array in expected.items():
        wanted = words(array, kinds[name], kinds[name].element.dtype) if name in changed else array
        np.testing.assert_array_equal(found[name], wanted, err_msg=name)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), place=st.sampled_from(ARRAYS))
def test_any_array_of_any_kernel(data: st.DataObject, place: tuple[str, str]) -> None:
    name, array = place
    base = _BASES[name]
    for loop in base.loops():
        if data.draw(st.booleans()) and not Unroll(loop.id).check(base):
            base = Unroll(loop.id).apply(base)
    extent = base.find_buffer(array).type.shape[-1]
    factors = [f for f in range(2, extent + 1) if extent % f == 0]
    if not factors:
        assert refusal(Pack(array, 2), base)[0] == f"the last extent of {array}, {extent}, is no multiple of factor 2"
        return
    step = Pack(array, data.draw(st.sampled_from(factors)))
    after = step.apply(base)
    assert after.find_buffer(array).type.shape[-1] == extent // step.factor
    assert replays(step, base, after)
    assert_same_bits(base, after)
    # No word is read before anything is in it.
    assert infer_ports(after).directions == base.directions


def stores(ir: KernelIR, array: str) -> tuple[int, int]:
    """Return how many stores to an array there are, and how many loads from it."""
    value = ir.find_buffer(array).value
    names = [use.owner.operation.name for use in value.uses]
    return names.count("affine.store"), names.count("affine.load")


def test_an_unrolled_group_writes_whole_words() -> None:
    text = """
func.func @ramp(%x: memref<4x6xi32>, %y: memref<4x6xi32>) attributes {
    llvm.emit_c_interface, allo.args = ["x", "y"], allo.directions = ["in", "out"]} {
  affine.for %i = 0 to 4 {
    affine.for %j = 0 to 6 {
      %a = affine.load %x[%i, %j] : memref<4x6xi32>
      %b = arith.muli %a, %a : i32
      affine.store %b, %y[%i, %j] : memref<4x6xi32>
    } {allo.name = "j"}
  } {allo.band = "nest", allo.name = "i"}
  return
}
"""
    base = called("ramp", text)
    grouped = Unroll("j.inner").apply(Split("j", 3).apply(base))
    after = Pack("y", 3).apply(grouped)
    assert stores(after, "y") == (1, 0)
    assert_same_bits(base, after)
    # Iterations one after the other read the word and write it back, which needs words with something in them.
    slow = Pack("y", 3).apply(base)
    assert stores(slow, "y") == (2, 1)
    assert [loop.role for loop in slow.top_loops()] == ["init", None]
    assert_same_bits(base, slow)
    # A group that does not start with a word is none.
    shifted = Unroll("j.inner").apply(Split("j", 2).apply(base))
    assert stores(Pack("y", 3).apply(shifted), "y")[1] == 1


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_a_group_starts_with_a_word(first: int) -> None:
    text = f"""
func.func @moved(%x: memref<9xi32>, %y: memref<9xi32>) attributes {{
    llvm.emit_c_interface, allo.args = ["x", "y"], allo.directions = ["in", "out"]}} {{
  affine.for %j = 0 to 9 {{
    %a = affine.load %x[-%j + 8] : memref<9xi32>
    affine.store %a, %y[%j] : memref<9xi32>
  }} {{allo.band = "copy", allo.name = "j", allo.unroll = 0}}
  affine.for %j = 0 to 6 {{
    %a = affine.load %x[%j] : memref<9xi32>
    affine.store %a, %y[%j + {first}] : memref<9xi32>
  }} {{allo.band = "nest", allo.name = "j", allo.unroll = 0}}
  return
}}
"""
    base = called("moved", text)
    after = Pack("y", 3).apply(base)
    assert stores(after, "y") == ((2, 0) if first % 3 == 0 else (2, 1))
    assert_same_bits(base, after)


def test_a_group_that_reads_its_neighbours_is_none() -> None:
    text = """
func.func @sums(%x: memref<8xi32>, %y: memref<8xi32>) attributes {
    llvm.emit_c_interface, allo.args = ["x", "y"], allo.directions = ["in", "out"]} {
  affine.for %j = 0 to 8 {
    %a = affine.load %x[%j] : memref<8xi32>
    affine.store %a, %y[%j] : memref<8xi32>
  } {allo.band = "copy", allo.name = "j", allo.role = "copy_in"}
  affine.for %j = 0 to 8 {
    %a = affine.load %y[%j] : memref<8xi32>
    %b = affine.load %y[7 - %j] : memref<8xi32>
    %c = arith.addi %a, %b : i32
    affine.store %c, %y[%j] : memref<8xi32>
  } {allo.band = "nest", allo.name = "j", allo.unroll = 0}
  return
}
"""
    base = called("sums", text.replace("7 - %j", "-%j + 7"))
    for factor in (2, 4, 8):
        assert_same_bits(base, Pack("y", factor).apply(base))


@pytest.mark.parametrize("kind", ["i1", "i3", "i8", "i33", "f16", "bf16", "f64"])
def test_elements_of_any_width(kind: str) -> None:
    text = """
func.func @turn(%x: memref<2x12xT>, %p: memref<12xi32>, %y: memref<2x12xT>) attributes {
    llvm.emit_c_interface, allo.args = ["x", "p", "y"], allo.directions = ["in", "in", "out"]} {
  affine.for %i = 0 to 2 {
    affine.for %j = 0 to 12 {
      %q = affine.load %p[%j] : memref<12xi32>
      %k = arith.index_cast %q : i32 to index
      %a = memref.load %x[%i, %k] : memref<2x12xT>
      memref.store %a, %y[%i, %k] : memref<2x12xT>
      %b = affine.load %x[%i, -%j + 11] : memref<2x12xT>
      affine.store %b, %y[%i, %j] : memref<2x12xT>
    } {allo.name = "j"}
  } {allo.band = "nest", allo.name = "i"}
  return
}
"""
    base = called("turn", text.replace("xT>", f"x{kind}>"))
    random = np.random.default_rng(1)
    element = base.find_buffer("x").type.element
    least, greatest = (element.least, element.greatest) if element.kind == "int" else (-50, 50)
    values = random.integers(least, greatest, (2, 12), endpoint=True)
    inputs = {"x": values.astype(element.dtype), "p": random.permutation(12).astype(np.int32)}
    for factor in (2, 3, 4, 6, 12):
        for array in "xy":
            assert_same_bits(base, Pack(array, factor).apply(base), inputs)


def test_a_local_array_in_a_pipelined_loop() -> None:
    base = Pipeline("i").apply(kernel("deep"))
    after = Pack("t", 5).apply(base)
    assert all(loop.unroll == 0 for loop in after.find_loop("i").descendants())
    assert_same_bits(kernel("deep"), after)


def test_tiles_no_longer_follow() -> None:
    base = BufferAt("B", "i").apply(kernel("gemm"))
    after = Partition("B", dim=1).apply(Pack("B", 4).apply(base))
    assert "B_tile" not in after.layouts()
    assert_same_bits(kernel("gemm"), after)


def test_refusals() -> None:
    base = kernel("gemm")
    assert refusal(Pack("C", 3), base) == (
        "the last extent of C, 8, is no multiple of factor 3",
        "factors that divide 8: 2, 4, 8",
    )
    assert refusal(Pack("C", 1), base) == ("factor 1 is out of range: a word has at least 2 elements", "from 2")
    assert refusal(Pack("acc", 2), kernel("chain"))[0] == "acc is a scalar, so there is nothing to pack"
    assert refusal(Pack("B", 2), Partition("B", "cyclic", 2, 4).apply(base)) == (
        "the last dimension of B is partitioned (cyclic 4), and its elements would share words",
        "pack before the partition",
    )
    assert not Pack("B", 2).check(Partition("B", "cyclic", 1, 2).apply(base))
    assert refusal(Pack("Y", 2), called("twice"))[0] == "Y is given to smooth, which would have to change too"
    assert refusal(Pack("total", 2), called("state"))[0].startswith("total is a scalar")
    assert refusal(Pack("w", 2), called("state"))[0] == "w is a table of constants, so it cannot be packed"
    wide = """
func.func @wide(%x: memref<256xi32>) attributes {allo.args = ["x"], allo.directions = ["in"]} {
  return
}
"""
    assert refusal(Pack("x", 256), called("wide", wide)) == (
        "256 elements of int32 have 8192 bits, more than 4096",
        "a factor of at most 128",
    )
