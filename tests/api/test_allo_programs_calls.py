"""Programs as Allo's users write them: kernels that call kernels, composed schedules, templates, what is built."""

import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest

import allo_studio as allo
from allo_studio.diagnostics import AlloError
from allo_studio.lang import float32, int8, int16, int32

RANDOM = np.random.default_rng(23)


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 10, shape).astype(np.int32)


def pipelined(s: allo.Schedule) -> dict[str, list[str]]:
    loops = {name: [loop.name for loop in s.ir.at(name).loops() if loop.pipeline] for name in s.ir.functions}
    return {name: found for name, found in loops.items() if found}


def test_a_product_and_a_sum_are_composed():
    M, K, N = 8, 6, 4

    def matrix_add(A: int32[M, N]) -> int32[M, N]:
        B: int32[M, N] = 0
        for i, j in allo.grid(M, N):
            B[i, j] = A[i, j] + 1
        return B

    def gemm(A: int32[M, K], B: int32[K, N]) -> int32[M, N]:
        C: int32[M, N] = 0
        for i, j in allo.grid(M, N):
            for k in allo.reduction(K):
                C[i, j] += A[i, k] * B[k, j]
        return C

    def top(A: int32[M, K], B: int32[K, N]) -> int32[M, N]:
        C = gemm(A, B)
        D = matrix_add(C)
        return D

    s1 = allo.customize(matrix_add)
    s1.pipeline("j")
    s2 = allo.customize(gemm)
    s2.reorder("k", "j")
    s2.buffer_at(s2.C, axis="i")
    s2.pipeline("j")
    s = allo.customize(top)
    s.compose([s1, s2])
    a, b = numbers(M, K), numbers(K, N)
    np.testing.assert_array_equal(s.build()(a, b), a @ b + 1)
    assert pipelined(s) == {"gemm": ["j"], "matrix_add": ["j"]}
    assert s.build(target="vhls").hls_code.count("pragma HLS pipeline II=1") == 2


def test_a_product_into_an_argument_is_composed():
    M, K, N = 8, 6, 4

    def gemm(A: int32[M, K], B: int32[K, N], C: int32[M, N]) -> None:
        for i, j in allo.grid(M, N):
            for k in allo.reduction(K):
                C[i, j] += A[i, k] * B[k, j]

    def top(A: int32[M, K], B: int32[K, N]) -> int32[M, N]:
        C: int32[M, N] = 0
        gemm(A, B, C)
        return C

    s1 = allo.customize(gemm)
    s1.reorder("k", "j")
    s1.partition(s1.C, dim=2)
    s1.buffer_at(s1.C, axis="i")
    s1.pipeline("j")
    s = allo.customize(top)
    s.compose(s1)
    a, b = numbers(M, K), numbers(K, N)
    np.testing.assert_array_equal(s.build()(a, b), a @ b)
    assert allo.verify(s, allo.customize(top))
    assert allo.verify(s1, allo.customize(gemm))


def test_composed_at_two_depths():
    def inner(A: int32[8]) -> int32[8]:
        B: int32[8] = 0
        for i in range(8):
            B[i] = A[i] * 2
        return B

    def middle(A: int32[8]) -> int32[8]:
        C = inner(A)
        D: int32[8] = 0
        for k in range(8):
            D[k] = C[k] - 1
        return D

    def outer(A: int32[8]) -> int32[8]:
        E = middle(A)
        F = inner(E)
        return F

    s_inner = allo.customize(inner)
    s_inner.unroll("i", factor=2)
    s_middle = allo.customize(middle)
    s_middle.compose(s_inner)
    s_middle.pipeline("k")
    s = allo.customize(outer)
    s.compose(s_middle)
    data = numbers(8)
    np.testing.assert_array_equal(s.build()(data), (data * 2 - 1) * 2)
    assert [loop.unroll for loop in s.ir.at("inner").loops() if loop.name == "i"] == [2]
    assert pipelined(s) == {"middle": ["k"]}


