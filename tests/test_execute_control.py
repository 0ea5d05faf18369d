"""Branches, computed loops and subscripts, calls, state, tables and named sizes in the JIT."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from execute_kernels import kernel_of

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit

COLLATZ = """
func.func @steps(%x: i32, %n: memref<i32>) attributes {allo.args = ["x", "n"], allo.directions = ["in", "out"],
    llvm.emit_c_interface} {
  %v = memref.alloc() {allo.name = "v"} : memref<i32>
  %c0 = arith.constant 0 : i32
  affine.store %x, %v[] : memref<i32>
  affine.store %c0, %n[] : memref<i32>
  scf.while : () -> () {
    %c1 = arith.constant 1 : i32
    %a = affine.load %v[] : memref<i32>
    %go = arith.cmpi sgt, %a, %c1 : i32
    scf.condition(%go)
  } do {
    %c1 = arith.constant 1 : i32
    %c2 = arith.constant 2 : i32
    %c3 = arith.constant 3 : i32
    %a = affine.load %v[] : memref<i32>
    %odd = arith.remsi %a, %c2 : i32
    %is = arith.cmpi eq, %odd, %c1 : i32
    %next = scf.if %is -> (i32) {
      %t = arith.muli %a, %c3 : i32
      %u = arith.addi %t, %c1 : i32
      scf.yield %u : i32
    } else {
      %h = arith.divsi %a, %c2 : i32
      scf.yield %h : i32
    }
    affine.store %next, %v[] : memref<i32>
    %k = affine.load %n[] : memref<i32>
    %l = arith.addi %k, %c1 : i32
    affine.store %l, %n[] : memref<i32>
    scf.yield
  } attributes {allo.name = "w", allo.band = "w"}
  return
}
"""

GATHER = """
func.func @gather(%x: memref<8xf32>, %p: memref<5xi32>, %y: memref<5xf32>) attributes {allo.args = ["x", "p", "y"],
    allo.directions = ["in", "in", "out"], llvm.emit_c_interface} {
  affine.for %i = 0 to 5 {
    %s = affine.load %p[%i] : memref<5xi32>
    %j = arith.index_cast %s : i32 to index
    %v = memref.load %x[%j] : memref<8xf32> loc("-":7:5)
    affine.store %v, %y[%i] : memref<5xf32>
  } {allo.name = "i", allo.band = "b"}
  return
}
"""

CHASE = """
func.func @chase(%p: memref<4xi32>, %n: memref<i32>) attributes {allo.args = ["p", "n"],
    allo.directions = ["in", "out"], llvm.emit_c_interface} {
  %c0 = arith.constant 0 : i32
  affine.store %c0, %n[] : memref<i32>
  scf.while : () -> () {
    %a = affine.load %n[] : memref<i32>
    %i = arith.index_cast %a : i32 to index
    %v = memref.load %p[%i] : memref<4xi32>
    %z = arith.constant 0 : i32
    %go = arith.cmpi ne, %v, %z : i32
    scf.condition(%go)
  } do {
    %c1 = arith.constant 1 : i32
    %a = affine.load %n[] : memref<i32>
    %b = arith.addi %a, %c1 : i32
    affine.store %b, %n[] : memref<i32>
    scf.yield
  } attributes {allo.name = "w", allo.band = "w"}
  return
}
"""

COUNTER = """
memref.global "private" @total : memref<3xi17> = dense<[1, -2, 3]>
memref.global "private" @fresh : memref<2xf32> = uninitialized
memref.global "private" constant @table : memref<3xi17> = dense<[10, 20, -30]>
func.func @count(%k: i32, %y: memref<3xi17>) attributes {allo.args = ["k", "y"], allo.directions = ["in", "out"],
    allo.types = {y = "int17[3]"}, llvm.emit_c_interface} {
  %t = memref.get_global @table : memref<3xi17> {allo.name = "table", allo.type = "int17[3]"}
  %s = memref.get_global @total : memref<3xi17> {allo.name = "total", allo.type = "int17[3]"}
  affine.for %i = 0 to 3 {
    %a = affine.load %s[%i] : memref<3xi17>
    %b = affine.load %t[%i] : memref<3xi17>
    %c = arith.addi %a, %b : i17
    affine.store %c, %s[%i] : memref<3xi17>
    affine.store %c, %y[%i] : memref<3xi17>
  } {allo.name = "i", allo.band = "b"}
  %j = arith.index_cast %k : i32 to index
  %z = memref.load %s[%j] : memref<3xi17>
  memref.store %z, %y[%j] : memref<3xi17>
  return
}
"""

CALLS = """
func.func @scale(%x: memref<6xf32>, %f: f32, %y: memref<6xf32>) attributes {allo.args = ["x", "f", "y"],
    allo.directions = ["in", "in", "out"], allo.origin = "scale", llvm.emit_c_interface} {
  %big = memref.alloc() {allo.name = "big"} : memref<6x5000xf32>
  affine.for %i = 0 to 6 {
    affine.for %j = 0 to 5000 {
      affine.store %f, %big[%i, %j] : memref<6x5000xf32>
    } {allo.name = "j"}
    %a = affine.load %x[%i] : memref<6xf32>
    %g = affine.load %big[%i, 4999] : memref<6x5000xf32>
    %b = arith.mulf %a, %g : f32
    affine.store %b, %y[%i] : memref<6xf32>
  } {allo.name = "i", allo.band = "b"}
  return
}
func.func @unused(%x: memref<6xf32>) attributes {allo.args = ["x"], allo.directions = ["in"]} {
  return
}
func.func @malloc(%x: memref<6xf32>, %y: memref<6xf32>) attributes {allo.args = ["x", "y"],
    allo.directions = ["in", "out"], llvm.emit_c_interface} {
  %t = memref.alloc() {allo.name = "t"} : memref<6xf32>
  %two = arith.constant 2.0 : f32
  %three = arith.constant 3.0 : f32
  func.call @scale(%x, %two, %t) : (memref<6xf32>, f32, memref<6xf32>) -> ()
  func.call @scale(%t, %three, %y) : (memref<6xf32>, f32, memref<6xf32>) -> ()
  return
}
"""

SIZED = """
func.func @add(%x: memref<8x3xf32>, %y: memref<8xf32>, %n: i32, %z: memref<8x3xf32>) attributes {
    allo.args = ["x", "y", "n", "z"], allo.directions = ["in", "in", "in", "out"], allo.sizes = {n = 8 : i64},
    allo.types = {x = "float32[n<=8, 3]", y = "float32[n<=8]", z = "float32[n<=8, 3]"}, llvm.emit_c_interface} {
  %m = arith.index_cast %n : i32 to index
  affine.for %i = 0 to %m {
    affine.for %j = 0 to 3 {
      %a = affine.load %x[%i, %j] : memref<8x3xf32>
      %b = affine.load %y[-%i + symbol(%m) - 1] : memref<8xf32>
      %c = arith.addf %a, %b : f32
      affine.store %c, %z[%i, %j] : memref<8x3xf32>
    } {allo.name = "j"}
  } {allo.name = "i", allo.band = "b"}
  return
}
"""


def test_a_while_with_a_branch_that_gives_a_value():
    run = jit(kernel_of(COLLATZ))
    assert [int(run(n)) for n in (1, 2, 7, 27)] == [0, 1, 16, 111]


def test_a_loop_with_computed_bounds():
    run = jit(
        kernel_of("""
