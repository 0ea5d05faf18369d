"""Programs as Allo's users write them: loops and memories are scheduled, results stay the same."""

import numpy as np
import pytest

import allo_studio as allo
from allo_studio import Schedule
from allo_studio.diagnostics import AlloError
from allo_studio.lang import float32, index, int32

RANDOM = np.random.default_rng(17)


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 10, shape).astype(np.int32)


def product() -> Schedule:
    def gemm(A: int32[16, 8], B: int32[8, 12]) -> int32[16, 12]:
        C: int32[16, 12] = 0
        for i, j, k in allo.grid(16, 12, 8, name="C"):
            C[i, j] += A[i, k] * B[k, j]
        return C

    return allo.customize(gemm)


def same_product(s: Schedule) -> None:
    a, b = numbers(16, 8), numbers(8, 12)
    np.testing.assert_array_equal(s.build()(a, b), a @ b)


def addition() -> Schedule:
    def plus(A: int32[10, 20], B: int32[10, 20]) -> int32[10, 20]:
        C: int32[10, 20] = 0
        for i, j in allo.grid(10, 20):
            C[i, j] = A[i, j] + B[i, j]
        return C

    return allo.customize(plus)


def same_addition(s: Schedule) -> None:
    a, b = numbers(10, 20), numbers(10, 20)
    np.testing.assert_array_equal(s.build()(a, b), a + b)


def test_a_tiled_product():
    s = product()
    s.split("i", 8)
    s.split("j", 4)
    s.reorder("i.outer", "j.outer", "i.inner", "j.inner")
    print(s.module)
    loops = s.get_loops()
    assert list(loops.C.loops.keys()) == ["i.outer", "j.outer", "i.inner", "j.inner", "k"]
    same_product(s)
    code = s.build(target="vhls").hls_code
    for name in ("i_outer", "j_outer", "i_inner", "j_inner", "k"):
        assert name in code


def test_everything_fused_and_unrolled():
    s = product()
    s.fuse("i", "j", "k")
    s.unroll("i_j_k_fused", factor=4)
    s.reshape(s.A, (16, 2, 4))
    a, b = numbers(16, 8), numbers(8, 12)
    np.testing.assert_array_equal(s.build()(a.reshape(16, 2, 4), b), a @ b)


def test_pipelined():
    s = addition()
    s.pipeline("i", initiation_interval=4)
    same_addition(s)
    assert "pipeline II=4" in s.build(target="vhls").hls_code


def test_unrolled():
    s = addition()
    s.unroll("i", factor=5)
    same_addition(s)
    assert "unroll" in s.build(target="vhls").hls_code


def test_parallel():
    s = addition()
    s.parallel("i")
    same_addition(s)
    with pytest.raises(AlloError):
        product().parallel("k")


@pytest.mark.parametrize("factor", [3, 4, 20])
def test_split_by_what_may_not_divide(factor):
    s = addition()
    s.split("j", factor=factor)
    assert list(s.get_loops()["nest"]) == ["i", "j.outer", "j.inner"]
    same_addition(s)


@pytest.mark.parametrize("axes", [("k", "j"), ("l", "i"), ("j", "l", "i", "k")])
def test_four_loops_reordered_and_fused(axes):
    def plus(A: int32[2, 3, 4, 5], B: int32[2, 3, 4, 5]) -> int32[2, 3, 4, 5]:
        C: int32[2, 3, 4, 5] = 0
        for i, j, k, l in allo.grid(2, 3, 4, 5):
            C[i, j, k, l] = A[i, j, k, l] + B[i, j, k, l]
        return C

    a, b = numbers(2, 3, 4, 5), numbers(2, 3, 4, 5)
    s = allo.customize(plus)
    s.reorder(*axes)
    np.testing.assert_array_equal(s.build()(a, b), a + b)
    s = allo.customize(plus)
    s.fuse("j", "k")
    assert list(s.get_loops().nest) == ["i", "j_k_fused", "l"]
    np.testing.assert_array_equal(s.build()(a, b), a + b)


@pytest.mark.parametrize(
    ("factors", "order"),
    [
        ((2, 5), ("j.outer", "i.outer", "j.inner", "i.inner")),
        ((3, 3), ("j.outer", "j.inner", "i.outer", "i.inner")),
    ],
)
def test_split_and_reordered(factors, order):
    s = addition()
    s.split("i", factor=factors[0])
    s.split("j", factor=factors[1])
    s.reorder(*order)
    assert list(s.get_loops().nest) == list(order)
    same_addition(s)


