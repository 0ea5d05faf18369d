"""The generated C++ compiles without a warning, runs, and computes what the source says, bit for bit."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sanitized import SANITIZED
from vitis_designs import GEMM, build, cascade, kernel, nested, product, row_wise, simulate, single

from allo_studio.design.model import Target
from allo_studio.design.region import Region
from allo_studio.ir import KernelIR
from allo_studio.simulate import CSimResult, evaluate, random_inputs, run, toolchain
from allo_studio.simulate.jit import evaluate_jit

pytestmark = pytest.mark.usefixtures("strict_compiler")


@pytest.fixture
def strict_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever C++ leaves undefined, such as a signed overflow, ends the program.
    checks = ("-Werror", *SANITIZED)
    monkeypatch.setattr(toolchain, "FLAGS", (*toolchain.FLAGS, *checks))


def assert_exact(region: Region, folder: Path, elements: int) -> None:
    result = simulate(region, folder)
    assert (result.first_mismatch, result.faults) == (None, ())
    assert (result.compared, result.mismatches, result.max_error) == (elements, 0, 0.0)
    assert result.passed
    assert f"compared {elements} mismatches 0 max_error 0\n" in result.log


def test_vanilla_product(tmp_path: Path) -> None:
    region = single(kernel(GEMM, "gemm"))
    assert_exact(region, tmp_path, 256)
    inputs = random_inputs(region.ports)
    assert np.array_equal(evaluate(region, inputs)["C"], product(inputs["A"], inputs["B"]))


def test_row_wise_product_with_lanes(tmp_path: Path) -> None:
    assert_exact(single(row_wise(8), kernel(GEMM, "gemm")), tmp_path, 256)


@pytest.mark.parametrize(("kind", "width"), [("fifo", 1), ("fifo", 8), ("pingpong", 4), ("shared", 1)])
def test_cascade(tmp_path: Path, kind: str, width: int) -> None:
    region = cascade(kind, width)
    assert_exact(region, tmp_path, 256)
    inputs = random_inputs(region.ports)
    expected = product(product(inputs["A"], inputs["B"]), inputs["D"])
    assert np.array_equal(evaluate(region, inputs)["E"], expected)


def test_region_inside_a_region(tmp_path: Path) -> None:
    region = nested()
    assert_exact(region, tmp_path, 256)
    inputs = random_inputs(region.ports)
    expected = product(product(product(inputs["A"], inputs["B"]), inputs["D"]), inputs["B"])
    assert np.array_equal(evaluate(region, inputs)["F"], expected)


SHAPES = """
def shapes(A: float32[8, 9], s: float32, n: int32) -> (float32[8, 9], int32[8], float32, int32):
    C: float32[8, 9] = 0.0
    D: int32[8] = 0
    t: float32 = 1.5
    big: int32 = 2147483647
    for i in range(8):
        for j in range(i, 8):
            for k in range(2, 9 - i, 2):
                C[i, k] += A[i, k] * s - A[j, k] / (s + 1.0)
        D[i] = n * i - (3 - i) / n + (2 - i) / 3
        t = t * A[i, 0] + t * (t - A[i, 1])
        big = big + n * big
    return C, D, t, big
"""


def test_triangles_integers_and_scalars(tmp_path: Path) -> None:
    assert_exact(single(kernel(SHAPES, "shapes")), tmp_path, 72 + 8 + 2)


def test_division_at_the_edges(tmp_path: Path) -> None:
    text = """
def divide(A: int32[7], B: int32[7]) -> (int32[7], int32[7]):
    C: int32[7] = 0
    D: int32[7] = 0
    for i in range(7):
        C[i] = A[i] / B[i] - A[i] / 3
        D[i] = (A[i] - B[i]) * A[i] / (-1)
    return C, D
