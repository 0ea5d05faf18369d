"""The reference of every form of a kernel against the JIT: two engines that share no arithmetic."""

import numpy as np
import pytest
from execute_kernels import elementwise, kernel_of
from hypothesis import given, settings
from hypothesis import strategies as st
from test_execute_control import CALLS, CHASE, COLLATZ, COUNTER, GATHER, SIZED
from test_execute_integers import BOTH, SIGNED, UNSIGNED

from allo_studio.diagnostics import AlloError
from allo_studio.execute import LIBM, jit
from allo_studio.frontend import parse_kernel
from allo_studio.samples import FLAVOURS, sample
from allo_studio.simulate import evaluate_kernel
from allo_studio.source import Source
from allo_studio.types import BFLOAT16, BOOL, FLOAT16, FLOAT32, FLOAT64, fixed, integer, parse_type, struct
from allo_studio.words import to_bits

FLOATS = (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)


def same(kernel, inputs):
    got, want = jit(kernel).run(inputs), evaluate_kernel(kernel, inputs)
    assert got.keys() == want.keys()
    for argument in kernel.arguments():
        name = argument.name if argument.direction == "out" else f"{argument.name}_out"
        if argument.direction == "in":
            continue
        one, two, kind = got[name], want[name], argument.type.element
        assert one.dtype == two.dtype
        assert one.shape == two.shape
        equal = np.asarray(to_bits(one, kind) == to_bits(two, kind), np.bool_)
        if kind.is_float:
            with np.errstate(invalid="ignore"):
                equal |= np.isnan(one) & np.isnan(two)
        assert equal.all(), (name, one, two)


def inputs_of(kernel, flavour, seed):
    generator = np.random.default_rng(seed)
    return {
        a.name: sample(a.type.element, a.type.shape, flavour, generator)
        for a in kernel.arguments()
        if a.direction == "in"
    }


@given(st.integers(1, 140), st.booleans(), st.sampled_from(FLAVOURS), st.integers(0, 99), st.data())
@settings(max_examples=25, deadline=None)
def test_integer_operations(bits, signed, flavour, seed, data):
    kind = integer(bits, signed)
    names = sorted({**BOTH, **(SIGNED if signed else UNSIGNED)})
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=3, max_size=6))
    results = [(kind, f"%r = arith.{name} %a, %b : i{bits}") for name in chosen]
    letter = "s" if signed else "u"
    results += [(BOOL, f"%r = arith.cmpi {letter}{p}, %a, %b : i{bits}") for p in ("lt", "ge")]
    kernel = elementwise((kind, kind), tuple(results), 12)
    same(kernel, inputs_of(kernel, flavour, seed))


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_float_operations(kind, flavour):
    t = kind.mlir
    two = ("addf", "subf", "mulf", "divf", "maximumf", "minimumf", "maxnumf", "minnumf")
    results = [(kind, f"%r = arith.{name} %a, %b : {t}") for name in two]
    results += [(kind, f"%r = {name} %a : {t}") for name in ("arith.negf", "math.absf", "math.sqrt")]
    results += [
        (BOOL, f"%r = arith.cmpf {p}, %a, %b : {t}") for p in ("oeq", "ogt", "ule", "une", "ord", "uno", "true")
    ]
    results += [
        (kind, f"%r = {name} %a, %b : {t}") for name in ("math.powf", "math.atan2", "arith.remf", "math.copysign")
    ]
    unary = sorted(op for op in LIBM if op not in ("math.powf", "math.atan2", "arith.remf"))
    results += [(kind, f"%r = {name} %a : {t}") for name in unary]
    kernel = elementwise((kind, kind), tuple(results), 60)
    same(kernel, inputs_of(kernel, flavour, 5))


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_conversions(kind, flavour):
    t = kind.mlir
    for number in (integer(1, False), integer(9), integer(32, False), integer(64), integer(90, False)):
        letter = "s" if number.signed else "u"
        kernel = elementwise((kind,), ((number, f"%r = arith.fpto{letter}i %a : {t} to {number.mlir}"),), 60)
        same(kernel, inputs_of(kernel, flavour, 1))
        kernel = elementwise((number,), ((kind, f"%r = arith.{letter}itofp %a : {number.mlir} to {t}"),), 60)
        same(kernel, inputs_of(kernel, flavour, 2))
    for other in FLOATS:
        if other.bits != kind.bits:
            name = "extf" if other.bits > kind.bits else "truncf"
            kernel = elementwise((kind,), ((other, f"%r = arith.{name} %a : {t} to {other.mlir}"),), 60)
            same(kernel, inputs_of(kernel, flavour, 3))
    bits = elementwise((kind,), ((integer(kind.bits), f"%r = arith.bitcast %a : {t} to i{kind.bits}"),), 60)
    same(bits, inputs_of(bits, "moderate", 4))


