"""The JIT against numpy, step by step in the same type: equal bit for bit."""

import ctypes
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.execute import Executable, jit
from allo_studio.frontend import parse_kernel
from allo_studio.source import Source

HEAD = "from allo_studio.lang import float32, grid, int32, reduction\nM, N, K = 6, 5, 4\n"
RANDOM = np.random.default_rng(7)

GEMM = """
def gemm(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
    C: float32[M, N] = 0.0
    for i, j in grid(M, N):
        for k in reduction(K):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""


def compiled(text: str, name: str = "f", **params: int | float) -> Executable:
    return jit(parse_kernel(Source("k.py", HEAD + text), name, params))


def floats(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def ints(*shape: int) -> np.ndarray:
    return RANDOM.integers(-(2**31), 2**31, shape, dtype=np.int32)


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A matrix product that rounds after each multiplication and each addition, in the order of k."""
    c = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    for k in range(a.shape[1]):
        c = c + a[:, k : k + 1] * b[k : k + 1, :]
    return c


def test_gemm_equals_numpy() -> None:
    run, a, b = compiled(GEMM, "gemm"), floats(6, 4), floats(4, 5)
    assert np.array_equal(run(a, b), product(a, b))


def test_parameters_change_the_shapes() -> None:
    run, a, b = compiled(GEMM, "gemm", M=2, N=70, K=33), floats(2, 33), floats(33, 70)
    assert np.array_equal(run(a, b), product(a, b))


def test_matrix_vector_with_a_scalar_accumulator() -> None:
    run = compiled("""
def f(A: float32[M, N], x: float32[N], s: float32) -> float32[M]:
    y: float32[M]
    for i in range(M):
        acc: float32 = 0.0
        for j in reduction(N):
            acc += A[i, j] * x[j]
        y[i] = -acc / s
    return y
""")
    a, x = floats(6, 5), floats(5)
    wanted = -product(a, x[:, None])[:, 0] / np.float32(3)
    assert np.array_equal(run(a, x, 3.0), wanted)
    assert np.array_equal(run(a, x, np.float32(3)), wanted)


def test_a_stencil_with_shifted_subscripts() -> None:
    run = compiled("""
def f(A: float32[M, N]) -> float32[M - 2, N]:
    B: float32[M - 2, N] = 0.0
    for i in range(1, M - 1):
        for j in range(0, N, 2):
            B[i - 1, j] = (A[i - 1, j] + A[i, j]) + A[i + 1, j] * 0.5
    return B
""")
    a, wanted = floats(6, 5), np.zeros((4, 5), np.float32)
    wanted[:, ::2] = (a[:-2] + a[1:-1] + a[2:] * np.float32(0.5))[:, ::2]
    assert np.array_equal(run(a), wanted)


def test_triangular_loops() -> None:
    run = compiled("""
def f(L: float32[M, M], b: float32[M]) -> float32[M]:
    x: float32[M]
    for i in range(M):
        s: float32 = 0.0
        for j in range(i):
            s += L[i, j] * x[j]
        x[i] = (b[i] - s) / L[i, i]
    return x
""")
    low, b = floats(6, 6), floats(6)
    wanted = np.zeros(6, np.float32)
    for i in range(6):
        s = np.float32(0)
        for j in range(i):
            s = s + low[i, j] * wanted[j]
        wanted[i] = (b[i] - s) / low[i, i]
    assert np.array_equal(run(low, b), wanted)


def test_several_results_are_a_tuple_in_the_order_returned() -> None:
    run = compiled("""
def f(A: int32[N]) -> (int32, int32[N]):
    total: int32 = 0
    twice: int32[N]
    for i in range(N):
        total += A[i]
        twice[i] = 2 * A[i]
    return total, twice
""")
    a = ints(5)
    total, twice = run(a)
    assert run.outputs == ("total", "twice")
    assert total.shape == ()
    assert total == a.sum(dtype=np.int32)
    assert np.array_equal(twice, a * np.int32(2))


def test_integers_wrap_and_loop_variables_are_int32() -> None:
    run = compiled("""
def f(A: int32[M], B: int32[M]) -> int32[M]:
    C: int32[M]
    for i in range(M):
        C[i] = A[i] * B[i] - (A[i] + B[i]) * (i + 1) + -A[i]
    return C
""")
    a, b, i = ints(6), ints(6), np.arange(6, dtype=np.int32)
    with np.errstate(over="ignore"):
        assert np.array_equal(run(a, b), a * b - (a + b) * (i + np.int32(1)) - a)


def test_integer_division_goes_towards_zero_and_never_stops_the_process() -> None:
    run = compiled("""
def f(A: int32[M], B: int32[M]) -> int32[M]:
    C: int32[M]
    for i in range(M):
        C[i] = A[i] / B[i]
    return C
""")
    a = np.array([7, -7, 7, -7, 5, -(2**31)], np.int32)
    b = np.array([2, 2, -2, -2, 0, -1], np.int32)
    assert run(a, b).tolist() == [3, -3, -3, 3, -1, -(2**31)]


def test_an_argument_that_is_written_is_an_output_too_and_the_input_stays() -> None:
    run = compiled("""
def f(A: float32[N], B: float32[N]):
    for i in range(N):
        A[i] += B[i]
""")
    a, b = floats(5), floats(5)
    before = a.copy()
    assert run.outputs == ("A_out",)
    assert np.array_equal(run.run({"A": a, "B": b})["A_out"], a + b)
    assert np.array_equal(a, before)