def test_what_is_not_called_cannot_be_composed():
    def used(A: int32[4], B: int32[4]):
        for i in range(4):
            B[i] = A[i]

    def other(A: int32[4], B: int32[4]):
        for i in range(4):
            B[i] = A[i]

    def top(A: int32[4], B: int32[4]):
        used(A, B)

    s = allo.customize(top)
    with pytest.raises(AlloError, match="calls no instance of 'other'"):
        s.compose(allo.customize(other))


def test_different_kernels_are_not_equal():
    def gemm(A: float32[8, 8], B: float32[8, 8]) -> float32[8, 8]:
        C: float32[8, 8] = 0
        for i, j, k in allo.grid(8, 8, 8):
            C[i, j] += A[i, k] * B[k, j]
        return C

    def less(C: float32[8, 8], bias: float32[8]) -> float32[8, 8]:
        D: float32[8, 8] = 0
        for i, j in allo.grid(8, 8):
            D[i, j] = C[i, j] - bias[j]
        return D

    def top(A: float32[8, 8], B: float32[8, 8], bias: float32[8]) -> float32[8, 8]:
        C = gemm(A, B)
        D = less(C, bias)
        return D

    s_gemm, s_less, s_top = allo.customize(gemm), allo.customize(less), allo.customize(top)
    s_top.compose(s_gemm)
    s_top.compose(s_less)
    assert not allo.verify(s_top, s_gemm)
    assert not allo.verify(s_top, s_less)
    assert allo.verify(s_top, s_top)


def test_equal_kernels_of_different_texts():
    def by_rows(A: float32[6, 6]) -> float32[6, 6]:
        B: float32[6, 6]
        for i, j in allo.grid(6, 6):
            B[i, j] = A[i, j]
        return B

    def by_columns(A: float32[6, 6]) -> float32[6, 6]:
        B: float32[6, 6]
        for j, i in allo.grid(6, 6):
            B[i, j] = A[i, j]
        return B

    def twice(A: int32[10]) -> int32[10]:
        B: int32[10]
        for i in range(10):
            B[i] = A[i] * 2
        return B

    def shifted(A: int32[10]) -> int32[10]:
        B: int32[10]
        for i in range(10):
            B[i] = A[i] << 1
        return B

    assert allo.verify(allo.customize(by_rows), allo.customize(by_columns))
    assert allo.verify(allo.customize(twice), allo.customize(shifted))
    assert not allo.verify(allo.customize(twice), allo.customize(twice_and_one))


def twice_and_one(A: int32[10]) -> int32[10]:
    B: int32[10]
    for i in range(10):
        B[i] = A[i] * 2 + 1
    return B


def test_a_call_is_inlined_and_a_loop_outlined():
    def increment(x: int32) -> int32:
        return x + 1

    def top(A: int32[10]) -> int32[10]:
        B: int32[10] = 0
        for i in range(10):
            B[i] = increment(A[i])
        return B

    s = allo.customize(top)
    s.inline("increment")
    assert s.ir.functions == ("top",)
    s.outline("i", "body")
    assert set(s.ir.functions) == {"top", "body"}
    data = numbers(10)
    np.testing.assert_array_equal(s.build()(data), data + 1)


def test_nests_of_allos_names():
    def kernel(A: int32[4, 6]) -> int32[4, 6]:
        B: int32[4, 6] = 0
        for i, j in allo.grid(4, 6):
            B[i, j] = A[i, j] * 2
        C: int32[4, 6] = 0
        for ii in range(4):
            for jj in range(6):
                C[ii, jj] = B[ii, jj] + 1
        return C

    s = allo.customize(kernel)
    loops = s.get_loops()
    s.compute_at(loops.S_i_j_0.j, loops.S_ii_1.jj)
    s.split(s.get_loops().S_ii_0.ii, 2)
    assert list(s.get_loops()["S_ii_0"]) == ["ii.outer", "ii.inner", "jj"]
    for wrong in ("S_i_7", "S_q_0", "S_0", "S_i_j_0"):
        with pytest.raises(AlloError, match="no nest"):
            s.get_loops()[wrong]
    data = numbers(4, 6)
    np.testing.assert_array_equal(s.build()(data), data * 2 + 1)


# Each of a library of kernels, with the type and the size that its module says.
T, SIZE = float32, 4


