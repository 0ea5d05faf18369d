"""The numpy reference: exact, in sequential order, and fast."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from allo_studio.design.region import Channel, KernelProcess, Region, RegionPort
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.layout import Layout
from allo_studio.simulate import evaluate, evaluate_kernel
from allo_studio.simulate.data import require_memory
from allo_studio.source import Source
from allo_studio.types import parse_type


def kernel(text: str, name: str, **params: int) -> KernelIR:
    return parse_kernel(Source(f"{name}.py", "from allo_studio.lang import *\n" + text), name, params)


def floats(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random(shape, np.float32) * np.float32(2) - np.float32(1)


GEMM = """
N = 16

def gemm(A: float32[N, N], B: float32[N, N]) -> float32[N, N]:
    C: float32[N, N] = 0.0
    for i, j in grid(N, N):
        for k in reduction(N):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""


def in_order(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    total = np.zeros((len(left), right.shape[1]), np.float32)
    for k in range(left.shape[1]):
        total += left[:, k][:, None] * right[k][None, :]
    return total


def test_a_product_sums_in_the_order_of_the_loop() -> None:
    a, b = floats(16, 16), floats(16, 16, seed=1)
    got = evaluate_kernel(kernel(GEMM, "gemm"), {"A": a, "B": b})["C"]
    assert got.dtype == np.float32
    assert np.array_equal(got, in_order(a, b))
    # In another order the sum is another: the comparison above can fail.
    assert not np.array_equal(got, in_order(a[:, ::-1], b[::-1]))


def test_a_large_product_is_exact() -> None:
    large = kernel(GEMM, "gemm", N=256)
    a, b = floats(256, 256), floats(256, 256, seed=1)
    got = evaluate_kernel(large, {"A": a, "B": b})["C"]
    assert np.array_equal(got, in_order(a, b))


def test_inputs_stay_as_they_were() -> None:
    a, b = floats(16, 16), floats(16, 16, seed=1)
    before = a.copy(), b.copy()
    evaluate_kernel(kernel(GEMM, "gemm"), {"A": a, "B": b})
    assert np.array_equal(a, before[0])
    assert np.array_equal(b, before[1])


INTEGERS = """
def integers(A: int32[6], B: int32[6]) -> (int32[6], int32[6], int32):
    C: int32[6] = 0
    D: int32[6] = 0
    s: int32 = 2147483647
    for i in range(6):
        C[i] = A[i] / B[i]
        D[i] = A[i] * B[i] - i
        s += B[i] * B[i]
    return C, D, s
"""


@pytest.mark.parametrize("parallel", [None, frozenset[str]()])
def test_integers_wrap_and_division_truncates(parallel: frozenset[str] | None) -> None:
    least = -(2**31)
    a = np.array([7, -7, 7, -7, least, 5], np.int32)
    b = np.array([2, 2, -2, -2, -1, 0], np.int32)
    got = evaluate_kernel(kernel(INTEGERS, "integers"), {"A": a, "B": b}, parallel)
    assert got["C"].tolist() == [3, -3, -3, 3, least, -1]
    assert got["D"].tolist() == [14, -15, -16, 11, 2**31 - 4, -5]
    assert got["s"].item() == least + 16
    assert got["C"].dtype == np.int32


def test_scalars_stencils_and_division_by_zero() -> None:
    text = """
def stencil(A: float32[10, 10], s: float32) -> float32[10, 10]:
    B: float32[10, 10] = 0.0
    for t in range(3):
        for i in range(1, 9):
            for j in range(1, 9):
                B[i, j] = (A[i - 1, j] + A[i + 1, j] + B[i, j - 1]) / s
    return B
"""
    a, s = floats(10, 10), np.float32(3.25)
    want = np.zeros((10, 10), np.float32)
    for _ in range(3):
        for i in range(1, 9):
            for j in range(1, 9):
                want[i, j] = ((a[i - 1, j] + a[i + 1, j]) + want[i, j - 1]) / s
    stencil = kernel(text, "stencil")
    assert np.array_equal(evaluate_kernel(stencil, {"A": a, "s": np.array(s)})["B"], want)
    by_zero = evaluate_kernel(stencil, {"A": a, "s": np.array(0, np.float32)})["B"]
    assert not np.isfinite(by_zero[1:9, 1:9]).any()


def test_local_arrays_belong_to_an_iteration() -> None:
    text = """
def local(A: float32[40, 30]) -> float32[40, 30]:
    C: float32[40, 30] = 0.0
    for i in range(40):
        row: float32[30] = 1.0
        for j in range(1, 30):
            row[j] += row[j - 1] * A[i, j]
        for j in range(30):
            x: float32 = 0.5
            for k in range(j, 30):
                x += row[k]
            C[i, 29 - j] = x
    return C
"""
    a = floats(40, 30)
    want = np.zeros((40, 30), np.float32)
    for i in range(40):
        row = np.ones(30, np.float32)
        for j in range(1, 30):
            row[j] += row[j - 1] * a[i, j]
        for j in range(30):
            x = np.float32(0.5)
            for k in range(j, 30):
                x += row[k]
            want[i, 29 - j] = x
    assert np.array_equal(evaluate_kernel(kernel(text, "local"), {"A": a})["C"], want)


def test_transposed_and_reversed_arrays() -> None:
    text = """
def turn(A: float32[3, 4, 5], B: float32[5]) -> (float32[4, 5, 3], float32[5]):
    C: float32[4, 5, 3] = 0.0
    D: float32[5] = 0.0
    for i, j, k in grid(3, 4, 5):
        C[j, k, i] = A[2 - i, j, 4 - k] * B[k]
    for i in range(5):
        D[4 - i] = B[i]
    return C, D
"""
    a, b = floats(3, 4, 5), floats(5)
    got = evaluate_kernel(kernel(text, "turn"), {"A": a, "B": b})
    assert np.array_equal(got["C"], a[::-1, :, ::-1].transpose(1, 2, 0) * b[None, :, None])
    assert np.array_equal(got["D"], b[::-1])


def test_lanes_run_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = floats(16, 16), floats(16, 16, seed=1)
    for most in (1, 3, 20, 100):
        monkeypatch.setattr("allo_studio.simulate.interpret._MOST_LANES", most)
        assert np.array_equal(evaluate_kernel(kernel(GEMM, "gemm"), {"A": a, "B": b})["C"], in_order(a, b))


SUBSCRIPTS = [
    "i, j",
    "j, i",
    "i, i",
    "i + 1, j",
    "j, 7 - i",
    "2 * i, j",
    "i, 0",
    "i + j, j",
    "7 - j, k",
    "k, i",
    "k, j",
]
EXPRESSIONS = ["A[{0}]", "A[{0}] * B[{1}]", "B[{0}] - C[{1}]", "C[{0}] / (A[{1}] + s)", "-C[{0}] + s * t", "t - A[{0}]"]
STATEMENTS = ["C[{0}] = {1}", "C[{0}] += {1}", "B2[{0}] -= {1}", "t = {1}", "t += {1}", "B2[{0}] = C[{0}] * {1}"]
BOUNDS = [("4", "4", "4"), ("4", "i + 1", "3"), ("4", "4", "j + 1"), ("3", "4", "i + 1")]


@st.composite
def random_kernels(draw: st.DrawFn) -> str:
    def statement() -> str:
        subscripts = [draw(st.sampled_from(SUBSCRIPTS)) for _ in range(3)]
        expression = draw(st.sampled_from(EXPRESSIONS)).format(*subscripts[1:])
        return draw(st.sampled_from(STATEMENTS)).format(subscripts[0], expression)

    lines = []
    for _ in range(draw(st.integers(1, 2))):
        bounds = draw(st.sampled_from(BOUNDS))
        lines.append(f"    for i in range({bounds[0]}):\n        for j in range({bounds[1]}):")
        lines.append(f"            for k in range({bounds[2]}):")
        lines += [f"                {statement()}" for _ in range(draw(st.integers(1, 3)))]
    return "\n".join(
        [
            "def random(A: float32[8, 8], B: float32[8, 8], s: float32) -> (float32[8, 8], float32[8, 8], float32):",
            "    C: float32[8, 8] = 0.5",
            "    B2: float32[8, 8] = -0.25",
            "    t: float32 = 1.0",
            *lines,
            "    return C, B2, t",
            "",
        ]
    )


@settings(max_examples=120, deadline=None)
@given(random_kernels())
def test_vectorised_is_step_by_step(text: str) -> None:
    ir = kernel(text, "random")
    inputs = {"A": floats(8, 8), "B": floats(8, 8, seed=1), "s": np.array(0.75, np.float32)}
    fast = evaluate_kernel(ir, inputs)
    slow = evaluate_kernel(ir, inputs, frozenset())
    for name, array in slow.items():
        assert np.array_equal(fast[name], array, equal_nan=True), name


def chain(base: KernelIR) -> Region:
    """Return out = k(k(x)) in a region, as the elaboration makes it."""
    kind = base.arguments()[0].type

    def channel(name: str, what: str, source: tuple[str, str], target: tuple[str, str]) -> Channel:
        plain = Layout.plain(len(kind.shape))
        return Channel(f"top/{name}", name, what, kind, plain, source, (target,), "")  # type: ignore[arg-type]

    return Region(
        "top",
        "top",
        "sequential",
        (RegionPort("x", "in", kind), RegionPort("out", "out", kind)),
        (
            KernelProcess("one", "top/one", base, base, {"A": "x", "C": "one_C"}),
            KernelProcess("two", "top/two", base, base, {"A": "one_C", "C": "out"}),
        ),
        (
            channel("x", "memory", ("", "x"), ("one", "A")),
            channel("one_C", "shared", ("one", "C"), ("two", "A")),
            channel("out", "memory", ("two", "C"), ("", "out")),
        ),
    )


ADD_ONE = """
def add(A: int32[5]) -> int32[5]:
    C: int32[5] = 0
    for i in range(5):
        C[i] = A[i] + i
    return C
"""


def test_a_region_runs_its_processes_in_order() -> None:
    region = chain(kernel(ADD_ONE, "add"))
    got = evaluate(region, {"x": np.arange(5, dtype=np.int32)})
    assert {name: array.tolist() for name, array in got.items()} == {"out": [0, 3, 6, 9, 12]}


def test_wrong_inputs_are_all_named() -> None:
    region = chain(kernel(ADD_ONE, "add"))
    for given_, words in (
        ({}, "no data for input x"),
        ({"x": np.zeros(4, np.int32)}, "input x is int32[4], not int32[5]"),
        ({"x": np.zeros(5)}, "input x is float64[5], not int32[5]"),
    ):
        with pytest.raises(AlloError) as caught:
            evaluate(region, given_)
        assert [d.code for d in caught.value.diagnostics] == ["data"]
        assert words in str(caught.value)


def test_an_argument_read_and_written_gives_x_out() -> None:
    text = "def twice(A: float32[4]):\n    for i in range(4):\n        A[i] = A[i] + A[i]\n    return A\n"
    a = floats(4)
    before = a.copy()
    ir = kernel(text, "twice")
    assert np.array_equal(evaluate_kernel(ir, {"A": a})["A_out"], before + before)
    assert np.array_equal(a, before)


def test_data_that_does_not_fit_the_memory_is_refused() -> None:
    ports = (RegionPort("A", "in", parse_type("float32[1024, 1024]")), RegionPort("s", "in", parse_type("float32")))
    require_memory(ports)
    require_memory(ports, 16 * 2**20 + 16)
    with pytest.raises(AlloError, match=r"takes about 0\.0 GiB") as raised:
        require_memory(ports, 16 * 2**20 + 15)
    assert raised.value.diagnostics[0].code == "tool"