def stages() -> Schedule:
    def kernel(A: int32[4, 6, 5]) -> int32[4, 6, 5]:
        B: int32[4, 6, 5] = 0
        for i, j, m in allo.grid(4, 6, 5):
            B[i, j, m] = A[i, j, m] * 2

        C: int32[4, 6, 5] = 0
        for ii, jj, mm in allo.grid(4, 6, 5):
            C[ii, jj, mm] = B[ii, jj, mm] + 1
        return C

    return allo.customize(kernel)


@pytest.mark.parametrize(("producer", "consumer"), [("i", "ii"), ("j", "jj"), ("m", "mm")])
@pytest.mark.parametrize("then", ["nothing", "fuse", "split", "reorder"])
def test_a_producer_is_computed_in_its_consumer(producer, consumer, then):
    s = stages()
    s.compute_at(producer, consumer)
    if then == "fuse" and producer == "m":
        s.fuse("ii", "jj")
    if then == "split":
        s.split("ii", factor=3)
        if producer == "m":
            s.split("jj", factor=3)
            s.reorder("ii.outer", "jj.outer", "ii.inner", "jj.inner")
    if then == "reorder" and producer == "m":
        s.reorder("jj", "ii")
    data = numbers(4, 6, 5)
    np.testing.assert_array_equal(s.build()(data), data * 2 + 1)


def test_three_stages():
    def chain(A: int32[4, 6, 5]) -> int32[4, 6, 5]:
        B: int32[4, 6, 5] = 0
        for i, j, m in allo.grid(4, 6, 5):
            B[i, j, m] = A[i, j, m] * 2
        C: int32[4, 6, 5] = 0
        for ii, jj, mm in allo.grid(4, 6, 5):
            C[ii, jj, mm] = B[ii, jj, mm] + 1
        D: int32[4, 6, 5] = 0
        for iii, jjj, mmm in allo.grid(4, 6, 5):
            D[iii, jjj, mmm] = C[iii, jjj, mmm] % 3
        return D

    s = allo.customize(chain)
    s.compute_at("jj", "jjj")
    s.compute_at("m", "mm")
    data = numbers(4, 6, 5)
    np.testing.assert_array_equal(s.build()(data), (data * 2 + 1) % 3)


def test_loops_of_two_nests_by_name():
    def kernel(A: int32[8, 8]) -> int32[8, 8]:
        B: int32[8, 8] = 0
        for i, j in allo.grid(8, 8, name="B"):
            B[i, j] = A[i, j] + 1
        C: int32[8, 8] = 0
        for i, j in allo.grid(8, 8, name="C"):
            C[i, j] = B[i, j] * 2
        return C

    s = allo.customize(kernel)
    with pytest.raises(AlloError, match="names 2 loops"):
        s.pipeline("j")
    loops = s.get_loops()
    assert "j" in str(loops)
    s.compute_at(loops.B.j, loops.C.j)
    data = numbers(8, 8)
    np.testing.assert_array_equal(s.build()(data), (data + 1) * 2)
    s.pipeline("C:j")
    s.unroll("kernel:C:i", factor=2)
    np.testing.assert_array_equal(s.build()(data), (data + 1) * 2)


def test_loops_that_are_not_perfect():
    M, K, N = 8, 6, 4

    def layer(inp: float32[M, K], W: float32[K, N], B: float32[N]) -> float32[M, N]:
        outp: float32[M, N] = 0.0
        for i in range(M):
            for j in range(N):
                for k in allo.reduction(K):
                    outp[i, j] += inp[i, k] * W[k, j]
            for j0 in range(N):
                outp[i, j0] += B[j0]
        return outp

    x, w, b = (RANDOM.integers(-4, 4, shape).astype(np.float32) for shape in ((M, K), (K, N), (N,)))
    s = allo.customize(layer)
    loops = s.get_loops()
    nest = next(band for band in loops.values() if "j0" in band)
    s.split(nest.i, 4)
    s.unroll("k")
    s.pipeline("j0")
    np.testing.assert_array_equal(s.build()(x, w, b), x @ w + b)