def scale(A: T[SIZE], factor: T) -> T[SIZE]:
    B: T[SIZE] = 0
    for i in range(SIZE):
        B[i] = A[i] * factor
    return B


@pytest.mark.parametrize(("kind", "size"), [(int8, 3), (int32, 5), (float32, 4)])
def test_a_template_by_the_constants_of_its_file(kind, size):
    s = allo.customize(scale, instantiate={"T": kind, "SIZE": size})
    data = RANDOM.integers(-5, 5, size).astype(kind.scalar.dtype)
    found = s.build()(data, 3)
    assert found.dtype == kind.scalar.dtype
    np.testing.assert_array_equal(found, data * 3)
    with pytest.raises(SystemExit):
        allo.customize(scale, instantiate={"NONE": 3})
    with pytest.raises(AlloError, match="instantiate"):
        allo.customize(scale, instantiate={"SIZE": object()})


def make(kind, size):
    def doubled(A: kind[size]) -> kind[size]:
        B: kind[size]
        for i in range(size):
            B[i] = A[i] + A[i]
        return B

    return doubled


def test_kernels_that_a_function_makes():
    for kind, size in ((int8, 3), (int32, 5), (float32, 7)):
        data = RANDOM.integers(-5, 5, size).astype(kind.scalar.dtype)
        found = allo.customize(make(kind, size)).build()(data)
        assert found.dtype == kind.scalar.dtype
        np.testing.assert_array_equal(found, data * 2)


def test_two_kernels_of_one_text_in_one_program():
    def identity(kind):
        def through(x: kind) -> kind:
            return x

        return through

    narrow, wide = identity(int8), identity(int16)

    def top(a: int32) -> int32:
        return narrow(a) + wide(a)

    s = allo.customize(top)
    assert s.build()(300) == 44 + 300
    assert len(s.ir.functions) == 3


