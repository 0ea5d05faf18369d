"""Verification by execution: equal kernels are equal, each kind of difference is found and named."""

import numpy as np
import pytest
from execute_kernels import elementwise, kernel_of

from allo_studio.types import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, fixed, integer, struct
from allo_studio.verification import PortChange, verify

F32 = "%r = arith.addf %a, %b : f32"


def unary(kind, text, result=None):
    return elementwise((kind,), ((result or kind, text),), 16)


RECORD = struct([("x", FLOAT32), ("y", struct([("z", fixed(16, 10)), ("w", fixed(70, 1))]))])


@pytest.mark.parametrize(
    "kind",
    [
        integer(1),
        integer(7),
        integer(32),
        integer(64, False),
        integer(100),
        FLOAT16,
        BFLOAT16,
        FLOAT32,
        FLOAT64,
        RECORD,
    ],
    ids=str,
)
def test_a_kernel_equals_itself_on_all_types(kind):
    kernel = unary(kind, f"%r = arith.bitcast %a : {kind.mlir} to {kind.mlir}")
    verdict = verify(kernel, kernel)
    assert verdict
    assert (verdict.trials, verdict.failed) == (8, 0)
    assert str(verdict) == "equal in 8 trials"


SAME = "%r = arith.bitcast %a : {0} to {0}"
# Differs for the least number only.
CLIPPED = "%z = arith.constant -32767 : i16\n%r = arith.maxsi %a, %z : i16"
# Differs for the negative zero only.
PLUS_ZERO = "%z = arith.constant 0.0 : f32\n%r = arith.addf %a, %z : f32"
# Differs for subnormals only.
HALVED = """%z = arith.constant 0.5 : f32
%y = arith.constant 2.0 : f32
%b = arith.mulf %a, %z : f32
%r = arith.mulf %b, %y : f32"""
# Differs for large numbers only.
CUT = "%b = arith.trunci %a : i100 to i99\n%r = arith.extsi %b : i99 to i100"


@pytest.mark.parametrize(
    ("kind", "two"),
    [(integer(16), CLIPPED), (FLOAT32, PLUS_ZERO), (FLOAT32, HALVED), (integer(100), CUT)],
)
def test_differences_at_the_edges_are_found(kind, two):
    verdict = verify(unary(kind, SAME.format(kind.mlir)), unary(kind, two))
    assert not verdict
    difference = verdict.difference
    assert difference.output == "r0"
    assert repr(difference.before) != repr(difference.after)
    assert str(difference).endswith(f"(trial {difference.trial} of seed 0)")


def test_the_same_seed_gives_the_same_difference():
    one = elementwise((FLOAT32, FLOAT32), ((FLOAT32, F32),), 16)
    two = elementwise((FLOAT32, FLOAT32), ((FLOAT32, F32.replace("addf", "subf")),), 16)
    first, again, other = (verify(one, two, seed=seed).difference for seed in (3, 3, 4))
    assert first == again
    assert (first.before, first.after) != (other.before, other.after)


def test_all_nans_are_equal():
    one = unary(FLOAT32, "%z = arith.constant 0x7FC00000 : f32\n%r = arith.addf %a, %z : f32")
    two = unary(FLOAT32, "%z = arith.constant 0x7FC00001 : f32\n%n = arith.negf %z : f32\n%r = arith.addf %a, %n : f32")
    assert verify(one, two)


SUM = """
func.func @s(%x: memref<64xf32>, %y: memref<f32>) attributes {{allo.args = ["x", "y"],
    allo.directions = ["in", "out"], llvm.emit_c_interface}} {{
  %z = arith.constant 0.0 : f32
  affine.store %z, %y[] : memref<f32>
  affine.for %i = 0 to 64 {{
    %a = affine.load %y[] : memref<f32>
    %b = affine.load %x[{0}] : memref<64xf32>
    %c = arith.addf %a, %b : f32
    affine.store %c, %y[] : memref<f32>
  }} {{allo.name = "i", allo.band = "b"}}
  return
}}"""


def test_reordered_sums_are_equal_within_the_tolerance_only():
    one, two = kernel_of(SUM.format("%i")), kernel_of(SUM.format("63 - %i"))
    assert not verify(one, two)
    verdict = verify(one, two, reassociates=True)
    assert verdict
    assert verdict.tolerance > 0
    # One element taken twice is no rounding.
    assert not verify(one, kernel_of(SUM.format("(%i floordiv 2) * 2")), reassociates=True)


WORDS = """
func.func @f(%x: memref<{0}>, %y: memref<{0}>) attributes {{allo.args = ["x", "y"],
    allo.directions = ["in", "out"], allo.types = {{x = "{1}", y = "{1}"}}, llvm.emit_c_interface}} {{
  affine.for %i = 0 to {2} {{
    affine.for %j = 0 to {3} {{
      %a = affine.load %x[%i, %j] : memref<{0}>
      affine.store %a, %y[%i, %j] : memref<{0}>
    }} {{allo.name = "j"}}
  }} {{allo.name = "i", allo.band = "b"}}
  return
}}"""


def test_reshaped_and_packed_ports_are_compared_by_their_bits():
    plain = kernel_of(WORDS.format("4x6xi7", "int7[4, 6]", 4, 6))
    assert verify(plain, kernel_of(WORDS.format("3x8xi7", "int7[3, 8]", 3, 8)))
    packed = kernel_of(WORDS.format("4x2xi21", "uint21[4, 2]", 4, 2))
    assert verify(plain, packed)
    # A kernel of words that leaves one out is found at the first element of that word.
    broken = kernel_of(WORDS.format("4x2xi21", "uint21[4, 2]", 4, 1))
    difference = verify(plain, broken).difference
    assert difference.index == (0, 3)


def test_a_port_change_says_how_other_types_correspond():
    plain = unary(FLOAT32, "%r = arith.bitcast %a : f32 to f32")
    wide = unary(FLOAT64, "%r = arith.bitcast %a : f64 to f64")
    with pytest.raises(ValueError, match="nothing says how"):
        verify(plain, wide)

    def change(name):
        return PortChange(name, lambda x: x.astype(np.float64), lambda x: x.astype(np.float32))

    assert verify(plain, wide, ports={"a": change("a"), "r0": change("r0")})


def test_kernels_with_other_ports_are_refused():
    one, two = unary(FLOAT32, "%r = arith.negf %a : f32"), elementwise((FLOAT32, FLOAT32), ((FLOAT32, F32),), 16)
    with pytest.raises(ValueError, match="ports"):
        verify(one, two)


ENDLESS = """
func.func @f(%x: i32, %y: memref<i32>) attributes {{allo.args = ["x", "y"],
    allo.directions = ["in", "out"], llvm.emit_c_interface}} {{
  affine.store %x, %y[] : memref<i32>
  scf.while : () -> () {{
    %n = arith.constant {0} : i32
    %v = affine.load %y[] : memref<i32>
    %go = arith.cmpi slt, %v, %n : i32
    scf.condition(%go)
  }} do {{
    %v = affine.load %y[] : memref<i32>
    affine.store %v, %y[] : memref<i32>
    scf.yield
  }} attributes {{allo.name = "w", allo.band = "w"}}
  return
}}"""


def test_a_while_without_an_end_is_given_up_and_a_difference_in_that_found():
    one, two = kernel_of(ENDLESS.format(2)), kernel_of(ENDLESS.format(-(2**31)))
    verdict = verify(one, one)
    assert verdict
    assert verdict.failed > 0
    assert "did not end" in str(verify(one, two))