def test_a_reduction_of_two_loops():
    def sums(A: int32[10, 10]) -> int32[10]:
        B: int32[10] = 0
        for x in allo.grid(10):
            v: int32 = 0
            for r in allo.reduction(10):
                v += A[x, r]
            B[x] = v
        return B

    s = allo.customize(sums)
    s.split("x", 5)
    data = numbers(10, 10)
    np.testing.assert_array_equal(s.build()(data), data.sum(1))


def stencil(rows: int, columns: int) -> Schedule:
    def blur(A: int32[10, 10]) -> int32[10 - rows, 10 - columns]:
        B: int32[10 - rows, 10 - columns] = 0
        for y, x in allo.grid(10 - rows, 10 - columns):
            v: int32 = 0
            for r, c in allo.reduction(rows + 1, columns + 1):
                v += A[y + r, x + c]
            B[y, x] = v
        return B

    return allo.customize(blur)


def same_stencil(s: Schedule, rows: int, columns: int) -> None:
    data = numbers(10, 10)
    windows = np.lib.stride_tricks.sliding_window_view(data, (rows + 1, columns + 1))
    np.testing.assert_array_equal(s.build()(data), windows.sum((2, 3)))


def test_a_window_is_reused():
    s = stencil(0, 2)
    window = s.reuse_at(s.A, "x")
    s.partition(window)
    same_stencil(s, 0, 2)


def test_lines_are_reused():
    s = stencil(2, 0)
    s.reuse_at(s.A, "y")
    same_stencil(s, 2, 0)


def test_lines_and_windows_are_reused():
    s = stencil(2, 2)
    lines = s.reuse_at(s.A, "y")
    window = s.reuse_at(lines, axis="x")
    s.partition(lines, dim=1)
    s.partition(window)
    s.pipeline("x")
    same_stencil(s, 2, 2)


def test_lines_are_reused_in_a_split_nest():
    s = stencil(2, 2)
    s.split("x", 4)
    s.reorder("x.outer", "y", "x.inner")
    lines = s.reuse_at(s.A, "y")
    window = s.reuse_at(lines, "x.inner")
    s.partition(lines, dim=2)
    s.partition(window)
    s.pipeline("y")
    same_stencil(s, 2, 2)


def test_three_dimensions_are_reused():
    def blur(A: int32[8, 7, 6]) -> int32[6, 5, 4]:
        B: int32[6, 5, 4] = 0
        for y, x, z in allo.grid(6, 5, 4):
            B[y, x, z] = A[y, x, z] + A[y + 1, x + 1, z + 1] + A[y + 2, x + 2, z + 2]
        return B

    s = allo.customize(blur)
    by_y = s.reuse_at(s.A, "y")
    by_x = s.reuse_at(by_y, "x")
    s.reuse_at(by_x, "z")
    data = numbers(8, 7, 6)
    expected = data[:-2, :-2, :-2] + data[1:-1, 1:-1, 1:-1] + data[2:, 2:, 2:]
    np.testing.assert_array_equal(s.build()(data), expected)


def test_an_intermediate_array_is_reused():
    def blur(A: int32[10, 10]) -> int32[10, 8]:
        X: int32[10, 10] = 0
        for y, x in allo.grid(10, 10):
            X[y, x] = A[y, x]
        B: int32[10, 8] = 0
        for yy, xx in allo.grid(10, 8):
            B[yy, xx] = X[yy, xx] + X[yy, xx + 1] + X[yy, xx + 2]
        return B

    s = allo.customize(blur)
    s.reuse_at(s.X, "xx")
    data = numbers(10, 10)
    np.testing.assert_array_equal(s.build()(data), data[:, :-2] + data[:, 1:-1] + data[:, 2:])


def test_a_stride_of_two():
    def conv(A: int32[10, 10]) -> int32[4, 4]:
        B: int32[4, 4] = 0
        for y, x in allo.grid(4, 4):
            v: int32 = 0
            for r, c in allo.reduction(3, 3):
                v += A[y * 2 + r, x * 2 + c]
            B[y, x] = v
        return B

    s = allo.customize(conv)
    lines = s.reuse_at(s.A, "y")
    s.reuse_at(lines, "x")
    data = numbers(10, 10)
    windows = np.lib.stride_tricks.sliding_window_view(data, (3, 3))[::2, ::2]
    np.testing.assert_array_equal(s.build()(data), windows.sum((2, 3)))