@pytest.mark.parametrize(
    "kind", [fixed(12, 5), fixed(70, -3, False), struct([("x", FLOAT32), ("y", integer(5))])], ids=str
)
def test_types_that_are_bits(kind):
    kernel = elementwise((kind,), ((kind, f"%r = arith.addi %a, %a : i{kind.bits}"),), 20)
    if kind.kind == "struct":
        kernel = elementwise(
            (kind,), ((kind, f"%z = arith.constant 0 : i37\n%r = arith.addi %a, %z : i{kind.bits}"),), 20
        )
    same(kernel, inputs_of(kernel, "moderate", 1))


@pytest.mark.parametrize("text", [COLLATZ, CALLS, COUNTER], ids=["while", "calls", "state"])
def test_control(text):
    kernel = kernel_of(text, {CALLS: "malloc"}.get(text))
    for seed in range(3):
        inputs = inputs_of(kernel, "small", seed)
        if "k" in inputs:
            inputs["k"] = np.int32(seed)
        same(kernel, inputs)


def test_computed_subscripts():
    kernel, x = kernel_of(GATHER), np.arange(8, dtype=np.float32)
    same(kernel, {"x": x, "p": np.array([7, 0, 3, 3, 1], np.int32)})
    with pytest.raises(AlloError, match="subscript 8 of x is out of range in dimension 0"):
        evaluate_kernel(kernel, {"x": x, "p": np.full(5, 8, np.int32)})
    same(kernel_of(CHASE), {"p": np.array([1, 1, 0, 1], np.int32)})


@pytest.mark.parametrize("n", [1, 5, 8])
def test_named_sizes(n):
    generator = np.random.default_rng(n)
    x, y = generator.standard_normal((n, 3), np.float32), generator.standard_normal(n, np.float32)
    same(kernel_of(SIZED), {"x": x, "y": y})
    with pytest.raises(AlloError, match="input y is"):
        evaluate_kernel(kernel_of(SIZED), {"x": x, "y": np.zeros(n % 8 + 1, np.float32)})


def test_quasi_affine_subscripts_of_negative_numbers():
    kernel = kernel_of("""
func.func @f(%x: memref<16xf32>, %y: memref<16xf32>) attributes {allo.args = ["x", "y"],
    allo.directions = ["in", "out"], llvm.emit_c_interface} {
  affine.for %i = 0 to 16 {
    %j = affine.apply affine_map<(d0) -> ((d0 - 9) floordiv 4 + 3)>(%i)
    %a = affine.load %x[(%j - 5) mod 7 + (%i - 20) ceildiv 5 + 4] : memref<16xf32>
    affine.store %a, %y[%i] : memref<16xf32>
  } {allo.name = "i", allo.band = "b"}
  return
}""")
    same(kernel, {"x": np.arange(16, dtype=np.float32)})


@pytest.mark.parametrize("count", [3, 103], ids=["words", "bytes"])
@pytest.mark.parametrize(
    "kind",
    ["uint1", "int7", "int24", "Int(40)", "Int(70)", "Fixed(12, 3)", "float16", "bfloat16", "float32", "float64"],
)
def test_tables_of_every_type_however_they_are_printed(kind, count):
    # A long table is printed as its bytes.
    number = parse_type(kind).element
    if number.is_float:
        values = [(n % 60 - 20) / 8 for n in range(count)]
    else:
        span = 1 if number.kind == "fixed" else number.greatest - number.least + 1
        low = 0 if number.kind == "fixed" else number.least
        values = [low + n * 37 % span for n in range(count)]
        values[1] = 1 if number.kind == "fixed" else number.greatest
    text = f"from allo_studio.lang import *\ndef f(x: int32) -> {kind}[{count}]:\n"
    text += f"    T: {kind}[{count}] = {values}\n    R: {kind}[{count}]\n    for i in range({count}):\n"
    kernel = parse_kernel(Source("k.py", text + "        R[i] = T[i]\n    return R\n"), "f")
    inputs = {"x": np.array(0, np.int32)}
    assert [float(value) for value in evaluate_kernel(kernel, inputs)["R"]] == [float(value) for value in values]
    same(kernel, inputs)


def test_what_is_cut_to_64_bits_is_cut():
    kind = integer(96)
    kernel = elementwise((kind,), ((kind, "%t = arith.trunci %a : i96 to i64\n%r = arith.extsi %t : i64 to i96"),), 12)
    for flavour in FLAVOURS:
        same(kernel, inputs_of(kernel, flavour, 4))