func.func @f(%lo: i32, %hi: i32, %by: i32, %y: memref<40xi32>) attributes {allo.args = ["lo", "hi", "by", "y"],
    allo.directions = ["in", "in", "in", "out"], llvm.emit_c_interface} {
  %one = arith.constant 1 : i32
  %zero = arith.constant 0 : i32
  affine.for %i = 0 to 40 {
    affine.store %zero, %y[%i] : memref<40xi32>
  } {allo.name = "i", allo.band = "z"}
  %a = arith.index_cast %lo : i32 to index
  %b = arith.index_cast %hi : i32 to index
  %c = arith.index_cast %by : i32 to index
  scf.for %i = %a to %b step %c {
    memref.store %one, %y[%i] : memref<40xi32>
  } {allo.name = "j", allo.band = "b"}
  return
}""")
    )
    want = np.zeros(40, np.int32)
    want[3:31:7] = 1
    assert np.array_equal(run(3, 31, 7), want)
    with pytest.raises(AlloError, match="subscript 43 of y is out of range"):
        run(3, 50, 10)


def test_a_subscript_out_of_range_is_told_with_its_place():
    run = jit(kernel_of(GATHER))
    x, p = np.arange(8, dtype=np.float32), np.array([7, 0, 3, 3, 1], np.int32)
    assert np.array_equal(run(x, p), x[p])
    for wrong in (8, -1, 2**31 - 1, -(2**31)):
        with pytest.raises(AlloError) as caught:
            run(x, np.array([7, wrong, 9, 3, 1], np.int32))
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.code == "run"
        assert diagnostic.message == f"subscript {wrong} of x is out of range in dimension 0"
        assert (diagnostic.span.line, diagnostic.span.column) == (7, 5)
        assert "extent there is 8" in diagnostic.hint


def test_a_while_ends_where_a_subscript_left_the_array():
    run = jit(kernel_of(CHASE))
    assert int(run(np.array([1, 1, 0, 1], np.int32))) == 2
    with pytest.raises(AlloError, match="subscript 4 of p"):
        run(np.ones(4, np.int32))


def test_a_wide_subscript_does_not_wrap_into_range():
    run = jit(
        kernel_of("""