def test_a_pool_with_a_stride_of_its_own():
    bs, ch, ih, kh = 2, 2, 6, 2
    oh = ih - kh + 1
    dtype = float32

    def pool(A: dtype[bs, ch, ih, ih]) -> dtype[bs, ch, oh, oh]:
        B: dtype[bs, ch, oh, oh] = 0.0
        stride: index = 1
        for n, c, h, w in allo.grid(bs, ch, oh, oh):
            v: dtype = 0.0
            for rh, rw in allo.reduction(kh, kh):
                v += A[n, c, h * stride + rh, w * stride + rw]
            B[n, c, h, w] = v / (kh * kh)
        return B

    data = RANDOM.random((bs, ch, ih, ih), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(data, (kh, kh), (2, 3))
    np.testing.assert_allclose(allo.customize(pool).build()(data), windows.mean((4, 5)), rtol=1e-6)


def test_rows_of_a_product_are_buffered():
    M, N, K = 6, 8, 10

    def gemm(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
        C: float32[M, N] = 0.0
        for i, j in allo.grid(M, N):
            for k in allo.reduction(K):
                C[i, j] += A[i, k] * B[k, j]
        return C

    s = allo.customize(gemm)
    s.reorder("k", "j")
    s.buffer_at(s.C, axis="i")
    s.pipeline("j")
    a, b = RANDOM.random((M, K), np.float32), RANDOM.random((K, N), np.float32)
    np.testing.assert_allclose(s.build()(a, b), a @ b, rtol=1e-5)
    assert "pipeline" in str(s.build(target="vhls"))
    assert allo.verify(s, allo.customize(gemm))


def test_elements_written_are_buffered():
    M, N = 8, 4

    def plus(A: float32[M, N]) -> float32[M, N]:
        B: float32[M, N] = 0.0
        for i, j in allo.grid(M, N):
            B[i, j] = A[i, j] + 1.0
        return B

    s = allo.customize(plus)
    s.buffer_at(s.B, axis="i")
    data = RANDOM.random((M, N), np.float32)
    np.testing.assert_array_equal(s.build()(data), data + 1)


@pytest.mark.parametrize(
    ("arguments", "pragma"),
    [
        ({}, "complete"),
        ({"dim": 1}, "complete"),
        ({"partition_type": 1, "dim": 0, "factor": 2}, "block"),
        ({"partition_type": allo.Partition.Cyclic, "dim": 2, "factor": 5}, "cyclic"),
    ],
)
def test_partitions(arguments, pragma):
    def copy(A: int32[10, 10]) -> int32[10, 10]:
        B: int32[10, 10] = 0
        for x, y in allo.grid(10, 10):
            B[x, y] = A[x, y]
        return B

    s = allo.customize(copy)
    s.partition(s.A, **arguments)
    data = numbers(10, 10)
    np.testing.assert_array_equal(s.build()(data), data)
    assert f"array_partition variable=A type={pragma}" in s.build(target="vhls").hls_code


def test_a_local_array_is_reshaped():
    def copies(A: int32[10, 10]) -> int32[10, 10]:
        B: int32[10, 10] = 0
        for x, y in allo.grid(10, 10):
            B[x, y] = A[x, y]
        C: int32[10, 10] = 0
        for xx, yy in allo.grid(10, 10):
            C[xx, yy] = B[xx, yy]
        return C

    s = allo.customize(copies)
    s.reshape(s.B, (2, 5, 2, 5))
    assert "memref<2x5x2x5xi32>" in str(s.module)
    data = numbers(10, 10)
    np.testing.assert_array_equal(s.build()(data), data)


def test_a_wrong_step_is_refused_and_changes_nothing():
    def recurrence(A: int32[8, 8]):
        for i in range(1, 8):
            for j in range(7):
                A[i, j] = A[i - 1, j + 1] + 1

    s = allo.customize(recurrence)
    before = str(s.module)
    with pytest.raises(AlloError, match="A\\["):
        s.reorder("j", "i")
    for bad in (lambda: s.split("z", 2), lambda: s.partition("Z"), lambda: s.unroll("i", factor=-1)):
        with pytest.raises(AlloError):
            bad()
    assert str(s.module) == before
    assert s.steps == ()