def test_nothing_is_fused_or_flushed() -> None:
    run = compiled("""
def f(a: float32[1], b: float32[1], c: float32[1]) -> (float32[1], float32[1]):
    x: float32[1]
    y: float32[1]
    for i in range(1):
        x[i] = a[i] * b[i] + c[i]
        y[i] = a[i] * 1e-38 * 1e-3
    return x, y
""")
    # (1 + 2^-12)^2 rounds to 1 + 2^-11; a fused operation would leave the 2^-24 that rounding takes away.
    a = np.array([1 + 2**-12], np.float32)
    x, y = run(a, a, np.array([-(1 + 2**-11)], np.float32))
    assert x.tolist() == [0.0]
    assert y[0] == a[0] * np.float32(1e-38) * np.float32(1e-3)
    assert y[0] != 0


def test_inputs_that_are_not_contiguous_are_taken_as_they_look() -> None:
    run, a, b = compiled(GEMM, "gemm"), floats(4, 6).T, floats(8, 10)[::2, ::2]
    a.setflags(write=False)
    assert np.array_equal(run(a, b), product(a, b))


def test_a_large_local_gets_memory_of_its_own_each_call() -> None:
    run = compiled(
        """
def f(A: float32[N]) -> float32[N]:
    B: float32[N]
    for t in range(3):
        T: float32[N, 64] = 1.0
        for i, j in grid(N, 64):
            T[i, j] += A[i]
        for i in range(N):
            B[i] = T[i, 63]
    return B
""",
        N=512,
    )
    a = floats(512)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, [a + np.float32(k) for k in range(16)]))
    assert all(np.array_equal(r, 1 + (a + np.float32(k))) for k, r in enumerate(results))


def test_calls_leak_nothing() -> None:
    mallinfo = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo is None:
        pytest.skip("this C library does not tell what is allocated")
    # A structure of ten sizes: the fifth is what is mapped for large blocks, the eighth what small ones take.
    mallinfo.restype = type("Usage", (ctypes.Structure,), {"_fields_": [("sizes", ctypes.c_size_t * 10)]})
    run = compiled(
        """
def f(A: float32[N]) -> float32[N]:
    B: float32[N]
    for t in range(40):
        T: float32[N] = 1.0
        x: float32 = 2.0
        for i in range(N):
            T[i] += A[i] * x
        for i in range(N):
            B[i] = T[i]
    return B
""",
        N=5000,
    )
    a = floats(5000)

    def allocated() -> int:
        usage = mallinfo().sizes
        return int(usage[4]) + int(usage[7])

    run(a)
    before = allocated()
    for _ in range(50):
        run(a)
    # One call that kept its local would add 40 x 20 kB.
    assert allocated() - before < 400_000


def test_a_kernel_may_have_the_name_of_a_c_function() -> None:
    run = compiled(
        """
def malloc(A: float32[N]) -> float32[N]:
    free: float32[N]
    for memcpy in range(N):
        free[memcpy] = A[memcpy]
    return free
""",
        "malloc",
    )
    a = floats(5)
    assert np.array_equal(run(a), a)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"A": np.zeros((6, 4), np.float32)}, "input 'B' (float32[4, 5]) is missing"),
        (
            {"A": np.zeros((6, 4)), "B": np.zeros((4, 5), np.float32)},
            "input 'A' must be float32[6, 4], but its elements are float64; convert it with astype('float32')",
        ),
        (
            {"A": np.zeros((4, 6), np.float32), "B": np.zeros((4, 5), np.float32)},
            "input 'A' must be float32[6, 4], but its shape is (4, 6)",
        ),
        (
            {"A": np.zeros((6, 4), ">f4"), "B": np.zeros((4, 5), np.float32)},
            "input 'A' must be float32[6, 4], but its elements are >f4; convert it with astype('float32')",
        ),
        (
            {"A": [[1.0]], "B": np.zeros((4, 5), np.float32)},
            "input 'A' must be a numpy array of float32[6, 4], not list",
        ),
        (
            {"A": np.zeros((6, 4), np.float32), "B": np.zeros((4, 5), np.float32), "C": 1},
            "gemm has no input 'C'",
        ),
    ],
)
def test_wrong_inputs(inputs: dict[str, object], message: str) -> None:
    with pytest.raises(AlloError) as caught:
        compiled(GEMM, "gemm").run(inputs)
    assert [d.message for d in caught.value.diagnostics] == [message]
    assert caught.value.diagnostics[0].code == "run"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2**31, "input 'n' does not fit int32"),
        (1.0, "input 'n' must be int32, but it is a float"),
        (True, "input 'n' must be a number of type int32, not bool"),
        (np.int64(1), "input 'n' must be int32, but its elements are int64; convert it with astype('int32')"),
    ],
)
def test_wrong_scalars(value: object, message: str) -> None:
    run = compiled("def f(n: int32) -> int32:\n    m: int32 = n\n    return m\n")
    assert run(np.int32(-5)) == run(-5) == -5
    with pytest.raises(AlloError) as caught:
        run(value)
    assert [d.message for d in caught.value.diagnostics] == [message]


def test_all_faults_of_the_inputs_are_told_at_once() -> None:
    with pytest.raises(AlloError) as caught:
        compiled(GEMM, "gemm").run({"A": 1, "D": 2})
    assert len(caught.value.diagnostics) == 3
    with pytest.raises(AlloError, match=r"takes 2 inputs \(A, B\), not 1"):
        compiled(GEMM, "gemm")(floats(6, 4))


def test_compiling_and_running_in_several_threads() -> None:
    a, b = floats(6, 4), floats(4, 5)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: compiled(GEMM, "gemm")(a, b), range(8)))
    assert all(np.array_equal(result, product(a, b)) for result in results)
