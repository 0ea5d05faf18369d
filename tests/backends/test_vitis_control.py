"""Branches, loops of every kind, calls, tables, state and sizes as C++ compute what the JIT computes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from sanitized import SANITIZED
from vitis_values import run_cpp

from allo_studio.backends.vitis import kernel_code, write
from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.ir import KernelIR
from allo_studio.simulate import toolchain


@pytest.fixture(autouse=True, scope="module")
def strict_compiler() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        checks = ("-Werror", *SANITIZED, "-O1")
        patch.setattr(toolchain, "FLAGS", (*toolchain.FLAGS, *checks))
        yield


# A call of `twice` in a while loop, a branch with a value, computed subscripts and bounds, a table and state.
MIXED = """
memref.global "private" constant @table : memref<2x4xi8> = dense<[[1, 2, 3, 4], [5, 6, 7, -8]]>
memref.global "private" constant @odd : memref<3xi7> = dense<[1, -2, 3]>
memref.global "private" constant @halves : memref<2xbf16> = dense<[1.5, -2.0]>
memref.global "private" @count : memref<i32> = dense<3>
func.func @twice(%v: memref<8xi8>, %k: i32) attributes {allo.args = ["v", "k"], allo.directions = ["inout", "in"]} {
  affine.for %j = 0 to 8 {
    %old = affine.load %v[%j] : memref<8xi8>
    %low = arith.trunci %k : i32 to i8
    %sum = arith.addi %old, %low : i8
    affine.store %sum, %v[%j] : memref<8xi8>
  } {allo.name = "j", allo.band = "b"}
  return
}
func.func @mixed(%A: memref<8xi8>, %f: memref<8xf32>, %m: i32, %B: memref<8xi8>, %C: memref<8xf32>, %D: memref<4xi33>,
    %E: memref<2xbf16>) attributes {
    allo.args = ["A", "f", "m", "B", "C", "D", "E"],
    allo.directions = ["in", "in", "in", "out", "out", "out", "out"],
    allo.types = {A = "uint8[8]", D = "Fixed(33, 4)[4]"}, llvm.emit_c_interface} {
  %end = arith.index_cast %m : i32 to index
  %t = memref.get_global @table : memref<2x4xi8> {allo.name = "table"}
  %o = memref.get_global @odd : memref<3xi7> {allo.name = "odd"}
  %h = memref.get_global @halves : memref<2xbf16> {allo.name = "halves"}
  %s = memref.get_global @count : memref<i32> {allo.name = "count"}
  affine.for %i = 0 to 8 {
    %a = affine.load %A[7 - %i] : memref<8xi8>
    affine.store %a, %B[%i] : memref<8xi8>
    %z = arith.constant 0.0 : f32
    affine.store %z, %C[%i] : memref<8xf32>
  } {allo.name = "i", allo.band = "first"}
  affine.for %i = 0 to %end {
    %e = affine.load %t[%i floordiv 4, %i mod 4] : memref<2x4xi8>
    %seven = arith.constant 7 : i8
    %low = arith.andi %e, %seven : i8
    %at = arith.index_castui %low : i8 to index
    %a = memref.load %A[%at] : memref<8xi8>
    %big = arith.cmpi ugt, %a, %seven : i8
    %c3 = arith.constant 3 : index
    %late = arith.cmpi sge, %i, %c3 : index
    %both = arith.ori %big, %late : i1
    %chosen, %index = scf.if %both -> (f32, index) {
      %x = memref.load %f[%at] : memref<8xf32>
      %y = math.exp %x : f32
      scf.yield %y, %i : f32, index
    } else {
      %y = arith.constant -1.5 : f32
      scf.yield %y, %at : f32, index
    }
    scf.if %big {
      memref.store %chosen, %C[%index] : memref<8xf32>
    }
    %one = arith.constant 1 : index
    %zero = arith.constant 0 : index
    scf.for %j = %zero to %index step %one {
      %old = memref.load %C[%j] : memref<8xf32>
      %new = arith.addf %old, %chosen : f32
      memref.store %new, %C[%j] : memref<8xf32>
    } {allo.name = "j"}
  } {allo.name = "i", allo.band = "second"}
  scf.while : () -> () {
    %old = affine.load %s[] : memref<i32>
    %ten = arith.constant 6 : i32
    %less = arith.cmpi slt, %old, %ten : i32
    scf.condition(%less)
  } do {
    %old = affine.load %s[] : memref<i32>
    %one = arith.constant 1 : i32
    %new = arith.addi %old, %one : i32
    affine.store %new, %s[] : memref<i32>
    func.call @twice(%B, %old) : (memref<8xi8>, i32) -> ()
    scf.yield
  } attributes {allo.name = "w", allo.band = "last"}
  %w = memref.alloc() {allo.name = "left"} : memref<i32>
  %five = arith.constant 5 : i32
  affine.store %five, %w[] : memref<i32>
  scf.while : () -> () {
    %old = affine.load %w[] : memref<i32>
    %one = arith.constant 1 : i32
    %new = arith.subi %old, %one : i32
    affine.store %new, %w[] : memref<i32>
    %none = arith.constant 0 : i32
    %more = arith.cmpi sgt, %new, %none : i32
    scf.condition(%more)
  } do {
    %old = affine.load %w[] : memref<i32>
    %one = arith.constant 1 : i32
    %at = arith.subi %old, %one : i32
    %index = arith.index_cast %at : i32 to index
    %two = arith.constant 2 : index
    %most = arith.minsi %index, %two : index
    %v = memref.load %o[%most] : memref<3xi7>
    %wide = arith.extsi %v : i7 to i33
    %square = arith.muli %wide, %wide : i33
    memref.store %square, %D[%index] : memref<4xi33>
    scf.yield
  } attributes {allo.name = "w", allo.band = "down"}
  affine.for %i = 0 to 2 {
    %x = affine.load %h[%i] : memref<2xbf16>
    %y = arith.mulf %x, %x : bf16
    affine.store %y, %E[%i] : memref<2xbf16>
  } {allo.name = "i", allo.band = "bf"}
  return
}"""


def mixed_inputs() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        "A": generator.integers(0, 256, 8).astype(np.uint8),
        "f": generator.normal(size=8).astype(np.float32),
        "m": np.array(7, np.int32),
    }


def test_every_form_at_once(tmp_path: Path) -> None:
    kernel = KernelIR.parse(MIXED, name="mixed")
    inputs = mixed_inputs()
    found, want = run_cpp(kernel, inputs, tmp_path), jit(kernel).run(inputs)
    for name in ("B", "C", "D", "E"):
        assert found[name].tolist() == want[name].tolist(), name
    assert found["E"].dtype == ml_dtypes.bfloat16


def test_the_text_of_every_form() -> None:
    """Run with UPDATE_GOLDEN=1 to accept the present text."""
    text = kernel_code(KernelIR.parse(MIXED, name="mixed"))
    golden = Path(__file__).parent / "golden" / "mixed" / "mixed.cpp"
    if os.environ.get("UPDATE_GOLDEN"):
        write({golden.name: text}, golden.parent)
    assert text == golden.read_text(encoding="utf-8")
    assert text.count("void twice(") == 1
    assert text.index("void twice(") < text.index("void mixed(")
    for line in (
        "twice(B, count_value);",
        "static int32_t count = 3;",
        "static const ap_int<7> odd[3] = {1, -2, 3};",
        "static const bfloat16 halves[2] = {bfloat16(1.5f), bfloat16(-2.0f)};",
        "while (count < 6) {",
        "while (true) {",
        "// D: Fixed(33, 4)[4]",
        "hls::exp(",
    ):
        assert line in text, line


def test_a_named_size_bounds_its_loops(tmp_path: Path) -> None:
    kernel = KernelIR.parse("""
    func.func @k(%A: memref<16xf32>, %n: i32, %B: memref<16xf32>) attributes {
        allo.args = ["A", "n", "B"], allo.directions = ["in", "in", "out"], allo.sizes = {n = 16}} {
      %end = arith.index_cast %n : i32 to index
      affine.for %i = 0 to %end { affine.for %j = 0 to min affine_map<(i)[n] -> (4, n - i)>(%i)[%end] {
        %v = affine.load %A[%i + %j] : memref<16xf32>
        affine.store %v, %B[%i] : memref<16xf32>
      } {allo.name = "j"} } {allo.name = "i", allo.band = "b"}
      return
    }""")
    text = kernel_code(kernel)
    assert "for (int j = 0; j < std::min(4, n - i); ++j)" in text
    assert "#pragma HLS loop_tripcount min=1 max=16" in text
    array = np.arange(16, dtype=np.float32)
    found = run_cpp(kernel, {"A": array, "n": np.array(9, np.int32)}, tmp_path)
    assert found["B"][:9].tolist() == [3, 4, 5, 6, 7, 8, 8, 8, 8]


def test_memories_and_parallel_loops() -> None:
    text = kernel_code(
        KernelIR.parse("""
    func.func @k(%A: memref<8xi32>, %B: memref<8xi32>) attributes {
        allo.args = ["A", "B"], allo.directions = ["in", "out"], allo.layouts = {t = "(cyclic 2)"},
        allo.memories = {A = "Memory(resource=\\"BRAM\\", storage_type=\\"RAM_1P\\")"}} {
      %t = memref.alloc() {allo.name = "t", allo.memory = "Memory(resource=\\"URAM\\", latency=2)"} : memref<8xi32>
      affine.for %i = 0 to 8 {
        %v = affine.load %A[%i] : memref<8xi32>
        affine.store %v, %t[%i] : memref<8xi32>
        %w = affine.load %t[%i] : memref<8xi32>
        affine.store %w, %B[%i] : memref<8xi32>
      } {allo.name = "i", allo.band = "b", allo.parallel}
      return
    }""")
    )
    assert "#pragma HLS bind_storage variable=A type=ram_1p impl=bram\n" in text
    assert "#pragma HLS bind_storage variable=t type=ram_2p impl=uram latency=2\n" in text
    assert "#pragma HLS array_partition variable=t type=cyclic factor=2 dim=1\n" in text
    assert "#pragma HLS dependence variable=t type=inter dependent=false\n" in text
    assert "#pragma HLS dependence variable=B type=inter dependent=false\n" in text


def test_state_of_two_functions_is_refused() -> None:
    user = """
    func.func @{name}(%r: memref<i32>) attributes {{allo.args = ["r"], allo.directions = ["out"]}} {{
      %s = memref.get_global @s : memref<i32> {{allo.name = "s"}}
      %v = affine.load %s[] : memref<i32>
      affine.store %v, %r[] : memref<i32>
      {call}
      return
    }}"""
    text = 'memref.global "private" @s : memref<i32> = dense<0>'
    text += user.format(name="f", call="") + user.format(name="g", call="func.call @f(%r) : (memref<i32>) -> ()")
    with pytest.raises(AlloError) as caught:
        kernel_code(KernelIR.parse(text, name="g"))
    assert "have the same state s" in str(caught.value)