"""
    region = single(kernel(text, "divide"))
    build(region, tmp_path)
    least = -(2**31)
    a = np.array([7, -7, 7, -7, least, least, 5], np.int32)
    b = np.array([2, 2, -2, -2, -1, 1, 0], np.int32)
    expected = evaluate(region, {"A": a, "B": b})
    assert expected["C"].tolist() == [3 - 2, -3 + 2, -3 - 2, 3 + 2, least + 715827882, least + 715827882, -1 - 1]
    assert run(tmp_path, "top", {"A": a, "B": b}, expected).passed
    compiled = evaluate_jit(region, {"A": a, "B": b})
    assert compiled["C"].tolist() == expected["C"].tolist()
    assert compiled["D"].tolist() == expected["D"].tolist()


def test_expressions_keep_their_association(tmp_path: Path) -> None:
    text = """
def associate(A: float32[64], B: float32[64], s: float32) -> (float32[64], float32[64], float32[64], float32[64]):
    C: float32[64] = 0.0
    D: float32[64] = 0.0
    E: float32[64] = 0.0
    F: float32[64] = 0.0
    for i in range(64):
        C[i] = A[i] - (B[i] - s) - (B[i] + (A[i] + s))
        D[i] = A[i] / (B[i] * s) * (A[i] / (s / B[i]))
        E[i] = -(-A[i]) - -(B[i] - s) * -s
        F[i] = (A[i] + B[i]) * (A[i] - B[i]) + 0.1 - -1.0e-30
    return C, D, E, F
"""
    assert_exact(single(kernel(text, "associate")), tmp_path, 256)


def test_a_value_read_before_a_loop_keeps_its_value(tmp_path: Path) -> None:
    ir = KernelIR.parse("""
    func.func @k(%A: memref<4xf32>, %B: memref<4xf32>) attributes {
        allo.args = ["A", "B"], allo.directions = ["in", "out"]} {
      %t = memref.alloc() {allo.name = "t"} : memref<f32>
      affine.for %i = 0 to 4 {
        %first = affine.load %A[%i] : memref<4xf32>
        affine.store %first, %t[] : memref<f32>
        %old = affine.load %t[] : memref<f32>
        affine.for %j = 0 to 3 {
          %v = affine.load %t[] : memref<f32>
          %w = arith.addf %v, %first : f32
          affine.store %w, %t[] : memref<f32>
        } {allo.name = "j"}
        %new = affine.load %t[] : memref<f32>
        %d = arith.subf %new, %old : f32
        affine.store %d, %B[%i] : memref<4xf32>
      } {allo.name = "i", allo.band = "b"}
      return
    }""")
    assert_exact(single(ir), tmp_path, 4)


def test_a_value_read_before_a_store_keeps_its_value(tmp_path: Path) -> None:
    swap = """
    func.func @swap(%A: memref<6xi32>, %B: memref<6xi32>) attributes {
        allo.args = ["A", "B"], allo.directions = ["in", "out"]} {
      affine.for %i = 0 to 6 {
        %a = affine.load %A[%i] : memref<6xi32>
        affine.store %a, %B[%i] : memref<6xi32>
      } {allo.name = "i", allo.band = "copy"}
      affine.for %i = 0 to 3 {
        %x = affine.load %B[%i] : memref<6xi32>
        %y = affine.load %B[5 - %i] : memref<6xi32>
        affine.store %y, %B[%i] : memref<6xi32>
        affine.store %x, %B[5 - %i] : memref<6xi32>
      } {allo.name = "i", allo.band = "swap"}
      return
    }"""
    region = single(KernelIR.parse(swap))
    assert_exact(region, tmp_path, 6)
    inputs = random_inputs(region.ports)
    assert evaluate(region, inputs)["B"].tolist() == inputs["A"].tolist()[::-1]


def test_names_that_mean_something_in_cpp(tmp_path: Path) -> None:
    text = """
def double(register: float32[4], hls: float32[4]) -> float32[4]:
    new: float32[4] = 0.0
    for int_ in range(4):
        unsigned: float32 = register[int_] * hls[int_]
        new[int_] = unsigned + register[int_]
    return new