TEMPLATES = {
    "a_product": """
        def gemm[T, M, N, K](A: "T[M, K]", B: "T[K, N]") -> "T[M, N]":
            C: T[M, N] = 0
            for i, j, k in allo.grid(M, N, K):
                C[i, j] += A[i, k] * B[k, j]
            return C

        for kind, dtype in ((float32, np.float32), (int32, np.int32), (int8, np.int8)):
            s = allo.customize(gemm, instantiate=[kind, 3, 4, 5])
            a, b = np.ones((3, 5), dtype), np.full((5, 4), 2, dtype)
            np.testing.assert_array_equal(s.build()(a, b), a @ b)
        """,
    "bounds_on_the_types": """
        def vadd[T0, T1: Int, T2: (Float, Int), M: int32](A: "T0[M]", B: "T1[M]") -> "T2[M]":
            C: T2[M] = 0
            for i in range(M):
                C[i] = A[i] + B[i]
            return C

        s = allo.customize(vadd, instantiate=[float32, int32, float32, 6])
        a, b = np.arange(6, dtype=np.float32) / 2, np.arange(6, dtype=np.int32)
        np.testing.assert_array_equal(s.build()(a, b), a + b)
        for wrong in ([float32, UInt(8), float32, 6], [float32, int32, UInt(8), 6], [float32, int32, float32, 2**40]):
            with pytest.raises(AlloError, match="but its bound is"):
                allo.customize(vadd, instantiate=wrong)
        """,
    "scalars": """
        def invert[Ty](flag: bool) -> "Ty":
            X: Ty
            if not flag:
                X = 1
            else:
                X = 0
            return X

        def choose[Ty](inp: Ty) -> "Ty":
            return 3 if not (inp + 1 > 5) else 4

        mod = allo.customize(invert, instantiate=[int8]).build()
        assert (mod(True), mod(False)) == (0, 1)
        mod = allo.customize(choose, instantiate=[int8]).build()
        assert (mod(4), mod(5)) == (3, 4)
        """,
    "attributes_of_types": """
        def widths[Ty]() -> int32:
            A: int32 = Ty.bits
            B: UInt(Ty.bits + 2) = 0
            C: UInt(Ty.fracs + 3) = 1
            return A + B + C

        assert allo.customize(widths, instantiate=[Int(7)], verbose=True).build()() == 8
        """,
    "ids": """
        M = 8

        def kernel[T_in, T_out, S](A: "T_in[S]") -> "T_out[S]":
            B: T_out[S] = 0
            for i in range(S):
                with allo.meta_if(T_out == int32):
                    B[i] = A[i] + 1
                with allo.meta_else():
                    B[i] = A[i] * 2
            return B

        def top(A: int32[M]) -> float32[M]:
            C = kernel[int32, int32, M, "K1"](A)
            D = kernel[int32, float32, M, "K2"](C)
            return D

        s1 = allo.customize(kernel, instantiate=[int32, int32, M])
        s1.unroll("i", factor=4)
        s2 = allo.customize(kernel, instantiate=[int32, float32, M])
        s2.pipeline("i")
        s = allo.customize(top)
        s.compose(s1, id="K1")
        s.compose(s2, id="K2")
        data = np.arange(M, dtype=np.int32)
        np.testing.assert_array_equal(s.build()(data), (data + 1) * 2.0)
        marks = {f: [(l.unroll, l.pipeline) for l in s.ir.at(f).loops() if l.name == "i"] for f in s.ir.functions}
        assert marks == {"kernel_K1": [(4, None)], "kernel_K2": [(None, 1)], "top": []}, marks
        """,
    "state_of_its_own": """
        def acc[T_in](x: "T_in") -> "T_in":
            state: T_in @ Stateful = 0
            state = state + x
            return state

        def top(x: int32, y: int32) -> int32:
            res1 = acc[int32, "A1"](x)
            res2 = acc[int32, "A2"](y)
            return res1 * 100 + res2

        s = allo.customize(top)
        s.compose(allo.customize(acc, instantiate=[int32]), id="A1")
        mod = s.build()
        assert [mod(1, 10), mod(2, 20)] == [110, 330]
        code = s.build(target="vhls").hls_code
        assert code.count("static") >= 2
        """,
    "a_row_is_passed": """
        def kernel[Ty](X: "Ty[1]"):
            a: Ty = X[0]
            X[0] = a + 1

        def top[Ty](X_buf: "Ty[2, 2, 1]"):
            kernel[Ty](X_buf[0, 1])

        data = np.zeros((2, 2, 1), np.int8)
        allo.customize(top, instantiate=[int8]).build()(data)
        assert data.ravel().tolist() == [0, 1, 0, 0]
        """,
}
HEAD = """
import numpy as np
import pytest
import allo_studio as allo
from allo_studio.diagnostics import AlloError
from allo_studio.lang import Float, Int, Stateful, UInt, bool, float32, int8, int32
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are of Python 3.12")
@pytest.mark.parametrize("name", TEMPLATES)
def test_templates(name, tmp_path):
    file = tmp_path / f"{name}.py"
    file.write_text(HEAD + textwrap.dedent(TEMPLATES[name]))
    exec(compile(file.read_text(), str(file), "exec"), {"__name__": name})


def doubled(A: int32[4]) -> int32[4]:
    B: int32[4] = 0
    for i in range(4):
        B[i] = 2 * A[i]
    return B


def written(A: int16[4]):
    for i in range(4):
        A[i] += 1


def halved(A: float32[4], by: float32) -> float32[4]:
    return A * by


def test_arrays_of_other_types_are_taken_where_they_fit():
    mod = allo.customize(doubled).build()
    for dtype in (np.int64, np.int8, np.uint16, np.float64, np.bool_):
        data = np.array([0, 1, 1, 0], dtype)
        np.testing.assert_array_equal(mod(data), [0, 2, 2, 0])
    for wrong in (np.array([0, 1, 2, 2**40]), np.array([0, 1.5, 2, 3]), np.array([np.nan] * 4), np.array([1, 2])):
        with pytest.raises(AlloError):
            mod(wrong)
    with pytest.raises(AlloError, match="takes 1 argument"):
        mod()
    with pytest.raises(AlloError, match="array"):
        mod([1, 2, 3, 4])


def test_arrays_that_are_written_must_hold_the_results():
    mod = allo.customize(written).build()
    for dtype in (np.int16, np.int32, np.int64, np.float32):
        data = np.array([1, 2, 3, -7], dtype)
        mod(data)
        np.testing.assert_array_equal(data, [2, 3, 4, -6])
    for dtype in (np.int8, np.uint16, np.float16):
        with pytest.raises(AlloError, match="must be int16"):
            mod(np.array([1, 2, 3, 4], dtype))
    strided = np.zeros((4, 2), np.int16)
    mod(strided[:, 0])
    np.testing.assert_array_equal(strided[:, 0], [1, 1, 1, 1])


def test_floats_are_rounded_with_a_warning():
    mod = allo.customize(halved).build()
    exact = np.array([1.0, 2.0, 3.5, -4.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(mod(exact, 0.5), exact / 2)
        np.testing.assert_array_equal(mod(np.arange(4), np.float64(0.5)), np.arange(4) / 2)
    with pytest.warns(UserWarning, match="A is float64 and is rounded to float32") as caught:
        mod(exact / 3, 0.5)
    assert caught[0].filename == __file__
    with pytest.raises(AlloError):
        mod(np.array([2**40 + 1, 0, 0, 0]), 0.5)


def test_targets():
    s = allo.customize(doubled)
    data = numbers(4)
    np.testing.assert_array_equal(s.build(target="llvm")(data), 2 * data)
    code = s.build("vhls")
    assert "void doubled(" in code.hls_code
    assert str(code) == repr(code) == code.hls_code
    for target, mode in (("vitis_hls", "csyn"), ("tapa", None)):
        with pytest.raises(AlloError):
            s.build(target=target, mode=mode, project="none")


def test_what_is_no_kernel():
    class Library:
        def method(self, A: int32[4]) -> int32[4]:
            return A

        @staticmethod
        def static(A: int32[4]) -> int32[4]:
            return A + 1

    def decorate(function):
        return function

    @decorate
    def decorated(A: int32[4]) -> int32[4]:
        return A

    def defaults(A: int32[4], by: int32 = 3) -> int32[4]:
        return A

    methods = (Library().method, Library.method, Library.static)
    for wrong in (3, "doubled", Library, len, lambda A: A, *methods, decorated, defaults):
        with pytest.raises(AlloError) as caught:
            allo.customize(wrong)
        assert isinstance(caught.value, SystemExit)
        assert all(fault.hint for fault in caught.value.diagnostics)


def test_a_script_ends_with_all_faults_and_no_traceback(tmp_path: Path):
    script = tmp_path / "wrong.py"
    script.write_text(
        "import allo_studio as allo\n"
        "from allo_studio import int32\n"
        "def wrong(A: int32[4]) -> int32[4]:\n"
        "    B: int32[4] = 0\n"
        "    for i in range(5):\n"
        "        B[i] = A[i] + nothing\n"
        "    return C\n"
        "allo.customize(wrong)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "6 |         B[i] = A[i] + nothing" in done.stderr
    assert "'C' is not defined" in done.stderr
    assert done.stderr.strip().endswith("4 errors")


def test_a_cell_of_a_notebook():
    import linecache

    text = "def cell(A: int32[4]) -> int32[4]:\n    return A + 5\n"
    name = "<ipython-input-7-abc>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    scope = {"int32": int32}
    exec(compile(text, name, "exec"), scope)
    data = numbers(4)
    np.testing.assert_array_equal(allo.customize(scope["cell"]).build()(data), data + 5)
    lost = {"int32": int32}
    exec(compile(text, "<stdin>", "exec"), lost)
    with pytest.raises(AlloError, match="text of 'cell' is not known"):
        allo.customize(lost["cell"])


def test_a_named_size_is_instantiated() -> None:
    def scale(A: float32["n<=16"], factor: float32) -> float32["n"]:
        B: float32["n"] = 0  # noqa: UP037
        for i in range(n):
            B[i] = A[i] * factor
        return B

    s = allo.customize(scale, instantiate={"n": 5})
    A = np.arange(5, dtype=np.float32)
    assert np.array_equal(s.build()(A, 2.0), A * 2)
    assert "float A[5], float factor, float B[5])" in s.build(target="vhls").hls_code
    with pytest.raises(AlloError, match="from 1 to 16"):
        allo.customize(scale, instantiate={"n": 50})
