"""The journey of a GEMM, as a tutorial takes it: schedules, a template, a cascade of two."""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import allo_studio as allo
from allo_studio import Schedule, float32, int32

M, N, K = 8, 12, 16
Matrix = npt.NDArray[np.float32]


def gemm(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
    C: float32[M, N] = 0.0
    for i, j in allo.grid(M, N):
        for k in allo.reduction(K):
            C[i, j] += A[i, k] * B[k, j]
    return C


@pytest.fixture(name="inputs")
def fixture_inputs() -> tuple[Matrix, Matrix]:
    random = np.random.default_rng(7)
    # Small whole numbers: sums are exact in any order.
    return tuple(random.integers(-9, 9, shape).astype(np.float32) for shape in ((M, K), (K, N)))  # type: ignore[return-value]


def same(schedule: Schedule, inputs: tuple[Matrix, Matrix]) -> None:
    found = schedule.build()(*inputs)  # type: ignore[operator]
    np.testing.assert_array_equal(found, inputs[0] @ inputs[1])


def test_vanilla(inputs: tuple[Matrix, Matrix]) -> None:
    s = allo.customize(gemm)
    assert "func.func @gemm" in str(s.module)
    same(s, inputs)


def test_inner_product(inputs: tuple[Matrix, Matrix]) -> None:
    s = allo.customize(gemm)
    s.unroll("k", factor=4)
    s.pipeline("j")
    same(s, inputs)
    assert "pragma HLS pipeline" in str(s.build(target="vhls"))


def test_row_wise_product(inputs: tuple[Matrix, Matrix]) -> None:
    s = allo.customize(gemm)
    s.reorder("k", "j")
    s.buffer_at(s.C, axis="i")
    s.pipeline("j")
    same(s, inputs)
    assert "gemm" in s.build(target="vhls").hls_code  # type: ignore[union-attr]


def test_tiled_and_buffered(inputs: tuple[Matrix, Matrix]) -> None:
    s = allo.customize(gemm)
    s.split("i", 4)
    s.split("j", factor=3)
    s.reorder("i.outer", "j.outer", "i.inner", "j.inner")
    loops = s.get_loops()
    (band,) = [band for band in loops.values() if "k" in band]
    s.reorder(band["k"], band["j.inner"])
    tile = s.buffer_at(s.C, band["i.inner"])
    s.partition(tile, dim=1)
    s.pipeline("k")
    same(s, inputs)
    assert s.ir.layout(tile.name).dims[0].kind == "complete"


def cascade(A: float32[M, K], B: float32[K, N], C: float32[N, K]) -> float32[M, K]:
    D = multiply(A, B)
    return multiply_back(D, C)


def multiply(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
    C: float32[M, N] = 0.0
    for i, j in allo.grid(M, N):
        for k in allo.reduction(K):
            C[i, j] += A[i, k] * B[k, j]
    return C


def multiply_back(A: float32[M, N], B: float32[N, K]) -> float32[M, K]:
    C: float32[M, K] = 0.0
    for i, j in allo.grid(M, K):
        for k in allo.reduction(N):
            C[i, j] += A[i, k] * B[k, j]
    return C


def test_a_cascade_of_two() -> None:
    random = np.random.default_rng(3)
    A, B, C = (random.integers(-4, 4, shape).astype(np.float32) for shape in ((M, K), (K, N), (N, K)))
    first = allo.customize(multiply)
    first.reorder("k", "j")
    first.buffer_at(first.C, axis="i")
    first.pipeline("j")
    second = allo.customize(multiply_back)
    second.pipeline("k")
    s = allo.customize(cascade)
    s.compose([first, second])
    np.testing.assert_array_equal(s.build()(A, B, C), A @ B @ C)  # type: ignore[operator]
    assert s.get_loops("multiply")
    pipelined = {name: [loop.name for loop in s.ir.at(name).loops() if loop.pipeline] for name in s.ir.functions}
    assert pipelined == {"multiply": ["j"], "multiply_back": ["k"], "cascade": []}
    assert str(s.build(target="vhls")).count("pragma HLS pipeline II=1") == 2


TEMPLATE = """
import allo_studio as allo
from allo_studio import float32, int32


def gemm[T, M, N, K](A: "T[M, K]", B: "T[K, N]") -> "T[M, N]":
    C: T[M, N] = 0
    for i, j in allo.grid(M, N):
        for k in allo.reduction(K):
            C[i, j] += A[i, k] * B[k, j]
    return C


def top(A: int32[8, 16], B: int32[16, 12], C: int32[12, 4]) -> int32[8, 4]:
    D = gemm[int32, 8, 12, 16, "first"](A, B)
    E = gemm[int32, 8, 4, 12, "second"](D, C)
    return E
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are of Python 3.12")
def test_a_template_and_its_cascade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "template_kernels.py").write_text(TEMPLATE)
    monkeypatch.syspath_prepend(tmp_path)
    import template_kernels as kernels  # type: ignore[import-not-found]

    first = allo.customize(kernels.gemm, instantiate=[int32, 8, 12, 16])
    first.reorder("k", "j")
    first.pipeline("j")
    second = allo.customize(kernels.gemm, instantiate={"T": int32, "M": 8, "N": 4, "K": 12})
    second.unroll("k", factor=4)
    s = allo.customize(kernels.top)
    s.compose(first, id="first")
    s.compose(second, id="second")
    assert s.ir.functions == ("gemm_first", "gemm_second", "top")
    assert [loop.name for loop in s.ir.at("gemm_first").loops() if loop.pipeline] == ["j"]
    assert [loop.name for loop in s.ir.at("gemm_second").loops() if loop.unroll == 4] == ["k"]
    random = np.random.default_rng(3)
    A, B, C = (random.integers(-99, 99, shape).astype(np.int32) for shape in ((8, 16), (16, 12), (12, 4)))
    np.testing.assert_array_equal(s.build()(A, B, C), A @ B @ C)  # type: ignore[operator]
    del sys.modules["template_kernels"]
