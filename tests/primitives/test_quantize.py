"""`quantize`: compared with the same kernel written with the new type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from call_kernels import CALLS, called, refusal, replays
from step_kernels import KERNELS, kernel, random_inputs

from allo_studio.analysis.ports import infer_ports
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.primitives.inline import Inline
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.quantize import Quantize
from allo_studio.source import Source

_HEADER = "from allo_studio.lang import Fixed, bfloat16, float16, float32, float64, grid, int8, int32, reduction\n\n"


def written(name: str, text: str) -> KernelIR:
    return infer_ports(parse_kernel(Source(f"{name}.py", _HEADER + text), name, {}))


def with_type(name: str, array: str, kind: str) -> KernelIR:
    """Return a kernel of ours whose result, an array, is declared with another type."""
    text, found = re.subn(rf"^(    {array}: )\w+(\[.*)$", rf"\g<1>{kind}\2", KERNELS[name], flags=re.MULTILINE)
    assert found == 1
    text, found = re.subn(r"-> \w+(\[.*\]):", rf"-> {kind}\1:", text)
    assert found == 1
    return written(name, text)


def assert_equal(one: KernelIR, two: KernelIR, inputs: Mapping[str, Any]) -> None:
    expected, found = jit(one).run(inputs), jit(two).run(inputs)
    assert set(expected) == set(found)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array, err_msg=name)


PLACES = [("gemm", "C"), ("matvec", "y"), ("stencil", "B"), ("triangular", "y"), ("conv", "C"), ("upper", "U")]
INTEGERS = [("gemm_int", "C"), ("chain", "y"), ("strided", "B"), ("shift", "D")]


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "Fixed(16, 8)", 'Fixed(9, 5, "half_even", "saturate")'])
@pytest.mark.parametrize(("name", "array"), PLACES)
def test_an_array_of_floats(name: str, array: str, kind: str) -> None:
    base, step = kernel(name), Quantize(array, kind.replace('"', ""))
    after = step.apply(base)
    assert replays(step, base, after)
    assert_equal(with_type(name, array, kind), after, random_inputs(base))


@pytest.mark.parametrize("kind", ["int8", "Fixed(20, 4)"])
@pytest.mark.parametrize(("name", "array"), INTEGERS)
def test_an_array_of_integers(name: str, array: str, kind: str) -> None:
    base = kernel(name)
    assert_equal(with_type(name, array, kind), Quantize(array, kind).apply(base), random_inputs(base))


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("name", ["gemm", "matvec", "stencil", "triangular", "conv", "upper"])
def test_all_floats_of_a_function(name: str, kind: str) -> None:
    base, step = kernel(name), Quantize(name, kind)
    after = step.apply(base)
    assert replays(step, base, after)
    assert "f32" not in after.text()
    reference = written(name, KERNELS[name].replace("float32", kind))
    dtype = reference.arguments()[0].type.element.dtype
    inputs = {n: v.astype(dtype) for n, v in random_inputs(base).items() if isinstance(v, np.ndarray)}
    assert_equal(reference, after, inputs)


def test_arguments_come_in_the_new_type() -> None:
    base = kernel("gemm")
    after = Quantize("A", "int8").apply(base)
    assert str(after.find_buffer("A").type) == "int8[6, 4]"
    inputs = dict(random_inputs(base))
    inputs["A"] = np.arange(-12, 12, dtype=np.int8).reshape(6, 4)
    found = jit(after).run(inputs)["C"]
    np.testing.assert_array_equal(found, jit(base).run({**inputs, "A": inputs["A"].astype(np.float32)})["C"])


def test_a_local_array_is_rounded_on_its_way() -> None:
    base = kernel("deep")
    after = Quantize("t", "int8").apply(base)
    inputs = random_inputs(base)
    products = np.asarray(inputs["A"]) * np.asarray(inputs["B"])[::-1]
    expected = products.astype(np.int8).astype(np.int32).sum(axis=2)
    np.testing.assert_array_equal(jit(after).run(inputs)["D"], expected)


def test_scalar_arguments_and_casts_of_a_function() -> None:
    text = """