"""
    assert_exact(single(kernel(text, "double")), tmp_path, 4)


@pytest.mark.parametrize("top", ["Totals", "load", "port_A", "FILE", "float_t", "signgam", "testbench", "SEEK_SET"])
def test_a_top_with_a_name_that_is_taken_around_it(tmp_path: Path, top: str) -> None:
    """The header stands before others, and the testbench calls the top from among its own functions."""
    text = """
def double(A: float32[4], SIZE_MAX: int32[4]) -> (float32[4], int32[4]):
    out: float32[4]
    EDOM: int32[4] = 0
    for i in range(4):
        out[i] = A[i] * 2.0
        for j in range(i, 4):
            EDOM[i] += SIZE_MAX[j]
    return out, EDOM
"""
    region = replace(single(kernel(text, "double")), name=top)
    result = simulate(region, tmp_path)
    assert result.passed
    assert result.compared == 8


def test_unused_arguments_and_results(tmp_path: Path) -> None:
    text = """
def partly(A: float32[4], unused: float32[4], n: int32) -> float32[4]:
    C: float32[4] = 0.0
    waste: float32[4] = 0.0
    for i in range(4):
        C[i] = A[i]
        waste[i] = A[i]
    return C
"""
    assert_exact(single(kernel(text, "partly")), tmp_path, 4)


def test_large_local_arrays_do_not_overflow_the_stack(tmp_path: Path) -> None:
    text = """
def large(A: float32[4]) -> float32[4]:
    held: float32[2048, 2048] = 0.0
    C: float32[4] = 0.0
    for i in range(4):
        held[i * 500, 2047 - i] = A[i]
        C[i] = held[i * 500, 2047 - i]
    return C
"""
    assert_exact(single(kernel(text, "large")), tmp_path, 4)
    source = (tmp_path / "top.cpp").read_text()
    assert "ALLO_LOCAL(held, [2048][2048], float);" in source
    assert "#define ALLO_LOCAL(name, extents, ...) __VA_ARGS__ name extents" in source


def test_another_order_of_additions_is_within_the_tolerance(tmp_path: Path) -> None:
    forward = "def total(A: float32[512]) -> float32:\n    s: float32 = 0.0\n    for i in range(512):\n"
    base = kernel(forward + "        s += A[i]\n    return s\n", "total")
    backward = kernel(forward + "        s += A[511 - i]\n    return s\n", "total")
    result = simulate(single(backward, base, reassociates=True), tmp_path / "allowed")
    assert result.passed
    assert 0.0 < result.max_error < 1e-4
    exact = simulate(single(backward, base), tmp_path / "exact")
    assert exact.mismatches == 1


def test_a_wrong_value_is_reported(tmp_path: Path) -> None:
    region = single(kernel(GEMM, "gemm"))
    build(region, tmp_path)
    inputs = random_inputs(region.ports)
    expected = {"C": evaluate(region, inputs)["C"].copy()}
    expected["C"][3, 5] += 0.25
    result = run(tmp_path, "top", inputs, expected)
    assert (result.compared, result.mismatches, result.max_error) == (256, 1, 0.25)
    assert not result.passed
    assert result.first_mismatch is not None
    assert (result.first_mismatch.port, result.first_mismatch.index) == ("C", (3, 5))
    assert "mismatches 1 max_error 0.25" in result.log


def test_the_documented_script_runs(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "hls.md").read_text(encoding="utf-8")
    block = re.search(r"In a script:\n\n((?:    .*\n|\n)+)", text)
    assert block is not None
    names = {"region": cascade("fifo", 4), "target": Target(), "out": tmp_path}
    exec(compile(textwrap.dedent(block[1]), "docs/hls.md", "exec"), names)
    result = names["result"]
    assert isinstance(result, CSimResult)
    assert result.passed