func.func @f(%x: memref<4xi32>, %s: i100, %y: memref<i32>) attributes {allo.args = ["x", "s", "y"],
    allo.directions = ["in", "in", "out"], allo.types = {s = "int100"}, llvm.emit_c_interface} {
  %j = arith.index_cast %s : i100 to index
  %v = memref.load %x[%j] : memref<4xi32>
  affine.store %v, %y[] : memref<i32>
  return
}""")
    )
    x = np.arange(4, dtype=np.int32)
    assert run(x, 2) == 2
    for wrong in (2**64 + 1, -(2**64) + 1, 2**99):
        with pytest.raises(AlloError, match="is out of range"):
            run(x, wrong) if wrong < 2**99 else run(x, wrong - 1)


def test_a_wide_subscript_without_a_sign_does_not_wrap_into_range():
    run = jit(
        kernel_of("""
func.func @f(%x: memref<4xi32>, %s: i100, %y: memref<i32>) attributes {allo.args = ["x", "s", "y"],
    allo.directions = ["in", "in", "out"], allo.types = {s = "uint100"}, llvm.emit_c_interface} {
  %j = arith.index_castui %s : i100 to index
  %v = memref.load %x[%j] : memref<4xi32>
  affine.store %v, %y[] : memref<i32>
  return
}""")
    )
    x = np.arange(4, dtype=np.int32)
    assert run(x, 3) == 3
    for wrong in (2**64 + 1, 2**99 + 2, 2**100 - 1):
        with pytest.raises(AlloError, match="is out of range"):
            run(x, wrong)


def test_state_is_kept_by_each_executable_and_reset():
    kernel = kernel_of(COUNTER)
    one, two = jit(kernel), jit(kernel)
    assert one(0).tolist() == [11, 18, -27]
    assert one(0).tolist() == [21, 38, -57]
    assert two(0).tolist() == [11, 18, -27]
    one.reset()
    assert one(2).tolist() == [11, 18, -27]


def test_a_call_that_fails_changes_no_state():
    run = jit(kernel_of(COUNTER))
    run(0)
    with pytest.raises(AlloError, match="subscript 3 of total"):
        run(3)
    assert run(0).tolist() == [21, 38, -57]


def test_calls_from_several_threads_lose_no_state():
    run = jit(kernel_of(COUNTER))
    with ThreadPoolExecutor(4) as pool:
        found = sorted(int(value[0]) for value in pool.map(run, [0] * 40))
    assert found == [1 + 10 * (k + 1) for k in range(40)]


def test_calls_with_locals_of_their_own():
    kernel = kernel_of(CALLS, "malloc")
    x = np.arange(6, dtype=np.float32)
    assert np.array_equal(jit(kernel)(x), x * 6)
    assert np.array_equal(jit(kernel.at("scale"))(x, 4.0), x * 4)


def test_a_fault_in_a_callee_is_told():
    text = (
        GATHER
        + """
func.func @top(%x: memref<8xf32>, %p: memref<5xi32>, %y: memref<5xf32>) attributes {allo.args = ["x", "p", "y"],
    allo.directions = ["in", "in", "out"], llvm.emit_c_interface} {
  func.call @gather(%x, %p, %y) : (memref<8xf32>, memref<5xi32>, memref<5xf32>) -> ()
  return
}"""
    )
    run, x = jit(kernel_of(text, "top")), np.zeros(8, np.float32)
    with pytest.raises(AlloError, match="subscript 9 of x"):
        run(x, np.full(5, 9, np.int32))


def test_recursion_is_no_kernel():
    text = 'func.func @f(%x: i32) attributes {allo.args = ["x"], allo.directions = ["in"]} {\n'
    kernel = kernel_of(text + "func.call @f(%x) : (i32) -> ()\nreturn\n}")
    with pytest.raises(ValueError, match="calls itself"):
        jit(kernel)


@pytest.mark.parametrize("n", [1, 5, 8])
def test_named_sizes_come_with_the_arrays(n):
    run = jit(kernel_of(SIZED))
    generator = np.random.default_rng(n)
    x, y = generator.standard_normal((n, 3), np.float32), generator.standard_normal(n, np.float32)
    assert [a.name for a in run.inputs] == ["x", "y"]
    assert np.array_equal(run(x, y), x + y[::-1, None])


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((4, 3), (5,)), "input 'y' has n = 5, but 'x' has n = 4"),
        (((9, 3), (9,)), "input 'x' must be float32[n<=8, 3], but its shape is (9, 3)"),
        (((4, 2), (4,)), "input 'x' must be float32[n<=8, 3], but its shape is (4, 2)"),
        (((0, 3), (0,)), "input 'x' must be float32[n<=8, 3], but its shape is (0, 3)"),
        (((4, 3), (4, 1)), "input 'y' must be float32[n<=8], but its shape is (4, 1)"),
    ],
)
def test_sizes_that_do_not_agree(shapes, message):
    with pytest.raises(AlloError) as caught:
        jit(kernel_of(SIZED))(*(np.zeros(shape, np.float32) for shape in shapes))
    assert caught.value.diagnostics[0].message == message
