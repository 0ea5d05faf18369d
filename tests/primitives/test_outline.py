"""`outline`: what becomes an argument, and that `inline` undoes it."""

from __future__ import annotations

import pytest
from call_kernels import CALLS, called, names_of, refusal, replays
from step_kernels import KERNELS, assert_same, kernel

from allo_studio.diagnostics import AlloError
from allo_studio.ir import KernelIR
from allo_studio.primitives.inline import Inline
from allo_studio.primitives.outline import Outline
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.split import Split

PLACES = [(name, loop.id) for name in sorted(KERNELS) for loop in kernel(name).loops()]


@pytest.mark.parametrize(("name", "axis"), PLACES)
def test_every_loop_can_be_a_function_and_come_back(name: str, axis: str) -> None:
    base, step = kernel(name), Outline(axis, "part")
    after = step.apply(base)
    assert after.functions == ("part", name)
    assert replays(step, base, after)
    assert_same(base, after)
    back = Inline("part").apply(after)
    assert names_of(back) == names_of(base)
    assert [b.name for b in back.buffers()] == [b.name for b in base.buffers()]
    assert_same(base, back)


def described(ir: KernelIR, function: str) -> list[tuple[str, str, str, bool]]:
    return [(a.name, str(a.type), a.direction, a.scalar) for a in ir.at(function).arguments()]


def test_arrays_scalars_and_variables() -> None:
    after = Outline("q", "add_up").apply(kernel("chain"))
    assert described(after, "add_up") == [
        ("acc", "int32", "inout", False),
        ("T", "int32[6, 6]", "in", False),
        ("p", "int32", "in", True),
    ]
    inner = after.at("add_up").find_loop("q")
    assert (inner.band, inner.depth) == (kernel("chain").find_loop("q").band, 0)
    # A scalar argument stays one.
    assert ("s", "int32", "in", True) in described(Outline("i", "first").apply(kernel("chain")), "first")


def test_what_is_wholly_written_is_an_output() -> None:
    after = Outline("i", "first").apply(kernel("chain"))
    assert ("T", "int32[6, 6]", "out", False) in described(after, "first")
    after = Outline("j", "first").apply(kernel("chain"))
    assert ("T", "int32[6, 6]", "inout", False) in described(after, "first")


def test_a_single_value_that_is_only_read_is_given_by_value() -> None:
    text = """
func.func @scaled(%x: memref<6xf32>, %y: memref<6xf32>) attributes {
    llvm.emit_c_interface, allo.args = ["x", "y"], allo.directions = ["in", "out"]} {
  %f = memref.alloc() {allo.name = "f"} : memref<f32>
  %a = affine.load %x[0] : memref<6xf32>
  affine.store %a, %f[] : memref<f32>
  affine.for %i = 0 to 6 {
    %b = affine.load %x[%i] : memref<6xf32>
    %c = affine.load %f[] : memref<f32>
    %d = arith.mulf %b, %c : f32
    affine.store %d, %y[%i] : memref<6xf32>
  } {allo.band = "nest", allo.name = "i"}
  return
}
"""
    base = called("scaled", text)
    after = Outline("i", "times").apply(base)
    assert described(after, "times") == [
        ("x", "float32[6]", "in", False),
        ("f", "float32", "in", True),
        ("y", "float32[6]", "out", False),
    ]
    assert_same(base, after)


def test_tables_are_copied_and_state_is_given() -> None:
    base = Inline().apply(called("state"))
    (loop, *_) = [loop for loop in base.loops() if loop.band == "counting"]
    after = Outline(loop.id, "counted").apply(base)
    assert [(b.name, b.kind) for b in after.at("counted").buffers()] == [
        ("B", "argument"),
        ("total", "argument"),
        ("w", "constant"),
    ]
    assert_same(called("state"), after)


def test_layouts_go_with_the_arrays() -> None:
    base = Partition("t").apply(Partition("A", "cyclic", 3, 5).apply(kernel("deep")))
    after = Outline("j", "row").apply(base)
    assert {name: str(layout) for name, layout in after.at("row").layouts().items()} == {
        "A": "(-, -, complete)",
        "t": "(complete)",
    }
    assert {name: str(layout) for name, layout in after.layouts().items()} == {"A": "(-, -, complete)"}
    assert Inline("row").apply(after).layouts() == base.layouts()


def test_bounds_of_an_uneven_split_follow() -> None:
    base = Split("j", 5).apply(kernel("gemm"))
    after = Outline("j.inner", "tail").apply(base)
    assert [a.name for a in after.at("tail").arguments()][:1] == ["j_outer"]
    assert_same(base, after)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_loops_with_calls(name: str) -> None:
    base = called(name)
    for loop in base.loops():
        after = Outline(loop.id, "part").apply(base)
        assert_same(base, after)
        assert_same(base, Inline().apply(after))


def test_refusals() -> None:
    base = called("twice")
    hint = "choose another name; known are smooth, twice"
    assert refusal(Outline("square:i", "smooth"), base.at("smooth")) == ("there is a function smooth already", hint)
    piped = Pipeline("j").apply(kernel("gemm"))
    assert refusal(Outline("k", "dot"), piped) == (
        "loop k is inside pipelined loop j, which unrolls it",
        "outline j, or outline k before j is pipelined",
    )
    assert refusal(Outline("z", "dot"), kernel("gemm"))[0] == "gemm has no loop 'z'"


def test_a_name_must_be_a_word() -> None:
    with pytest.raises(AlloError, match="outline: function: expected the name of something new"):
        Outline("i", "two words")