func.func @mix(%x: memref<6xf16>, %s: f32, %n: memref<6xi32>, %y: memref<6xf32>) attributes {
    llvm.emit_c_interface, allo.args = ["x", "s", "n", "y"], allo.directions = ["in", "in", "in", "out"]} {
  affine.for %i = 0 to 6 {
    %a = affine.load %x[%i] : memref<6xf16>
    %b = arith.extf %a : f16 to f32
    %k = affine.load %n[%i] : memref<6xi32>
    %c = arith.sitofp %k : i32 to f32
    %d = arith.mulf %b, %c : f32
    %t = arith.cmpf olt, %d, %s : f32
    %e = scf.if %t -> (f32) {
      %u = math.sqrt %b : f32
      scf.yield %u : f32
    } else {
      %q = arith.constant 0.1 : f32
      %u = arith.addf %d, %q : f32
      scf.yield %u : f32
    }
    affine.store %e, %y[%i] : memref<6xf32>
  } {allo.band = "nest", allo.name = "i"}
  return
}
"""
    after = Quantize("mix", "float64").apply(called("mix", text))
    assert [str(a.type.element) for a in after.arguments()] == ["float64", "float64", "int32", "float64"]
    x, n = np.linspace(0.1, 3.0, 6), np.arange(-2, 4, dtype=np.int32)
    d = x * n
    expected = np.where(d < 1.7, np.sqrt(x), d + float(np.float32(0.1)))
    np.testing.assert_array_equal(jit(after).run({"x": x, "s": 1.7, "n": n})["y"], expected)


def test_refusals() -> None:
    base = kernel("gemm")
    assert refusal(Quantize("C", "float32"), base) == ("C is float32[6, 8] already", "choose another type")
    message = "an element of C, float32, cannot be converted to Struct(x: int32) and back"
    assert refusal(Quantize("C", "Struct(x: int32)"), base)[0] == message
    assert refusal(Quantize("Y", "int8"), called("twice"))[0] == "Y is given to smooth, which would have to change too"
    assert refusal(Quantize("total", "int8"), called("state")) == (
        "total is state, which outlives a call, so it cannot be quantized",
        "choose an argument or a local array",
    )
    assert refusal(Quantize("nothing", "int8"), base)[0] == "gemm has no buffer 'nothing'"


def test_refusals_of_functions() -> None:
    message = "all floats of gemm cannot become int8: what is computed with them needs a float type"
    assert refusal(Quantize("gemm", "int8"), kernel("gemm"))[0] == message
    assert refusal(Quantize("gemm", "float32"), kernel("gemm"))[0] == "gemm has no floats but float32"
    assert refusal(Quantize("gemm_int", "float16"), kernel("gemm_int"))[0] == "gemm_int has no floats but float16"
    base = called("deep")
    assert refusal(Quantize("deep", "float16"), base) == ("deep gives floats to both", "inline both first")
    assert "both gives floats to add" in [d.message for d in Quantize("both", "float16").check(base)]
    assert refusal(Quantize("add", "float16"), base) == (
        "both calls add and exchanges floats with it",
        "inline add first",
    )
    assert not Quantize("deep", "float16").check(Inline().apply(base))
    bits = CALLS["deep"].replace(
        "%b = arith.addf %a, %c : f32", "%z = arith.bitcast %a : f32 to i32\n    %b = arith.bitcast %z : i32 to f32"
    )
    message = "deep reinterprets the bits of a float, which another type does not have"
    assert refusal(Quantize("deep", "float16"), Inline().apply(called("deep", bits)))[0] == message


def test_directives_stay() -> None:
    base = Pipeline("j").apply(kernel("gemm"))
    after = Quantize("gemm", "float16").apply(Quantize("B", "float16").apply(base))
    assert after.find_loop("j").pipeline == 1
